package keeper

import (
	"context"

	errorsmod "cosmossdk.io/errors"
	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/models/types"
)

// The state that x/attribution needs of each provider is in the provider's own record. A batch changes that record
// anyway, because it locks a part of the bond.

// RecordBatch holds a part of a provider's bond for a batch, whose number becomes
// the last one that the provider has used. It fails with ErrProviderFrozen, or
// with ErrInsufficientBond when the bond does not cover the liability. It returns
// the provider as it was before.
func (k Keeper) RecordBatch(ctx context.Context, address sdk.AccAddress, liability math.Int,
	batch types.RecordedBatch) (types.Provider, error) {
	if liability.IsNil() || liability.IsNegative() {
		return types.Provider{}, errorsmod.Wrap(types.ErrLiability, "liability must not be negative")
	}
	provider, err := k.GetProvider(ctx, address)
	if err != nil {
		return provider, err
	}
	if provider.Frozen {
		return provider, errorsmod.Wrapf(types.ErrProviderFrozen,
			"%s may not submit batches: a lie in one was proven, or validators with more than two thirds of the power called "+
				"one wrong", address)
	}
	// Compared before the sum is made: an amount may have any size.
	if free := provider.Bond.Sub(provider.Liability); liability.GT(free) {
		return provider, errorsmod.Wrapf(types.ErrInsufficientBond,
			"%saopen more liability, %saopen of the bond are free: bond more, or wait until dispute windows close", liability,
			free)
	}
	recorded := provider
	recorded.Liability = provider.Liability.Add(liability)
	recorded.LastSeq, recorded.LastBatch = batch.Seq, batch.ID
	recorded.Recurring = batch.Recurring
	if batch.Open {
		recorded.OpenBatches++
	}
	return provider, k.Providers.Set(ctx, address, recorded)
}

// CountOpenBatch counts a batch that begins (opened) or ends its wait for validators. It returns the provider as it was
// before.
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
