package poa

import (
	"fmt"
	"math/rand"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestNearTextsAreWhatDerivesFromOneAnother: the bound that spares most comparisons changes none of their results.
func TestNearTextsAreWhatDerivesFromOneAnother(t *testing.T) {
	spared, same := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		rng := rand.New(rand.NewSource(rapid.Int64().Draw(t, "seed")))
		var texts [][]byte
		var segments []Segment
		for rank := range 12 {
			text := prose(rng, rapid.IntRange(5, 120).Draw(t, "words"))
			if rank > 0 && rapid.Bool().Draw(t, "copies") { // part of an earlier text, and words of its own
				words := strings.Fields(string(texts[rng.Intn(rank)]))
				kept := words[:max(1, len(words)*rapid.IntRange(1, 4).Draw(t, "quarters")/4)]
				own := strings.Fields(string(text))
				text = []byte(strings.Join(append(kept, own[:len(own)/rapid.IntRange(1, 9).Draw(t, "own")]...), " "))
			}
			texts, segments = append(texts, text), append(segments, NewSegment(uint64(rank), 0, text))
		}
		s := must(NewSearch(segments, func(place int) []byte { return texts[place] }))
		for j := range segments {
			for i := range j {
				earlier := Segment{Rank: uint64(i)}
				earlier.Interpret(texts[i])
				derived := s.subject(j).derivations(uint64(j), []considered{{earlier, AskedBits}})
				want := len(derived) > 0 && derived[0].PPM >= SamePPM
				if got := s.same(j, i); got != want {
					t.Fatalf("%q says the same as %q: %v, not %v", texts[j], texts[i], got, want)
				}
				if s.nearText(j).most(s.nearText(i)) < s.nearText(j).toll {
					if spared++; len(derived) > 0 {
						t.Fatalf("%q derives from %q: %v", texts[j], texts[i], derived)
					}
				}
				if want {
					same++
				}
			}
		}
	})
	if spared == 0 || same == 0 {
		t.Errorf("%d comparisons spared, %d texts that say the same", spared, same)
	}
}

// TestNearTextsAreBounded: what is kept of texts does not grow for ever.
func TestNearTextsAreBounded(t *testing.T) {
	var segments []Segment
	for i := range maxNearTexts + 10 {
		segments = append(segments, Segment{Rank: uint64(i)})
	}
	s := &Search{segments: segments, text: func(place int) []byte { return fmt.Appendf(nil, "text %d", place) }}
	for i := range segments {
		s.nearText(i)
	}
	if len(s.near.known) > maxNearTexts {
		t.Error(len(s.near.known))
	}
	if s.near.known[len(segments)-1] == nil {
		t.Error("the last text is forgotten")
	}
}
