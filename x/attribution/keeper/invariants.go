package keeper

import (
	"bytes"
	"context"

	"cosmossdk.io/collections"
	errorsmod "cosmossdk.io/errors"
	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/poa"
	"github.com/openledger/openledger/x/attribution/types"
	"github.com/openledger/openledger/x/internal/modulekit"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// CheckInvariants recounts deposits, bonds of disputes, slashes, records and liabilities.
func (k Keeper) CheckInvariants(ctx context.Context) error {
	owed := math.ZeroInt()
	err := k.Sessions.Walk(ctx, nil, func(id []byte, session types.Session) (bool, error) {
		owed = owed.Add(session.Deposit)
		live := session.Status != types.SESSION_STATUS_CLOSED
		queued, err := k.Deadlines.Has(ctx, collections.Join(session.Queued, id))
		if err == nil && (queued != live || live && session.Queued.After(session.Deadline)) {
			err = errorsmod.Wrapf(types.ErrInvariant, "session %x is %s until %s and queued for %s: %t", id, session.Status,
				session.Deadline, session.Queued, queued)
		}
		return err != nil, err
	})
	if err != nil {
		return err
	}
	err = k.Disputes.Walk(ctx, nil, func(commitment []byte, dispute types.Dispute) (bool, error) {
		owed = owed.Add(dispute.Bond)
		queued, err := k.DisputeDeadlines.Has(ctx, collections.Join(dispute.RevealUntil, commitment))
		if err == nil && !queued {
			err = errorsmod.Wrapf(types.ErrInvariant, "dispute %x is not queued", commitment)
		}
		if err != nil {
			return true, err
		}
		if at, err := k.DisputeOrder.Get(ctx, dispute.Number); err != nil || !bytes.Equal(at, commitment) {
			return true, errorsmod.Wrapf(types.ErrInvariant, "dispute %x is not commit %d", commitment, dispute.Number)
		}
		return false, nil
	})
	if err != nil {
		return err
	}
	err = k.Convictions.Walk(ctx, nil, func(batch uint64, conviction types.Conviction) (bool, error) {
		owed = owed.Add(conviction.Slashed)
		ordered, err := k.ConvictionOrder.Has(ctx, collections.Join(conviction.Number, batch))
		if err == nil && !ordered {
			err = errorsmod.Wrapf(types.ErrInvariant, "conviction of batch %d is not ordered by commit %d", batch,
				conviction.Number)
		}
		return err != nil, err
	})
	if err != nil {
		return err
	}
	// What receipts have cost leaves with the end of the block.
	leaving, err := k.rewards.OwedBy(ctx, types.ModuleName)
	if err != nil {
		return err
	}
	if owed, held := owed.Add(leaving), k.moduleBalance(ctx); held.LT(owed) {
		return errorsmod.Wrapf(types.ErrInvariant, "deposits, bonds, slashes and fees of %s are owed, %s is held", owed, held)
	}
	head, err := k.head(ctx)
	if err != nil {
		return err
	}
	if _, err := head.Accumulator.MMR(); err != nil {
		return errorsmod.Wrap(types.ErrInvariant, err.Error())
	}
	if err := k.checkBatches(ctx, head.Accumulator.Count); err != nil {
		return err
	}
	if err := k.checkReductions(ctx); err != nil {
		return err
	}
	return k.checkAttestation(ctx)
}

// checkBatches: pages hold what headers say, weights sum up, and providers are
// liable for exactly what is in its window.
func (k Keeper) checkBatches(ctx context.Context, leaves uint64) error {
	batches, err := modulekit.Values(ctx, k.Batches)
	if err != nil {
		return err
	}
	holding := make(map[string]uint32)
	for _, batch := range batches {
		for _, part := range batch.Sessions {
			holding[string(part.SessionId)]++
		}
	}
	if err := k.Sessions.Walk(ctx, nil, func(id []byte, session types.Session) (bool, error) {
		if session.Batches != holding[string(id)] {
			return true, errorsmod.Wrapf(types.ErrInvariant, "session %x counts %d batches, %d hold its receipts", id,
				session.Batches, holding[string(id)])
		}
		return false, nil
	}); err != nil {
		return err
	}
	if err := k.checkNumbers(ctx, batches); err != nil {
		return err
	}
	liable, open := make(map[string]math.Int), make(map[string]uint32)
	var providers []string
	for _, batch := range batches {
		if batch.Leaf >= leaves {
			return errorsmod.Wrapf(types.ErrInvariant, "batch %d is leaf %d of %d", batch.Id, batch.Leaf, leaves)
		}
		if _, known := liable[batch.Provider]; !known {
			liable[batch.Provider] = math.ZeroInt()
			providers = append(providers, batch.Provider)
		}
		liable[batch.Provider] = liable[batch.Provider].Add(batch.Liability)
		if batch.Status.Waits() {
			open[batch.Provider]++
		}
		if err := k.checkRecords(ctx, batch); err != nil {
			return err
		}
	}
	for _, address := range providers {
		provider, err := k.models.GetProvider(ctx, sdk.MustAccAddressFromBech32(address))
		if err != nil {
			return err
		}
		if !provider.Liability.Equal(liable[address]) {
			return errorsmod.Wrapf(types.ErrInvariant, "%s is liable for %s, its batches sum to %s", address, provider.Liability,
				liable[address])
		}
		if provider.OpenBatches != open[address] {
			return errorsmod.Wrapf(types.ErrInvariant, "%s counts %d open batches, %d wait", address, provider.OpenBatches,
				open[address])
		}
	}
	return nil
}

// checkReductions: reductions are of batches in state, in order, and keep less than all.
func (k Keeper) checkReductions(ctx context.Context) error {
	return k.Reductions.Walk(ctx, nil, func(id uint64, reductions types.Reductions) (bool, error) {
		known, err := k.Batches.Has(ctx, id)
		if err == nil && (!known || reductions.BatchId != id) {
			err = errorsmod.Wrapf(types.ErrInvariant, "reductions of batch %d stand for batch %d, which is in state: %t",
				reductions.BatchId, id, known)
		}
		if err == nil {
			err = reductions.Validate()
		}
		return err != nil, err
	})
}

func (k Keeper) checkRecords(ctx context.Context, batch types.Batch) error {
	var leaves []poa.Hash
	fees := math.ZeroInt()
	for page := range batch.Pages {
		packed, err := k.Pages.Get(ctx, collections.Join(batch.Id, page))
		if err != nil {
			return err
		}
		records, err := poa.UnpackRecords(packed)
		if err != nil {
			return errorsmod.Wrapf(types.ErrInvariant, "batch %d, page %d: %s", batch.Id, page, err)
		}
		for _, record := range records {
			if err := record.Validate(); err != nil {
				return errorsmod.Wrapf(types.ErrInvariant, "batch %d: %s", batch.Id, err)
			}
			leaves = append(leaves, record.Leaf())
			fees = fees.Add(rewardstypes.IntOf(record.Fee))
		}
	}
	if uint32(len(leaves)) < batch.Receipts {
		return nil // being pruned
	}
	if root := poa.MerkleRoot(leaves); string(root[:]) != string(batch.Root) || !fees.Equal(batch.Fees) {
		return errorsmod.Wrapf(types.ErrInvariant, "batch %d: its pages do not give its root or fees", batch.Id)
	}
	return nil
}
