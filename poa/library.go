package poa

import (
	"cmp"
	"fmt"
	"slices"
)

// noToken is the dense id of a token that no segment holds.
const noToken = ^uint32(0)

// maxVocabulary keeps dense ids below noToken.
const maxVocabulary = 1 << 31

// library is a set of segments prepared for alignment: every distinct token has a dense id and its weight is looked up once. If the
// answers are known beforehand their tokens are interned first and the library is closed: other tokens, which cannot match, are
// then all noToken.
type library struct {
	stats    *Statistics
	closed   bool
	dense    map[TokenID]uint32
	weight   []int32 // by dense id, Q16
	segments []librarySegment
	known    map[segmentKey]struct{}
}

type segmentKey struct {
	rank  uint64
	index uint32
}

type librarySegment struct {
	segmentKey
	tokens []uint32 // dense ids
}

func newLibrary(stats *Statistics) (*library, error) {
	if stats == nil {
		return nil, fmt.Errorf("%w: none given; use ProtocolStatistics", ErrStatistics)
	}
	return &library{stats: stats, dense: make(map[TokenID]uint32), known: make(map[segmentKey]struct{})}, nil
}

// add prepares one segment; its place in l.segments is the number of segments before it.
func (l *library) add(s Segment) error {
	if len(s.Tokens) > MaxSegmentTokens {
		return fmt.Errorf("%w: segment %d of rank %d has %d tokens, at most %d are allowed", ErrOversize, s.Index, s.Rank, len(s.Tokens), MaxSegmentTokens)
	}
	if len(l.weight) > maxVocabulary-MaxSegmentTokens {
		return fmt.Errorf("%w: the segments hold more than %d distinct tokens", ErrOversize, maxVocabulary)
	}
	key := segmentKey{s.Rank, s.Index}
	if _, dup := l.known[key]; dup {
		return fmt.Errorf("%w: rank %d, segment %d", ErrDuplicateSegment, s.Rank, s.Index)
	}
	l.known[key] = struct{}{}
	tokens := make([]uint32, len(s.Tokens))
	for i, id := range s.Tokens {
		if l.closed {
			tokens[i] = l.lookup(id)
		} else {
			tokens[i] = l.intern(id)
		}
	}
	l.segments = append(l.segments, librarySegment{key, tokens})
	return nil
}

func (l *library) intern(id TokenID) uint32 {
	if d, ok := l.dense[id]; ok {
		return d
	}
	d := uint32(len(l.weight))
	l.dense[id] = d
	l.weight = append(l.weight, l.stats.Surprisal(id))
	return d
}

// lookup returns the dense id of a token, or noToken.
func (l *library) lookup(id TokenID) uint32 {
	if d, ok := l.dense[id]; ok {
		return d
	}
	return noToken
}

// compare orders segments by rank, then index: the order in which they own positions.
func (l *library) compare(a, b int) int {
	x, y := &l.segments[a], &l.segments[b]
	return cmp.Or(cmp.Compare(x.rank, y.rank), cmp.Compare(x.index, y.index))
}

// attribute applies the rule to the segments listed by place, in any order. It sorts list.
func (l *library) attribute(w *workspace, a Answer, list []int) Attribution {
	slices.SortFunc(list, l.compare)
	w.open(l, a)
	for _, i := range list {
		w.align(l, i)
	}
	result := w.result(l)
	w.close()
	return result
}
