package keeper

import (
	"context"
	"fmt"
	"slices"
	"strings"

	errorsmod "cosmossdk.io/errors"
	"cosmossdk.io/math"

	"github.com/openledger/openledger/x/datanet/types"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// decide ends a review whose ballots are open.
func (k Keeper) decide(ctx context.Context, params types.Params, cohort types.Cohort) error {
	ballots, err := k.ballots(ctx, cohort)
	if err != nil {
		return err
	}
	panel := newPanel(cohort, ballots)
	switch cohort.Kind {
	case types.COHORT_KIND_REVIEW:
		return k.decideReview(ctx, params, cohort, panel)
	case types.COHORT_KIND_BOUNTY:
		return k.decideConfirmation(ctx, params, cohort, panel)
	}
	return k.decideAppeal(ctx, params, cohort, panel)
}

// panel is the seats of a review with their votes; a seat that did not reveal has none.
type panel struct {
	cohort types.Cohort
	votes  [][]types.Vote // by seat
}

func newPanel(cohort types.Cohort, ballots []types.Ballot) panel {
	p := panel{cohort: cohort}
	for _, seat := range cohort.Seats {
		ballot, _ := findBallot(ballots, seat.Address)
		p.votes = append(p.votes, ballot.Votes)
	}
	return p
}

// revealed returns the number of seats with votes.
func (p panel) revealed() int {
	n := 0
	for _, votes := range p.votes {
		if len(votes) > 0 {
			n++
		}
	}
	return n
}

// outcome counts the votes about an item: seats that accept and the median score of all.
func (p panel) outcome(item int) types.Outcome {
	var out types.Outcome
	var scores []uint32
	for _, votes := range p.votes {
		if len(votes) == 0 {
			continue
		}
		if votes[item].Accept {
			out.Accepts++
		}
		scores = append(scores, votes[item].Score)
	}
	out.Score = types.Median(scores)
	return out
}

// reason says for people why seats rejected an item.
func (p panel) reason(item int) string {
	counts := make([]int, len(types.RejectReason_name))
	rejects := 0
	for _, votes := range p.votes {
		if len(votes) > 0 && !votes[item].Accept {
			counts[votes[item].Reason]++
			rejects++
		}
	}
	var parts []string
	for reason, n := range counts {
		if n > 0 {
			name := strings.ToLower(strings.TrimPrefix(types.RejectReason(reason).String(), "REJECT_REASON_"))
			parts = append(parts, fmt.Sprintf("%s %d", name, n))
		}
	}
	return fmt.Sprintf("%d of %d seats reject: %s", rejects, len(p.votes), strings.Join(parts, ", "))
}

// tally counts the answers of a seat on gold.
func (p panel) tally(seat int) types.GoldTally {
	var t types.GoldTally
	votes := p.votes[seat]
	if len(votes) == 0 {
		return t
	}
	for item, rank := range p.cohort.Items {
		kind := p.cohort.OpenedGold(rank)
		if kind == types.GOLD_KIND_UNSPECIFIED {
			continue
		}
		switch accept := votes[item].Accept; {
		case kind == types.GOLD_KIND_SOUND && accept:
			t.SoundRight++
		case kind == types.GOLD_KIND_SOUND:
			t.SoundWrong++
		case accept:
			t.BadWrong++
		default:
			t.BadRight++
		}
		if kind == types.GOLD_KIND_DUPLICATE {
			if votes[item].Accept {
				t.CheckedWrong++
			} else {
				t.CheckedRight++
			}
		}
	}
	return t
}

// decideReview accepts and rejects the items of a cohort, and pays and slashes
// its panel.
func (k Keeper) decideReview(ctx context.Context, params types.Params, cohort types.Cohort, p panel) error {
	datanet, err := k.GetDataNet(ctx, cohort.DatanetId)
	if err != nil {
		return err
	}
	cohort.Outcomes = nil
	var accepted []acceptance
	var rejected []uint64
	var checkable []types.Contribution
	pot := math.ZeroInt()
	for item, rank := range cohort.Items {
		gold := cohort.OpenedGold(rank)
		outcome := p.outcome(item)
		outcome.Gold = gold != types.GOLD_KIND_UNSPECIFIED
		outcome.Accepted = outcome.Accepts >= cohort.Needed && outcome.Score > 0 && !gold.Bad()
		cohort.Outcomes = append(cohort.Outcomes, outcome)
		contribution, err := k.GetContribution(ctx, rank)
		if err != nil {
			return err
		}
		if outcome.Gold {
			if err := k.leaveBounty(ctx, &contribution); err != nil {
				return err
			}
		} else {
			checkable = append(checkable, contribution)
		}
		fee, err := k.settleFee(ctx, params.Review, cohort, &contribution, gold)
		if err != nil {
			return err
		}
		pot = pot.Add(fee)
		if outcome.Accepted {
			accepted = append(accepted, acceptance{rank, outcome.Score})
			continue
		}
		reason := p.reason(item)
		if gold.Bad() {
			reason = "gold: " + strings.ToLower(strings.TrimPrefix(gold.String(), "GOLD_KIND_"))
		}
		if err := k.release(ctx, contribution, types.CONTRIBUTION_STATUS_REJECTED, reason); err != nil {
			return err
		}
		rejected = append(rejected, rank)
	}
	paid, err := k.payPanel(ctx, params, datanet.Id, &cohort, p, pot)
	if err != nil {
		return err
	}
	event := types.EventCohortDecided{Cohort: cohort.Id, DatanetId: datanet.Id, Kind: cohort.Kind, Rejected: rejected, Paid: paid}
	if event.Accepted, event.Version, err = k.acceptAll(ctx, params, datanet.Id, accepted); err != nil {
		return err
	}
	confirming, err := k.confirm(ctx, params, &cohort, event.Accepted)
	if err != nil {
		return err
	}
	if err := k.finish(ctx, params, cohort); err != nil {
		return err
	}
	if err := emit(ctx, &event); err != nil {
		return err
	}
	checkable = slices.DeleteFunc(checkable, func(c types.Contribution) bool { return slices.Contains(confirming, c.Rank) })
	return k.checkByChance(ctx, params, cohort, checkable)
}

// settleFee takes the review fee of an item for the panel. For gold that the
// owner planted and vouched for it takes the gas of the panel only, divided among
// the items, and returns the rest. Duplicates pay: who plants them may sit on the
// panel.
func (k Keeper) settleFee(ctx context.Context, params types.ReviewParams, cohort types.Cohort, contribution *types.Contribution, gold types.GoldKind) (math.Int, error) {
	fee := contribution.ReviewFee
	contribution.ReviewFee = math.ZeroInt()
	if err := k.Contributions.Set(ctx, contribution.Rank, *contribution); err != nil {
		return fee, err
	}
	if gold == types.GOLD_KIND_ALTERED || gold == types.GOLD_KIND_SOUND {
		gas := math.MinInt(fee, params.GasRefund.MulRaw(int64(len(cohort.Seats))).QuoRaw(int64(len(cohort.Items))))
		return gas, k.pay(ctx, contribution.Contributor, fee.Sub(gas))
	}
	return fee, nil
}

// payPanel pays each seat its share of the fees times its gold score, slashes
// those that failed gold, and counts. What no seat earns goes to the bounty pool.
//
// Gold that was not opened costs its deposit: it is burned, unless so much is
// missing that no seat can be graded. Then it pays the seats that revealed.
func (k Keeper) payPanel(ctx context.Context, params types.Params, datanetID uint64, cohort *types.Cohort, p panel, pot math.Int) (math.Int, error) {
	forfeited := math.ZeroInt()
	for i := range cohort.Gold {
		forfeited = forfeited.Add(cohort.Gold[i].Deposit)
		cohort.Gold[i].Deposit = math.ZeroInt()
	}
	aside := part(pot, params.Review.CheckPpm)
	pot = pot.Sub(aside)
	share := pot.QuoRaw(int64(len(cohort.Seats)))
	refund := math.MinInt(params.Review.GasRefund, share)
	consolation := math.MinInt(share.Sub(refund), forfeited.QuoRaw(int64(max(1, p.revealed()))))
	paid, fromPot, fromGold := math.ZeroInt(), math.ZeroInt(), math.ZeroInt()
	votes, agreed := uint64(0), uint64(0)
	for i, seat := range cohort.Seats {
		if len(p.votes[i]) == 0 {
			continue
		}
		tally := p.tally(i)
		earned := refund
		if tally.Graded() {
			earned = earned.Add(share.Sub(refund).MulRaw(max(0, tally.Score())).QuoRaw(rewardstypes.PPM))
			fromPot = fromPot.Add(earned)
		} else {
			fromPot, fromGold = fromPot.Add(earned), fromGold.Add(consolation)
			earned = earned.Add(consolation)
		}
		if err := k.pay(ctx, seat.Address, earned); err != nil {
			return paid, err
		}
		paid = paid.Add(earned)
		// To fail gold costs what a perfect seat earns, however much there was to read.
		most := math.MinInt(seat.Stake, math.MaxInt(share, part(seat.Stake, params.Review.GoldSlashPpm)))
		failed := most.MulRaw(tally.Failed()).QuoRaw(rewardstypes.PPM)
		slashed, err := k.slash(ctx, params.Review, cohort.Id, seat, failed, slashGold)
		if err != nil {
			return paid, err
		}
		if err := k.burn(ctx, slashed); err != nil {
			return paid, err
		}
		right := agreement(p.votes[i], cohort.Outcomes)
		votes, agreed = votes+uint64(len(p.votes[i])), agreed+right
		if err := k.record(ctx, seat.Validator, func(r *types.ReviewRecord) {
			r.Revealed++
			r.Votes += uint64(len(p.votes[i]))
			r.Agreed += right
			r.GoldRight += uint64(tally.BadRight + tally.SoundRight)
			r.GoldWrong += uint64(tally.BadWrong + tally.SoundWrong)
			r.Earned = r.Earned.Add(earned)
		}); err != nil {
			return paid, err
		}
	}
	if err := k.burn(ctx, forfeited.Sub(fromGold)); err != nil {
		return paid, err
	}
	if err := k.toPool(ctx, pot.Sub(fromPot)); err != nil {
		return paid, err
	}
	return paid, k.changeDataNet(ctx, datanetID, func(d *types.DataNet) {
		d.Record.Votes, d.Record.Agreed = d.Record.Votes+votes, d.Record.Agreed+agreed
		d.CheckFund = d.CheckFund.Add(aside)
	})
}

// agreement counts the votes that are those of the panel.
func agreement(votes []types.Vote, outcomes []types.Outcome) uint64 {
	n := uint64(0)
	for i, vote := range votes {
		if vote.Accept == outcomes[i].Accepted {
			n++
		}
	}
	return n
}

// changeDataNet changes a DataNet in state.
func (k Keeper) changeDataNet(ctx context.Context, id uint64, change func(*types.DataNet)) error {
	datanet, err := k.GetDataNet(ctx, id)
	if err != nil {
		return err
	}
	change(&datanet)
	return k.DataNets.Set(ctx, id, datanet)
}

// acceptance is a contribution with the score it is accepted with.
type acceptance struct {
	rank  uint64
	score uint32
}

// acceptAll makes a version with contributions and pays their bounties; none make none.
func (k Keeper) acceptAll(ctx context.Context, params types.Params, datanetID uint64, accepted []acceptance) ([]uint64, uint64, error) {
	if len(accepted) == 0 {
		return nil, 0, nil
	}
	datanet, err := k.GetDataNet(ctx, datanetID)
	if err != nil {
		return nil, 0, err
	}
	version, err := k.accept(ctx, params, datanet, accepted)
	ranks := make([]uint64, len(accepted))
	for i, a := range accepted {
		ranks[i] = a.rank
	}
	return ranks, version, err
}

// overturned slashes the seats of a review that voted for the other verdict
// about a contribution, while their ballots are kept, and returns the sum.
func (k Keeper) overturned(ctx context.Context, params types.Params, cohort, rank uint64, verdict bool) (math.Int, error) {
	return k.slashVotes(ctx, params, cohort, rank, params.Review.OverturnedPpm, slashOverturned,
		func(vote types.Vote) bool { return vote.Accept != verdict })
}

// slashVotes slashes the seats of a review whose vote about a contribution was
// wrong, and returns the sum.
func (k Keeper) slashVotes(ctx context.Context, params types.Params, id, rank uint64, ppm uint32, reason string, wrong func(types.Vote) bool) (math.Int, error) {
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
		slashed, err := k.slash(ctx, params.Review, cohort.Id, seat, part(seat.Stake, ppm), reason)
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

// seatsThatVoted returns the seats of a review with a vote of some kind about one of its items.
func (k Keeper) seatsThatVoted(ctx context.Context, cohort types.Cohort, rank uint64, so func(types.Vote) bool) ([]int, error) {
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
