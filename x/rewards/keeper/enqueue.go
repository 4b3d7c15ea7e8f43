package keeper

import (
	"context"
	"errors"

	"cosmossdk.io/collections"
	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/rewards/types"
)

// creditsPerChunk bounds the size of a stored value.
const creditsPerChunk = 128

// Enqueue takes the fees of a batch from a module account and stores its
// credits for the sweep. It works while the module is paused, so that nothing
// is lost.
func (k Keeper) Enqueue(ctx context.Context, fromModule string, batchID uint64, p types.Prepared) error {
	if !p.Fees.IsPositive() {
		return k.count(ctx, p) // free answers
	}
	if err := k.bank.SendCoinsFromModuleToModule(ctx, fromModule, types.ModuleName, coins(p.Fees)); err != nil {
		return err
	}
	if err := errors.Join(
		add(ctx, k.PendingBurn, p.Burned),
		add(ctx, k.PendingRetired, p.Retired),
		add(ctx, k.PendingBounty, p.BountyPool),
		add(ctx, k.ValidatorsPot, p.Validators),
	); err != nil {
		return err
	}
	if err := k.count(ctx, p); err != nil {
		return err
	}
	return k.storeList(ctx, batchID, p)
}

// count adds a final batch to the totals. Burned, retired and bonus count when they happen.
func (k Keeper) count(ctx context.Context, p types.Prepared) error {
	totals, err := k.Totals.Get(ctx)
	if err != nil {
		return err
	}
	totals.Fees = totals.Fees.Add(p.Fees)
	totals.Contributors = totals.Contributors.Add(p.Contributors)
	totals.DatanetOwners = totals.DatanetOwners.Add(p.DatanetOwners)
	totals.Lineage = totals.Lineage.Add(p.Lineage)
	totals.Providers = totals.Providers.Add(p.Providers)
	totals.Validators = totals.Validators.Add(p.Validators)
	totals.BountyPool = totals.BountyPool.Add(p.BountyPool)
	totals.Receipts += p.Receipts
	return errors.Join(k.Totals.Set(ctx, totals), k.countParts(ctx, p))
}

func (k Keeper) storeList(ctx context.Context, batchID uint64, p types.Prepared) error {
	list, err := k.newList(ctx, batchID, p)
	if err != nil {
		return err
	}
	return errors.Join(k.Lists.Set(ctx, list.Id, list), k.Arrived.Set(ctx, list.Id))
}

// newList stores the credits of a batch under a new list and returns its header.
func (k Keeper) newList(ctx context.Context, batchID uint64, p types.Prepared) (types.CreditList, error) {
	id, err := k.NextList.Next(ctx)
	if err != nil {
		return types.CreditList{}, err
	}
	list := types.CreditList{
		Id: id, BatchId: batchID,
		Fees: p.Fees, Bonus: p.Bonus, BonusGranted: math.ZeroInt(),
		Height: sdk.UnwrapSDKContext(ctx).BlockHeight(),
	}
	list.Chunks, err = k.storeCredits(ctx, id, p.Credits)
	return list, err
}

// storeCredits stores the credits of a list in chunks and returns their number.
func (k Keeper) storeCredits(ctx context.Context, id uint64, credits []types.Credit) (uint32, error) {
	chunks := uint32(0)
	for ; len(credits) > 0; chunks++ {
		n := min(len(credits), creditsPerChunk)
		if err := k.Chunks.Set(ctx, collections.Join(id, chunks), types.CreditChunk{Credits: credits[:n]}); err != nil {
			return 0, err
		}
		credits = credits[n:]
	}
	return chunks, nil
}
