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

// CheckInvariants recounts bonds, unbonding entries, royalty tables, versions, training records, reproductions and
// indexes.
func (k Keeper) CheckInvariants(ctx context.Context) error {
	if err := k.checkBonds(ctx); err != nil {
		return err
	}
	if err := k.checkUnbondingIndex(ctx); err != nil {
		return err
	}
	if err := k.checkModels(ctx); err != nil {
		return err
	}
	if err := k.checkTrainings(ctx); err != nil {
		return err
	}
	if err := k.checkReproductions(ctx); err != nil {
		return err
	}
	return k.checkOffers(ctx)
}

// checkBonds: liability ≤ bond, unbonding = Σ entries, balance ≥ Σ of both.
func (k Keeper) checkBonds(ctx context.Context) error {
	owed := math.ZeroInt()
	err := k.Providers.Walk(ctx, nil, func(address sdk.AccAddress, provider types.Provider) (bool, error) {
		if provider.Liability.IsNegative() || provider.Liability.GT(provider.Bond) {
			return true, errorsmod.Wrapf(types.ErrInvariant, "%s: liability %s is not between 0 and the bond %s", address,
				provider.Liability, provider.Bond)
		}
		entries, err := k.unbondingsOf(ctx, address)
		if err != nil {
			return true, err
		}
		unbonding := math.ZeroInt()
		for _, entry := range entries {
			unbonding = unbonding.Add(entry.Amount.Amount)
		}
		if !unbonding.Equal(provider.Unbonding) {
			return true, errorsmod.Wrapf(types.ErrInvariant, "%s: unbonding is %s, its entries sum to %s", address,
				provider.Unbonding, unbonding)
		}
		owed = owed.Add(provider.Bond).Add(unbonding)
		return false, nil
	})
	if err != nil {
		return err
	}
	if held := k.moduleBalance(ctx); held.LT(owed) {
		return errorsmod.Wrapf(types.ErrInvariant, "bonds of %s are owed, %s is held", owed, held)
	}
	return nil
}

// checkUnbondingIndex: queue and index hold the same entries, all of providers.
func (k Keeper) checkUnbondingIndex(ctx context.Context) error {
	next, err := k.NextUnbonding.Peek(ctx)
	if err != nil {
		return err
	}
	queued, indexed := 0, 0
	err = k.Unbondings.Walk(
		ctx, nil, func(key collections.Pair[time.Time, uint64], entry types.UnbondingEntry) (bool, error) {
			queued++
			address, err := sdk.AccAddressFromBech32(entry.Provider)
			if err != nil {
				return true, err
			}
			completion, err := k.UnbondingsBy.Get(ctx, collections.Join(address, entry.Id))
			if err != nil || !completion.Equal(entry.CompletionTime) || !key.K1().Equal(entry.CompletionTime) ||
				key.K2() != entry.Id || entry.Id >= next {
				return true, errorsmod.Wrapf(types.ErrInvariant, "unbonding entry %d does not stand where its index says", entry.Id)
			}
			_, err = k.GetProvider(ctx, address)
			return err != nil, err
		})
	if err != nil {
		return err
	}
	err = k.UnbondingsBy.Walk(ctx, nil, func(collections.Pair[sdk.AccAddress, uint64], time.Time) (bool, error) {
		indexed++
		return false, nil
	})
	return sameCount(err, "unbonding entries", queued, indexed)
}

// checkModels: tables sum to 1,000,000, every model has all its versions.
func (k Keeper) checkModels(ctx context.Context) error {
	next, err := k.NextModel.Peek(ctx)
	if err != nil {
		return err
	}
	expected, stored := 0, 0
	err = k.Models.Walk(ctx, nil, func(id uint64, model types.Model) (bool, error) {
		if err := types.ValidateRoyalties(model.Royalties); err != nil {
			return true, errorsmod.Wrapf(types.ErrInvariant, "model %d: %s", id, err)
		}
		if id != model.Id || id >= next || model.Depth < 1 || model.Depth > types.MaxDepth {
			return true, errorsmod.Wrapf(types.ErrInvariant, "model %d at key %d has depth %d, the next id is %d", model.Id, id,
				model.Depth, next)
		}
		expected += int(model.Version)
		return false, nil
	})
	if err != nil {
		return err
	}
	err = k.Versions.Walk(ctx, nil, func(key collections.Pair[uint64, uint32], _ types.ModelVersion) (bool, error) {
		stored++
		model, err := k.GetModel(ctx, key.K1())
		if err == nil && (key.K2() < 1 || key.K2() > model.Version) {
			err = errorsmod.Wrapf(types.ErrInvariant, "model %d has %d versions, version %d is stored", model.Id, model.Version,
				key.K2())
		}
		return err != nil, err
	})
	return sameCount(err, "model versions", expected, stored)
}

// checkOffers: offers and their index hold the same, of known models and providers.
func (k Keeper) checkOffers(ctx context.Context) error {
	offers, indexed := 0, 0
	err := k.Offers.Walk(ctx, nil, func(key collections.Pair[uint64, sdk.AccAddress], _ types.Offer) (bool, error) {
		offers++
		if _, err := k.GetModel(ctx, key.K1()); err != nil {
			return true, err
		}
		if _, err := k.GetProvider(ctx, key.K2()); err != nil {
			return true, err
		}
		found, err := k.OffersByProvider.Has(ctx, collections.Join(key.K2(), key.K1()))
		if err == nil && !found {
			err = errorsmod.Wrapf(types.ErrInvariant, "offer of model %d by %s is not indexed", key.K1(), key.K2())
		}
		return err != nil, err
	})
	if err != nil {
		return err
	}
	err = k.OffersByProvider.Walk(ctx, nil, func(collections.Pair[sdk.AccAddress, uint64]) (bool, error) {
		indexed++
		return false, nil
	})
	return sameCount(err, "offers", offers, indexed)
}

func sameCount(err error, what string, want, got int) error {
	if err == nil && want != got {
		err = errorsmod.Wrapf(types.ErrInvariant, "%s: %d counted, %d expected", what, got, want)
	}
	return err
}
