package poa

import (
	"errors"
	"math/rand"
	"slices"
	"testing"
)

// edited changes every n-th token.
func edited(rng *rand.Rand, tokens []TokenID, n int) []TokenID {
	out := slices.Clone(tokens)
	for i := n - 1; i < len(out); i += n {
		out[i] = TokenID(rng.Uint64())
	}
	return out
}

func TestCopiedPPM(t *testing.T) {
	rng := rand.New(rand.NewSource(1))
	stats := ProtocolStatistics()
	original := TokenIDs(prose(rng, 200))
	for _, every := range []int{201, 45, 40, 36, 20, 8, 5, 4} {
		if got := must(CopiedPPM(edited(rng, original, every), original, stats)); got < DuplicatePPM {
			t.Errorf("one edit in %d: %d ppm", every, got)
		}
	}
	if got := must(CopiedPPM(original, original, stats)); got != TotalPPM {
		t.Errorf("exact copy: %d", got)
	}
	if got := must(CopiedPPM(TokenIDs(prose(rng, 200)), original, stats)); got != 0 {
		t.Errorf("other text: %d", got)
	}
	if got := must(CopiedPPM(nil, original, stats)); got != 0 {
		t.Errorf("no text: %d", got)
	}
	// A quotation of a third is not a duplicate.
	if got := must(CopiedPPM(join(TokenIDs(prose(rng, 140)), original[:60]), original, stats)); got == 0 ||
		got >= DuplicatePPM {
		t.Errorf("quotation: %d", got)
	}
	if _, err := CopiedPPM(make([]TokenID, MaxAnswerTokens+1), nil, stats); !errors.Is(err, ErrOversize) {
		t.Error(err)
	}
	if _, err := CopiedPPM(nil, make([]TokenID, MaxSegmentTokens+1), stats); !errors.Is(err, ErrOversize) {
		t.Error(err)
	}
	if _, err := CopiedPPM(nil, nil, nil); !errors.Is(err, ErrStatistics) {
		t.Error(err)
	}
}

func TestNearIndexFindsNearCopies(t *testing.T) {
	rng := rand.New(rand.NewSource(2))
	var x NearIndex
	var texts [][]TokenID
	for range 300 {
		texts = append(texts, TokenIDs(prose(rng, 150)))
		x.Add(texts[len(texts)-1])
	}
	missed, others := 0, 0
	for i, text := range texts {
		if got := x.Candidates(text); !slices.Contains(got, i) {
			t.Fatalf("text %d does not find itself", i)
		} else {
			others += len(got) - 1
		}
		if !slices.Contains(x.Candidates(edited(rng, text, 60)), i) {
			missed++
		}
	}
	if missed > 3 || others > 10 {
		t.Errorf("%d of 300 near copies missed, %d other texts found", missed, others)
	}
	if got := x.Candidates(nil); len(got) != 0 {
		t.Error(got)
	}
}

// What a derived segment earns goes to its source, to the last unit.
func TestDerivedPayPassesThrough(t *testing.T) {
	rng := rand.New(rand.NewSource(4))
	text := prose(rng, 60)
	s := NewSegment(9, 0, text)
	whole := must(Attribute(Answer{Tokens: s.Tokens}, []Segment{s}, ProtocolStatistics()))
	s.Derived = []Derivation{{Rank: 3, PPM: 700_000}}
	att := must(Attribute(Answer{Tokens: s.Tokens}, []Segment{s}, ProtocolStatistics()))
	if len(att.Entries) != 2 || att.Entries[0].Rank != 3 || att.Entries[0].WeightPPM/10_000 != 70 ||
		att.Entries[0].WeightPPM+att.Entries[1].WeightPPM != whole.Entries[0].WeightPPM {
		t.Errorf("%+v of %+v", att.Entries, whole.Entries)
	}
	s.Derived = []Derivation{{Rank: 3, PPM: TotalPPM}, {Rank: 4, PPM: 1}}
	if _, err := Attribute(Answer{Tokens: s.Tokens}, []Segment{s}, ProtocolStatistics()); !errors.Is(err, ErrWeights) {
		t.Error(err)
	}
}

func TestEqualPairs(t *testing.T) {
	a, b := NewSegment(0, 0, []byte("the cat and the dog")), NewSegment(0, 0, []byte("the the bird and"))
	if got := EqualPairs(a.Tokens, b.Tokens); got != 5 {
		t.Fatalf("%d pairs, want 4 of the and 1 of and", got)
	}
	if EqualPairs(a.Tokens, nil) != 0 || EqualPairs(nil, b.Tokens) != 0 {
		t.Fatal("pairs with nothing")
	}
}
