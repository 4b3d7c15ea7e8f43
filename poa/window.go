package poa

// Parameters of method RAG (README.md, section 4a), frozen with MethodRAG.
const (
	// WindowBits is the least score of a local window that pays.
	WindowBits = 16
	// WindowTokens is the reach in the answer: words up to so many tokens away count.
	WindowTokens = 12
	// WindowWords is the reach in the segment, in content words.
	WindowWords = 16
	// MaxWindowSegments is the largest number of segments compared by local windows for one answer.
	MaxWindowSegments = 8

	windowQ16 int32 = WindowBits << 16
)

// placeSet is a set of content words of a segment, by their number.
type placeSet [MaxSegmentTokens/64 + 1]uint64

func (s *placeSet) has(i int) bool { return s[i>>6]>>(i&63)&1 != 0 }

// addRange adds from … to, cut to the words a segment can have.
func (s *placeSet) addRange(from, to int) {
	for i := max(from, 0); i <= min(to, MaxSegmentTokens-1); i++ {
		s[i>>6] |= 1 << (i & 63)
	}
}

// windowWorkspace compares an answer with segments by local windows.
type windowWorkspace struct {
	table  slotTable  // stems of the answer's visible content words
	stems  []uint16   // by claim: slot of its stem, 0 for none
	idf    []int32    // by claim: how telling its word is, Q16
	heads  []int32    // by slot: one more than the first content word of the segment with the stem, 0 for none
	near   []placeSet // by slot: content words within WindowWords of one with the stem
	next   []int32    // by content word: one more than the next one with the same stem
	tokens []uint16   // by content word: its token in the segment
}

// windowBest is the winning window of one claim.
type windowBest struct {
	segment int32 // one more than its place among the windows' segments, 0 for none
	word    int32
	score   int32
}

// attribute gives unowned claims to the best of the segments, which must come in the order of compareSegments. It
// returns, by claim, whether the claim supports a window that pays.
func (x *windowWorkspace) attribute(w *workspace, a Answer, segments []Segment) []bool {
	x.open(w, a, w.stats)
	best := make([]windowBest, len(w.claims))
	for i := range segments {
		// The places near each stem are cleared and set.
		if !w.meter.spend(uint64(len(segments[i].Stems)+len(x.near)) * unitsPerHash) {
			return nil
		}
		x.chain(segments[i].Stems)
		for c := range w.claims {
			if w.claims[c].owned || x.stems[c] == 0 {
				continue
			}
			for j := x.heads[x.stems[c]]; j != 0; j = x.next[j-1] {
				if !w.meter.spend(unitsPerWindow) {
					return nil
				}
				if score := x.score(w, c, int(j-1), nil); score >= windowQ16 && score > best[c].score {
					best[c] = windowBest{int32(i + 1), j - 1, score}
				}
			}
		}
	}
	return x.take(w, segments, best)
}

func (x *windowWorkspace) open(w *workspace, a Answer, stats *Statistics) {
	x.table.reset(len(w.claims))
	x.stems, x.idf = x.stems[:0], x.idf[:0]
	n := uint16(0)
	for i := range w.claims {
		slot := uint16(0)
		if stem := a.stem(int(w.claims[i].pos)); stem != 0 {
			if slot = x.table.slot(stem); slot == 0 {
				n++
				slot = n
				x.table.add(stem, slot)
			}
		}
		x.stems = append(x.stems, slot)
		x.idf = append(x.idf, stats.IDF(w.tokens[i]))
	}
	x.heads, x.near = make([]int32, n+1), make([]placeSet, n+1)
}

// chain lists, for every stem of the answer, the content words of the segment with it, and what lies near them.
func (x *windowWorkspace) chain(stems []TokenID) {
	clear(x.heads)
	clear(x.near)
	x.next, x.tokens = x.next[:0], x.tokens[:0]
	for q, stem := range stems {
		if stem != 0 {
			x.tokens = append(x.tokens, uint16(q))
			x.next = append(x.next, 0)
		}
	}
	for j := len(x.tokens) - 1; j >= 0; j-- {
		if slot := x.table.slot(stems[x.tokens[j]]); slot != 0 {
			x.next[j] = x.heads[slot]
			x.heads[slot] = int32(j + 1)
			x.near[slot].addRange(j-WindowWords, j+WindowWords)
		}
	}
}

// score returns the idf of the answer's content words around claim c that the segment holds around its content word j,
// and marks them in support if that is not nil.
func (x *windowWorkspace) score(w *workspace, c, j int, support []bool) int32 {
	score := int32(0)
	from, to := x.window(w, c)
	for k := from; k < to; k++ {
		if slot := x.stems[k]; slot != 0 && x.near[slot].has(j) {
			score += x.idf[k]
			if support != nil {
				support[k] = true
			}
		}
	}
	return score
}

// window returns the claims from … to-1 within WindowTokens of a claim.
func (x *windowWorkspace) window(w *workspace, c int) (from, to int) {
	pos := int(w.claims[c].pos)
	from, to = c, c+1
	for from > 0 && int(w.claims[from-1].pos) >= pos-WindowTokens {
		from--
	}
	for to < len(w.claims) && int(w.claims[to].pos) <= pos+WindowTokens {
		to++
	}
	return from, to
}

// take gives the claims to their windows and marks what supports them.
func (x *windowWorkspace) take(w *workspace, segments []Segment, best []windowBest) []bool {
	support := make([]bool, len(w.claims))
	for i := range segments {
		owner := int32(-1)
		for c := range best {
			if int(best[c].segment) != i+1 {
				continue
			}
			if owner < 0 {
				owner = int32(len(w.segments))
				w.segments = append(w.segments, ownerSegment{Segment: segments[i]})
				x.chain(segments[i].Stems)
			}
			x.score(w, c, int(best[c].word), support)
			claim := &w.claims[c]
			claim.owned, claim.window, claim.owner, claim.score = true, true, owner, best[c].score
			claim.off = x.tokens[best[c].word]
		}
	}
	return support
}
