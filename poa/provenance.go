package poa

import (
	"cmp"
	"fmt"
	"slices"
)

const (
	// MaxSourcePostings is the largest number of segments in which a concept is looked for: the first ones in order. It
	// bounds the work for one segment, whatever the other segments contain.
	MaxSourcePostings = 1024
	// NearPart is a bound in sixteenths: an earlier segment is compared with a text only if the text gives it at least
	// this part of what the text gives itself.
	NearPart = 2
)

// Provenance computes from which earlier segments a segment is derived (README.md, section 4c). The result is a
// function of the segment and of the segments before it, in their order: validators compute it for each contribution
// that enters a DataNet. A Provenance is not safe for concurrent use.
type Provenance struct {
	segments []sourceSegment
	postings map[uint32][]sourcePosting // by concept: the first segments that have it
	bytes    int

	// By segment, zero between searches: what the text that is searched for gives the segment, in all and by one word.
	scores, best []int32
}

// sourcePosting is twice the place of a segment, plus one if the segment derives from others. Derived segments do not
// count for the rarity of a word: otherwise, many copies of a text would make its words common.
type sourcePosting int32

func newSourcePosting(place int, derives bool) sourcePosting {
	if derives {
		return sourcePosting(2*place + 1)
	}
	return sourcePosting(2 * place)
}

func (s sourcePosting) place() int    { return int(s >> 1) }
func (s sourcePosting) derives() bool { return s&1 != 0 }

// sourceSegment is a segment that later segments may be derived from.
type sourceSegment struct {
	rank     uint64
	index    uint32
	concepts [][]Sense
	derived  []Derivation
}

func (s *sourceSegment) distinct() []Sense { return leastSenses(slices.Concat(s.concepts...)) }

// NewProvenance returns a Provenance without segments.
func NewProvenance() *Provenance { return &Provenance{postings: make(map[uint32][]sourcePosting)} }

// Len returns the number of segments that were added.
func (p *Provenance) Len() int { return len(p.segments) }

// Bytes returns about how many bytes of memory it uses.
func (p *Provenance) Bytes() int { return p.bytes }

// Add appends a segment, given its text and what the segment itself derives from. It returns ErrOversize for more than
// MaxSegmentBytes of text.
func (p *Provenance) Add(rank uint64, index uint32, content []byte, derived []Derivation) error {
	if len(content) > MaxSegmentBytes {
		return fmt.Errorf("%w: segment %d of rank %d has %d bytes, at most %d are allowed", ErrOversize, index, rank,
			len(content), MaxSegmentBytes)
	}
	var s Segment
	s.Interpret(content)
	known := sourceSegment{rank, index, s.Concepts, derived}
	posting := newSourcePosting(len(p.segments), len(derived) > 0)
	distinct := known.distinct()
	for _, c := range distinct {
		if list := p.postings[c.Concept]; len(list) < MaxSourcePostings {
			p.postings[c.Concept] = append(list, posting)
		}
	}
	p.segments = append(p.segments, known)
	p.bytes += known.bytes(len(distinct))
	return nil
}

// AddFile appends the segments of a contribution. derived returns what a segment derives from; a nil derived means that
// none derives from anything.
func (p *Provenance) AddFile(rank uint64, file SegmentFile, derived func(segment uint32) []Derivation) error {
	for i, text := range file.Segments {
		var passed []Derivation
		if derived != nil {
			passed = derived(uint32(i))
		}
		if err := p.Add(rank, uint32(i), text, passed); err != nil {
			return err
		}
	}
	return nil
}

// Truncate removes all but the first n segments.
func (p *Provenance) Truncate(n int) {
	for i := len(p.segments) - 1; i >= n; i-- {
		distinct := p.segments[i].distinct()
		for _, c := range distinct {
			if list := p.postings[c.Concept]; len(list) > 0 && list[len(list)-1].place() == i {
				p.postings[c.Concept] = list[:len(list)-1]
			}
		}
		p.bytes -= p.segments[i].bytes(len(distinct))
	}
	if n < len(p.segments) {
		clear(p.segments[n:])
		p.segments = p.segments[:n]
	}
}

// bytes estimates the memory of a segment's concepts and postings.
func (s *sourceSegment) bytes(distinct int) int {
	n := 160 + 4*distinct + 16*len(s.derived)
	for _, block := range s.concepts {
		n += 24 + 8*len(block)
	}
	return n
}

// Of returns the Derivations of a segment. It looks at the MaxNeighbours nearest segments of lower rank among the first
// n that were added. If one of these derives from other segments, these get their part of what it is given. Of returns
// ErrOversize for more than MaxSegmentBytes of text.
func (p *Provenance) Of(rank uint64, content []byte, n int) ([]Derivation, error) {
	if len(content) > MaxSegmentBytes {
		return nil, fmt.Errorf("%w: %d bytes, a segment has at most %d", ErrOversize, len(content), MaxSegmentBytes)
	}
	subject := newSubject(content, func(_ TokenID, concept uint32) int32 {
		some := 0
		for _, posting := range p.postings[concept] {
			if posting.place() >= n {
				break
			}
			if !posting.derives() {
				some++
			}
		}
		return rarestMatch(n, some)
	})
	subject.texts = n
	nearest := p.nearest(subject, rank, n)
	if len(nearest) == 0 {
		return nil, nil
	}
	segments := make([]Segment, len(nearest))
	for i, place := range nearest {
		known := &p.segments[place]
		segments[i] = Segment{Rank: known.rank, Index: known.index, Concepts: known.concepts, Derived: known.derived}
	}
	list, err := consider(segments, nil)
	if err != nil {
		return nil, err
	}
	return subject.derivations(rank, list), nil
}

// nearest returns the places of the segments that a text gives most. Each of its words counts once, with the sense that
// is worth most. Of equal segments, the one that was added first comes first.
func (p *Provenance) nearest(s subject, rank uint64, n int) []int32 {
	for len(p.scores) < len(p.segments) {
		p.scores, p.best = append(p.scores, 0), append(p.best, 0)
	}
	var found, touched []int32
	own := int32(0)
	asked := make(map[uint32]struct{})
	for _, m := range s.answer.Meanings {
		if len(m.Senses) == 0 {
			continue
		}
		if _, again := asked[m.Senses[0].Concept]; again {
			continue
		}
		asked[m.Senses[0].Concept] = struct{}{}
		touched = touched[:0]
		most := int32(0)
		for _, sense := range m.Senses {
			if most = max(most, sense.Bits); sense.Bits <= 0 {
				continue
			}
			for _, posting := range p.postings[sense.Concept] {
				i := int32(posting.place())
				if int(i) >= n {
					break
				}
				if p.segments[i].rank < rank && sense.Bits > p.best[i] {
					if p.best[i] == 0 {
						touched = append(touched, i)
					}
					p.best[i] = sense.Bits
				}
			}
		}
		own += most
		for _, i := range touched {
			if p.scores[i] == 0 {
				found = append(found, i)
			}
			p.scores[i] += p.best[i]
			p.best[i] = 0
		}
	}
	nearest := slices.DeleteFunc(slices.Clone(found), func(i int32) bool { return p.scores[i]*16 < own*NearPart })
	slices.SortFunc(
		nearest, func(a, b int32) int { return cmp.Or(cmp.Compare(p.scores[b], p.scores[a]), cmp.Compare(a, b)) })
	for _, i := range found {
		p.scores[i] = 0
	}
	return nearest[:min(len(nearest), MaxNeighbours)]
}
