package keeper

import (
	"context"

	errorsmod "cosmossdk.io/errors"

	"github.com/cosmos/gogoproto/proto"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/datanet/types"
)

type msgServer struct{ Keeper }

var _ types.MsgServer = msgServer{}

// NewMsgServer returns the transaction service.
func NewMsgServer(k Keeper) types.MsgServer { return msgServer{k} }

// begin validates a message and returns the parameters of an active module.
func (s msgServer) begin(ctx context.Context, msg sdk.HasValidateBasic) (types.Params, error) {
	if err := msg.ValidateBasic(); err != nil {
		return types.Params{}, err
	}
	return s.active(ctx)
}

// govern validates a message of governance and returns the parameters of an active module.
func (s msgServer) govern(ctx context.Context, msg sdk.HasValidateBasic, authority string) (types.Params, error) {
	if authority != s.authority {
		return types.Params{}, errorsmod.Wrapf(types.ErrUnauthorized, "%s is not the governance account %s: submit a proposal", authority, s.authority)
	}
	return s.begin(ctx, msg)
}

func emit(ctx context.Context, event proto.Message) error {
	return sdk.UnwrapSDKContext(ctx).EventManager().EmitTypedEvent(event)
}

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
		if err := s.beginPause(sdk.UnwrapSDKContext(ctx)); err != nil {
			return nil, err
		}
	}
	if before.Paused && !msg.Params.Paused {
		if err := s.grantGrace(sdk.UnwrapSDKContext(ctx), msg.Params); err != nil {
			return nil, err
		}
	}
	return &types.MsgUpdateParamsResponse{}, s.Params.Set(ctx, msg.Params)
}
