package keeper_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/datanet/types"
)

// TestPanelDecides plays a full cohort: 20 items, of which six are gold.
func TestPanelDecides(t *testing.T) {
	r := newReviews(t, 10)
	original := r.seed()
	r.setParams(func(p *types.Params) { p.Review = types.DefaultReviewParams() })
	good := r.fresh(r.alice, 13)
	spam := r.fresh(r.bob, 1)[0]
	golds := []*types.MsgOpenGold{r.plantCopy(r.bob, original), r.plantCopy(r.alice, original)}
	altered, sound := r.fresh(r.owner, 2), r.fresh(r.owner, 2)
	cohort := r.cohortOf(spam)
	require.Equal(t, types.COHORT_PHASE_FILLING, cohort.Phase, "there is not enough gold")
	require.Len(t, cohort.Items, 20)
	for i := range altered {
		golds = append(golds, r.plant(types.GOLD_KIND_ALTERED, r.owner, altered[i]))
	}
	refuse(r.fixture, r.msgs.CommitBallot, &types.MsgCommitBallot{Validator: r.validators[0].String(), Cohort: cohort.Id, Hash: salt("x")}, types.ErrCohortPhase)
	for i := range sound {
		golds = append(golds, r.plant(types.GOLD_KIND_SOUND, r.owner, sound[i]))
	}
	r.endBlock()
	cohort = r.cohort(cohort.Id)
	require.Equal(t, types.COHORT_PHASE_DRAWING, cohort.Phase, "the gold completes the cohort")
	require.Len(t, cohort.Gold, 6)

	cohort = r.draw(cohort.Id)
	require.Len(t, cohort.Seats, 7)
	heights := make(map[int64]bool)
	for _, seat := range cohort.Seats {
		require.Equal(t, bond, seat.Stake)
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
	before := r.supply()
	lazy := cohort.Seats[0].Address
	wealth := r.balance(lazy)
	commits, reveals := r.ballots(cohort, func(seat types.Seat) opinion {
		return func(rank uint64) types.Vote {
			if reason, is := bad[rank]; is && seat.Address != lazy {
				return no(reason)
			}
			return yes(uint32(700 + 10*len(seat.Address)%7))
		}
	})
	for _, commit := range commits {
		require.Equal(t, types.COHORT_PHASE_COMMIT, r.cohort(cohort.Id).Phase)
		must(r.fixture, r.msgs.CommitBallot, commit)
	}
	r.endBlock()
	refuse(r.fixture, r.msgs.CommitBallot, commits[0], types.ErrCohortPhase)
	refuse(r.fixture, r.msgs.OpenGold, golds[0], types.ErrCohortPhase)
	wrong := *reveals[0]
	wrong.Salt = salt("other")
	refuse(r.fixture, r.msgs.RevealBallot, &wrong, types.ErrRevealMismatch)
	short := *reveals[0]
	short.Votes = short.Votes[1:]
	refuse(r.fixture, r.msgs.RevealBallot, &short, types.ErrBallot)
	refuse(r.fixture, r.msgs.RevealBallot, &types.MsgRevealBallot{Validator: r.alice.String(), Cohort: cohort.Id, Votes: reveals[0].Votes, Salt: salt("a")}, types.ErrNotSeated)
	for i, reveal := range reveals {
		must(r.fixture, r.msgs.RevealBallot, reveal)
		if i < len(reveals)-1 {
			refuse(r.fixture, r.msgs.RevealBallot, reveal, types.ErrBallot)
		}
	}
	r.endBlock()
	require.Equal(t, types.COHORT_PHASE_GOLD, r.cohort(cohort.Id).Phase)
	refuse(r.fixture, r.msgs.OpenGold, &types.MsgOpenGold{Planter: r.owner.String(), Cohort: cohort.Id, Rank: good[0], Salt: salt("z")}, types.ErrRevealMismatch)
	fake := *golds[0]
	fake.OriginalSegment = r.segment(good[0])
	refuse(r.fixture, r.msgs.OpenGold, &fake, types.ErrDuplicate)
	r.open(golds[:5]...)
	require.Equal(t, types.COHORT_PHASE_GOLD, r.cohort(cohort.Id).Phase)
	r.open(golds[5])

	cohort = r.cohort(cohort.Id)
	require.Equal(t, types.COHORT_PHASE_DECIDED, cohort.Phase)
	for _, rank := range good {
		c := r.contribution(rank)
		require.Equal(t, types.CONTRIBUTION_STATUS_ACCEPTED, c.Status)
		require.GreaterOrEqual(t, c.Score, uint32(700))
	}
	require.Equal(t, types.CONTRIBUTION_STATUS_REJECTED, r.contribution(spam).Status)
	require.Contains(t, r.contribution(spam).Reason, "seats reject: spam")
	for _, gold := range golds[:4] {
		require.Equal(t, types.CONTRIBUTION_STATUS_REJECTED, r.contribution(gold.Rank).Status)
		require.Contains(t, r.contribution(gold.Rank).Reason, "gold: ")
	}
	require.True(t, r.contribution(spam).Deposit.IsZero())
	require.True(t, r.contribution(spam).ReviewFee.IsZero())

	// The lazy seat earned its gas only, and lost 1 % of its stake for each seat.
	v := r.validator(r.id, lazy)
	lost := bond.QuoRaw(100).MulRaw(int64(cohort.Seated(lazy)))
	require.Equal(t, bond.Sub(lost), v.Bond)
	require.Equal(t, lost, v.Record.Slashed)
	require.Equal(t, r.params().GasRefund.MulRaw(int64(cohort.Seated(lazy))), r.balance(lazy).Sub(wealth))
	require.Equal(t, before.Sub(lost), r.supply(), "slashes are burned, all else stays")
	// The others earned their share of 20 fees less those of four items the owner vouched for.
	diligent := cohort.Seats[len(cohort.Seats)-1].Address
	require.NotEqual(t, lazy, diligent)
	share := fee.MulRaw(16).QuoRaw(7).MulRaw(int64(cohort.Seated(diligent)))
	d := r.validator(r.id, diligent)
	first := r.cohort(1).Seated(diligent)
	require.LessOrEqual(t, d.Record.Earned.Sub(share).Abs().Int64()-int64(first)*fee.QuoRaw(7).Int64(), int64(first)*fee.Int64())
	require.Zero(t, d.Record.GoldWrong)
	record := r.datanet(r.id).Record
	require.EqualValues(t, 5+1, record.Rejected, "spam, two copies, two altered, one of the seed")
	require.EqualValues(t, 2, record.Contributors)

	// The review is forgotten when nobody is liable any more.
	r.after(r.params().LiabilityWindow)
	r.endBlock()
	_, err := r.Keeper.GetCohort(r.Ctx, cohort.Id)
	require.ErrorIs(t, err, types.ErrCohortNotFound)
}

// TestSilenceCosts: who does not reveal is slashed and drawn no more; a panel
// without quorum is replaced once, then everything returns.
func TestSilenceCosts(t *testing.T) {
	r := newReviews(t, 10)
	r.smallCohorts()
	rank, altered, sound := r.fresh(r.alice, 1)[0], r.fresh(r.owner, 1)[0], r.fresh(r.owner, 1)[0]
	r.plant(types.GOLD_KIND_ALTERED, r.owner, altered)
	r.plant(types.GOLD_KIND_SOUND, r.owner, sound)
	alice, owner := r.Bank.Of(r.Ctx, r.alice), r.Bank.Of(r.Ctx, r.owner)
	deposit := r.contribution(rank).Deposit.Amount
	cohort := r.draw(r.contribution(rank).Cohort)
	r.after(r.params().CommitWindow)
	r.endBlock()
	second := r.cohort(cohort.Id)
	require.EqualValues(t, 2, second.Round)
	for _, seat := range cohort.Seats {
		v := r.validator(r.id, seat.Address)
		require.False(t, v.Active)
		require.Equal(t, bond.QuoRaw(200).MulRaw(int64(cohort.Seated(seat.Address))), v.Record.Slashed)
	}
	// One may come back, by adding what was lost.
	back := cohort.Seats[0].Address
	refuse(r.fixture, r.msgs.ActivateValidator, &types.MsgActivateValidator{Validator: back, DatanetId: r.id}, types.ErrInvalidBond)
	must(r.fixture, r.msgs.BondValidator, &types.MsgBondValidator{Validator: back, DatanetId: r.id, Amount: bond})
	require.True(t, r.validator(r.id, back).Active)
	second = r.draw(cohort.Id)
	r.vote(second, func(seat types.Seat) opinion {
		if seat.Address == second.Seats[0].Address {
			return all(func(uint64) types.Vote { return yes(1) })(seat)
		}
		return nil
	})
	r.after(r.params().RevealWindow)
	r.endBlock()
	require.Equal(t, types.COHORT_PHASE_DECIDED, r.cohort(cohort.Id).Phase, "one account has two seats at most, too few to decide")
	c := r.contribution(rank)
	require.Equal(t, types.CONTRIBUTION_STATUS_RETURNED, c.Status)
	require.Equal(t, alice.Add(deposit).Add(fee), r.Bank.Of(r.Ctx, r.alice))
	back2 := fee.MulRaw(2).Add(fee.MulRaw(10)).Add(deposit.MulRaw(2))
	require.Equal(t, owner.Add(back2), r.Bank.Of(r.Ctx, r.owner))
	require.EqualValues(t, 3, r.datanet(r.id).Record.Returned)
}

// TestNoGoldNoReview: a cohort without gold waits twice, then returns.
func TestNoGoldNoReview(t *testing.T) {
	r := newReviews(t, 7)
	before := r.Bank.Of(r.Ctx, r.alice)
	ranks := r.fresh(r.alice, 3)
	r.after(r.params().FillWindow)
	r.endBlock()
	require.True(t, r.cohortOf(ranks[0]).Extended)
	later := r.fresh(r.alice, 1)
	require.NotEqual(t, r.contribution(ranks[0]).Cohort, r.contribution(later[0]).Cohort)
	r.after(r.params().FillWindow)
	r.endBlock()
	require.Equal(t, types.CONTRIBUTION_STATUS_RETURNED, r.contribution(ranks[0]).Status)
	require.Equal(t, before.Sub(fee).Sub(r.contribution(later[0]).Deposit.Amount), r.Bank.Of(r.Ctx, r.alice))
}

// TestNoValidators: nobody to draw is noticed at the deadline, twice.
func TestNoValidators(t *testing.T) {
	r := newReviews(t, 0)
	r.smallCohorts()
	rank, altered, sound := r.fresh(r.alice, 1)[0], r.fresh(r.owner, 1)[0], r.fresh(r.owner, 1)[0]
	r.plant(types.GOLD_KIND_ALTERED, r.owner, altered)
	r.plant(types.GOLD_KIND_SOUND, r.owner, sound)
	r.endBlock()
	require.Equal(t, types.COHORT_PHASE_DRAWING, r.cohortOf(rank).Phase)
	for range 2 {
		r.after(r.params().CommitWindow)
		r.endBlock()
	}
	require.Equal(t, types.CONTRIBUTION_STATUS_RETURNED, r.contribution(rank).Status)
}

// TestFewValidators: three validators have three seats, and three must accept.
func TestFewValidators(t *testing.T) {
	r := newReviews(t, 3)
	r.smallCohorts()
	rank, altered, sound := r.fresh(r.alice, 1)[0], r.fresh(r.owner, 1)[0], r.fresh(r.owner, 1)[0]
	golds := []*types.MsgOpenGold{r.plant(types.GOLD_KIND_ALTERED, r.owner, altered), r.plant(types.GOLD_KIND_SOUND, r.owner, sound)}
	cohort := r.draw(r.contribution(rank).Cohort)
	require.Len(t, cohort.Seats, 3)
	r.vote(cohort, func(seat types.Seat) opinion {
		return func(rank uint64) types.Vote {
			if seat.Address == cohort.Seats[0].Address {
				return no(types.REJECT_REASON_QUALITY)
			}
			return yes(500)
		}
	})
	r.open(golds...)
	require.Equal(t, types.CONTRIBUTION_STATUS_REJECTED, r.contribution(rank).Status)
}

// TestReviewersAreNotContributors: who contributed to a cohort has no seat in it.
func TestReviewersAreNotContributors(t *testing.T) {
	r := newReviews(t, 6)
	r.smallCohorts()
	rank := r.fresh(r.validators[0], 1)[0]
	altered, sound := r.fresh(r.owner, 1)[0], r.fresh(r.owner, 1)[0]
	r.plant(types.GOLD_KIND_ALTERED, r.owner, altered)
	r.plant(types.GOLD_KIND_SOUND, r.owner, sound)
	cohort := r.draw(r.contribution(rank).Cohort)
	require.EqualValues(t, 5, cohort.Wanted)
	require.Zero(t, cohort.Seated(r.validators[0].String()))
}

func TestBondsAndUnbonding(t *testing.T) {
	r := newReviews(t, 1)
	who := r.validators[0].String()
	bondMsg := func(amount int64) *types.MsgBondValidator {
		return &types.MsgBondValidator{Validator: r.alice.String(), DatanetId: r.id, Amount: open(amount)}
	}
	refuse(r.fixture, r.msgs.BondValidator, bondMsg(3_999), types.ErrInvalidBond)
	unknown := bondMsg(4_000)
	unknown.DatanetId = 9
	refuse(r.fixture, r.msgs.BondValidator, unknown, types.ErrDataNetNotFound)
	owned := bondMsg(4_000)
	owned.DatanetId = r.create()
	refuse(r.fixture, r.msgs.BondValidator, owned, types.ErrReviewPolicy)
	unbond := func(amount int64) *types.MsgUnbondValidator {
		return &types.MsgUnbondValidator{Validator: who, DatanetId: r.id, Amount: open(amount)}
	}
	refuse(r.fixture, r.msgs.UnbondValidator, unbond(1), types.ErrInvalidBond)
	refuse(r.fixture, r.msgs.UnbondValidator, unbond(4_001), types.ErrInvalidBond)
	must(r.fixture, r.msgs.BondValidator, &types.MsgBondValidator{Validator: who, DatanetId: r.id, Amount: open(100)})
	before := r.balance(who)
	for range 7 {
		r.after(time.Hour)
		must(r.fixture, r.msgs.UnbondValidator, unbond(1))
	}
	refuse(r.fixture, r.msgs.UnbondValidator, unbond(1), types.ErrInvalidBond)
	r.after(r.params().Unbonding - 6*time.Hour)
	r.endBlock()
	require.Equal(t, before.Add(open(1)), r.balance(who), "the first part has matured")
	must(r.fixture, r.msgs.UnbondValidator, unbond(4_093))
	require.False(t, r.validator(r.id, who).Active)
	r.after(r.params().Unbonding)
	r.endBlock()
	require.Equal(t, before.Add(open(4_100)), r.balance(who))
	require.True(t, r.held().IsZero())
}

func TestCredentialsAreDelayed(t *testing.T) {
	r := newReviews(t, 0)
	issuer := account("issuer").String()
	policy := &types.MsgSetCredentialPolicy{Owner: r.owner.String(), DatanetId: r.id, Kind: types.CREDENTIAL_KIND_ISSUER, Issuer: issuer}
	foreign := *policy
	foreign.Owner = r.bob.String()
	refuse(r.fixture, r.msgs.SetCredentialPolicy, &foreign, types.ErrUnauthorized)
	grant := &types.MsgGrantCredentials{Granter: issuer, DatanetId: r.id, Addresses: []string{r.bob.String()}}
	refuse(r.fixture, r.msgs.GrantCredentials, grant, types.ErrCredential)
	must(r.fixture, r.msgs.SetCredentialPolicy, policy)
	must(r.fixture, r.msgs.GrantCredentials, grant)
	refuse(r.fixture, r.msgs.GrantCredentials, grant, types.ErrCredential)
	// Until it takes effect everybody may bond.
	alice := &types.MsgBondValidator{Validator: r.alice.String(), DatanetId: r.id, Amount: bond}
	bob := &types.MsgBondValidator{Validator: r.bob.String(), DatanetId: r.id, Amount: bond}
	must(r.fixture, r.msgs.BondValidator, alice)
	r.after(r.params().CredentialDelay)
	refuse(r.fixture, r.msgs.BondValidator, alice, types.ErrCredential)
	must(r.fixture, r.msgs.BondValidator, bob)
	// Alice stays bonded, but is not drawn.
	r.smallCohorts()
	ranks := r.fresh(r.owner, 3)
	r.plant(types.GOLD_KIND_ALTERED, r.owner, ranks[0])
	r.plant(types.GOLD_KIND_SOUND, r.owner, ranks[1])
	for r.cohortOf(ranks[0]).Phase == types.COHORT_PHASE_DRAWING && r.Ctx.BlockHeight() < 100 {
		r.endBlock()
	}
	cohort := r.cohortOf(ranks[0])
	require.Zero(t, cohort.Seated(r.alice.String()))
	// Revoked after the delay.
	revoke := &types.MsgRevokeCredentials{Granter: issuer, DatanetId: r.id, Addresses: grant.Addresses}
	foreignRevoke := *revoke
	foreignRevoke.Granter = r.owner.String()
	refuse(r.fixture, r.msgs.RevokeCredentials, &foreignRevoke, types.ErrUnauthorized)
	must(r.fixture, r.msgs.RevokeCredentials, revoke)
	refuse(r.fixture, r.msgs.RevokeCredentials, revoke, types.ErrCredential)
	must(r.fixture, r.msgs.BondValidator, bob)
	r.after(r.params().CredentialDelay)
	refuse(r.fixture, r.msgs.BondValidator, bob, types.ErrCredential)
}

func TestOpenReviewsAreCapped(t *testing.T) {
	r := newReviews(t, 0)
	r.setParams(func(p *types.Params) { p.Review.MaxOpenPerContributor = 2 })
	r.fresh(r.alice, 2)
	items := r.commit(r.alice, open(20), r.sealed(r.alice, "more"))
	r.blocks(2)
	items[0].KeepPlace = true
	refuse(r.fixture, r.msgs.RevealContributions, revealMsg(r.alice, items...), types.ErrReviewLimit)
	items[0].KeepPlace = false
	require.Len(t, must(r.fixture, r.msgs.RevealContributions, revealMsg(r.alice, items...)).Returned, 1, "not at the price of the deposit")
	r.fresh(r.bob, 1)
	refuse(r.fixture, r.msgs.WithdrawContribution, withdrawMsg(r.alice, 1), types.ErrContributionStatus)
	r.setParams(func(p *types.Params) { p.MaxPending = 3 })
	items = r.commit(r.bob, open(20), r.sealed(r.bob, "again"))
	r.blocks(2)
	items[0].KeepPlace = true
	refuse(r.fixture, r.msgs.RevealContributions, revealMsg(r.bob, items...), types.ErrDataNetClosed)
}

// TestStakeTree: the tree draws every validator as often as its stake says.
func TestStakeTree(t *testing.T) {
	r := newReviews(t, 40)
	whale := r.validators[3].String()
	must(r.fixture, r.msgs.BondValidator, &types.MsgBondValidator{Validator: whale, DatanetId: r.id, Amount: bond.MulRaw(12)})
	r.smallCohorts()
	hits, seats := 0, 0
	for range 30 {
		ranks := r.fresh(r.owner, 3)
		r.plant(types.GOLD_KIND_ALTERED, r.owner, ranks[0])
		r.plant(types.GOLD_KIND_SOUND, r.owner, ranks[1])
		cohort := r.draw(r.contribution(ranks[0]).Cohort)
		hits += int(cohort.Seated(whale))
		seats += len(cohort.Seats)
	}
	// 13 of 52 bonds: a quarter of 210 seats, within five standard deviations.
	require.InDelta(t, float64(seats)/4, float64(hits), 32)
}

// TestAThousandReviewsEndAtOnce: the cap spreads them over blocks, none is lost.
func TestAThousandReviewsEndAtOnce(t *testing.T) {
	r := newReviews(t, 10)
	r.setParams(func(p *types.Params) { p.Review.MaxOpenPerContributor = 2_000 })
	r.quiet = true
	var cohorts []uint64
	for range 50 {
		ranks := r.fresh(r.owner, 20)
		for i := range 4 {
			kind := types.GOLD_KIND_ALTERED
			if i%2 == 1 {
				kind = types.GOLD_KIND_SOUND
			}
			r.plant(kind, r.owner, ranks[i])
		}
		cohorts = append(cohorts, r.contribution(ranks[0]).Cohort)
	}
	// All votes are open and nobody opens the gold: one deadline for all.
	for _, id := range cohorts {
		r.vote(r.draw(id), all(func(uint64) types.Vote { return yes(800) }))
		require.Equal(t, types.COHORT_PHASE_GOLD, r.cohort(id).Phase)
	}
	r.quiet = false
	r.At(r.Ctx.BlockHeight(), r.Ctx.BlockTime().Add(r.params().GoldWindow))
	open := func() (n int) {
		for _, id := range cohorts {
			if r.cohort(id).Phase == types.COHORT_PHASE_GOLD {
				n++
			}
		}
		return n
	}
	require.Equal(t, 50, open())
	r.endBlock()
	require.Equal(t, 25, open(), "500 steps of one item each in a block")
	r.endBlock()
	require.Zero(t, open())
	require.EqualValues(t, 1_000, r.datanet(r.id).Contributions)
	require.EqualValues(t, 50, r.datanet(r.id).Version)
}

func TestPausedReviewsWait(t *testing.T) {
	r := newReviews(t, 7)
	r.smallCohorts()
	ranks := r.fresh(r.owner, 3)
	r.plant(types.GOLD_KIND_ALTERED, r.owner, ranks[0])
	r.plant(types.GOLD_KIND_SOUND, r.owner, ranks[1])
	cohort := r.draw(r.contribution(ranks[0]).Cohort)
	commits, _ := r.ballots(cohort, all(func(uint64) types.Vote { return yes(1) }))
	r.setParams(func(p *types.Params) { p.Paused = true })
	refuse(r.fixture, r.msgs.CommitBallot, commits[0], types.ErrPaused)
	r.after(r.params().CommitWindow)
	r.endBlock()
	require.Equal(t, types.COHORT_PHASE_COMMIT, r.cohort(cohort.Id).Phase, "nobody is slashed for what he could not do")
	r.setParams(func(p *types.Params) { p.Paused = false })
	r.endBlock()
	require.Equal(t, types.COHORT_PHASE_COMMIT, r.cohort(cohort.Id).Phase, "nor at once when it ends")
	r.after(r.params().AppealWindow - 2*time.Second) // the longest window
	must(r.fixture, r.msgs.CommitBallot, commits[0])
	r.after(10 * time.Second)
	r.endBlock()
	require.Equal(t, types.COHORT_PHASE_REVEAL, r.cohort(cohort.Id).Phase)
}

// TestPausedCommitsWait: what could not be revealed may be after the pause.
func TestPausedCommitsWait(t *testing.T) {
	f := newFixture(t)
	id := f.create()
	items := f.commit(f.alice, open(1), seal(f.alice, id, "a", 1), seal(f.alice, id, "b", 1))
	f.setParams(func(p *types.Params) { p.Paused = true })
	f.blocks(200)
	f.setParams(func(p *types.Params) { p.Paused = false })
	f.blocks(100)
	must(f, f.msgs.RevealContributions, revealMsg(f.alice, items[0]))
	f.endBlock()
	refuse(f, f.msgs.RevealContributions, revealMsg(f.alice, items[1]), types.ErrRevealWindow)
	f.endBlock()
	require.Empty(t, f.export().Commits)
}

// TestGoldNeedsConsent: an owner cannot have rejected what panels accept.
func TestGoldNeedsConsent(t *testing.T) {
	r := newReviews(t, 9)
	r.smallCohorts()
	victim := r.contribute(r.alice, text(0), func(item *types.RevealItem) { item.Mark = salt("random") })
	sound := r.fresh(r.owner, 2)
	gold := []*types.MsgOpenGold{r.plant(types.GOLD_KIND_ALTERED, r.owner, victim), r.plant(types.GOLD_KIND_SOUND, r.owner, sound[0])}
	r.vote(r.draw(r.contribution(victim).Cohort), all(accepting))
	refuse(r.fixture, r.msgs.OpenGold, gold[0], types.ErrGold)
	r.open(gold[1])
	r.after(r.params().GoldWindow)
	r.endBlock()
	require.True(t, r.contribution(victim).Earning())
	require.Equal(t, types.COHORT_PHASE_DECIDED, r.cohortOf(victim).Phase)
	// No seat could be graded: each has an equal part of the forfeited deposit.
	require.True(t, r.validator(r.id, r.cohortOf(victim).Seats[0].Address).Record.Earned.GT(r.params().GasRefund))
	// Without a mark nothing is revealed to panels.
	items := r.commit(r.alice, open(20), r.sealed(r.alice, "unmarked"))
	items[0].Mark = nil
	r.blocks(2)
	refuse(r.fixture, r.msgs.RevealContributions, revealMsg(r.alice, items...), types.ErrInvalidContribution)
}

// TestReviewSurvivesGenesis exports in each phase and goes on in another module.
func TestReviewSurvivesGenesis(t *testing.T) {
	r := newReviews(t, 9)
	original := r.seed()
	ranks := r.fresh(r.alice, 1)
	golds := []*types.MsgOpenGold{r.plantCopy(r.bob, original), r.plant(types.GOLD_KIND_ALTERED, r.owner, r.fresh(r.owner, 1)[0])}
	move := func() {
		g, err := r.imported(r.export())
		require.NoError(t, err)
		require.NoError(t, r.Bank.Balances.Walk(r.Ctx, nil, func(who string, amount math.Int) (bool, error) {
			address := sdk.MustAccAddressFromBech32(who)
			return false, g.Bank.Add(g.Ctx, address, amount.Sub(g.Bank.Of(g.Ctx, address)))
		}))
		g.At(r.Ctx.BlockHeight(), r.Ctx.BlockTime())
		require.Equal(t, r.snapshot(), g.snapshot())
		r.fixture = g
	}
	move()
	golds = append(golds, r.plant(types.GOLD_KIND_SOUND, r.owner, r.fresh(r.owner, 1)[0]))
	id := r.contribution(ranks[0]).Cohort
	r.endBlock()
	r.endBlock()
	move()
	cohort := r.draw(id)
	commits, reveals := r.ballots(cohort, all(func(uint64) types.Vote { return yes(640) }))
	must(r.fixture, r.msgs.CommitBallot, commits[0])
	move()
	for _, commit := range commits[1:] {
		must(r.fixture, r.msgs.CommitBallot, commit)
	}
	r.endBlock()
	must(r.fixture, r.msgs.RevealBallot, reveals[0])
	move()
	for _, reveal := range reveals[1:] {
		must(r.fixture, r.msgs.RevealBallot, reveal)
	}
	r.endBlock()
	move()
	r.open(golds...)
	move()
	require.EqualValues(t, 640, r.contribution(ranks[0]).Score)
	r.after(r.params().LiabilityWindow)
	r.endBlock()
	move()
	require.Empty(t, r.export().Ballots)
}
