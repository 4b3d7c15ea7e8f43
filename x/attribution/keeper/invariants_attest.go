package keeper

import (
	"context"

	"cosmossdk.io/collections"
	errorsmod "cosmossdk.io/errors"
	"cosmossdk.io/math"

	"github.com/openledger/openledger/x/attribution/types"
)

// checkAttestation: the window covers the open items, each stands for a waiting batch or an asked version and the other
// way round, and the escrow holds exactly the shares that may be forfeited and the pay that is due.
func (k Keeper) checkAttestation(ctx context.Context) error {
	head, err := k.head(ctx)
	if err != nil {
		return err
	}
	state := head.Attestation
	items, err := k.openItems(ctx, head, types.MaxWindow+1)
	if err != nil {
		return err
	}
	byBatch, asked, setAside := make(map[uint64]uint64, len(items)), make(map[[2]uint64]uint64), uint32(0)
	first := map[types.ItemKind]uint64{types.ITEM_KIND_BATCH: state.Next, types.ITEM_KIND_VERSION: state.VersionNext}
	last := map[types.ItemKind]uint64{}
	for _, item := range items {
		base, next := state.Numbers(item.Kind)
		if item.Number < *base || item.Number >= *next || item.Number <= last[item.Kind] {
			return errorsmod.Wrapf(types.ErrInvariant, "item %d comes after item %d, the window is %d to %d", item.Number,
				last[item.Kind], *base, *next)
		}
		first[item.Kind], last[item.Kind] = min(first[item.Kind], item.Number), item.Number
		if item.Kind == types.ITEM_KIND_BATCH {
			byBatch[item.BatchId] = item.Number
			continue
		}
		asked[[2]uint64{item.DatanetId, item.Rank}] = item.Version
		if item.Rank != 0 {
			setAside++
		}
	}
	if state.Base != first[types.ITEM_KIND_BATCH] || state.Next-state.Base > types.BatchesWindow ||
		len(byBatch) != int(state.Batches) {
		return errorsmod.Wrapf(types.ErrInvariant,
			"batches %d to %d, the first open one is %d; %d are open, the counter says %d",
			state.Base, state.Next, first[types.ITEM_KIND_BATCH], len(byBatch), state.Batches)
	}
	if state.VersionBase != first[types.ITEM_KIND_VERSION] || state.VersionNext-state.VersionBase > types.VersionsWindow ||
		state.SetAside != setAside {
		return errorsmod.Wrapf(types.ErrInvariant,
			"versions %d to %d, the first open one is %d; %d about what was set aside, the counter says %d",
			state.VersionBase, state.VersionNext, first[types.ITEM_KIND_VERSION], setAside, state.SetAside)
	}
	if err := k.checkAsks(ctx, asked); err != nil {
		return err
	}
	return k.checkEscrow(ctx, byBatch)
}

// checkAsks: each open question about text has its item, and the other way round.
func (k Keeper) checkAsks(ctx context.Context, asked map[[2]uint64]uint64) error {
	asks, err := k.datanets.OpenAsks(ctx)
	if err != nil {
		return err
	}
	for _, ask := range asks {
		if version, ok := asked[[2]uint64{ask.DatanetId, ask.Rank}]; !ok || version != ask.Version {
			return errorsmod.Wrapf(types.ErrInvariant, "no item asks about version %d of DataNet %d, rank %d", ask.Version,
				ask.DatanetId, ask.Rank)
		}
	}
	if len(asks) != len(asked) {
		return errorsmod.Wrapf(types.ErrInvariant, "%d questions about text, %d items", len(asks), len(asked))
	}
	return nil
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
			return true, errorsmod.Wrapf(types.ErrInvariant, "batch %d is %s, names item %d; its item is %d, deadline queued %t",
				id, batch.Status, batch.Item, item, queued)
		}
		fees, isHeld, err := k.rewards.EscrowedFees(ctx, id)
		if err != nil {
			return true, err
		}
		if isHeld != batch.Status.Undecided() || isHeld && !fees.Equal(batch.Fees) {
			return true, errorsmod.Wrapf(types.ErrInvariant,
				"batch %d is %s with fees of %s; a list is held: %t, with fees of %s", id, batch.Status, batch.Fees, isHeld, fees)
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
			return true, errorsmod.Wrapf(types.ErrInvariant, "powers of height %d are kept for %d batches, %d use them", height,
				powers.Batches, shared[height])
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
