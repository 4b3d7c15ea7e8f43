package keeper

import (
	"context"
	"time"

	errorsmod "cosmossdk.io/errors"
	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/datanet/keeper/internal/timer"
	"github.com/openledger/openledger/x/datanet/types"
	"github.com/openledger/openledger/x/internal/modulekit"
)

// earnBounty promises an accepted contribution the price times its score. Nothing is paid while the acceptance may
// be appealed. It changes c, which the caller stores.
func (k Keeper) earnBounty(ctx context.Context, c *types.Contribution) error {
	if c.Bounty == 0 {
		return nil
	}
	bounty, err := k.GetBounty(ctx, c.Bounty)
	if err != nil {
		return err
	}
	c.Vesting, c.HalfPaid = bounty.Price.MulRaw(int64(c.Score)).QuoRaw(types.MaxScore), false
	c.Reserved = c.Reserved.Sub(bounty.Price)
	bounty.Reserved = bounty.Reserved.Sub(bounty.Price)
	bounty.Left = bounty.Left.Add(bounty.Price.Sub(c.Vesting))
	bounty.Vesting = bounty.Vesting.Add(c.Vesting)
	bounty.Accepted++
	if c.Vesting.IsPositive() {
		c.VestsAt = c.AppealableUntil.Add(afterAppeals)
		if err := k.Timers.Set(ctx, timer.Vesting, c.Rank, c.VestsAt); err != nil {
			return err
		}
	}
	return k.settleBounty(ctx, bounty)
}

// payFromBounty pays a part of what a contribution has been promised, less that of segments that are stopped, which
// returns to the bounty. It changes both, which the caller stores.
func (k Keeper) payFromBounty(ctx context.Context, bounty *types.Bounty, c *types.Contribution, part math.Int) error {
	amount := part.MulRaw(int64(c.Segments - c.StoppedNow())).QuoRaw(int64(c.Segments))
	bounty.Paid, bounty.Left = bounty.Paid.Add(amount), bounty.Left.Add(part.Sub(amount))
	bounty.Vesting, c.Vesting = bounty.Vesting.Sub(part), c.Vesting.Sub(part)
	if bounty.FromPool() {
		if err := k.changePoolBalance(ctx, amount.Neg()); err != nil {
			return err
		}
	}
	if err := k.funds.Pay(ctx, c.Contributor, amount); err != nil {
		return err
	}
	return modulekit.Emit(ctx, &types.EventBountyPaid{Id: bounty.Id, Rank: c.Rank, Amount: amount})
}

// afterAppeals is how long after the last moment of an appeal a bounty begins to pay.
const afterAppeals = time.Second

// holdPatience is how long a bounty waits at a time for validators who have not been asked about the text yet.
const holdPatience = 24 * time.Hour

// vest pays half of a bounty once the acceptance can be appealed no more, and half after the vesting time, each less
// the part of segments that are stopped, which returns to it.
func (k Keeper) vest(ctx context.Context, params types.Params, rank uint64) error {
	c, err := k.GetContribution(ctx, rank)
	if err != nil {
		return err
	}
	if c.HeldHeight == 0 { // nobody can use what validators do not hold
		if c.Waits() {
			c.VestsAt = sdk.UnwrapSDKContext(ctx).BlockTime().Add(holdPatience).UTC()
			return k.vestLater(ctx, c)
		}
		if err := k.cancelVesting(ctx, &c); err != nil {
			return err
		}
		return k.Contributions.Set(ctx, rank, c)
	}
	bounty, err := k.GetBounty(ctx, c.Bounty)
	if err != nil {
		return err
	}
	amount, last := c.Vesting, c.HalfPaid
	if !last {
		if c.VestsAt, err = k.contestable(ctx, c); err != nil {
			return err
		}
		if !c.VestsAt.IsZero() {
			return k.vestLater(ctx, c)
		}
		amount = amount.QuoRaw(2)
	}
	if err := k.payFromBounty(ctx, &bounty, &c, amount); err != nil {
		return err
	}
	if err := k.settleBounty(ctx, bounty); err != nil {
		return err
	}
	if last {
		c.VestsAt = time.Time{}
		return k.Contributions.Set(ctx, rank, c)
	}
	c.HalfPaid, c.VestsAt = true, c.DecidedAt.Add(params.Standing.Vesting)
	return k.vestLater(ctx, c)
}

func (k Keeper) vestLater(ctx context.Context, c types.Contribution) error {
	if err := k.Timers.Set(ctx, timer.Vesting, c.Rank, c.VestsAt); err != nil {
		return err
	}
	return k.Contributions.Set(ctx, c.Rank, c)
}

// contestable returns when to ask again whether an acceptance is final: while somebody decides about it, or may
// still appeal. The zero time says that it is.
func (k Keeper) contestable(ctx context.Context, c types.Contribution) (time.Time, error) {
	now := sdk.UnwrapSDKContext(ctx).BlockTime().UTC()
	for _, id := range []uint64{c.Appeal, c.Check} {
		cohort, err := k.Review.GetCohort(ctx, id)
		if errorsmod.IsOf(err, types.ErrCohortNotFound) || err == nil && cohort.Phase == types.COHORT_PHASE_DECIDED {
			continue
		}
		if err != nil {
			return now, err
		}
		again := cohort.Deadline.UTC().Add(afterAppeals)
		if least := now.Add(timer.Retry); again.Before(least) {
			again = least
		}
		return again, nil
	}
	if c.Appeal != 0 || c.AppealableUntil.IsZero() {
		return time.Time{}, nil
	}
	until, err := k.windows.PutOff(ctx, c.AppealableUntil)
	if err != nil || now.After(until) {
		return time.Time{}, err
	}
	return until.UTC().Add(afterAppeals), nil
}

// cancelVesting gives what was not paid yet back to the bounty. It changes c, which
// the caller stores.
func (k Keeper) cancelVesting(ctx context.Context, c *types.Contribution) error {
	if !c.Vesting.IsPositive() {
		return nil
	}
	bounty, err := k.GetBounty(ctx, c.Bounty)
	if err != nil {
		return err
	}
	bounty.Vesting, bounty.Left = bounty.Vesting.Sub(c.Vesting), bounty.Left.Add(c.Vesting)
	c.Vesting, c.VestsAt = math.ZeroInt(), time.Time{}
	if err := k.Timers.Clear(ctx, timer.Vesting, c.Rank); err != nil {
		return err
	}
	return k.settleBounty(ctx, bounty)
}
