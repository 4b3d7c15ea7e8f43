// Package keeper holds the state of x/models: models with their lineage,
// providers with their bonds, and offers.
package keeper

import (
	"context"
	"errors"
	"time"

	"cosmossdk.io/collections"
	collcodec "cosmossdk.io/collections/codec"
	"cosmossdk.io/core/address"
	corestore "cosmossdk.io/core/store"
	errorsmod "cosmossdk.io/errors"
	"cosmossdk.io/math"

	"github.com/cosmos/cosmos-sdk/codec"
	sdk "github.com/cosmos/cosmos-sdk/types"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"

	"github.com/openledger/openledger/x/internal/modulekit"
	"github.com/openledger/openledger/x/models/types"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// Keeper of x/models.
type Keeper struct {
	cdc          codec.BinaryCodec
	addressCodec address.Codec
	authority    string
	bank         types.BankKeeper
	datanets     types.DatanetKeeper

	Schema           collections.Schema
	Params           collections.Item[types.Params]
	NextModel        collections.Sequence
	NextUnbonding    collections.Sequence
	Models           collections.Map[uint64, types.Model]
	Versions         collections.Map[collections.Pair[uint64, uint32], types.ModelVersion]
	Providers        collections.Map[sdk.AccAddress, types.Provider]
	Unbondings       collections.Map[collections.Pair[time.Time, uint64], types.UnbondingEntry]
	UnbondingsBy     collections.Map[collections.Pair[sdk.AccAddress, uint64], time.Time]
	Offers           collections.Map[collections.Pair[uint64, sdk.AccAddress], types.Offer]
	OffersByProvider collections.KeySet[collections.Pair[sdk.AccAddress, uint64]]
	Reproductions    collections.Map[collections.Triple[uint64, uint32, sdk.AccAddress], types.Reproduction]
}

// NewKeeper returns the keeper.
func NewKeeper(
	cdc codec.BinaryCodec, store corestore.KVStoreService, addressCodec address.Codec, authority string,
	bank types.BankKeeper, datanets types.DatanetKeeper,
) Keeper {
	sb := collections.NewSchemaBuilder(store)
	k := Keeper{
		cdc: cdc, addressCodec: addressCodec, authority: authority, bank: bank, datanets: datanets,
		Params:        collections.NewItem(sb, types.ParamsKey, "params", codec.CollValue[types.Params](cdc)),
		NextModel:     collections.NewSequence(sb, types.NextModelKey, "next_model"),
		NextUnbonding: collections.NewSequence(sb, types.NextUnbondingKey, "next_unbonding"),
		Models: collections.NewMap(sb, types.ModelsKey, "models", collections.Uint64Key,
			codec.CollValue[types.Model](cdc)),
		Versions: collections.NewMap(sb, types.VersionsKey, "versions",
			collections.PairKeyCodec(collections.Uint64Key, collections.Uint32Key), codec.CollValue[types.ModelVersion](cdc)),
		Providers: collections.NewMap(sb, types.ProvidersKey, "providers", sdk.AccAddressKey,
			codec.CollValue[types.Provider](cdc)),
		Unbondings: collections.NewMap(sb, types.UnbondingsKey, "unbondings",
			collections.PairKeyCodec(modulekit.TimeKey, collections.Uint64Key), codec.CollValue[types.UnbondingEntry](cdc)),
		UnbondingsBy: collections.NewMap(sb, types.UnbondingsByKey, "unbondings_by_provider",
			collections.PairKeyCodec(sdk.AccAddressKey, collections.Uint64Key), collcodec.KeyToValueCodec(modulekit.TimeKey)),
		Offers: collections.NewMap(sb, types.OffersKey, "offers",
			collections.PairKeyCodec(collections.Uint64Key, sdk.AccAddressKey), codec.CollValue[types.Offer](cdc)),
		OffersByProvider: collections.NewKeySet(sb, types.OffersByProviderKey, "offers_by_provider",
			collections.PairKeyCodec(sdk.AccAddressKey, collections.Uint64Key)),
		Reproductions: collections.NewMap(sb, types.ReproductionsKey, "reproductions",
			collections.TripleKeyCodec(collections.Uint64Key, collections.Uint32Key, sdk.AccAddressKey),
			codec.CollValue[types.Reproduction](cdc)),
	}
	schema, err := sb.Build()
	if err != nil {
		panic(err)
	}
	k.Schema = schema
	return k
}

// GetModel returns a model, or ErrModelNotFound.
func (k Keeper) GetModel(ctx context.Context, id uint64) (types.Model, error) {
	model, err := k.Models.Get(ctx, id)
	if errors.Is(err, collections.ErrNotFound) {
		err = errorsmod.Wrapf(types.ErrModelNotFound, "no model %d: see `openledgerd query models models`", id)
	}
	return model, err
}

// GetModelVersion returns a version of a model, or ErrModelNotFound.
func (k Keeper) GetModelVersion(ctx context.Context, id uint64, version uint32) (types.ModelVersion, error) {
	found, err := k.Versions.Get(ctx, collections.Join(id, version))
	if errors.Is(err, collections.ErrNotFound) {
		err = errorsmod.Wrapf(types.ErrModelNotFound, "model %d has no version %d", id, version)
	}
	return found, err
}

// GetProvider returns a provider, or ErrProviderNotFound.
func (k Keeper) GetProvider(ctx context.Context, address sdk.AccAddress) (types.Provider, error) {
	provider, err := k.Providers.Get(ctx, address)
	if errors.Is(err, collections.ErrNotFound) {
		err = errorsmod.Wrapf(types.ErrProviderNotFound,
			"%s is not a provider: register with `openledgerd tx models register-provider`", address)
	}
	return provider, err
}

// GetOffer returns a provider's offer for a model, or ErrOfferNotFound.
func (k Keeper) GetOffer(ctx context.Context, modelID uint64, provider sdk.AccAddress) (types.Offer, error) {
	offer, err := k.Offers.Get(ctx, collections.Join(modelID, provider))
	if errors.Is(err, collections.ErrNotFound) {
		err = errorsmod.Wrapf(types.ErrOfferNotFound, "%s does not offer model %d: see `openledgerd query models offers %d`",
			provider, modelID, modelID)
	}
	return offer, err
}

// RoyaltyOwners returns the royalty table of a model with the current owners.
func (k Keeper) RoyaltyOwners(ctx context.Context, modelID uint64) ([]rewardstypes.Share, error) {
	model, err := k.GetModel(ctx, modelID)
	if err != nil {
		return nil, err
	}
	shares := make([]rewardstypes.Share, len(model.Royalties))
	for i, row := range model.Royalties {
		owner, err := k.GetModel(ctx, row.ModelId)
		if err != nil {
			return nil, err
		}
		shares[i] = rewardstypes.Share{Address: sdk.MustAccAddressFromBech32(owner.Owner), PPM: row.Ppm}
	}
	return shares, nil
}

// ReleaseLiability frees amount (aopen) of a provider's bond. It returns ErrLiability if less is locked.
func (k Keeper) ReleaseLiability(ctx context.Context, address sdk.AccAddress, amount math.Int) error {
	provider, err := k.GetProvider(ctx, address)
	if err != nil {
		return err
	}
	if amount.IsNil() || amount.IsNegative() || amount.GT(provider.Liability) {
		return errorsmod.Wrapf(types.ErrLiability, "cannot release %s of %s", amount, provider.Liability)
	}
	provider.Liability = provider.Liability.Sub(amount)
	return k.Providers.Set(ctx, address, provider)
}

// active returns the parameters, and an error while the module is paused.
func (k Keeper) active(ctx context.Context) (types.Params, error) {
	params, err := k.Params.Get(ctx)
	if err == nil && params.Paused {
		err = errorsmod.Wrap(types.ErrPaused, "try again when governance has resumed the module")
	}
	return params, err
}

func (k Keeper) moduleBalance(ctx context.Context) math.Int {
	return k.bank.GetBalance(ctx, authtypes.NewModuleAddress(types.ModuleName), rewardstypes.Denom).Amount
}
