package keeper

import (
	"context"

	errorsmod "cosmossdk.io/errors"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/datanet/types"
)

// UpdateParams implements types.MsgServer.
func (s msgServer) UpdateParams(ctx context.Context, msg *types.MsgUpdateParams) (*types.MsgUpdateParamsResponse, error) {
	if msg.Authority != s.authority {
		return nil, errorsmod.Wrapf(types.ErrUnauthorized, "%s is not the governance account %s: submit a proposal", msg.Authority, s.authority)
	}
	if err := msg.ValidateBasic(); err != nil {
		return nil, err
	}
	before, err := s.Params.Get(ctx)
	if err != nil {
		return nil, err
	}
	if !before.Paused && msg.Params.Paused {
		if err := s.windows.Begin(sdk.UnwrapSDKContext(ctx)); err != nil {
			return nil, err
		}
	}
	if before.Paused && !msg.Params.Paused {
		if err := s.windows.End(sdk.UnwrapSDKContext(ctx), msg.Params); err != nil {
			return nil, err
		}
	}
	return &types.MsgUpdateParamsResponse{}, s.Params.Set(ctx, msg.Params)
}
