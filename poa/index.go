package poa

import (
	"cmp"
	"fmt"
	"slices"
	"sync"
)

// Index applies the rule of the function Attribute to millions of tokens: it finds the segments that share a seed with
// an answer.
//
// The seeds of segments added together lie in one sorted tier; tiers of similar size are merged, so that there are few
// and adding stays cheap. The memory is about 17 bytes per token.
//
// Attribute, Candidates and Spans may be called concurrently with each other, but not with Add.
type Index struct {
	stats    *Statistics
	known    map[segmentKey]struct{}
	derived  map[segmentKey][]Derivation
	segments []indexSegment
	tokens   []TokenID // of all segments, in the order they were added
	tiers    []*tier   // by segments, each larger than the ones behind it
	scratch  sync.Pool
}

type segmentKey struct {
	rank  uint64
	index uint32
}

func (k segmentKey) compare(other segmentKey) int {
	return cmp.Or(cmp.Compare(k.rank, other.rank), cmp.Compare(k.index, other.index))
}

// indexSegment is a segment by its first token.
type indexSegment struct {
	segmentKey
	start uint32
}

// MaxIndexTokens is the largest number of tokens of one index.
const MaxIndexTokens = 1<<32 - 1

// NewIndex returns an empty index over the given statistics.
func NewIndex(stats *Statistics) *Index {
	return &Index{stats: stats, known: make(map[segmentKey]struct{}), derived: make(map[segmentKey][]Derivation)}
}

// Add registers segments; ranks may come in any order. Adding many at once is faster than one by one. It returns
// ErrDuplicateSegment if a rank and index are taken and ErrOversize above MaxSegmentTokens or MaxIndexTokens; it then
// adds none of them.
func (x *Index) Add(segments ...Segment) error {
	if x.stats == nil {
		return errNoStatistics
	}
	if err := x.admit(segments); err != nil || len(segments) == 0 {
		return err
	}
	first := len(x.segments)
	for _, s := range segments {
		x.segments = append(x.segments, indexSegment{segmentKey{s.Rank, s.Index}, uint32(len(x.tokens))})
		if len(s.Derived) > 0 {
			x.derived[segmentKey{s.Rank, s.Index}] = s.Derived
		}
		x.tokens = append(x.tokens, s.Tokens...)
	}
	x.push(x.newTier(first, len(x.segments)))
	return nil
}

// admit checks segments and marks them as known, all or none.
func (x *Index) admit(segments []Segment) error {
	total := len(x.tokens)
	for i, s := range segments {
		err := s.validate()
		if total += len(s.Tokens); err == nil && uint64(total) > MaxIndexTokens {
			err = fmt.Errorf("%w: an index holds at most %d tokens", ErrOversize, uint64(MaxIndexTokens))
		}
		key := segmentKey{s.Rank, s.Index}
		if _, dup := x.known[key]; err == nil && dup {
			err = fmt.Errorf("%w: rank %d, segment %d", ErrDuplicateSegment, s.Rank, s.Index)
		}
		if err != nil {
			for _, admitted := range segments[:i] {
				delete(x.known, segmentKey{admitted.Rank, admitted.Index})
			}
			return err
		}
		x.known[key] = struct{}{}
	}
	return nil
}

// push adds a tier and merges the last two while the earlier one is not more than twice as large.
func (x *Index) push(t *tier) {
	x.tiers = append(x.tiers, t)
	for n := len(x.tiers); n > 1 && x.tiers[n-2].size() <= 2*x.tiers[n-1].size(); n = len(x.tiers) {
		x.tiers = append(x.tiers[:n-2], x.mergeTiers(x.tiers[n-2], x.tiers[n-1]))
	}
}

// Derive sets the derivations of a segment. They must not pass on more than TotalPPM; a receipt with others cannot be
// verified.
func (x *Index) Derive(rank uint64, segment uint32, derived []Derivation) {
	if key := (segmentKey{rank, segment}); len(derived) > 0 {
		x.derived[key] = derived
	} else {
		delete(x.derived, key)
	}
}

// Compact merges all tiers into one, which makes lookups faster. Adding goes on as before.
func (x *Index) Compact() {
	for n := len(x.tiers); n > 1; n = len(x.tiers) {
		x.tiers = append(x.tiers[:n-2], x.mergeTiers(x.tiers[n-2], x.tiers[n-1]))
	}
}

// Segment returns the i-th added segment, 0 ≤ i < Len, and the zero value for any other i; it has no Stems. Its tokens
// must not be modified.
func (x *Index) Segment(i int) Segment {
	if i < 0 || i >= len(x.segments) {
		return Segment{}
	}
	s := &x.segments[i]
	end := uint32(len(x.tokens))
	if i+1 < len(x.segments) {
		end = x.segments[i+1].start
	}
	out := Segment{Rank: s.rank, Index: s.index, Tokens: x.tokens[s.start:end:end]}
	if len(x.derived) > 0 {
		out.Derived = x.derived[s.segmentKey]
	}
	return out
}

// Len returns the number of segments added.
func (x *Index) Len() int { return len(x.segments) }

// Tokens returns the number of tokens of all segments.
func (x *Index) Tokens() int { return len(x.tokens) }

// Bytes returns the memory of tokens, seeds and segments, about.
func (x *Index) Bytes() int {
	const perSegment, perKnown = 48, 32
	bytes := 8*len(x.tokens) + (perSegment+perKnown)*len(x.segments)
	for _, t := range x.tiers {
		bytes += t.bytes()
	}
	return bytes
}

// indexScratch is what one lookup needs.
type indexScratch struct {
	work   workspace
	found  []uint32 // segments of one seed
	hits   []hit
	groups []group
	seeds  []uint32
}

// hit says that the seed at an answer position admits a segment: segment << 16 | position.
type hit uint64

// group are the hits of one segment.
type group struct {
	segment  int
	from, to int
}

func (x *Index) borrow() *indexScratch {
	if s, ok := x.scratch.Get().(*indexScratch); ok {
		return s
	}
	return &indexScratch{}
}

// Candidates returns the places, in the order of rank and index, of the segments that a seed of the answer admits.
func (x *Index) Candidates(a []TokenID) []int {
	if x.stats == nil || len(a) > MaxAnswerTokens {
		return nil
	}
	s := x.borrow()
	defer x.scratch.Put(s)
	s.work.open(Answer{Tokens: a}, x.stats)
	defer s.work.close()
	x.find(s, a)
	var places []int
	for _, g := range s.groups {
		places = append(places, g.segment)
	}
	return places
}

// Attribute applies the rule of the function Attribute to the answer and all segments.
func (x *Index) Attribute(a Answer) (Attribution, error) { return x.AttributeRAG(a, nil) }

// AttributeRAG applies the rule of the function AttributeRAG to the answer, all segments, and the retrieved ones, which
// need Stems.
func (x *Index) AttributeRAG(a Answer, retrieved []Segment) (Attribution, error) {
	return x.attribute(a, retrieved, nil)
}

// AttributeMeaning applies method MEANING: SPAN over all segments, and then, for what SPAN leaves, the meaning of words
// in the segments that were retrieved for the question, at most MaxWindowSegments, and in those that the answer found.
// These segments need Concepts, and the answer needs Meanings and Marks (InterpretAnswer). A segment must not be in
// both lists.
func (x *Index) AttributeMeaning(a Answer, retrieved, found []Segment) (Attribution, error) {
	segments, err := consider(retrieved, found)
	if err != nil {
		return Attribution{}, err
	}
	return x.attributeBy(a, nil, func(w *workspace) (Attribution, error) { return w.finishMeaning(a, segments) })
}

// AttributeLora applies method LORA: AttributeMeaning, and then a part of what that leaves goes to the contributions of
// an adapter's influence file. The part is divided by the scores for the answer's query, or by the influence table
// alone if query is nil.
func (x *Index) AttributeLora(a Answer, retrieved, found []Segment, influence []InfluenceRow,
	query *LoraQuery) (Attribution, error) {
	segments, err := consider(retrieved, found)
	if err != nil {
		return Attribution{}, err
	}
	return x.attributeBy(a, nil, func(w *workspace) (Attribution, error) {
		out, err := w.finishMeaning(a, segments)
		if err == nil {
			err = out.AddLora(influence, query)
		}
		if err != nil {
			return Attribution{}, err
		}
		out.Weigh(w.derivations(), nil)
		return out, nil
	})
}

// attribute is AttributeRAG under a Work.
func (x *Index) attribute(a Answer, retrieved []Segment, work *Work) (Attribution, error) {
	retrieved, err := checkWindows(retrieved)
	if err != nil {
		return Attribution{}, err
	}
	return x.attributeBy(a, work, func(w *workspace) (Attribution, error) { return w.finish(a, retrieved) })
}

// attributeBy applies SPAN, and finish to what it leaves.
func (x *Index) attributeBy(a Answer, work *Work, finish func(*workspace) (Attribution, error)) (Attribution, error) {
	if x.stats == nil {
		return Attribution{}, errNoStatistics
	}
	if err := a.validate(); err != nil {
		return Attribution{}, err
	}
	s := x.borrow()
	defer x.scratch.Put(s)
	s.work.meter.total = work
	s.work.open(a, x.stats)
	defer func() { s.work.close(); s.work.meter.total = nil }()
	x.find(s, a.Tokens)
	for _, g := range s.groups {
		if s.work.meter.err != nil {
			break
		}
		s.seeds = s.seeds[:0]
		for _, h := range s.hits[g.from:g.to] {
			s.seeds = append(s.seeds, uint32(h&0xFFFF))
		}
		s.work.align(x.Segment(g.segment), s.seeds)
	}
	return finish(&s.work)
}

// find sets s.hits to what the seeds of the answer admit, and s.groups to the segments in the order of rank and index.
func (x *Index) find(s *indexScratch, tokens []TokenID) {
	s.hits, s.groups = s.hits[:0], s.groups[:0]
	w := &s.work
	for c := range w.claims {
		n := w.seed(c)
		if n == 0 {
			continue
		}
		if !w.meter.spend(unitsPerSeed) {
			return
		}
		p := int(w.claims[c].pos)
		print := seedPrint(tokens[p : p+n])
		s.found = s.found[:0]
		for _, t := range x.tiers {
			s.found = append(s.found, t.find(print)...)
		}
		if len(s.found) > MaxPostings {
			slices.SortFunc(s.found, x.compare)
			s.found = s.found[:MaxPostings]
		}
		for _, segment := range s.found {
			s.hits = append(s.hits, hit(segment)<<16|hit(p))
		}
	}
	slices.Sort(s.hits)
	for from := 0; from < len(s.hits); {
		to := from + 1
		for to < len(s.hits) && s.hits[to]>>16 == s.hits[from]>>16 {
			to++
		}
		s.groups = append(s.groups, group{int(s.hits[from] >> 16), from, to})
		from = to
	}
	slices.SortFunc(s.groups, func(a, b group) int { return x.compare(uint32(a.segment), uint32(b.segment)) })
}

// compare orders segments by rank and index.
func (x *Index) compare(a, b uint32) int {
	return x.segments[a].compare(x.segments[b].segmentKey)
}
