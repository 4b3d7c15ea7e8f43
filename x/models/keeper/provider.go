package keeper

import (
	"context"
	"errors"

	"cosmossdk.io/collections"
	errorsmod "cosmossdk.io/errors"
	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/models/types"
)

// registerProvider takes the bond and stores a new provider.
func (k Keeper) registerProvider(ctx context.Context, params types.Params, msg *types.MsgRegisterProvider) error {
	address := sdk.MustAccAddressFromBech32(msg.Provider)
	if _, err := k.Providers.Get(ctx, address); err == nil {
		return errorsmod.Wrapf(types.ErrProviderExists,
			"%s: change it with update-provider, add to the bond with bond-provider", address)
	} else if !errors.Is(err, collections.ErrNotFound) {
		return err
	}
	if msg.Bond.Amount.LT(params.MinBond) {
		return errorsmod.Wrapf(types.ErrInvalidBond, "bond of %s is below the minimum %saopen", msg.Bond, params.MinBond)
	}
	if err := k.bank.SendCoinsFromAccountToModule(ctx, address, types.ModuleName, sdk.NewCoins(msg.Bond)); err != nil {
		return err
	}
	return k.Providers.Set(ctx, address, types.Provider{
		Address: msg.Provider, Name: msg.Name, Endpoint: msg.Endpoint, AnswerKey: msg.AnswerKey,
		Bond: msg.Bond.Amount, Liability: math.ZeroInt(), Unbonding: math.ZeroInt(),
		RegisteredHeight: sdk.UnwrapSDKContext(ctx).BlockHeight(),
	})
}
