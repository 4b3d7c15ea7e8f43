package keeper

import (
	"context"

	"cosmossdk.io/collections"
	errorsmod "cosmossdk.io/errors"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/internal/modulekit"
	"github.com/openledger/openledger/x/models/types"
)

// RecordReproduction implements types.MsgServer.
func (s msgServer) RecordReproduction(ctx context.Context,
	msg *types.MsgRecordReproduction) (*types.MsgRecordReproductionResponse, error) {
	params, err := s.begin(ctx, msg)
	if err != nil {
		return nil, err
	}
	matches, err := s.recordReproduction(ctx, params, msg)
	if err != nil {
		return nil, err
	}
	return &types.MsgRecordReproductionResponse{Matches: matches}, modulekit.Emit(ctx, &types.EventReproductionRecorded{
		ModelId: msg.ModelId, Version: msg.Version, Sender: msg.Sender, Matches: matches})
}

// recordReproduction stores the digests that a provider found, and reports whether they are those of the version.
func (k Keeper) recordReproduction(ctx context.Context, params types.Params,
	msg *types.MsgRecordReproduction) (bool, error) {
	sender := sdk.MustAccAddressFromBech32(msg.Sender)
	if err := k.mayReproduce(ctx, params, sender); err != nil {
		return false, err
	}
	version, err := k.GetModelVersion(ctx, msg.ModelId, msg.Version)
	if err != nil {
		return false, err
	}
	if version.Training == nil {
		return false, errorsmod.Wrapf(types.ErrReproduction, "version %d of model %d has no training record", msg.Version,
			msg.ModelId)
	}
	key := collections.Join3(msg.ModelId, msg.Version, sender)
	switch stands, err := k.Reproductions.Has(ctx, key); {
	case err != nil:
		return false, err
	case stands:
		return false, errorsmod.Wrapf(types.ErrReproduction, "%s has recorded version %d of model %d already", sender,
			msg.Version, msg.ModelId)
	}
	all, err := k.reproductionsOf(ctx, msg.ModelId, msg.Version)
	if err != nil {
		return false, err
	}
	if len(all) >= types.MaxReproductions {
		return false, errorsmod.Wrapf(types.ErrReproduction, "version %d of model %d has %d reproductions, no more are kept",
			msg.Version, msg.ModelId, len(all))
	}
	matches := version.Reproduced(msg.Digest, msg.InfluenceDigest)
	return matches, k.Reproductions.Set(ctx, key, types.Reproduction{
		ModelId: msg.ModelId, Version: msg.Version, Sender: msg.Sender, Digest: msg.Digest,
		InfluenceDigest: msg.InfluenceDigest, Note: msg.Note, Matches: matches,
		Height: sdk.UnwrapSDKContext(ctx).BlockHeight(),
	})
}

// mayReproduce returns an error for a sender that is not a provider with at least MinBond, or that is frozen.
func (k Keeper) mayReproduce(ctx context.Context, params types.Params, sender sdk.AccAddress) error {
	provider, err := k.GetProvider(ctx, sender)
	switch {
	case err != nil:
		return err
	case provider.Frozen:
		return errorsmod.Wrapf(types.ErrProviderFrozen, "%s may record nothing", sender)
	case provider.Bond.LT(params.MinBond):
		return errorsmod.Wrapf(types.ErrInsufficientBond, "bond of %saopen is below the minimum %saopen: add to it",
			provider.Bond, params.MinBond)
	}
	return nil
}

// reproductionsOf returns the reproductions of a version by sender, at most MaxReproductions.
func (k Keeper) reproductionsOf(ctx context.Context, modelID uint64, version uint32) ([]types.Reproduction, error) {
	iterator, err := k.Reproductions.Iterate(ctx,
		collections.NewSuperPrefixedTripleRange[uint64, uint32, sdk.AccAddress](modelID, version))
	if err != nil {
		return nil, err
	}
	return iterator.Values()
}

// checkReproductions checks that each reproduction has the right key, belongs to a provider and to a version with a
// record, and has the right value of matches, and that no version has more than MaxReproductions.
func (k Keeper) checkReproductions(ctx context.Context) error {
	var last collections.Pair[uint64, uint32]
	count := 0
	return k.Reproductions.Walk(ctx, nil, func(key collections.Triple[uint64, uint32, sdk.AccAddress],
		found types.Reproduction) (bool, error) {
		version, err := k.GetModelVersion(ctx, key.K1(), key.K2())
		if err != nil {
			return true, err
		}
		if _, err := k.GetProvider(ctx, key.K3()); err != nil {
			return true, err
		}
		if of := collections.Join(key.K1(), key.K2()); count == 0 || of.K1() != last.K1() || of.K2() != last.K2() {
			last, count = of, 0
		}
		count++
		if found.ModelId != key.K1() || found.Version != key.K2() || found.Sender != key.K3().String() ||
			version.Training == nil || found.Matches != version.Reproduced(found.Digest, found.InfluenceDigest) ||
			count > types.MaxReproductions {
			return true, errorsmod.Wrapf(types.ErrInvariant, "reproduction of version %d of model %d by %s", key.K2(), key.K1(),
				key.K3())
		}
		return false, nil
	})
}
