package keeper

import (
	"context"
	"errors"

	"cosmossdk.io/collections"
	errorsmod "cosmossdk.io/errors"
	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/internal/modulekit"
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

// collect takes what other modules owe. There are as many entries as modules that pay through this one. A module that
// cannot pay still owes the amount. The others pay all the same.
func (k Keeper) collect(ctx context.Context) error {
	iterator, err := k.Owed.Iterate(ctx, nil)
	if err != nil {
		return err
	}
	owed, err := iterator.KeyValues()
	if err != nil {
		return err
	}
	sdkCtx := sdk.UnwrapSDKContext(ctx)
	for _, entry := range owed {
		if err := modulekit.Step(sdkCtx, types.ModuleName, "handing over", func(ctx sdk.Context) error {
			if err := k.bank.SendCoinsFromModuleToModule(ctx, entry.Key, types.ModuleName, coins(entry.Value)); err != nil {
				return err
			}
			return k.Owed.Remove(ctx, entry.Key)
		}); err != nil {
			sdkCtx.Logger().Error("a module does not hand over what it owes", "module", types.ModuleName, "from", entry.Key,
				"amount", entry.Value, "err", err)
		}
	}
	return nil
}

// owedTotal is what all modules owe, and hold.
func (k Keeper) owedTotal(ctx context.Context) (math.Int, error) {
	total := math.ZeroInt()
	err := k.Owed.Walk(ctx, nil, func(module string, amount math.Int) (bool, error) {
		if k.accounts.GetModuleAddress(module) == nil || k.balance(ctx, module).LT(amount) {
			return true, errorsmod.Wrapf(types.ErrInvariant, "%s owes %s and does not hold it", module, amount)
		}
		total = total.Add(amount)
		return false, nil
	})
	return total, err
}
