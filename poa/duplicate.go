package poa

// Parameters of the duplicate test (README.md, section 4a).
const (
	// DuplicateBits is the least score of an alignment that counts as copied.
	DuplicateBits = 160
	// DuplicatePPM is the copied share of a segment's surprisal from which it is a duplicate.
	DuplicatePPM = 500_000
)

// EqualPairs returns the number of pairs of equal tokens in two texts: the work of CopiedPPM, up to a factor.
func EqualPairs(a, b []TokenID) uint64 {
	counts := make(map[TokenID]uint64, len(a))
	for _, token := range a {
		counts[token]++
	}
	pairs := uint64(0)
	for _, token := range b {
		pairs += counts[token]
	}
	return pairs
}

// CopiedPPM returns the share of the later text's surprisal that lies on alignments of at least DuplicateBits with one
// earlier text, in parts per million: 0 if there is none, 1,000,000 for an exact copy long enough to reach them. It
// catches every edit rate up to about one token in four. Both are at most MaxAnswerTokens and MaxSegmentTokens long,
// else ErrOversize.
func CopiedPPM(later, earlier []TokenID, stats *Statistics) (uint32, error) {
	if stats == nil {
		return 0, errNoStatistics
	}
	a := Answer{Tokens: later}
	if err := a.validate(); err != nil {
		return 0, err
	}
	if err := (Segment{Tokens: earlier}).validate(); err != nil {
		return 0, err
	}
	w := &workspace{}
	w.open(a, stats)
	w.meter.unbound() // the sizes of both bound it
	w.chain(earlier)
	w.match()
	w.score()
	copied, total, next := uint64(0), uint64(0), -1
	for i := range w.pairs {
		if p := &w.pairs[i]; int(p.pos) != next && w.scoreOf(p) >= DuplicateBits<<16 {
			copied += uint64(w.weightAt(p))
			next = int(p.pos)
		}
	}
	for i := range w.claims {
		total += uint64(w.weight[w.claims[i].slot])
	}
	if total == 0 {
		return 0, nil
	}
	return uint32(copied * TotalPPM / total), nil
}
