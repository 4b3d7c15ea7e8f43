package keeper

import (
	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/attribution/types"
)

const (
	// asksPerBlock caps the DataNet versions that validators are newly asked about in a block.
	asksPerBlock = 8
	// heldPerBlock caps the versions that become payable in a block while attestation is off.
	heldPerBlock = 100
)

// askHolds asks validators about DataNet versions whose text nobody has vouched for. While attestation is off they are payable at once.
func (k Keeper) askHolds(ctx sdk.Context, params types.Params) error {
	tip, err := k.tip(ctx)
	if err != nil {
		return err
	}
	state := tip.Attestation
	limit := heldPerBlock
	if params.Attestation {
		limit = min(asksPerBlock, types.VersionsWindow-int(state.Versions), types.MaxWindow-int(state.Next-state.Base))
	}
	due, err := k.datanets.DueHolds(ctx, limit)
	if err != nil {
		return err
	}
	for _, datanet := range due {
		if !params.Attestation {
			if err := k.setHeld(ctx, datanet.Id, datanet.Version); err != nil {
				return err
			}
			continue
		}
		version, err := k.datanets.AskHeld(ctx, datanet.Id)
		if err != nil {
			return err
		}
		openItem(ctx, params, &tip, types.Item{Kind: types.ITEM_KIND_VERSION, DatanetId: datanet.Id, Version: version})
	}
	if len(due) == 0 || !params.Attestation {
		return nil
	}
	return k.Tip.Set(ctx, tip)
}

func (k Keeper) setHeld(ctx sdk.Context, datanet, version uint64) error {
	if err := k.datanets.SetHeld(ctx, datanet, version); err != nil {
		return err
	}
	return ctx.EventManager().EmitTypedEvent(&types.EventVersionHeld{DatanetId: datanet, Version: version})
}

func (k Keeper) versionHeld(ctx sdk.Context, item types.Item) error {
	if err := k.closeItem(ctx, item); err != nil {
		return err
	}
	return k.setHeld(ctx, item.DatanetId, item.Version)
}

// versionNotHeld has validators asked again later: what cannot be fetched now may be published, and a version that nobody publishes
// takes a place of the window only once in a while.
func (k Keeper) versionNotHeld(ctx sdk.Context, params types.Params, item types.Item) error {
	if err := k.closeItem(ctx, item); err != nil {
		return err
	}
	retry := ctx.BlockHeight() + int64(params.HoldRetryBlocks)
	if err := k.datanets.PostponeHold(ctx, item.DatanetId, retry); err != nil {
		return err
	}
	return ctx.EventManager().EmitTypedEvent(&types.EventVersionNotHeld{DatanetId: item.DatanetId, Version: item.Version, RetryHeight: retry})
}
