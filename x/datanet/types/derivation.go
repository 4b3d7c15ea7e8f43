package types

import (
	"cmp"

	errorsmod "cosmossdk.io/errors"

	"github.com/openledger/openledger/poa"
)

// MaxDerivations of one contribution.
const MaxDerivations = 256

// ValidateDerivations checks order, ranges and sums: a segment passes on at most
// all it earns, and only to contributions committed before it.
func ValidateDerivations(rank uint64, segments uint32, derivations []Derivation) error {
	if len(derivations) > MaxDerivations {
		return errorsmod.Wrapf(ErrDerivation, "%d derivations, at most %d: leave the derived segments out",
			len(derivations), MaxDerivations)
	}
	sum := uint64(0)
	for i, d := range derivations {
		if d.Segment >= segments || d.Rank < 1 || d.Rank >= rank || d.Ppm < 1 || d.Ppm > poa.TotalPPM {
			return errorsmod.Wrapf(ErrDerivation,
				"derivation %d of segment %d from %d with %d ppm: segments are below %d, ranks between 1 and %d, ppm between 1 "+
					"and %d", i, d.Segment, d.Rank, d.Ppm, segments, rank-1, poa.TotalPPM)
		}
		if i > 0 {
			before := derivations[i-1]
			if cmp.Or(cmp.Compare(before.Segment, d.Segment), cmp.Compare(before.Rank, d.Rank)) >= 0 {
				return errorsmod.Wrapf(ErrDerivation,
					"derivation %d is out of order: sort by segment and rank and list each pair once", i)
			}
			if before.Segment != d.Segment {
				sum = 0
			}
		}
		if sum += uint64(d.Ppm); sum > poa.TotalPPM {
			return errorsmod.Wrapf(ErrDerivation, "segment %d passes on %d ppm, at most %d", d.Segment, sum,
				poa.TotalPPM)
		}
	}
	return nil
}
