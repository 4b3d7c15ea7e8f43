package review_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openledger/openledger/testutil/datanettest"
	"github.com/openledger/openledger/x/datanet/types"
)

// scoresBySeat gives each account of a panel a score of its own, in no order: the first seats give the highest and the
// lowest, so that no median is the first, the last, the mean, or the middle by seat.
func scoresBySeat(cohort types.Cohort) map[string]uint32 {
	scores := make(map[string]uint32)
	for _, seat := range cohort.Seats {
		if _, known := scores[seat.Address]; !known {
			scores[seat.Address] = []uint32{1000, 310, 905, 420, 660, 130, 540}[len(scores)]
		}
	}
	return scores
}

// lowerMedian is the score that the seats of a panel give together; an account counts once for each of its seats.
func lowerMedian(cohort types.Cohort, scores map[string]uint32) uint32 {
	var all []uint32
	for _, seat := range cohort.Seats {
		all = append(all, scores[seat.Address])
	}
	// The lower median is the largest score that at most half of the others, rounded down, lie below.
	best := uint32(0)
	for _, candidate := range all {
		below := 0
		for _, score := range all {
			if score < candidate {
				below++
			}
		}
		if below <= (len(all)-1)/2 {
			best = max(best, candidate)
		}
	}
	return best
}

// TestPanelDecides plays a full cohort: 20 items, of which six are gold.
func TestPanelDecides(t *testing.T) {
	r := datanettest.NewReviews(t, 10)
	original := r.Seed()
	r.SetParams(func(p *types.Params) { p.Review = types.DefaultReviewParams() })
	good := r.Fresh(r.Alice, 13)
	spam := r.Fresh(r.Bob, 1)[0]
	golds := []*types.MsgOpenGold{r.PlantCopy(r.Bob, original), r.PlantCopy(r.Alice, original)}
	altered, sound := r.Fresh(r.Owner, 2), r.Fresh(r.Owner, 2)
	cohort := r.CohortOf(spam)
	require.Equal(t, types.COHORT_PHASE_FILLING, cohort.Phase, "there is not enough gold")
	require.Len(t, cohort.Items, 20)
	for i := range altered {
		golds = append(golds, r.Plant(types.GOLD_KIND_ALTERED, r.Owner, altered[i]))
	}
	datanettest.Refuse(r.Fixture, r.Msgs.CommitBallot, &types.MsgCommitBallot{Validator: r.Validators[0].String(),
		Cohort: cohort.Id, Hash: datanettest.Salt("x")}, types.ErrCohortPhase)
	for i := range sound {
		golds = append(golds, r.Plant(types.GOLD_KIND_SOUND, r.Owner, sound[i]))
	}
	r.EndBlock()
	cohort = r.Cohort(cohort.Id)
	require.Equal(t, types.COHORT_PHASE_DRAWING, cohort.Phase, "the gold completes the cohort")
	require.Len(t, cohort.Gold, 6)

	cohort = r.Draw(cohort.Id)
	require.Len(t, cohort.Seats, 7)
	heights := make(map[int64]bool)
	for _, seat := range cohort.Seats {
		require.Equal(t, datanettest.Bond, seat.Stake)
		require.False(t, heights[seat.Height], "each seat has a block of its own")
		heights[seat.Height] = true
	}

	bad := map[uint64]types.RejectReason{spam: types.REJECT_REASON_SPAM}
	for _, gold := range golds {
		if gold.Segment != nil {
			bad[gold.Rank] = types.REJECT_REASON_DUPLICATE
		}
	}
	for _, rank := range altered {
		bad[rank] = types.REJECT_REASON_WRONG
	}
	before := r.Supply()
	lazy := cohort.Seats[0].Address
	scores := scoresBySeat(cohort)
	wealth := r.Balance(lazy)
	commits, reveals := r.Ballots(cohort, func(seat types.Seat) datanettest.Opinion {
		return func(rank uint64) types.Vote {
			if reason, is := bad[rank]; is && seat.Address != lazy {
				return datanettest.No(reason)
			}
			return datanettest.Yes(scores[seat.Address])
		}
	})
	for _, commit := range commits {
		require.Equal(t, types.COHORT_PHASE_COMMIT, r.Cohort(cohort.Id).Phase)
		datanettest.Must(r.Fixture, r.Msgs.CommitBallot, commit)
	}
	r.EndBlock()
	datanettest.Refuse(r.Fixture, r.Msgs.CommitBallot, commits[0], types.ErrCohortPhase)
	datanettest.Refuse(r.Fixture, r.Msgs.OpenGold, golds[0], types.ErrCohortPhase)
	wrong := *reveals[0]
	wrong.Salt = datanettest.Salt("other")
	datanettest.Refuse(r.Fixture, r.Msgs.RevealBallot, &wrong, types.ErrRevealMismatch)
	short := *reveals[0]
	short.Votes = short.Votes[1:]
	datanettest.Refuse(r.Fixture, r.Msgs.RevealBallot, &short, types.ErrBallot)
	datanettest.Refuse(r.Fixture, r.Msgs.RevealBallot, &types.MsgRevealBallot{Validator: r.Alice.String(),
		Cohort: cohort.Id, Votes: reveals[0].Votes, Salt: datanettest.Salt("a")}, types.ErrNotSeated)
	for i, reveal := range reveals {
		datanettest.Must(r.Fixture, r.Msgs.RevealBallot, reveal)
		if i < len(reveals)-1 {
			datanettest.Refuse(r.Fixture, r.Msgs.RevealBallot, reveal, types.ErrBallot)
		}
	}
	r.EndBlock()
	require.Equal(t, types.COHORT_PHASE_GOLD, r.Cohort(cohort.Id).Phase)
	datanettest.Refuse(r.Fixture, r.Msgs.OpenGold, &types.MsgOpenGold{Planter: r.Owner.String(), Cohort: cohort.Id,
		Rank: good[0], Salt: datanettest.Salt("z")}, types.ErrRevealMismatch)
	fake := *golds[0]
	fake.OriginalSegment = r.Segment(good[0])
	datanettest.Refuse(r.Fixture, r.Msgs.OpenGold, &fake, types.ErrDuplicate)
	r.Open(golds[:5]...)
	require.Equal(t, types.COHORT_PHASE_GOLD, r.Cohort(cohort.Id).Phase)
	r.Open(golds[5])

	cohort = r.Cohort(cohort.Id)
	require.Equal(t, types.COHORT_PHASE_DECIDED, cohort.Phase)
	for _, rank := range good {
		c := r.Contribution(rank)
		require.Equal(t, types.CONTRIBUTION_STATUS_ACCEPTED, c.Status)
		require.Equal(t, lowerMedian(cohort, scores), c.Score)
	}
	require.Equal(t, types.CONTRIBUTION_STATUS_REJECTED, r.Contribution(spam).Status)
	require.Contains(t, r.Contribution(spam).Reason, "seats reject: spam")
	for _, gold := range golds[:4] {
		require.Equal(t, types.CONTRIBUTION_STATUS_REJECTED, r.Contribution(gold.Rank).Status)
		require.Contains(t, r.Contribution(gold.Rank).Reason, "gold: ")
	}
	require.True(t, r.Contribution(spam).Deposit.IsZero())
	require.True(t, r.Contribution(spam).ReviewFee.IsZero())

	// The lazy seat earned its gas only, and lost 1 % of its stake for each seat.
	v := r.Validator(r.ID, lazy)
	lost := datanettest.Bond.QuoRaw(100).MulRaw(int64(cohort.Seated(lazy)))
	require.Equal(t, datanettest.Bond.Sub(lost), v.Bond)
	require.Equal(t, lost, v.Record.Slashed)
	require.Equal(t, r.Params().GasRefund.MulRaw(int64(cohort.Seated(lazy))), r.Balance(lazy).Sub(wealth))
	require.Equal(t, before.Sub(lost), r.Supply(), "slashes are burned, all else stays")
	// The others earned their share of 20 fees less those of four items the owner vouched for.
	diligent := cohort.Seats[len(cohort.Seats)-1].Address
	require.NotEqual(t, lazy, diligent)
	share := datanettest.Fee.MulRaw(16).QuoRaw(7).MulRaw(int64(cohort.Seated(diligent)))
	d := r.Validator(r.ID, diligent)
	first := r.Cohort(1).Seated(diligent)
	require.LessOrEqual(t, d.Record.Earned.Sub(share).Abs().Int64()-int64(first)*datanettest.Fee.QuoRaw(7).Int64(),
		int64(first)*datanettest.Fee.Int64())
	require.Zero(t, d.Record.GoldWrong)
	record := r.Datanet(r.ID).Record
	require.EqualValues(t, 5+1, record.Rejected, "spam, two copies, two altered, one of the seed")
	require.EqualValues(t, 2, record.Contributors)

	// The review is forgotten when nobody is liable any more.
	r.After(r.Params().LiabilityWindow)
	r.EndBlock()
	_, err := r.Keeper.Review.GetCohort(r.Ctx, cohort.Id)
	require.ErrorIs(t, err, types.ErrCohortNotFound)
}

// TestSilenceCosts: who does not reveal is slashed and drawn no more; a panel
// without quorum is replaced once, then everything returns.
func TestSilenceCosts(t *testing.T) {
	r := datanettest.NewReviews(t, 10)
	r.SmallCohorts()
	rank, altered, sound := r.Fresh(r.Alice, 1)[0], r.Fresh(r.Owner, 1)[0], r.Fresh(r.Owner, 1)[0]
	r.Plant(types.GOLD_KIND_ALTERED, r.Owner, altered)
	r.Plant(types.GOLD_KIND_SOUND, r.Owner, sound)
	alice, owner := r.Bank.Of(r.Ctx, r.Alice), r.Bank.Of(r.Ctx, r.Owner)
	deposit := r.Contribution(rank).Deposit.Amount
	cohort := r.Draw(r.Contribution(rank).Cohort)
	r.After(r.Params().CommitWindow)
	r.EndBlock()
	second := r.Cohort(cohort.Id)
	require.EqualValues(t, 2, second.Round)
	for _, seat := range cohort.Seats {
		v := r.Validator(r.ID, seat.Address)
		require.False(t, v.Active)
		require.Equal(t, datanettest.Bond.QuoRaw(200).MulRaw(int64(cohort.Seated(seat.Address))), v.Record.Slashed)
	}
	// One may come back, by adding what was lost.
	back := cohort.Seats[0].Address
	datanettest.Refuse(r.Fixture, r.Msgs.ActivateValidator, &types.MsgActivateValidator{Validator: back,
		DatanetId: r.ID}, types.ErrInvalidBond)
	datanettest.Must(r.Fixture, r.Msgs.BondValidator, &types.MsgBondValidator{Validator: back, DatanetId: r.ID,
		Amount: datanettest.Bond})
	require.True(t, r.Validator(r.ID, back).Active)
	second = r.Draw(cohort.Id)
	r.Vote(second, func(seat types.Seat) datanettest.Opinion {
		if seat.Address == second.Seats[0].Address {
			return datanettest.All(func(uint64) types.Vote { return datanettest.Yes(1) })(seat)
		}
		return nil
	})
	r.After(r.Params().RevealWindow)
	r.EndBlock()
	require.Equal(t, types.COHORT_PHASE_DECIDED, r.Cohort(cohort.Id).Phase,
		"one account has two seats at most, too few to decide")
	c := r.Contribution(rank)
	require.Equal(t, types.CONTRIBUTION_STATUS_RETURNED, c.Status)
	require.Equal(t, alice.Add(deposit).Add(datanettest.Fee), r.Bank.Of(r.Ctx, r.Alice))
	back2 := datanettest.Fee.MulRaw(2).Add(datanettest.Fee.MulRaw(10)).Add(deposit.MulRaw(2))
	require.Equal(t, owner.Add(back2), r.Bank.Of(r.Ctx, r.Owner))
	require.EqualValues(t, 3, r.Datanet(r.ID).Record.Returned)
}

// TestNoGoldNoReview: a cohort without gold waits twice, then returns.
func TestNoGoldNoReview(t *testing.T) {
	r := datanettest.NewReviews(t, 7)
	before := r.Bank.Of(r.Ctx, r.Alice)
	ranks := r.Fresh(r.Alice, 3)
	r.After(r.Params().FillWindow)
	r.EndBlock()
	require.True(t, r.CohortOf(ranks[0]).Extended)
	later := r.Fresh(r.Alice, 1)
	require.NotEqual(t, r.Contribution(ranks[0]).Cohort, r.Contribution(later[0]).Cohort)
	r.After(r.Params().FillWindow)
	r.EndBlock()
	require.Equal(t, types.CONTRIBUTION_STATUS_RETURNED, r.Contribution(ranks[0]).Status)
	require.Equal(t, before.Sub(datanettest.Fee).Sub(r.Contribution(later[0]).Deposit.Amount),
		r.Bank.Of(r.Ctx, r.Alice))
}

// TestNoValidators: nobody to draw is noticed at the deadline, twice.
func TestNoValidators(t *testing.T) {
	r := datanettest.NewReviews(t, 0)
	r.SmallCohorts()
	rank, altered, sound := r.Fresh(r.Alice, 1)[0], r.Fresh(r.Owner, 1)[0], r.Fresh(r.Owner, 1)[0]
	r.Plant(types.GOLD_KIND_ALTERED, r.Owner, altered)
	r.Plant(types.GOLD_KIND_SOUND, r.Owner, sound)
	r.EndBlock()
	require.Equal(t, types.COHORT_PHASE_DRAWING, r.CohortOf(rank).Phase)
	for range 2 {
		r.After(r.Params().CommitWindow)
		r.EndBlock()
	}
	require.Equal(t, types.CONTRIBUTION_STATUS_RETURNED, r.Contribution(rank).Status)
}

// TestFewValidators: three validators have three seats, and three must accept.
func TestFewValidators(t *testing.T) {
	r := datanettest.NewReviews(t, 3)
	r.SmallCohorts()
	rank, altered, sound := r.Fresh(r.Alice, 1)[0], r.Fresh(r.Owner, 1)[0], r.Fresh(r.Owner, 1)[0]
	golds := []*types.MsgOpenGold{r.Plant(types.GOLD_KIND_ALTERED, r.Owner, altered),
		r.Plant(types.GOLD_KIND_SOUND, r.Owner, sound)}
	cohort := r.Draw(r.Contribution(rank).Cohort)
	require.Len(t, cohort.Seats, 3)
	r.Vote(cohort, func(seat types.Seat) datanettest.Opinion {
		return func(rank uint64) types.Vote {
			if seat.Address == cohort.Seats[0].Address {
				return datanettest.No(types.REJECT_REASON_QUALITY)
			}
			return datanettest.Yes(500)
		}
	})
	r.Open(golds...)
	require.Equal(t, types.CONTRIBUTION_STATUS_REJECTED, r.Contribution(rank).Status)
}

// TestReviewersAreNotContributors: who contributed to a cohort has no seat in it.
func TestReviewersAreNotContributors(t *testing.T) {
	r := datanettest.NewReviews(t, 6)
	r.SmallCohorts()
	rank := r.Fresh(r.Validators[0], 1)[0]
	altered, sound := r.Fresh(r.Owner, 1)[0], r.Fresh(r.Owner, 1)[0]
	r.Plant(types.GOLD_KIND_ALTERED, r.Owner, altered)
	r.Plant(types.GOLD_KIND_SOUND, r.Owner, sound)
	cohort := r.Draw(r.Contribution(rank).Cohort)
	require.EqualValues(t, 5, cohort.Wanted)
	require.Zero(t, cohort.Seated(r.Validators[0].String()))
}

func TestOpenReviewsAreCapped(t *testing.T) {
	r := datanettest.NewReviews(t, 0)
	r.SetParams(func(p *types.Params) { p.Review.MaxOpenPerContributor = 2 })
	r.Fresh(r.Alice, 2)
	items := r.Commit(r.Alice, datanettest.Open(20), r.Sealed(r.Alice, "more"))
	r.Blocks(2)
	items[0].KeepPlace = true
	datanettest.Refuse(r.Fixture, r.Msgs.RevealContributions, datanettest.RevealMsg(r.Alice, items...),
		types.ErrReviewLimit)
	items[0].KeepPlace = false
	require.Len(t, datanettest.Must(r.Fixture, r.Msgs.RevealContributions,
		datanettest.RevealMsg(r.Alice, items...)).Returned, 1, "not at the price of the deposit")
	r.Fresh(r.Bob, 1)
	datanettest.Refuse(r.Fixture, r.Msgs.WithdrawContribution, datanettest.WithdrawMsg(r.Alice, 1),
		types.ErrContributionStatus)
	r.SetParams(func(p *types.Params) { p.MaxPending = 3 })
	items = r.Commit(r.Bob, datanettest.Open(20), r.Sealed(r.Bob, "again"))
	r.Blocks(2)
	items[0].KeepPlace = true
	datanettest.Refuse(r.Fixture, r.Msgs.RevealContributions, datanettest.RevealMsg(r.Bob, items...),
		types.ErrDataNetClosed)
}

// TestAThousandReviewsEndAtOnce: the cap spreads them over blocks, none is lost.
func TestAThousandReviewsEndAtOnce(t *testing.T) {
	r := datanettest.NewReviews(t, 10)
	r.SetParams(func(p *types.Params) { p.Review.MaxOpenPerContributor = 2_000 })
	r.Quiet = true
	var cohorts []uint64
	for range 50 {
		ranks := r.Fresh(r.Owner, 20)
		for i := range 4 {
			kind := types.GOLD_KIND_ALTERED
			if i%2 == 1 {
				kind = types.GOLD_KIND_SOUND
			}
			r.Plant(kind, r.Owner, ranks[i])
		}
		cohorts = append(cohorts, r.Contribution(ranks[0]).Cohort)
	}
	// All votes are open and nobody opens the gold: one deadline for all.
	for _, id := range cohorts {
		r.Vote(r.Draw(id), datanettest.All(func(uint64) types.Vote { return datanettest.Yes(800) }))
		require.Equal(t, types.COHORT_PHASE_GOLD, r.Cohort(id).Phase)
	}
	r.Quiet = false
	r.At(r.Ctx.BlockHeight(), r.Ctx.BlockTime().Add(r.Params().GoldWindow))
	open := func() (n int) {
		for _, id := range cohorts {
			if r.Cohort(id).Phase == types.COHORT_PHASE_GOLD {
				n++
			}
		}
		return n
	}
	require.Equal(t, 50, open())
	r.EndBlock()
	require.Equal(t, 25, open(), "500 steps of one item each in a block")
	r.EndBlock()
	require.Zero(t, open())
	require.EqualValues(t, 1_000, r.Datanet(r.ID).Contributions)
	require.EqualValues(t, 50, r.Datanet(r.ID).Version)
}

func TestPausedReviewsWait(t *testing.T) {
	r := datanettest.NewReviews(t, 7)
	r.SmallCohorts()
	ranks := r.Fresh(r.Owner, 3)
	r.Plant(types.GOLD_KIND_ALTERED, r.Owner, ranks[0])
	r.Plant(types.GOLD_KIND_SOUND, r.Owner, ranks[1])
	cohort := r.Draw(r.Contribution(ranks[0]).Cohort)
	commits, _ := r.Ballots(cohort, datanettest.All(func(uint64) types.Vote { return datanettest.Yes(1) }))
	r.SetParams(func(p *types.Params) { p.Paused = true })
	datanettest.Refuse(r.Fixture, r.Msgs.CommitBallot, commits[0], types.ErrPaused)
	r.After(r.Params().CommitWindow)
	r.EndBlock()
	require.Equal(t, types.COHORT_PHASE_COMMIT, r.Cohort(cohort.Id).Phase, "nobody is slashed for what he could not do")
	r.SetParams(func(p *types.Params) { p.Paused = false })
	r.EndBlock()
	require.Equal(t, types.COHORT_PHASE_COMMIT, r.Cohort(cohort.Id).Phase, "nor at once when it ends")
	r.After(r.Params().AppealWindow - 2*time.Second) // the longest window
	datanettest.Must(r.Fixture, r.Msgs.CommitBallot, commits[0])
	r.After(10 * time.Second)
	r.EndBlock()
	require.Equal(t, types.COHORT_PHASE_REVEAL, r.Cohort(cohort.Id).Phase)
}

// TestGoldNeedsConsent: an owner cannot have rejected what panels accept.
func TestGoldNeedsConsent(t *testing.T) {
	r := datanettest.NewReviews(t, 9)
	r.SmallCohorts()
	victim := r.Contribute(r.Alice, datanettest.Text(0),
		func(item *types.RevealItem) { item.Mark = datanettest.Salt("random") })
	sound := r.Fresh(r.Owner, 2)
	gold := []*types.MsgOpenGold{r.Plant(types.GOLD_KIND_ALTERED, r.Owner, victim),
		r.Plant(types.GOLD_KIND_SOUND, r.Owner, sound[0])}
	r.Vote(r.Draw(r.Contribution(victim).Cohort), datanettest.All(datanettest.Accepting))
	datanettest.Refuse(r.Fixture, r.Msgs.OpenGold, gold[0], types.ErrGold)
	r.Open(gold[1])
	r.After(r.Params().GoldWindow)
	r.EndBlock()
	require.True(t, r.Contribution(victim).Earning())
	require.Equal(t, types.COHORT_PHASE_DECIDED, r.CohortOf(victim).Phase)
	// No seat could be graded: each has an equal part of the forfeited deposit.
	require.True(t, r.Validator(r.ID, r.CohortOf(victim).Seats[0].Address).Record.Earned.GT(r.Params().GasRefund))
	// Without a mark nothing is revealed to panels.
	items := r.Commit(r.Alice, datanettest.Open(20), r.Sealed(r.Alice, "unmarked"))
	items[0].Mark = nil
	r.Blocks(2)
	datanettest.Refuse(r.Fixture, r.Msgs.RevealContributions, datanettest.RevealMsg(r.Alice, items...),
		types.ErrInvalidContribution)
}
