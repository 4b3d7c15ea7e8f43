package keeper

import (
	"context"

	errorsmod "cosmossdk.io/errors"
	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/models/types"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// Slash takes a part of a provider's bond that is held as liability and freezes
// the provider: it may neither submit batches nor offer models any more. The
// coins stay in the module account for the caller to pay out or burn in the
// same step.
func (k Keeper) Slash(ctx context.Context, address sdk.AccAddress, amount math.Int) error {
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
	return emit(ctx, &types.EventProviderSlashed{Provider: provider.Address, Amount: sdk.NewCoin(rewardstypes.Denom, amount)})
}

// Burn burns coins that Slash has left in the module account.
func (k Keeper) Burn(ctx context.Context, amount math.Int) error {
	if !amount.IsPositive() {
		return nil
	}
	return k.bank.BurnCoins(ctx, types.ModuleName, sdk.NewCoins(sdk.NewCoin(rewardstypes.Denom, amount)))
}

// Freeze keeps a provider from submitting batches and offering models, without taking anything: more than two thirds of the power have
// called a batch of theirs wrong.
func (k Keeper) Freeze(ctx context.Context, address sdk.AccAddress) error {
	provider, err := k.GetProvider(ctx, address)
	if err != nil || provider.Frozen {
		return err
	}
	provider.Frozen = true
	if err := k.Providers.Set(ctx, address, provider); err != nil {
		return err
	}
	return emit(ctx, &types.EventProviderFrozen{Provider: provider.Address})
}
