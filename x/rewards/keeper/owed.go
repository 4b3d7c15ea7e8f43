package keeper

import (
	"context"
	"errors"

	"cosmossdk.io/collections"
	"cosmossdk.io/math"

	"github.com/openledger/openledger/x/rewards/types"
)

// owe has the end-blocker take amount from a module account: one transfer a
// block for all its receipts and refunds.
func (k Keeper) owe(ctx context.Context, module string, amount math.Int) error {
	if !amount.IsPositive() {
		return nil
	}
	owed, err := k.OwedBy(ctx, module)
	if err != nil {
		return err
	}
	return k.Owed.Set(ctx, module, owed.Add(amount))
}

// OwedBy returns what a module account holds for this module until the end of
// the block.
func (k Keeper) OwedBy(ctx context.Context, module string) (math.Int, error) {
	owed, err := k.Owed.Get(ctx, module)
	if errors.Is(err, collections.ErrNotFound) {
		return math.ZeroInt(), nil
	}
	return owed, err
}

// collect takes what other modules owe. There are as many entries as modules
// that pay through this one.
func (k Keeper) collect(ctx context.Context) error {
	iterator, err := k.Owed.Iterate(ctx, nil)
	if err != nil {
		return err
	}
	owed, err := iterator.KeyValues()
	if err != nil {
		return err
	}
	for _, entry := range owed {
		if err := k.bank.SendCoinsFromModuleToModule(ctx, entry.Key, types.ModuleName, coins(entry.Value)); err != nil {
			return err
		}
		if err := k.Owed.Remove(ctx, entry.Key); err != nil {
			return err
		}
	}
	return nil
}

// owedTotal is what all modules owe.
func (k Keeper) owedTotal(ctx context.Context) (math.Int, error) {
	total := math.ZeroInt()
	err := k.Owed.Walk(ctx, nil, func(_ string, amount math.Int) (bool, error) {
		total = total.Add(amount)
		return false, nil
	})
	return total, err
}
