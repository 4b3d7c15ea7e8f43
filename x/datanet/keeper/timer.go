package keeper

import (
	"context"
	"errors"
	"time"

	"cosmossdk.io/collections"
	errorsmod "cosmossdk.io/errors"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/datanet/types"
	"github.com/openledger/openledger/x/internal/modulekit"
)

// timerKey is (Unix time in nanoseconds, kind, id).
type timerKey = collections.Triple[int64, uint64, uint64]

// Kinds of timers. All wait in one queue, oldest first, so that none starves.
const (
	timerCohort    = 1 // deadline of a phase, by cohort
	timerUnbonding = 2 // by data validator
	timerRecall    = 3 // by contribution
	timerVesting   = 4 // by contribution
	timerBounty    = 5 // deadline, by bounty
	timerDecay     = 6 // by contribution
)

// timerRetry is how long a step that failed waits.
const timerRetry = time.Hour

// setTimer wakes id at a time; it replaces its timer of the same kind.
func (k Keeper) setTimer(ctx context.Context, kind, id uint64, at time.Time) error {
	if err := k.clearTimer(ctx, kind, id); err != nil {
		return err
	}
	if err := k.TimerAt.Set(ctx, collections.Join(kind, id), at.UnixNano()); err != nil {
		return err
	}
	return k.Timers.Set(ctx, collections.Join3(at.UnixNano(), kind, id))
}

// clearTimer forgets a timer, if there is one.
func (k Keeper) clearTimer(ctx context.Context, kind, id uint64) error {
	at, err := k.TimerAt.Get(ctx, collections.Join(kind, id))
	if errors.Is(err, collections.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := k.TimerAt.Remove(ctx, collections.Join(kind, id)); err != nil {
		return err
	}
	return k.Timers.Remove(ctx, collections.Join3(at, kind, id))
}

// ringTimers runs what is due, oldest first, at most StepsPerBlock steps of
// work. What is above the cap runs in the next blocks. A step that fails
// changes nothing and is tried again later.
func (k Keeper) ringTimers(ctx sdk.Context, params types.Params) error {
	due, err := k.dueTimers(ctx, int(params.StepsPerBlock))
	if err != nil {
		return err
	}
	steps := 0
	for _, key := range due {
		if steps >= int(params.StepsPerBlock) {
			return nil
		}
		kind, id := key.K2(), key.K3()
		// The queue was read before: an earlier step may have moved this timer.
		waiting, err := k.Timers.Has(ctx, key)
		if err != nil {
			return err
		}
		if !waiting {
			continue
		}
		work := 1
		err = modulekit.Attempt(ctx, func(ctx sdk.Context) error {
			if err := k.clearTimer(ctx, kind, id); err != nil {
				return err
			}
			work, err = k.ring(ctx, params, kind, id)
			return err
		})
		steps += max(1, work)
		if err != nil {
			ctx.Logger().Error("a step failed and will be tried again", "module", types.ModuleName, "timer", kind, "id", id, "err", err)
			if err := k.setTimer(ctx, kind, id, ctx.BlockTime().Add(timerRetry)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (k Keeper) dueTimers(ctx sdk.Context, limit int) ([]timerKey, error) {
	until := new(collections.Range[timerKey]).EndExclusive(collections.Join3(ctx.BlockTime().UnixNano()+1, uint64(0), uint64(0)))
	var due []timerKey
	err := k.Timers.Walk(ctx, until, func(key timerKey) (bool, error) {
		due = append(due, key)
		return len(due) == limit, nil
	})
	return due, err
}

// ring runs the step of a timer and returns how much work it was.
func (k Keeper) ring(ctx sdk.Context, params types.Params, kind, id uint64) (int, error) {
	switch kind {
	case timerCohort:
		return k.cohortDeadline(ctx, params, id)
	case timerUnbonding:
		return 1, k.matureUnbonding(ctx, id)
	case timerRecall:
		return 1, k.recallDue(ctx, id)
	case timerVesting:
		return 1, k.vest(ctx, params, id)
	case timerBounty:
		return 1, k.closeBounty(ctx, id)
	case timerDecay:
		return 1, k.decayDeposit(ctx, params, id)
	}
	return 0, errorsmod.Wrapf(types.ErrInvariant, "timer of unknown kind %d", kind)
}
