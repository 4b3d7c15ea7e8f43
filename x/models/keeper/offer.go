package keeper

import (
	"context"

	"cosmossdk.io/collections"
	errorsmod "cosmossdk.io/errors"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/models/types"
)

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
		return errorsmod.Wrapf(types.ErrInsufficientBond, "bond of %saopen is below the minimum %saopen: bond more first",
			provider.Bond, params.MinBond)
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

// hasOffers reports whether a provider has any offer.
func (k Keeper) hasOffers(ctx context.Context, address sdk.AccAddress) (bool, error) {
	iterator, err := k.OffersByProvider.Iterate(ctx, collections.NewPrefixedPairRange[sdk.AccAddress, uint64](address))
	if err != nil {
		return false, err
	}
	defer iterator.Close()
	return iterator.Valid(), nil
}
