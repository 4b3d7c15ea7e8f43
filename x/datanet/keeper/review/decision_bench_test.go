package review_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openledger/openledger/testutil/datanettest"
	"github.com/openledger/openledger/x/datanet/types"
)

// BenchmarkDeciding is a block in which a full review of 25 items is decided: 20 by the votes of seven seats, and five
// of gold that three of them answer wrong. It reports the time for each item; steps_per_block of them may be decided in
// a block.
func BenchmarkDeciding(b *testing.B) {
	const items = 25
	r := datanettest.NewReviews(b, 40)
	ranks := r.Fresh(r.Alice, 10)
	ranks = append(ranks, r.Fresh(r.Bob, 10)...)
	var golds []*types.MsgOpenGold
	altered := make(map[uint64]bool)
	for i, rank := range r.Fresh(r.Owner, 5) {
		kind := types.GOLD_KIND_SOUND
		if i%2 == 0 {
			kind, altered[rank] = types.GOLD_KIND_ALTERED, true
		}
		golds = append(golds, r.Plant(kind, r.Owner, rank))
	}
	cohort := r.Draw(r.Contribution(ranks[0]).Cohort)
	require.Len(b, cohort.Items, items)
	lazy := make(map[string]bool)
	for _, seat := range cohort.Seats[:3] {
		lazy[seat.Address] = true
	}
	r.Vote(cohort, func(seat types.Seat) datanettest.Opinion {
		return func(rank uint64) types.Vote {
			if altered[rank] && !lazy[seat.Address] {
				return datanettest.No(types.REJECT_REASON_WRONG)
			}
			return datanettest.Yes(600)
		}
	})
	for _, gold := range golds {
		datanettest.Must(r.Fixture, r.Msgs.OpenGold, gold)
	}
	for b.Loop() {
		cached, _ := r.Ctx.CacheContext()
		require.NoError(b, r.Keeper.EndBlock(cached))
		decided, err := r.Keeper.Review.GetCohort(cached, cohort.Id)
		require.NoError(b, err)
		require.Equal(b, types.COHORT_PHASE_DECIDED, decided.Phase)
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*items), "µs/item")
}
