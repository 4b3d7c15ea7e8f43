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

// counter counts receipts by DataNet and by model. Its sums stay below those of
// the whole batch, which are checked.
type counter struct {
	receipt   uint64 // that is counted, from 1
	datanets  []datanetSums
	datanetAt map[uint64]int
	models    []modelSums
	modelAt   map[uint64]int
}

type datanetSums struct {
	id, receipts                   uint64
	last                           uint64 // receipt that it was last counted in
	contributors, royalties, bonus sum
}

type modelSums struct {
	id, receipts                         uint64
	fees, compute, royalty, unattributed sum
}

func newCounter() counter {
	return counter{datanetAt: make(map[uint64]int), modelAt: make(map[uint64]int)}
}

// add counts a receipt; the entries of division are those of payable.
func (t *counter) add(payable *types.Payable, division *types.Division) {
	t.receipt++
	t.model(payable.Model, division)
	for i, part := range division.Entries {
		t.datanet(payable.Entries[i].DataNet, part)
	}
}

func (t *counter) model(id uint64, division *types.Division) {
	if id == 0 {
		return
	}
	at, known := t.modelAt[id]
	if !known {
		at = len(t.models)
		t.modelAt[id] = at
		t.models = append(t.models, modelSums{id: id})
	}
	model := &t.models[at]
	model.receipts++
	model.fees.add(division.Fee)
	model.compute.add(division.Compute)
	model.royalty.add(division.Royalty)
	model.unattributed.add(division.Unattributed)
}

func (t *counter) datanet(id uint64, part types.EntryDivision) {
	if id == 0 {
		return
	}
	at, known := t.datanetAt[id]
	if !known {
		at = len(t.datanets)
		t.datanetAt[id] = at
		t.datanets = append(t.datanets, datanetSums{id: id})
	}
	datanet := &t.datanets[at]
	if datanet.last != t.receipt {
		datanet.last = t.receipt
		datanet.receipts++
	}
	datanet.contributors.add(part.Amount)
	datanet.royalties.add(part.OwnerAmount)
	datanet.bonus.add(part.Bonus)
}

// sorted returns what was counted by id: state must not depend on the order of receipts in a batch.
func (t *counter) sorted() ([]types.DataNetTotals, []types.ModelTotals) {
	datanets := make([]types.DataNetTotals, len(t.datanets))
	for i, d := range t.datanets {
		datanets[i] = types.DataNetTotals{
			DatanetId: d.id, Receipts: d.receipts,
			Contributors: types.IntOf(d.contributors.amount), Royalties: types.IntOf(d.royalties.amount),
			Bonus: types.IntOf(d.bonus.amount),
		}
	}
	models := make([]types.ModelTotals, len(t.models))
	for i, m := range t.models {
		models[i] = types.ModelTotals{
			ModelId: m.id, Receipts: m.receipts, Fees: types.IntOf(m.fees.amount), Compute: types.IntOf(m.compute.amount),
			Royalty: types.IntOf(m.royalty.amount), Unattributed: types.IntOf(m.unattributed.amount),
		}
	}
	slices.SortFunc(datanets, func(a, b types.DataNetTotals) int { return cmp.Compare(a.DatanetId, b.DatanetId) })
	slices.SortFunc(models, func(a, b types.ModelTotals) int { return cmp.Compare(a.ModelId, b.ModelId) })
	return datanets, models
}

// countParts adds to the totals of DataNets and models.
func (k Keeper) countParts(ctx context.Context, datanets []types.DataNetTotals, models []types.ModelTotals) error {
	for _, more := range datanets {
		totals, err := k.datanetTotals(ctx, more.DatanetId)
		if err != nil {
			return err
		}
		if err := k.DataNetTotals.Set(ctx, more.DatanetId, totals.Add(more)); err != nil {
			return err
		}
	}
	for _, more := range models {
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

// DataNetEarned returns what fees have paid for the data of a DataNet: to its contributors, and as royalties. The bonus
// is not in it.
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
	slices.SortStableFunc(
		models, func(a, b types.ModelTotals) int { return b.Unattributed.BigIntMut().Cmp(a.Unattributed.BigIntMut()) })
	return models[:min(len(models), limit)], nil
}
