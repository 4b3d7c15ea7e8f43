package influence

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math"
	"math/rand"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/openledger/openledger/slm/adapter/adaptertest"
	"github.com/openledger/openledger/slm/checkpoint"
	"github.com/openledger/openledger/slm/checkpoint/checkpointtest"
	"github.com/openledger/openledger/slm/kernel"
	"github.com/openledger/openledger/slm/model"
	"github.com/openledger/openledger/slm/train"
)

// trained returns an adapter of a small model of random weights.
func trained(t testing.TB) (Adapter, int) {
	t.Helper()
	config := checkpointtest.Config(checkpoint.Llama)
	opened, err := checkpoint.New(config, checkpointtest.Tensors(t, config, checkpoint.F32, 3))
	require.NoError(t, err)
	base, err := model.New(opened, nil)
	require.NoError(t, err)
	a, err := Open(base, adaptertest.Random(t, config, 3, 1.5, 7))
	require.NoError(t, err)
	return a, config.VocabSize
}

// texts returns n texts of three groups in turn.
func texts(n, vocabulary int) []Text {
	state := uint64(5)
	draw := func(below int) int {
		state++
		return int(mix(state*0x9e3779b97f4a7c15) % uint64(below))
	}
	out := make([]Text, n)
	for i := range out {
		out[i].Group = i % 3
		for range 4 + draw(20) {
			out[i].Example.Tokens = append(out[i].Example.Tokens, draw(vocabulary))
		}
	}
	return out
}

func compute(t testing.TB, a Adapter, all []Text, groups, threads int) []Row {
	t.Helper()
	rows, err := Compute(context.Background(), a, all, slices.Repeat([]uint32{1000}, groups), Options{Threads: threads})
	require.NoError(t, err)
	return rows
}

func hashOf(rows []Row, queries ...Query) string {
	h := sha256.New()
	for i := range rows {
		h.Write(binary.BigEndian.AppendUint32(nil, rows[i].SharePPM))
		_ = binary.Write(h, binary.BigEndian, rows[i].Sketch[:])
	}
	for _, q := range queries {
		_ = binary.Write(h, binary.BigEndian, q)
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// TestGolden: sketches, table and queries have the same bits on every machine.
func TestGolden(t *testing.T) {
	a, vocabulary := trained(t)
	all := texts(9, vocabulary)
	all[4].Passed = []Part{{Group: 2, PPM: 300_000}, {Group: 0, PPM: 1}}
	rows := compute(t, a, all, 3, 2)
	query, err := OfExample(context.Background(), a, train.Example{Tokens: all[1].Example.Tokens, From: 2})
	require.NoError(t, err)
	const want = "9cee17f949d5fed7"
	require.Equal(t, want, hashOf(rows, query))
}

func TestThreadsDoNotMatter(t *testing.T) {
	a, vocabulary := trained(t)
	all := texts(12, vocabulary)
	want := hashOf(compute(t, a, all, 3, 1))
	for _, threads := range []int{2, 3, 8} {
		require.Equal(t, want, hashOf(compute(t, a, all, 3, threads)))
	}
}

// A text has the highest score for itself, shares are of one million, and texts of a group are a sum.
func TestScores(t *testing.T) {
	a, vocabulary := trained(t)
	all := texts(9, vocabulary)
	for i := range all {
		all[i].Group = i
	}
	rows := compute(t, a, all, 9, 2)
	sum := uint32(0)
	for i := range rows {
		sum += rows[i].SharePPM
		query, err := OfExample(context.Background(), a, all[i].Example)
		require.NoError(t, err)
		best, bits := 0, 0.0
		for j := range rows {
			if query.Score(&rows[j].Sketch, 1000) > query.Score(&rows[best].Sketch, 1000) {
				best = j
			}
			bits += float64(query.Score(&rows[j].Sketch, 1000)) / 65536
		}
		require.Equal(t, i, best)
		learned := float64(all[i].Example.Learned())
		require.Greater(t, bits, learned/5)
		require.Less(t, bits, learned*5)
	}
	require.LessOrEqual(t, sum, uint32(totalPPM))
	require.Greater(t, sum, uint32(totalPPM-len(rows)))

	together := slices.Clone(all)
	for i := range together {
		together[i].Group = i / 3
	}
	groups := compute(t, a, together, 3, 2)
	// Factors differ, so directions are compared.
	for g := range groups {
		var parts, whole vector
		for j := range Size {
			whole[j] = float64(groups[g].Sketch[j])
			for i := 3 * g; i < 3*g+3; i++ {
				parts[j] += float64(rows[i].Sketch[j])
			}
		}
		require.Greater(t, parts.dot(&whole)/math.Sqrt(parts.dot(&parts)*whole.dot(&whole)), 0.999)
	}
}

// What a copy derives from another text goes to the group of that text. The copy's group keeps the rest.
func TestCopiesPassOn(t *testing.T) {
	a, vocabulary := trained(t)
	all := texts(6, vocabulary)
	for i := range all {
		all[i].Group = i
	}
	all = append(all, Text{Example: all[0].Example, Group: 6, Passed: []Part{{Group: 0, PPM: totalPPM}}})
	rows := compute(t, a, all, 7, 2)
	require.Zero(t, rows[6].SharePPM)
	require.Equal(t, [Size]int16{}, rows[6].Sketch)
	require.NotZero(t, rows[0].SharePPM)
}

func TestComputeRefuses(t *testing.T) {
	a, vocabulary := trained(t)
	ctx := context.Background()
	one := Text{Example: train.Example{Tokens: []int{1, 2, 3}}}
	for _, c := range []struct {
		texts  []Text
		groups int
		want   string
	}{
		{nil, 1, "no text"}, {[]Text{one}, 0, "0 contributions"}, {[]Text{one}, MaxGroups + 1, "contributions"},
		{[]Text{{Example: one.Example, Group: 1}}, 1, "group 1"}, {[]Text{{Example: one.Example, Group: -1}}, 1, "group -1"},
		{[]Text{{Example: one.Example, Passed: []Part{{1, 1}}}}, 1, "derives from group 1"},
		{[]Text{{Example: one.Example, Passed: []Part{{0, 600_000}, {0, 600_000}}}}, 1, "1200000"},
		{[]Text{{Example: train.Example{Tokens: []int{vocabulary}}}}, 1, "vocabulary"},
		{[]Text{{Example: train.Example{Tokens: []int{1}}}}, 1, "no text has a gradient"},
	} {
		_, err := Compute(ctx, a, c.texts, make([]uint32, c.groups), Options{})
		require.ErrorContains(t, err, c.want)
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	_, err := Compute(ended, a, []Text{one}, []uint32{1}, Options{})
	require.ErrorIs(t, err, context.Canceled)
	_, err = OfExample(ended, a, one.Example)
	require.ErrorIs(t, err, context.Canceled)
}

// TestSolve compares the solution with the system.
func TestSolve(t *testing.T) {
	random := rand.New(rand.NewSource(1))
	vectors := make([]vector, 40)
	for i := range vectors {
		for j := range vectors[i] {
			vectors[i][j] = random.NormFloat64()
		}
	}
	k := newGram(nil, vectors)
	require.NoError(t, k.damp(0.1, 40))
	full := func(i, j int) float64 { return k[max(i, j)][min(i, j)] }
	var system [Size][Size]float64
	for i := range Size {
		for j := range Size {
			system[i][j] = full(i, j)
		}
	}
	require.NoError(t, k.factor(nil))
	solution := vectors[3]
	k.solve(&solution)
	for i := range Size {
		sum := 0.0
		for j := range Size {
			sum += system[i][j] * solution[j]
		}
		require.InDelta(t, vectors[3][i], sum, 1e-9)
	}
	pool := kernel.NewPool(3)
	defer pool.Close()
	other := newGram(pool, vectors)
	require.NoError(t, other.damp(0.1, 40))
	require.NoError(t, other.factor(pool))
	require.Equal(t, k, other)
}

// TestProjectionKeepsProducts: products of projected gradients are products of gradients, times the number of blocks,
// with an error of about 1/sqrt(Size).
func TestProjectionKeepsProducts(t *testing.T) {
	random := rand.New(rand.NewSource(2))
	const n = 40_000
	one, other := make([]float32, n), make([]float32, n)
	for i := range one {
		one[i] = float32(random.NormFloat64())
		other[i] = one[i]/2 + float32(random.NormFloat64())
	}
	sketch := func(values []float32) *vector {
		var v vector
		v.project(train.Gradient{Name: "x.lora_A.weight", Shape: []int{8, n / 8}, Values: values})
		return &v
	}
	a, b, want := sketch(one), sketch(other), 0.0
	for i := range one {
		want += float64(one[i]) * float64(other[i])
	}
	size := blocks * math.Sqrt(n) * math.Sqrt(n*1.25)
	require.InDelta(t, blocks*want, a.dot(b), 4*size/math.Sqrt(Size))
	require.InDelta(t, blocks*n, a.dot(a), 4*blocks*n/math.Sqrt(Size))
}

// TestProjectionOfParts: a number goes to the same sums whatever the rank of its adapter.
func TestProjectionOfParts(t *testing.T) {
	for _, name := range []string{"x.lora_A.weight", "x.lora_B.weight"} {
		small, large := []int{1, 3}, []int{2, 3}
		values, wide := []float32{1, 2, 3}, []float32{1, 2, 3, 0, 0, 0}
		if name == "x.lora_B.weight" {
			small, large, wide = []int{3, 1}, []int{3, 2}, []float32{1, 0, 2, 0, 3, 0}
		}
		var v, w vector
		v.project(train.Gradient{Name: name, Shape: small, Values: values})
		w.project(train.Gradient{Name: name, Shape: large, Values: wide})
		require.Equal(t, v, w)
	}
}

// TestScoreIsBounded: scores are never above the bound, whatever the query, and scores of whole numbers are exact.
func TestScoreIsBounded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := Query{Exponent: rapid.Int8().Draw(t, "exponent")}
		var sketch [Size]int16
		sum := 0.0
		for i := range 4 {
			at := i * 100
			q.Values[at], sketch[at] = rapid.Int16().Draw(t, "q"), rapid.Int16().Draw(t, "h")
			sum += float64(q.Values[at]) * float64(sketch[at])
		}
		tokens := rapid.Uint32().Draw(t, "tokens")
		want := math.Floor(math.Max(0, math.Ldexp(sum, 16-Shift-int(q.Exponent))))
		want = math.Min(want, float64(tokens)*Kappa*65536)
		require.Equal(t, want, float64(q.Score(&sketch, tokens)))
	})
}

// TestQueryUsesItsBits: the largest element of a query has at least 14 bits, and rounding keeps its direction.
func TestQueryUsesItsBits(t *testing.T) {
	random := rand.New(rand.NewSource(3))
	for _, size := range []float64{1e-9, 1, 1e12} {
		var v vector
		for i := range v {
			v[i] = random.NormFloat64() * size
		}
		for _, tokens := range []int{1, 100, 4000} {
			q := newQuery(&v, tokens)
			most, length := int16(0), 0.0
			for _, x := range q.Values {
				most = max(most, x, -x)
				real := math.Ldexp(float64(x), -int(q.Exponent))
				length += real * real
			}
			require.GreaterOrEqual(t, most, int16(1<<14-1))
			require.InEpsilon(t, float64(tokens)*gain, math.Sqrt(length), 1e-3)
		}
	}
	require.Equal(t, Query{}, newQuery(&vector{}, 5))
}
