package review

import (
	"context"

	"github.com/cosmos/gogoproto/proto"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/datanet/types"
	"github.com/openledger/openledger/x/internal/modulekit"
)

// Messages serves those messages of x/datanet that are about review.
type Messages struct{ k Keeper }

// NewMessages returns the message server of review.
func NewMessages(k Keeper) Messages { return Messages{k} }

// begin validates a message and returns the parameters of an active module.
func (m Messages) begin(ctx context.Context, msg sdk.HasValidateBasic) (types.Params, error) {
	if err := msg.ValidateBasic(); err != nil {
		return types.Params{}, err
	}
	return m.k.registry.Active(ctx)
}

// beginOn is begin for a message about a DataNet, which it returns too.
func (m Messages) beginOn(ctx context.Context, msg sdk.HasValidateBasic, datanet uint64) (types.Params, types.DataNet,
	error) {
	params, err := m.begin(ctx, msg)
	if err != nil {
		return types.Params{}, types.DataNet{}, err
	}
	found, err := m.k.registry.DataNet(ctx, datanet)
	return params, found, err
}

// govern validates a message of governance and returns the parameters of an active module.
func (m Messages) govern(ctx context.Context, msg sdk.HasValidateBasic, authority string) (types.Params, error) {
	if err := modulekit.CheckAuthority(ctx, m.k.authority, authority, types.ErrUnauthorized); err != nil {
		return types.Params{}, err
	}
	return m.begin(ctx, msg)
}

func emit(ctx context.Context, event proto.Message) error {
	return sdk.UnwrapSDKContext(ctx).EventManager().EmitTypedEvent(event)
}
