package types

import (
	errorsmod "cosmossdk.io/errors"
	"cosmossdk.io/math"
)

// DefaultGenesis is the state of a new chain.
func DefaultGenesis() *GenesisState {
	return &GenesisState{Params: DefaultParams(), NextModelId: 1, NextUnbondingId: 1}
}

// Validate reports a state that cannot have come about.
func (g GenesisState) Validate() error {
	if err := g.Params.Validate(); err != nil {
		return err
	}
	if g.NextModelId < 1 || g.NextUnbondingId < 1 {
		return errorsmod.Wrap(ErrInvalidGenesis, "next_model_id and next_unbonding_id start at 1")
	}
	models := make(map[uint64]Model, len(g.Models))
	for _, model := range g.Models {
		if _, twice := models[model.Id]; twice || model.Id < 1 || model.Id >= g.NextModelId {
			return errorsmod.Wrapf(ErrInvalidGenesis, "model %d stands twice or is not below the next id %d", model.Id, g.NextModelId)
		}
		if err := validateAddress("owner", model.Owner); err != nil {
			return errorsmod.Wrap(ErrInvalidGenesis, err.Error())
		}
		models[model.Id] = model
	}
	for _, version := range g.ModelVersions {
		if model, known := models[version.ModelId]; !known || version.Version < 1 || version.Version > model.Version {
			return errorsmod.Wrapf(ErrInvalidGenesis, "version %d of model %d does not exist", version.Version, version.ModelId)
		}
	}
	return g.validateProviders(models)
}

func (g GenesisState) validateProviders(models map[uint64]Model) error {
	providers := make(map[string]bool, len(g.Providers))
	for _, provider := range g.Providers {
		if err := validateAddress("provider", provider.Address); err != nil {
			return errorsmod.Wrap(ErrInvalidGenesis, err.Error())
		}
		if providers[provider.Address] {
			return errorsmod.Wrapf(ErrInvalidGenesis, "provider %s stands twice", provider.Address)
		}
		providers[provider.Address] = true
		for _, amount := range []math.Int{provider.Bond, provider.Liability, provider.Unbonding} {
			if amount.IsNil() || amount.IsNegative() {
				return errorsmod.Wrapf(ErrInvalidGenesis, "provider %s has a negative amount", provider.Address)
			}
		}
	}
	for _, entry := range g.Unbondings {
		if !providers[entry.Provider] || entry.Id < 1 || entry.Id >= g.NextUnbondingId {
			return errorsmod.Wrapf(ErrInvalidGenesis, "unbonding entry %d belongs to no provider or is not below the next id %d", entry.Id, g.NextUnbondingId)
		}
		if err := validateCoin("unbonding", entry.Amount); err != nil {
			return errorsmod.Wrap(ErrInvalidGenesis, err.Error())
		}
	}
	for _, offer := range g.Offers {
		if _, known := models[offer.ModelId]; !known || !providers[offer.Provider] {
			return errorsmod.Wrapf(ErrInvalidGenesis, "offer of model %d by %s: unknown model or provider", offer.ModelId, offer.Provider)
		}
	}
	return nil
}
