package poa

import (
	"math/rand"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// world of random prose, one segment a contribution, ranks from 1.
func provenanceWorld(t *testing.T, n int) (*Provenance, [][]string) {
	rng := rand.New(rand.NewSource(7))
	p, err := NewProvenance(ProtocolStatistics())
	require.NoError(t, err)
	var texts [][]string
	for rank := range n {
		words := randomWords(rng, 120)
		texts = append(texts, words)
		require.NoError(t, p.Add(NewSegment(uint64(rank+1), 0, []byte(strings.Join(words, " ")))))
	}
	return p, texts
}

// randomWords mixes rare words with common ones.
func randomWords(rng *rand.Rand, n int) []string {
	common := strings.Fields("the of and to in is that for it with as on be by this")
	words := make([]string, n)
	for i := range words {
		letters := make([]byte, 7)
		for k := range letters {
			letters[k] = byte('a' + rng.Intn(26))
		}
		if words[i] = string(letters); rng.Intn(5) < 2 {
			words[i] = common[rng.Intn(len(common))]
		}
	}
	return words
}

// editedText replaces every n-th word.
func editedText(words []string, n int) []byte {
	words = slices.Clone(words)
	for i := n - 1; i < len(words); i += n {
		words[i] = "changed"
	}
	return []byte(strings.Join(words, " "))
}

// TestProvenanceFindsTheSource: of a copy with some words changed, from texts of two, and not of one's own.
func TestProvenanceFindsTheSource(t *testing.T) {
	p, texts := provenanceWorld(t, 60)
	found, err := p.Of(NewSegment(100, 0, editedText(texts[40], 6)), p.Len())
	require.NoError(t, err)
	require.Len(t, found, 1)
	require.EqualValues(t, 41, found[0].Rank)
	require.Greater(t, found[0].PPM, uint32(600_000))

	mixed := NewSegment(100, 1, []byte(strings.Join(append(slices.Clone(texts[3][:60]), texts[9][60:]...), " ")))
	found, err = p.Of(mixed, p.Len())
	require.NoError(t, err)
	require.Len(t, found, 2)

	found, err = p.Of(NewSegment(100, 0, []byte(strings.Join(randomWords(rand.New(rand.NewSource(8)), 120), " "))), p.Len())
	require.NoError(t, err)
	require.Empty(t, found)
	found, err = p.Of(NewSegment(41, 0, editedText(texts[40], 6)), p.Len())
	require.NoError(t, err)
	require.Empty(t, found, "of lower rank only")
	found, err = p.Of(NewSegment(100, 0, editedText(texts[40], 6)), 40)
	require.NoError(t, err)
	require.Empty(t, found, "of what came before only")
}

// TestProvenanceIsAFunctionOfWhatCameBefore: what is added later, or was taken away again, changes nothing.
func TestProvenanceIsAFunctionOfWhatCameBefore(t *testing.T) {
	p, texts := provenanceWorld(t, 60)
	queries := make([]Segment, len(texts))
	for i := range queries {
		queries[i] = NewSegment(uint64(1_000+i), 0, editedText(texts[i], 4+i%5))
	}
	reckon := func(n int) (out [][]Derivation) {
		for _, q := range queries {
			found, err := p.Of(q, n)
			require.NoError(t, err)
			out = append(out, found)
		}
		return out
	}
	before, size := reckon(30), p.Bytes()
	require.NoError(t, p.Add(queries...))
	require.Equal(t, before, reckon(30))
	p.Truncate(60)
	require.Equal(t, size, p.Bytes())
	require.Equal(t, 60, p.Len())
	whole := reckon(60)
	short, _ := provenanceWorld(t, 30)
	p.Truncate(30)
	require.Equal(t, before, reckon(30))
	require.Equal(t, short.postings[queries[0].Stems[0]], p.postings[queries[0].Stems[0]])
	for i := 30; i < 60; i++ {
		require.NoError(t, p.Add(NewSegment(uint64(i+1), 0, []byte(strings.Join(texts[i], " ")))))
	}
	require.Equal(t, whole, reckon(60))
}

// TestProvenanceIsBounded: a word in more segments than are looked at finds the first; text that repeats itself is not compared.
func TestProvenanceIsBounded(t *testing.T) {
	p, texts := provenanceWorld(t, 2)
	copied := []byte(strings.Join(texts[0], " "))
	for i := range MaxSourcePostings + 50 {
		require.NoError(t, p.Add(NewSegment(uint64(10+i), 0, copied)))
	}
	for _, list := range p.postings {
		require.LessOrEqual(t, len(list), MaxSourcePostings)
	}
	found, err := p.Of(NewSegment(1<<20, 0, editedText(texts[0], 9)), p.Len())
	require.NoError(t, err)
	require.EqualValues(t, 1, found[0].Rank, "the earliest")

	again := NewSegment(1<<20, 0, []byte(strings.TrimSpace(strings.Repeat("zyx ", MaxSegmentTokens))))
	require.NoError(t, p.Add(NewSegment(1<<19, 0, []byte(strings.TrimSpace(strings.Repeat("zyx ", MaxSegmentTokens))))))
	found, err = p.Of(again, p.Len())
	require.NoError(t, err)
	require.Empty(t, found)
}

func BenchmarkProvenance(b *testing.B) {
	rng := rand.New(rand.NewSource(7))
	p, _ := NewProvenance(ProtocolStatistics())
	var last []string
	for rank := range 5_000 {
		last = randomWords(rng, 200)
		if err := p.Add(NewSegment(uint64(rank+1), 0, []byte(strings.Join(last, " ")))); err != nil {
			b.Fatal(err)
		}
	}
	s := NewSegment(1<<20, 0, editedText(last, 7))
	for b.Loop() {
		if _, err := p.Of(s, p.Len()); err != nil {
			b.Fatal(err)
		}
	}
}
