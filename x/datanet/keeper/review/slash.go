package review

import (
	"context"
	"slices"

	errorsmod "cosmossdk.io/errors"
	"cosmossdk.io/math"

	"github.com/openledger/openledger/x/datanet/types"
	"github.com/openledger/openledger/x/internal/modulekit"
)

// Reasons of slashes.
const (
	slashMissed     = "missed"
	slashGold       = "gold"
	slashOverturned = "overturned"
	slashBounty     = "bounty"
	// SlashDuplicate is for accepting a copy of text that could be compared with it.
	SlashDuplicate = "duplicate"
	// SlashUnfit is for accepting text that is not what was registered.
	SlashUnfit = "unfit"
)

// slash takes a part of the stake of a seat: from the bond, then from what
// unbonds, oldest first. A validator left with less than half of the required
// bond is drawn no more. It returns what it took, for the caller to burn.
func (k Keeper) slash(ctx context.Context, params types.ReviewParams, cohort uint64, seat types.Seat, amount math.Int,
	reason string) (math.Int, error) {
	if !amount.IsPositive() {
		return math.ZeroInt(), nil
	}
	v, err := k.Validators.Get(ctx, seat.Validator)
	if err != nil {
		return math.Int{}, err
	}
	left := amount
	taken := math.MinInt(left, v.Bond)
	v.Bond, left = v.Bond.Sub(taken), left.Sub(taken)
	for i := range v.Unbonding {
		taken := math.MinInt(left, v.Unbonding[i].Amount)
		v.Unbonding[i].Amount, left = v.Unbonding[i].Amount.Sub(taken), left.Sub(taken)
	}
	slashed := amount.Sub(left)
	v.Record.Slashed = v.Record.Slashed.Add(slashed)
	datanet, err := k.registry.DataNet(ctx, v.DatanetId)
	if err != nil {
		return math.Int{}, err
	}
	if v.Bond.MulRaw(2).LT(requiredBond(ctx, params, datanet)) {
		v.Active = false
	}
	if err := k.setValidator(ctx, v); err != nil {
		return math.Int{}, err
	}
	return slashed, modulekit.Emit(ctx, &types.EventValidatorSlashed{
		DatanetId: v.DatanetId, Address: v.Address, Cohort: cohort, Amount: slashed, Reason: reason,
	})
}

// overturned slashes the seats of a cohort that voted for the other verdict
// about a contribution, while their ballots are kept, and returns the sum.
func (k Keeper) overturned(ctx context.Context, params types.Params, cohort, rank uint64, verdict bool) (math.Int,
	error) {
	return k.slashVotes(ctx, params, cohort, rank, params.Review.OverturnedPpm, slashOverturned,
		func(vote types.Vote) bool { return vote.Accept != verdict })
}

// SlashAccepting slashes the seats of a cohort that accepted a contribution by duplicate_ppm of their stake, and
// returns the sum, for the caller to burn. The sum is 0 when the cohort is forgotten: nobody is liable any more.
func (k Keeper) SlashAccepting(ctx context.Context, params types.Params, cohort, rank uint64, reason string) (math.Int,
	error) {
	return k.slashVotes(ctx, params, cohort, rank, params.Review.DuplicatePpm, reason,
		func(vote types.Vote) bool { return vote.Accept })
}

// slashVotes slashes the seats of a cohort whose vote about a contribution was
// wrong, and returns the sum.
func (k Keeper) slashVotes(ctx context.Context, params types.Params, id, rank uint64, ppm uint32, reason string,
	wrong func(types.Vote) bool) (math.Int, error) {
	sum := math.ZeroInt()
	cohort, err := k.GetCohort(ctx, id)
	if errorsmod.IsOf(err, types.ErrCohortNotFound) {
		return sum, nil // nobody is liable any more
	}
	if err != nil {
		return sum, err
	}
	seats, err := k.seatsThatVoted(ctx, cohort, rank, wrong)
	if err != nil {
		return sum, err
	}
	for _, i := range seats {
		seat := cohort.Seats[i]
		slashed, err := k.slash(ctx, params.Review, cohort.Id, seat, types.Part(seat.Stake, ppm), reason)
		if err != nil {
			return sum, err
		}
		sum = sum.Add(slashed)
		if reason != slashOverturned {
			continue
		}
		if err := k.record(ctx, seat.Validator, func(r *types.ReviewRecord) { r.Overturned++ }); err != nil {
			return sum, err
		}
	}
	return sum, nil
}

// seatsThatVoted returns the seats of a cohort with a vote of some kind about one of its items.
func (k Keeper) seatsThatVoted(ctx context.Context, cohort types.Cohort, rank uint64, so func(types.Vote) bool) ([]int,
	error) {
	ballots, err := k.ballots(ctx, cohort)
	if err != nil {
		return nil, err
	}
	item := slices.Index(cohort.Items, rank)
	if item < 0 {
		return nil, errorsmod.Wrapf(types.ErrInvariant, "contribution %d is not in cohort %d", rank, cohort.Id)
	}
	var seats []int
	for i, votes := range newPanel(cohort, ballots).votes {
		if len(votes) > 0 && so(votes[item]) {
			seats = append(seats, i)
		}
	}
	return seats, nil
}

// missed slashes a seat that did not reveal; its validator must ask to be drawn again.
func (k Keeper) missed(ctx context.Context, params types.Params, cohort types.Cohort, seat types.Seat) error {
	slashed, err := k.slash(ctx, params.Review, cohort.Id, seat, types.Part(seat.Stake, params.Review.MissedPpm),
		slashMissed)
	if err != nil {
		return err
	}
	if err := k.funds.Burn(ctx, slashed); err != nil {
		return err
	}
	if err := k.deactivate(ctx, seat.Validator); err != nil {
		return err
	}
	return k.record(ctx, seat.Validator, func(r *types.ReviewRecord) { r.Missed++ })
}
