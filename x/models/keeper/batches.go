package keeper

import (
	"context"

	errorsmod "cosmossdk.io/errors"
	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/models/types"
)

// What x/attribution keeps of each provider stands in the provider's own record,
// which a batch changes anyway: it holds a part of the bond.

// AddLiability holds a part of a provider's bond for a batch. It fails with
// ErrProviderFrozen, or with ErrInsufficientBond when the bond does not cover it.
func (k Keeper) AddLiability(ctx context.Context, address sdk.AccAddress, amount math.Int) error {
	provider, err := k.liable(ctx, address, amount)
	if err != nil {
		return err
	}
	return k.Providers.Set(ctx, address, provider)
}

// RecordBatch is AddLiability for a new batch, whose number becomes the last one
// that the provider has used. It returns the provider as it was before.
func (k Keeper) RecordBatch(ctx context.Context, address sdk.AccAddress, liability math.Int, batch types.RecordedBatch) (types.Provider, error) {
	provider, err := k.liable(ctx, address, liability)
	if err != nil {
		return provider, err
	}
	recorded := provider
	recorded.LastSeq, recorded.LastBatch = batch.Seq, batch.ID
	if batch.Open {
		recorded.OpenBatches++
	}
	return provider, k.Providers.Set(ctx, address, recorded)
}

// liable returns a provider with more liability.
func (k Keeper) liable(ctx context.Context, address sdk.AccAddress, amount math.Int) (types.Provider, error) {
	if amount.IsNil() || amount.IsNegative() {
		return types.Provider{}, errorsmod.Wrap(types.ErrLiability, "liability must not be negative")
	}
	provider, err := k.GetProvider(ctx, address)
	if err != nil {
		return provider, err
	}
	if provider.Frozen {
		return provider, errorsmod.Wrapf(types.ErrProviderFrozen, "%s may not submit batches: a lie in one was proven, or validators with more than two thirds of the power called one wrong", address)
	}
	// Compared before the sum is made: an amount may have any size.
	if free := provider.Bond.Sub(provider.Liability); amount.GT(free) {
		return provider, errorsmod.Wrapf(types.ErrInsufficientBond, "%saopen more liability, %saopen of the bond are free: bond more, or wait until dispute windows close", amount, free)
	}
	provider.Liability = provider.Liability.Add(amount)
	return provider, nil
}

// CountOpenBatch counts a batch that waits for validators, or does not any more.
// It returns the provider as it was before.
func (k Keeper) CountOpenBatch(ctx context.Context, address sdk.AccAddress, opened bool) (types.Provider, error) {
	provider, err := k.GetProvider(ctx, address)
	if err != nil {
		return provider, err
	}
	counted := provider
	switch {
	case opened:
		counted.OpenBatches++
	case counted.OpenBatches == 0:
		return provider, errorsmod.Wrapf(types.ErrLiability, "%s has no open batch", address)
	default:
		counted.OpenBatches--
	}
	return provider, k.Providers.Set(ctx, address, counted)
}
