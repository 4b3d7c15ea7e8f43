package review_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openledger/openledger/testutil/datanettest"
	"github.com/openledger/openledger/testutil/solo"
	"github.com/openledger/openledger/x/datanet/types"
)

// TestAppealAgainstARecall: a panel of all DataNets may keep what the owner recalls.
func TestAppealAgainstARecall(t *testing.T) {
	for name, keep := range map[string]bool{"kept": true, "recalled": false} {
		t.Run(name, func(t *testing.T) {
			r := datanettest.NewReviews(t, 8)
			r.Elsewhere(16)
			rank := r.Seed()
			datanettest.Must(r.Fixture, r.Msgs.RecallContribution, datanettest.RecallMsg(r.Owner.String(), rank))
			appeal := &types.MsgAppeal{Appellant: r.Alice.String(), Rank: rank, Reason: "it is mine"}
			owner, contributor := r.Bank.Of(r.Ctx, r.Owner), r.Bank.Of(r.Ctx, r.Alice)
			id := datanettest.Must(r.Fixture, r.Msgs.Appeal, appeal).Cohort
			datanettest.Refuse(r.Fixture, r.Msgs.Appeal, appeal, types.ErrAppeal)
			cohort := r.Draw(id)
			r.Vote(cohort, datanettest.All(func(uint64) types.Vote {
				if keep {
					return datanettest.Yes(700)
				}
				return datanettest.No(types.REJECT_REASON_RIGHTS)
			}))
			require.Equal(t, keep, r.Contribution(rank).Earning())
			require.Nil(t, r.Contribution(rank).Recall)
			// The recall had a deposit of what it costs to defend against it.
			if keep {
				require.Equal(t, owner, r.Bank.Of(r.Ctx, r.Owner))
				require.Equal(t, contributor, r.Bank.Of(r.Ctx, r.Alice))
				datanettest.Refuse(r.Fixture, r.Msgs.RecallContribution, datanettest.RecallMsg(r.Owner.String(), rank),
					types.ErrRecall)
				datanettest.Must(r.Fixture, r.Msgs.RecallContribution, datanettest.RecallMsg(solo.Authority(), rank))
			} else {
				require.Equal(t, datanettest.Fee.MulRaw(5), r.Bank.Of(r.Ctx, r.Owner).Sub(owner))
				require.Equal(t, datanettest.Fee.MulRaw(15), contributor.Sub(r.Bank.Of(r.Ctx, r.Alice)))
			}
		})
	}
}

// TestAppealOverturnsARejection: the larger panel accepts, those who rejected
// are slashed, and the deposit of the appeal returns.
func TestAppealOverturnsARejection(t *testing.T) {
	r := datanettest.NewReviews(t, 8)
	r.Elsewhere(16)
	r.Seed()
	rank := r.Decide(r.Alice, datanettest.Text(900), datanettest.Rejecting)
	require.Equal(t, types.CONTRIBUTION_STATUS_REJECTED, r.Contribution(rank).Status)
	appeal := &types.MsgAppeal{Appellant: r.Bob.String(), Rank: rank, Reason: "it is sound"}
	datanettest.Refuse(r.Fixture, r.Msgs.Appeal, appeal, types.ErrUnauthorized)
	appeal.Appellant = r.Alice.String()
	first := r.CohortOf(rank)
	before := r.Bank.Of(r.Ctx, r.Alice)
	id := datanettest.Must(r.Fixture, r.Msgs.Appeal, appeal).Cohort
	deposit := r.Contribution(rank).Deposit.Amount
	require.True(t, deposit.IsPositive())
	require.Equal(t, datanettest.Fee.MulRaw(15).Add(deposit), before.Sub(r.Bank.Of(r.Ctx, r.Alice)),
		"fee, deposit, and that of the contribution")
	datanettest.Refuse(r.Fixture, r.Msgs.Appeal, appeal, types.ErrAppeal)
	datanettest.Refuse(r.Fixture, r.Msgs.ResolveContribution,
		&types.MsgResolveContribution{Authority: solo.Authority(), Rank: rank, Accept: true, Score: 1, Reason: "r"},
		types.ErrAppeal)
	cohort := r.Draw(id)
	require.Zero(t, cohort.Panel)
	require.LessOrEqual(t, len(cohort.Seats), 15)
	for _, seat := range cohort.Seats {
		require.Zero(t, first.Seated(seat.Address), "nobody decides twice")
		require.NotEqual(t, r.Alice.String(), seat.Address)
	}
	r.Vote(cohort, datanettest.All(datanettest.Accepting))
	c := r.Contribution(rank)
	require.Equal(t, types.CONTRIBUTION_STATUS_ACCEPTED, c.Status)
	require.EqualValues(t, 800, c.Score)
	require.Equal(t, r.Datanet(r.ID).Version, c.AcceptedVersion)
	require.Equal(t, deposit, before.Sub(r.Bank.Of(r.Ctx, r.Alice)), "the slashes repay the fee of who was right")
	for _, seat := range first.Seats {
		v := r.Validator(r.ID, seat.Address)
		require.Equal(t, datanettest.Bond.QuoRaw(5).MulRaw(int64(first.Seated(seat.Address))), v.Record.Slashed,
			"a fifth of the stake of each seat")
		require.EqualValues(t, first.Seated(seat.Address), v.Record.Overturned)
	}
	record := r.Datanet(r.ID).Record
	require.Equal(t, []uint64{1, 1}, []uint64{record.Appeals, record.Overturned})
}

// TestAppealAgainstAnAcceptance is open to anyone; a majority that is not
// decisive overturns without slashing, and one that upholds burns the deposit.
func TestAppealAgainstAnAcceptance(t *testing.T) {
	r := datanettest.NewReviews(t, 8)
	r.Elsewhere(16)
	r.SmallCohorts()
	junk, good := r.Decide(r.Alice, datanettest.Text(901), datanettest.Accepting), r.Decide(r.Alice,
		datanettest.Text(902), datanettest.Accepting)
	appeal := &types.MsgAppeal{Appellant: r.Bob.String(), Rank: junk, Reason: "spam"}
	cohort := r.Draw(datanettest.Must(r.Fixture, r.Msgs.Appeal, appeal).Cohort)
	accepts := 0
	r.Vote(cohort, func(seat types.Seat) datanettest.Opinion {
		if accepts+int(cohort.Seated(seat.Address)) <= 5 {
			accepts += int(cohort.Seated(seat.Address))
			return datanettest.Accepting
		}
		return datanettest.Rejecting
	})
	require.Greater(t, accepts, 3)
	require.Equal(t, types.CONTRIBUTION_STATUS_OVERTURNED, r.Contribution(junk).Status)
	require.True(t, r.Contribution(junk).Deposit.IsZero())
	for _, seat := range r.CohortOf(junk).Seats {
		require.Zero(t, r.Validator(r.ID, seat.Address).Record.Overturned, "two thirds are not decisive")
	}
	appeal.Rank = good
	cohort = r.Draw(datanettest.Must(r.Fixture, r.Msgs.Appeal, appeal).Cohort)
	supply := r.Supply()
	r.Vote(cohort, datanettest.All(datanettest.Accepting))
	require.True(t, r.Contribution(good).Earning())
	require.Equal(t, datanettest.Fee.MulRaw(10), supply.Sub(r.Supply()))

	third := r.Decide(r.Alice, datanettest.Text(903), datanettest.Accepting)
	r.After(r.Params().AppealWindow + time.Second)
	appeal.Rank = third
	datanettest.Refuse(r.Fixture, r.Msgs.Appeal, appeal, types.ErrAppeal)
	resolve := &types.MsgResolveContribution{Authority: solo.Authority(), Rank: third, Slash: true, Reason: "forged"}
	datanettest.Must(r.Fixture, r.Msgs.ResolveContribution, resolve)
	require.Equal(t, types.CONTRIBUTION_STATUS_OVERTURNED, r.Contribution(third).Status)
	datanettest.Refuse(r.Fixture, r.Msgs.ResolveContribution, resolve, types.ErrContributionStatus)
	require.NotZero(t, r.Validator(r.ID, r.CohortOf(third).Seats[0].Address).Record.Overturned)
}

// TestAppealWithoutPanel: nobody is left to ask, or nobody answers.
func TestAppealWithoutPanel(t *testing.T) {
	r := datanettest.NewReviews(t, 3)
	rank := r.Decide2(r.Alice, datanettest.Text(910))
	appeal := &types.MsgAppeal{Appellant: r.Alice.String(), Rank: rank, Reason: "it is sound"}
	datanettest.Refuse(r.Fixture, r.Msgs.Appeal, appeal, types.ErrAppeal)
	r.Elsewhere(3)
	before := r.Bank.Of(r.Ctx, r.Alice)
	id := datanettest.Must(r.Fixture, r.Msgs.Appeal, appeal).Cohort
	r.Draw(id)
	r.After(r.Params().CommitWindow)
	r.EndBlock()
	for range 3 {
		r.After(r.Params().CommitWindow)
		r.EndBlock()
	}
	require.Equal(t, types.COHORT_PHASE_DECIDED, r.Cohort(id).Phase)
	require.Equal(t, types.CONTRIBUTION_STATUS_REJECTED, r.Contribution(rank).Status)
	require.Equal(t, before, r.Bank.Of(r.Ctx, r.Alice), "fee and deposits return")
}
