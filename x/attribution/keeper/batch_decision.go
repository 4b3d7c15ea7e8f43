package keeper

import (
	"errors"

	"cosmossdk.io/collections"
	errorsmod "cosmossdk.io/errors"
	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/poa"
	"github.com/openledger/openledger/x/attribution/types"
	datanettypes "github.com/openledger/openledger/x/datanet/types"
	"github.com/openledger/openledger/x/internal/modulekit"
	modelstypes "github.com/openledger/openledger/x/models/types"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// approve makes a batch final.
func (k Keeper) approve(ctx sdk.Context, params types.Params, item types.Item, t tally, power int64) error {
	batch, err := k.GetBatch(ctx, item.BatchId)
	if err != nil {
		return err
	}
	if err := k.closeBatchItem(ctx, &batch); err != nil {
		return err
	}
	if batch.AttestShare, err = k.rewards.Release(ctx, batch.Id); err != nil {
		return err
	}
	batch.AttestedBy, batch.SettledHeight = item.Valid, ctx.BlockHeight()
	if err := k.keepPowers(ctx, t, item.Valid); err != nil {
		return err
	}
	if err := k.setStatus(ctx, &batch, types.BATCH_STATUS_FINAL, params); err != nil {
		return err
	}
	return ctx.EventManager().EmitTypedEvent(
		&types.EventBatchAttested{BatchId: batch.Id, Provider: batch.Provider, Power: power, Total: t.total})
}

// refusal is the reason why an item ends without approval.
type refusal struct {
	rejected              bool // by a third of the power; else expired
	valid, invalid, total int64
}

// refuse ends an item. A batch may be resubmitted the first time; the second time it is settled. Validators are asked
// again about text that they do not hold.
func (k Keeper) refuse(ctx sdk.Context, params types.Params, item types.Item, why refusal) error {
	if item.Kind == types.ITEM_KIND_VERSION {
		return k.settleVersion(ctx, params, item, datanettypes.HOLD_VERDICT_WITHHELD)
	}
	batch, err := k.GetBatch(ctx, item.BatchId)
	if err != nil {
		return err
	}
	if err := k.closeBatchItem(ctx, &batch); err != nil {
		return err
	}
	again := batch.Status == types.BATCH_STATUS_RESUBMITTED
	status := types.BATCH_STATUS_EXPIRED
	if why.rejected {
		status = types.BATCH_STATUS_REJECTED
		// One third can reject and be wrong; two thirds are the chain's own measure of the truth.
		if moreThanTwoThirds(why.invalid, why.total) {
			if err := k.models.Freeze(ctx, sdk.MustAccAddressFromBech32(batch.Provider)); err != nil {
				return err
			}
		}
	}
	if err := k.setStatus(ctx, &batch, status, params); err != nil {
		return err
	}
	if err := ctx.EventManager().EmitTypedEvent(&types.EventBatchRefused{
		BatchId: batch.Id, Provider: batch.Provider, Status: status, Invalid: why.invalid, Valid: why.valid, Total: why.total,
	}); err != nil || !again {
		return err
	}
	return k.settleRefused(ctx, params, batch)
}

// settleRefused ends a rejected or expired batch for good. The payers of a rejected batch get their fees back. For an
// expired batch compute is paid, because nobody has said that it is wrong, and the royalty goes to the bounty pool.
func (k Keeper) settleRefused(ctx sdk.Context, params types.Params, batch types.Batch) error {
	event := types.EventBatchSettled{BatchId: batch.Id, Refunded: math.ZeroInt(), ProviderPaid: math.ZeroInt()}
	var err error
	if batch.Status == types.BATCH_STATUS_REJECTED {
		event.Status, event.Refunded = types.BATCH_STATUS_REFUNDED, batch.Fees
		err = k.refund(ctx, &batch)
	} else {
		event.Status = types.BATCH_STATUS_LAPSED
		event.ProviderPaid, err = k.rewards.Lapse(ctx, batch.Id, sdk.MustAccAddressFromBech32(batch.Provider))
	}
	if err != nil {
		return err
	}
	batch.SettledHeight = ctx.BlockHeight()
	if err := k.setStatus(ctx, &batch, event.Status, params); err != nil {
		return err
	}
	return ctx.EventManager().EmitTypedEvent(&event)
}

// refund returns their fees to the payers of a batch.
func (k Keeper) refund(ctx sdk.Context, batch *types.Batch) error {
	var refunds []rewardstypes.Refund
	for _, part := range batch.Sessions {
		session, err := k.GetSession(ctx, part.SessionId)
		if err != nil {
			return err
		}
		refunds = append(refunds, rewardstypes.Refund{Payer: sdk.MustAccAddressFromBech32(session.Payer), Amount: part.Fees})
	}
	return k.rewards.Refund(ctx, batch.Id, refunds)
}

// setStatus stores a batch with a new status and the deadline that follows from it.
func (k Keeper) setStatus(ctx sdk.Context, batch *types.Batch, status types.BatchStatus, params types.Params) error {
	queued := !batch.Status.Waits()
	if err := batch.ChangeStatus(status); err != nil {
		return err
	}
	if queued {
		if err := k.BatchDeadlines.Remove(ctx, collections.Join(batch.Deadline, batch.Id)); err != nil {
			return err
		}
	}
	batch.Deadline = ctx.BlockTime().Add(params.DisputeWindow).UTC()
	switch {
	case status.Waits():
		batch.Deadline = noDeadline
		return k.Batches.Set(ctx, batch.Id, *batch)
	case status == types.BATCH_STATUS_REJECTED || status == types.BATCH_STATUS_EXPIRED:
		batch.Deadline = ctx.BlockTime().Add(params.ResubmitWindow).UTC()
	}
	return errors.Join(k.Batches.Set(ctx, batch.Id, *batch),
		k.BatchDeadlines.Set(ctx, collections.Join(batch.Deadline, batch.Id)))
}

// resubmit opens a rejected or expired batch once more.
func (k Keeper) resubmit(ctx sdk.Context, params types.Params, msg *types.MsgResubmitBatch) (uint64, error) {
	batch, err := k.GetBatch(ctx, msg.BatchId)
	if err != nil {
		return 0, err
	}
	if batch.Provider != msg.Provider {
		return 0, errorsmod.Wrapf(types.ErrUnauthorized, "batch %d was submitted by %s", batch.Id, batch.Provider)
	}
	deadline, err := k.batchDeadline(ctx, batch)
	if err != nil {
		return 0, err
	}
	if err := underTheseRules(batch); err != nil {
		return 0, err
	}
	if batch.Status != types.BATCH_STATUS_REJECTED && batch.Status != types.BATCH_STATUS_EXPIRED ||
		!ctx.BlockTime().Before(deadline) {
		return 0, errorsmod.Wrapf(types.ErrBatchStatus,
			"batch %d is %s: only a rejected or expired batch can be resubmitted, once and in its window", batch.Id,
			batch.Status)
	}
	// A new batch of a frozen provider is refused with its liability; this one holds it already.
	provider, err := k.models.GetProvider(ctx, sdk.MustAccAddressFromBech32(batch.Provider))
	if err != nil {
		return 0, err
	}
	if provider.Frozen {
		return 0, errorsmod.Wrapf(modelstypes.ErrProviderFrozen,
			"%s may not resubmit batches: a lie in one was proven, or validators with more than two thirds of the power "+
				"called one wrong", batch.Provider)
	}
	head, err := k.head(ctx)
	if err != nil {
		return 0, err
	}
	if _, err := k.askBatch(ctx, params, &head, &batch, provider.OpenBatches, msg.MaxFee); err != nil {
		return 0, err
	}
	if _, err := k.models.CountOpenBatch(ctx, sdk.MustAccAddressFromBech32(batch.Provider), true); err != nil {
		return 0, err
	}
	if err := k.Head.Set(ctx, head); err != nil {
		return 0, err
	}
	if err := k.setStatus(ctx, &batch, types.BATCH_STATUS_RESUBMITTED, params); err != nil {
		return 0, err
	}
	return batch.Item, ctx.EventManager().EmitTypedEvent(&types.EventBatchResubmitted{BatchId: batch.Id, Item: batch.Item})
}

// underTheseRules refuses a batch that was recorded under another version of the rules than this program has. The rules
// of this program could find it wrong although it was right.
func underTheseRules(batch types.Batch) error {
	if batch.PoaVersion == poa.Version {
		return nil
	}
	return errorsmod.Wrapf(
		types.ErrRules, "batch %d was recorded under version %d of the rules, this chain has version %d: it can neither "+
			"be disputed nor attested any more", batch.Id, batch.PoaVersion, poa.Version)
}

// sweptPerBlock caps the items that end in a block because they have waited too long.
const sweptPerBlock = 32

// sweepItems ends items that have waited for the longest time allowed, whether validators attest or not.
func (k Keeper) sweepItems(ctx sdk.Context, params types.Params) error {
	head, err := k.head(ctx)
	if err != nil {
		return err
	}
	if !params.Attestation { // no tally does it
		promoted, err := k.promote(ctx, &head, ctx.BlockHeight())
		if err != nil {
			return err
		}
		if promoted {
			if err := k.Head.Set(ctx, head); err != nil {
				return err
			}
		}
	}
	items, err := k.openItems(ctx, head, types.MaxWindow)
	if err != nil {
		return err
	}
	swept := 0
	for _, item := range items {
		if ctx.BlockTime().Before(item.ExpiresAt) {
			continue
		}
		if swept == sweptPerBlock {
			break
		}
		if err := modulekit.Step(ctx, types.ModuleName, "item expiry", func(ctx sdk.Context) error {
			return k.refuse(ctx, params, item, refusal{})
		}); err != nil {
			ctx.Logger().Error("item could not be ended; trying again in the next block", "module", types.ModuleName, "item",
				item.Number, "err", err)
			continue // it holds up no other
		}
		swept++
	}
	return nil
}
