package modulekit

import (
	"context"

	"github.com/cosmos/gogoproto/proto"

	sdk "github.com/cosmos/cosmos-sdk/types"
)

// Begin validates a message and returns the parameters of its module. active returns an error while the module is
// paused.
func Begin[P any](ctx context.Context, msg sdk.HasValidateBasic,
	active func(context.Context) (P, error)) (params P, err error) {
	if err := msg.ValidateBasic(); err != nil {
		return params, err
	}
	return active(ctx)
}

// Govern is Begin for a message of governance. Before that it checks the signer as CheckAuthority does.
func Govern[P any](ctx context.Context, msg sdk.HasValidateBasic, own, signer string, refused error,
	active func(context.Context) (P, error)) (params P, err error) {
	if err := CheckAuthority(ctx, own, signer, refused); err != nil {
		return params, err
	}
	return Begin(ctx, msg, active)
}

// Emit emits a typed event of the transaction or the block.
func Emit(ctx context.Context, event proto.Message) error {
	return sdk.UnwrapSDKContext(ctx).EventManager().EmitTypedEvent(event)
}
