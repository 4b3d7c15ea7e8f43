package keeper

import (
	"context"

	errorsmod "cosmossdk.io/errors"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/datanet/types"
)

// AskHeld implements types.MsgServer.
func (s msgServer) AskHeld(ctx context.Context, msg *types.MsgAskHeld) (*types.MsgAskHeldResponse, error) {
	params, err := s.begin(ctx, msg)
	if err != nil {
		return nil, err
	}
	return &types.MsgAskHeldResponse{}, s.askAgain(ctx, params, msg)
}

// askAgain puts a question to validators again, at the sender's cost.
func (k Keeper) askAgain(ctx context.Context, params types.Params, msg *types.MsgAskHeld) error {
	c, err := k.GetContribution(ctx, msg.Rank)
	if err != nil {
		return err
	}
	if !c.MayEnter() || c.Hold.Asked || c.Hold.Reason != types.HOLD_VERDICT_WITHHELD {
		return errorsmod.Wrapf(types.ErrContributionStatus,
			"contribution %d is %s: validators are asked again only about text that they did not hold, and not while they "+
				"are being asked", c.Rank, c.Status)
	}
	fee := params.AskFee.Add(params.TextFee(c.Bytes))
	if err := k.funds.Take(ctx, sdk.MustAccAddressFromBech32(msg.Sender), fee); err != nil {
		return errorsmod.Wrapf(err, "to ask validators again burns %saopen", fee)
	}
	if err := k.funds.Burn(ctx, fee); err != nil {
		return err
	}
	if err := k.queueSetAside(ctx, &c); err != nil {
		return err
	}
	return k.Contributions.Set(ctx, c.Rank, c)
}
