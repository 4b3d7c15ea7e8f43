package keeper

import (
	"bytes"
	"context"

	"cosmossdk.io/collections"
	errorsmod "cosmossdk.io/errors"

	"github.com/openledger/openledger/x/models/types"
)

// checkTraining checks the training record of a new version: its base must be the base of the lineage, and it must not
// have more rows than the manifest has contributions.
func (k Keeper) checkTraining(ctx context.Context, model types.Model, version types.ModelVersion,
	contributions uint64) error {
	if err := types.CheckTrainingOf(model.Kind, version.Method, version.Training); err != nil || version.Training == nil {
		return err
	}
	if uint64(version.Training.Rows) > contributions {
		return errorsmod.Wrapf(types.ErrTraining, "%d rows, the manifest has %d contributions", version.Training.Rows,
			contributions)
	}
	return k.checkBase(ctx, model.ParentId, version.Training.BaseDigest)
}

// checkBase checks that a record's base digest belongs to a version of the model at the root of the lineage, if that
// model is a base. Lineages are at most MaxDepth deep, and at most MaxBaseVersions versions are read.
func (k Keeper) checkBase(ctx context.Context, parentID uint64, digest []byte) error {
	root, err := k.GetModel(ctx, parentID)
	for err == nil && root.ParentId != 0 {
		root, err = k.GetModel(ctx, root.ParentId)
	}
	if err != nil || root.Kind != types.MODEL_KIND_BASE {
		return err
	}
	for i := uint32(0); i < min(root.Version, types.MaxBaseVersions); i++ {
		version, err := k.GetModelVersion(ctx, root.Id, root.Version-i)
		if err != nil || bytes.Equal(version.Digest, digest) {
			return err
		}
	}
	return errorsmod.Wrapf(types.ErrTraining,
		"base_digest %x is that of none of the latest %d versions of base model %d: train on one of them, or publish it "+
			"there",
		digest, types.MaxBaseVersions, root.Id)
}

// checkTrainings checks the training records of all versions against their models.
func (k Keeper) checkTrainings(ctx context.Context) error {
	return k.Versions.Walk(ctx, nil, func(key collections.Pair[uint64, uint32],
		version types.ModelVersion) (bool, error) {
		model, err := k.GetModel(ctx, key.K1())
		if err != nil {
			return true, err
		}
		if err := types.CheckTrainingOf(model.Kind, version.Method, version.Training); err != nil {
			return true, errorsmod.Wrapf(types.ErrInvariant, "version %d of model %d: %s", key.K2(), key.K1(), err)
		}
		return false, nil
	})
}
