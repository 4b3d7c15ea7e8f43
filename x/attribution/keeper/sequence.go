package keeper

import (
	"context"
	"errors"

	"cosmossdk.io/collections"
	errorsmod "cosmossdk.io/errors"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/attribution/types"
)

// Batches of a provider are found by the provider's own numbers without a key
// for each: the provider's record names its last batch, and each batch the one
// before it. Numbers and ids both grow, so that the walk knows when to stop.
//
// Closing a batch before an older one would break this chain, so it adds an index entry for the batch before it. A walk
// can start at such an entry.

// mostLookBack is the most batches that a query walks back. A message pays for each.
const mostLookBack = 10_000

// batchBySeq returns the batch of a provider with a number, or
// ErrBatchNotFound. It walks at most limit batches back; 0 is no limit.
func (k Keeper) batchBySeq(ctx context.Context, provider sdk.AccAddress, last, seq uint64,
	limit int) (types.Batch, error) {
	next, sender := last, provider.String()
	indexed := collections.NewPrefixedPairRange[sdk.AccAddress, uint64](provider).StartInclusive(seq)
	if err := k.BatchBySeq.Walk(ctx, indexed, func(_ collections.Pair[sdk.AccAddress, uint64], id uint64) (bool, error) {
		next = id
		return true, nil
	}); err != nil {
		return types.Batch{}, err
	}
	for step := 0; next != 0 && (limit == 0 || step < limit); step++ {
		batch, err := k.GetBatch(ctx, next)
		if err != nil {
			return batch, err
		}
		if batch.Provider != sender || batch.ProviderSeq < seq {
			break
		}
		if batch.ProviderSeq == seq {
			return batch, nil
		}
		next = batch.PreviousBatch
	}
	return types.Batch{}, errorsmod.Wrapf(types.ErrBatchNotFound, "no batch %d of %s", seq, provider)
}

// unlinkBatch removes the index entry of a batch that is removed, if it has one, and adds one for the batch before it,
// so that queries still find that batch.
func (k Keeper) unlinkBatch(ctx context.Context, provider sdk.AccAddress, batch types.Batch) error {
	indexed, err := k.BatchBySeq.Has(ctx, collections.Join(provider, batch.ProviderSeq))
	if err != nil {
		return err
	}
	if indexed {
		if err := k.BatchBySeq.Remove(ctx, collections.Join(provider, batch.ProviderSeq)); err != nil {
			return err
		}
	}
	before, err := k.Batches.Get(ctx, batch.PreviousBatch)
	if errors.Is(err, collections.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return k.indexBatch(ctx, before)
}

// indexBatch adds an index entry for a batch that no later batch links to.
func (k Keeper) indexBatch(ctx context.Context, batch types.Batch) error {
	return k.BatchBySeq.Set(ctx, collections.Join(sdk.MustAccAddressFromBech32(batch.Provider), batch.ProviderSeq),
		batch.Id)
}

// checkNumbers checks that each batch in state can be found: it is the provider's last batch, or the next batch links
// to it, or it has an index entry. There are no other index entries.
func (k Keeper) checkNumbers(ctx context.Context, batches []types.Batch) error {
	next := make(map[uint64]types.Batch, len(batches))
	for _, batch := range batches {
		next[batch.PreviousBatch] = batch
	}
	indexed := 0
	for _, batch := range batches {
		address := sdk.MustAccAddressFromBech32(batch.Provider)
		provider, err := k.models.GetProvider(ctx, address)
		if err != nil {
			return err
		}
		if batch.ProviderSeq > provider.LastSeq || batch.Id > provider.LastBatch {
			return errorsmod.Wrapf(types.ErrInvariant, "batch %d has number %d of %s, whose last one is batch %d with %d",
				batch.Id, batch.ProviderSeq, batch.Provider, provider.LastBatch, provider.LastSeq)
		}
		entry, err := k.BatchBySeq.Get(ctx, collections.Join(address, batch.ProviderSeq))
		if ignoreNotFound(err) != nil {
			return err
		}
		after, followed := next[batch.Id]
		if followed && (after.Provider != batch.Provider || after.ProviderSeq <= batch.ProviderSeq) {
			return errorsmod.Wrapf(types.ErrInvariant, "batch %d of %s leads to batch %d of %s", after.Id, after.Provider,
				batch.Id, batch.Provider)
		}
		if err == nil {
			indexed++
		}
		if found := followed || provider.LastBatch == batch.Id; found == (err == nil) || err == nil && entry != batch.Id {
			return errorsmod.Wrapf(types.ErrInvariant,
				"batch %d with number %d of %s: another leads to it is %t, its index entry says %d", batch.Id, batch.ProviderSeq,
				batch.Provider, found, entry)
		}
	}
	entries := 0
	if err := k.BatchBySeq.Walk(ctx, nil, func(collections.Pair[sdk.AccAddress, uint64], uint64) (bool, error) {
		entries++
		return false, nil
	}); err != nil {
		return err
	}
	if entries != indexed {
		return errorsmod.Wrapf(types.ErrInvariant, "%d index entries of batches, %d lead to one", entries, indexed)
	}
	return nil
}
