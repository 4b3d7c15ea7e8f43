package review

import (
	"context"

	"cosmossdk.io/collections"
	errorsmod "cosmossdk.io/errors"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/datanet/types"
)

// Deadline ends the phase of a cohort whose time is over, and returns
// how much work it was.
func (k Keeper) Deadline(ctx sdk.Context, params types.Params, id uint64) (int, error) {
	cohort, err := k.Cohorts.Get(ctx, id)
	if err != nil {
		return 0, err
	}
	work := len(cohort.Items)
	if cohort.Kind != types.COHORT_KIND_REVIEW { // each item that falls slashes the seats that accepted it
		work *= 1 + int(params.Review.Seats)
	}
	switch cohort.Phase {
	case types.COHORT_PHASE_FILLING:
		return work, k.endFilling(ctx, params, cohort)
	case types.COHORT_PHASE_DRAWING:
		return work, k.endDrawing(ctx, params, cohort)
	case types.COHORT_PHASE_COMMIT:
		return work, k.endCommit(ctx, params, cohort)
	case types.COHORT_PHASE_REVEAL:
		return work, k.endReveal(ctx, params, cohort)
	case types.COHORT_PHASE_GOLD:
		return work, k.decide(ctx, params, cohort)
	case types.COHORT_PHASE_DECIDED:
		return work, k.prune(ctx, cohort)
	}
	return 0, errorsmod.Wrapf(types.ErrInvariant, "cohort %d is in %s", id, cohort.Phase)
}

// startDrawing has one seat drawn in each of the next blocks: as many as the
// panel has, or as there are validators. With fewer than may decide nothing is drawn:
// the cohort waits for its deadline, and then once more.
func (k Keeper) startDrawing(ctx context.Context, params types.Params, cohort *types.Cohort) error {
	if err := k.stopFilling(ctx, cohort); err != nil {
		return err
	}
	var err error
	if cohort.Excluded, err = k.excluded(ctx, *cohort); err != nil {
		return err
	}
	available, _, err := k.available(ctx, cohort.Panel, cohort.Excluded)
	if err != nil {
		return err
	}
	seats := params.Review.AppealSeats
	if cohort.Kind == types.COHORT_KIND_REVIEW {
		seats = params.Review.Seats
		if cohort.Pledge, err = k.pledge(ctx, params.Review, *cohort); err != nil {
			return err
		}
	}
	cohort.Wanted, cohort.DrawMisses = uint32(min(uint64(seats), available)), 0
	if cohort.Wanted < params.Review.FewestSeats(*cohort) {
		cohort.Wanted = 0
	}
	if cohort.Wanted > 0 {
		// The proposer, who orders the transactions of this block, knows its hash, so later blocks draw the seats.
		cohort.DrawHeight = sdk.UnwrapSDKContext(ctx).BlockHeight() + 1
		if err := k.Draws.Set(ctx, collections.Join(cohort.DrawHeight, cohort.Id)); err != nil {
			return err
		}
	}
	return k.enter(ctx, cohort, types.COHORT_PHASE_DRAWING, params.Review.CommitWindow)
}

func (k Keeper) endDrawing(ctx context.Context, params types.Params, cohort types.Cohort) error {
	if err := k.stopDrawing(ctx, &cohort); err != nil {
		return err
	}
	if len(cohort.Seats) < int(params.Review.FewestSeats(cohort)) {
		return k.failRound(ctx, params, cohort)
	}
	cohort.Wanted = uint32(len(cohort.Seats))
	return k.startVoting(ctx, params, &cohort)
}

// startVoting opens the phase of sealed ballots.
func (k Keeper) startVoting(ctx context.Context, params types.Params, cohort *types.Cohort) error {
	cohort.Height, cohort.Excluded = sdk.UnwrapSDKContext(ctx).BlockHeight(), nil
	if cohort.Kind == types.COHORT_KIND_REVIEW {
		cohort.Needed = uint32(params.Review.AcceptNeeded(int(cohort.Wanted)))
	}
	return k.enter(ctx, cohort, types.COHORT_PHASE_COMMIT, params.Review.CommitWindow)
}

func (k Keeper) endCommit(ctx context.Context, params types.Params, cohort types.Cohort) error {
	ballots, err := k.ballots(ctx, cohort)
	if err != nil {
		return err
	}
	if len(ballots) > 0 {
		return k.enter(ctx, &cohort, types.COHORT_PHASE_REVEAL, params.Review.RevealWindow)
	}
	return k.endReveal(ctx, params, cohort)
}

// endReveal slashes the seats that did not reveal, and goes on if enough did.
func (k Keeper) endReveal(ctx context.Context, params types.Params, cohort types.Cohort) error {
	ballots, err := k.ballots(ctx, cohort)
	if err != nil {
		return err
	}
	revealed := 0
	for _, seat := range cohort.Seats {
		ballot, ok := findBallot(ballots, seat.Address)
		if ok && len(ballot.Votes) > 0 {
			revealed++
			continue
		}
		if err := k.missed(ctx, params, cohort, seat); err != nil {
			return err
		}
	}
	switch {
	case !cohort.Quorum(revealed):
		return k.failRound(ctx, params, cohort)
	case cohort.AllGoldOpen():
		return k.decide(ctx, params, cohort)
	}
	return k.enter(ctx, &cohort, types.COHORT_PHASE_GOLD, params.Review.GoldWindow)
}

// failRound draws another panel once; then the items return undecided.
func (k Keeper) failRound(ctx context.Context, params types.Params, cohort types.Cohort) error {
	if cohort.Round > 1 {
		return k.giveUp(ctx, params, cohort)
	}
	if err := k.unpledge(ctx, &cohort); err != nil {
		return err
	}
	if err := k.dismiss(ctx, cohort); err != nil {
		return err
	}
	cohort.Round++
	cohort.Seats, cohort.Wanted = nil, 0
	return k.startDrawing(ctx, params, &cohort)
}
