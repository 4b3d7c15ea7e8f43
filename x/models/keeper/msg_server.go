package keeper

import (
	"context"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/internal/modulekit"
	"github.com/openledger/openledger/x/models/types"
)

type msgServer struct{ Keeper }

var _ types.MsgServer = msgServer{}

// NewMsgServer returns the transaction service.
func NewMsgServer(k Keeper) types.MsgServer { return msgServer{k} }

// begin validates a message and returns the parameters of an active module.
func (s msgServer) begin(ctx context.Context, msg sdk.HasValidateBasic) (types.Params, error) {
	return modulekit.Begin(ctx, msg, s.active)
}

// UpdateParams implements types.MsgServer.
func (s msgServer) UpdateParams(ctx context.Context,
	msg *types.MsgUpdateParams) (*types.MsgUpdateParamsResponse, error) {
	if err := modulekit.CheckAuthority(ctx, s.authority, msg.Authority, types.ErrUnauthorized); err != nil {
		return nil, err
	}
	if err := msg.ValidateBasic(); err != nil {
		return nil, err
	}
	return &types.MsgUpdateParamsResponse{}, s.Params.Set(ctx, msg.Params)
}
