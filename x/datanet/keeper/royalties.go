package keeper

import (
	"context"
	"slices"

	"cosmossdk.io/collections"

	"github.com/openledger/openledger/x/datanet/types"
)

// setRoyalties notes who shares in what the contributions of a DataNet earn
// from a block on, if that is something new.
func (k Keeper) setRoyalties(ctx context.Context, datanet types.DataNet, height int64) error {
	var royalties types.Royalties
	if datanet.OwnerPpm > 0 {
		royalties.Shares = append(royalties.Shares, types.Royalty{Address: datanet.Owner, Ppm: datanet.OwnerPpm})
	}
	royalties.Shares = append(royalties.Shares, datanet.Curators...)
	before, err := k.RoyaltiesAt(ctx, datanet.Id, height)
	if err != nil {
		return err
	}
	if slices.Equal(before, royalties.Shares) && height != datanet.CreatedHeight {
		return nil
	}
	return k.Royalties.Set(ctx, collections.Join(datanet.Id, height), royalties)
}

// RoyaltiesAt returns who shares in what the contributions of a DataNet earn in
// batches submitted in a block.
func (k Keeper) RoyaltiesAt(ctx context.Context, datanetID uint64, height int64) ([]types.Royalty, error) {
	until := collections.NewPrefixedPairRange[uint64, int64](datanetID).EndInclusive(height).Descending()
	var found []types.Royalty
	err := k.Royalties.Walk(ctx, until, func(_ collections.Pair[uint64, int64], royalties types.Royalties) (bool,
		error) {
		found = royalties.Shares
		return true, nil
	})
	return found, err
}
