package poa

import (
	"fmt"
	"slices"
)

// Parameters of method MEANING, frozen with MethodMeaning. Bits are counted in sixteenths.
const (
	// AskedBits is the least sum of a stretch of the answer in a segment that was retrieved for the question, for the segment to be considered;
	// FoundBits that of a segment that was found by the answer alone.
	AskedBits = 192
	FoundBits = 960
	// SentenceBits is the cost of changing the source between two sentences, ChangeBits that within one.
	SentenceBits = 20
	ChangeBits   = 192
	// SegmentStems is the number of words above which a segment holds others by chance: each doubling takes half a bit off.
	SegmentStems = 48
	// EarlierPart is the part of a stretch's sum, in sixteenths, from which on an earlier segment has it instead.
	EarlierPart = 14
	// MaxMeaningSegments is the largest number of segments considered for one answer, and MaxWindowSegments of them may have been retrieved
	// for the question.
	MaxMeaningSegments = 32
)

// meaningWorkspace finds the sources of an answer by what its words mean.
type meaningWorkspace struct {
	table conceptSlots
	// By position: the senses as slots of the table, and what a position costs.
	senses []slotSense
	first  []int32 // by position and one more: where its senses start
	cost   []int32
	marks  []uint8
	hidden []bool
	last   []int32 // by slot: the sentence in which it was counted last
	off    []int32 // by slot: one more than what the segment takes off, 0 if it has it not
}

type slotSense struct {
	slot int32
	bits int32
}

// source is a segment that is considered.
type source struct {
	segment int32   // its place
	sum     []int32 // by position and one more: what the positions before give
}

// stretch are neighbouring positions of one source.
type stretch struct {
	from, to int
	source   int
}

// meanings are the sources of an answer's positions.
type meanings struct {
	owner []int32 // by position: one more than the place of its segment, 0 for none
	// listed are the segments that the path needs: those that own and those that they stand for.
	listed []int32
	// proof are the positions by which the listed segments are considered.
	proof [][2]int
	score []int32 // by position: sum of its stretch
	// considered is the number of segments that were, and weak how many of them only because they were retrieved for the question.
	considered, weak int
}

// considered is a segment with what its best stretch must give.
type considered struct {
	Segment
	least int32
}

// attribute finds the sources among segments, which must come in the order of compareSegments and have Concepts. It spends on the meter.
func (x *meaningWorkspace) attribute(m *meter, a Answer, segments []considered) (meanings, bool) {
	n := len(a.Tokens)
	out := meanings{owner: make([]int32, n), score: make([]int32, n)}
	if !m.spend(uint64(n) * unitsPerLookup) {
		return out, false
	}
	x.open(a)
	var sources []source
	for i := range segments {
		if !m.spend(uint64(len(segments[i].Concepts)+len(x.off)+2*len(x.senses)+n) * unitsPerLookup / 4) {
			return out, false
		}
		sum := x.sums(&segments[i].Segment)
		from, to, best := bestStretch(sum)
		if best < segments[i].least {
			continue
		}
		if out.considered++; best < FoundBits {
			out.weak++
		}
		sources = append(sources, source{int32(i), sum})
		out.proof = append(out.proof, [2]int{from, to})
	}
	if len(sources) == 0 || !m.spend(uint64(n*(len(sources)+1))*unitsPerLookup/4) {
		return out, m.err == nil
	}
	needed := make([]bool, len(sources))
	for _, s := range x.path(sources) {
		needed[s.source] = true
		owner := earliest(sources, s)
		needed[owner] = true
		sum := sources[owner].sum
		for p := s.from; p < s.to; p++ {
			out.owner[p] = sources[owner].segment + 1
			out.score[p] = sum[s.to] - sum[s.from]
		}
	}
	proof := out.proof
	out.proof = nil
	for i, s := range sources {
		if needed[i] {
			out.listed = append(out.listed, s.segment)
			out.proof = append(out.proof, proof[i])
		}
	}
	return out, true
}

// open numbers the concepts of the answer.
func (x *meaningWorkspace) open(a Answer) {
	n := len(a.Tokens)
	x.senses, x.first, x.cost, x.marks = x.senses[:0], x.first[:0], x.cost[:0], a.Marks
	x.hidden = a.Hidden
	x.table.reset(a.Meanings)
	for p := range n {
		x.first = append(x.first, int32(len(x.senses)))
		switch {
		case a.hidden(p):
			x.cost = append(x.cost, missCost)
		case a.Meanings == nil:
			x.cost = append(x.cost, 0)
		default:
			for _, s := range a.Meanings[p].Senses {
				x.senses = append(x.senses, slotSense{x.table.add(s.Concept), s.Bits})
			}
			x.cost = append(x.cost, a.Meanings[p].Cost)
		}
	}
	x.first = append(x.first, int32(len(x.senses)))
	x.off, x.last = make([]int32, x.table.count+1), make([]int32, x.table.count+1)
}

// sums returns what the positions of the answer give a segment, added up. A concept counts once in a sentence, and not where it is hidden
// how the sentence starts.
func (x *meaningWorkspace) sums(s *Segment) []int32 {
	clear(x.off)
	clear(x.last)
	for _, c := range s.Concepts {
		if slot := x.table.slot(c.Concept); slot != 0 {
			x.off[slot] = c.Bits + 1
		}
	}
	length := lengthCost(s.Stemmed)
	sum := make([]int32, len(x.cost)+1)
	sentence, whole := int32(1), true
	for p, cost := range x.cost {
		if x.marks != nil && x.marks[p]&MarkStarts != 0 {
			sentence, whole = sentence+1, true
		}
		if x.hidden != nil && x.hidden[p] {
			whole = false
		}
		best, at := -cost, int32(0)
		for _, v := range x.senses[x.first[p]:x.first[p+1]] {
			if off := x.off[v.slot]; off != 0 && v.bits-off+1-length > best {
				best, at = v.bits-off+1-length, v.slot
			}
		}
		if at != 0 {
			if x.last[at] == sentence || !whole {
				best = min(best, 0)
			}
			x.last[at] = sentence
		}
		sum[p+1] = sum[p] + best
	}
	return sum
}

// lengthCost returns what a match in a segment of so many words is worth less.
func lengthCost(stemmed int) int32 {
	if stemmed <= SegmentStems {
		return 0
	}
	return int32(Log2Q16(uint64(stemmed))-Log2Q16(SegmentStems)) >> 13
}

// bestStretch returns the positions with the largest sum, the first and shortest ones.
func bestStretch(sum []int32) (from, to int, best int32) {
	low := 0
	for p := 1; p < len(sum); p++ {
		if d := sum[p] - sum[low]; d > best {
			from, to, best = low, p, d
		}
		if sum[p] <= sum[low] {
			low = p
		}
	}
	return from, to, best
}

// change returns what it costs to change the source between positions p-1 and p.
func (x *meaningWorkspace) change(p int) int32 {
	if p == 0 || p == len(x.cost) {
		return 0
	}
	if x.marks != nil && (x.marks[p-1]&MarkEnds != 0 || x.marks[p]&MarkStarts != 0) {
		return SentenceBits
	}
	return ChangeBits
}

// path returns the stretches of the path with the largest sum: at each position one source or nobody, who gives nothing. Of equal paths
// the one is taken that, from the end, stays with a source, and else prefers nobody and then the earlier segment.
func (x *meaningWorkspace) path(sources []source) []stretch {
	n, k := len(x.cost), len(sources)
	value := make([]int32, k+1) // nobody is the last
	before := make([]int32, k+1)
	from := make([]uint8, n*(k+1)) // the state before each
	for p := range n {
		before, value = value, before
		best := k
		for s := range k {
			if before[s] > before[best] {
				best = s
			}
		}
		change := before[best] - x.change(p)
		for s := range k + 1 {
			v, state := before[s], s
			if change > v {
				v, state = change, best
			}
			if s < k {
				v += sources[s].sum[p+1] - sources[s].sum[p]
			}
			value[s], from[p*(k+1)+s] = v, uint8(state)
		}
	}
	state := k
	for s := range k {
		if value[s] > value[state] {
			state = s
		}
	}
	var out []stretch
	for p := n - 1; p >= 0; p-- {
		if state < k {
			if m := len(out); m > 0 && out[m-1].source == state && out[m-1].from == p+1 {
				out[m-1].from = p
			} else {
				out = append(out, stretch{p, p + 1, state})
			}
		}
		state = int(from[p*(k+1)+state])
	}
	slices.Reverse(out)
	return out
}

// earliest returns the first source that explains a stretch nearly as well as its own.
func earliest(sources []source, s stretch) int {
	own := sources[s.source].sum[s.to] - sources[s.source].sum[s.from]
	for i := range s.source {
		if sum := sources[i].sum; own > 0 && (sum[s.to]-sum[s.from])*16 >= own*EarlierPart {
			return i
		}
	}
	return s.source
}

// conceptSlots numbers the concepts of one answer from 1.
type conceptSlots struct {
	table map[uint32]int32
	count int
}

func (t *conceptSlots) reset(meanings []Meaning) {
	t.table, t.count = make(map[uint32]int32, 4*len(meanings)), 0
}

func (t *conceptSlots) add(concept uint32) int32 {
	if slot, ok := t.table[concept]; ok {
		return slot
	}
	t.count++
	t.table[concept] = int32(t.count)
	return int32(t.count)
}

func (t *conceptSlots) slot(concept uint32) int32 { return t.table[concept] }

// finishMeaning gives what SPAN has left to the sources by meaning, and returns the result, or why the work was ended.
func (w *workspace) finishMeaning(a Answer, segments []considered) (Attribution, error) {
	var found meanings
	if w.meter.err == nil && len(segments) > 0 {
		found, _ = (&meaningWorkspace{}).attribute(&w.meter, a, segments)
	}
	if w.meter.err != nil {
		return Attribution{}, w.meter.err
	}
	if found.weak > MaxWindowSegments {
		return Attribution{}, fmt.Errorf("%w: %d segments that an answer does not find by itself; at most %d are retrieved for a question", ErrForgedSpan,
			found.weak, MaxWindowSegments)
	}
	w.takeMeanings(found, segments)
	result := w.result()
	for _, place := range found.listed {
		result.Considered = append(result.Considered, segmentKey{segments[place].Rank, segments[place].Index})
	}
	result.Support, result.Marks = w.support(a, found), a.Marks
	return result, nil
}

// takeMeanings gives unowned claims to their sources.
func (w *workspace) takeMeanings(found meanings, segments []considered) {
	owners := make([]int32, len(segments)) // one more than the place among the workspace's segments
	for i := range w.claims {
		c := &w.claims[i]
		if c.owned || found.owner == nil || found.owner[c.pos] == 0 {
			continue
		}
		place := found.owner[c.pos] - 1
		if owners[place] == 0 {
			w.segments = append(w.segments, ownerSegment{Segment: segments[place].Segment})
			owners[place] = int32(len(w.segments))
		}
		c.owned, c.window, c.meaning, c.owner = true, true, true, owners[place]-1
		c.score, c.off = found.score[c.pos]<<12, 0
	}
}

// support returns the positions without an owner that must be opened for the sources to be found again: the stretches for which they are
// considered, what stands before a stretch in its sentence, and letters behind it that may be one word with its last.
func (w *workspace) support(a Answer, found meanings) []uint32 {
	n := len(a.Tokens)
	needed := make([]bool, n)
	mark := func(from, to int) {
		for p := from; p < to; p++ {
			needed[p] = true
		}
		for p := from - 1; p >= 0 && from < n && a.Marks[from]&MarkStarts == 0; p-- {
			if needed[p] = true; a.Marks[p]&MarkStarts != 0 {
				break
			}
		}
		for p := to; p < min(to+maxUnit-1, n) && a.Marks[p-1]&MarkEnds == 0 && a.Meanings[p].Cost == letterCost; p++ {
			needed[p] = true
		}
	}
	for p := 0; p < n; {
		if found.owner == nil || found.owner[p] == 0 {
			p++
			continue
		}
		from := p
		for p < n && found.owner[p] == found.owner[from] {
			p++
		}
		mark(from, p)
	}
	for _, s := range found.proof {
		mark(s[0], s[1])
	}
	owned := make([]bool, n)
	for i := range w.claims {
		owned[w.claims[i].pos] = w.claims[i].owned
	}
	var out []uint32
	for p := range n {
		if needed[p] && !owned[p] && !a.hidden(p) {
			out = append(out, uint32(p))
		}
	}
	return out
}

// considerListed returns the segments that evidence lists: each as if it had been retrieved. attribute counts those for which that matters.
func considerListed(listed []Segment) ([]considered, error) {
	segments, err := consider(nil, listed)
	for i := range segments {
		segments[i].least = AskedBits
	}
	return segments, err
}

// consider returns the segments with what each must give, in the order of rank and index.
func consider(asked, found []Segment) ([]considered, error) {
	if len(asked) > MaxWindowSegments || len(asked)+len(found) > MaxMeaningSegments {
		return nil, fmt.Errorf("%w: %d retrieved segments and %d found by the answer; at most %d, and %d together, are considered", ErrOversize,
			len(asked), len(found), MaxWindowSegments, MaxMeaningSegments)
	}
	var out []considered
	for _, s := range asked {
		out = append(out, considered{s, AskedBits})
	}
	for _, s := range found {
		out = append(out, considered{s, FoundBits})
	}
	slices.SortStableFunc(out, func(a, b considered) int { return compareSegments(a.Segment, b.Segment) })
	for i, s := range out {
		if err := s.validate(); err != nil {
			return nil, err
		}
		if i > 0 && compareSegments(out[i-1].Segment, s.Segment) == 0 {
			return nil, fmt.Errorf("%w: rank %d, segment %d", ErrDuplicateSegment, s.Rank, s.Index)
		}
	}
	return out, nil
}
