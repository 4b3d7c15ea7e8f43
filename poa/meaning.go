package poa

import (
	"fmt"
	"hash/maphash"
	"slices"
)

// Parameters of method MEANING, frozen with MethodMeaning. Bits are counted in sixteenths.
const (
	// A part of a segment is considered only if a stretch of the answer gives it enough: at least AskedBits if the segment
	// was retrieved for the question, and at least FoundBits if only the answer found it. Both grow by GrowthBits with
	// each doubling of the answer's weight above GrowthTokens, because a longer answer matches more by chance.
	AskedBits    = 56
	FoundBits    = 960
	GrowthBits   = 104
	GrowthTokens = 64
	// DenseBits is what all sources together must give for each 16 of the answer's weight. If they give less, the answer
	// is about something else, and only parts with a stretch of StrongBits are considered.
	DenseBits  = 28
	StrongBits = 680
	// NobodyBits is what a token counts that no source explains.
	NobodyBits = 1
	// SentenceBits is the cost of a change of the owner between two sentences, and ChangeBits the cost within a sentence.
	SentenceBits = 6
	ChangeBits   = 192
	// BlockStems is the number of words in a block of a segment, without stop words. A part is two neighbouring blocks.
	BlockStems = 16
	// EarlierPart is in sixteenths: an earlier segment that gives at least this part of a stretch's sum owns the stretch
	// instead.
	EarlierPart = 15
	// MaxMeaningSegments is the largest number of segments considered for one answer. At most MaxWindowSegments of them
	// may have been retrieved for the question.
	MaxMeaningSegments = 32
)

// pathRule holds what differs between the paths of answers and the paths of segments that may derive from others.
type pathRule struct {
	least    int32 // the least that some stretch must give a part
	sentence int32 // the cost of changing the part between two sentences
	earlier  int32 // EarlierPart
	single   bool  // a word counts even if it is the only match in its sentence
	once     bool  // a concept counts once in the whole text, not in each sentence
}

var answerRule = pathRule{least: AskedBits, sentence: SentenceBits, earlier: EarlierPart}

// meaningWorkspace finds the sources of an answer by the meaning of its words.
type meaningWorkspace struct {
	pathRule
	table conceptSlots
	// By position: the senses as slots of the table, and the cost of the position.
	senses []slotSense
	first  []int32 // by position and one more: where its senses start
	cost   []int32
	marks  []uint8
	hidden []bool
	last   []int32 // by slot: the sentence in which it was counted last
	// By position, for the last call of sums: whether it lies between the first and the second match of a sentence. A
	// stretch must not begin there, since it would count the first match without holding it.
	between []bool
	off     []int32 // by slot: one more than what a part takes off; 0 if the part does not have the concept
	gain    int32   // of the path: its sum, less what no source at all would give

	// Buffers that are used again for the next answer.
	scratch, room, value, before []int32
	held                         []slotSense
	blocks                       [][]slotSense
	states                       []uint16
}

// zeroed returns n zeros, in the memory of s if s is large enough.
func zeroed[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	s = s[:n]
	clear(s)
	return s
}

type slotSense struct {
	slot int32
	bits int32
}

// source is a part of a segment that is considered for an answer.
type source struct {
	segment int32   // its place
	sum     []int32 // by position, and one more: the sum of what the positions before give
	best    int32   // of its stretches
	proof   [2]int  // the positions of the best one
	needed  bool
}

// stretch is a run of neighbouring positions with the same source.
type stretch struct {
	from, to int
	source   int
}

// taken is a stretch with the place of the segment that owns it.
type taken struct {
	from, to int
	place    int32
}

// meanings are the sources of an answer's positions.
type meanings struct {
	owner []int32 // by position: one more than the place of the segment that owns it, 0 for none
	// listed are the segments that the path needs: the owners, and the segments in whose place they own.
	listed []int32
	// proof are the positions by which the listed segments and their parts are considered.
	proof [][2]int
	score []int32     // by position: sum of its stretch
	ends  [][2]uint16 // by position: those of its stretch
	// considered is the number of segments that were considered. weak is the number of those that were considered only
	// because they were retrieved for the question.
	considered, weak int
}

// considered is a segment with the least that its best stretch must give, before growth is added.
type considered struct {
	Segment
	least int32
}

// growth returns what is added to the bars for an answer of this weight.
func growth(weight uint32) int32 {
	if weight <= GrowthTokens {
		return 0
	}
	return int32(uint64(Log2Q16(uint64(weight))-Log2Q16(GrowthTokens)) * GrowthBits >> 16)
}

// attribute finds the sources of an answer among segments, which must be in the order of compareSegments and have
// Concepts. It returns false if the meter has no work left.
func (x *meaningWorkspace) attribute(m *meter, a Answer, segments []considered) (meanings, bool) {
	n := len(a.Tokens)
	out := meanings{owner: make([]int32, n), score: make([]int32, n), ends: make([][2]uint16, n)}
	if !m.spend(uint64(n) * unitsPerLookup) {
		return out, false
	}
	x.open(a)
	var sources []source
	for i := range segments {
		first := len(sources)
		var ok bool
		if sources, ok = x.parts(m, int32(i), segments[i].Concepts, growth(a.Weight), sources); !ok {
			return out, false
		}
		best := int32(0)
		for _, s := range sources[first:] {
			best = max(best, s.best)
		}
		if len(sources) == first || best < segments[i].least+growth(a.Weight) {
			sources = sources[:first]
			continue
		}
		if out.considered++; best < FoundBits+growth(a.Weight) {
			out.weak++
		}
	}
	path, ok := x.sources(m, &sources, a)
	if !ok || len(path) == 0 {
		return out, ok
	}
	for _, s := range path {
		sources[s.source].needed = true
		owner := x.earliest(sources, s)
		sources[owner].needed = true
		sum := sources[owner].sum
		for p := s.from; p < s.to; p++ {
			out.owner[p] = sources[owner].segment + 1
			out.score[p] = sum[s.to] - sum[s.from]
			out.ends[p] = [2]uint16{uint16(s.from), uint16(s.to)}
		}
	}
	out.list(sources, segments, growth(a.Weight))
	return out, true
}

// sources returns the path through the sources, and removes those that are no longer considered.
func (x *meaningWorkspace) sources(m *meter, sources *[]source, a Answer) ([]stretch, bool) {
	n := len(a.Tokens)
	spend := func() bool { return m.spend(uint64(n*(len(*sources)+1)) * unitsPerLookup / 4) }
	if len(*sources) == 0 || !spend() {
		return nil, m.err == nil
	}
	path := x.path(*sources)
	if 16*x.gain >= int32(a.Weight)*DenseBits {
		return path, true
	}
	*sources = slices.DeleteFunc(*sources, func(s source) bool { return s.best < StrongBits })
	if len(*sources) == 0 || !spend() {
		return nil, m.err == nil
	}
	return x.path(*sources), true
}

// list notes the segments of which a part is needed, with the stretches by which the part is considered. For segments
// that the answer itself found, it also notes a stretch that reaches FoundBits.
func (f *meanings) list(sources []source, segments []considered, growth int32) {
	for from := 0; from < len(sources); {
		to := from + 1
		for to < len(sources) && sources[to].segment == sources[from].segment {
			to++
		}
		parts := sources[from:to]
		from = to
		if !slices.ContainsFunc(parts, func(s source) bool { return s.needed }) {
			continue
		}
		f.listed = append(f.listed, parts[0].segment)
		found := segments[parts[0].segment].least == FoundBits
		for _, s := range parts {
			if shown := found && s.best >= FoundBits+growth; s.needed || shown {
				f.proof = append(f.proof, s.proof)
				found = found && !shown
			}
		}
	}
}

// open resets the workspace for an answer and numbers the answer's concepts.
func (x *meaningWorkspace) open(a Answer) {
	n := len(a.Tokens)
	x.senses, x.first, x.cost, x.marks = x.senses[:0], x.first[:0], x.cost[:0], a.Marks
	x.hidden = a.Hidden
	x.table.reset(a.Meanings)
	for p := range n {
		x.first = append(x.first, int32(len(x.senses)))
		switch {
		case a.hidden(p):
			x.cost = append(x.cost, strangeCost)
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
	x.off, x.last, x.between = zeroed(x.off, x.table.count+1), zeroed(x.last, x.table.count+1), zeroed(x.between, n+1)
	x.room = x.room[:0]
}

// parts appends the parts of a segment to which some stretch of the answer gives at least the rule's bar plus growth.
func (x *meaningWorkspace) parts(m *meter, segment int32, blocks [][]Sense, growth int32,
	sources []source) ([]source, bool) {
	// By block: the concepts of the answer that it holds.
	held := x.blocks[:0]
	x.held = x.held[:0]
	for _, block := range blocks {
		if !m.spend(uint64(len(block)) * unitsPerLookup / 4) {
			return sources, false
		}
		from := len(x.held)
		for _, c := range block {
			if slot := x.table.slot(c.Concept); slot != 0 {
				x.held = append(x.held, slotSense{slot, c.Bits + 1})
			}
		}
		held = append(held, x.held[from:])
	}
	x.blocks = held
	pass := uint64(2*len(x.senses)+len(x.cost)+len(x.held)) * unitsPerLookup / 4
	if !m.spend(pass) {
		return sources, false
	}
	x.hold(held)
	most := x.most()
	x.drop(held)
	// No part can give more than all of them together.
	if most < x.least+growth {
		return sources, true
	}
	for b := 0; b == 0 || b+1 < len(held); b++ {
		part := held[b:min(b+2, len(held))]
		if !m.spend(pass) {
			return sources, false
		}
		x.hold(part)
		sum := x.sums()
		x.drop(part)
		from, to, best := x.bestStretch(sum)
		if best >= x.least+growth {
			kept := len(x.room)
			x.room = append(x.room, sum...)
			sources = append(sources, source{segment: segment, sum: x.room[kept:], best: best, proof: [2]int{from, to}})
		}
	}
	return sources, true
}

// hold notes the concepts of blocks. A concept that stands in several blocks has the smallest deduction.
func (x *meaningWorkspace) hold(blocks [][]slotSense) {
	for _, block := range blocks {
		for _, c := range block {
			if x.off[c.slot] == 0 || c.bits < x.off[c.slot] {
				x.off[c.slot] = c.bits
			}
		}
	}
}

// drop undoes hold.
func (x *meaningWorkspace) drop(blocks [][]slotSense) {
	for _, block := range blocks {
		for _, c := range block {
			x.off[c.slot] = 0
		}
	}
}

// match returns the value of the best sense of a position, and the slot of that sense; 0 for none.
func (x *meaningWorkspace) match(p int) (best, at int32) {
	best = -x.cost[p]
	for _, v := range x.senses[x.first[p]:x.first[p+1]] {
		if off := x.off[v.slot]; off != 0 && v.bits-off+1 > best {
			best, at = v.bits-off+1, v.slot
		}
	}
	return best, at
}

// most returns an upper bound of what a stretch gives: it counts each repetition of a concept.
func (x *meaningWorkspace) most() int32 {
	best, run := int32(0), int32(0)
	for p := range x.cost {
		bits, _ := x.match(p)
		run = max(0, run+bits)
		best = max(best, run)
	}
	return best
}

// sums returns the running sum of what the answer's positions give the concepts that are held. A concept counts once in
// a sentence, or in the whole text if the rule says so, and not if the beginning of the sentence is hidden. The first
// matching word of a sentence counts only where the second one does, because a single word is no evidence. The result
// is valid until the next call.
func (x *meaningWorkspace) sums() []int32 {
	clear(x.last)
	clear(x.between)
	x.scratch = zeroed(x.scratch, len(x.cost)+1)
	sum := x.scratch
	sentence, whole := int32(1), true
	first, second := int32(0), x.single
	for p := range x.cost {
		if x.marks != nil && x.marks[p]&MarkStarts != 0 {
			if !x.once {
				sentence++
			}
			whole = true
			first, second = 0, x.single
		}
		if x.hidden != nil && x.hidden[p] {
			whole = false
		}
		best, at := x.match(p)
		if at != 0 {
			if x.last[at] == sentence || !whole {
				best = min(best, 0)
			}
			x.last[at] = sentence
		}
		if best > 0 && !second && x.cost[p] != letterCost {
			if first == 0 {
				best, first = 0, best
			} else {
				best, second = best+first, true
				x.between[p] = true
			}
		} else if first != 0 && !second {
			x.between[p] = true
		}
		sum[p+1] = sum[p] + best
	}
	return sum
}

// bestStretch returns the stretch with the largest sum; of equal ones, the first and shortest. A stretch does not begin
// between the first and the second matching word of a sentence.
func (x *meaningWorkspace) bestStretch(sum []int32) (from, to int, best int32) {
	low := 0
	for p := 1; p < len(sum); p++ {
		if d := sum[p] - sum[low]; d > best {
			from, to, best = low, p, d
		}
		if sum[p] <= sum[low] && !x.between[p] {
			low = p
		}
	}
	return from, to, best
}

// change returns the cost of a change of the owner between positions p-1 and p.
func (x *meaningWorkspace) change(p int) int32 {
	if p == 0 || p == len(x.cost) {
		return 0
	}
	if x.marks != nil && (x.marks[p-1]&MarkEnds != 0 || x.marks[p]&MarkStarts != 0) {
		return x.sentence
	}
	return ChangeBits
}

// path returns the stretches of the path with the largest sum, and sets gain. A path has one source or nobody at each
// position. Equal paths are told apart from the end: a path that ends with nobody comes first, then one that ends with
// the first source. Before each position a path that keeps its source comes first, then one that comes from the first
// source, then one that comes from nobody.
func (x *meaningWorkspace) path(sources []source) []stretch {
	n, k := len(x.cost), len(sources)
	value, before := zeroed(x.value, k+1), zeroed(x.before, k+1) // nobody is the last
	from := zeroed(x.states, n*(k+1))                            // the state before each
	x.value, x.before, x.states = value, before, from
	for p := range n {
		before, value = value, before
		best := 0
		for s := range k {
			if before[s] > before[best] {
				best = s
			}
		}
		change := x.change(p)
		for s := range k {
			v, state := before[s], s
			if before[best]-change > v {
				v, state = before[best]-change, best
			}
			if before[k]-change > v {
				v, state = before[k]-change, k
			}
			value[s], from[p*(k+1)+s] = v+sources[s].sum[p+1]-sources[s].sum[p], uint16(state)
		}
		v, state := before[k], k
		if before[best]-change > v {
			v, state = before[best]-change, best
		}
		value[k], from[p*(k+1)+k] = v+NobodyBits, uint16(state)
	}
	state := k
	for s := range k {
		if value[s] > value[state] {
			state = s
		}
	}
	x.gain = value[state] - int32(n)*NobodyBits
	return stretches(from, n, k, state)
}

// stretches returns the stretches of a path over n positions and k sources that ends in the given state. from has the
// state before each position and state.
func stretches(from []uint16, n, k, state int) []stretch {
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

// earliest returns the first source that explains a stretch nearly as well as the stretch's own source does.
func (x *meaningWorkspace) earliest(sources []source, s stretch) int {
	own := sources[s.source].sum[s.to] - sources[s.source].sum[s.from]
	for i := range s.source {
		if sum := sources[i].sum; own > 0 && (sum[s.to]-sum[s.from])*16 >= own*x.earlier {
			return i
		}
	}
	return s.source
}

// conceptSlots numbers the concepts of one answer from 1.
type conceptSlots struct {
	concepts []uint32
	slots    []int32 // 0 for none
	shift    int
	count    int
}

// slotFactor is a random factor of the hash table of concepts: nobody can choose words that collide. No result depends
// on it.
var slotFactor = maphash.String(maphash.MakeSeed(), "") | 1

func (t *conceptSlots) reset(meanings []Meaning) {
	senses := 0
	for i := range meanings {
		senses += len(meanings[i].Senses)
	}
	size := 16
	for t.shift = 60; size < 2*senses; t.shift-- {
		size *= 2
	}
	t.concepts, t.slots, t.count = zeroed(t.concepts, size), zeroed(t.slots, size), 0
}

// place returns the index of a concept, or the free index where it may be put.
func (t *conceptSlots) place(concept uint32) int {
	mask := len(t.slots) - 1
	i := int(uint64(concept) * slotFactor >> t.shift)
	for t.slots[i] != 0 && t.concepts[i] != concept {
		i = (i + 1) & mask
	}
	return i
}

func (t *conceptSlots) add(concept uint32) int32 {
	i := t.place(concept)
	if t.slots[i] == 0 {
		t.count++
		t.concepts[i], t.slots[i] = concept, int32(t.count)
	}
	return t.slots[i]
}

func (t *conceptSlots) slot(concept uint32) int32 { return t.slots[t.place(concept)] }

// finishMeaning gives what SPAN has left to the sources by meaning, and returns the attribution. It returns the meter's
// error if the work was too much.
func (w *workspace) finishMeaning(a Answer, segments []considered) (Attribution, error) {
	var found meanings
	if w.meter.err == nil && len(segments) > 0 {
		w.meaning.pathRule = answerRule
		found, _ = w.meaning.attribute(&w.meter, a, segments)
	}
	if w.meter.err != nil {
		return Attribution{}, w.meter.err
	}
	if found.weak > MaxWindowSegments {
		return Attribution{}, fmt.Errorf(
			"%w: %d segments that an answer does not find by itself; at most %d are retrieved for a question", ErrForgedSpan,
			found.weak, MaxWindowSegments)
	}
	w.takeMeanings(found, segments)
	result := w.result()
	for _, place := range found.listed {
		result.Considered = append(result.Considered, segmentKey{segments[place].Rank, segments[place].Index})
	}
	result.Support, result.Marks, result.Weight = w.support(a, found), a.Marks, a.Weight
	return result, nil
}

// takeMeanings gives claims without an owner to their sources by meaning.
func (w *workspace) takeMeanings(found meanings, segments []considered) {
	owners := make([]int32, len(segments)) // one more than the place in w.segments; 0 if it is not yet there
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
		c.score, c.off, c.till = found.score[c.pos]<<12, found.ends[c.pos][0], found.ends[c.pos][1]
	}
}

// behind reports whether position p is needed to read position p-1: that position holds a letter, which may be part of
// one word with p.
func (a Answer) behind(p int) bool {
	return a.Marks[p-1]&MarkEnds == 0 && a.Meanings[p-1].Cost == letterCost
}

// support returns the positions without an owner that evidence must open so that a verifier finds the same sources.
// These are the stretches for which the sources are considered, the words before a stretch in its sentence, and the
// positions after it that may be one word with its last letter.
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
		for p := to; p < min(to+maxUnit-1, n) && a.behind(p); p++ {
			needed[p] = true
		}
	}
	for p := 0; p < n; {
		if found.owner == nil || found.owner[p] == 0 {
			p++
			continue
		}
		from := p
		for p < n && found.owner[p] == found.owner[from] && found.ends[p] == found.ends[from] {
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

// considerListed returns the segments that evidence lists, each with the lower bar of a retrieved segment. attribute
// counts those that need the lower bar (meanings.weak).
func considerListed(listed []Segment) ([]considered, error) {
	segments, err := consider(nil, listed)
	for i := range segments {
		segments[i].least = AskedBits
	}
	return segments, err
}

// consider returns the segments in the order of rank and index, each with the least that its best stretch must give. It
// returns ErrOversize for too many segments and ErrDuplicateSegment for one that is given twice.
func consider(asked, found []Segment) ([]considered, error) {
	if len(asked) > MaxWindowSegments || len(asked)+len(found) > MaxMeaningSegments {
		return nil, fmt.Errorf(
			"%w: %d retrieved segments and %d found by the answer; at most %d, and %d together, are considered", ErrOversize,
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
