package poa

import (
	"cmp"
	"slices"
)

const (
	thresholdQ16 int32 = ThresholdBits << 16
	skipQ16      int32 = SkipBits << 16
	shiftQ16     int32 = ShiftBits << 16

	// maxKeptPairs bounds the pairs a pooled workspace keeps between answers (20 bytes each): those of the heaviest.
	maxKeptPairs = 1 << 21
)

// pair is a match of answer position pos with segment token off.
//
// On one diagonal the latest earlier pair within reach is always the best predecessor: going from an earlier pair to it
// and on costs no more skips than passing it by, and adds its weight, which is not negative. A pair thus has at most
// one candidate per diagonal of the band, five in all, found through link; the cost per pair is constant.
type pair struct {
	pos, off uint16
	slot     uint16
	link     int32 // one more than the place of the pair before (later: after) it on its diagonal, 0 for none
	forward  int32 // best score of an alignment that ends here, Q16
	backward int32 // best score of an alignment that starts here, Q16
}

// latest is the pair seen last on a diagonal, in the pass with the number.
type latest struct {
	pair int32 // one more than its place
	pos  uint16
	pass uint16
}

// claim is what is known about one visible answer position.
type claim struct {
	pos    uint16
	slot   uint16 // distinct token of the answer, from 1
	owned  bool
	window bool // owned through a local window, or for what the words mean
	// meaning says that the position is owned for what the words mean: it has no place in the segment, and off and till
	// are the ends of its stretch of the answer.
	meaning bool
	till    uint16
	owner   int32 // place of the owner in workspace.segments
	off     uint16
	score   int32
}

// ownerSegment is a segment that owns positions, and the position of the seed that anchors it, 0 for windows.
type ownerSegment struct {
	Segment
	seed uint32
}

// workspace holds the buffers of one attribution. They are reused from answer to answer.
type workspace struct {
	stats    *Statistics
	count    int            // answer positions
	claims   []claim        // visible positions in order
	tokens   []TokenID      // by claim
	table    slotTable      // tokens of the visible positions
	weight   []int32        // by slot: surprisal, Q16; slot 0 is no token
	segments []ownerSegment // what the claims' owners refer to
	heads    []int32        // by slot: one more than the first segment token with it, 0 for none
	equal    []int32        // by slot: how many segment tokens are it
	next     []int32        // by segment token: one more than the next one with the same token, 0 for none
	last     []latest       // by diagonal
	pass     uint16         // number of the pass that last belongs to
	pairs    []pair
	chained  bool // heads and next are those of the segment that is aligned
	meter    meter
	meaning  meaningWorkspace
}

// open prepares the workspace for one answer.
func (w *workspace) open(a Answer, stats *Statistics) {
	w.count, w.stats = len(a.Tokens), stats
	if n := w.count + MaxSegmentTokens + 2*Band + 1; len(w.last) < n {
		w.last = make([]latest, n)
	}
	w.table.reset(w.count)
	w.claims, w.tokens, w.segments = w.claims[:0], w.tokens[:0], w.segments[:0]
	w.weight = append(w.weight[:0], 0)
	for p, id := range a.Tokens {
		if a.hidden(p) {
			continue
		}
		slot := w.table.slot(id)
		if slot == 0 {
			slot = uint16(len(w.weight))
			w.table.add(id, slot)
			w.weight = append(w.weight, stats.Surprisal(id))
		}
		w.claims, w.tokens = append(w.claims, claim{pos: uint16(p), slot: slot}), append(w.tokens, id)
	}
	if n := len(w.weight); len(w.heads) < n {
		w.heads, w.equal = make([]int32, n), make([]int32, n)
	}
	if w.next == nil {
		w.next = make([]int32, MaxSegmentTokens)
	}
	w.meter.start()
	w.meter.spend(uint64(len(w.claims)) * unitsPerLookup)
}

// close drops what is too large to keep for the next answer.
func (w *workspace) close() {
	w.segments = w.segments[:0]
	if cap(w.pairs) > maxKeptPairs {
		w.pairs = nil
	}
	if cap(w.meaning.room) > maxKeptPairs {
		w.meaning = meaningWorkspace{}
	}
}

// seed returns the length of the seed that starts at a claim, or 0 if there is none. Hidden positions end a seed.
func (w *workspace) seed(c int) int {
	bits := int32(0)
	for n := 1; ; n++ {
		bits += w.weight[w.claims[c+n-1].slot]
		if n >= MinSeedTokens && bits >= seedQ16 {
			return n
		}
		if n == MaxSeedTokens || c+n == len(w.claims) || w.claims[c+n].pos != w.claims[c+n-1].pos+1 {
			return 0
		}
	}
}

// align gives the segment every unowned position it qualifies for, if one of the seeds, which start at the given
// positions in increasing order, anchors it. Segments must come in the order of rank and index. Once the meter has run
// out nothing is given any more.
func (w *workspace) align(s Segment, seeds []uint32) {
	if !w.anySeedFree(seeds) {
		return
	}
	w.chained = false
	for _, position := range seeds {
		if w.anchors(s.Tokens, position) {
			w.chain(s.Tokens)
			if !w.match() {
				return
			}
			if w.score() {
				w.take(s, position)
			}
			return
		}
	}
}

// anySeedFree reports whether one of the seeds may still anchor a segment.
func (w *workspace) anySeedFree(seeds []uint32) bool {
	for _, position := range seeds {
		if !w.meter.spend(unitsPerLookup) {
			return false
		}
		if c, length := w.seedAt(position); length > 0 && w.free(c, length) {
			return true
		}
	}
	return false
}

// seedAt returns the claim at a position and the length of the seed that starts there, 0 if there is none.
func (w *workspace) seedAt(position uint32) (c, length int) {
	c, visible := slices.BinarySearchFunc(w.claims, position,
		func(c claim, p uint32) int { return cmp.Compare(uint32(c.pos), p) })
	if !visible {
		return 0, 0
	}
	return c, w.seed(c)
}

// free reports whether earlier segments have left one of the positions of a seed.
func (w *workspace) free(c, length int) bool {
	for i := c; i < c+length; i++ {
		if !w.claims[i].owned {
			return true
		}
	}
	return false
}

// chain lists, for every token of the answer, the places of the segment that hold it, in increasing order, unless it
// has been done.
func (w *workspace) chain(tokens []TokenID) {
	if w.chained {
		return
	}
	w.chained = true
	w.meter.spend(uint64(len(tokens)) * unitsPerLookup)
	clear(w.heads[:len(w.weight)])
	clear(w.equal[:len(w.weight)])
	for q := len(tokens) - 1; q >= 0; q-- {
		if s := w.table.slot(tokens[q]); s != 0 {
			w.next[q] = w.heads[s]
			w.heads[s] = int32(q + 1)
			w.equal[s]++
		}
	}
}

// match lists all pairs of the claims and the tokens of the segment that is chained, by position, then offset. Both
// scores start as the weight of the pair alone. It returns false when the meter runs out, and has listed none if the
// answer may not take so many.
func (w *workspace) match() bool {
	n := 0
	for i := range w.claims {
		n += int(w.equal[w.claims[i].slot])
	}
	w.pairs = w.pairs[:0]
	if !w.meter.allows(uint64(n) * unitsPerPass) {
		return false
	}
	w.pairs = slices.Grow(w.pairs, n)
	for i := range w.claims {
		c := &w.claims[i]
		equal := w.equal[c.slot]
		if equal > 0 && !w.meter.spend(uint64(equal)*unitsPerPass) {
			return false
		}
		g := w.weight[c.slot]
		for q := w.heads[c.slot]; q != 0; q = w.next[q-1] {
			w.pairs = append(w.pairs, pair{pos: c.pos, off: uint16(q - 1), slot: c.slot, forward: g, backward: g})
		}
	}
	return true
}

// score computes both scores of the pairs. It stops and returns false when the meter runs out.
func (w *workspace) score() bool {
	if !w.scoreForward() {
		return false
	}
	// A pair on a qualifying alignment does not lie behind the last pair at which one ends.
	end := len(w.pairs)
	for end > 0 && w.pairs[end-1].forward < thresholdQ16 {
		end--
	}
	return w.scoreBackward(end)
}

// countPass counts the work of a pass over n pairs as it goes on, before the i-th.
func (w *workspace) countPass(i, n int) bool {
	return i%pairsPerSpend != 0 || w.meter.spend(uint64(min(pairsPerSpend, n-i))*unitsPerPass)
}

// diagonal returns the place of a pair's diagonal in last; Band places are free on either side.
func (w *workspace) diagonal(p *pair) int { return int(p.off) - int(p.pos) + w.count + Band }

// scoreForward adds to forward the best alignment before each pair.
func (w *workspace) scoreForward() bool {
	w.forget()
	for i := range w.pairs {
		if !w.countPass(i, len(w.pairs)) {
			return false
		}
		p := &w.pairs[i]
		if best, ok := w.before(p); ok {
			p.forward += max(0, best)
		}
		w.remember(p, i)
	}
	return true
}

// scoreBackward adds to backward the best alignment after each of the first pairs. It is the mirror image of
// scoreForward.
func (w *workspace) scoreBackward(end int) bool {
	w.forget()
	for i := end - 1; i >= 0; i-- {
		if !w.countPass(end-1-i, end) {
			return false
		}
		p := &w.pairs[i]
		if best, ok := w.after(p); ok {
			p.backward += max(0, best)
		}
		w.remember(p, i)
	}
	return true
}

// before returns the best forward score of the remembered pairs that can come before p, less what the step costs.
func (w *workspace) before(p *pair) (best int32, ok bool) {
	d := w.diagonal(p)
	for j, l := range (*[2*Band + 1]latest)(w.last[d-Band : d+Band+1]) {
		if l.pass != w.pass || int(p.pos)-int(l.pos) > MaxSkip+1 {
			continue
		}
		// A pair on the diagonal shift places further lies before p on both sides if its position is below limit.
		shift := j - Band
		k, limit := &w.pairs[l.pair-1], int(p.pos)-max(0, shift)
		for int(k.pos) >= limit && k.link != 0 {
			k = &w.pairs[k.link-1]
		}
		if skipped := int(p.pos) - int(k.pos) - 1; int(k.pos) < limit && skipped <= MaxSkip && skipped-shift <= MaxSkip {
			if score := k.forward - transition(skipped, skipped-shift); !ok || score > best {
				best, ok = score, true
			}
		}
	}
	return best, ok
}

// after is the mirror image of before.
func (w *workspace) after(p *pair) (best int32, ok bool) {
	d := w.diagonal(p)
	for j, l := range (*[2*Band + 1]latest)(w.last[d-Band : d+Band+1]) {
		if l.pass != w.pass || int(l.pos)-int(p.pos) > MaxSkip+1 {
			continue
		}
		shift := j - Band
		k, limit := &w.pairs[l.pair-1], int(p.pos)+max(0, -shift)
		for int(k.pos) <= limit && k.link != 0 {
			k = &w.pairs[k.link-1]
		}
		if skipped := int(k.pos) - int(p.pos) - 1; int(k.pos) > limit && skipped <= MaxSkip && skipped+shift <= MaxSkip {
			if score := k.backward - transition(skipped, skipped+shift); !ok || score > best {
				best, ok = score, true
			}
		}
	}
	return best, ok
}

// remember makes p, the i-th pair, the latest on its diagonal.
func (w *workspace) remember(p *pair, i int) {
	l := &w.last[w.diagonal(p)]
	p.link = 0
	if l.pass == w.pass {
		p.link = l.pair
	}
	*l = latest{int32(i + 1), p.pos, w.pass}
}

// transition returns the cost of two successive matches with a and b skipped tokens between them on the two sides.
func transition(a, b int) int32 {
	cost := skipQ16 * int32(max(a, b))
	if a != b {
		cost += shiftQ16
	}
	return cost
}

// forget starts a new pass over the diagonals.
func (w *workspace) forget() {
	if w.pass++; w.pass == 0 {
		clear(w.last)
		w.pass = 1
	}
}

// anchors reports whether the seed that starts at a position has a free one and lies, as one run, on an alignment of at
// least ThresholdBits that reaches at most AnchorReach tokens beyond the seed on either side of answer and segment.
func (w *workspace) anchors(tokens []TokenID, position uint32) bool {
	c, length := w.seedAt(position)
	if length == 0 || !w.free(c, length) || !w.meter.spend(unitsPerLookup+uint64(len(tokens))/2) {
		return false
	}
	for q, id := range tokens {
		if id == w.tokens[c] && w.anchorsAt(tokens, c, q, length) {
			return true
		}
		if w.meter.err != nil {
			return false
		}
	}
	return false
}

// anchorsAt is anchors for one place of the seed in the segment.
func (w *workspace) anchorsAt(tokens []TokenID, c, q, length int) bool {
	if q+length > len(tokens) {
		return false
	}
	for i := range length {
		if tokens[q+i] != w.tokens[c+i] {
			return false
		}
	}
	if !w.meter.spend(unitsPerRun) {
		return false
	}
	pos := int(w.claims[c].pos)
	low, high := max(0, q-AnchorReach), min(len(tokens), q+length+AnchorReach)
	from, to := c, c+length
	for from > 0 && int(w.claims[from-1].pos) >= pos-AnchorReach {
		from--
	}
	for to < len(w.claims) && int(w.claims[to].pos) < pos+length+AnchorReach {
		to++
	}
	// Nearly always it is enough to make the run longer.
	end := c + length - 1
	before, after := w.weight[w.claims[c].slot], w.weight[w.claims[end].slot]
	left, right := 0, length
	for c-left > from && q-left > low && int(w.claims[c-left-1].pos) == pos-left-1 &&
		w.tokens[c-left-1] == tokens[q-left-1] {
		left++
		before += w.weight[w.claims[c-left].slot]
	}
	for c+right < to && q+right < high && int(w.claims[c+right].pos) == pos+right && w.tokens[c+right] == tokens[q+right] {
		after += w.weight[w.claims[c+right].slot]
		right++
	}
	need := thresholdQ16 - w.middle(c, length)
	if before+after < need && w.precedes(tokens, c, q, left, from, low) {
		w.chain(tokens)
		before = w.bestBefore(c, q, from, low)
	}
	if before+after < need && w.continues(tokens, c, q, right, to, high) {
		w.chain(tokens)
		after = w.bestAfter(end, q+length-1, to, high)
	}
	return before+after >= need
}

// middle returns the surprisal of a seed without its first and last token.
func (w *workspace) middle(c, length int) int32 {
	bits := int32(0)
	for i := c + 1; i < c+length-1; i++ {
		bits += w.weight[w.claims[i].slot]
	}
	return bits
}

// bestBefore returns the best alignment of claims from … c and tokens low … q that ends with the pair of c and q. It
// goes from that pair outwards and ends where nothing is connected to it any more.
func (w *workspace) bestBefore(c, q, from, low int) int32 {
	w.forget()
	w.pairs = append(w.pairs[:0], w.pairOf(c, q))
	w.remember(&w.pairs[0], 0)
	best, reached := w.pairs[0].backward, w.claims[c].pos
	looks := uint64(0)
	for k := c - 1; k >= from && int(reached)-int(w.claims[k].pos) <= MaxSkip+1; k-- {
		for t := w.heads[w.claims[k].slot]; t != 0 && int(t) <= q; t = w.next[t-1] {
			looks++
			if int(t) <= low {
				continue
			}
			looks += looksPerPair
			p := w.pairOf(k, int(t-1))
			if score, ok := w.after(&p); ok {
				p.backward += score
				w.pairs = append(w.pairs, p)
				w.remember(&w.pairs[len(w.pairs)-1], len(w.pairs)-1)
				best, reached = max(best, p.backward), p.pos
			}
		}
	}
	w.meter.spend(looks * unitsPerLook)
	return best
}

// bestAfter is the mirror image of bestBefore for claims c … to-1 and tokens q … high-1.
func (w *workspace) bestAfter(c, q, to, high int) int32 {
	w.forget()
	w.pairs = append(w.pairs[:0], w.pairOf(c, q))
	w.remember(&w.pairs[0], 0)
	best, reached := w.pairs[0].forward, w.claims[c].pos
	looks := uint64(0)
	for k := c + 1; k < to && int(w.claims[k].pos)-int(reached) <= MaxSkip+1; k++ {
		for t := w.heads[w.claims[k].slot]; t != 0 && int(t) <= high; t = w.next[t-1] {
			looks++
			if int(t) <= q+1 {
				continue
			}
			looks += looksPerPair
			p := w.pairOf(k, int(t-1))
			if score, ok := w.before(&p); ok {
				p.forward += score
				w.pairs = append(w.pairs, p)
				w.remember(&w.pairs[len(w.pairs)-1], len(w.pairs)-1)
				best, reached = max(best, p.forward), p.pos
			}
		}
	}
	w.meter.spend(looks * unitsPerLook)
	return best
}

func (w *workspace) pairOf(c, q int) pair {
	k := &w.claims[c]
	g := w.weight[k.slot]
	return pair{pos: k.pos, off: uint16(q), slot: k.slot, forward: g, backward: g}
}

// continues reports whether any pair can follow the run of so many pairs from claim c and token q.
func (w *workspace) continues(tokens []TokenID, c, q, run, to, high int) bool {
	end := int(w.claims[c].pos) + run
	for k := c + run; k < to && int(w.claims[k].pos) <= end+MaxSkip; k++ {
		a := int(w.claims[k].pos) - end
		for b := max(0, a-Band); b <= min(MaxSkip, a+Band) && q+run+b < high; b++ {
			if tokens[q+run+b] == w.tokens[k] {
				return true
			}
		}
	}
	return false
}

// precedes is the mirror image of continues.
func (w *workspace) precedes(tokens []TokenID, c, q, run, from, low int) bool {
	start := int(w.claims[c].pos) - run - 1
	for k := c - run - 1; k >= from && int(w.claims[k].pos) >= start-MaxSkip; k-- {
		a := start - int(w.claims[k].pos)
		for b := max(0, a-Band); b <= min(MaxSkip, a+Band) && q-run-1-b >= low; b++ {
			if tokens[q-run-1-b] == w.tokens[k] {
				return true
			}
		}
	}
	return false
}

// scoreOf returns the score of the best alignment through a pair.
func (w *workspace) scoreOf(p *pair) int32 { return p.forward + p.backward - w.weightAt(p) }

// weightAt returns the surprisal of a pair's token.
func (w *workspace) weightAt(p *pair) int32 { return w.weight[p.slot] }

// take gives the segment its positions. Of several qualified pairs at one position the best score counts, then the
// lowest offset.
func (w *workspace) take(s Segment, seed uint32) {
	owner := int32(len(w.segments))
	w.segments = append(w.segments, ownerSegment{s, seed})
	for c, i := 0, 0; i < len(w.pairs); i++ {
		p := &w.pairs[i]
		for w.claims[c].pos != p.pos {
			c++
		}
		claim := &w.claims[c]
		score := w.scoreOf(p)
		if score < thresholdQ16 || claim.owned && (claim.owner != owner || score <= claim.score) {
			continue
		}
		claim.owned, claim.owner, claim.off, claim.score = true, owner, p.off, score
	}
}
