package review_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/testutil/datanettest"
	"github.com/openledger/openledger/x/datanet/types"
)

// TestReviewSurvivesGenesis exports in each phase and goes on in another module.
func TestReviewSurvivesGenesis(t *testing.T) {
	r := datanettest.NewReviews(t, 9)
	original := r.Seed()
	ranks := r.Fresh(r.Alice, 1)
	golds := []*types.MsgOpenGold{r.PlantCopy(r.Bob, original),
		r.Plant(types.GOLD_KIND_ALTERED, r.Owner, r.Fresh(r.Owner, 1)[0])}
	move := func() {
		g, err := r.Imported(r.Export())
		require.NoError(t, err)
		require.NoError(t, r.Bank.Balances.Walk(r.Ctx, nil, func(who string, amount math.Int) (bool, error) {
			address := sdk.MustAccAddressFromBech32(who)
			return false, g.Bank.Add(g.Ctx, address, amount.Sub(g.Bank.Of(g.Ctx, address)))
		}))
		g.At(r.Ctx.BlockHeight(), r.Ctx.BlockTime())
		require.Equal(t, r.Snapshot(), g.Snapshot())
		r.Fixture = g
	}
	move()
	golds = append(golds, r.Plant(types.GOLD_KIND_SOUND, r.Owner, r.Fresh(r.Owner, 1)[0]))
	id := r.Contribution(ranks[0]).Cohort
	r.EndBlock()
	r.EndBlock()
	move()
	cohort := r.Draw(id)
	commits, reveals := r.Ballots(cohort, datanettest.All(func(uint64) types.Vote { return datanettest.Yes(640) }))
	datanettest.Must(r.Fixture, r.Msgs.CommitBallot, commits[0])
	move()
	for _, commit := range commits[1:] {
		datanettest.Must(r.Fixture, r.Msgs.CommitBallot, commit)
	}
	r.EndBlock()
	datanettest.Must(r.Fixture, r.Msgs.RevealBallot, reveals[0])
	move()
	for _, reveal := range reveals[1:] {
		datanettest.Must(r.Fixture, r.Msgs.RevealBallot, reveal)
	}
	r.EndBlock()
	move()
	r.Open(golds...)
	move()
	require.EqualValues(t, 640, r.Contribution(ranks[0]).Score)
	r.After(r.Params().LiabilityWindow)
	r.EndBlock()
	move()
	require.Empty(t, r.Export().Ballots)
}
