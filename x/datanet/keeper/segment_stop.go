package keeper

import (
	"context"
	"errors"

	"cosmossdk.io/collections"
	errorsmod "cosmossdk.io/errors"
	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/poa"
	"github.com/openledger/openledger/x/datanet/types"
	"github.com/openledger/openledger/x/internal/modulekit"
)

// SegmentStop returns the stop of a segment, if it was ever stopped.
func (k Keeper) SegmentStop(ctx context.Context, datanetID, rank uint64, segment uint32) (types.SegmentStop, bool,
	error) {
	stop, err := k.SegmentStops.Get(ctx, collections.Join3(datanetID, rank, uint64(segment)))
	if errors.Is(err, collections.ErrNotFound) {
		return types.SegmentStop{}, false, nil
	}
	return stop, err == nil, err
}

// StoppedSegments counts the segments of a contribution that are stopped as of a block.
func (k Keeper) StoppedSegments(ctx context.Context, datanetID, rank uint64, height int64) (uint32, error) {
	stopped := uint32(0)
	err := k.SegmentStops.Walk(ctx, collections.NewSuperPrefixedTripleRange[uint64, uint64, uint64](datanetID, rank),
		func(_ collections.Triple[uint64, uint64, uint64], stop types.SegmentStop) (bool, error) {
			if stop.Holds(height) {
				stopped++
			}
			return false, nil
		})
	return stopped, err
}

func (k Keeper) setSegmentStop(ctx context.Context, stop types.SegmentStop) error {
	return k.SegmentStops.Set(ctx, collections.Join3(stop.DatanetId, stop.Rank, uint64(stop.Segment)), stop)
}

// challenged is a segment of a contribution that somebody shows to be no
// original, with its stop if it was ever stopped.
type challenged struct {
	contribution types.Contribution
	segment      types.SegmentProof
	stop         types.SegmentStop
	stopped      bool
}

// challenge returns a segment that may be challenged.
func (k Keeper) challenge(ctx context.Context, rank uint64, segment types.SegmentProof) (challenged, error) {
	c, err := k.GetContribution(ctx, rank)
	if err != nil {
		return challenged{}, err
	}
	switch c.Status {
	case types.CONTRIBUTION_STATUS_ACCEPTED, types.CONTRIBUTION_STATUS_RECALLED, types.CONTRIBUTION_STATUS_ALIAS,
		types.CONTRIBUTION_STATUS_COMMONS:
	default:
		return challenged{}, errorsmod.Wrapf(types.ErrContributionStatus,
			"contribution %d is %s: only segments of what was accepted can be challenged", rank, c.Status)
	}
	if err := verifySegment(c, segment); err != nil {
		return challenged{}, err
	}
	stop, stopped, err := k.SegmentStop(ctx, c.DatanetId, c.Rank, segment.Index)
	if err == nil && stopped && stop.ResumedHeight != 0 {
		err = errorsmod.Wrapf(types.ErrContributionStatus,
			"segment %d of contribution %d was shown to be its contributor's own text", segment.Index, rank)
	}
	return challenged{c, segment, stop, stopped}, err
}

// mustEarn fails for a segment that is stopped already.
func (c challenged) mustEarn() error {
	if c.stopped {
		return errorsmod.Wrapf(types.ErrContributionStatus, "segment %d of contribution %d is stopped already",
			c.segment.Index, c.contribution.Rank)
	}
	return nil
}

// last says that no other segment of the contribution earns.
func (c challenged) last() bool { return c.contribution.StoppedNow()+1 == c.contribution.Segments }

// deposit returns the part of the deposit that the segment answers with: its
// part of the tokens, and all that is free for the last one that earns.
func (c challenged) deposit() math.Int {
	of := c.contribution
	free := of.Deposit.Amount.Sub(of.BoundDeposit)
	if c.last() {
		return free
	}
	tokens := math.NewInt(int64(len(poa.TokenIDs(c.segment.Text))))
	return math.MinInt(free, of.Deposit.Amount.Mul(tokens).Quo(math.NewIntFromUint64(max(1, of.Tokens))))
}

// stopSegment ends the pay of a segment from the next block on. When it was the
// last one the contribution has the given status; it is paid again as soon as
// one of them is. The caller has dealt with the deposit.
func (k Keeper) stopSegment(ctx context.Context, c types.Contribution, stop types.SegmentStop,
	status types.ContributionStatus, reason string) error {
	stop.DatanetId, stop.Rank = c.DatanetId, c.Rank
	stop.StoppedHeight = sdk.UnwrapSDKContext(ctx).BlockHeight() + 1
	if err := k.setSegmentStop(ctx, stop); err != nil {
		return err
	}
	c.Stops++
	c.BoundDeposit = c.BoundDeposit.Add(stop.Bound)
	if c.HeldHeight != 0 {
		if err := k.Stopped.Set(ctx, collections.Join3(c.DatanetId, c.AcceptedVersion, c.Rank)); err != nil {
			return err
		}
	}
	if c.StoppedAll() && c.Earning() {
		c.StoppedHeight, c.ResumedHeight = stop.StoppedHeight, 0
		c.Status, c.Reason = status, reason
		if err := k.changeDataNet(ctx, c.DatanetId, func(d *types.DataNet) { d.Record.Stopped++ }); err != nil {
			return err
		}
		if err := k.dropRecall(ctx, &c); err != nil {
			return err
		}
		if err := modulekit.Emit(ctx, &types.EventContributionStopped{Rank: c.Rank, DatanetId: c.DatanetId, Status: status,
			Reason: reason}); err != nil {
			return err
		}
	}
	if err := k.keepDecaying(ctx, &c); err != nil {
		return err
	}
	if err := k.Contributions.Set(ctx, c.Rank, c); err != nil {
		return err
	}
	return modulekit.Emit(ctx, &types.EventSegmentStopped{
		Rank: c.Rank, DatanetId: c.DatanetId, Segment: stop.Segment, Original: stop.Original, Snapshot: stop.Snapshot,
		Author: stop.Author,
	})
}

// resumeSegment pays a segment again from the next block on, and frees what of
// the deposit was bound for it and has not decayed. It is stopped no more.
func (k Keeper) resumeSegment(ctx context.Context, stop types.SegmentStop) error {
	c, err := k.GetContribution(ctx, stop.Rank)
	if err != nil {
		return err
	}
	next := sdk.UnwrapSDKContext(ctx).BlockHeight() + 1
	c.BoundDeposit = math.MaxInt(math.ZeroInt(), c.BoundDeposit.Sub(stop.Bound))
	stop.ResumedHeight, stop.Bound = next, math.ZeroInt()
	if err := k.setSegmentStop(ctx, stop); err != nil {
		return err
	}
	c.Resumed++
	if c.Status == types.CONTRIBUTION_STATUS_ALIAS || c.Status == types.CONTRIBUTION_STATUS_COMMONS {
		c.Status, c.Reason, c.ResumedHeight = types.CONTRIBUTION_STATUS_ACCEPTED, "", next
		if err := k.changeDataNet(ctx, c.DatanetId, func(d *types.DataNet) { d.Record.Stopped-- }); err != nil {
			return err
		}
	}
	if c.Earning() && c.StoppedNow() == 0 {
		if err := k.Stopped.Remove(ctx, collections.Join3(c.DatanetId, c.AcceptedVersion, c.Rank)); err != nil {
			return err
		}
	}
	return k.Contributions.Set(ctx, c.Rank, c)
}
