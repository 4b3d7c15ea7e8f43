package overlap

import (
	"errors"

	"github.com/openledger/openledger/poa"
)

// maxAlignments bounds the pairs of segments that are compared if the index finds no duplicate.
const maxAlignments = 10_000

// Pair is a segment of a file and the segment of an earlier file that it copies.
type Pair struct {
	Later, Earlier int
	CopiedPPM      uint32
}

// Duplicate reports whether the chain would take the later segment for a duplicate of the earlier one.
func (p Pair) Duplicate() bool { return p.CopiedPPM >= poa.DuplicatePPM }

// Copies returns the pair of segments of which most is copied, by the test of the chain, or a zero Pair if nothing is
// copied. It leaves out segments of the later file for which skip returns true: a segment that passes its pay on is not
// a duplicate. If the files have too many pairs to compare each, it searches an index, which may miss a pair that is
// barely a duplicate. It skips segments that are too large for the chain to compare.
func Copies(later, earlier poa.SegmentFile, skip func(segment int) bool) (Pair, error) {
	checker, err := New([]Known{{File: earlier}})
	if err != nil {
		return Pair{}, err
	}
	stats := poa.ProtocolStatistics()
	var best Pair
	for n, text := range later.Segments {
		if skip != nil && skip(n) {
			continue
		}
		found, err := checker.copied(n, poa.NewSegment(0, 0, text).Tokens, stats)
		if errors.Is(err, poa.ErrOversize) {
			continue
		}
		if err != nil {
			return Pair{}, err
		}
		if found.CopiedPPM > best.CopiedPPM {
			best = Pair{Later: n, Earlier: found.OfSegment, CopiedPPM: found.CopiedPPM}
		}
	}
	if best.Duplicate() || len(later.Segments)*len(earlier.Segments) > maxAlignments {
		return best, nil
	}
	for n, text := range later.Segments {
		if skip != nil && skip(n) {
			continue
		}
		tokens := poa.NewSegment(0, 0, text).Tokens
		for i, segment := range checker.segments {
			ppm, err := poa.CopiedPPM(tokens, segment.Tokens, stats)
			if errors.Is(err, poa.ErrOversize) {
				continue
			}
			if err != nil {
				return Pair{}, err
			}
			if ppm > best.CopiedPPM {
				best = Pair{Later: n, Earlier: i, CopiedPPM: ppm}
			}
		}
	}
	return best, nil
}
