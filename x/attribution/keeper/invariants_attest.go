package keeper

import (
	"context"

	"cosmossdk.io/collections"
	errorsmod "cosmossdk.io/errors"
	"cosmossdk.io/math"

	"github.com/openledger/openledger/x/attribution/types"
)

// checkAttestation: the window covers the open items, each stands for a waiting batch or an asked version and the other way round,
// and the escrow holds exactly the shares that may be forfeited and the pay that is due.
func (k Keeper) checkAttestation(ctx context.Context) error {
	tip, err := k.tip(ctx)
	if err != nil {
		return err
	}
	state := tip.Attestation
	items, err := k.openItems(ctx, tip, types.MaxWindow+1)
	if err != nil {
		return err
	}
	for i := 1; i < len(items); i++ {
		if items[i].Number <= items[i-1].Number {
			return errorsmod.Wrapf(types.ErrInvariant, "item %d comes after item %d: those of the tip come after all others", items[i].Number, items[i-1].Number)
		}
	}
	byBatch, versions := make(map[uint64]uint64, len(items)), uint32(0)
	for _, item := range items {
		if item.Number < state.Base || item.Number >= state.Next {
			return errorsmod.Wrapf(types.ErrInvariant, "item %d is outside the window %d to %d", item.Number, state.Base, state.Next)
		}
		if item.Kind == types.ITEM_KIND_BATCH {
			byBatch[item.BatchId] = item.Number
			continue
		}
		versions++
		datanet, err := k.datanets.GetDataNet(ctx, item.DatanetId)
		if err != nil {
			return err
		}
		if datanet.AskedVersion != item.Version {
			return errorsmod.Wrapf(types.ErrInvariant, "item %d asks about version %d of DataNet %d, which waits for %d", item.Number, item.Version, item.DatanetId, datanet.AskedVersion)
		}
	}
	if versions != state.Versions || len(byBatch) != int(state.Batches) || len(items) == 0 && state.Base != state.Next || len(items) > 0 && state.Base != items[0].Number || state.Next-state.Base > types.MaxWindow {
		return errorsmod.Wrapf(types.ErrInvariant, "window %d to %d with %d versions; %d items are open, %d of them versions", state.Base, state.Next, state.Versions, len(items), versions)
	}
	return k.checkEscrow(ctx, byBatch)
}

func (k Keeper) checkEscrow(ctx context.Context, items map[uint64]uint64) error {
	escrow, waiting := math.ZeroInt(), 0
	shared := make(map[int64]uint32)
	err := k.Batches.Walk(ctx, nil, func(id uint64, batch types.Batch) (bool, error) {
		item := items[id]
		if batch.Status.Waits() {
			waiting++
		}
		queued, err := k.BatchDeadlines.Has(ctx, collections.Join(batch.Deadline, id))
		if err != nil {
			return true, err
		}
		if batch.Status.Waits() != (item != 0) || batch.Item != item || queued == batch.Status.Waits() {
			return true, errorsmod.Wrapf(types.ErrInvariant, "batch %d is %s, names item %d; its item is %d, deadline queued %t", id, batch.Status, batch.Item, item, queued)
		}
		fees, isHeld, err := k.rewards.HeldFees(ctx, id)
		if err != nil {
			return true, err
		}
		if isHeld != batch.Status.Undecided() || isHeld && !fees.Equal(batch.Fees) {
			return true, errorsmod.Wrapf(types.ErrInvariant, "batch %d is %s with fees of %s; a list is held: %t, with fees of %s", id, batch.Status, batch.Fees, isHeld, fees)
		}
		escrow = escrow.Add(batch.AttestShare)
		if len(batch.AttestedBy) > 0 {
			shared[batch.SettledHeight]++
		}
		return false, nil
	})
	if err != nil {
		return err
	}
	if waiting != len(items) {
		return errorsmod.Wrapf(types.ErrInvariant, "%d batches wait, %d items ask about batches", waiting, len(items))
	}
	heights := 0
	if err := k.Powers.Walk(ctx, nil, func(height int64, powers types.Powers) (bool, error) {
		heights++
		if powers.Batches != shared[height] {
			return true, errorsmod.Wrapf(types.ErrInvariant, "powers of height %d are kept for %d batches, %d use them", height, powers.Batches, shared[height])
		}
		return false, nil
	}); err != nil {
		return err
	}
	if heights != len(shared) {
		return errorsmod.Wrapf(types.ErrInvariant, "powers of %d heights are used, %d are kept", len(shared), heights)
	}
	if err := k.AttestorPages.Walk(ctx, nil, func(_ uint32, page types.AttestorPage) (bool, error) {
		for _, attestor := range page.Attestors {
			escrow = escrow.Add(attestor.Due)
		}
		return false, nil
	}); err != nil {
		return err
	}
	held, err := k.rewards.AttestEscrowed(ctx)
	if err == nil && !held.Equal(escrow) {
		err = errorsmod.Wrapf(types.ErrInvariant, "shares and dues of attestors sum to %s, %s is in escrow", escrow, held)
	}
	return err
}
