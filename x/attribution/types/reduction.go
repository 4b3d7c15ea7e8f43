package types

import (
	"cmp"

	errorsmod "cosmossdk.io/errors"

	"github.com/openledger/openledger/poa"
	modelstypes "github.com/openledger/openledger/x/models/types"
)

// Compare orders reductions by model, version and rank.
func (r Reduction) Compare(other Reduction) int {
	return cmp.Or(cmp.Compare(r.ModelId, other.ModelId), cmp.Compare(r.ModelVersion, other.ModelVersion),
		cmp.Compare(r.Rank, other.Rank))
}

// Validate reports reductions that no batch can have.
func (r Reductions) Validate() error {
	if len(r.Reductions) == 0 {
		return errorsmod.Wrapf(ErrInvariant, "batch %d has no reductions", r.BatchId)
	}
	for i, reduction := range r.Reductions {
		if i > 0 && reduction.Compare(r.Reductions[i-1]) <= 0 {
			return errorsmod.Wrapf(ErrInvariant, "batch %d: the reduction of contribution %d is out of order", r.BatchId,
				reduction.Rank)
		}
		if reduction.KeptPpm >= poa.TotalPPM || reduction.Own && reduction.KeptPpm != 0 {
			return errorsmod.Wrapf(ErrInvariant, "batch %d: contribution %d keeps %d ppm", r.BatchId, reduction.Rank,
				reduction.KeptPpm)
		}
	}
	return nil
}

// validateReductions checks reductions of genesis; batches holds those that are in it.
func validateReductions(all []Reductions, batches map[uint64]uint32) error {
	last := uint64(0)
	for _, reductions := range all {
		if _, known := batches[reductions.BatchId]; !known || reductions.BatchId <= last {
			return errorsmod.Wrapf(ErrInvalidGenesis, "reductions of batch %d are out of order or of no batch",
				reductions.BatchId)
		}
		last = reductions.BatchId
		if err := reductions.Validate(); err != nil {
			return errorsmod.Wrap(ErrInvalidGenesis, err.Error())
		}
	}
	return nil
}

// FadeCapPPM is the part of a model's answers that a text may be without fading: the floor, or the root of the factor
// times its part of the manifest's tokens. Demand is never even, so that a text is asked for by more than its part; the
// root follows Zipf's law from five contributions to some hundreds, where the floor takes over.
func (p Params) FadeCapPPM(tokens, manifest uint64) uint32 {
	if tokens >= manifest {
		return poa.TotalPPM
	}
	part := modelstypes.MulDiv(tokens, poa.TotalPPM*uint64(p.FadeFactor), manifest) // below 10^9
	return uint32(max(uint64(p.FadeFloorPpm), min(root(part*poa.TotalPPM), poa.TotalPPM)))
}

// root returns the square root, rounded down.
func root(n uint64) uint64 {
	out := uint64(0)
	for bit := uint64(1) << 31; bit > 0; bit >>= 1 {
		if next := out + bit; next*next <= n {
			out = next
		}
	}
	return out
}
