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

// fundBounty stores a bounty whose amount the module has received.
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
	if fee := datanet.FeeAt(sdk.UnwrapSDKContext(ctx).BlockTime()); bounty.Price.LT(fee) {
		return 0, errorsmod.Wrapf(types.ErrBounty, "a price of %saopen is below the review fee of %saopen", bounty.Price, fee)
	}
	now := sdk.UnwrapSDKContext(ctx).BlockTime()
	if wait := bounty.Deadline.Sub(now); wait <= 0 || wait > params.Standing.MaxBountyWindow {
		return 0, errorsmod.Wrapf(types.ErrBounty, "deadline %s: want a time after %s and at most %s later", bounty.Deadline.Format(time.RFC3339), now.Format(time.RFC3339), params.Standing.MaxBountyWindow)
	}
	if bounty.Id, err = k.NextBounty.Next(ctx); err != nil {
		return 0, err
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

// checkPoolBounty bounds what governance may give to a topic by what the
// panels that decide about it have at stake.
func (k Keeper) checkPoolBounty(ctx context.Context, params types.Params, amount, price math.Int) error {
	// What the seats that accept one contribution lose, if it is overturned.
	risk := part(params.Review.MinBond, params.Review.OverturnedPpm).MulRaw(int64(params.Review.AcceptSeats))
	if price.GT(risk) {
		return errorsmod.Wrapf(types.ErrBounty, "a price of %saopen is above the %saopen that a panel loses for a wrong verdict", price, risk)
	}

	stake, err := k.panelStake(ctx, everyPanel)
	if err != nil {
		return err
	}
	if most := part(stake, params.Standing.PoolBountyPpm); amount.GT(most) {
		return errorsmod.Wrapf(types.ErrBounty, "data validators have %saopen at stake: a bounty from the pool is at most %saopen", stake, most)
	}
	return nil
}

// apply reserves the price of a bounty for a contribution, and returns the
// panel that reviews it. It changes c, which the caller stores.
func (k Keeper) apply(ctx context.Context, c *types.Contribution, id uint64) (panel uint64, err error) {
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
	case bounty.Left.LT(bounty.Price):
		err = errorsmod.Wrapf(types.ErrBounty, "bounty %d has %saopen left, its price is %saopen", id, bounty.Left, bounty.Price)
	}
	if err != nil {
		return 0, err
	}
	c.Bounty = id
	bounty.Left, bounty.Reserved = bounty.Left.Sub(bounty.Price), bounty.Reserved.Add(bounty.Price)
	return bounty.Panel, k.Bounties.Set(ctx, id, bounty)
}

// reserveAgain reserves the price for a rejection that was overturned, if the
// bounty is open and still has it. It changes c, which the caller stores.
func (k Keeper) reserveAgain(ctx context.Context, c *types.Contribution) error {
	if c.Bounty == 0 {
		return nil
	}
	bounty, err := k.GetBounty(ctx, c.Bounty)
	if err != nil {
		return err
	}
	if bounty.Closed || bounty.Left.LT(bounty.Price) {
		c.Bounty = 0
		return nil
	}
	bounty.Left, bounty.Reserved = bounty.Left.Sub(bounty.Price), bounty.Reserved.Add(bounty.Price)
	return k.Bounties.Set(ctx, bounty.Id, bounty)
}

// unreserve frees the price of a contribution that was not accepted.
func (k Keeper) unreserve(ctx context.Context, c types.Contribution) error {
	if c.Bounty == 0 {
		return nil
	}
	bounty, err := k.GetBounty(ctx, c.Bounty)
	if err != nil {
		return err
	}
	bounty.Left, bounty.Reserved = bounty.Left.Add(bounty.Price), bounty.Reserved.Sub(bounty.Price)
	return k.settleBounty(ctx, bounty)
}

// payBounty pays half of the price times the score of an accepted contribution;
// the rest vests. It changes c, which the caller stores.
func (k Keeper) payBounty(ctx context.Context, params types.Params, c *types.Contribution) error {
	if c.Bounty == 0 {
		return nil
	}
	bounty, err := k.GetBounty(ctx, c.Bounty)
	if err != nil {
		return err
	}
	amount := bounty.Price.MulRaw(int64(c.Score)).QuoRaw(types.MaxScore)
	half := amount.QuoRaw(2)
	c.Vesting = amount.Sub(half)
	bounty.Reserved = bounty.Reserved.Sub(bounty.Price)
	bounty.Left = bounty.Left.Add(bounty.Price.Sub(amount))
	bounty.Paid, bounty.Vesting = bounty.Paid.Add(half), bounty.Vesting.Add(c.Vesting)
	bounty.Accepted++
	if c.Vesting.IsPositive() {
		c.VestsAt = c.DecidedAt.Add(params.Standing.Vesting)
		if err := k.setTimer(ctx, timerVesting, c.Rank, c.VestsAt); err != nil {
			return err
		}
	}
	if err := k.payFromBounty(ctx, bounty.Id, *c, half); err != nil {
		return err
	}
	return k.settleBounty(ctx, bounty)
}

func (k Keeper) payFromBounty(ctx context.Context, id uint64, c types.Contribution, amount math.Int) error {
	if err := k.pay(ctx, c.Contributor, amount); err != nil {
		return err
	}
	return emit(ctx, &types.EventBountyPaid{Id: id, Rank: c.Rank, Amount: amount})
}

// vest pays the second half of a bounty, less the part of segments that are
// stopped, which returns to it.
func (k Keeper) vest(ctx context.Context, rank uint64) error {
	c, err := k.GetContribution(ctx, rank)
	if err != nil {
		return err
	}
	bounty, err := k.GetBounty(ctx, c.Bounty)
	if err != nil {
		return err
	}
	amount := c.Vesting.MulRaw(int64(c.Segments - c.StoppedNow())).QuoRaw(int64(c.Segments))
	bounty.Paid, bounty.Vesting = bounty.Paid.Add(amount), bounty.Vesting.Sub(c.Vesting)
	bounty.Left = bounty.Left.Add(c.Vesting.Sub(amount))
	c.Vesting, c.VestsAt = math.ZeroInt(), time.Time{}
	if err := k.payFromBounty(ctx, bounty.Id, c, amount); err != nil {
		return err
	}
	if err := k.settleBounty(ctx, bounty); err != nil {
		return err
	}
	return k.Contributions.Set(ctx, rank, c)
}

// cancelVesting gives the second half back to the bounty. It changes c, which
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
		if bounty.Funder == "" {
			err = k.toPool(ctx, left)
		} else {
			err = k.pay(ctx, bounty.Funder, left)
		}
		if err != nil {
			return err
		}
	}
	return k.Bounties.Set(ctx, bounty.Id, bounty)
}
