package keeper

import (
	"context"

	errorsmod "cosmossdk.io/errors"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/datanet/types"
)

// FundBounty implements types.MsgServer.
func (s msgServer) FundBounty(ctx context.Context, msg *types.MsgFundBounty) (*types.MsgFundBountyResponse, error) {
	params, err := s.begin(ctx, msg)
	if err != nil {
		return nil, err
	}
	if err := s.take(ctx, sdk.MustAccAddressFromBech32(msg.Funder), msg.Amount); err != nil {
		return nil, errorsmod.Wrap(err, "bounty")
	}
	id, err := s.fundBounty(ctx, params, types.Bounty{
		DatanetId: msg.DatanetId, Funder: msg.Funder, Panel: msg.Panel, Amount: msg.Amount, Price: msg.Price,
		MinTokens: msg.MinTokens, Deadline: msg.Deadline, Description: msg.Description, PaysGold: msg.PaysGold,
	})
	return &types.MsgFundBountyResponse{Id: id}, err
}

// FundPoolBounty implements types.MsgServer.
func (s msgServer) FundPoolBounty(ctx context.Context, msg *types.MsgFundPoolBounty) (*types.MsgFundPoolBountyResponse, error) {
	params, err := s.govern(ctx, msg, msg.Authority)
	if err != nil {
		return nil, err
	}
	if err := s.checkPoolAmount(ctx, params, msg.Amount); err != nil {
		return nil, err
	}
	id, err := s.fundBounty(ctx, params, types.Bounty{
		DatanetId: msg.DatanetId, Panel: everyPanel, Amount: msg.Amount, Price: msg.Price,
		MinTokens: msg.MinTokens, Deadline: msg.Deadline, Description: msg.Description,
	})
	if err != nil {
		return nil, err
	}
	return &types.MsgFundPoolBountyResponse{Id: id}, s.rewards.SpendBountyPool(ctx, types.ModuleName, msg.Amount)
}
