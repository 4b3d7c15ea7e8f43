package overlap

import (
	"errors"

	"github.com/openledger/openledger/poa"
)

// maxAlignments of two files when their indexes find nothing.
const maxAlignments = 10_000

// Pair is a segment of a file and the segment of an earlier file that it copies.
type Pair struct {
	Later, Earlier int
	CopiedPPM      uint32
}

// Duplicate reports whether the chain takes the pair for a duplicate.
func (p Pair) Duplicate() bool { return p.CopiedPPM >= poa.DuplicatePPM }

// Copies returns the pair of segments of which most is copied, by the test of
// the chain; of none if nothing is. Segments of the later file that skip names
// are left out, for what passes its pay on is no duplicate. Files too large to
// compare every pair are searched by their index, which may miss what is barely
// a duplicate. Segments too large for the chain to compare are passed over.
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
