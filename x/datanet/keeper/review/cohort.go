package review

import (
	"context"
	"errors"
	"time"

	"cosmossdk.io/collections"
	errorsmod "cosmossdk.io/errors"
	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/datanet/keeper/internal/timer"
	"github.com/openledger/openledger/x/datanet/types"
	"github.com/openledger/openledger/x/internal/modulekit"
)

// GetCohort returns a cohort, or ErrCohortNotFound.
func (k Keeper) GetCohort(ctx context.Context, id uint64) (types.Cohort, error) {
	cohort, err := k.Cohorts.Get(ctx, id)
	if errors.Is(err, collections.ErrNotFound) {
		err = errorsmod.Wrapf(types.ErrCohortNotFound, "no cohort %d, or it was decided long ago", id)
	}
	return cohort, err
}

// cohortIn returns a cohort that must be in a phase.
func (k Keeper) cohortIn(ctx context.Context, id uint64, phase types.CohortPhase) (types.Cohort, error) {
	cohort, err := k.GetCohort(ctx, id)
	if err == nil && cohort.Phase != phase {
		err = errorsmod.Wrapf(types.ErrCohortPhase, "cohort %d is in %s until %s, this needs %s", id, cohort.Phase,
			cohort.Deadline.UTC().Format(time.RFC3339), phase)
	}
	return cohort, err
}

// newCohort opens a cohort with a first phase that ends after wait.
func (k Keeper) newCohort(ctx context.Context, cohort types.Cohort, wait time.Duration) (types.Cohort, error) {
	id, err := k.NextCohort.Next(ctx)
	if err != nil {
		return cohort, err
	}
	cohort.Id, cohort.Round = id, 1
	cohort.Fee, cohort.Deposit = types.OrZero(cohort.Fee), types.OrZero(cohort.Deposit)
	cohort.Fees, cohort.Pledge = types.OrZero(cohort.Fees), types.OrZero(cohort.Pledge)
	if err := k.CohortsBy.Set(ctx, collections.Join(cohort.DatanetId, id)); err != nil {
		return cohort, err
	}
	return cohort, k.enter(ctx, &cohort, cohort.Phase, wait)
}

// enter moves a cohort to a phase that ends after wait, and stores it.
func (k Keeper) enter(ctx context.Context, cohort *types.Cohort, phase types.CohortPhase, wait time.Duration) error {
	cohort.Phase = phase
	cohort.Deadline = sdk.UnwrapSDKContext(ctx).BlockTime().UTC().Add(wait)
	if err := k.timers.Set(ctx, timer.Cohort, cohort.Id, cohort.Deadline); err != nil {
		return err
	}
	if err := modulekit.Emit(ctx, &types.EventCohortPhase{Cohort: cohort.Id, DatanetId: cohort.DatanetId, Phase: phase,
		Round: cohort.Round}); err != nil {
		return err
	}
	return k.Cohorts.Set(ctx, cohort.Id, *cohort)
}

// giveUp ends a cohort that no panel decided: everybody gets back what the
// review holds, and nothing is accepted.
func (k Keeper) giveUp(ctx context.Context, params types.Params, cohort types.Cohort) error {
	if err := k.stopFilling(ctx, &cohort); err != nil {
		return err
	}
	for i, gold := range cohort.Gold {
		if err := k.funds.Pay(ctx, gold.Planter, gold.Deposit); err != nil {
			return err
		}
		cohort.Gold[i].Deposit = math.ZeroInt()
	}
	switch cohort.Kind {
	case types.COHORT_KIND_REVIEW:
	case types.COHORT_KIND_BOUNTY:
		return k.notConfirmed(ctx, params, cohort)
	default:
		return k.appealFailed(ctx, params, cohort)
	}
	if err := k.unpledge(ctx, &cohort); err != nil {
		return err
	}
	for _, rank := range cohort.Items {
		contribution, err := k.registry.Contribution(ctx, rank)
		if err != nil {
			return err
		}
		if err := k.funds.Pay(ctx, contribution.Contributor, contribution.ReviewFee); err != nil {
			return err
		}
		contribution.ReviewFee = math.ZeroInt()
		if err := k.registry.Return(ctx, contribution, types.CONTRIBUTION_STATUS_RETURNED,
			"no panel decided"); err != nil {
			return err
		}
	}
	if err := k.finish(ctx, params, cohort); err != nil {
		return err
	}
	return modulekit.Emit(ctx, &types.EventCohortDecided{
		Cohort: cohort.Id, DatanetId: cohort.DatanetId, Kind: cohort.Kind, Returned: cohort.Items, Paid: math.ZeroInt(),
	})
}

// finish keeps a cohort for as long as its seats are liable.
func (k Keeper) finish(ctx context.Context, params types.Params, cohort types.Cohort) error {
	for _, seat := range cohort.Seats {
		if err := k.Assigned.Remove(ctx, collections.Join(sdk.MustAccAddressFromBech32(seat.Address),
			cohort.Id)); err != nil {
			return err
		}
	}
	cohort.Excluded = nil
	return k.enter(ctx, &cohort, types.COHORT_PHASE_DECIDED, params.Review.LiabilityWindow)
}

// dismiss forgets the panel of a cohort and its ballots.
func (k Keeper) dismiss(ctx context.Context, cohort types.Cohort) error {
	for _, seat := range cohort.Seats {
		address := sdk.MustAccAddressFromBech32(seat.Address)
		if err := k.Assigned.Remove(ctx, collections.Join(address, cohort.Id)); err != nil {
			return err
		}
		if err := k.Ballots.Remove(ctx, collections.Join(cohort.Id, address)); err != nil {
			return err
		}
	}
	return nil
}

// prune forgets a cohort, unless its seats still answer for a bounty of the pool.
func (k Keeper) prune(ctx context.Context, cohort types.Cohort) error {
	if answering, err := k.answering(ctx, cohort); err != nil {
		return err
	} else if answering {
		cohort.Deadline = sdk.UnwrapSDKContext(ctx).BlockTime().UTC().Add(answeringRetry)
		if err := k.timers.Set(ctx, timer.Cohort, cohort.Id, cohort.Deadline); err != nil {
			return err
		}
		return k.Cohorts.Set(ctx, cohort.Id, cohort)
	}
	if err := k.unpledge(ctx, &cohort); err != nil {
		return err
	}
	if err := k.dismiss(ctx, cohort); err != nil {
		return err
	}
	if err := k.CohortsBy.Remove(ctx, collections.Join(cohort.DatanetId, cohort.Id)); err != nil {
		return err
	}
	return k.Cohorts.Remove(ctx, cohort.Id)
}
