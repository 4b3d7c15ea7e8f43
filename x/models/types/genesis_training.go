package types

import (
	"bytes"

	errorsmod "cosmossdk.io/errors"
)

// validateBases checks that each training record names the digest of a version of the base model at the root of its
// lineage, if the root is a base. Lineages must have been validated before.
func (g GenesisState) validateBases(models map[uint64]Model) error {
	digests := make(map[uint64][][]byte)
	for _, version := range g.ModelVersions {
		if models[version.ModelId].Kind == MODEL_KIND_BASE {
			digests[version.ModelId] = append(digests[version.ModelId], version.Digest)
		}
	}
	for _, version := range g.ModelVersions {
		if version.Training == nil {
			continue
		}
		root := models[version.ModelId]
		for root.ParentId != 0 {
			root = models[root.ParentId]
		}
		known := root.Kind != MODEL_KIND_BASE
		for _, digest := range digests[root.Id] {
			known = known || bytes.Equal(digest, version.Training.BaseDigest)
		}
		if !known {
			return errorsmod.Wrapf(ErrInvalidGenesis, "version %d of model %d: base_digest is that of no version of base %d",
				version.Version, version.ModelId, root.Id)
		}
	}
	return nil
}

// validateReproductions checks that each reproduction is by a provider, of a version with a training record, not
// recorded twice, and has the right value of matches.
func (g GenesisState) validateReproductions(providers map[string]Provider) error {
	type key struct {
		model   uint64
		version uint32
	}
	type by struct {
		key
		sender string
	}
	versions := make(map[key]ModelVersion, len(g.ModelVersions))
	for _, version := range g.ModelVersions {
		versions[key{version.ModelId, version.Version}] = version
	}
	seen := make(map[by]bool, len(g.Reproductions))
	count := make(map[key]int)
	for _, found := range g.Reproductions {
		of := key{found.ModelId, found.Version}
		version := versions[of]
		_, known := providers[found.Sender]
		id := by{of, found.Sender}
		count[of]++
		if version.Training == nil || !known || seen[id] || count[of] > MaxReproductions {
			return errorsmod.Wrapf(ErrInvalidGenesis, "reproduction of version %d of model %d by %s: no training record, no "+
				"provider, stands twice, or is more than %d", found.Version, found.ModelId, found.Sender, MaxReproductions)
		}
		seen[id] = true
		if err := validateFound(found.Digest, found.InfluenceDigest, found.Note); err != nil {
			return errorsmod.Wrapf(ErrInvalidGenesis, "reproduction of version %d of model %d by %s: %s", found.Version,
				found.ModelId, found.Sender, err)
		}
		if found.Matches != version.Reproduced(found.Digest, found.InfluenceDigest) || found.Height < version.Height {
			return errorsmod.Wrapf(ErrInvalidGenesis, "reproduction of version %d of model %d by %s: matches or height is not "+
				"what follows from the version", found.Version, found.ModelId, found.Sender)
		}
	}
	return nil
}
