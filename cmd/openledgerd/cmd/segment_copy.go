package cmd

import (
	"context"
	"errors"
	"fmt"
	"slices"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/content/manifest"
	"github.com/openledger/openledger/content/overlap"
	"github.com/openledger/openledger/poa"
	datanettypes "github.com/openledger/openledger/x/datanet/types"
)

// copied is a pair of segments that proves a duplicate to the chain.
type copied struct {
	pair                     overlap.Pair
	segment, originalSegment datanettypes.SegmentProof
}

// errNoCopy says that no further segment is copied.
var errNoCopy = errors.New("nothing to show")

// findCopy finds the segment of a contribution that copies the largest part of a segment of an earlier contribution,
// and builds the proof that the chain asks for. It fails if the chain would refuse the proof. It passes over the
// segments in but.
func findCopy(ctx context.Context, query datanettypes.QueryClient, texts *texts, rank, originalRank uint64,
	but ...uint32) (copied, error) {
	if originalRank >= rank {
		return copied{}, fmt.Errorf("contribution %d is not earlier than %d: what is copied has the lower rank", originalRank,
			rank)
	}
	var both [2]manifest.Contribution
	for i, r := range []uint64{rank, originalRank} {
		found, err := query.Contribution(ctx, &datanettypes.QueryContributionRequest{Rank: r})
		if err != nil {
			return copied{}, fmt.Errorf("contribution %d: %w", r, err)
		}
		if r == originalRank && found.Contribution.AcceptedVersion == 0 {
			return copied{}, fmt.Errorf("contribution %d was never accepted, it is %s: only copies of accepted text count", r,
				statusName(found.Contribution.Status))
		}
		if both[i], _, err = texts.load(ctx, found.Contribution); err != nil {
			return copied{}, err
		}
	}
	later, original := both[0], both[1]
	passesOn := func(segment int) bool {
		return slices.Contains(but, uint32(segment)) ||
			slices.ContainsFunc(later.Derivations, func(d datanettypes.Derivation) bool {
				return d.Segment == uint32(segment) && d.Rank == originalRank && d.Ppm >= poa.DuplicatePPM
			})
	}
	pair, err := overlap.Copies(later.File, original.File, passesOn)
	if err != nil {
		return copied{}, err
	}
	if !pair.Duplicate() {
		return copied{}, fmt.Errorf(
			"%w: no segment of contribution %d is a duplicate of one of contribution %d: at most %.1f %% of one is "+
				"copied, and the chain asks for %.0f %%",
			errNoCopy, rank, originalRank, percent(pair.CopiedPPM), percent(poa.DuplicatePPM))
	}
	out := copied{pair: pair}
	if out.segment, err = proveSegment(later, pair.Later); err != nil {
		return copied{}, err
	}
	out.originalSegment, err = proveSegment(original, pair.Earlier)
	return out, err
}

// proveSegment returns the proof that a segment stands under the root of its contribution, checked as the chain will.
func proveSegment(c manifest.Contribution, index int) (datanettypes.SegmentProof, error) {
	path, err := poa.MerklePath(c.Leaves, index)
	if err != nil {
		return datanettypes.SegmentProof{}, err
	}
	proof := datanettypes.SegmentProof{Index: uint32(index), Text: c.File.Segments[index], Path: poa.HashesToBytes(path)}
	contributor, err := sdk.AccAddressFromBech32(c.Contributor)
	if err != nil {
		return proof, err
	}
	if err := errors.Join(proof.Validate(), proof.Verify(c.Root, contributor, c.Segments, c.Norm())); err != nil {
		return proof, fmt.Errorf("segment %d of contribution %d: %w", index, c.Rank, err)
	}
	return proof, nil
}
