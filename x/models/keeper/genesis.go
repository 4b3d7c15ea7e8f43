package keeper

import (
	"context"

	"cosmossdk.io/collections"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/internal/modulekit"
	"github.com/openledger/openledger/x/models/types"
)

// InitGenesis sets the whole state. The bank must have been initialised.
func (k Keeper) InitGenesis(ctx context.Context, g types.GenesisState) error {
	if err := g.Validate(); err != nil {
		return err
	}
	if err := k.Params.Set(ctx, g.Params); err != nil {
		return err
	}
	if err := k.NextModel.Set(ctx, g.NextModelId); err != nil {
		return err
	}
	if err := k.NextUnbonding.Set(ctx, g.NextUnbondingId); err != nil {
		return err
	}
	for _, model := range g.Models {
		if err := k.Models.Set(ctx, model.Id, model); err != nil {
			return err
		}
	}
	for _, version := range g.ModelVersions {
		if err := k.Versions.Set(ctx, collections.Join(version.ModelId, version.Version), version); err != nil {
			return err
		}
	}
	for _, provider := range g.Providers {
		if err := k.Providers.Set(ctx, sdk.MustAccAddressFromBech32(provider.Address), provider); err != nil {
			return err
		}
	}
	for _, entry := range g.Unbondings {
		if err := k.setUnbonding(ctx, entry); err != nil {
			return err
		}
	}
	for _, offer := range g.Offers {
		address := sdk.MustAccAddressFromBech32(offer.Provider)
		if err := k.Offers.Set(ctx, collections.Join(offer.ModelId, address), offer); err != nil {
			return err
		}
		if err := k.OffersByProvider.Set(ctx, collections.Join(address, offer.ModelId)); err != nil {
			return err
		}
	}
	for _, found := range g.Reproductions {
		key := collections.Join3(found.ModelId, found.Version, sdk.MustAccAddressFromBech32(found.Sender))
		if err := k.Reproductions.Set(ctx, key, found); err != nil {
			return err
		}
	}
	return k.CheckInvariants(ctx)
}

// ExportGenesis returns the whole state.
func (k Keeper) ExportGenesis(ctx context.Context) (*types.GenesisState, error) {
	var g types.GenesisState
	var err error
	if g.Params, err = k.Params.Get(ctx); err != nil {
		return nil, err
	}
	if g.NextModelId, err = k.NextModel.Peek(ctx); err != nil {
		return nil, err
	}
	if g.NextUnbondingId, err = k.NextUnbonding.Peek(ctx); err != nil {
		return nil, err
	}
	if g.Models, err = modulekit.Values(ctx, k.Models); err != nil {
		return nil, err
	}
	if g.ModelVersions, err = modulekit.Values(ctx, k.Versions); err != nil {
		return nil, err
	}
	if g.Providers, err = modulekit.Values(ctx, k.Providers); err != nil {
		return nil, err
	}
	if g.Unbondings, err = modulekit.Values(ctx, k.Unbondings); err != nil {
		return nil, err
	}
	if g.Offers, err = modulekit.Values(ctx, k.Offers); err != nil {
		return nil, err
	}
	g.Reproductions, err = modulekit.Values(ctx, k.Reproductions)
	return &g, err
}
