package keeper

import (
	"context"
	"time"

	"cosmossdk.io/collections"
	errorsmod "cosmossdk.io/errors"
	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/datanet/types"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// appeal opens a review by a larger panel of all DataNets.
func (k Keeper) appeal(ctx context.Context, params types.Params, msg *types.MsgAppeal) (uint64, error) {
	contribution, err := k.GetContribution(ctx, msg.Rank)
	if err != nil {
		return 0, err
	}
	datanet, err := k.GetDataNet(ctx, contribution.DatanetId)
	if err != nil {
		return 0, err
	}
	kind, err := k.appealable(ctx, contribution, msg.Appellant)
	if err != nil {
		return 0, err
	}
	// What was paid, not what the owner asks for now: no fee shuts appeals out.
	fee := math.MaxInt(params.Review.MinFee, contribution.FeePaid)
	cohort := types.Cohort{
		DatanetId: datanet.Id, Panel: everyPanel, Kind: kind, Phase: types.COHORT_PHASE_DRAWING, Items: []uint64{msg.Rank},
		Appellant: msg.Appellant, Reason: msg.Reason, Tokens: contribution.Tokens, Fees: types.OrZero(contribution.FeePaid),
		Fee: fee.MulRaw(int64(params.Review.AppealFees)), Deposit: fee.MulRaw(int64(params.Review.AppealDepositFees)),
	}
	if cohort.Needed, err = k.leastSeats(ctx, params.Review, contribution, kind); err != nil {
		return 0, err
	}
	if available, err := k.mayDecide(ctx, cohort); err != nil {
		return 0, err
	} else if available < uint64(cohort.Needed) {
		return 0, errorsmod.Wrapf(types.ErrAppeal, "%d data validators have not decided already, a panel of appeal needs %d: ask governance", available, cohort.Needed)
	}
	appellant := sdk.MustAccAddressFromBech32(msg.Appellant)
	if err := k.take(ctx, appellant, cohort.Fee.Add(cohort.Deposit)); err != nil {
		return 0, errorsmod.Wrap(err, "fee and deposit of the appeal")
	}
	if cohort, err = k.newCohort(ctx, cohort, params.Review.CommitWindow); err != nil {
		return 0, err
	}
	if contribution.Status == types.CONTRIBUTION_STATUS_REJECTED {
		// What is accepted after all has a deposit like anything else.
		contribution.Deposit.Amount = params.RequiredDeposit(contribution.Tokens)
		if err := k.take(ctx, appellant, contribution.Deposit.Amount); err != nil {
			return 0, errorsmod.Wrap(err, "deposit of the contribution")
		}
	}
	if kind == types.COHORT_KIND_APPEAL {
		contribution.Appeal = cohort.Id
	} else {
		// The panel's decision takes the place of the timer.
		contribution.Recall.Appeal = cohort.Id
		if err := k.clearTimer(ctx, timerRecall, contribution.Rank); err != nil {
			return 0, err
		}
	}
	if err := k.Contributions.Set(ctx, contribution.Rank, contribution); err != nil {
		return 0, err
	}
	if err := k.startDrawing(ctx, params, &cohort); err != nil {
		return 0, err
	}
	return cohort.Id, emit(ctx, &types.EventAppealed{Rank: msg.Rank, Cohort: cohort.Id, Appellant: msg.Appellant})
}

// leastSeats is how large a panel of appeal must be: nobody is overruled by
// fewer than decided.
func (k Keeper) leastSeats(ctx context.Context, params types.ReviewParams, contribution types.Contribution, kind types.CohortKind) (uint32, error) {
	if kind == types.COHORT_KIND_RECALL {
		return params.Seats, nil
	}
	first, err := k.GetCohort(ctx, contribution.Cohort)
	if errorsmod.IsOf(err, types.ErrCohortNotFound) {
		return params.Seats, nil
	}
	return uint32(len(first.Seats)), err
}

// appealable returns what an account may appeal against: a recall under way, or
// the verdict of a panel, once.
func (k Keeper) appealable(ctx context.Context, contribution types.Contribution, appellant string) (types.CohortKind, error) {
	if recall := contribution.Recall; recall != nil && contribution.Earning() && appellant == contribution.Contributor {
		if recall.Appeal != 0 {
			return 0, errorsmod.Wrapf(types.ErrAppeal, "cohort %d decides about the recall of contribution %d", recall.Appeal, contribution.Rank)
		}
		return types.COHORT_KIND_RECALL, nil
	}
	if contribution.Cohort == 0 {
		return 0, errorsmod.Wrapf(types.ErrAppeal, "contribution %d was not decided by a panel", contribution.Rank)
	}
	switch contribution.Status {
	case types.CONTRIBUTION_STATUS_REJECTED:
		if appellant != contribution.Contributor {
			return 0, errorsmod.Wrapf(types.ErrUnauthorized, "only the contributor, %s, may appeal against a rejection", contribution.Contributor)
		}
		if cohort, err := k.GetCohort(ctx, contribution.Cohort); err == nil && cohort.OpenedGold(contribution.Rank).Bad() {
			return 0, errorsmod.Wrapf(types.ErrAppeal, "contribution %d was gold", contribution.Rank)
		}
	case types.CONTRIBUTION_STATUS_ACCEPTED, types.CONTRIBUTION_STATUS_RECALLED:
		// To recall what a panel should not have accepted saves nobody.
	default:
		return 0, errorsmod.Wrapf(types.ErrAppeal, "contribution %d is %s: only a panel's verdict can be appealed", contribution.Rank, contribution.Status)
	}
	if contribution.Appeal != 0 {
		return 0, errorsmod.Wrapf(types.ErrAppeal, "contribution %d was appealed in cohort %d: ask governance", contribution.Rank, contribution.Appeal)
	}
	if err := k.decidingAgain(ctx, contribution); err != nil {
		return 0, err
	}
	if contribution.AppealableUntil.IsZero() {
		return 0, errorsmod.Wrapf(types.ErrAppeal, "the verdict about contribution %d is final", contribution.Rank)
	}
	if open, err := k.open(ctx, contribution.AppealableUntil); err != nil {
		return 0, err
	} else if !open {
		return 0, errorsmod.Wrapf(types.ErrAppeal, "the verdict could be appealed until %s", contribution.AppealableUntil.UTC().Format(time.RFC3339))
	}
	return types.COHORT_KIND_APPEAL, nil
}

// decidingAgain fails while an appeal or a check decides about a contribution.
func (k Keeper) decidingAgain(ctx context.Context, contribution types.Contribution) error {
	for _, id := range []uint64{contribution.Appeal, contribution.Check} {
		if id == 0 {
			continue
		}
		cohort, err := k.GetCohort(ctx, id)
		if errorsmod.IsOf(err, types.ErrCohortNotFound) || err == nil && cohort.Phase == types.COHORT_PHASE_DECIDED {
			continue
		}
		if err != nil {
			return err
		}
		return errorsmod.Wrapf(types.ErrAppeal, "cohort %d decides about contribution %d until %s", id, contribution.Rank, cohort.Deadline.UTC().Format(time.RFC3339))
	}
	return nil
}

// decideAppeal decides by simple majority of the seats that revealed.
func (k Keeper) decideAppeal(ctx context.Context, params types.Params, cohort types.Cohort, p panel) error {
	outcome := p.outcome(0)
	revealed := p.revealed()
	outcome.Accepted = 2*int(outcome.Accepts) > revealed && outcome.Score > 0
	cohort.Outcomes = []types.Outcome{outcome}
	paid, err := k.payAppealPanel(ctx, cohort, p, outcome.Accepted)
	if err != nil {
		return err
	}
	winners := int(outcome.Accepts)
	if !outcome.Accepted {
		winners = revealed - winners
	}
	event := types.EventCohortDecided{Cohort: cohort.Id, DatanetId: cohort.DatanetId, Kind: cohort.Kind, Paid: paid}
	if outcome.Accepted {
		event.Accepted = cohort.Items
	} else {
		event.Rejected = cohort.Items
	}
	if event.Version, err = k.applyAppeal(ctx, params, &cohort, outcome, winners, p.reason(0)); err != nil {
		return err
	}
	if err := k.finish(ctx, params, cohort); err != nil {
		return err
	}
	return emit(ctx, &event)
}

// ofFullPanel says whether so many votes are a part of all seats that a panel of appeal can have.
func ofFullPanel(params types.ReviewParams, votes int, ppm uint32) bool {
	return votes*rewardstypes.PPM >= int(params.AppealSeats)*int(ppm)
}

// payAppealPanel divides the fee among the seats that revealed. There is no
// gold, so only those that voted as the panel decided have their part; the rest
// goes to the bounty pool.
func (k Keeper) payAppealPanel(ctx context.Context, cohort types.Cohort, p panel, verdict bool) (math.Int, error) {
	share, paid := cohort.Fee.QuoRaw(int64(max(1, p.revealed()))), math.ZeroInt()
	for i, seat := range cohort.Seats {
		if len(p.votes[i]) == 0 {
			continue
		}
		earned := math.ZeroInt()
		if p.votes[i][0].Accept == verdict {
			earned = share
		}
		if err := k.pay(ctx, seat.Address, earned); err != nil {
			return paid, err
		}
		paid = paid.Add(earned)
		if err := k.record(ctx, seat.Validator, func(r *types.ReviewRecord) {
			r.Revealed++
			r.Earned = r.Earned.Add(earned)
		}); err != nil {
			return paid, err
		}
	}
	return paid, k.toPool(ctx, cohort.Fee.Sub(paid))
}

// applyAppeal carries out the decision of an appeal. The deposit returns to an
// appellant who was right, else it is burned.
func (k Keeper) applyAppeal(ctx context.Context, params types.Params, cohort *types.Cohort, outcome types.Outcome, winners int, reason string) (uint64, error) {
	contribution, err := k.GetContribution(ctx, cohort.Items[0])
	if err != nil {
		return 0, err
	}
	before := contribution.AcceptedVersion != 0
	upheld := outcome.Accepted == before
	if cohort.Kind == types.COHORT_KIND_RECALL {
		upheld = !outcome.Accepted // that the recall stands
	}
	deposit := cohort.Deposit
	cohort.Deposit = math.ZeroInt()
	if upheld {
		err = k.burn(ctx, deposit)
	} else {
		err = k.pay(ctx, cohort.Appellant, deposit)
	}
	if err != nil {
		return 0, err
	}
	if err := k.changeDataNet(ctx, cohort.DatanetId, func(d *types.DataNet) {
		d.Record.Appeals++
		if !upheld {
			d.Record.Overturned++
		}
	}); err != nil {
		return 0, err
	}
	if cohort.Kind == types.COHORT_KIND_RECALL {
		cohort.Fee = math.ZeroInt()
		return 0, k.decideRecall(ctx, contribution, !upheld)
	}
	if err := k.settleOverturned(ctx, params, *cohort, contribution, outcome.Accepted, winners, upheld); err != nil {
		return 0, err
	}
	cohort.Fee = math.ZeroInt()
	if upheld && cohort.Kind == types.COHORT_KIND_CHECK {
		return 0, k.appealableAgain(ctx, params, contribution)
	}
	if upheld {
		return 0, k.rejectionStands(ctx, contribution)
	}
	return k.reverse(ctx, params, contribution, outcome.Score, reason)
}

// settleOverturned slashes the votes that a decisive verdict shows to be wrong, and the pledges for a bounty of the
// pool that falls. Out of that the fee of who was right to ask returns; the rest is burned, so
// that nobody gains by having others slashed. What counts is the part of a full panel: few seats say little about a vote.
func (k Keeper) settleOverturned(ctx context.Context, params types.Params, cohort types.Cohort, contribution types.Contribution, verdict bool, winners int, upheld bool) error {
	slashed, err := math.ZeroInt(), error(nil)
	if !verdict && ofFullPanel(params.Review, winners, params.Review.FallenPpm) {
		if slashed, err = k.slashPledges(ctx, params, contribution); err != nil {
			return err
		}
	}
	if ofFullPanel(params.Review, winners, params.Review.DecisivePpm) {
		var more math.Int
		if more, err = k.overturned(ctx, params, contribution.Cohort, contribution.Rank, verdict); err == nil {
			slashed = slashed.Add(more)
		}
	}
	if err != nil || upheld {
		if err == nil {
			err = k.burn(ctx, slashed)
		}
		return err
	}
	back := math.MinInt(slashed, cohort.Fee)
	if cohort.Kind == types.COHORT_KIND_CHECK {
		err = k.changeDataNet(ctx, cohort.DatanetId, func(d *types.DataNet) { d.CheckFund = d.CheckFund.Add(back) })
	} else {
		err = k.pay(ctx, cohort.Appellant, back)
	}
	if err != nil {
		return err
	}
	return k.burn(ctx, slashed.Sub(back))
}

// appealFailed ends an appeal that no panel decided: what was decided stands.
func (k Keeper) appealFailed(ctx context.Context, params types.Params, cohort types.Cohort) error {
	fee := cohort.Fee
	var err error
	if cohort.Kind == types.COHORT_KIND_CHECK {
		err = k.changeDataNet(ctx, cohort.DatanetId, func(d *types.DataNet) { d.CheckFund = d.CheckFund.Add(fee) })
	} else {
		err = k.pay(ctx, cohort.Appellant, fee.Add(cohort.Deposit))
	}
	if err != nil {
		return err
	}
	cohort.Fee, cohort.Deposit = math.ZeroInt(), math.ZeroInt()
	contribution, err := k.GetContribution(ctx, cohort.Items[0])
	if err != nil {
		return err
	}
	switch cohort.Kind {
	case types.COHORT_KIND_RECALL:
		err = k.resumeRecall(ctx, contribution)
	case types.COHORT_KIND_CHECK:
		err = k.appealableAgain(ctx, params, contribution)
	default:
		if err = k.rejectionStands(ctx, contribution); err == nil {
			err = k.appealableAgain(ctx, params, contribution)
		}
	}
	if err != nil {
		return err
	}
	if err := k.finish(ctx, params, cohort); err != nil {
		return err
	}
	return emit(ctx, &types.EventCohortDecided{
		Cohort: cohort.Id, DatanetId: cohort.DatanetId, Kind: cohort.Kind, Returned: cohort.Items, Paid: math.ZeroInt(),
	})
}

// appealableAgain gives a verdict that was checked, or that no panel of appeal
// decided about, a whole window for an appeal.
func (k Keeper) appealableAgain(ctx context.Context, params types.Params, contribution types.Contribution) error {
	c, err := k.GetContribution(ctx, contribution.Rank)
	if err != nil {
		return err
	}
	c.Appeal = 0
	c.AppealableUntil = sdk.UnwrapSDKContext(ctx).BlockTime().UTC().Add(params.Review.AppealWindow)
	return k.Contributions.Set(ctx, c.Rank, c)
}

// rejectionStands returns the deposit that an appeal against a rejection took.
func (k Keeper) rejectionStands(ctx context.Context, contribution types.Contribution) error {
	if contribution.AcceptedVersion != 0 {
		return nil
	}
	if err := k.returnDeposit(ctx, contribution.Contributor, contribution.Deposit); err != nil {
		return err
	}
	contribution.Deposit.Amount = math.ZeroInt()
	return k.Contributions.Set(ctx, contribution.Rank, contribution)
}

// reverse turns a verdict into the other: a rejected contribution enters a new
// version, an accepted one is stopped and loses its deposit.
func (k Keeper) reverse(ctx context.Context, params types.Params, contribution types.Contribution, score uint32, reason string) (uint64, error) {
	if contribution.AcceptedVersion != 0 {
		if !contribution.Earning() && contribution.Status != types.CONTRIBUTION_STATUS_RECALLED {
			return 0, nil // something else has stopped it meanwhile
		}
		deposit := contribution.Deposit.Amount
		contribution.Deposit.Amount = math.ZeroInt()
		if err := k.burn(ctx, deposit); err != nil {
			return 0, err
		}
		return 0, k.stop(ctx, contribution, types.CONTRIBUTION_STATUS_OVERTURNED, reason)
	}
	datanet, err := k.GetDataNet(ctx, contribution.DatanetId)
	if err != nil {
		return 0, err
	}
	// As it was before it was decided.
	contribution.Status, contribution.Reason = types.CONTRIBUTION_STATUS_SUBMITTED, ""
	datanet.Pending++
	datanet.Record.Rejected--
	if err := k.reserveAgain(ctx, &contribution); err != nil {
		return 0, err
	}
	if err := k.addOpen(ctx, contribution.Contributor); err != nil {
		return 0, err
	}
	if err := k.Contributions.Set(ctx, contribution.Rank, contribution); err != nil {
		return 0, err
	}
	return k.accept(ctx, params, datanet, []acceptance{{contribution.Rank, score}})
}

// resolve is governance's final word: nobody may appeal against it. A
// contribution that it accepts against a rejection has no deposit.
func (k Keeper) resolve(ctx context.Context, params types.Params, msg *types.MsgResolveContribution) error {
	contribution, err := k.GetContribution(ctx, msg.Rank)
	if err != nil {
		return err
	}
	if contribution.Cohort == 0 {
		return errorsmod.Wrapf(types.ErrReviewPolicy, "contribution %d was not decided by a panel", msg.Rank)
	}
	switch contribution.Status {
	case types.CONTRIBUTION_STATUS_REJECTED, types.CONTRIBUTION_STATUS_OVERTURNED:
		if !msg.Accept {
			return errorsmod.Wrapf(types.ErrContributionStatus, "contribution %d is %s already", msg.Rank, contribution.Status)
		}
	case types.CONTRIBUTION_STATUS_ACCEPTED, types.CONTRIBUTION_STATUS_RECALLED:
		if msg.Accept {
			return errorsmod.Wrapf(types.ErrContributionStatus, "contribution %d is %s already", msg.Rank, contribution.Status)
		}
	default:
		return errorsmod.Wrapf(types.ErrContributionStatus, "contribution %d is %s: there is no verdict to turn around", msg.Rank, contribution.Status)
	}
	if err := k.decidingAgain(ctx, contribution); err != nil {
		return err
	}
	if msg.Slash && !msg.Accept {
		slashed, err := k.slashPledges(ctx, params, contribution)
		if err != nil {
			return err
		}
		if err := k.burn(ctx, slashed); err != nil {
			return err
		}
	}
	if msg.Slash {
		for _, cohort := range []uint64{contribution.Cohort, contribution.Appeal} {
			slashed, err := k.overturned(ctx, params, cohort, msg.Rank, msg.Accept)
			if err != nil {
				return err
			}
			if err := k.burn(ctx, slashed); err != nil {
				return err
			}
		}
	}
	if contribution.Status == types.CONTRIBUTION_STATUS_OVERTURNED {
		err = k.restore(ctx, contribution, msg.Reason)
	} else {
		_, err = k.reverse(ctx, params, contribution, msg.Score, msg.Reason)
	}
	if err != nil {
		return err
	}
	if contribution, err = k.GetContribution(ctx, msg.Rank); err != nil {
		return err
	}
	contribution.AppealableUntil = time.Time{}
	return k.Contributions.Set(ctx, msg.Rank, contribution)
}

// restore pays a contribution again whose acceptance was overturned, with the
// score it had, from the next block on.
func (k Keeper) restore(ctx context.Context, c types.Contribution, reason string) error {
	if c.StoppedAll() { // nothing of it earns
		c.Status, c.Reason = types.CONTRIBUTION_STATUS_ALIAS, reason
		return k.Contributions.Set(ctx, c.Rank, c)
	}
	if c.StoppedNow() == 0 {
		if err := k.Stopped.Remove(ctx, collections.Join3(c.DatanetId, c.AcceptedVersion, c.Rank)); err != nil {
			return err
		}
	}
	c.Status, c.Reason = types.CONTRIBUTION_STATUS_ACCEPTED, reason
	c.ResumedHeight = sdk.UnwrapSDKContext(ctx).BlockHeight() + 1
	if err := k.changeDataNet(ctx, c.DatanetId, func(d *types.DataNet) { d.Record.Stopped-- }); err != nil {
		return err
	}
	return k.Contributions.Set(ctx, c.Rank, c)
}
