package poa

import (
	"math/rand"
	"slices"
	"strings"
	"testing"
)

func TestSearchRanksByRareWords(t *testing.T) {
	texts := []string{
		"The club hair stays in the follicle until the next shaft pushes it out of the skin.",
		"The shaft of the next hair pushes and pushes the club out of its place in the skin.",
		"Sweat glands of the skin answer to acetylcholine and open on the surface of it.",
	}
	var segments []Segment
	for i, text := range texts {
		segments = append(segments, NewSegment(uint64(10-i), 0, []byte(text)))
	}
	s := must(NewSearch(segments, func(place int) []byte { return []byte(texts[place]) }))
	question := TokenIDs([]byte("What answer do the glands give to acetylcholine, the glands?"))
	if got := s.Rank(question, 8); got[0] != 2 {
		t.Errorf("%v", got)
	}
	if got := s.Rank(question, 1); len(got) != 1 {
		t.Errorf("%v", got)
	}
	if got := s.Retrieve(TokenIDs([]byte("nobody wrote such things")), 3); len(got) != 0 {
		t.Errorf("%v", got)
	}
	if s.IDF(question[0]) <= s.IDF(TokenIDs([]byte("the"))[0]) {
		t.Error("common words weigh as much as rare ones")
	}
	if got := must(NewSearch(nil, nil)).Retrieve(question, 8); len(got) != 0 {
		t.Error(got)
	}
}

// Fifteen near-copies crowd nobody out of retrieval, and what they earn belongs to the original.
func TestNearCopiesCrowdNobodyOut(t *testing.T) {
	rng := rand.New(rand.NewSource(7))
	var texts [][]byte
	var segments []Segment
	p := NewProvenance()
	add := func(rank uint64, index uint32, text []byte) {
		texts, segments = append(texts, text), append(segments, NewSegment(rank, index, text))
		if err := p.Add(rank, index, text, nil); err != nil {
			t.Fatal(err)
		}
	}
	for r := range 60 {
		add(uint64(r), 0, prose(rng, 120))
	}
	victim := segments[20]
	for c := range 15 {
		words := strings.Fields(string(texts[20]))
		for i := rng.Intn(40); i < len(words); i += 40 {
			words[i] = randomWords(rng, 1)[0]
		}
		add(100, uint32(c), []byte(strings.Join(words, " ")))
	}
	s := must(NewSearch(segments, func(place int) []byte { return texts[place] }))
	var question []TokenID
	for i := 0; len(question) < 6; i += 7 {
		question = append(question, victim.Tokens[i])
	}
	got := s.Retrieve(question, 8)
	if !slices.Contains(got, 20) || slices.ContainsFunc(got, func(i int) bool { return i >= 60 }) {
		t.Errorf("%v", got)
	}
	if plain := s.Rank(question, 8); !slices.ContainsFunc(plain, func(i int) bool { return i >= 60 }) {
		t.Errorf("the attack does nothing: %v", plain)
	}
	derived := must(p.Of(100, texts[65], len(segments)))
	if len(derived) != 1 || derived[0].Rank != 20 || derived[0].PPM < 800_000 {
		t.Errorf("%+v", derived)
	}
	if own := must(p.Of(30, texts[30], len(segments))); own != nil {
		t.Errorf("%+v", own)
	}
}
