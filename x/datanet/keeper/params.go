package keeper

import (
	"context"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/datanet/types"
	"github.com/openledger/openledger/x/internal/modulekit"
)

// UpdateParams implements types.MsgServer.
func (s msgServer) UpdateParams(ctx context.Context, msg *types.MsgUpdateParams) (*types.MsgUpdateParamsResponse,
	error) {
	if err := modulekit.CheckAuthority(ctx, s.authority, msg.Authority, types.ErrUnauthorized); err != nil {
		return nil, err
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
