package review_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openledger/openledger/testutil/datanettest"
	"github.com/openledger/openledger/x/datanet/types"
)

// TestChecksByChance: out of the fees of a DataNet, items are decided again that
// nobody appealed, and votes against a decisive verdict are slashed.
func TestChecksByChance(t *testing.T) {
	r := datanettest.NewReviews(t, 8)
	r.Elsewhere(16)
	r.SmallCohorts()
	r.SetParams(func(p *types.Params) { p.Review.CheckPpm = 500_000 })
	dissenter, checks, overturned := "", 0, 0
	for n := range 60 {
		rank := r.Contribute(r.Alice, datanettest.Text(2_000+n))
		gold := r.Fresh(r.Owner, 2)
		golds := []*types.MsgOpenGold{r.Plant(types.GOLD_KIND_ALTERED, r.Owner, gold[0]),
			r.Plant(types.GOLD_KIND_SOUND, r.Owner, gold[1])}
		first := r.Draw(r.Contribution(rank).Cohort)
		dissenter = first.Seats[0].Address
		if first.Seated(dissenter) > 2 {
			t.Fatal("an account has more seats than it may")
		}
		r.Vote(first, func(seat types.Seat) datanettest.Opinion {
			return func(item uint64) types.Vote {
				if item == gold[0] || item == rank && seat.Address == dissenter {
					return datanettest.No(types.REJECT_REASON_WRONG)
				}
				return datanettest.Yes(700)
			}
		})
		r.Open(golds...)
		require.True(t, r.Contribution(rank).Earning(), "one account cannot keep an item out")
		id := r.Contribution(rank).Check
		if id == 0 {
			continue
		}
		checks++
		check := r.Draw(id)
		require.Equal(t, types.COHORT_KIND_CHECK, check.Kind)
		before := r.Validator(r.ID, dissenter).Record.Overturned
		r.Vote(check, datanettest.All(datanettest.Accepting))
		require.True(t, r.Contribution(rank).Earning())
		after := r.Validator(r.ID, dissenter).Record.Overturned
		require.EqualValues(t, first.Seated(dissenter), after-before)
		overturned++
		datanettest.Must(r.Fixture, r.Msgs.BondValidator, &types.MsgBondValidator{Validator: dissenter, DatanetId: r.ID,
			Amount: datanettest.Bond})
	}
	require.Positive(t, checks)
	// Half of the fees, one of each cohort and the gas of its gold, pay checks of five.
	require.InDelta(t, 30.7-5*float64(checks),
		r.Datanet(r.ID).CheckFund.ToLegacyDec().QuoInt(datanettest.Fee).MustFloat64(), 0.1)
}
