package keeper_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"cosmossdk.io/math"

	"github.com/openledger/openledger/testutil/solo"
	"github.com/openledger/openledger/x/datanet/types"
)

func (r *reviews) updateFee(amount math.Int) {
	must(r.fixture, r.msgs.UpdateDataNet, &types.MsgUpdateDataNet{
		Owner: r.owner.String(), DatanetId: r.id, Name: "Skin", RoyaltyFloor: math.ZeroInt(), ReviewFee: amount,
	})
}

// TestFeesAreAnnounced: an owner cannot raise the fee in front of a reveal, nor
// move what bonds must be.
func TestFeesAreAnnounced(t *testing.T) {
	r := newReviews(t, 0)
	items := r.commit(r.alice, open(20), r.sealed(r.alice, text(1)))
	r.blocks(2)
	r.updateFee(fee.MulRaw(1_000))
	must(r.fixture, r.msgs.RevealContributions, revealMsg(r.alice, items...))
	require.Equal(t, fee, r.contribution(items[0].Rank).FeePaid)
	bob := &types.MsgBondValidator{Validator: r.bob.String(), DatanetId: r.id, Amount: bond}
	must(r.fixture, r.msgs.BondValidator, bob)
	r.updateFee(fee) // taken back before it held
	require.True(t, r.datanet(r.id).FeeFrom.IsZero())
	r.updateFee(fee.MulRaw(2))
	r.after(r.params().CredentialDelay - time.Minute)
	require.Equal(t, fee, r.contribution(r.fresh(r.alice, 1)[0]).FeePaid)
	r.after(time.Minute)
	require.Equal(t, fee.MulRaw(2), r.contribution(r.fresh(r.alice, 1)[0]).FeePaid)
	carol := account("carol")
	r.fund(carol)
	refuse(r.fixture, r.msgs.BondValidator, &types.MsgBondValidator{Validator: carol.String(), DatanetId: r.id, Amount: bond}, types.ErrInvalidBond)
}

// TestFewDoNotOverruleMany: a panel of appeal is not smaller than the first.
func TestFewDoNotOverruleMany(t *testing.T) {
	r := newReviews(t, 9)
	rank := r.seed()
	first := r.cohortOf(rank)
	taken := make(map[string]bool)
	for _, seat := range first.Seats {
		taken[seat.Address] = true
	}
	left := 9 - len(taken)
	r.elsewhere(len(first.Seats) - left - 1)
	appeal := &types.MsgAppeal{Appellant: r.bob.String(), Rank: rank, Reason: "mine"}
	refuse(r.fixture, r.msgs.Appeal, appeal, types.ErrAppeal)
	r.bonded("one more", r.id)
	must(r.fixture, r.msgs.Appeal, appeal)
}

// TestGoldCannotBeCrowdedOut: others leave the owner room, and a duplicate that
// nobody planted does not keep a cohort from its review.
func TestGoldCannotBeCrowdedOut(t *testing.T) {
	r := newReviews(t, 9)
	r.smallCohorts()
	rank := r.fresh(r.alice, 1)[0]
	cohort := r.contribution(rank).Cohort
	seal := func(n int) *types.MsgSealGold {
		msg := &types.MsgSealGold{Planter: r.bob.String(), Cohort: cohort, Kind: types.GOLD_KIND_DUPLICATE}
		for i := range n {
			msg.Hashes = append(msg.Hashes, salt(string(rune('a'+i))))
		}
		return msg
	}
	refuse(r.fixture, r.msgs.SealGold, seal(3), types.ErrGold)
	must(r.fixture, r.msgs.SealGold, seal(2))
	refuse(r.fixture, r.msgs.SealGold, seal(1), types.ErrGold)
	gold := r.fresh(r.owner, 2)
	golds := []*types.MsgOpenGold{r.plant(types.GOLD_KIND_ALTERED, r.owner, gold[0]), r.plant(types.GOLD_KIND_SOUND, r.owner, gold[1])}
	r.vote(r.draw(cohort), all(accepting))
	supply := r.supply()
	r.open(golds...)
	r.after(r.params().GoldWindow)
	r.endBlock()
	require.True(t, r.contribution(rank).Earning())
	require.Equal(t, fee.MulRaw(10), supply.Sub(r.supply()), "seals of nothing are burned")
}

// TestReturnedKeepsItsRank: who copied what no panel decided is not the elder.
func TestReturnedKeepsItsRank(t *testing.T) {
	r := newReviews(t, 9)
	rank := r.fresh(r.alice, 1)[0]
	resubmit := &types.MsgResubmitContributions{Contributor: r.alice.String(), Ranks: []uint64{rank}}
	refuse(r.fixture, r.msgs.ResubmitContributions, resubmit, types.ErrContributionStatus)
	for range 2 {
		r.after(r.params().FillWindow)
		r.endBlock()
	}
	require.Equal(t, types.CONTRIBUTION_STATUS_RETURNED, r.contribution(rank).Status)
	thief := r.contribute(r.bob, r.texts[rank])
	foreign := *resubmit
	foreign.Contributor = r.bob.String()
	refuse(r.fixture, r.msgs.ResubmitContributions, &foreign, types.ErrUnauthorized)
	must(r.fixture, r.msgs.ResubmitContributions, resubmit)
	c := r.contribution(rank)
	require.Equal(t, types.CONTRIBUTION_STATUS_SUBMITTED, c.Status)
	require.Equal(t, fee, c.ReviewFee)
	require.True(t, c.Deposit.IsPositive() && c.Rank < thief)
	require.EqualValues(t, 2, r.datanet(r.id).Pending)
	require.Zero(t, r.datanet(r.id).Record.Returned)
	for range 2 {
		r.after(r.params().FillWindow)
		r.endBlock()
	}
	r.after(r.params().LiabilityWindow + time.Second)
	refuse(r.fixture, r.msgs.ResubmitContributions, resubmit, types.ErrContributionStatus)
}

// TestNobodyAnswersForTextThatWasNotHeld: a duplicate of text that validators
// did not hold is no gold, slashes nobody, and stops nothing.
func TestNobodyAnswersForTextThatWasNotHeld(t *testing.T) {
	r := newReviews(t, 9)
	r.smallCohorts()
	victim := r.id
	r.id = r.create() // decided by its owner, the attacker
	original := r.contribute(r.bob, text(3_000))
	hidden := r.id
	r.id = victim
	copied := r.contribute(r.alice, r.texts[original])
	gold := r.fresh(r.owner, 2)
	trap := r.plant(types.GOLD_KIND_DUPLICATE, r.owner, copied)
	trap.Segment, trap.Original, trap.OriginalSegment = r.segment(copied), original, r.segment(original)
	golds := []*types.MsgOpenGold{r.plant(types.GOLD_KIND_ALTERED, r.owner, gold[0]), r.plant(types.GOLD_KIND_SOUND, r.owner, gold[1])}
	r.vote(r.draw(r.contribution(copied).Cohort), all(accepting))
	must(r.fixture, r.msgs.AcceptContributions, acceptMsg(r.owner, hidden, original))
	require.NoError(t, r.Keeper.SetHeld(r.Ctx, hidden, 1))
	refuse(r.fixture, r.msgs.OpenGold, trap, types.ErrGold)
	r.open(golds...)
	r.after(r.params().GoldWindow)
	r.endBlock()
	require.True(t, r.contribution(copied).Earning())
	refuse(r.fixture, r.msgs.ChallengeDuplicate, r.challenge(r.bob, copied, original), types.ErrDuplicate)
	for _, seat := range r.cohortOf(copied).Seats {
		require.True(t, r.validator(r.id, seat.Address).Record.Slashed.IsZero())
	}
}

// TestRecallDoesNotSaveReviewers: what should not have been accepted is
// overturned also after its contributor took it back.
func TestRecallDoesNotSaveReviewers(t *testing.T) {
	r := newReviews(t, 8)
	r.elsewhere(16)
	rank := r.seed()
	first := r.cohortOf(rank)
	must(r.fixture, r.msgs.RecallContribution, recallMsg(r.alice.String(), rank))
	appeal := &types.MsgAppeal{Appellant: r.bob.String(), Rank: rank, Reason: "junk"}
	r.vote(r.draw(must(r.fixture, r.msgs.Appeal, appeal).Cohort), all(rejecting))
	require.Equal(t, types.CONTRIBUTION_STATUS_OVERTURNED, r.contribution(rank).Status)
	require.True(t, r.contribution(rank).Deposit.IsZero())
	require.NotZero(t, r.validator(r.id, first.Seats[0].Address).Record.Overturned)
	require.EqualValues(t, 1, r.datanet(r.id).Record.Stopped)

	// Governance may restore it; nobody may appeal against that.
	stopped := r.contribution(rank).StoppedHeight
	must(r.fixture, r.msgs.ResolveContribution, &types.MsgResolveContribution{Authority: solo.Authority(), Rank: rank, Accept: true, Score: 900, Reason: "sound after all"})
	c := r.contribution(rank)
	require.True(t, c.Earning())
	require.False(t, c.PaidAt(stopped))
	require.True(t, c.PaidAt(r.Ctx.BlockHeight()+1))
	require.Zero(t, r.datanet(r.id).Record.Stopped)
	refuse(r.fixture, r.msgs.Appeal, appeal, types.ErrAppeal)
}

// TestCredentialsDoNotEndAtOnce: neither by granting again nor by a policy that
// is under way.
func TestCredentialsDoNotEndAtOnce(t *testing.T) {
	r := newReviews(t, 0)
	owner, alice := r.owner.String(), r.alice.String()
	policy := &types.MsgSetCredentialPolicy{Owner: owner, DatanetId: r.id, Kind: types.CREDENTIAL_KIND_ALLOWLIST}
	grant := &types.MsgGrantCredentials{Granter: owner, DatanetId: r.id, Addresses: []string{alice}}
	may := func() {
		must(r.fixture, r.msgs.BondValidator, &types.MsgBondValidator{Validator: alice, DatanetId: r.id, Amount: bond})
	}
	must(r.fixture, r.msgs.SetCredentialPolicy, policy)
	must(r.fixture, r.msgs.GrantCredentials, grant)
	r.after(r.params().CredentialDelay)
	may()
	must(r.fixture, r.msgs.RevokeCredentials, &types.MsgRevokeCredentials{Granter: owner, DatanetId: r.id, Addresses: []string{alice}})
	must(r.fixture, r.msgs.GrantCredentials, grant)
	may()
	must(r.fixture, r.msgs.SetCredentialPolicy, policy)
	must(r.fixture, r.msgs.GrantCredentials, grant)
	may()
	number := r.datanet(r.id).NextCredentials.Number
	must(r.fixture, r.msgs.SetCredentialPolicy, policy)
	require.Greater(t, r.datanet(r.id).NextCredentials.Number, number, "numbers are not used again")
}

// TestPauseOpensNoOldWindow: what was over before a pause stays over.
func TestPauseOpensNoOldWindow(t *testing.T) {
	r := newReviews(t, 8)
	r.elsewhere(16)
	rank := r.seed()
	r.after(r.params().AppealWindow + time.Second)
	appeal := &types.MsgAppeal{Appellant: r.bob.String(), Rank: rank, Reason: "junk"}
	refuse(r.fixture, r.msgs.Appeal, appeal, types.ErrAppeal)
	late := r.decide(r.alice, text(4_000), accepting)
	r.setParams(func(p *types.Params) { p.Paused = true })
	r.after(10 * r.params().AppealWindow)
	r.setParams(func(p *types.Params) { p.Paused = false })
	refuse(r.fixture, r.msgs.Appeal, appeal, types.ErrAppeal)
	appeal.Rank = late
	must(r.fixture, r.msgs.Appeal, appeal)
}

// TestOneItemTwoPlanters: who opens second has the deposit back, and the item counts once.
func TestOneItemTwoPlanters(t *testing.T) {
	r := newReviews(t, 9)
	original := r.seed()
	first := r.plantCopy(r.bob, original)
	gold := r.fresh(r.owner, 2)
	golds := []*types.MsgOpenGold{first, r.plant(types.GOLD_KIND_ALTERED, r.owner, gold[0]), r.plant(types.GOLD_KIND_SOUND, r.owner, gold[1])}
	second := *first
	second.Planter, second.Salt = r.alice.String(), salt("second")
	before := r.Bank.Of(r.Ctx, r.alice)
	must(r.fixture, r.msgs.SealGold, &types.MsgSealGold{
		Planter: second.Planter, Cohort: first.Cohort, Kind: types.GOLD_KIND_DUPLICATE,
		Hashes: [][]byte{types.GoldHash(first.Cohort, first.Rank, types.GOLD_KIND_DUPLICATE, r.alice, second.Salt)},
	})
	cohort := r.draw(first.Cohort)
	r.vote(cohort, all(accepting))
	r.open(append(golds, &second)...)
	require.Equal(t, before, r.Bank.Of(r.Ctx, r.alice))
	v := r.validator(r.id, cohort.Seats[0].Address)
	require.EqualValues(t, 2*cohort.Seated(v.Address), v.Record.GoldWrong, "the seed had none wrong")
}
