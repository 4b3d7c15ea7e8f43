package keeper

import (
	"context"

	"cosmossdk.io/collections"
	errorsmod "cosmossdk.io/errors"
	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/rewards/types"
)

// Enqueue takes the fees of a batch from a module account, which hands them
// over in the end-blocker, and stores its credits for the sweep. It works while
// the module is paused, so that nothing is lost.
func (k Keeper) Enqueue(ctx context.Context, fromModule string, batchID uint64, p types.Prepared) error {
	if err := k.owe(ctx, fromModule, p.Fees); err != nil {
		return err
	}
	arrived, err := k.newCreditList(ctx, batchID, p)
	if err != nil {
		return err
	}
	return k.Arrived.Set(ctx, arrived.List.BatchId, arrived)
}

// newCreditList stores the credits of a batch and returns its list. The list has the number of the batch, because a
// counter would be another key to write.
func (k Keeper) newCreditList(ctx context.Context, batchID uint64, p types.Prepared) (types.Intake, error) {
	if taken, err := k.Chunks.Has(ctx, collections.Join(batchID, uint32(0))); err != nil {
		return types.Intake{}, err
	} else if taken {
		return types.Intake{}, errorsmod.Wrapf(types.ErrInvariant, "batch %d has credits already", batchID)
	}
	firsts, err := k.storeCredits(ctx, batchID, p.Credits)
	return types.Intake{
		List: types.CreditList{
			BatchId: batchID, Fees: p.Fees, Bonus: p.Bonus, BonusGranted: math.ZeroInt(), Firsts: firsts,
			Height: sdk.UnwrapSDKContext(ctx).BlockHeight(),
		},
		Burned: p.Burned, Retired: p.Retired, BountyPool: p.BountyPool, Validators: p.Validators,
		Contributors: p.Contributors, DatanetOwners: p.DatanetOwners, Lineage: p.Lineage, Providers: p.Providers,
		Receipts: p.Receipts, Datanets: p.DataNets, Models: p.Models,
	}, err
}

// storeCredits stores the credits of a list in chunks and returns the first
// ledger id of each.
func (k Keeper) storeCredits(ctx context.Context, id uint64, credits []types.AccountCredit) ([]uint64, error) {
	chunks, firsts := types.PackCredits(credits)
	for n, chunk := range chunks {
		if err := k.Chunks.Set(ctx, collections.Join(id, uint32(n)), chunk); err != nil {
			return nil, err
		}
	}
	return firsts, nil
}

func (k Keeper) removeCredits(ctx context.Context, list types.CreditList) error {
	for n := range list.Firsts {
		if err := k.Chunks.Remove(ctx, collections.Join(list.BatchId, uint32(n))); err != nil {
			return err
		}
	}
	return nil
}

// walkCredits visits the credits of a list in ledger order.
func (k Keeper) walkCredits(ctx context.Context, list types.CreditList, visit func(types.AccountCredit) error) error {
	for n := range list.Firsts {
		chunk, err := k.Chunks.Get(ctx, collections.Join(list.BatchId, uint32(n)))
		if err != nil {
			return err
		}
		for r := chunk.Read(); !r.Done(); {
			credit, err := r.Next()
			if err != nil {
				return err
			}
			if err := visit(credit); err != nil {
				return err
			}
		}
	}
	return nil
}
