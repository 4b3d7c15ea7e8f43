package keeper_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/poa"
	"github.com/openledger/openledger/testutil/solo"
	"github.com/openledger/openledger/x/datanet/types"
)

// elsewhere creates another DataNet under panel review, with validators of its own.
func (r *reviews) elsewhere(validators int) uint64 {
	id := must(r.fixture, r.msgs.CreateDataNet, panelMsg(r.bob)).DatanetId
	for i := range validators {
		r.bonded(string(rune('a'+i))+" elsewhere", id)
	}
	return id
}

// decide reviews three fresh items, of which two are gold, and returns the other.
func (r *reviews) decide(by sdk.AccAddress, content string, opinion opinion, change ...func(*types.RevealItem)) uint64 {
	rank := r.contribute(by, content, change...)
	altered, sound := r.fresh(r.owner, 2), uint64(0)
	sound = altered[1]
	golds := []*types.MsgOpenGold{r.plant(types.GOLD_KIND_ALTERED, r.owner, altered[0]), r.plant(types.GOLD_KIND_SOUND, r.owner, sound)}
	cohort := r.draw(r.contribution(rank).Cohort)
	r.vote(cohort, all(func(item uint64) types.Vote {
		switch item {
		case altered[0]:
			return no(types.REJECT_REASON_WRONG)
		case sound:
			return yes(600)
		}
		return opinion(item)
	}))
	r.open(golds...)
	return rank
}

func accepting(uint64) types.Vote { return yes(800) }

func rejecting(uint64) types.Vote { return no(types.REJECT_REASON_QUALITY) }

func (r *reviews) challenge(by sdk.AccAddress, later, original uint64) *types.MsgChallengeDuplicate {
	return &types.MsgChallengeDuplicate{
		Challenger: by.String(), Rank: later, Segment: *r.segment(later), Original: original, OriginalSegment: *r.segment(original),
	}
}

func TestDuplicateBecomesAnAlias(t *testing.T) {
	r := newReviews(t, 9)
	original := r.seed()
	copied := r.decide(r.bob, r.texts[original], accepting)
	other := r.decide(r.alice, text(777), accepting)
	require.Equal(t, types.CONTRIBUTION_STATUS_ACCEPTED, r.contribution(copied).Status)
	challenger := account("challenger")

	backwards := r.challenge(challenger, original, copied)
	refuse(r.fixture, r.msgs.ChallengeDuplicate, backwards, types.ErrDuplicate)
	refuse(r.fixture, r.msgs.ChallengeDuplicate, r.challenge(challenger, other, original), types.ErrDuplicate)
	forged := r.challenge(challenger, copied, original)
	forged.Segment.Text = []byte(text(5))
	refuse(r.fixture, r.msgs.ChallengeDuplicate, forged, types.ErrDuplicate)

	cohort := r.cohortOf(copied)
	seat := cohort.Seats[0].Address
	before, supply, deposit := r.validator(r.id, seat).Bond, r.supply(), r.contribution(copied).Deposit.Amount
	must(r.fixture, r.msgs.ChallengeDuplicate, r.challenge(challenger, copied, original))
	c := r.contribution(copied)
	require.Equal(t, types.CONTRIBUTION_STATUS_ALIAS, c.Status)
	require.Equal(t, original, c.Original)
	require.Equal(t, r.Ctx.BlockHeight()+1, c.StoppedHeight)
	require.True(t, c.PaidAt(r.Ctx.BlockHeight()), "batches of this block are paid")
	require.False(t, c.PaidAt(r.Ctx.BlockHeight()+1))
	require.NotZero(t, c.AcceptedVersion, "it stays in its versions and keeps blocking")
	require.True(t, r.balance(challenger.String()).IsZero(), "nobody gains by a challenge")
	require.Equal(t, deposit, c.BoundDeposit, "it only decays from now on")
	require.Equal(t, deposit, c.Deposit.Amount)
	slashed := bond.QuoRaw(100).MulRaw(int64(len(cohort.Seats)))
	require.Equal(t, slashed, supply.Sub(r.supply()), "the slashes are burned")
	require.Equal(t, bond.QuoRaw(100).MulRaw(int64(cohort.Seated(seat))), before.Sub(r.validator(r.id, seat).Bond))
	refuse(r.fixture, r.msgs.ChallengeDuplicate, r.challenge(challenger, copied, original), types.ErrContributionStatus)
	require.EqualValues(t, 1, r.datanet(r.id).Record.Stopped)
	tainted, err := r.Keeper.TaintedVersion(r.Ctx, r.id)
	require.NoError(t, err)
	require.Equal(t, c.AcceptedVersion, tainted)
	stopped, err := r.queries.Stopped(r.Ctx, &types.QueryStoppedRequest{DatanetId: r.id})
	require.NoError(t, err)
	require.Len(t, stopped.Contributions, 1)
}

// TestDuplicateAcrossDataNets: seniority is that of the whole chain; reviewers
// answer only within their window.
func TestDuplicateAcrossDataNets(t *testing.T) {
	r := newReviews(t, 9)
	original := r.seed()
	first := r.id
	r.id = r.create() // decided by its owner
	copied := r.contribute(r.bob, r.texts[original])
	must(r.fixture, r.msgs.AcceptContributions, acceptMsg(r.owner, r.id, copied))
	supply := r.supply()
	must(r.fixture, r.msgs.ChallengeDuplicate, r.challenge(r.alice, copied, original))
	require.Equal(t, types.CONTRIBUTION_STATUS_ALIAS, r.contribution(copied).Status)
	require.Equal(t, supply, r.supply())
	r.id = first
	late := r.decide(r.bob, r.texts[original], accepting)
	r.after(r.params().LiabilityWindow + time.Second)
	supply = r.supply()
	must(r.fixture, r.msgs.ChallengeDuplicate, r.challenge(r.alice, late, original))
	require.Equal(t, supply, r.supply(), "nobody is slashed")
}

// TestDeclaredDerivationIsNoDuplicate: what passes its pay on takes nothing.
func TestDeclaredDerivationIsNoDuplicate(t *testing.T) {
	r := newReviews(t, 9)
	original := r.seed()
	copied := r.decide(r.bob, r.texts[original], accepting, func(item *types.RevealItem) {
		item.Derivations = []types.Derivation{{Segment: 0, Rank: original, Ppm: poa.DuplicatePPM}}
	})
	refuse(r.fixture, r.msgs.ChallengeDuplicate, r.challenge(r.alice, copied, original), types.ErrDuplicate)
}

func TestPriorArtBecomesCommons(t *testing.T) {
	r := newReviews(t, 9)
	rank := r.seed()
	root := poa.MerkleRoot([]poa.Hash{poa.SegmentLeaf(0, nil, []byte(text(1))), poa.SegmentLeaf(1, nil, []byte(r.texts[rank]))})
	accept := &types.MsgAcceptSnapshot{Authority: solo.Authority(), Name: "Encyclopaedia", Root: root[:], Segments: 2}
	foreign := *accept
	foreign.Authority = r.alice.String()
	refuse(r.fixture, r.msgs.AcceptSnapshot, &foreign, types.ErrUnauthorized)
	prove := &types.MsgProvePriorArt{Prover: r.bob.String(), Rank: rank, Segment: *r.segment(rank), Snapshot: 1}
	leaf := poa.SegmentLeaf(0, nil, []byte(text(1)))
	prove.SnapshotSegment = types.SegmentProof{Index: 1, Text: []byte(r.texts[rank]), Path: [][]byte{leaf[:]}}
	refuse(r.fixture, r.msgs.ProvePriorArt, prove, types.ErrSnapshot)
	require.EqualValues(t, 1, must(r.fixture, r.msgs.AcceptSnapshot, accept).Id)
	wrong := *prove
	wrong.SnapshotSegment.Path = nil
	refuse(r.fixture, r.msgs.ProvePriorArt, &wrong, types.ErrDuplicate)
	before, deposit := r.Bank.Of(r.Ctx, r.bob), r.contribution(rank).Deposit.Amount
	must(r.fixture, r.msgs.ProvePriorArt, prove)
	require.Equal(t, types.CONTRIBUTION_STATUS_COMMONS, r.contribution(rank).Status)
	require.EqualValues(t, 1, r.contribution(rank).Snapshot)
	require.Equal(t, deposit.QuoRaw(2), r.Bank.Of(r.Ctx, r.bob).Sub(before))
	refuse(r.fixture, r.msgs.ProvePriorArt, prove, types.ErrContributionStatus)
}

func recallMsg(by string, rank uint64) *types.MsgRecallContribution {
	return &types.MsgRecallContribution{Signer: by, Rank: rank, Reason: "private letters"}
}

func TestRecall(t *testing.T) {
	r := newReviews(t, 9)
	own, others := r.seed(), r.decide(r.alice, text(800), accepting)
	waiting := r.fresh(r.alice, 1)[0]
	refuse(r.fixture, r.msgs.RecallContribution, recallMsg(r.alice.String(), waiting), types.ErrContributionStatus)
	refuse(r.fixture, r.msgs.RecallContribution, recallMsg(r.bob.String(), own), types.ErrUnauthorized)

	deposit := r.contribution(own).Deposit
	must(r.fixture, r.msgs.RecallContribution, recallMsg(r.alice.String(), own))
	c := r.contribution(own)
	require.Equal(t, types.CONTRIBUTION_STATUS_RECALLED, c.Status)
	require.Equal(t, "private letters", c.Reason)
	require.Equal(t, deposit, c.Deposit, "to recall frees no deposit: it still blocks")
	require.False(t, c.DecayAt.IsZero())

	must(r.fixture, r.msgs.RecallContribution, recallMsg(r.owner.String(), others))
	refuse(r.fixture, r.msgs.RecallContribution, recallMsg(solo.Authority(), others), types.ErrRecall)
	require.True(t, r.contribution(others).Earning(), "it is paid until the delay is over")
	r.after(14*24*time.Hour - time.Second)
	require.True(t, r.contribution(others).Earning())
	r.after(time.Second)
	r.endBlock()
	require.Equal(t, types.CONTRIBUTION_STATUS_RECALLED, r.contribution(others).Status)
	require.EqualValues(t, 2, r.datanet(r.id).Record.Stopped)
}

// TestAppealAgainstARecall: a panel of all DataNets may keep what the owner recalls.
func TestAppealAgainstARecall(t *testing.T) {
	for name, keep := range map[string]bool{"kept": true, "recalled": false} {
		t.Run(name, func(t *testing.T) {
			r := newReviews(t, 8)
			r.elsewhere(16)
			rank := r.seed()
			must(r.fixture, r.msgs.RecallContribution, recallMsg(r.owner.String(), rank))
			appeal := &types.MsgAppeal{Appellant: r.alice.String(), Rank: rank, Reason: "it is mine"}
			owner, contributor := r.Bank.Of(r.Ctx, r.owner), r.Bank.Of(r.Ctx, r.alice)
			id := must(r.fixture, r.msgs.Appeal, appeal).Cohort
			refuse(r.fixture, r.msgs.Appeal, appeal, types.ErrAppeal)
			cohort := r.draw(id)
			r.vote(cohort, all(func(uint64) types.Vote {
				if keep {
					return yes(700)
				}
				return no(types.REJECT_REASON_RIGHTS)
			}))
			require.Equal(t, keep, r.contribution(rank).Earning())
			require.Nil(t, r.contribution(rank).Recall)
			// The recall had a deposit of what it costs to defend against it.
			if keep {
				require.Equal(t, owner, r.Bank.Of(r.Ctx, r.owner))
				require.Equal(t, contributor, r.Bank.Of(r.Ctx, r.alice))
				refuse(r.fixture, r.msgs.RecallContribution, recallMsg(r.owner.String(), rank), types.ErrRecall)
				must(r.fixture, r.msgs.RecallContribution, recallMsg(solo.Authority(), rank))
			} else {
				require.Equal(t, fee.MulRaw(5), r.Bank.Of(r.Ctx, r.owner).Sub(owner))
				require.Equal(t, fee.MulRaw(15), contributor.Sub(r.Bank.Of(r.Ctx, r.alice)))
			}
		})
	}
}

// TestAppealOverturnsARejection: the larger panel accepts, those who rejected
// are slashed, and the deposit of the appeal returns.
func TestAppealOverturnsARejection(t *testing.T) {
	r := newReviews(t, 8)
	r.elsewhere(16)
	r.seed()
	rank := r.decide(r.alice, text(900), rejecting)
	require.Equal(t, types.CONTRIBUTION_STATUS_REJECTED, r.contribution(rank).Status)
	appeal := &types.MsgAppeal{Appellant: r.bob.String(), Rank: rank, Reason: "it is sound"}
	refuse(r.fixture, r.msgs.Appeal, appeal, types.ErrUnauthorized)
	appeal.Appellant = r.alice.String()
	first := r.cohortOf(rank)
	before := r.Bank.Of(r.Ctx, r.alice)
	id := must(r.fixture, r.msgs.Appeal, appeal).Cohort
	deposit := r.contribution(rank).Deposit.Amount
	require.True(t, deposit.IsPositive())
	require.Equal(t, fee.MulRaw(15).Add(deposit), before.Sub(r.Bank.Of(r.Ctx, r.alice)), "fee, deposit, and that of the contribution")
	refuse(r.fixture, r.msgs.Appeal, appeal, types.ErrAppeal)
	refuse(r.fixture, r.msgs.ResolveContribution, &types.MsgResolveContribution{Authority: solo.Authority(), Rank: rank, Accept: true, Score: 1, Reason: "r"}, types.ErrAppeal)
	cohort := r.draw(id)
	require.Zero(t, cohort.Panel)
	require.LessOrEqual(t, len(cohort.Seats), 15)
	for _, seat := range cohort.Seats {
		require.Zero(t, first.Seated(seat.Address), "nobody decides twice")
		require.NotEqual(t, r.alice.String(), seat.Address)
	}
	r.vote(cohort, all(accepting))
	c := r.contribution(rank)
	require.Equal(t, types.CONTRIBUTION_STATUS_ACCEPTED, c.Status)
	require.EqualValues(t, 800, c.Score)
	require.Equal(t, r.datanet(r.id).Version, c.AcceptedVersion)
	require.Equal(t, deposit, before.Sub(r.Bank.Of(r.Ctx, r.alice)), "the slashes repay the fee of who was right")
	for _, seat := range first.Seats {
		v := r.validator(r.id, seat.Address)
		require.Equal(t, bond.QuoRaw(5).MulRaw(int64(first.Seated(seat.Address))), v.Record.Slashed, "a fifth of the stake of each seat")
		require.EqualValues(t, first.Seated(seat.Address), v.Record.Overturned)
	}
	record := r.datanet(r.id).Record
	require.Equal(t, []uint64{1, 1}, []uint64{record.Appeals, record.Overturned})
}

// TestAppealAgainstAnAcceptance is open to anyone; a majority that is not
// decisive overturns without slashing, and one that upholds burns the deposit.
func TestAppealAgainstAnAcceptance(t *testing.T) {
	r := newReviews(t, 8)
	r.elsewhere(16)
	r.smallCohorts()
	junk, good := r.decide(r.alice, text(901), accepting), r.decide(r.alice, text(902), accepting)
	appeal := &types.MsgAppeal{Appellant: r.bob.String(), Rank: junk, Reason: "spam"}
	cohort := r.draw(must(r.fixture, r.msgs.Appeal, appeal).Cohort)
	accepts := 0
	r.vote(cohort, func(seat types.Seat) opinion {
		if accepts+int(cohort.Seated(seat.Address)) <= 5 {
			accepts += int(cohort.Seated(seat.Address))
			return accepting
		}
		return rejecting
	})
	require.Greater(t, accepts, 3)
	require.Equal(t, types.CONTRIBUTION_STATUS_OVERTURNED, r.contribution(junk).Status)
	require.True(t, r.contribution(junk).Deposit.IsZero())
	for _, seat := range r.cohortOf(junk).Seats {
		require.Zero(t, r.validator(r.id, seat.Address).Record.Overturned, "two thirds are not decisive")
	}
	appeal.Rank = good
	cohort = r.draw(must(r.fixture, r.msgs.Appeal, appeal).Cohort)
	supply := r.supply()
	r.vote(cohort, all(accepting))
	require.True(t, r.contribution(good).Earning())
	require.Equal(t, fee.MulRaw(10), supply.Sub(r.supply()))

	third := r.decide(r.alice, text(903), accepting)
	r.after(r.params().AppealWindow + time.Second)
	appeal.Rank = third
	refuse(r.fixture, r.msgs.Appeal, appeal, types.ErrAppeal)
	resolve := &types.MsgResolveContribution{Authority: solo.Authority(), Rank: third, Slash: true, Reason: "forged"}
	must(r.fixture, r.msgs.ResolveContribution, resolve)
	require.Equal(t, types.CONTRIBUTION_STATUS_OVERTURNED, r.contribution(third).Status)
	refuse(r.fixture, r.msgs.ResolveContribution, resolve, types.ErrContributionStatus)
	require.NotZero(t, r.validator(r.id, r.cohortOf(third).Seats[0].Address).Record.Overturned)
}

// TestChecksByChance: out of the fees of a DataNet, items are decided again that
// nobody appealed, and votes against a decisive verdict are slashed.
func TestChecksByChance(t *testing.T) {
	r := newReviews(t, 8)
	r.elsewhere(16)
	r.smallCohorts()
	r.setParams(func(p *types.Params) { p.Review.CheckPpm = 500_000 })
	dissenter, checks, overturned := "", 0, 0
	for n := range 60 {
		rank := r.contribute(r.alice, text(2_000+n))
		gold := r.fresh(r.owner, 2)
		golds := []*types.MsgOpenGold{r.plant(types.GOLD_KIND_ALTERED, r.owner, gold[0]), r.plant(types.GOLD_KIND_SOUND, r.owner, gold[1])}
		first := r.draw(r.contribution(rank).Cohort)
		dissenter = first.Seats[0].Address
		if first.Seated(dissenter) > 2 {
			t.Fatal("an account has more seats than it may")
		}
		r.vote(first, func(seat types.Seat) opinion {
			return func(item uint64) types.Vote {
				if item == gold[0] || item == rank && seat.Address == dissenter {
					return no(types.REJECT_REASON_WRONG)
				}
				return yes(700)
			}
		})
		r.open(golds...)
		require.True(t, r.contribution(rank).Earning(), "one account cannot keep an item out")
		id := r.contribution(rank).Check
		if id == 0 {
			continue
		}
		checks++
		check := r.draw(id)
		require.Equal(t, types.COHORT_KIND_CHECK, check.Kind)
		before := r.validator(r.id, dissenter).Record.Overturned
		r.vote(check, all(accepting))
		require.True(t, r.contribution(rank).Earning())
		after := r.validator(r.id, dissenter).Record.Overturned
		require.EqualValues(t, first.Seated(dissenter), after-before)
		overturned++
		must(r.fixture, r.msgs.BondValidator, &types.MsgBondValidator{Validator: dissenter, DatanetId: r.id, Amount: bond})
	}
	require.Positive(t, checks)
	// Half of the fees, one of each cohort and the gas of its gold, pay checks of five.
	require.InDelta(t, 30.7-5*float64(checks), r.datanet(r.id).CheckFund.ToLegacyDec().QuoInt(fee).MustFloat64(), 0.1)
}

// TestAppealWithoutPanel: nobody is left to ask, or nobody answers.
func TestAppealWithoutPanel(t *testing.T) {
	r := newReviews(t, 3)
	rank := r.decide2(r.alice, text(910))
	appeal := &types.MsgAppeal{Appellant: r.alice.String(), Rank: rank, Reason: "it is sound"}
	refuse(r.fixture, r.msgs.Appeal, appeal, types.ErrAppeal)
	r.elsewhere(3)
	before := r.Bank.Of(r.Ctx, r.alice)
	id := must(r.fixture, r.msgs.Appeal, appeal).Cohort
	r.draw(id)
	r.after(r.params().CommitWindow)
	r.endBlock()
	for range 3 {
		r.after(r.params().CommitWindow)
		r.endBlock()
	}
	require.Equal(t, types.COHORT_PHASE_DECIDED, r.cohort(id).Phase)
	require.Equal(t, types.CONTRIBUTION_STATUS_REJECTED, r.contribution(rank).Status)
	require.Equal(t, before, r.Bank.Of(r.Ctx, r.alice), "fee and deposits return")
}

// decide2 has all seats reject a contribution in cohorts of three.
func (r *reviews) decide2(by sdk.AccAddress, content string) uint64 {
	r.smallCohorts()
	return r.decide(by, content, rejecting)
}

func TestDepositsAreEarnedOrDecay(t *testing.T) {
	r := newReviews(t, 9)
	rank := r.seed()
	deposit := r.contribution(rank).Deposit.Amount
	require.Equal(t, open(1), deposit)
	release := &types.MsgReleaseDeposits{Contributor: r.alice.String(), Ranks: []uint64{rank}}
	require.True(t, must(r.fixture, r.msgs.ReleaseDeposits, release).Released.IsZero())
	foreign := *release
	foreign.Contributor = r.bob.String()
	refuse(r.fixture, r.msgs.ReleaseDeposits, &foreign, types.ErrUnauthorized)

	pool, month := r.pool(), 30*24*time.Hour
	r.after(month)
	r.endBlock()
	decay := deposit.QuoRaw(50)
	require.Equal(t, decay.MulRaw(2), r.pool().Sub(pool), "2 % a month, of the sound gold too")
	require.Equal(t, deposit.Sub(decay), r.contribution(rank).Deposit.Amount)

	r.Rewards.Earned[r.alice.String()] = deposit.QuoRaw(10)
	before := r.Bank.Of(r.Ctx, r.alice)
	require.Equal(t, deposit.QuoRaw(10), must(r.fixture, r.msgs.ReleaseDeposits, release).Released)
	require.True(t, must(r.fixture, r.msgs.ReleaseDeposits, release).Released.IsZero(), "what is earned releases once")
	require.Equal(t, deposit.QuoRaw(10), r.Bank.Of(r.Ctx, r.alice).Sub(before))
	r.Rewards.Earned[r.alice.String()] = deposit.MulRaw(2)
	r.after(month)
	r.endBlock()
	require.True(t, r.contribution(rank).Deposit.IsZero(), "the rest is released before it decays")
	require.True(t, r.contribution(rank).DecayAt.IsZero())

	squat := r.decide(r.bob, text(920), accepting)
	pool = r.pool()
	for range 60 {
		r.after(month)
	}
	r.endBlock()
	require.True(t, r.contribution(squat).Deposit.IsZero())
	require.True(t, r.pool().Sub(pool).GTE(deposit), "all of it decays in 50 months")
}

func (r *reviews) fundBounty(amount, price math.Int, panel uint64) uint64 {
	return must(r.fixture, r.msgs.FundBounty, &types.MsgFundBounty{
		Funder: r.bob.String(), DatanetId: r.id, Amount: amount, Price: price, MinTokens: 50,
		Deadline: r.Ctx.BlockTime().Add(60 * 24 * time.Hour), Panel: panel, Description: "rare diseases",
	}).Id
}

func forBounty(id uint64) func(*types.RevealItem) {
	return func(item *types.RevealItem) { item.Bounty = id }
}

func (r *reviews) bounty(id uint64) types.Bounty {
	bounty, err := r.Keeper.GetBounty(r.Ctx, id)
	require.NoError(r.t, err)
	return bounty
}

func TestBountyPaysTwice(t *testing.T) {
	r := newReviews(t, 9)
	r.seed()
	funder := r.Bank.Of(r.Ctx, r.bob)
	id := r.fundBounty(open(250), open(100), r.id)
	before := r.Bank.Of(r.Ctx, r.alice)
	first := r.decide(r.alice, text(930), accepting, forBounty(id))
	rejected := r.decide(r.alice, text(931), rejecting, forBounty(id))
	require.Equal(t, types.CONTRIBUTION_STATUS_REJECTED, r.contribution(rejected).Status)
	c := r.contribution(first)
	spent := c.Deposit.Amount.Add(fee.MulRaw(2))
	require.Equal(t, before, r.Bank.Of(r.Ctx, r.alice).Add(spent), "nothing while it may be appealed")
	require.Equal(t, open(80), c.Vesting, "80 % of the price")
	second := r.decide(r.alice, text(932), accepting, forBounty(id))
	b := r.bounty(id)
	require.Equal(t, open(90), b.Left, "250 less two prices of 80 %")
	items := r.commit(r.alice, open(20), r.sealed(r.alice, "x"))
	items[0].Bounty = id
	r.blocks(2)
	refuse(r.fixture, r.msgs.RevealContributions, revealMsg(r.alice, items...), types.ErrBounty)

	must(r.fixture, r.msgs.RecallContribution, recallMsg(r.alice.String(), second))
	require.Equal(t, open(170), r.bounty(id).Left, "what is recalled is not paid")
	before = r.Bank.Of(r.Ctx, r.alice)
	r.after(r.params().AppealWindow + time.Minute)
	r.endBlock()
	require.Equal(t, open(40), r.Bank.Of(r.Ctx, r.alice).Sub(before), "half")
	require.Equal(t, open(40), r.contribution(first).Vesting)
	r.after(60 * 24 * time.Hour)
	r.endBlock()
	require.True(t, r.bounty(id).Closed)
	require.Equal(t, open(80), funder.Sub(r.Bank.Of(r.Ctx, r.bob)), "one half paid, one vests, the rest is back")
	before = r.Bank.Of(r.Ctx, r.alice)
	r.after(90 * 24 * time.Hour)
	r.endBlock()
	require.Equal(t, open(40), r.Bank.Of(r.Ctx, r.alice).Sub(before))
	require.True(t, r.bounty(id).Vesting.IsZero())
}

func TestBountyChoosesItsReviewers(t *testing.T) {
	r := newReviews(t, 5)
	other := r.elsewhere(5)
	r.smallCohorts()
	refuse(r.fixture, r.msgs.FundBounty, &types.MsgFundBounty{
		Funder: r.bob.String(), DatanetId: r.id, Amount: open(1_000), Price: open(100), Deadline: r.Ctx.BlockTime().Add(time.Hour), Panel: other,
	}, types.ErrBounty)
	must(r.fixture, r.msgs.UpdateDataNet, &types.MsgUpdateDataNet{
		Owner: r.owner.String(), DatanetId: r.id, Name: "Skin", RoyaltyFloor: math.ZeroInt(), ReviewFee: fee, BountyPanels: true,
	})
	id := r.fundBounty(open(1_000), open(100), other)
	rank := r.contribute(r.alice, text(940), forBounty(id))
	ranks := []uint64{r.contribute(r.owner, text(941), forBounty(id)), r.contribute(r.owner, text(942), forBounty(id))}
	require.NotEqual(t, r.contribution(r.fresh(r.alice, 1)[0]).Cohort, r.contribution(rank).Cohort, "without the bounty its own validators review")
	r.plant(types.GOLD_KIND_ALTERED, r.owner, ranks[0])
	r.plant(types.GOLD_KIND_SOUND, r.owner, ranks[1])
	cohort := r.draw(r.contribution(rank).Cohort)
	for _, seat := range cohort.Seats {
		require.Equal(t, other, r.mustValidator(seat.Validator).DatanetId)
	}
}

func (r *reviews) mustValidator(id uint64) types.DataValidator {
	v, err := r.Keeper.Validators.Get(r.Ctx, id)
	require.NoError(r.t, err)
	return v
}

func TestBountyIsRefused(t *testing.T) {
	r := newReviews(t, 21)
	msg := func(change func(*types.MsgFundBounty)) *types.MsgFundBounty {
		m := &types.MsgFundBounty{Funder: r.bob.String(), DatanetId: r.id, Amount: open(100), Price: open(10), Deadline: r.Ctx.BlockTime().Add(time.Hour), Panel: r.id}
		change(m)
		return m
	}
	for name, test := range map[string]struct {
		change func(*types.MsgFundBounty)
		want   error
	}{
		"price above amount": {func(m *types.MsgFundBounty) { m.Price = open(101) }, types.ErrBounty},
		"nothing":            {func(m *types.MsgFundBounty) { m.Amount = math.ZeroInt() }, types.ErrBounty},
		"no DataNet":         {func(m *types.MsgFundBounty) { m.DatanetId = 9 }, types.ErrDataNetNotFound},
		"no panel":           {func(m *types.MsgFundBounty) { m.Panel = 9 }, types.ErrDataNetNotFound},
		"over":               {func(m *types.MsgFundBounty) { m.Deadline = r.Ctx.BlockTime() }, types.ErrBounty},
		"in two years":       {func(m *types.MsgFundBounty) { m.Deadline = r.Ctx.BlockTime().AddDate(2, 0, 0) }, types.ErrBounty},
		"poor":               {func(m *types.MsgFundBounty) { m.Funder = r.poor.String() }, solo.ErrFunds},
		"below the fee":      {func(m *types.MsgFundBounty) { m.Price = open(9) }, types.ErrBounty},
		"own DataNet":        {func(m *types.MsgFundBounty) { m.DatanetId = r.create() }, types.ErrReviewPolicy},
	} {
		t.Run(name, func(t *testing.T) { refuse(r.fixture, r.msgs.FundBounty, msg(test.change), test.want) })
	}
	// The pool's bounties are bounded by the stake of all validators: 22 bonds, a panel of seven and one of 15.
	require.NoError(t, r.Bank.Add(r.Ctx, solo.ModuleAddress("bounty_pool"), open(0)))
	pool := &types.MsgFundPoolBounty{Authority: solo.Authority(), DatanetId: r.id, Amount: open(10), Price: open(10), Deadline: r.Ctx.BlockTime().Add(time.Hour)}
	refuse(r.fixture, r.msgs.FundPoolBounty, pool, types.ErrBounty)
	r.bonded("one more", r.id)
	pool.Amount = bond.MulRaw(22).QuoRaw(10).AddRaw(1)
	refuse(r.fixture, r.msgs.FundPoolBounty, pool, types.ErrBounty)
	pool.Amount = bond.MulRaw(22).QuoRaw(10)
	refuse(r.fixture, r.msgs.FundPoolBounty, pool, solo.ErrFunds)
	dear := *pool
	dear.Price = open(201) // a panel answers for 25 items with five bonds of 100 OPEN
	refuse(r.fixture, r.msgs.FundPoolBounty, &dear, types.ErrBounty)
	foreign := *pool
	foreign.Authority = r.alice.String()
	refuse(r.fixture, r.msgs.FundPoolBounty, &foreign, types.ErrUnauthorized)
	require.NoError(t, r.Rewards.FundBountyPool(r.Ctx, fundedModule(r, pool.Amount), pool.Amount))
	id := must(r.fixture, r.msgs.FundPoolBounty, pool).Id
	r.after(time.Hour)
	r.endBlock()
	require.True(t, r.bounty(id).Closed)
	require.Equal(t, pool.Amount, r.pool(), "what nobody earned is back in the pool")
}

// fundedModule gives another module coins.
func fundedModule(r *reviews, amount math.Int) string {
	require.NoError(r.t, r.Bank.Add(r.Ctx, solo.ModuleAddress("gov"), amount))
	return "gov"
}

func TestRoyaltiesHoldFromTheNextBlock(t *testing.T) {
	r := newReviews(t, 0)
	curator := types.Royalty{Address: r.alice.String(), Ppm: 100_000}
	update := &types.MsgUpdateDataNet{
		Owner: r.owner.String(), DatanetId: r.id, Name: "Skin", RoyaltyFloor: math.ZeroInt(), OwnerPpm: 50_000,
		Curators: []types.Royalty{curator}, ReviewFee: fee,
	}
	at := func(height int64) []types.Royalty {
		shares, err := r.Keeper.RoyaltiesAt(r.Ctx, r.id, height)
		require.NoError(t, err)
		return shares
	}
	owner := types.Royalty{Address: r.owner.String(), Ppm: 50_000}
	height := r.Ctx.BlockHeight()
	must(r.fixture, r.msgs.UpdateDataNet, update)
	require.Equal(t, []types.Royalty{owner}, at(height))
	require.Equal(t, []types.Royalty{owner, curator}, at(height+1))
	greedy := *update
	greedy.OwnerPpm = 100_001
	refuse(r.fixture, r.msgs.UpdateDataNet, &greedy, types.ErrInvalidDataNet)
	twice := *update
	twice.Curators = []types.Royalty{curator, curator}
	refuse(r.fixture, r.msgs.UpdateDataNet, &twice, types.ErrInvalidDataNet)
	r.blocks(3)
	update.Curators, update.NewOwner = nil, r.bob.String()
	must(r.fixture, r.msgs.UpdateDataNet, update)
	require.Equal(t, []types.Royalty{owner, curator}, at(r.Ctx.BlockHeight()))
	require.Equal(t, []types.Royalty{{Address: r.bob.String(), Ppm: 50_000}}, at(r.Ctx.BlockHeight()+9))
}

func TestSummary(t *testing.T) {
	r := newReviews(t, 9)
	r.seed()
	r.fundBounty(open(250), open(100), r.id)
	out, err := r.queries.Summary(r.Ctx, &types.QuerySummaryRequest{DatanetId: r.id})
	require.NoError(t, err)
	require.EqualValues(t, 666_666, out.AcceptancePpm, "two of three")
	require.EqualValues(t, 1_000_000, out.AgreementPpm)
	require.EqualValues(t, 9, out.DataValidators)
	require.Equal(t, bond.MulRaw(9), out.Stake)
	require.Equal(t, open(250), out.Bounties)
	require.EqualValues(t, 70, out.Earned.Int64())
}
