package poa

import (
	"slices"
	"sync"
)

// Seeds of an Index (ATTRIBUTION, section 3).
const (
	// SeedBits is the least surprisal of a seed gram.
	SeedBits = 36
	// MinSeedTokens and MaxSeedTokens bound the length of a seed gram.
	MinSeedTokens, MaxSeedTokens = 2, 6
	// MaxPostings is the number of segments kept per seed gram, in the order of rank and index.
	MaxPostings = 16

	seedQ16 int32 = SeedBits << 16
)

// Index finds the segments that an answer may quote. Seeds are adaptive grams: at each token the shortest run of 2 to 6 tokens
// with at least 36 bits. Of each gram the first 16 segments in rank order are kept, each segment once, so that later text cannot
// displace earlier text and repeating a gram gains nothing. Seeds only find candidates: a qualified segment without any common
// seed is missed, but what is found is attributed by the rule of Attribute.
//
// Attribute and Candidates may be called concurrently with each other, but not with Add.
type Index struct {
	lib      *library
	err      error // a missing statistics table, reported by Add and Attribute
	segments []Segment
	heads    map[uint64]int32 // by gram: one more than its first posting
	postings []posting
	free     int32 // one more than the first unused posting
	scratch  sync.Pool
}

type posting struct {
	segment int32
	next    int32 // one more than the next posting of the gram, 0 for none
}

// NewIndex returns an empty index over the given statistics.
func NewIndex(stats *Statistics) *Index {
	lib, err := newLibrary(stats)
	return &Index{lib: lib, err: err, heads: make(map[uint64]int32)}
}

// Add registers a segment; ranks may come in any order. It returns ErrDuplicateSegment if rank and index are taken and ErrOversize
// above MaxSegmentTokens.
func (x *Index) Add(s Segment) error {
	if x.err != nil {
		return x.err
	}
	if err := x.lib.add(s); err != nil {
		return err
	}
	s.Tokens = slices.Clone(s.Tokens)
	x.segments = append(x.segments, s)
	segment := int32(len(x.segments) - 1)
	tokens := x.lib.segments[segment].tokens
	for i := range tokens {
		if n := x.gram(tokens[i:]); n > 0 {
			x.post(gramHash(s.Tokens[i:i+n]), segment)
		}
	}
	return nil
}

// gram returns the length of the seed at the start of the dense tokens, or 0 if there is none. noToken ends a gram.
func (x *Index) gram(tokens []uint32) int {
	bits := int32(0)
	for n, d := range tokens[:min(len(tokens), MaxSeedTokens)] {
		if d == noToken {
			return 0
		}
		bits += x.lib.weight[d]
		if n+1 >= MinSeedTokens && bits >= seedQ16 {
			return n + 1
		}
	}
	return 0
}

// gramHash mixes token ids, which are uniform already. A collision only adds a candidate or takes a place among the postings, as
// any segment with the gram itself could.
func gramHash(ids []TokenID) uint64 {
	h := uint64(len(ids))
	for _, id := range ids {
		h = (h<<23 | h>>41) ^ uint64(id)
		h *= 0x9E3779B97F4A7C15
	}
	return h ^ h>>32
}

// post inserts a segment into a gram's postings in the order of rank and index, and drops the last one above MaxPostings.
func (x *Index) post(gram uint64, segment int32) {
	head := x.heads[gram]
	place, before, n := int32(0), int32(0), 0
	for k := head; k != 0; k = x.postings[k-1].next {
		p := x.postings[k-1]
		if p.segment == segment {
			return
		}
		if place == 0 && x.lib.compare(int(p.segment), int(segment)) > 0 {
			place = k
		}
		if place == 0 {
			before = k
		}
		n++
	}
	if n >= MaxPostings && place == 0 {
		return
	}
	k := x.allocate(posting{segment: segment, next: place})
	if before == 0 {
		x.heads[gram] = k
	} else {
		x.postings[before-1].next = k
	}
	if n >= MaxPostings {
		x.dropLast(k)
	}
}

func (x *Index) allocate(p posting) int32 {
	if k := x.free; k != 0 {
		x.free = x.postings[k-1].next
		x.postings[k-1] = p
		return k
	}
	x.postings = append(x.postings, p)
	return int32(len(x.postings))
}

// dropLast frees the last posting of the list that goes through k, which is not the last one itself.
func (x *Index) dropLast(k int32) {
	for {
		next := x.postings[k-1].next
		if x.postings[next-1].next == 0 {
			x.postings[k-1].next = 0
			x.postings[next-1].next = x.free
			x.free = next
			return
		}
		k = next
	}
}

// indexScratch is what one lookup needs.
type indexScratch struct {
	work   workspace
	dense  []uint32
	seen   []bool // by segment; all false between lookups
	places []int
}

// Candidates returns the places, in increasing order, of the segments that share a seed with the answer.
func (x *Index) Candidates(a []TokenID) []int {
	if x.err != nil {
		return nil
	}
	s := x.borrow()
	defer x.scratch.Put(s)
	return slices.Clone(x.candidates(s, Answer{Tokens: a}))
}

func (x *Index) borrow() *indexScratch {
	if s, ok := x.scratch.Get().(*indexScratch); ok {
		return s
	}
	return &indexScratch{}
}

// candidates returns places that stay valid until the next use of s.
func (x *Index) candidates(s *indexScratch, a Answer) []int {
	s.dense, s.places = s.dense[:0], s.places[:0]
	if n := len(x.segments); len(s.seen) < n {
		s.seen = make([]bool, n+n/8)
	}
	for p, id := range a.Tokens {
		d := noToken
		if !a.hidden(p) {
			d = x.lib.lookup(id)
		}
		s.dense = append(s.dense, d)
	}
	for p := range s.dense {
		n := x.gram(s.dense[p:])
		if n == 0 {
			continue
		}
		for k := x.heads[gramHash(a.Tokens[p:p+n])]; k != 0; k = x.postings[k-1].next {
			if i := int(x.postings[k-1].segment); !s.seen[i] {
				s.seen[i] = true
				s.places = append(s.places, i)
			}
		}
	}
	for _, i := range s.places {
		s.seen[i] = false
	}
	slices.Sort(s.places)
	return s.places
}

// Segment returns the i-th added segment, 0 ≤ i < Len, and the zero value for any other i. Its tokens must not be modified.
func (x *Index) Segment(i int) Segment {
	if i < 0 || i >= len(x.segments) {
		return Segment{}
	}
	return x.segments[i]
}

// Len returns the number of segments added.
func (x *Index) Len() int { return len(x.segments) }

// Attribute finds the candidates and applies the rule of the function Attribute to them.
func (x *Index) Attribute(a Answer) (Attribution, error) {
	if x.err != nil {
		return Attribution{}, x.err
	}
	if err := a.validate(); err != nil {
		return Attribution{}, err
	}
	s := x.borrow()
	defer x.scratch.Put(s)
	return x.lib.attribute(&s.work, a, x.candidates(s, a)), nil
}
