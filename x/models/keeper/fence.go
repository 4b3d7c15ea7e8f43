package keeper

import (
	"bytes"
	"context"

	errorsmod "cosmossdk.io/errors"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/models/types"
)

// claimFence puts up a fence, or takes over the one that stands for who knows its holder. It says whether another one
// stood.
func (k Keeper) claimFence(ctx context.Context, msg *types.MsgClaimFence) (replaced bool, err error) {
	address := sdk.MustAccAddressFromBech32(msg.Provider)
	provider, err := k.GetProvider(ctx, address)
	if err != nil {
		return false, err
	}
	same := bytes.Equal(provider.Fence, msg.Fence)
	switch {
	case same && !bytes.Equal(provider.FenceHolder, msg.Previous):
		return false, errorsmod.Wrap(types.ErrFence,
			"another copy of the gateway has claimed it since: claim a new fence, and do not answer in sessions of this one")
	case !same && len(msg.Previous) != 0:
		return false, errorsmod.Wrap(types.ErrFence, "another fence stands: claim a new one without a previous holder")
	}
	replaced = !same && len(provider.Fence) != 0
	provider.Fence, provider.FenceHolder = msg.Fence, msg.Holder
	return replaced, k.Providers.Set(ctx, address, provider)
}
