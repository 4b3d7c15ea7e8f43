package keeper

import (
	"context"
	"fmt"
	"time"

	"cosmossdk.io/collections"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/attribution/types"
	"github.com/openledger/openledger/x/internal/modulekit"
)

// noDeadline is the deadline of a batch that waits for its verdict.
var noDeadline = time.Unix(0, 0).UTC()

// retryAfter a sweep step that failed, so that it does not hold up the others.
const retryAfter = time.Hour

// EndBlock sweeps sessions whose deadline has passed and disputes that were not revealed, divides slashes that no
// earlier commit can change, sweeps items that have waited too long, asks validators about new DataNet versions, pays
// attestors, and prunes batches whose dispute window has closed. Each step is capped. A step that fails is tried again
// later.
//
// While the module is paused, a step runs only if it takes nothing from an account for a message that it did not send.
// Items, versions and pay are between the chain and validators, whose votes are counted in a pause too.
func (k Keeper) EndBlock(ctx context.Context) error {
	params, err := k.Params.Get(ctx)
	if err != nil {
		return err
	}
	sdkCtx := sdk.UnwrapSDKContext(ctx)
	if params.Paused {
		k.attestSteps(sdkCtx, params)
		return nil
	}
	grace, err := k.lastGrace(ctx)
	if err != nil {
		return err
	}
	if !sdkCtx.BlockTime().Before(grace.SessionsUntil) {
		if err := k.sweepSessions(sdkCtx, params); err != nil {
			return err
		}
	}
	if sdkCtx.BlockHeight() > grace.RevealUntil {
		k.step(sdkCtx, params, "disputes", k.sweepDisputes)
	}
	k.step(sdkCtx, params, "slashes", k.divideSlashes)
	k.attestSteps(sdkCtx, params)
	if sdkCtx.BlockTime().Before(grace.BatchesUntil) {
		return nil
	}
	return k.prune(sdkCtx, params)
}

// attestSteps are the steps that concern validators alone.
func (k Keeper) attestSteps(ctx sdk.Context, params types.Params) {
	k.step(ctx, params, "items", k.sweepItems)
	k.step(ctx, params, "versions to hold", k.askCustody)
	k.step(ctx, params, "pay of attestors", k.payAttestors)
}

// step runs a part of the end-blocker, which is tried again in the next block if it fails.
func (k Keeper) step(ctx sdk.Context, params types.Params, name string, run func(sdk.Context, types.Params) error) {
	if err := modulekit.Step(ctx, types.ModuleName, name, func(ctx sdk.Context) error {
		return run(ctx, params)
	}); err != nil {
		ctx.Logger().Error("step of the end-blocker failed; trying again in the next block", "module", types.ModuleName,
			"step", name, "err", err)
	}
}

// sweepSessions advances sessions with a deadline that has passed, and queues sessions again if their deadline has
// moved since they were queued: at most SessionsPerBlock of either kind.
func (k Keeper) sweepSessions(ctx sdk.Context, params types.Params) error {
	until := new(collections.Range[collections.Pair[time.Time, []byte]]).
		EndExclusive(collections.Join(ctx.BlockTime().Add(1), []byte{}))
	var due, moved []types.Session
	if err := k.Deadlines.Walk(ctx, until, func(key collections.Pair[time.Time, []byte]) (bool, error) {
		session, err := k.GetSession(ctx, key.K2())
		if err != nil {
			return true, err
		}
		if session.Deadline.After(ctx.BlockTime()) {
			moved = append(moved, session)
		} else {
			due = append(due, session)
		}
		return max(len(due), len(moved)) == int(params.SessionsPerBlock), nil
	}); err != nil {
		return err
	}
	for _, session := range moved {
		if err := k.requeue(ctx, session, session.Deadline); err != nil {
			return err
		}
	}
	for _, session := range due {
		if err := modulekit.Step(ctx, types.ModuleName, "session deadline", func(ctx sdk.Context) error {
			return k.expire(ctx, params, session)
		}); err != nil {
			ctx.Logger().Error("session could not be closed; trying again later", "module", types.ModuleName, "session",
				fmt.Sprintf("%x", session.Id), "err", err)
			if err := k.requeue(ctx, session, ctx.BlockTime().Add(retryAfter)); err != nil {
				return err
			}
		}
	}
	return nil
}

// expire advances a session: an idle one starts its claim window, a closing one ends.
func (k Keeper) expire(ctx sdk.Context, params types.Params, session types.Session) error {
	if session.Status == types.SESSION_STATUS_CLOSING {
		return k.end(ctx, session)
	}
	session.Status = types.SESSION_STATUS_CLOSING
	if err := k.requeue(ctx, session, ctx.BlockTime().Add(params.ClaimWindow)); err != nil {
		return err
	}
	return ctx.EventManager().EmitTypedEvent(
		&types.EventSessionClosing{SessionId: fmt.Sprintf("%x", session.Id), Idle: true})
}

// prune removes up to PrunesPerBlock pages, oldest batches first. A batch with
// more pages than are left is finished in a later block. A refused batch that
// was not resubmitted in time is settled instead. Either end of a batch counts
// as endCost pages; the last of a block may exceed what is left.
func (k Keeper) prune(ctx sdk.Context, params types.Params) error {
	until := new(collections.Range[collections.Pair[time.Time, uint64]]).EndInclusive(
		collections.Join(ctx.BlockTime(), ^uint64(0)))
	left := params.PrunesPerBlock
	var due []uint64
	if err := k.BatchDeadlines.Walk(ctx, until, func(key collections.Pair[time.Time, uint64]) (bool, error) {
		due = append(due, key.K2())
		return len(due) == int(left), nil
	}); err != nil {
		return err
	}
	var closed []uint64
	for _, id := range due {
		batch, err := k.GetBatch(ctx, id)
		if err != nil {
			return err
		}
		if batch.Status.Undecided() {
			if left == 0 {
				break
			}
			left -= min(left, endCost(batch))
			if err := modulekit.Step(ctx, types.ModuleName, "refused batch", func(ctx sdk.Context) error {
				return k.settleRefused(ctx, params, batch)
			}); err != nil {
				ctx.Logger().Error("batch could not be settled; trying again later", "module", types.ModuleName, "batch", id, "err",
					err)
				if err := k.postponeBatch(ctx, batch); err != nil {
					return err
				}
			}
			continue
		}
		for ; batch.Pages > 0 && left > 0; left-- {
			batch.Pages--
			if err := k.Pages.Remove(ctx, collections.Join(id, batch.Pages)); err != nil {
				return err
			}
		}
		if batch.Pages > 0 || left == 0 {
			if err := k.Batches.Set(ctx, id, batch); err != nil {
				return err
			}
			break
		}
		left -= min(left, endCost(batch))
		if err := modulekit.Step(ctx, types.ModuleName, "batch end", func(ctx sdk.Context) error {
			return k.closeBatch(ctx, batch)
		}); err != nil {
			ctx.Logger().Error("batch could not be closed; trying again later", "module", types.ModuleName, "batch", id, "err",
				err)
			if err := k.postponeBatch(ctx, batch); err != nil {
				return err
			}
			continue
		}
		closed = append(closed, id)
	}
	if len(closed) == 0 {
		return nil
	}
	return ctx.EventManager().EmitTypedEvent(&types.EventBatchesClosed{BatchIds: closed})
}

// endCost is what the end of a batch counts in pages: one, and one for each session that it changes.
func endCost(batch types.Batch) uint32 { return 1 + uint32(len(batch.Sessions)) }

// closeBatch removes a batch without pages, pays those who attested it, frees
// the provider's bond, and removes closed sessions whose last receipts it held.
func (k Keeper) closeBatch(ctx sdk.Context, batch types.Batch) error {
	if err := types.CheckBatchTransition(batch.Status, types.BATCH_STATUS_UNSPECIFIED); err != nil {
		return err
	}
	if err := k.earnAttestPay(ctx, &batch); err != nil {
		return err
	}
	provider := sdk.MustAccAddressFromBech32(batch.Provider)
	if err := k.models.ReleaseLiability(ctx, provider, batch.Liability); err != nil {
		return err
	}
	if err := k.BatchDeadlines.Remove(ctx, collections.Join(batch.Deadline, batch.Id)); err != nil {
		return err
	}
	if err := k.unlinkBatch(ctx, provider, batch); err != nil {
		return err
	}
	for _, part := range batch.Sessions {
		session, err := k.GetSession(ctx, part.SessionId)
		if err != nil {
			return err
		}
		session.Batches--
		if session.Batches == 0 && session.Status == types.SESSION_STATUS_CLOSED {
			if err := k.removeSession(ctx, session); err != nil {
				return err
			}
			continue
		}
		if session.LastBatch == batch.Id {
			session.LastBatch = part.PreviousBatch
		}
		if err := k.Sessions.Set(ctx, session.Id, session); err != nil {
			return err
		}
	}
	if err := k.Reductions.Remove(ctx, batch.Id); err != nil {
		return err
	}
	return k.Batches.Remove(ctx, batch.Id)
}

func (k Keeper) postponeBatch(ctx sdk.Context, batch types.Batch) error {
	if err := k.BatchDeadlines.Remove(ctx, collections.Join(batch.Deadline, batch.Id)); err != nil {
		return err
	}
	batch.Deadline = ctx.BlockTime().Add(retryAfter).UTC()
	if err := k.BatchDeadlines.Set(ctx, collections.Join(batch.Deadline, batch.Id)); err != nil {
		return err
	}
	return k.Batches.Set(ctx, batch.Id, batch)
}

// addBatch stores a batch. One that waits for validators has no deadline.
func (k Keeper) addBatch(ctx context.Context, batch types.Batch) error {
	if err := k.Batches.Set(ctx, batch.Id, batch); err != nil || batch.Status.Waits() {
		return err
	}
	return k.BatchDeadlines.Set(ctx, collections.Join(batch.Deadline, batch.Id))
}
