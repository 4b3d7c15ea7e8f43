package keeper

import (
	"bytes"
	"context"

	errorsmod "cosmossdk.io/errors"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/models/types"
)

// claimFence stores a new fence. If the current fence is claimed by a sender that knows its holder, claimFence only
// changes the holder. It reports whether it replaced another fence.
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
