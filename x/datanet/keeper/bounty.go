package keeper

import (
	"context"
	"errors"
	"time"

	"cosmossdk.io/collections"
	errorsmod "cosmossdk.io/errors"
	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/datanet/types"
)

// GetBounty returns a bounty, or ErrBounty.
func (k Keeper) GetBounty(ctx context.Context, id uint64) (types.Bounty, error) {
	bounty, err := k.Bounties.Get(ctx, id)
	if errors.Is(err, collections.ErrNotFound) {
		err = errorsmod.Wrapf(types.ErrBounty, "no bounty %d: see `openledgerd query datanet bounties`", id)
	}
	return bounty, err
}

// fundBounty stores a bounty whose amount the module receives with the same message.
func (k Keeper) fundBounty(ctx context.Context, params types.Params, bounty types.Bounty) (uint64, error) {
	datanet, err := k.GetDataNet(ctx, bounty.DatanetId)
	if err != nil {
		return 0, err
	}
	if datanet.ReviewPolicy != types.REVIEW_POLICY_PANEL {
		return 0, errorsmod.Wrapf(types.ErrReviewPolicy, "DataNet %d is decided by its owner: bounties need panels", datanet.Id)
	}
	if err := k.checkBountyPanel(ctx, datanet, bounty.Panel); err != nil {
		return 0, err
	}
	fee := datanet.FeesAt(sdk.UnwrapSDKContext(ctx).BlockTime()).Of(bounty.MinTokens)
	if bounty.Price.LT(fee) {
		return 0, errorsmod.Wrapf(types.ErrBounty, "a price of %saopen is below the review fee of %saopen", bounty.Price, fee)
	}
	now := sdk.UnwrapSDKContext(ctx).BlockTime()
	if wait := bounty.Deadline.Sub(now); wait <= 0 || wait > params.Standing.MaxBountyWindow {
		return 0, errorsmod.Wrapf(types.ErrBounty, "deadline %s: want a time after %s and at most %s later", bounty.Deadline.Format(time.RFC3339), now.Format(time.RFC3339), params.Standing.MaxBountyWindow)
	}
	if bounty.Id, err = k.NextBounty.Next(ctx); err != nil {
		return 0, err
	}
	if bounty.FromPool() {
		if err := checkPoolPrice(params, bounty.Price, fee); err != nil {
			return 0, err
		}
		if err := k.changePoolHeld(ctx, bounty.Amount); err != nil {
			return 0, err
		}
	}
	bounty.Deadline = bounty.Deadline.UTC()
	bounty.Left, bounty.Reserved, bounty.Vesting, bounty.Paid = bounty.Amount, math.ZeroInt(), math.ZeroInt(), math.ZeroInt()
	if err := k.BountiesBy.Set(ctx, collections.Join(bounty.DatanetId, bounty.Id)); err != nil {
		return 0, err
	}
	if err := k.setTimer(ctx, timerBounty, bounty.Id, bounty.Deadline); err != nil {
		return 0, err
	}
	if err := k.Bounties.Set(ctx, bounty.Id, bounty); err != nil {
		return 0, err
	}
	return bounty.Id, emit(ctx, &types.EventBountyFunded{Id: bounty.Id, DatanetId: bounty.DatanetId, Amount: bounty.Amount})
}

// checkBountyPanel: a DataNet's own validators, those of all, or, if the owner
// lets funders choose, those of another one.
func (k Keeper) checkBountyPanel(ctx context.Context, datanet types.DataNet, panel uint64) error {
	if panel == everyPanel || panel == datanet.Id {
		return nil
	}
	other, err := k.GetDataNet(ctx, panel)
	if err != nil {
		return err
	}
	if other.ReviewPolicy != types.REVIEW_POLICY_PANEL {
		return errorsmod.Wrapf(types.ErrReviewPolicy, "DataNet %d has no data validators", panel)
	}
	if !datanet.BountyPanels {
		return errorsmod.Wrapf(types.ErrBounty, "DataNet %d is reviewed by its own validators (%d) or by those of all (0): its owner has not set bounty_panels", datanet.Id, datanet.Id)
	}
	return nil
}

// checkPoolAmount bounds what all open bounties of the pool hold by what data validators have at stake, and asks for
// enough of them: one panel accepts, and a full panel of appeal of others confirms.
func (k Keeper) checkPoolAmount(ctx context.Context, params types.Params, amount math.Int) error {
	active, err := k.activeValidators(ctx, everyPanel)
	if err != nil {
		return err
	}
	if least := uint64(params.Review.Seats + params.Review.AppealSeats); active < least {
		return errorsmod.Wrapf(types.ErrBounty, "%d data validators are active: a panel, and the one that confirms it, need %d", active, least)
	}
	stake, err := k.panelStake(ctx, everyPanel)
	if err != nil {
		return err
	}
	held, err := k.poolHeld(ctx)
	if err != nil {
		return err
	}
	if most := part(stake, params.Standing.PoolBountyPpm); held.Add(amount).GT(most) {
		return errorsmod.Wrapf(types.ErrBounty, "data validators have %saopen at stake: open bounties of the pool may hold %saopen, and hold %saopen", stake, most, held)
	}
	return nil
}

// checkPoolPrice bounds the price of a bounty of the pool by what a panel pledges for a whole cohort, and by what it is paid.
func checkPoolPrice(params types.Params, price, fee math.Int) error {
	if most := params.MaxPoolPrice(fee); price.GT(most) {
		return errorsmod.Wrapf(types.ErrBounty, "a price of %saopen is above %saopen: a panel answers for all items of a cohort with the least bonds, and is paid a review fee of %saopen for each", price, most, fee)
	}
	return nil
}

// poolHeld returns what all bounties of the pool have not spent.
func (k Keeper) poolHeld(ctx context.Context) (math.Int, error) {
	held, err := k.PoolHeld.Get(ctx)
	if errors.Is(err, collections.ErrNotFound) {
		return math.ZeroInt(), nil
	}
	return held, err
}

func (k Keeper) changePoolHeld(ctx context.Context, by math.Int) error {
	held, err := k.poolHeld(ctx)
	if err != nil {
		return err
	}
	return k.PoolHeld.Set(ctx, held.Add(by))
}

// apply reserves the price of a bounty for a contribution, and returns the
// panel that reviews it. It changes c, which the caller stores.
func (k Keeper) apply(ctx context.Context, params types.Params, c *types.Contribution, id uint64) (panel uint64, err error) {
	if id == 0 {
		return c.DatanetId, nil
	}
	bounty, err := k.GetBounty(ctx, id)
	if err != nil {
		return 0, err
	}
	switch now := sdk.UnwrapSDKContext(ctx).BlockTime(); {
	case bounty.DatanetId != c.DatanetId:
		err = errorsmod.Wrapf(types.ErrBounty, "bounty %d is for DataNet %d", id, bounty.DatanetId)
	case bounty.Closed || now.After(bounty.Deadline):
		err = errorsmod.Wrapf(types.ErrBounty, "bounty %d ended at %s", id, bounty.Deadline.Format(time.RFC3339))
	case c.Tokens < bounty.MinTokens:
		err = errorsmod.Wrapf(types.ErrBounty, "bounty %d asks for %d tokens, the contribution has %d", id, bounty.MinTokens, c.Tokens)
	case bounty.Price.LT(c.FeePaid):
		err = errorsmod.Wrapf(types.ErrBounty, "bounty %d pays %saopen, less than the review of %d tokens costs, %saopen", id, bounty.Price, c.Tokens, c.FeePaid)
	}
	if err != nil {
		return 0, err
	}
	reserve := bounty.Price
	if bounty.FromPool() {
		if err := checkPoolPrice(params, bounty.Price, c.FeePaid); err != nil {
			return 0, err
		}
		reserve = reserve.Add(params.Review.ConfirmFee(c.FeePaid))
	}
	if bounty.Left.LT(reserve) {
		return 0, errorsmod.Wrapf(types.ErrBounty, "bounty %d has %saopen left, it would reserve %saopen", id, bounty.Left, reserve)
	}
	c.Bounty = id
	return bounty.Panel, k.reserve(ctx, bounty, c, reserve)
}

// reserve keeps a part of a bounty for a contribution. It changes c, which the caller stores.
func (k Keeper) reserve(ctx context.Context, bounty types.Bounty, c *types.Contribution, amount math.Int) error {
	c.Reserved = amount
	bounty.Left, bounty.Reserved = bounty.Left.Sub(amount), bounty.Reserved.Add(amount)
	return k.Bounties.Set(ctx, bounty.Id, bounty)
}

// reserveAgain reserves the price for a rejection that was overturned, if the
// bounty is open and still has it. The pool pays only for what a panel accepted and another
// one confirmed: an appeal is neither. It changes c, which the caller stores.
func (k Keeper) reserveAgain(ctx context.Context, c *types.Contribution) error {
	if c.Bounty == 0 {
		return nil
	}
	bounty, err := k.GetBounty(ctx, c.Bounty)
	if err != nil {
		return err
	}
	if bounty.Closed || bounty.FromPool() || bounty.Left.LT(bounty.Price) {
		c.Bounty = 0
		return nil
	}
	return k.reserve(ctx, bounty, c, bounty.Price)
}

// unreserve frees what a bounty has reserved for a contribution. It changes c, which the caller stores.
func (k Keeper) unreserve(ctx context.Context, c *types.Contribution) error {
	if !c.Reserved.IsPositive() {
		return nil
	}
	bounty, err := k.GetBounty(ctx, c.Bounty)
	if err != nil {
		return err
	}
	bounty.Left, bounty.Reserved = bounty.Left.Add(c.Reserved), bounty.Reserved.Sub(c.Reserved)
	c.Reserved = math.ZeroInt()
	return k.settleBounty(ctx, bounty)
}

// leaveBounty has gold earn no bounty, unless its funder pays for gold: who planted it knew the verdict. It
// changes c, which the caller stores.
func (k Keeper) leaveBounty(ctx context.Context, c *types.Contribution) error {
	if c.Bounty == 0 {
		return nil
	}
	bounty, err := k.GetBounty(ctx, c.Bounty)
	if err != nil || bounty.PaysGold {
		return err
	}
	if err := k.unreserve(ctx, c); err != nil {
		return err
	}
	c.Bounty = 0
	return nil
}

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
		if err := k.setTimer(ctx, timerVesting, c.Rank, c.VestsAt); err != nil {
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
		if err := k.changePoolHeld(ctx, amount.Neg()); err != nil {
			return err
		}
	}
	if err := k.pay(ctx, c.Contributor, amount); err != nil {
		return err
	}
	return emit(ctx, &types.EventBountyPaid{Id: bounty.Id, Rank: c.Rank, Amount: amount})
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
	if err := k.setTimer(ctx, timerVesting, c.Rank, c.VestsAt); err != nil {
		return err
	}
	return k.Contributions.Set(ctx, c.Rank, c)
}

// contestable returns when to ask again whether an acceptance is final: while somebody decides about it, or may
// still appeal. The zero time says that it is.
func (k Keeper) contestable(ctx context.Context, c types.Contribution) (time.Time, error) {
	now := sdk.UnwrapSDKContext(ctx).BlockTime().UTC()
	for _, id := range []uint64{c.Appeal, c.Check} {
		cohort, err := k.GetCohort(ctx, id)
		if errorsmod.IsOf(err, types.ErrCohortNotFound) || err == nil && cohort.Phase == types.COHORT_PHASE_DECIDED {
			continue
		}
		if err != nil {
			return now, err
		}
		again := cohort.Deadline.UTC().Add(afterAppeals)
		if least := now.Add(timerRetry); again.Before(least) {
			again = least
		}
		return again, nil
	}
	if c.Appeal != 0 || c.AppealableUntil.IsZero() {
		return time.Time{}, nil
	}
	until, err := k.putOff(ctx, c.AppealableUntil)
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
	if err := k.clearTimer(ctx, timerVesting, c.Rank); err != nil {
		return err
	}
	return k.settleBounty(ctx, bounty)
}

// closeBounty ends a bounty at its deadline and returns what is left.
func (k Keeper) closeBounty(ctx context.Context, id uint64) error {
	bounty, err := k.GetBounty(ctx, id)
	if err != nil {
		return err
	}
	bounty.Closed = true
	if err := emit(ctx, &types.EventBountyClosed{Id: id, Refunded: bounty.Left}); err != nil {
		return err
	}
	return k.settleBounty(ctx, bounty)
}

// settleBounty stores a bounty; what is left of a closed one returns to its funder.
func (k Keeper) settleBounty(ctx context.Context, bounty types.Bounty) error {
	if bounty.Closed && bounty.Left.IsPositive() {
		left := bounty.Left
		bounty.Left = math.ZeroInt()
		var err error
		if bounty.FromPool() {
			if err = k.changePoolHeld(ctx, left.Neg()); err == nil {
				err = k.toPool(ctx, left)
			}
		} else {
			err = k.pay(ctx, bounty.Funder, left)
		}
		if err != nil {
			return err
		}
	}
	return k.Bounties.Set(ctx, bounty.Id, bounty)
}
