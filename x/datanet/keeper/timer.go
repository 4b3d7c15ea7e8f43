package keeper

import (
	errorsmod "cosmossdk.io/errors"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/datanet/keeper/internal/timer"
	"github.com/openledger/openledger/x/datanet/types"
	"github.com/openledger/openledger/x/internal/modulekit"
)

// ringTimers runs what is due, oldest first, at most StepsPerBlock steps of
// work. What is above the cap runs in the next blocks. A step that fails
// changes nothing and is tried again later.
func (k Keeper) ringTimers(ctx sdk.Context, params types.Params) error {
	due, err := k.Timers.Due(ctx, ctx.BlockTime(), int(params.StepsPerBlock))
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
		err = modulekit.Step(ctx, types.ModuleName, stepOf(kind), func(ctx sdk.Context) error {
			if err := k.Timers.Clear(ctx, kind, id); err != nil {
				return err
			}
			work, err = k.ring(ctx, params, kind, id)
			return err
		})
		steps += max(1, work)
		if err != nil {
			ctx.Logger().Error("a step failed and will be tried again", "module", types.ModuleName, "timer", kind, "id",
				id, "err", err)
			if err := k.Timers.Set(ctx, kind, id, ctx.BlockTime().Add(timer.Retry)); err != nil {
				return err
			}
		}
	}
	return nil
}

// stepOf names the step of a timer for the count of failures.
func stepOf(kind uint64) string {
	switch kind {
	case timer.Cohort:
		return "cohort deadline"
	case timer.Unbonding:
		return "data validator unbonding"
	case timer.Recall:
		return "recall"
	case timer.Vesting:
		return "vesting"
	case timer.Bounty:
		return "bounty end"
	case timer.Decay:
		return "deposit decay"
	}
	return "unknown timer"
}

// ring runs the step of a timer and returns how much work it was.
func (k Keeper) ring(ctx sdk.Context, params types.Params, kind, id uint64) (int, error) {
	switch kind {
	case timer.Cohort:
		return k.Review.Deadline(ctx, params, id)
	case timer.Unbonding:
		return 1, k.Review.MatureUnbonding(ctx, id)
	case timer.Recall:
		return 1, k.recallDue(ctx, id)
	case timer.Vesting:
		return 1, k.vest(ctx, params, id)
	case timer.Bounty:
		return 1, k.closeBounty(ctx, id)
	case timer.Decay:
		return 1, k.decayDeposit(ctx, params, id)
	}
	return 0, errorsmod.Wrapf(types.ErrInvariant, "timer of unknown kind %d", kind)
}
