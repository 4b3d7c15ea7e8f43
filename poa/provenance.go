package poa

import (
	"cmp"
	"fmt"
	"slices"
)

// Parameters of the search for sources. They bound the work for one segment, whatever the others say.
const (
	// MaxSourcePostings is the number of segments in which a word is looked for, the first in order.
	MaxSourcePostings = 1024
	// maxStemPairs of equal stems in two segments that are compared: text that repeats a few words explains nothing else.
	maxStemPairs = 1 << 14
)

// Provenance reckons what segments are derived from among those that were added before (ATTRIBUTION, section 4.3). The result is a
// function of the segment and of the ones before it, in their order: validators reckon it for each contribution that enters a DataNet.
// It is not safe for concurrent use.
type Provenance struct {
	stats    *Statistics
	segments []Segment
	stems    [][]TokenID         // by segment: its distinct stems, sorted
	postings map[TokenID][]int32 // by stem: the first segments that have it
	bytes    int

	// By segment, zero between searches: what it shares with the one that is looked for.
	scores []int64
	shared []int32
}

// NewProvenance returns one that knows no text.
func NewProvenance(stats *Statistics) (*Provenance, error) {
	if stats == nil {
		return nil, errNoStatistics
	}
	return &Provenance{stats: stats, postings: make(map[TokenID][]int32)}, nil
}

// Len returns the number of segments that were added.
func (p *Provenance) Len() int { return len(p.segments) }

// Bytes is about what it takes in memory.
func (p *Provenance) Bytes() int { return p.bytes }

// Add appends segments, which need Stems.
func (p *Provenance) Add(segments ...Segment) error {
	for _, s := range segments {
		if err := s.validate(); err != nil {
			return err
		}
		if len(s.Stems) != len(s.Tokens) {
			return fmt.Errorf("%w: %d stems for %d tokens", ErrAnswer, len(s.Stems), len(s.Tokens))
		}
	}
	for _, s := range segments {
		distinct := distinctStems(s.Stems)
		for _, stem := range distinct {
			if list := p.postings[stem]; len(list) < MaxSourcePostings {
				p.postings[stem] = append(list, int32(len(p.segments)))
			}
		}
		p.segments, p.stems = append(p.segments, s), append(p.stems, distinct)
		p.bytes += heldBytes(s, distinct)
	}
	return nil
}

// AddFile appends the segments of a contribution. Nothing is added if one of them is refused.
func (p *Provenance) AddFile(rank uint64, file SegmentFile) error {
	segments := make([]Segment, len(file.Segments))
	for i, text := range file.Segments {
		segments[i] = NewSegment(rank, uint32(i), text)
	}
	return p.Add(segments...)
}

// Truncate forgets all but the first n segments.
func (p *Provenance) Truncate(n int) {
	for i := len(p.segments) - 1; i >= n; i-- {
		for _, stem := range p.stems[i] {
			if list := p.postings[stem]; len(list) > 0 && list[len(list)-1] == int32(i) {
				p.postings[stem] = list[:len(list)-1]
			}
		}
		p.bytes -= heldBytes(p.segments[i], p.stems[i])
	}
	if n < len(p.segments) {
		p.segments, p.stems = p.segments[:n], p.stems[:n]
	}
}

// heldBytes counts tokens, stems and postings.
func heldBytes(s Segment, distinct []TokenID) int {
	return 8*(len(s.Tokens)+len(s.Stems)+len(distinct)) + 4*len(distinct) + 140
}

func distinctStems(stems []TokenID) []TokenID {
	distinct := slices.DeleteFunc(slices.Clone(stems), func(stem TokenID) bool { return stem == 0 })
	slices.Sort(distinct)
	return slices.Compact(distinct)
}

// Of returns the Derivations of a segment from its MaxNeighbours nearest ones of lower rank among the first n that were added.
func (p *Provenance) Of(s Segment, n int) ([]Derivation, error) {
	if err := s.validate(); err != nil {
		return nil, err
	}
	nearest := p.nearest(s, n)
	if len(nearest) == 0 {
		return nil, nil
	}
	return Derivations(s, nearest, p.stats)
}

// nearest returns the segments that share most with one: the sum of the idf of their common stems. Ties go to the lower rank and index.
// Left out is what shares less than a fifth of its stems, which cannot explain a quarter of it unless the shared ones are much rarer
// than the others.
func (p *Provenance) nearest(s Segment, n int) []Segment {
	weights := make(map[TokenID]int64, len(s.Stems))
	for i, stem := range s.Stems {
		if stem != 0 {
			weights[stem] = max(weights[stem], int64(p.stats.IDF(s.Tokens[i])))
		}
	}
	stems := distinctStems(s.Stems)
	for len(p.scores) < len(p.segments) {
		p.scores, p.shared = append(p.scores, 0), append(p.shared, 0)
	}
	scores, shared := p.scores, p.shared
	var found []int32
	for _, stem := range stems {
		for _, i := range p.postings[stem] {
			if int(i) >= n {
				break
			}
			if p.segments[i].Rank >= s.Rank {
				continue
			}
			if shared[i] == 0 {
				found = append(found, i)
			}
			scores[i] += weights[stem]
			shared[i]++
		}
	}
	var candidates []int32
	for _, i := range found {
		if 5*int(shared[i]) >= len(stems) {
			candidates = append(candidates, i)
		}
	}
	slices.SortFunc(candidates, func(a, b int32) int {
		return cmp.Or(cmp.Compare(scores[b], scores[a]), compareSegments(p.segments[a], p.segments[b]))
	})
	for _, i := range found {
		scores[i], shared[i] = 0, 0
	}
	var nearest []Segment
	for _, i := range candidates {
		if stemPairs(s.Stems, p.segments[i].Stems) > maxStemPairs {
			continue
		}
		if nearest = append(nearest, p.segments[i]); len(nearest) == MaxNeighbours {
			break
		}
	}
	return nearest
}

// stemPairs returns the number of pairs of equal stems in two texts: the work of comparing them by windows, up to a factor.
func stemPairs(a, b []TokenID) int {
	counts := make(map[TokenID]int, len(a))
	for _, stem := range a {
		if stem != 0 {
			counts[stem]++
		}
	}
	pairs := 0
	for _, stem := range b {
		pairs += counts[stem]
	}
	return pairs
}
