package keeper

import (
	"context"

	"cosmossdk.io/collections"
	errorsmod "cosmossdk.io/errors"
	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/models/types"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// registerModel burns the fee and stores a model with its first version.
func (k Keeper) registerModel(ctx context.Context, params types.Params, model types.Model,
	version types.ModelVersion) (uint64, error) {
	if err := k.checkVersion(ctx, params, model, version); err != nil {
		return 0, err
	}
	model.Depth = 1
	var parent types.Model
	if model.ParentId != 0 {
		var err error
		if parent, err = k.parentOf(ctx, params, model); err != nil {
			return 0, err
		}
		model.Depth = parent.Depth + 1
	}
	if params.RegistrationFee.IsPositive() {
		fee := sdk.NewCoins(sdk.NewCoin(rewardstypes.Denom, params.RegistrationFee))
		if err := k.bank.SendCoinsFromAccountToModule(ctx, sdk.MustAccAddressFromBech32(model.Owner), types.ModuleName,
			fee); err != nil {
			return 0, errorsmod.Wrapf(err, "registering a model costs %s", fee)
		}
		if err := k.bank.BurnCoins(ctx, types.ModuleName, fee); err != nil {
			return 0, err
		}
	}
	id, err := k.NextModel.Next(ctx)
	if err != nil {
		return 0, err
	}
	model.Id = id
	model.Royalties = types.FlattenRoyalties(id, model.ParentPpm, parent.Royalties)
	model.CreatedHeight = sdk.UnwrapSDKContext(ctx).BlockHeight()
	return id, k.addVersion(ctx, &model, version)
}

// parentOf returns the parent of a new model, and an error if that model cannot be its parent.
func (k Keeper) parentOf(ctx context.Context, params types.Params, model types.Model) (types.Model, error) {
	parent, err := k.GetModel(ctx, model.ParentId)
	if err != nil {
		return parent, err
	}
	if parent.Retired {
		return parent, errorsmod.Wrapf(types.ErrModelRetired, "parent %d takes no children", parent.Id)
	}
	if model.ParentPpm > params.MaxParentPpm {
		return parent, errorsmod.Wrapf(types.ErrLineage, "parent_ppm is %d, at most %d", model.ParentPpm, params.MaxParentPpm)
	}
	if parent.Depth >= types.MaxDepth {
		return parent, errorsmod.Wrapf(types.ErrLineage, "model %d is %d models deep, at most %d are allowed", parent.Id,
			parent.Depth, types.MaxDepth)
	}
	return parent, nil
}

// addVersion stores the next version of a model.
func (k Keeper) addVersion(ctx context.Context, model *types.Model, version types.ModelVersion) error {
	model.Version++
	version.ModelId, version.Version = model.Id, model.Version
	version.Height = sdk.UnwrapSDKContext(ctx).BlockHeight()
	for _, entry := range version.Manifest {
		if err := k.datanets.PinVersion(ctx, entry.DatanetId, entry.Version); err != nil {
			return err
		}
	}
	if err := k.Versions.Set(ctx, collections.Join(model.Id, model.Version), version); err != nil {
		return err
	}
	return k.Models.Set(ctx, model.Id, *model)
}

// checkVersion checks manifest, royalty and training record against the DataNets and the lineage. The floors of the
// DataNets add up: an answer may owe all of them, and the floor of one must not shrink because others are in the
// manifest.
func (k Keeper) checkVersion(ctx context.Context, params types.Params, model types.Model,
	version types.ModelVersion) error {
	if len(version.Manifest) > int(params.MaxManifest) {
		return errorsmod.Wrapf(types.ErrInvalidManifest, "%d DataNets, at most %d", len(version.Manifest), params.MaxManifest)
	}
	floor, contributions := math.ZeroInt(), uint64(0)
	for _, entry := range version.Manifest {
		pinned, err := k.datanets.GetVersion(ctx, entry.DatanetId, entry.Version)
		if err != nil {
			return errorsmod.Wrap(types.ErrInvalidManifest, err.Error())
		}
		datanet, err := k.datanets.GetDataNet(ctx, entry.DatanetId)
		if err != nil {
			return err
		}
		if entry.Version > datanet.HeldVersion {
			return errorsmod.Wrapf(types.ErrNotHeld,
				"version %d of DataNet %d: validators hold versions up to %d; wait until they have fetched its text", entry.Version,
				entry.DatanetId, datanet.HeldVersion)
		}
		floor = floor.Add(datanet.RoyaltyFloor)
		contributions += pinned.Contributions
	}
	if version.Royalty.LT(floor) {
		return errorsmod.Wrapf(types.ErrRoyalty,
			"royalty of %saopen is below the sum of the floors of its DataNets, %saopen: charge it, or leave a DataNet out",
			version.Royalty, floor)
	}
	return k.checkTraining(ctx, model, version, contributions)
}

// ownedModel returns a model, and an error if owner does not own it.
func (k Keeper) ownedModel(ctx context.Context, id uint64, owner string) (types.Model, error) {
	model, err := k.GetModel(ctx, id)
	if err == nil && model.Owner != owner {
		err = errorsmod.Wrapf(types.ErrUnauthorized, "model %d belongs to %s", id, model.Owner)
	}
	return model, err
}
