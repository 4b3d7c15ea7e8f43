package keeper

import (
	"context"
	"time"

	errorsmod "cosmossdk.io/errors"
	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/datanet/types"
)

// apply reserves the price of a bounty for a contribution, and returns the electorate whose panel reviews it. It
// changes c, which the caller stores.
func (k Keeper) apply(ctx context.Context, params types.Params, c *types.Contribution, id uint64) (electorate uint64,
	err error) {
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
		err = errorsmod.Wrapf(types.ErrBounty, "bounty %d asks for %d tokens, the contribution has %d", id,
			bounty.MinTokens, c.Tokens)
	case bounty.Price.LT(c.FeePaid):
		err = errorsmod.Wrapf(types.ErrBounty,
			"bounty %d pays %saopen, less than the review of %d tokens costs, %saopen", id, bounty.Price, c.Tokens,
			c.FeePaid)
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
		return 0, errorsmod.Wrapf(types.ErrBounty, "bounty %d has %saopen left, it would reserve %saopen", id,
			bounty.Left, reserve)
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

// reserveAgain reserves the price for a rejection that was overturned, if the bounty is open and still has it. The pool
// pays only for a contribution that a panel accepted and a second panel confirmed. An appeal counts as neither. It
// changes c, which the caller stores.
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

// leaveBounty releases a gold item from its bounty, unless the funder pays for gold, because the account that planted
// it knew the verdict. It changes c, which the caller stores.
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
