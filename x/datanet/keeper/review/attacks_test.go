package review_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openledger/openledger/testutil/datanettest"
	"github.com/openledger/openledger/testutil/solo"
	"github.com/openledger/openledger/x/datanet/types"
)

// TestFeesAreAnnounced: an owner cannot raise the fee in front of a reveal, nor
// move what bonds must be.
func TestFeesAreAnnounced(t *testing.T) {
	r := datanettest.NewReviews(t, 0)
	items := r.Commit(r.Alice, datanettest.Open(20), r.Sealed(r.Alice, datanettest.Text(1)))
	r.Blocks(2)
	r.UpdateFee(datanettest.Fee.MulRaw(1_000))
	datanettest.Must(r.Fixture, r.Msgs.RevealContributions, datanettest.RevealMsg(r.Alice, items...))
	require.Equal(t, datanettest.Fee, r.Contribution(items[0].Rank).FeePaid)
	bob := &types.MsgBondValidator{Validator: r.Bob.String(), DatanetId: r.ID, Amount: datanettest.Bond}
	datanettest.Must(r.Fixture, r.Msgs.BondValidator, bob)
	r.UpdateFee(datanettest.Fee) // taken back before it held
	require.True(t, r.Datanet(r.ID).FeeFrom.IsZero())
	r.UpdateFee(datanettest.Fee.MulRaw(2))
	r.After(r.Params().CredentialDelay - time.Minute)
	require.Equal(t, datanettest.Fee, r.Contribution(r.Fresh(r.Alice, 1)[0]).FeePaid)
	r.After(time.Minute)
	require.Equal(t, datanettest.Fee.MulRaw(2), r.Contribution(r.Fresh(r.Alice, 1)[0]).FeePaid)
	carol := datanettest.Account("carol")
	r.Fund(carol)
	datanettest.Refuse(r.Fixture, r.Msgs.BondValidator, &types.MsgBondValidator{Validator: carol.String(),
		DatanetId: r.ID, Amount: datanettest.Bond}, types.ErrInvalidBond)
}

// TestFewDoNotOverruleMany: a panel of appeal is not smaller than the first.
func TestFewDoNotOverruleMany(t *testing.T) {
	r := datanettest.NewReviews(t, 9)
	rank := r.Seed()
	first := r.CohortOf(rank)
	taken := make(map[string]bool)
	for _, seat := range first.Seats {
		taken[seat.Address] = true
	}
	left := 9 - len(taken)
	r.Elsewhere(len(first.Seats) - left - 1)
	appeal := &types.MsgAppeal{Appellant: r.Bob.String(), Rank: rank, Reason: "mine"}
	datanettest.Refuse(r.Fixture, r.Msgs.Appeal, appeal, types.ErrAppeal)
	r.Bonded("one more", r.ID)
	datanettest.Must(r.Fixture, r.Msgs.Appeal, appeal)
}

// TestGoldCannotBeCrowdedOut: others leave the owner room, and a duplicate that
// nobody planted does not keep a cohort from its review.
func TestGoldCannotBeCrowdedOut(t *testing.T) {
	r := datanettest.NewReviews(t, 9)
	r.SmallCohorts()
	rank := r.Fresh(r.Alice, 1)[0]
	cohort := r.Contribution(rank).Cohort
	seal := func(n int) *types.MsgSealGold {
		msg := &types.MsgSealGold{Planter: r.Bob.String(), Cohort: cohort, Kind: types.GOLD_KIND_DUPLICATE}
		for i := range n {
			msg.Hashes = append(msg.Hashes, datanettest.Salt(string(rune('a'+i))))
		}
		return msg
	}
	datanettest.Refuse(r.Fixture, r.Msgs.SealGold, seal(3), types.ErrGold)
	datanettest.Must(r.Fixture, r.Msgs.SealGold, seal(2))
	datanettest.Refuse(r.Fixture, r.Msgs.SealGold, seal(1), types.ErrGold)
	gold := r.Fresh(r.Owner, 2)
	golds := []*types.MsgOpenGold{r.Plant(types.GOLD_KIND_ALTERED, r.Owner, gold[0]),
		r.Plant(types.GOLD_KIND_SOUND, r.Owner, gold[1])}
	r.Vote(r.Draw(cohort), datanettest.All(datanettest.Accepting))
	supply := r.Supply()
	r.Open(golds...)
	r.After(r.Params().GoldWindow)
	r.EndBlock()
	require.True(t, r.Contribution(rank).Earning())
	require.Equal(t, datanettest.Fee.MulRaw(10), supply.Sub(r.Supply()), "seals of nothing are burned")
}

// TestReturnedKeepsItsRank: who copied what no panel decided is not the elder.
func TestReturnedKeepsItsRank(t *testing.T) {
	r := datanettest.NewReviews(t, 9)
	rank := r.Fresh(r.Alice, 1)[0]
	resubmit := &types.MsgResubmitContributions{Contributor: r.Alice.String(), Ranks: []uint64{rank}}
	datanettest.Refuse(r.Fixture, r.Msgs.ResubmitContributions, resubmit, types.ErrContributionStatus)
	for range 2 {
		r.After(r.Params().FillWindow)
		r.EndBlock()
	}
	require.Equal(t, types.CONTRIBUTION_STATUS_RETURNED, r.Contribution(rank).Status)
	thief := r.Contribute(r.Bob, r.Texts[rank])
	foreign := *resubmit
	foreign.Contributor = r.Bob.String()
	datanettest.Refuse(r.Fixture, r.Msgs.ResubmitContributions, &foreign, types.ErrUnauthorized)
	datanettest.Must(r.Fixture, r.Msgs.ResubmitContributions, resubmit)
	c := r.Contribution(rank)
	require.Equal(t, types.CONTRIBUTION_STATUS_SUBMITTED, c.Status)
	require.Equal(t, datanettest.Fee, c.ReviewFee)
	require.True(t, c.Deposit.IsPositive() && c.Rank < thief)
	require.EqualValues(t, 2, r.Datanet(r.ID).Pending)
	require.Zero(t, r.Datanet(r.ID).Record.Returned)
	for range 2 {
		r.After(r.Params().FillWindow)
		r.EndBlock()
	}
	r.After(r.Params().LiabilityWindow + time.Second)
	datanettest.Refuse(r.Fixture, r.Msgs.ResubmitContributions, resubmit, types.ErrContributionStatus)
}

// TestNobodyAnswersForTextThatWasNotHeld: a duplicate of text that validators
// did not hold is no gold, slashes nobody, and stops nothing.
func TestNobodyAnswersForTextThatWasNotHeld(t *testing.T) {
	r := datanettest.NewReviews(t, 9)
	r.SmallCohorts()
	victim := r.ID
	r.ID = r.Create() // decided by its owner, the attacker
	original := r.Contribute(r.Bob, datanettest.Text(3_000))
	hidden := r.ID
	r.ID = victim
	copied := r.Contribute(r.Alice, r.Texts[original])
	gold := r.Fresh(r.Owner, 2)
	trap := r.Plant(types.GOLD_KIND_DUPLICATE, r.Owner, copied)
	trap.Segment, trap.Original, trap.OriginalSegment = r.Segment(copied), original, r.Segment(original)
	golds := []*types.MsgOpenGold{r.Plant(types.GOLD_KIND_ALTERED, r.Owner, gold[0]),
		r.Plant(types.GOLD_KIND_SOUND, r.Owner, gold[1])}
	r.Vote(r.Draw(r.Contribution(copied).Cohort), datanettest.All(datanettest.Accepting))
	datanettest.Must(r.Fixture, r.Msgs.AcceptContributions, datanettest.AcceptMsg(r.Owner, hidden, original))
	require.NoError(t, r.Keeper.SetInCustody(r.Ctx, hidden, 1))
	datanettest.Refuse(r.Fixture, r.Msgs.OpenGold, trap, types.ErrGold)
	r.Open(golds...)
	r.After(r.Params().GoldWindow)
	r.EndBlock()
	require.True(t, r.Contribution(copied).Earning())
	datanettest.Refuse(r.Fixture, r.Msgs.ChallengeDuplicate, r.Challenge(r.Bob, copied, original), types.ErrDuplicate)
	for _, seat := range r.CohortOf(copied).Seats {
		require.True(t, r.Validator(r.ID, seat.Address).Record.Slashed.IsZero())
	}
}

// TestRecallDoesNotSaveReviewers: what should not have been accepted is
// overturned also after its contributor took it back.
func TestRecallDoesNotSaveReviewers(t *testing.T) {
	r := datanettest.NewReviews(t, 8)
	r.Elsewhere(16)
	rank := r.Seed()
	first := r.CohortOf(rank)
	datanettest.Must(r.Fixture, r.Msgs.RecallContribution, datanettest.RecallMsg(r.Alice.String(), rank))
	appeal := &types.MsgAppeal{Appellant: r.Bob.String(), Rank: rank, Reason: "junk"}
	r.Vote(r.Draw(datanettest.Must(r.Fixture, r.Msgs.Appeal, appeal).Cohort), datanettest.All(datanettest.Rejecting))
	require.Equal(t, types.CONTRIBUTION_STATUS_OVERTURNED, r.Contribution(rank).Status)
	require.True(t, r.Contribution(rank).Deposit.IsZero())
	require.NotZero(t, r.Validator(r.ID, first.Seats[0].Address).Record.Overturned)
	require.EqualValues(t, 1, r.Datanet(r.ID).Record.Stopped)

	// Governance may restore it; nobody may appeal against that.
	stopped := r.Contribution(rank).StoppedHeight
	datanettest.Must(r.Fixture, r.Msgs.ResolveContribution, &types.MsgResolveContribution{Authority: solo.Authority(),
		Rank: rank, Accept: true, Score: 900, Reason: "sound after all"})
	c := r.Contribution(rank)
	require.True(t, c.Earning())
	require.False(t, c.PaidAt(stopped))
	require.True(t, c.PaidAt(r.Ctx.BlockHeight()+1))
	require.Zero(t, r.Datanet(r.ID).Record.Stopped)
	datanettest.Refuse(r.Fixture, r.Msgs.Appeal, appeal, types.ErrAppeal)
}

// TestPauseOpensNoOldWindow: what was over before a pause stays over.
func TestPauseOpensNoOldWindow(t *testing.T) {
	r := datanettest.NewReviews(t, 8)
	r.Elsewhere(16)
	rank := r.Seed()
	r.After(r.Params().AppealWindow + time.Second)
	appeal := &types.MsgAppeal{Appellant: r.Bob.String(), Rank: rank, Reason: "junk"}
	datanettest.Refuse(r.Fixture, r.Msgs.Appeal, appeal, types.ErrAppeal)
	late := r.Decide(r.Alice, datanettest.Text(4_000), datanettest.Accepting)
	r.SetParams(func(p *types.Params) { p.Paused = true })
	r.After(10 * r.Params().AppealWindow)
	r.SetParams(func(p *types.Params) { p.Paused = false })
	datanettest.Refuse(r.Fixture, r.Msgs.Appeal, appeal, types.ErrAppeal)
	appeal.Rank = late
	datanettest.Must(r.Fixture, r.Msgs.Appeal, appeal)
}

// TestOneItemTwoPlanters: who opens second has the deposit back, and the item counts once.
func TestOneItemTwoPlanters(t *testing.T) {
	r := datanettest.NewReviews(t, 9)
	original := r.Seed()
	first := r.PlantCopy(r.Bob, original)
	gold := r.Fresh(r.Owner, 2)
	golds := []*types.MsgOpenGold{first, r.Plant(types.GOLD_KIND_ALTERED, r.Owner, gold[0]),
		r.Plant(types.GOLD_KIND_SOUND, r.Owner, gold[1])}
	second := *first
	second.Planter, second.Salt = r.Alice.String(), datanettest.Salt("second")
	before := r.Bank.Of(r.Ctx, r.Alice)
	datanettest.Must(r.Fixture, r.Msgs.SealGold, &types.MsgSealGold{
		Planter: second.Planter, Cohort: first.Cohort, Kind: types.GOLD_KIND_DUPLICATE,
		Hashes: [][]byte{types.GoldHash(first.Cohort, first.Rank, types.GOLD_KIND_DUPLICATE, r.Alice, second.Salt)},
	})
	cohort := r.Draw(first.Cohort)
	r.Vote(cohort, datanettest.All(datanettest.Accepting))
	r.Open(append(golds, &second)...)
	require.Equal(t, before, r.Bank.Of(r.Ctx, r.Alice))
	v := r.Validator(r.ID, cohort.Seats[0].Address)
	require.EqualValues(t, 2*cohort.Seated(v.Address), v.Record.GoldWrong, "the seed had none wrong")
}
