package review

import (
	"context"
	"time"

	errorsmod "cosmossdk.io/errors"
	"cosmossdk.io/math"

	"github.com/openledger/openledger/x/datanet/types"
)

// One bond may have seats in many cohorts at the same time, and one panel decides about many items. So each seat
// pledges a part of its validator's bond for what bounties of the pool pay for all items of its cohort: nothing
// else is drawn against that part, and the seats that it takes to accept have pledged all that is to be won.

// answeringRetry is how long a cohort is kept again whose seats still answer for a bounty.
const answeringRetry = 24 * time.Hour

// pledge returns what each seat of a cohort pledges.
func (k Keeper) pledge(ctx context.Context, params types.ReviewParams, cohort types.Cohort) (math.Int, error) {
	worth := math.ZeroInt()
	for _, rank := range cohort.Items {
		c, err := k.registry.Contribution(ctx, rank)
		if err != nil {
			return worth, err
		}
		bounty, pool, err := k.registry.PoolBounty(ctx, c)
		if err != nil {
			return worth, err
		}
		if pool {
			worth = worth.Add(bounty.Price)
		}
	}
	return params.Pledge(worth), nil
}

// slashPledges slashes the seats that accepted an item for a bounty of the pool by their part of its price, and
// returns the sum.
func (k Keeper) slashPledges(ctx context.Context, params types.Params, c types.Contribution) (math.Int, error) {
	sum := math.ZeroInt()
	bounty, pool, err := k.registry.PoolBounty(ctx, c)
	if err != nil || !pool || c.AcceptedVersion == 0 {
		return sum, err
	}
	cohort, err := k.GetCohort(ctx, c.Cohort)
	if errorsmod.IsOf(err, types.ErrCohortNotFound) {
		return sum, nil // nobody answers any more
	}
	if err != nil {
		return sum, err
	}
	wrong, err := k.seatsThatVoted(ctx, cohort, c.Rank, func(vote types.Vote) bool { return vote.Accept })
	if err != nil {
		return sum, err
	}
	share := params.Review.Pledge(bounty.Price)
	for _, i := range wrong {
		seat := cohort.Seats[i]
		amount := math.MinInt(share, seat.Pledged)
		slashed, err := k.slash(ctx, params.Review, cohort.Id, seat, amount, slashBounty)
		if err != nil {
			return sum, err
		}
		sum = sum.Add(slashed)
		if err := k.unpledgePart(ctx, &cohort.Seats[i], amount); err != nil {
			return sum, err
		}
	}
	return sum, k.Cohorts.Set(ctx, cohort.Id, cohort)
}

// unpledgePart frees a part of what a seat has pledged. The caller stores the cohort.
func (k Keeper) unpledgePart(ctx context.Context, seat *types.Seat, amount math.Int) error {
	if !amount.IsPositive() {
		return nil
	}
	v, err := k.Validators.Get(ctx, seat.Validator)
	if err != nil {
		return err
	}
	v.Pledged, seat.Pledged = v.Pledged.Sub(amount), seat.Pledged.Sub(amount)
	return k.Validators.Set(ctx, v.Id, v)
}

// unpledge frees what the seats of a cohort have pledged. The caller stores it.
func (k Keeper) unpledge(ctx context.Context, cohort *types.Cohort) error {
	for i := range cohort.Seats {
		if err := k.unpledgePart(ctx, &cohort.Seats[i], cohort.Seats[i].Pledged); err != nil {
			return err
		}
	}
	return nil
}

// answering reports whether a bounty of the pool has not begun to pay for an item of a cohort that may still fall.
func (k Keeper) answering(ctx context.Context, cohort types.Cohort) (bool, error) {
	if !cohort.Pledge.IsPositive() || cohort.Kind != types.COHORT_KIND_REVIEW {
		return false, nil
	}
	for _, rank := range cohort.Items {
		c, err := k.registry.Contribution(ctx, rank)
		if err != nil {
			return false, err
		}
		if c.Vesting.IsPositive() && !c.HalfPaid {
			return true, nil
		}
	}
	return false, nil
}
