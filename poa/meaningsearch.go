package poa

import (
	"cmp"
	"slices"
)

// MeaningSearch finds segments for questions by what their words mean, also across languages. It decides what is shown
// to a model and what is considered; by itself it pays nobody. It is safe for concurrent use once all segments are
// added.
type MeaningSearch struct {
	postings map[uint32][]meaningPosting
	stemmed  []int32 // by segment
}

type meaningPosting struct {
	segment int32
	off     int32 // sixteenths of a bit that are taken off a match
}

// NewMeaningSearch returns one that knows no text.
func NewMeaningSearch() *MeaningSearch {
	return &MeaningSearch{postings: make(map[uint32][]meaningPosting)}
}

// Add appends a segment from its text.
func (s *MeaningSearch) Add(content []byte) {
	var segment Segment
	segment.Interpret(content)
	place := int32(len(s.stemmed))
	s.stemmed = append(s.stemmed, int32(segment.Stemmed))
	for _, c := range leastSenses(slices.Concat(segment.Concepts...)) {
		s.postings[c.Concept] = append(s.postings[c.Concept], meaningPosting{place, c.Bits})
	}
}

// searchStems is the number of words above which a segment holds others by chance: each doubling takes half a bit off.
const searchStems = 48

// lengthCost returns what a match in a segment of so many words is worth less.
func lengthCost(stemmed int) int32 {
	if stemmed <= searchStems {
		return 0
	}
	return int32(Log2Q16(uint64(stemmed))-Log2Q16(searchStems)) >> 13
}

// Rank returns the places of the k segments that hold most of what a question means, best first. A word counts once,
// with the sense that is worth most; long segments count less. Ties go to the segment that was added first.
func (s *MeaningSearch) Rank(question []byte, k int) []int {
	meanings := InterpretAnswer(question).Meanings
	scores, best := make([]int32, len(s.stemmed)), make([]int32, len(s.stemmed))
	asked := make(map[uint32]struct{})
	var found, touched []int32
	for _, m := range meanings {
		if len(m.Senses) == 0 {
			continue
		}
		if _, again := asked[m.Senses[0].Concept]; again {
			continue
		}
		asked[m.Senses[0].Concept] = struct{}{}
		touched = touched[:0]
		for _, sense := range m.Senses {
			for _, p := range s.postings[sense.Concept] {
				if bits := sense.Bits - p.off - lengthCost(int(s.stemmed[p.segment])); bits > best[p.segment] {
					if best[p.segment] == 0 {
						touched = append(touched, p.segment)
					}
					best[p.segment] = bits
				}
			}
		}
		for _, place := range touched {
			if scores[place] == 0 {
				found = append(found, place)
			}
			scores[place] += best[place]
			best[place] = 0
		}
	}
	slices.SortFunc(found, func(a, b int32) int { return cmp.Or(cmp.Compare(scores[b], scores[a]), cmp.Compare(a, b)) })
	out := make([]int, 0, min(max(k, 0), len(found)))
	for _, place := range found[:cap(out)] {
		out = append(out, int(place))
	}
	return out
}
