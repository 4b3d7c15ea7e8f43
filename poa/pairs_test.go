package poa

import (
	"math/rand"
	"slices"
	"sync"
	"testing"
)

// What is remembered of pairs changes nothing of what is retrieved, also when many ask at once.
func TestRetrieveAgainFindsTheSame(t *testing.T) {
	rng := rand.New(rand.NewSource(3))
	var texts [][]byte
	var segments []Segment
	for r := range 40 {
		text := prose(rng, 60)
		if r%3 == 2 {
			text = append(slices.Clone(texts[r-2]), " and so on"...)
		}
		texts, segments = append(texts, text), append(segments, NewSegment(uint64(r), 0, text))
	}
	fresh := func() *Search { return must(NewSearch(segments, func(place int) []byte { return texts[place] })) }
	shared := fresh()
	var work sync.WaitGroup
	for worker := range 4 {
		work.Go(func() {
			for q := range 10 {
				question := segments[(worker+q)%40].Tokens[:12]
				if got, want := shared.Retrieve(question, 6), fresh().Retrieve(question, 6); !slices.Equal(got, want) {
					t.Errorf("%v, not %v", got, want)
				}
			}
		})
	}
	work.Wait()
}

func TestPairsAreBounded(t *testing.T) {
	var p pairs
	for i := range maxPairs + 10 {
		p.put(i, 1, true)
	}
	if len(p.known) > maxPairs {
		t.Error(len(p.known))
	}
	if is, known := p.get(maxPairs+9, 1); !is || !known {
		t.Error("the last pair is forgotten")
	}
	if _, known := p.get(1, maxPairs+9); known {
		t.Error("pairs have an order")
	}
}

func BenchmarkRetrieve(b *testing.B) {
	rng := rand.New(rand.NewSource(3))
	var texts [][]byte
	var segments []Segment
	for r := range 100 {
		text := prose(rng, 120)
		texts, segments = append(texts, text), append(segments, NewSegment(uint64(r), 0, text))
	}
	for name, forget := range map[string]func(*Search){
		"new texts": func(s *Search) { s.near.pairs.known, s.near.known = nil, nil },
		"new pairs": func(s *Search) { s.near.pairs.known = nil },
		"warm":      func(*Search) {},
	} {
		b.Run(name, func(b *testing.B) {
			s := must(NewSearch(segments, func(place int) []byte { return texts[place] }))
			s.Retrieve(segments[7].Tokens[:10], 6)
			for b.Loop() {
				forget(s)
				s.Retrieve(segments[7].Tokens[:10], 6)
			}
		})
	}
}
