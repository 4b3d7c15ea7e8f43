package keeper

import (
	"context"
	"errors"
	"time"

	"cosmossdk.io/collections"
	errorsmod "cosmossdk.io/errors"
	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/datanet/types"
)

// GetCohort returns a review, or ErrCohortNotFound.
func (k Keeper) GetCohort(ctx context.Context, id uint64) (types.Cohort, error) {
	cohort, err := k.Cohorts.Get(ctx, id)
	if errors.Is(err, collections.ErrNotFound) {
		err = errorsmod.Wrapf(types.ErrCohortNotFound, "no cohort %d, or it was decided long ago", id)
	}
	return cohort, err
}

// cohortIn returns a review that must be in a phase.
func (k Keeper) cohortIn(ctx context.Context, id uint64, phase types.CohortPhase) (types.Cohort, error) {
	cohort, err := k.GetCohort(ctx, id)
	if err == nil && cohort.Phase != phase {
		err = errorsmod.Wrapf(types.ErrCohortPhase, "cohort %d is in %s until %s, this needs %s", id, cohort.Phase, cohort.Deadline.UTC().Format(time.RFC3339), phase)
	}
	return cohort, err
}

// newCohort opens a review whose first phase ends after a while.
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

// enter moves a review to a phase that ends after a while, and stores it.
func (k Keeper) enter(ctx context.Context, cohort *types.Cohort, phase types.CohortPhase, wait time.Duration) error {
	cohort.Phase = phase
	cohort.Deadline = sdk.UnwrapSDKContext(ctx).BlockTime().UTC().Add(wait)
	if err := k.setTimer(ctx, timerCohort, cohort.Id, cohort.Deadline); err != nil {
		return err
	}
	if err := emit(ctx, &types.EventCohortPhase{Cohort: cohort.Id, DatanetId: cohort.DatanetId, Phase: phase, Round: cohort.Round}); err != nil {
		return err
	}
	return k.Cohorts.Set(ctx, cohort.Id, *cohort)
}

// enqueue puts a contribution into the cohort of its DataNet and panel that is
// filling, and returns the cohort.
func (k Keeper) enqueue(ctx context.Context, params types.Params, datanetID, panel uint64, contribution types.Contribution) (uint64, error) {
	if most := params.Review.MaxItemTokens(); contribution.Tokens > most {
		return 0, errorsmod.Wrapf(types.ErrInvalidContribution, "%d tokens are more than a panel reads of one contribution, %d: contribute it in parts", contribution.Tokens, most)
	}
	if err := k.countOpen(ctx, params.Review, contribution.Contributor); err != nil {
		return 0, err
	}
	cohort, err := k.fillingCohort(ctx, params.Review, datanetID, panel, contribution.Tokens)
	if err != nil {
		return 0, err
	}
	cohort.Items = append(cohort.Items, contribution.Rank)
	cohort.Tokens, cohort.Fees = cohort.Tokens+contribution.Tokens, cohort.Fees.Add(contribution.FeePaid)
	if full(params, cohort) || len(cohort.Items) >= int(params.Review.MaxCohortItems) {
		if err := k.stopFilling(ctx, &cohort); err != nil {
			return 0, err
		}
	}
	return cohort.Id, k.hurryIf(ctx, full(params, cohort), cohort)
}

// fillingCohort returns the cohort of a DataNet and panel that takes items, a new one if there is none with room.
func (k Keeper) fillingCohort(ctx context.Context, params types.ReviewParams, datanetID, panel, tokens uint64) (types.Cohort, error) {
	id, err := k.Filling.Get(ctx, collections.Join(datanetID, panel))
	if err == nil {
		cohort, err := k.Cohorts.Get(ctx, id)
		if err != nil || cohort.Tokens+tokens <= params.MaxCohortTokens {
			return cohort, err
		}
		if err := k.stopFilling(ctx, &cohort); err != nil {
			return cohort, err
		}
		if err := k.Cohorts.Set(ctx, cohort.Id, cohort); err != nil {
			return cohort, err
		}
	} else if !errors.Is(err, collections.ErrNotFound) {
		return types.Cohort{}, err
	}
	cohort, err := k.newCohort(ctx, types.Cohort{
		DatanetId: datanetID, Panel: panel, Kind: types.COHORT_KIND_REVIEW, Phase: types.COHORT_PHASE_FILLING, Filling: true,
	}, params.FillWindow)
	if err != nil {
		return cohort, err
	}
	return cohort, k.Filling.Set(ctx, collections.Join(datanetID, panel), cohort.Id)
}

// countOpen counts a contribution of an account that waits for a panel.
func (k Keeper) countOpen(ctx context.Context, params types.ReviewParams, contributor string) error {
	if err := k.checkOpen(ctx, params, contributor); err != nil {
		return err
	}
	return k.addOpen(ctx, contributor)
}

// checkOpen fails for an account of which as many contributions wait for panels as may.
func (k Keeper) checkOpen(ctx context.Context, params types.ReviewParams, contributor string) error {
	open, err := k.openBy(ctx, contributor)
	if err == nil && open >= uint64(params.MaxOpenPerContributor) {
		err = errorsmod.Wrapf(types.ErrReviewLimit, "%d of your contributions wait for panels, at most %d may: reveal later", open, params.MaxOpenPerContributor)
	}
	return err
}

func (k Keeper) openBy(ctx context.Context, contributor string) (uint64, error) {
	open, err := k.OpenBy.Get(ctx, sdk.MustAccAddressFromBech32(contributor))
	if errors.Is(err, collections.ErrNotFound) {
		return 0, nil
	}
	return open, err
}

func (k Keeper) addOpen(ctx context.Context, contributor string) error {
	open, err := k.openBy(ctx, contributor)
	if err != nil {
		return err
	}
	return k.OpenBy.Set(ctx, sdk.MustAccAddressFromBech32(contributor), open+1)
}

// uncountOpen undoes countOpen when the contribution is decided.
func (k Keeper) uncountOpen(ctx context.Context, contributor string) error {
	address := sdk.MustAccAddressFromBech32(contributor)
	open, err := k.OpenBy.Get(ctx, address)
	if err != nil {
		return err
	}
	if open == 1 {
		return k.OpenBy.Remove(ctx, address)
	}
	return k.OpenBy.Set(ctx, address, open-1)
}

// stopFilling has the next contribution open another cohort. The caller stores the cohort.
func (k Keeper) stopFilling(ctx context.Context, cohort *types.Cohort) error {
	if !cohort.Filling {
		return nil
	}
	cohort.Filling = false
	return k.Filling.Remove(ctx, collections.Join(cohort.DatanetId, cohort.Panel))
}

// hurryIf ends the phase of a review with this block when nothing more can
// happen in it, and stores the review. The end-blocker does the work: the gas of
// a message must not depend on whether it is the last one.
func (k Keeper) hurryIf(ctx context.Context, complete bool, cohort types.Cohort) error {
	if complete {
		cohort.Deadline = sdk.UnwrapSDKContext(ctx).BlockTime().UTC()
		if err := k.setTimer(ctx, timerCohort, cohort.Id, cohort.Deadline); err != nil {
			return err
		}
	}
	return k.Cohorts.Set(ctx, cohort.Id, cohort)
}

// full says whether a review that is filling need not wait for more.
func full(params types.Params, cohort types.Cohort) bool {
	enough := len(cohort.Items) >= int(params.Review.CohortItems) || cohort.Tokens >= params.Review.CohortTokens
	return enough && cohort.EnoughGold(params.Review)
}

// startDrawing has one seat drawn in each of the next blocks: as many as the
// panel has, or as there are validators. With fewer than may decide nothing is drawn:
// the review waits for its deadline, and then once more.
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
		// The hash of this block is known to who orders its transactions.
		cohort.DrawHeight = sdk.UnwrapSDKContext(ctx).BlockHeight() + 1
		if err := k.Draws.Set(ctx, collections.Join(cohort.DrawHeight, cohort.Id)); err != nil {
			return err
		}
	}
	return k.enter(ctx, cohort, types.COHORT_PHASE_DRAWING, params.Review.CommitWindow)
}

// cohortDeadline ends the phase of a review whose time is over, and returns
// how much work it was.
func (k Keeper) cohortDeadline(ctx sdk.Context, params types.Params, id uint64) (int, error) {
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

// endFilling starts the review of what there is. Without enough gold it waits
// once more, without new items, and then returns all.
func (k Keeper) endFilling(ctx context.Context, params types.Params, cohort types.Cohort) error {
	if cohort.EnoughGold(params.Review) {
		return k.startDrawing(ctx, params, &cohort)
	}
	if cohort.Extended {
		return k.giveUp(ctx, params, cohort)
	}
	if err := k.stopFilling(ctx, &cohort); err != nil {
		return err
	}
	cohort.Extended = true
	return k.enter(ctx, &cohort, types.COHORT_PHASE_FILLING, params.Review.FillWindow)
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

// missed slashes a seat that did not reveal; its validator must ask to be drawn again.
func (k Keeper) missed(ctx context.Context, params types.Params, cohort types.Cohort, seat types.Seat) error {
	slashed, err := k.slash(ctx, params.Review, cohort.Id, seat, part(seat.Stake, params.Review.MissedPpm), slashMissed)
	if err != nil {
		return err
	}
	if err := k.burn(ctx, slashed); err != nil {
		return err
	}
	if err := k.deactivate(ctx, seat.Validator); err != nil {
		return err
	}
	return k.record(ctx, seat.Validator, func(r *types.ReviewRecord) { r.Missed++ })
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

// dismiss forgets the panel of a review and its ballots.
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

// giveUp ends a review that no panel decided: everybody gets back what the
// review holds, and nothing is accepted.
func (k Keeper) giveUp(ctx context.Context, params types.Params, cohort types.Cohort) error {
	if err := k.stopFilling(ctx, &cohort); err != nil {
		return err
	}
	for i, gold := range cohort.Gold {
		if err := k.pay(ctx, gold.Planter, gold.Deposit); err != nil {
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
		contribution, err := k.GetContribution(ctx, rank)
		if err != nil {
			return err
		}
		if err := k.pay(ctx, contribution.Contributor, contribution.ReviewFee); err != nil {
			return err
		}
		contribution.ReviewFee = math.ZeroInt()
		if err := k.release(ctx, contribution, types.CONTRIBUTION_STATUS_RETURNED, "no panel decided"); err != nil {
			return err
		}
	}
	if err := k.finish(ctx, params, cohort); err != nil {
		return err
	}
	return emit(ctx, &types.EventCohortDecided{
		Cohort: cohort.Id, DatanetId: cohort.DatanetId, Kind: cohort.Kind, Returned: cohort.Items, Paid: math.ZeroInt(),
	})
}

// finish keeps a review for as long as its seats are liable.
func (k Keeper) finish(ctx context.Context, params types.Params, cohort types.Cohort) error {
	for _, seat := range cohort.Seats {
		if err := k.Assigned.Remove(ctx, collections.Join(sdk.MustAccAddressFromBech32(seat.Address), cohort.Id)); err != nil {
			return err
		}
	}
	cohort.Excluded = nil
	return k.enter(ctx, &cohort, types.COHORT_PHASE_DECIDED, params.Review.LiabilityWindow)
}

// prune forgets a review, unless its seats still answer for a bounty of the pool.
func (k Keeper) prune(ctx context.Context, cohort types.Cohort) error {
	if answering, err := k.answering(ctx, cohort); err != nil {
		return err
	} else if answering {
		cohort.Deadline = sdk.UnwrapSDKContext(ctx).BlockTime().UTC().Add(answeringRetry)
		if err := k.setTimer(ctx, timerCohort, cohort.Id, cohort.Deadline); err != nil {
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
