package keeper

import (
	"context"
	"errors"

	"cosmossdk.io/collections"
	errorsmod "cosmossdk.io/errors"
	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/rewards/types"
)

// grantAndNet grants the bonus that the lists of this block asked for, within
// the token bucket, and burns what their receipts burned and retired less that
// bonus: one operation at the bank for the whole block. Supply can only fall by
// it. The bonus must be covered by what was burned alone.
func (k Keeper) grantAndNet(ctx context.Context, params types.Params, seconds int64) error {
	arrived, err := k.arrivedLists(ctx)
	if err != nil {
		return err
	}
	granted, err := k.grant(ctx, arrived, params.BonusPerSecond.MulRaw(seconds))
	if err != nil {
		return err
	}
	burned, err := get(ctx, k.PendingBurn)
	if err != nil {
		return err
	}
	retired, err := get(ctx, k.PendingRetired)
	if err != nil || burned.IsZero() && retired.IsZero() && granted.IsZero() {
		return err
	}
	if granted.GT(burned) {
		return errorsmod.Wrapf(types.ErrInvariant, "bonus %s is above what was burned, %s", granted, burned)
	}
	net := burned.Sub(granted).Add(retired)
	if net.IsPositive() {
		if err := k.bank.BurnCoins(ctx, types.ModuleName, coins(net)); err != nil {
			return err
		}
	}
	if err := errors.Join(k.PendingBurn.Set(ctx, math.ZeroInt()), k.PendingRetired.Set(ctx, math.ZeroInt())); err != nil {
		return err
	}
	totals, err := k.Totals.Get(ctx)
	if err != nil {
		return err
	}
	totals.Burned = totals.Burned.Add(burned)
	totals.Bonus = totals.Bonus.Add(granted)
	totals.Retired = totals.Retired.Add(retired)
	if err := k.Totals.Set(ctx, totals); err != nil {
		return err
	}
	return sdk.UnwrapSDKContext(ctx).EventManager().EmitTypedEvent(&types.EventSupplyNetted{Burned: burned, Bonus: granted, NetBurned: net, Retired: retired})
}

// maxGrants bounds the lists granted in one block. More can only have arrived
// while the module was paused; they are granted in the next blocks.
const maxGrants = 1_000

func (k Keeper) arrivedLists(ctx context.Context) ([]types.CreditList, error) {
	var ids []uint64
	err := k.Arrived.Walk(ctx, nil, func(id uint64) (bool, error) {
		ids = append(ids, id)
		return len(ids) == maxGrants, nil
	})
	if err != nil {
		return nil, err
	}
	lists := make([]types.CreditList, len(ids))
	for i, id := range ids {
		if lists[i], err = k.Lists.Get(ctx, id); err != nil {
			return nil, err
		}
	}
	return lists, nil
}

// grant sets the bonus of each list and lets the sweep take it from where it
// is now. Above the budget every credit is scaled by
// the same ratio and rounded down; nothing is carried over to later blocks.
func (k Keeper) grant(ctx context.Context, lists []types.CreditList, budget math.Int) (math.Int, error) {
	asked := math.ZeroInt()
	for _, list := range lists {
		asked = asked.Add(list.Bonus)
	}
	sweep, err := k.Sweep.Get(ctx)
	if err != nil {
		return math.Int{}, err
	}
	granted := math.ZeroInt()
	for _, list := range lists {
		list.BonusGranted, list.StartPage, list.StartCycle = list.Bonus, sweep.Page, sweep.Cycle
		if asked.GT(budget) {
			if list.BonusGranted, err = k.scaleBonus(ctx, list, budget, asked); err != nil {
				return math.Int{}, err
			}
		}
		granted = granted.Add(list.BonusGranted)
		if err := k.Lists.Set(ctx, list.Id, list); err != nil {
			return math.Int{}, err
		}
		if err := k.Arrived.Remove(ctx, list.Id); err != nil {
			return math.Int{}, err
		}
	}
	return granted, nil
}

// scaleBonus rewrites the credits of a list with their bonus times budget/asked
// and returns the new sum.
func (k Keeper) scaleBonus(ctx context.Context, list types.CreditList, budget, asked math.Int) (math.Int, error) {
	granted := math.ZeroInt()
	for n := range list.Chunks {
		key := collections.Join(list.Id, n)
		chunk, err := k.Chunks.Get(ctx, key)
		if err != nil {
			return math.Int{}, err
		}
		for i := range chunk.Credits {
			// Amounts have up to 127 bits and budgets up to 103, so that the
			// product stays below the 256 bits of an Int.
			scaled := chunk.Credits[i].Bonus.Mul(budget).Quo(asked)
			chunk.Credits[i].Bonus = scaled
			granted = granted.Add(scaled)
		}
		if err := k.Chunks.Set(ctx, key, chunk); err != nil {
			return math.Int{}, err
		}
	}
	return granted, nil
}

// forwardBounties moves what the receipts of this block left to the bounty pool.
func (k Keeper) forwardBounties(ctx context.Context) error {
	amount, err := get(ctx, k.PendingBounty)
	if err != nil || !amount.IsPositive() {
		return err
	}
	if err := k.FundBountyPool(ctx, types.ModuleName, amount); err != nil {
		return err
	}
	return k.PendingBounty.Set(ctx, math.ZeroInt())
}
