package keeper

import (
	"context"

	"cosmossdk.io/collections"
	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/datanet/keeper/review"
	"github.com/openledger/openledger/x/datanet/types"
)

// reverse turns a verdict into the other: a rejected contribution enters a new
// version, an accepted one is stopped and loses its deposit.
func (k Keeper) reverse(ctx context.Context, params types.Params, contribution types.Contribution, score uint32,
	reason string) (uint64, error) {
	if contribution.AcceptedVersion != 0 {
		if !contribution.Earning() && contribution.Status != types.CONTRIBUTION_STATUS_RECALLED {
			return 0, nil // something else has stopped it meanwhile
		}
		deposit := contribution.Deposit.Amount
		contribution.Deposit.Amount = math.ZeroInt()
		if err := k.funds.Burn(ctx, deposit); err != nil {
			return 0, err
		}
		return 0, k.stop(ctx, contribution, types.CONTRIBUTION_STATUS_OVERTURNED, reason)
	}
	datanet, err := k.GetDataNet(ctx, contribution.DatanetId)
	if err != nil {
		return 0, err
	}
	// Restore the fields to their values before the decision.
	contribution.Status, contribution.Reason = types.CONTRIBUTION_STATUS_SUBMITTED, ""
	datanet.Pending++
	datanet.Record.Rejected--
	if err := k.reserveAgain(ctx, &contribution); err != nil {
		return 0, err
	}
	if err := k.Review.CountOpen(ctx, contribution.Contributor); err != nil {
		return 0, err
	}
	if err := k.Contributions.Set(ctx, contribution.Rank, contribution); err != nil {
		return 0, err
	}
	return k.accept(ctx, params, datanet, []review.Acceptance{{Rank: contribution.Rank, Score: score}})
}

// restore pays a contribution again whose acceptance was overturned, with the
// score it had, from the next block on.
func (k Keeper) restore(ctx context.Context, c types.Contribution, reason string) error {
	if c.StoppedAll() { // nothing of it earns
		c.Status, c.Reason = types.CONTRIBUTION_STATUS_ALIAS, reason
		return k.Contributions.Set(ctx, c.Rank, c)
	}
	if c.StoppedNow() == 0 {
		if err := k.Stopped.Remove(ctx, collections.Join3(c.DatanetId, c.AcceptedVersion, c.Rank)); err != nil {
			return err
		}
	}
	c.Status, c.Reason = types.CONTRIBUTION_STATUS_ACCEPTED, reason
	c.ResumedHeight = sdk.UnwrapSDKContext(ctx).BlockHeight() + 1
	if err := k.changeDataNet(ctx, c.DatanetId, func(d *types.DataNet) { d.Record.Stopped-- }); err != nil {
		return err
	}
	return k.Contributions.Set(ctx, c.Rank, c)
}
