package manifest

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/openledger/openledger/poa"
	datanettypes "github.com/openledger/openledger/x/datanet/types"
)

// Derivations returns what the segments of a contribution derive from among the first n segments that p has, as the
// chain lists them. There may be more than datanettypes.MaxDerivations: such a contribution enters no version. before
// is called for each segment, and its error ends the computation.
func Derivations(p *poa.Provenance, rank uint64, file poa.SegmentFile, n int,
	before func() error) ([]datanettypes.Derivation, error) {
	var table []datanettypes.Derivation
	for i, text := range file.Segments {
		if err := before(); err != nil {
			return nil, err
		}
		derived, err := p.Of(rank, text, n)
		if err != nil {
			return nil, fmt.Errorf("segment %d: %w", i, err)
		}
		slices.SortFunc(derived, func(a, b poa.Derivation) int { return cmp.Compare(a.Rank, b.Rank) })
		for _, d := range derived {
			table = append(table, datanettypes.Derivation{Segment: uint32(i), Rank: d.Rank, Ppm: d.PPM})
		}
	}
	return table, nil
}

// Passed returns a function that returns what a segment passes on, given the derivations of its contribution.
func Passed(derivations []datanettypes.Derivation) func(segment uint32) []poa.Derivation {
	return func(segment uint32) []poa.Derivation {
		from, found := slices.BinarySearchFunc(derivations, segment,
			func(d datanettypes.Derivation, s uint32) int { return cmp.Compare(d.Segment, s) })
		var out []poa.Derivation
		for i := from; found && i < len(derivations) && derivations[i].Segment == segment; i++ {
			out = append(out, poa.Derivation{Rank: derivations[i].Rank, PPM: derivations[i].Ppm})
		}
		return out
	}
}

// Entering returns the accepted contributions of a DataNet in the order in which they enter its versions: first the
// held ones that validators hold, then those that wait to enter.
func Entering(ctx context.Context, datanets datanettypes.QueryClient,
	id uint64) (entering []datanettypes.Contribution, held int, err error) {
	entering, err = accepted(ctx, datanets, id)
	if err != nil {
		return nil, 0, err
	}
	entering = slices.DeleteFunc(
		entering, func(c datanettypes.Contribution) bool { return c.HeldHeight == 0 && !c.Waits() })
	place := func(c datanettypes.Contribution) (uint64, uint64, uint64) {
		if c.HeldHeight != 0 {
			return c.AcceptedIndex, 0, 0
		}
		return math.MaxUint64, c.AcceptedVersion, c.Rank
	}
	slices.SortFunc(entering, func(a, b datanettypes.Contribution) int {
		indexA, versionA, rankA := place(a)
		indexB, versionB, rankB := place(b)
		return cmp.Or(cmp.Compare(indexA, indexB), cmp.Compare(versionA, versionB), cmp.Compare(rankA, rankB))
	})
	for _, c := range entering {
		if c.HeldHeight != 0 {
			held++
		}
	}
	return entering, held, nil
}
