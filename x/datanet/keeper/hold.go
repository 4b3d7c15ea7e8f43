package keeper

import (
	"context"

	"cosmossdk.io/collections"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/datanet/types"
)

// queueHold has validators asked about the latest version from a height on, unless they are being asked or nothing is new.
func (k Keeper) queueHold(ctx context.Context, datanet *types.DataNet, height int64) error {
	if datanet.AskedVersion != 0 || datanet.AskHeight != 0 || datanet.HeldVersion == datanet.Version {
		return nil
	}
	datanet.AskHeight = height
	return k.Unheld.Set(ctx, collections.Join(height, datanet.Id))
}

// DueHolds returns up to limit DataNets whose latest version validators should be asked about now, in the order of asking.
func (k Keeper) DueHolds(ctx context.Context, limit int) ([]types.DataNet, error) {
	height := sdk.UnwrapSDKContext(ctx).BlockHeight()
	until := new(collections.Range[collections.Pair[int64, uint64]]).EndInclusive(collections.Join(height, ^uint64(0)))
	var due []types.DataNet
	if limit <= 0 {
		return nil, nil
	}
	err := k.Unheld.Walk(ctx, until, func(key collections.Pair[int64, uint64]) (bool, error) {
		datanet, err := k.GetDataNet(ctx, key.K2())
		due = append(due, datanet)
		return len(due) == limit, err
	})
	return due, err
}

// AskHeld notes that validators are asked about the latest version of a DataNet, and returns it.
func (k Keeper) AskHeld(ctx context.Context, id uint64) (uint64, error) {
	datanet, err := k.unqueued(ctx, id)
	if err != nil {
		return 0, err
	}
	datanet.AskedVersion = datanet.Version
	return datanet.Version, k.DataNets.Set(ctx, id, datanet)
}

// SetHeld makes the versions of a DataNet payable up to the given one.
func (k Keeper) SetHeld(ctx context.Context, id, version uint64) error {
	datanet, err := k.unqueued(ctx, id)
	if err != nil {
		return err
	}
	datanet.HeldVersion = max(datanet.HeldVersion, min(version, datanet.Version))
	held, err := k.GetVersion(ctx, id, datanet.HeldVersion)
	if err != nil {
		return err
	}
	if held.HeldHeight == 0 {
		held.HeldHeight = sdk.UnwrapSDKContext(ctx).BlockHeight()
		if err := k.Versions.Set(ctx, collections.Join(id, held.Version), held); err != nil {
			return err
		}
	}
	datanet.AskedVersion = 0
	if err := k.queueHold(ctx, &datanet, sdk.UnwrapSDKContext(ctx).BlockHeight()); err != nil {
		return err
	}
	return k.DataNets.Set(ctx, id, datanet)
}

// PostponeHold has validators asked again from a height on, about what is the latest version then.
func (k Keeper) PostponeHold(ctx context.Context, id uint64, height int64) error {
	datanet, err := k.unqueued(ctx, id)
	if err != nil {
		return err
	}
	datanet.AskedVersion = 0
	if err := k.queueHold(ctx, &datanet, height); err != nil {
		return err
	}
	return k.DataNets.Set(ctx, id, datanet)
}

// unqueued returns a DataNet and takes it out of the queue. The caller stores it.
func (k Keeper) unqueued(ctx context.Context, id uint64) (types.DataNet, error) {
	datanet, err := k.GetDataNet(ctx, id)
	if err != nil || datanet.AskHeight == 0 {
		return datanet, err
	}
	err = k.Unheld.Remove(ctx, collections.Join(datanet.AskHeight, id))
	datanet.AskHeight = 0
	return datanet, err
}

// readableSince says whether validators held the text of an accepted
// contribution before a block: who has not seen it cannot compare with it.
func (k Keeper) readableSince(ctx context.Context, rank uint64, height int64) (bool, error) {
	c, err := k.GetContribution(ctx, rank)
	if err != nil || c.AcceptedVersion == 0 {
		return false, err
	}
	readable := false
	from := collections.NewPrefixedPairRange[uint64, uint64](c.DatanetId).StartInclusive(c.AcceptedVersion)
	// Versions that were passed over have no height; the first that has one holds this text.
	err = k.Versions.Walk(ctx, from, func(_ collections.Pair[uint64, uint64], version types.Version) (bool, error) {
		readable = version.HeldHeight != 0 && version.HeldHeight < height
		return version.HeldHeight != 0 || version.Height >= height, nil
	})
	return readable, err
}

// PinVersion notes that a model pins a version of a DataNet: from then on its
// text is public to whoever contributes.
func (k Keeper) PinVersion(ctx context.Context, datanetID, number uint64) error {
	version, err := k.GetVersion(ctx, datanetID, number)
	if err != nil || version.PinnedHeight != 0 {
		return err
	}
	version.PinnedHeight = sdk.UnwrapSDKContext(ctx).BlockHeight()
	return k.Versions.Set(ctx, collections.Join(datanetID, number), version)
}
