package keeper

import (
	"context"

	errorsmod "cosmossdk.io/errors"
	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/internal/modulekit"
	"github.com/openledger/openledger/x/models/types"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// Slash takes amount (aopen) of a provider's locked bond, gives it to the module that divides it, and freezes the
// provider: a frozen provider can neither submit batches nor offer models.
func (k Keeper) Slash(ctx context.Context, address sdk.AccAddress, amount math.Int, toModule string) error {
	provider, err := k.GetProvider(ctx, address)
	if err != nil {
		return err
	}
	if amount.IsNil() || amount.IsNegative() || amount.GT(provider.Liability) {
		return errorsmod.Wrapf(types.ErrLiability, "cannot slash %s, %s is held for batches", amount, provider.Liability)
	}
	provider.Liability = provider.Liability.Sub(amount)
	provider.Bond = provider.Bond.Sub(amount)
	provider.Frozen = true
	if err := k.Providers.Set(ctx, address, provider); err != nil {
		return err
	}
	slashed := sdk.NewCoin(rewardstypes.Denom, amount)
	if amount.IsPositive() {
		if err := k.bank.SendCoinsFromModuleToModule(ctx, types.ModuleName, toModule, sdk.NewCoins(slashed)); err != nil {
			return err
		}
	}
	return modulekit.Emit(ctx, &types.EventProviderSlashed{Provider: provider.Address, Amount: slashed})
}

// Freeze stops a provider from submitting batches and offering models, without slashing. It is for providers of a batch
// that more than two thirds of the power called wrong.
func (k Keeper) Freeze(ctx context.Context, address sdk.AccAddress) error {
	provider, err := k.GetProvider(ctx, address)
	if err != nil || provider.Frozen {
		return err
	}
	provider.Frozen = true
	if err := k.Providers.Set(ctx, address, provider); err != nil {
		return err
	}
	return modulekit.Emit(ctx, &types.EventProviderFrozen{Provider: provider.Address})
}
