package engine_test

import (
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openledger/openledger/content/segment"
	"github.com/openledger/openledger/openlora/engine"
	"github.com/openledger/openledger/openlora/terms"
)

// halves are the first and the second half of each passage of the dermatology example that has forty words.
func halves(t *testing.T) (first, second []string) {
	t.Helper()
	const dir = "../../examples/dermatology"
	require.NoError(t, filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Dir(path) == dir {
			return err
		}
		text, err := os.ReadFile(path)
		for _, s := range segment.Split(text) {
			if words := strings.Fields(string(s)); len(words) >= 40 {
				first = append(first, strings.Join(words[:len(words)/2], " "))
				second = append(second, strings.Join(words[len(words)/2:], " "))
			}
		}
		return err
	}))
	return first, second
}

// TestEmbeddings measures how often the first half of a passage finds its second half among the second halves of all
// passages. The base has not read these texts, and has a million weights: it is better than chance, and half as good as
// the words themselves.
func TestEmbeddings(t *testing.T) {
	e := embedded(t, "")
	first, second := halves(t)
	require.Greater(t, len(first), 100)
	of := func(texts []string) (vectors [][]float32) {
		for _, text := range texts {
			v, tokens := e.Embed(text)
			require.Positive(t, tokens)
			vectors = append(vectors, v)
		}
		return vectors
	}
	dot := func(a, b []float32) (sum float64) {
		for i := range a {
			sum += float64(a[i]) * float64(b[i])
		}
		return sum
	}
	questions, answers := of(first), of(second)
	index := terms.NewIndex()
	for _, text := range second {
		index.Add(text)
	}
	found, byWords, reciprocal := 0, 0, 0.0
	for i, q := range questions {
		require.InDelta(t, 1, dot(q, q), 1e-5)
		before := 0
		for j, a := range answers {
			if j != i && dot(q, a) >= dot(q, answers[i]) {
				before++
			}
		}
		if before == 0 {
			found++
		}
		reciprocal += 1 / float64(before+1)
		if ranked := index.Rank(first[i], 1); len(ranked) > 0 && ranked[0] == i {
			byWords++
		}
	}
	n := float64(len(first))
	t.Logf("of %d halves %d find the other first (mean reciprocal rank %.3f), by words %d, by chance 1", len(first), found,
		reciprocal/n, byWords)
	require.GreaterOrEqual(t, found, 5)
	require.Greater(t, reciprocal/n, 0.11)
}

// TestUnit: a vector without a direction becomes zeros, never NaN.
func TestUnit(t *testing.T) {
	require.Equal(t, []float32{0.6, 0.8}, engine.Unit([]float32{3, 4}))
	for _, bad := range [][]float64{{}, {0, 0}, {math.Inf(1), 1}, {math.NaN()}, {1e300, 1e300}} {
		for _, x := range engine.Unit(bad) {
			require.Zero(t, x)
		}
	}
	v, tokens := embedded(t, "").Embed("")
	require.Zero(t, tokens)
	require.Equal(t, make([]float32, 128), v)
}
