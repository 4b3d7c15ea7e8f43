package keeper

import (
	"context"

	"cosmossdk.io/collections"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/datanet/types"
	"github.com/openledger/openledger/x/internal/modulekit"
)

// stop ends the pay of an accepted contribution from the next block on. It
// stays in its versions: its text keeps blocking, so that no copy of it is
// enriched. The caller has dealt with the deposit.
func (k Keeper) stop(ctx context.Context, c types.Contribution, status types.ContributionStatus, reason string) error {
	if c.Earning() {
		c.StoppedHeight, c.ResumedHeight = sdk.UnwrapSDKContext(ctx).BlockHeight()+1, 0
		if c.HeldHeight != 0 {
			if err := k.Stopped.Set(ctx, collections.Join3(c.DatanetId, c.AcceptedVersion, c.Rank)); err != nil {
				return err
			}
		}
		if err := k.changeDataNet(ctx, c.DatanetId, func(d *types.DataNet) { d.Record.Stopped++ }); err != nil {
			return err
		}
	}
	c.Status, c.Reason = status, reason
	if err := k.leaveAside(ctx, &c); err != nil {
		return err
	}
	if err := k.dropRecall(ctx, &c); err != nil {
		return err
	}
	if err := k.cancelVesting(ctx, &c); err != nil {
		return err
	}
	if err := k.keepDecaying(ctx, &c); err != nil {
		return err
	}
	if err := k.Contributions.Set(ctx, c.Rank, c); err != nil {
		return err
	}
	return modulekit.Emit(ctx, &types.EventContributionStopped{Rank: c.Rank, DatanetId: c.DatanetId, Status: status,
		Reason: reason})
}

// TaintedVersion returns the first version of a DataNet that holds a
// contribution that was stopped, 0 for none.
func (k Keeper) TaintedVersion(ctx context.Context, datanetID uint64) (uint64, error) {
	first := uint64(0)
	err := k.Stopped.Walk(ctx, collections.NewPrefixedTripleRange[uint64, uint64, uint64](datanetID),
		func(key collections.Triple[uint64, uint64, uint64]) (bool, error) {
			first = key.K2()
			return true, nil
		})
	return first, err
}
