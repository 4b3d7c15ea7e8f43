package keeper

import (
	"context"
	"errors"

	"cosmossdk.io/collections"
	errorsmod "cosmossdk.io/errors"
	"cosmossdk.io/math"

	"github.com/openledger/openledger/x/datanet/types"
)

// FundPoolBounty implements types.MsgServer.
func (s msgServer) FundPoolBounty(ctx context.Context, msg *types.MsgFundPoolBounty) (*types.MsgFundPoolBountyResponse,
	error) {
	params, err := s.govern(ctx, msg, msg.Authority)
	if err != nil {
		return nil, err
	}
	if err := s.checkPoolAmount(ctx, params, msg.Amount); err != nil {
		return nil, err
	}
	id, err := s.fundBounty(ctx, params, types.Bounty{
		DatanetId: msg.DatanetId, Panel: types.AllDataNets, Amount: msg.Amount, Price: msg.Price,
		MinTokens: msg.MinTokens, Deadline: msg.Deadline, Description: msg.Description,
	})
	if err != nil {
		return nil, err
	}
	return &types.MsgFundPoolBountyResponse{Id: id}, s.rewards.SpendBountyPool(ctx, types.ModuleName, msg.Amount)
}

// checkPoolAmount bounds what all open bounties of the pool hold by what data validators have at stake, and asks for
// enough of them: one panel accepts, and a full panel of appeal of others confirms.
func (k Keeper) checkPoolAmount(ctx context.Context, params types.Params, amount math.Int) error {
	active, err := k.Review.ElectorateSize(ctx, types.AllDataNets)
	if err != nil {
		return err
	}
	if least := uint64(params.Review.Seats + params.Review.AppealSeats); active < least {
		return errorsmod.Wrapf(types.ErrBounty,
			"%d data validators are active: a panel, and the one that confirms it, need %d", active, least)
	}
	stake, err := k.Review.ElectorateStake(ctx, types.AllDataNets)
	if err != nil {
		return err
	}
	held, err := k.poolBalance(ctx)
	if err != nil {
		return err
	}
	if most := types.Part(stake, params.Standing.PoolBountyPpm); held.Add(amount).GT(most) {
		return errorsmod.Wrapf(types.ErrBounty,
			"data validators have %saopen at stake: open bounties of the pool may hold %saopen, and hold %saopen",
			stake, most, held)
	}
	return nil
}

// checkPoolPrice bounds the price of a bounty of the pool by what a panel pledges for a whole cohort, and by what it is
// paid.
func checkPoolPrice(params types.Params, price, fee math.Int) error {
	if most := params.MaxPoolPrice(fee); price.GT(most) {
		return errorsmod.Wrapf(types.ErrBounty,
			"a price of %saopen is above %saopen: a panel answers for all items of a cohort with the least bonds, and is "+
				"paid a review fee of %saopen for each", price, most, fee)
	}
	return nil
}

// poolBalance returns what all bounties of the pool have not spent.
func (k Keeper) poolBalance(ctx context.Context) (math.Int, error) {
	held, err := k.PoolBalance.Get(ctx)
	if errors.Is(err, collections.ErrNotFound) {
		return math.ZeroInt(), nil
	}
	return held, err
}

func (k Keeper) changePoolBalance(ctx context.Context, by math.Int) error {
	held, err := k.poolBalance(ctx)
	if err != nil {
		return err
	}
	return k.PoolBalance.Set(ctx, held.Add(by))
}

// poolBounty returns the bounty of the pool that a contribution has applied for, if it has.
func (k Keeper) poolBounty(ctx context.Context, c types.Contribution) (types.Bounty, bool, error) {
	if c.Bounty == 0 {
		return types.Bounty{}, false, nil
	}
	bounty, err := k.GetBounty(ctx, c.Bounty)
	return bounty, bounty.FromPool(), err
}

// fundConfirmation takes what a bounty has reserved for the check of a contribution.
func (k Keeper) fundConfirmation(ctx context.Context, rank, cohort uint64) error {
	c, err := k.GetContribution(ctx, rank)
	if err != nil {
		return err
	}
	bounty, err := k.GetBounty(ctx, c.Bounty)
	if err != nil {
		return err
	}
	fee := c.Reserved
	bounty.Reserved, bounty.Paid = bounty.Reserved.Sub(fee), bounty.Paid.Add(fee)
	c.Reserved, c.Check = math.ZeroInt(), cohort
	if err := k.changePoolBalance(ctx, fee.Neg()); err != nil {
		return err
	}
	if err := k.Bounties.Set(ctx, bounty.Id, bounty); err != nil {
		return err
	}
	return k.Contributions.Set(ctx, rank, c)
}

// cancelBounties cancels the payments of pool bounties for items that no full panel confirmed.
func (k Keeper) cancelBounties(ctx context.Context, items []uint64) error {
	for _, rank := range items {
		c, err := k.GetContribution(ctx, rank)
		if err != nil {
			return err
		}
		if err := k.unreserve(ctx, &c); err != nil {
			return err
		}
		if err := k.cancelVesting(ctx, &c); err != nil {
			return err
		}
		if err := k.Contributions.Set(ctx, rank, c); err != nil {
			return err
		}
	}
	return nil
}
