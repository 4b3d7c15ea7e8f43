package keeper

import (
	"context"
	"errors"
	"time"

	"cosmossdk.io/collections"
	errorsmod "cosmossdk.io/errors"
	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/internal/modulekit"
	"github.com/openledger/openledger/x/models/types"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// registerProvider takes the bond and stores a new provider.
func (k Keeper) registerProvider(ctx context.Context, params types.Params, msg *types.MsgRegisterProvider) error {
	address := sdk.MustAccAddressFromBech32(msg.Provider)
	if _, err := k.Providers.Get(ctx, address); err == nil {
		return errorsmod.Wrapf(types.ErrProviderExists, "%s: change it with update-provider, add to the bond with bond-provider", address)
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

// unbond starts to take free bond out.
func (k Keeper) unbond(ctx context.Context, params types.Params, address sdk.AccAddress, amount sdk.Coin) (types.UnbondingEntry, error) {
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
		return errorsmod.Wrapf(types.ErrUnbonding, "%saopen is free: the rest of the bond answers for batches whose dispute window is open", free)
	}
	address := sdk.MustAccAddressFromBech32(provider.Address)
	if provider.Bond.Sub(amount).LT(params.MinBond) {
		offers, err := k.hasOffers(ctx, address)
		if err != nil {
			return err
		}
		if offers {
			return errorsmod.Wrapf(types.ErrUnbonding, "what is left is below the minimum bond %saopen: remove your offers first", params.MinBond)
		}
	}
	entries, err := k.unbondingsOf(ctx, address)
	if err == nil && len(entries) >= int(params.MaxUnbondings) {
		err = errorsmod.Wrapf(types.ErrUnbonding, "%d unbonding entries are open: wait until one is paid out", len(entries))
	}
	return err
}

func (k Keeper) hasOffers(ctx context.Context, address sdk.AccAddress) (bool, error) {
	iterator, err := k.OffersByProvider.Iterate(ctx, collections.NewPrefixedPairRange[sdk.AccAddress, uint64](address))
	if err != nil {
		return false, err
	}
	defer iterator.Close()
	return iterator.Valid(), nil
}

// unbondingsOf returns the open entries of a provider, at most MaxUnbondings.
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
	return k.UnbondingsBy.Set(ctx, collections.Join(sdk.MustAccAddressFromBech32(entry.Provider), entry.Id), entry.CompletionTime)
}

func (k Keeper) removeUnbonding(ctx context.Context, entry types.UnbondingEntry) error {
	if err := k.Unbondings.Remove(ctx, collections.Join(entry.CompletionTime, entry.Id)); err != nil {
		return err
	}
	return k.UnbondingsBy.Remove(ctx, collections.Join(sdk.MustAccAddressFromBech32(entry.Provider), entry.Id))
}

// setOffer offers a model at a price.
func (k Keeper) setOffer(ctx context.Context, params types.Params, offer types.Offer) error {
	address := sdk.MustAccAddressFromBech32(offer.Provider)
	provider, err := k.GetProvider(ctx, address)
	if err != nil {
		return err
	}
	if provider.Frozen {
		return errorsmod.Wrapf(types.ErrProviderFrozen, "%s may not offer models", address)
	}
	if provider.Bond.LT(params.MinBond) {
		return errorsmod.Wrapf(types.ErrInsufficientBond, "bond of %saopen is below the minimum %saopen: bond more first", provider.Bond, params.MinBond)
	}
	model, err := k.GetModel(ctx, offer.ModelId)
	if err != nil {
		return err
	}
	if model.Retired {
		return errorsmod.Wrapf(types.ErrModelRetired, "model %d takes no new sessions", model.Id)
	}
	if err := k.Offers.Set(ctx, collections.Join(offer.ModelId, address), offer); err != nil {
		return err
	}
	return k.OffersByProvider.Set(ctx, collections.Join(address, offer.ModelId))
}

// retryAfter a payment that the bank refused.
const retryAfter = time.Hour

// EndBlock pays matured unbonding entries, at most UnbondingsPerBlock.
func (k Keeper) EndBlock(ctx context.Context) error {
	params, err := k.Params.Get(ctx)
	if err != nil {
		return err
	}
	sdkCtx := sdk.UnwrapSDKContext(ctx)
	matured, err := k.matured(sdkCtx, int(params.UnbondingsPerBlock))
	if err != nil || len(matured) == 0 {
		return err
	}
	event := types.EventUnbondingsCompleted{Amount: sdk.NewCoin(rewardstypes.Denom, math.ZeroInt())}
	for _, entry := range matured {
		if err := modulekit.Attempt(sdkCtx, func(ctx sdk.Context) error { return k.complete(ctx, entry) }); err != nil {
			sdkCtx.Logger().Error("unbonding entry could not be paid; trying again later", "module", types.ModuleName, "id", entry.Id, "err", err)
			if err := k.postpone(ctx, entry); err != nil {
				return err
			}
			continue
		}
		event.Count++
		event.Amount = event.Amount.Add(entry.Amount)
	}
	return sdkCtx.EventManager().EmitTypedEvent(&event)
}

func (k Keeper) matured(ctx sdk.Context, limit int) ([]types.UnbondingEntry, error) {
	until := new(collections.Range[collections.Pair[time.Time, uint64]]).
		EndInclusive(collections.Join(ctx.BlockTime(), ^uint64(0)))
	var entries []types.UnbondingEntry
	err := k.Unbondings.Walk(ctx, until, func(_ collections.Pair[time.Time, uint64], entry types.UnbondingEntry) (bool, error) {
		entries = append(entries, entry)
		return len(entries) == limit, nil
	})
	return entries, err
}

func (k Keeper) complete(ctx context.Context, entry types.UnbondingEntry) error {
	address := sdk.MustAccAddressFromBech32(entry.Provider)
	provider, err := k.GetProvider(ctx, address)
	if err != nil {
		return err
	}
	provider.Unbonding = provider.Unbonding.Sub(entry.Amount.Amount)
	if err := k.Providers.Set(ctx, address, provider); err != nil {
		return err
	}
	if err := k.removeUnbonding(ctx, entry); err != nil {
		return err
	}
	return k.bank.SendCoinsFromModuleToAccount(ctx, types.ModuleName, address, sdk.NewCoins(entry.Amount))
}

// postpone keeps an entry that cannot be paid from holding up those behind it.
func (k Keeper) postpone(ctx context.Context, entry types.UnbondingEntry) error {
	if err := k.removeUnbonding(ctx, entry); err != nil {
		return err
	}
	entry.CompletionTime = entry.CompletionTime.Add(retryAfter)
	return k.setUnbonding(ctx, entry)
}
