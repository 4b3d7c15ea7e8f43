package review_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openledger/openledger/testutil/datanettest"
	"github.com/openledger/openledger/x/datanet/types"
)

// TestStakeTree: the tree draws every validator as often as its stake says.
func TestStakeTree(t *testing.T) {
	r := datanettest.NewReviews(t, 40)
	whale := r.Validators[3].String()
	datanettest.Must(r.Fixture, r.Msgs.BondValidator, &types.MsgBondValidator{Validator: whale, DatanetId: r.ID,
		Amount: datanettest.Bond.MulRaw(12)})
	r.SmallCohorts()
	hits, seats := 0, 0
	for range 30 {
		ranks := r.Fresh(r.Owner, 3)
		r.Plant(types.GOLD_KIND_ALTERED, r.Owner, ranks[0])
		r.Plant(types.GOLD_KIND_SOUND, r.Owner, ranks[1])
		cohort := r.Draw(r.Contribution(ranks[0]).Cohort)
		hits += int(cohort.Seated(whale))
		seats += len(cohort.Seats)
	}
	// 13 of 52 bonds: a quarter of 210 seats, within five standard deviations.
	require.InDelta(t, float64(seats)/4, float64(hits), 32)
}
