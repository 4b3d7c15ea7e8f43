package poa

import "slices"

const (
	thresholdQ16 int32 = ThresholdBits << 16
	skipQ16      int32 = SkipBits << 16
	shiftQ16     int32 = ShiftBits << 16

	// maxKeptPairs bounds the pairs a pooled workspace keeps between answers (16 bytes each).
	maxKeptPairs = 1 << 18
)

// pair is a match of answer position pos with segment token off.
//
// On one diagonal the latest earlier pair within reach is always the best predecessor: going from an earlier pair to it and on
// costs no more skips than passing it by, and adds its weight, which is not negative. A pair thus has at most one candidate per
// diagonal of the band, five in all, found through link; the cost per pair is constant.
type pair struct {
	pos, off uint16
	link     int32 // one more than the place of the pair before (later: after) it on its diagonal, 0 for none
	forward  int32 // best score of an alignment that ends here, Q16
	backward int32 // best score of an alignment that starts here, Q16
}

// claim is what is known about one visible answer position.
type claim struct {
	pos   uint16
	slot  uint16 // distinct token of the answer, from 1; 0 if no segment holds the token
	owned bool
	owner int32 // place of the owner in the library
	off   uint16
	score int32
}

// workspace holds the buffers of one attribution. They are reused from answer to answer.
type workspace struct {
	count  int      // answer positions
	claims []claim  // visible positions in order
	slots  []uint16 // by dense id: slot of the token in the answer, 0 for none; all zero between answers
	tokens []uint32 // by slot: dense id
	heads  []int32  // by slot: one more than the first segment token with it, 0 for none
	counts []int32  // by slot: number of segment tokens with it
	next   []int32  // by segment token: one more than the next one with the same token, 0 for none
	last   []int32  // by diagonal: one more than the latest pair on it, 0 for none; all zero between segments
	pairs  []pair
}

// open prepares the workspace for one answer.
func (w *workspace) open(l *library, a Answer) {
	w.count = len(a.Tokens)
	if n := len(l.weight); len(w.slots) < n {
		w.slots = make([]uint16, n+n/8)
	}
	if n := w.count + MaxSegmentTokens + 2*Band + 1; len(w.last) < n {
		w.last = make([]int32, n)
	}
	w.claims = w.claims[:0]
	w.tokens = append(w.tokens[:0], noToken)
	for p, id := range a.Tokens {
		if a.hidden(p) {
			continue
		}
		c := claim{pos: uint16(p)}
		if d := l.lookup(id); d != noToken {
			if w.slots[d] == 0 {
				w.slots[d] = uint16(len(w.tokens))
				w.tokens = append(w.tokens, d)
			}
			c.slot = w.slots[d]
		}
		w.claims = append(w.claims, c)
	}
	if n := len(w.tokens); len(w.heads) < n {
		w.heads, w.counts = make([]int32, n), make([]int32, n)
	}
	if w.next == nil {
		w.next = make([]int32, MaxSegmentTokens)
	}
}

// close leaves the workspace ready for another answer.
func (w *workspace) close() {
	for _, d := range w.tokens[1:] {
		w.slots[d] = 0
	}
	if cap(w.pairs) > maxKeptPairs {
		w.pairs = nil
	}
}

// align gives the segment every unowned position it qualifies for. Segments must come in the order of library.compare.
func (w *workspace) align(l *library, segment int) {
	w.chain(l.segments[segment].tokens)
	if !w.promising(l.weight) {
		return
	}
	w.match(l.weight)
	best := w.scoreForward()
	w.clearDiagonals()
	if best < thresholdQ16 {
		return
	}
	w.scoreBackward()
	w.clearDiagonals()
	w.take(l.weight, segment)
}

// chain lists, for every token of the answer, the places of the segment that hold it, in increasing order.
func (w *workspace) chain(tokens []uint32) {
	clear(w.heads[:len(w.tokens)])
	clear(w.counts[:len(w.tokens)])
	for q := len(tokens) - 1; q >= 0; q-- {
		if tokens[q] == noToken {
			continue
		}
		if s := w.slots[tokens[q]]; s != 0 {
			w.next[q] = w.heads[s]
			w.heads[s] = int32(q + 1)
			w.counts[s]++
		}
	}
}

// promising bounds every alignment from above: a position counts if its token stands anywhere in the segment, and the places of
// the matches in the segment are ignored. Segments that share only scattered words end here.
func (w *workspace) promising(weight []int32) bool {
	run, latest := int32(0), -MaxSkip-2
	for i := range w.claims {
		c := &w.claims[i]
		if c.slot == 0 || w.heads[c.slot] == 0 {
			continue
		}
		p := int(c.pos)
		if skipped := p - latest - 1; skipped > MaxSkip {
			run = 0
		} else {
			run = max(0, run-skipQ16*int32(skipped))
		}
		run += weight[w.tokens[c.slot]]
		if run >= thresholdQ16 {
			return true
		}
		latest = p
	}
	return false
}

// match lists all pairs by position, then offset. Both scores start as the weight of the pair alone.
func (w *workspace) match(weight []int32) {
	n := 0
	for i := range w.claims {
		n += int(w.counts[w.claims[i].slot])
	}
	w.pairs = slices.Grow(w.pairs[:0], n)
	for i := range w.claims {
		c := &w.claims[i]
		if c.slot == 0 {
			continue
		}
		g := weight[w.tokens[c.slot]]
		for q := w.heads[c.slot]; q != 0; q = w.next[q-1] {
			w.pairs = append(w.pairs, pair{pos: c.pos, off: uint16(q - 1), forward: g, backward: g})
		}
	}
}

// diagonal returns the place of a pair's diagonal in last; Band places are free on either side.
func (w *workspace) diagonal(p *pair) int { return int(p.off) - int(p.pos) + w.count + Band }

// scoreForward adds to forward the best alignment before each pair and returns the best of all scores.
func (w *workspace) scoreForward() int32 {
	best := int32(0)
	for i := range w.pairs {
		p := &w.pairs[i]
		d, pos, from := w.diagonal(p), int(p.pos), int32(0)
		for j, k := range w.last[d-Band : d+Band+1] {
			// A pair on the diagonal shift places further lies before p on both sides if its position is below limit.
			shift := j - Band
			limit := pos - max(0, shift)
			for k != 0 && int(w.pairs[k-1].pos) >= limit {
				k = w.pairs[k-1].link
			}
			if k == 0 {
				continue
			}
			before := &w.pairs[k-1]
			skipped := pos - int(before.pos) - 1
			from = max(from, before.forward-transition(skipped, skipped-shift))
		}
		p.forward += from
		p.link, w.last[d] = w.last[d], int32(i+1)
		best = max(best, p.forward)
	}
	return best
}

// scoreBackward adds to backward the best alignment after each pair. It is the mirror image of scoreForward.
func (w *workspace) scoreBackward() {
	for i := len(w.pairs) - 1; i >= 0; i-- {
		p := &w.pairs[i]
		d, pos, from := w.diagonal(p), int(p.pos), int32(0)
		for j, k := range w.last[d-Band : d+Band+1] {
			shift := j - Band
			limit := pos + max(0, -shift)
			for k != 0 && int(w.pairs[k-1].pos) <= limit {
				k = w.pairs[k-1].link
			}
			if k == 0 {
				continue
			}
			after := &w.pairs[k-1]
			skipped := int(after.pos) - pos - 1
			from = max(from, after.backward-transition(skipped, skipped+shift))
		}
		p.backward += from
		p.link, w.last[d] = w.last[d], int32(i+1)
	}
}

// transition returns the cost of two successive matches with a and b skipped tokens between them on the two sides.
func transition(a, b int) int32 {
	skipped := max(a, b)
	if skipped > MaxSkip {
		return 1 << 30 // more than any score
	}
	cost := skipQ16 * int32(skipped)
	if a != b {
		cost += shiftQ16
	}
	return cost
}

func (w *workspace) clearDiagonals() {
	for i := range w.pairs {
		w.last[w.diagonal(&w.pairs[i])] = 0
	}
}

// take gives the segment its positions. Of several qualified pairs at one position the best score counts, then the lowest offset.
func (w *workspace) take(weight []int32, segment int) {
	for c, i := 0, 0; i < len(w.pairs); i++ {
		p := &w.pairs[i]
		for w.claims[c].pos != p.pos {
			c++
		}
		claim := &w.claims[c]
		score := p.forward + p.backward - weight[w.tokens[claim.slot]]
		if score < thresholdQ16 || claim.owned && (int(claim.owner) != segment || score <= claim.score) {
			continue
		}
		claim.owned, claim.owner, claim.off, claim.score = true, int32(segment), p.off, score
	}
}
