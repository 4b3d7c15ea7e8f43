package types

import "cosmossdk.io/collections"

const (
	// ModuleName of x/models; also the account that holds bonds.
	ModuleName = "models"
	// StoreKey of its state.
	StoreKey = ModuleName
)

// Prefixes of state; numbers are never used again.
var (
	ParamsKey           = collections.NewPrefix(0)  // → Params
	NextModelKey        = collections.NewPrefix(1)  // → uint64
	NextUnbondingKey    = collections.NewPrefix(2)  // → uint64
	ModelsKey           = collections.NewPrefix(3)  // id → Model
	VersionsKey         = collections.NewPrefix(4)  // (model, version) → ModelVersion
	ProvidersKey        = collections.NewPrefix(5)  // address → Provider
	UnbondingsKey       = collections.NewPrefix(6)  // (completion time, id) → UnbondingEntry
	UnbondingsByKey     = collections.NewPrefix(7)  // (provider, id) → completion time
	OffersKey           = collections.NewPrefix(8)  // (model, provider) → Offer
	OffersByProviderKey = collections.NewPrefix(9)  // (provider, model)
	ReproductionsKey    = collections.NewPrefix(10) // (model, version, provider) → Reproduction
)
