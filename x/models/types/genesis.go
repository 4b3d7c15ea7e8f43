package types

import (
	"slices"

	errorsmod "cosmossdk.io/errors"
	"cosmossdk.io/math"

	rewardstypes "github.com/openledger/openledger/x/rewards/types"
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
	models, err := g.validateModels()
	if err != nil {
		return err
	}
	if err := g.validateVersions(models); err != nil {
		return err
	}
	providers, err := g.validateProviders()
	if err != nil {
		return err
	}
	if err := g.validateUnbondings(providers); err != nil {
		return err
	}
	if err := g.validateOffers(models, providers); err != nil {
		return err
	}
	return g.validateReproductions(providers)
}

func (g GenesisState) validateModels() (map[uint64]Model, error) {
	models := make(map[uint64]Model, len(g.Models))
	for _, model := range g.Models {
		if _, twice := models[model.Id]; twice || model.Id < 1 || model.Id >= g.NextModelId {
			return nil, errorsmod.Wrapf(ErrInvalidGenesis, "model %d stands twice or is not below the next id %d", model.Id,
				g.NextModelId)
		}
		if err := model.validate(); err != nil {
			return nil, errorsmod.Wrapf(ErrInvalidGenesis, "model %d: %s", model.Id, err)
		}
		models[model.Id] = model
	}
	for _, model := range g.Models {
		if err := validateLineage(models, model); err != nil {
			return nil, errorsmod.Wrapf(ErrInvalidGenesis, "model %d: %s", model.Id, err)
		}
	}
	return models, nil
}

func (m Model) validate() error {
	if err := validateAddress("owner", m.Owner); err != nil {
		return err
	}
	if err := validateProfile(m.Name, m.Description); err != nil {
		return err
	}
	if err := validateParent(m.Kind, m.ParentId, m.ParentPpm); err != nil {
		return err
	}
	if m.ParentPpm > ppm || m.Version < 1 || m.CreatedHeight < 0 {
		return errorsmod.Wrapf(ErrInvalidModel, "parent_ppm %d, version %d, created at height %d", m.ParentPpm, m.Version,
			m.CreatedHeight)
	}
	return ValidateRoyalties(m.Royalties)
}

// validateLineage recomputes depth and royalty table, which never change. All
// tables have been validated before.
func validateLineage(models map[uint64]Model, model Model) error {
	var parent Model
	if model.ParentId != 0 {
		var known bool
		if parent, known = models[model.ParentId]; !known || parent.Id >= model.Id {
			return errorsmod.Wrapf(ErrLineage, "parent %d is unknown or younger", model.ParentId)
		}
	}
	if model.Depth != parent.Depth+1 || model.Depth > MaxDepth {
		return errorsmod.Wrapf(ErrLineage, "depth is %d, the parent's %d, at most %d", model.Depth, parent.Depth, MaxDepth)
	}
	if !slices.Equal(model.Royalties, FlattenRoyalties(model.Id, model.ParentPpm, parent.Royalties)) {
		return errorsmod.Wrap(ErrLineage, "royalties do not follow from the parent's")
	}
	return nil
}

func (g GenesisState) validateVersions(models map[uint64]Model) error {
	type key struct {
		model   uint64
		version uint32
	}
	seen := make(map[key]bool, len(g.ModelVersions))
	count := make(map[uint64]uint32, len(models))
	for _, version := range g.ModelVersions {
		model, known := models[version.ModelId]
		if !known || version.Version < 1 || version.Version > model.Version {
			return errorsmod.Wrapf(ErrInvalidGenesis, "version %d of model %d does not exist", version.Version, version.ModelId)
		}
		id := key{version.ModelId, version.Version}
		if seen[id] {
			return errorsmod.Wrapf(ErrInvalidGenesis, "version %d of model %d stands twice", version.Version, version.ModelId)
		}
		seen[id] = true
		count[version.ModelId]++
		err := validateVersion(version)
		if err == nil {
			err = CheckManifestOf(model.Kind, version.Manifest)
		}
		if err == nil {
			err = CheckTrainingOf(model.Kind, version.Method, version.Training)
		}
		if err == nil && version.Height < model.CreatedHeight {
			err = errorsmod.Wrapf(ErrInvalidModel, "height %d is before the model's", version.Height)
		}
		if err != nil {
			return errorsmod.Wrapf(ErrInvalidGenesis, "version %d of model %d: %s", version.Version, version.ModelId, err)
		}
	}
	for _, model := range g.Models {
		if count[model.Id] != model.Version {
			return errorsmod.Wrapf(ErrInvalidGenesis, "model %d has %d versions, %d stand here", model.Id, model.Version,
				count[model.Id])
		}
	}
	return g.validateBases(models)
}

func (g GenesisState) validateProviders() (map[string]Provider, error) {
	providers := make(map[string]Provider, len(g.Providers))
	for _, provider := range g.Providers {
		if _, twice := providers[provider.Address]; twice {
			return nil, errorsmod.Wrapf(ErrInvalidGenesis, "provider %s stands twice", provider.Address)
		}
		if err := validateProvider(provider.Address, provider.Name, provider.Endpoint, provider.AnswerKey); err != nil {
			return nil, errorsmod.Wrapf(ErrInvalidGenesis, "provider %s: %s", provider.Address, err)
		}
		for _, amount := range []math.Int{provider.Bond, provider.Liability, provider.Unbonding} {
			if amount.IsNil() || amount.IsNegative() || amount.GT(rewardstypes.MaxSupply) {
				return nil, errorsmod.Wrapf(ErrInvalidGenesis, "provider %s: amounts are between 0 and the maximum supply",
					provider.Address)
			}
		}
		if len(provider.Fence) != 0 && len(provider.Fence) != fenceSize || len(provider.FenceHolder) != len(provider.Fence) {
			return nil, errorsmod.Wrapf(ErrInvalidGenesis, "provider %s: fence and holder have %d bytes, or none",
				provider.Address, fenceSize)
		}
		if provider.Liability.GT(provider.Bond) || provider.RegisteredHeight < 0 {
			return nil, errorsmod.Wrapf(ErrInvalidGenesis, "provider %s: liability is above the bond, or the height is negative",
				provider.Address)
		}
		if err := validateRecurring(provider.Recurring); err != nil {
			return nil, errorsmod.Wrapf(ErrInvalidGenesis, "provider %s: %s", provider.Address, err)
		}
		providers[provider.Address] = provider
	}
	return providers, nil
}

func (g GenesisState) validateUnbondings(providers map[string]Provider) error {
	ids := make(map[uint64]bool, len(g.Unbondings))
	sums := make(map[string]math.Int, len(providers))
	for _, provider := range g.Providers {
		sums[provider.Address] = math.ZeroInt()
	}
	for _, entry := range g.Unbondings {
		sum, known := sums[entry.Provider]
		if !known || ids[entry.Id] || entry.Id < 1 || entry.Id >= g.NextUnbondingId {
			return errorsmod.Wrapf(ErrInvalidGenesis,
				"unbonding entry %d belongs to no provider, stands twice or is not below the next id %d", entry.Id,
				g.NextUnbondingId)
		}
		if err := validateCoin("unbonding", entry.Amount); err != nil {
			return errorsmod.Wrapf(ErrInvalidGenesis, "unbonding entry %d: %s", entry.Id, err)
		}
		if entry.CompletionTime.IsZero() {
			return errorsmod.Wrapf(ErrInvalidGenesis, "unbonding entry %d has no completion_time", entry.Id)
		}
		ids[entry.Id] = true
		// Compared at each step, so that no sum outgrows its type.
		if sum = sum.Add(entry.Amount.Amount); sum.GT(providers[entry.Provider].Unbonding) {
			return errorsmod.Wrapf(ErrInvalidGenesis, "provider %s: entries sum to more than unbonding %s", entry.Provider,
				providers[entry.Provider].Unbonding)
		}
		sums[entry.Provider] = sum
	}
	for _, provider := range g.Providers {
		if !sums[provider.Address].Equal(provider.Unbonding) {
			return errorsmod.Wrapf(ErrInvalidGenesis, "provider %s: unbonding is %s, its entries sum to %s", provider.Address,
				provider.Unbonding, sums[provider.Address])
		}
	}
	return nil
}

func (g GenesisState) validateOffers(models map[uint64]Model, providers map[string]Provider) error {
	type key struct {
		model    uint64
		provider string
	}
	seen := make(map[key]bool, len(g.Offers))
	for _, offer := range g.Offers {
		_, modelKnown := models[offer.ModelId]
		_, providerKnown := providers[offer.Provider]
		id := key{offer.ModelId, offer.Provider}
		if !modelKnown || !providerKnown || seen[id] {
			return errorsmod.Wrapf(ErrInvalidGenesis, "offer of model %d by %s: unknown model or provider, or stands twice",
				offer.ModelId, offer.Provider)
		}
		seen[id] = true
		if err := validatePrices(offer.InputPrice, offer.OutputPrice); err != nil {
			return errorsmod.Wrapf(ErrInvalidGenesis, "offer of model %d by %s: %s", offer.ModelId, offer.Provider, err)
		}
	}
	return nil
}
