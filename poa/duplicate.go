package poa

import (
	"cmp"
	"slices"
)

// Parameters of the duplicate test (ATTRIBUTION, section 8).
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

// CopiedPPM returns the share of the later text's surprisal that lies on alignments of at least DuplicateBits with one earlier text, in
// parts per million: 0 if there is none, 1,000,000 for an exact copy long enough to reach them. It catches every edit rate up to
// about one token in four. Both are at most MaxAnswerTokens and MaxSegmentTokens long, else ErrOversize.
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

// Parameters of provenance (ATTRIBUTION, section 4.3).
const (
	// DerivedPPM is the explained share of a segment above which its pay passes through.
	DerivedPPM = 250_000
	// MaxNeighbours is the number of nearest earlier segments that a new one is compared with.
	MaxNeighbours = MaxWindowSegments
)

// Derivations compares a segment with its nearest earlier ones, at most MaxNeighbours, by local windows, and returns what part of the
// idf of its content words each earlier contribution explains: nil if they explain DerivedPPM or less together. All need Stems.
//
// A content word is explained by the segment with the best window, if that has WindowBits and at least half of the idf of the
// content words around it; words of the same subject scattered over a text explain nothing.
func Derivations(s Segment, earlier []Segment, stats *Statistics) ([]Derivation, error) {
	if stats == nil {
		return nil, errNoStatistics
	}
	if err := s.validate(); err != nil {
		return nil, err
	}
	earlier, err := checkWindows(earlier)
	if err != nil {
		return nil, err
	}
	w, x := &workspace{}, &windowWorkspace{}
	a := Answer{Tokens: s.Tokens, Stems: s.Stems}
	w.open(a, stats)
	w.meter.unbound() // the sizes of all bound it
	x.attribute(w, a, earlier)
	total, explained := uint64(0), uint64(0)
	var shares []share
	for c := range w.claims {
		if x.stems[c] == 0 {
			continue
		}
		g := uint64(x.idf[c])
		total += g
		if k := &w.claims[c]; k.owned && 2*k.score >= x.around(w, c) {
			explained += g
			shares = append(shares, share{rank: w.segments[k.owner].Rank, bits: g})
		}
	}
	if total == 0 || explained*TotalPPM <= total*DerivedPPM {
		return nil, nil
	}
	var out []Derivation
	for _, m := range mergeByRank(shares) {
		if ppm := uint32(m.bits * TotalPPM / total); ppm > 0 && m.rank != s.Rank {
			out = append(out, Derivation{Rank: m.rank, PPM: ppm})
		}
	}
	slices.SortFunc(out, func(a, b Derivation) int { return cmp.Or(cmp.Compare(b.PPM, a.PPM), cmp.Compare(a.Rank, b.Rank)) })
	return out, nil
}

// around returns the idf of all content words within WindowTokens of a claim.
func (x *windowWorkspace) around(w *workspace, c int) int32 {
	sum := int32(0)
	from, to := x.window(w, c)
	for k := from; k < to; k++ {
		if x.stems[k] != 0 {
			sum += x.idf[k]
		}
	}
	return sum
}
