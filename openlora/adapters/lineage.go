package adapters

import (
	"context"
	"fmt"
	"slices"

	modelstypes "github.com/openledger/openledger/x/models/types"
)

// version names a version of a model.
type version struct {
	Model   uint64 `json:"model"`
	Version uint32 `json:"version"`
}

// name returns a name that is unique for the version, and safe in paths and URLs.
func (v version) name() string { return fmt.Sprintf("openledger-%d-%d", v.Model, v.Version) }

// lineage is the chain of versions that a model version is made of.
type lineage struct {
	model    modelstypes.Model
	version  modelstypes.ModelVersion
	base     modelstypes.ModelVersion   // the root, if it is a base; otherwise its digest is empty
	adapters []modelstypes.ModelVersion // the one nearest to the base first
}

// baseDigest returns the digest of the base that the adapters were made for, or an empty one if nobody says. The
// training record of the adapter farthest from the base says it. Without records, it is the version of the base that
// was the latest when the adapter on it was registered. A record may name an older version than that.
func (l lineage) baseDigest() []byte {
	for _, v := range slices.Backward(l.adapters) {
		if v.Training != nil {
			return v.Training.BaseDigest
		}
	}
	return l.base.Digest
}

// lineageOf walks from a version of a model to its root. A version stands on the version of its parent that was the
// latest when it was registered. Versions never change, so the lineage of a version never changes either. Version 0
// stands for the latest.
func lineageOf(ctx context.Context, models modelstypes.QueryClient, of version) (lineage, error) {
	found, err := models.Model(ctx, &modelstypes.QueryModelRequest{ModelId: of.Model, Version: of.Version})
	if err != nil {
		return lineage{}, fmt.Errorf("model %d: %w", of.Model, err)
	}
	l := lineage{model: found.Model, version: found.Version}
	for range modelstypes.MaxDepth {
		switch found.Model.Kind {
		case modelstypes.MODEL_KIND_ADAPTER:
			l.adapters = append([]modelstypes.ModelVersion{found.Version}, l.adapters...)
		case modelstypes.MODEL_KIND_BASE:
			l.base = found.Version
		}
		if found.Model.ParentId == 0 || found.Model.Kind == modelstypes.MODEL_KIND_BASE {
			return l, nil
		}
		if found, err = versionAt(ctx, models, found.Model.ParentId, found.Version.Height); err != nil {
			return lineage{}, err
		}
	}
	return lineage{}, fmt.Errorf("model %d: its lineage is deeper than %d", of.Model, modelstypes.MaxDepth)
}

// versionAt returns the last version of a model that was registered up to a block, or its first version if there is
// none.
func versionAt(ctx context.Context, models modelstypes.QueryClient, id uint64, height int64) (
	*modelstypes.QueryModelResponse, error,
) {
	at := func(version uint32) (*modelstypes.QueryModelResponse, error) {
		found, err := models.Model(ctx, &modelstypes.QueryModelRequest{ModelId: id, Version: version})
		if err != nil {
			return nil, fmt.Errorf("model %d: %w", id, err)
		}
		return found, nil
	}
	latest, err := at(0)
	if err != nil || latest.Version.Height <= height {
		return latest, err
	}
	low, high := uint32(1), latest.Version.Version // the answer is low or later, and before high
	for high-low > 1 {
		middle := low + (high-low)/2
		found, err := at(middle)
		if err != nil {
			return nil, err
		}
		if found.Version.Height <= height {
			low = middle
		} else {
			high = middle
		}
	}
	return at(low)
}
