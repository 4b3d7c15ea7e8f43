package keeper

import (
	"context"
	"errors"
	"time"

	"cosmossdk.io/collections"
	errorsmod "cosmossdk.io/errors"
	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/datanet/keeper/internal/timer"
	"github.com/openledger/openledger/x/datanet/types"
	"github.com/openledger/openledger/x/internal/modulekit"
)

// FundBounty implements types.MsgServer.
func (s msgServer) FundBounty(ctx context.Context, msg *types.MsgFundBounty) (*types.MsgFundBountyResponse, error) {
	params, err := s.begin(ctx, msg)
	if err != nil {
		return nil, err
	}
	if err := s.funds.Take(ctx, sdk.MustAccAddressFromBech32(msg.Funder), msg.Amount); err != nil {
		return nil, errorsmod.Wrap(err, "bounty")
	}
	id, err := s.fundBounty(ctx, params, types.Bounty{
		DatanetId: msg.DatanetId, Funder: msg.Funder, Panel: msg.Panel, Amount: msg.Amount, Price: msg.Price,
		MinTokens: msg.MinTokens, Deadline: msg.Deadline, Description: msg.Description, PaysGold: msg.PaysGold,
	})
	return &types.MsgFundBountyResponse{Id: id}, err
}

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
		return 0, errorsmod.Wrapf(types.ErrReviewPolicy, "DataNet %d is decided by its owner: bounties need panels",
			datanet.Id)
	}
	if err := k.checkBountyElectorate(ctx, datanet, bounty.Panel); err != nil {
		return 0, err
	}
	fee := datanet.FeesAt(sdk.UnwrapSDKContext(ctx).BlockTime()).Of(bounty.MinTokens)
	if bounty.Price.LT(fee) {
		return 0, errorsmod.Wrapf(types.ErrBounty, "a price of %saopen is below the review fee of %saopen",
			bounty.Price, fee)
	}
	now := sdk.UnwrapSDKContext(ctx).BlockTime()
	if wait := bounty.Deadline.Sub(now); wait <= 0 || wait > params.Standing.MaxBountyWindow {
		return 0, errorsmod.Wrapf(types.ErrBounty, "deadline %s: want a time after %s and at most %s later",
			bounty.Deadline.Format(time.RFC3339), now.Format(time.RFC3339), params.Standing.MaxBountyWindow)
	}
	if bounty.Id, err = k.NextBounty.Next(ctx); err != nil {
		return 0, err
	}
	if bounty.FromPool() {
		if err := checkPoolPrice(params, bounty.Price, fee); err != nil {
			return 0, err
		}
		if err := k.changePoolBalance(ctx, bounty.Amount); err != nil {
			return 0, err
		}
	}
	bounty.Deadline = bounty.Deadline.UTC()
	bounty.Left, bounty.Reserved, bounty.Vesting, bounty.Paid = bounty.Amount, math.ZeroInt(), math.ZeroInt(),
		math.ZeroInt()
	if err := k.BountiesBy.Set(ctx, collections.Join(bounty.DatanetId, bounty.Id)); err != nil {
		return 0, err
	}
	if err := k.Timers.Set(ctx, timer.Bounty, bounty.Id, bounty.Deadline); err != nil {
		return 0, err
	}
	if err := k.Bounties.Set(ctx, bounty.Id, bounty); err != nil {
		return 0, err
	}
	return bounty.Id, modulekit.Emit(ctx, &types.EventBountyFunded{Id: bounty.Id, DatanetId: bounty.DatanetId,
		Amount: bounty.Amount})
}

// checkBountyElectorate checks the electorate of a bounty. Its panels may be drawn from the DataNet's own validators,
// from those of all DataNets, or, if the owner lets funders choose, from those of another DataNet.
func (k Keeper) checkBountyElectorate(ctx context.Context, datanet types.DataNet, electorate uint64) error {
	if electorate == types.AllDataNets || electorate == datanet.Id {
		return nil
	}
	other, err := k.GetDataNet(ctx, electorate)
	if err != nil {
		return err
	}
	if other.ReviewPolicy != types.REVIEW_POLICY_PANEL {
		return errorsmod.Wrapf(types.ErrReviewPolicy, "DataNet %d has no data validators", electorate)
	}
	if !datanet.BountyPanels {
		return errorsmod.Wrapf(types.ErrBounty,
			"DataNet %d is reviewed by its own validators (%d) or by those of all (0): its owner has not set bounty_panels",
			datanet.Id, datanet.Id)
	}
	return nil
}

// closeBounty ends a bounty at its deadline and returns what is left.
func (k Keeper) closeBounty(ctx context.Context, id uint64) error {
	bounty, err := k.GetBounty(ctx, id)
	if err != nil {
		return err
	}
	bounty.Closed = true
	if err := modulekit.Emit(ctx, &types.EventBountyClosed{Id: id, Refunded: bounty.Left}); err != nil {
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
			if err = k.changePoolBalance(ctx, left.Neg()); err == nil {
				err = k.funds.ToPool(ctx, left)
			}
		} else {
			err = k.funds.Pay(ctx, bounty.Funder, left)
		}
		if err != nil {
			return err
		}
	}
	return k.Bounties.Set(ctx, bounty.Id, bounty)
}
