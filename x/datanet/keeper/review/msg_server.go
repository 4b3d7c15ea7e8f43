package review

import (
	"context"

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
	return modulekit.Begin(ctx, msg, m.k.registry.Active)
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
	return modulekit.Govern(ctx, msg, m.k.authority, authority, types.ErrUnauthorized, m.k.registry.Active)
}
