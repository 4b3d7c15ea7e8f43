package poa

import (
	"math/rand"
	"slices"
	"testing"
)

// TestRankIsAPrefix: however many places are asked for, they are the first of all, and searches leave nothing behind.
func TestRankIsAPrefix(t *testing.T) {
	rng := rand.New(rand.NewSource(5))
	w := newWorld(t, rng, 20, 8, 40)
	var segments []Segment
	for rank, f := range w.files {
		for i, text := range f.Segments {
			segments = append(segments, NewSegment(uint64(rank), uint32(i), text))
		}
	}
	s := must(NewSearch(segments, nil))
	for range 50 {
		question := w.answer(rng, 30)
		all := s.Rank(question, len(segments))
		for _, k := range []int{0, 1, 3, 8, sortedMost, sortedMost + 1} {
			if got := s.Rank(question, k); !slices.Equal(got, all[:min(k, len(all))]) {
				t.Fatalf("the %d best are %v of %v", k, got, all)
			}
		}
	}
}
