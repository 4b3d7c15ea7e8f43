package keeper_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openledger/openledger/poa"
	"github.com/openledger/openledger/testutil/datanettest"
	"github.com/openledger/openledger/x/datanet/types"
)

func TestDuplicateBecomesAnAlias(t *testing.T) {
	r := datanettest.NewReviews(t, 9)
	original := r.Seed()
	copied := r.Decide(r.Bob, r.Texts[original], datanettest.Accepting)
	other := r.Decide(r.Alice, datanettest.Text(777), datanettest.Accepting)
	require.Equal(t, types.CONTRIBUTION_STATUS_ACCEPTED, r.Contribution(copied).Status)
	challenger := datanettest.Account("challenger")

	backwards := r.Challenge(challenger, original, copied)
	datanettest.Refuse(r.Fixture, r.Msgs.ChallengeDuplicate, backwards, types.ErrDuplicate)
	datanettest.Refuse(r.Fixture, r.Msgs.ChallengeDuplicate, r.Challenge(challenger, other, original),
		types.ErrDuplicate)
	forged := r.Challenge(challenger, copied, original)
	forged.Segment.Text = []byte(datanettest.Text(5))
	datanettest.Refuse(r.Fixture, r.Msgs.ChallengeDuplicate, forged, types.ErrDuplicate)

	cohort := r.CohortOf(copied)
	seat := cohort.Seats[0].Address
	before, supply, deposit := r.Validator(r.ID, seat).Bond, r.Supply(), r.Contribution(copied).Deposit.Amount
	datanettest.Must(r.Fixture, r.Msgs.ChallengeDuplicate, r.Challenge(challenger, copied, original))
	c := r.Contribution(copied)
	require.Equal(t, types.CONTRIBUTION_STATUS_ALIAS, c.Status)
	require.Equal(t, original, c.Original)
	require.Equal(t, r.Ctx.BlockHeight()+1, c.StoppedHeight)
	require.True(t, c.PaidAt(r.Ctx.BlockHeight()), "batches of this block are paid")
	require.False(t, c.PaidAt(r.Ctx.BlockHeight()+1))
	require.NotZero(t, c.AcceptedVersion, "it stays in its versions and keeps blocking")
	require.True(t, r.Balance(challenger.String()).IsZero(), "nobody gains by a challenge")
	require.Equal(t, deposit, c.BoundDeposit, "it only decays from now on")
	require.Equal(t, deposit, c.Deposit.Amount)
	slashed := datanettest.Bond.QuoRaw(100).MulRaw(int64(len(cohort.Seats)))
	require.Equal(t, slashed, supply.Sub(r.Supply()), "the slashes are burned")
	require.Equal(t, datanettest.Bond.QuoRaw(100).MulRaw(int64(cohort.Seated(seat))),
		before.Sub(r.Validator(r.ID, seat).Bond))
	datanettest.Refuse(r.Fixture, r.Msgs.ChallengeDuplicate, r.Challenge(challenger, copied, original),
		types.ErrContributionStatus)
	require.EqualValues(t, 1, r.Datanet(r.ID).Record.Stopped)
	tainted, err := r.Keeper.TaintedVersion(r.Ctx, r.ID)
	require.NoError(t, err)
	require.Equal(t, c.AcceptedVersion, tainted)
	stopped, err := r.Queries.Stopped(r.Ctx, &types.QueryStoppedRequest{DatanetId: r.ID})
	require.NoError(t, err)
	require.Len(t, stopped.Contributions, 1)
}

// TestDuplicateAcrossDataNets: seniority is that of the whole chain; reviewers
// answer only within their window.
func TestDuplicateAcrossDataNets(t *testing.T) {
	r := datanettest.NewReviews(t, 9)
	original := r.Seed()
	first := r.ID
	r.ID = r.Create() // decided by its owner
	copied := r.Contribute(r.Bob, r.Texts[original])
	datanettest.Must(r.Fixture, r.Msgs.AcceptContributions, datanettest.AcceptMsg(r.Owner, r.ID, copied))
	supply := r.Supply()
	datanettest.Must(r.Fixture, r.Msgs.ChallengeDuplicate, r.Challenge(r.Alice, copied, original))
	require.Equal(t, types.CONTRIBUTION_STATUS_ALIAS, r.Contribution(copied).Status)
	require.Equal(t, supply, r.Supply())
	r.ID = first
	late := r.Decide(r.Bob, r.Texts[original], datanettest.Accepting)
	r.After(r.Params().LiabilityWindow + time.Second)
	supply = r.Supply()
	datanettest.Must(r.Fixture, r.Msgs.ChallengeDuplicate, r.Challenge(r.Alice, late, original))
	require.Equal(t, supply, r.Supply(), "nobody is slashed")
}

// TestDeclaredDerivationIsNoDuplicate: what passes its pay on takes nothing.
func TestDeclaredDerivationIsNoDuplicate(t *testing.T) {
	r := datanettest.NewReviews(t, 9)
	original := r.Seed()
	copied := r.Decide(r.Bob, r.Texts[original], datanettest.Accepting, func(item *types.RevealItem) {
		item.Derivations = []types.Derivation{{Segment: 0, Rank: original, Ppm: poa.DuplicatePPM}}
	})
	datanettest.Refuse(r.Fixture, r.Msgs.ChallengeDuplicate, r.Challenge(r.Alice, copied, original), types.ErrDuplicate)
}
