package keeper

import (
	"context"
	"time"

	"cosmossdk.io/collections"
	errorsmod "cosmossdk.io/errors"
	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/models/types"
)

// unbond begins to unbond a part of the free bond.
func (k Keeper) unbond(ctx context.Context, params types.Params, address sdk.AccAddress,
	amount sdk.Coin) (types.UnbondingEntry, error) {
	provider, err := k.GetProvider(ctx, address)
	if err != nil {
		return types.UnbondingEntry{}, err
	}
	if err := k.mayUnbond(ctx, params, provider, amount.Amount); err != nil {
		return types.UnbondingEntry{}, err
	}
	id, err := k.NextUnbonding.Next(ctx)
	if err != nil {
		return types.UnbondingEntry{}, err
	}
	provider.Bond = provider.Bond.Sub(amount.Amount)
	provider.Unbonding = provider.Unbonding.Add(amount.Amount)
	if err := k.Providers.Set(ctx, address, provider); err != nil {
		return types.UnbondingEntry{}, err
	}
	entry := types.UnbondingEntry{
		Id: id, Provider: provider.Address, Amount: amount,
		CompletionTime: sdk.UnwrapSDKContext(ctx).BlockTime().Add(params.UnbondingTime).UTC(),
	}
	return entry, k.setUnbonding(ctx, entry)
}

func (k Keeper) mayUnbond(ctx context.Context, params types.Params, provider types.Provider, amount math.Int) error {
	free := provider.Bond.Sub(provider.Liability)
	if amount.GT(free) {
		return errorsmod.Wrapf(types.ErrUnbonding,
			"%saopen is free: the rest of the bond answers for batches whose dispute window is open", free)
	}
	address := sdk.MustAccAddressFromBech32(provider.Address)
	if provider.Bond.Sub(amount).LT(params.MinBond) {
		offers, err := k.hasOffers(ctx, address)
		if err != nil {
			return err
		}
		if offers {
			return errorsmod.Wrapf(types.ErrUnbonding,
				"what is left is below the minimum bond %saopen: remove your offers first", params.MinBond)
		}
	}
	entries, err := k.unbondingsOf(ctx, address)
	if err == nil && len(entries) >= int(params.MaxUnbondings) {
		err = errorsmod.Wrapf(types.ErrUnbonding, "%d unbonding entries are open: wait until one is paid out", len(entries))
	}
	return err
}

// unbondingsOf returns the open entries of a provider by id, at most MaxUnbondings.
func (k Keeper) unbondingsOf(ctx context.Context, address sdk.AccAddress) ([]types.UnbondingEntry, error) {
	var entries []types.UnbondingEntry
	err := k.UnbondingsBy.Walk(ctx, collections.NewPrefixedPairRange[sdk.AccAddress, uint64](address),
		func(key collections.Pair[sdk.AccAddress, uint64], completion time.Time) (bool, error) {
			entry, err := k.Unbondings.Get(ctx, collections.Join(completion, key.K2()))
			entries = append(entries, entry)
			return false, err
		})
	return entries, err
}

func (k Keeper) setUnbonding(ctx context.Context, entry types.UnbondingEntry) error {
	if err := k.Unbondings.Set(ctx, collections.Join(entry.CompletionTime, entry.Id), entry); err != nil {
		return err
	}
	return k.UnbondingsBy.Set(ctx, collections.Join(sdk.MustAccAddressFromBech32(entry.Provider), entry.Id),
		entry.CompletionTime)
}

func (k Keeper) removeUnbonding(ctx context.Context, entry types.UnbondingEntry) error {
	if err := k.Unbondings.Remove(ctx, collections.Join(entry.CompletionTime, entry.Id)); err != nil {
		return err
	}
	return k.UnbondingsBy.Remove(ctx, collections.Join(sdk.MustAccAddressFromBech32(entry.Provider), entry.Id))
}
