package keeper

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"cosmossdk.io/collections"
	"cosmossdk.io/math"

	"github.com/openledger/openledger/x/rewards/types"
)

// tally counts receipts by DataNet and by model.
type tally struct {
	receipt   uint64 // that is counted, from 1
	datanets  []types.DataNetTotals
	last      []uint64 // receipt that each DataNet was last counted in
	datanetAt map[uint64]int
	models    []types.ModelTotals
	modelAt   map[uint64]int
}

func newTally() tally {
	return tally{datanetAt: make(map[uint64]int), modelAt: make(map[uint64]int)}
}

// add counts a receipt; the entries of payout are those of payable.
func (t *tally) add(payable types.Payable, payout types.Payout) {
	t.receipt++
	t.model(payable.Model, payout)
	for i, entry := range payout.Entries {
		t.datanet(payable.Entries[i].DataNet, entry)
	}
}

func (t *tally) model(id uint64, payout types.Payout) {
	if id == 0 {
		return
	}
	at, known := t.modelAt[id]
	if !known {
		at = len(t.models)
		t.modelAt[id] = at
		t.models = append(t.models, types.NewModelTotals(id))
	}
	t.models[at] = t.models[at].Add(types.ModelTotals{
		Receipts: 1, Fees: payout.Fee, Compute: payout.Compute, Royalty: payout.Royalty, Unattributed: payout.Unattributed,
	})
}

func (t *tally) datanet(id uint64, entry types.EntryPayout) {
	if id == 0 {
		return
	}
	at, known := t.datanetAt[id]
	if !known {
		at = len(t.datanets)
		t.datanetAt[id] = at
		t.datanets = append(t.datanets, types.NewDataNetTotals(id))
		t.last = append(t.last, 0)
	}
	more := types.DataNetTotals{Contributors: entry.Amount, Royalties: entry.OwnerAmount, Bonus: entry.Bonus}
	if t.last[at] != t.receipt {
		t.last[at] = t.receipt
		more.Receipts = 1
	}
	t.datanets[at] = t.datanets[at].Add(more)
}

// sorted returns what was counted by id: state must not depend on the order of receipts in a batch.
func (t *tally) sorted() ([]types.DataNetTotals, []types.ModelTotals) {
	slices.SortFunc(t.datanets, func(a, b types.DataNetTotals) int { return cmp.Compare(a.DatanetId, b.DatanetId) })
	slices.SortFunc(t.models, func(a, b types.ModelTotals) int { return cmp.Compare(a.ModelId, b.ModelId) })
	return t.datanets, t.models
}

// countParts adds a final batch to the totals of its DataNets and models.
func (k Keeper) countParts(ctx context.Context, p types.Prepared) error {
	for _, more := range p.DataNets {
		totals, err := k.datanetTotals(ctx, more.DatanetId)
		if err != nil {
			return err
		}
		if err := k.DataNetTotals.Set(ctx, more.DatanetId, totals.Add(more)); err != nil {
			return err
		}
	}
	for _, more := range p.Models {
		totals, err := k.modelTotals(ctx, more.ModelId)
		if err != nil {
			return err
		}
		if err := k.ModelTotals.Set(ctx, more.ModelId, totals.Add(more)); err != nil {
			return err
		}
	}
	return nil
}

func (k Keeper) datanetTotals(ctx context.Context, id uint64) (types.DataNetTotals, error) {
	totals, err := k.DataNetTotals.Get(ctx, id)
	if errors.Is(err, collections.ErrNotFound) {
		return types.NewDataNetTotals(id), nil
	}
	return totals, err
}

func (k Keeper) modelTotals(ctx context.Context, id uint64) (types.ModelTotals, error) {
	totals, err := k.ModelTotals.Get(ctx, id)
	if errors.Is(err, collections.ErrNotFound) {
		return types.NewModelTotals(id), nil
	}
	return totals, err
}

// DataNetEarned returns what fees have paid for the data of a DataNet: to its contributors, and as royalties. The bonus is not in it.
func (k Keeper) DataNetEarned(ctx context.Context, id uint64) (contributors, royalties math.Int, err error) {
	totals, err := k.datanetTotals(ctx, id)
	return totals.Contributors, totals.Royalties, err
}

// demand returns the models with the most unattributed fees. It reads all of them: for queries only.
func (k Keeper) demand(ctx context.Context, limit int) ([]types.ModelTotals, error) {
	models, err := values(ctx, k.ModelTotals)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(models, func(a, b types.ModelTotals) int { return b.Unattributed.BigIntMut().Cmp(a.Unattributed.BigIntMut()) })
	return models[:min(len(models), limit)], nil
}
