package keeper_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openledger/openledger/x/datanet/types"
)

// BenchmarkDeciding is a block in which a full review of 25 items is decided: 20 by the votes of seven seats, and five of gold that three
// of them answer wrong. It reports the time for each item; steps_per_block of them may be decided in a block.
func BenchmarkDeciding(b *testing.B) {
	const items = 25
	r := newReviews(b, 40)
	ranks := r.fresh(r.alice, 10)
	ranks = append(ranks, r.fresh(r.bob, 10)...)
	var golds []*types.MsgOpenGold
	altered := make(map[uint64]bool)
	for i, rank := range r.fresh(r.owner, 5) {
		kind := types.GOLD_KIND_SOUND
		if i%2 == 0 {
			kind, altered[rank] = types.GOLD_KIND_ALTERED, true
		}
		golds = append(golds, r.plant(kind, r.owner, rank))
	}
	cohort := r.draw(r.contribution(ranks[0]).Cohort)
	require.Len(b, cohort.Items, items)
	lazy := make(map[string]bool)
	for _, seat := range cohort.Seats[:3] {
		lazy[seat.Address] = true
	}
	r.vote(cohort, func(seat types.Seat) opinion {
		return func(rank uint64) types.Vote {
			if altered[rank] && !lazy[seat.Address] {
				return no(types.REJECT_REASON_WRONG)
			}
			return yes(600)
		}
	})
	for _, gold := range golds {
		must(r.fixture, r.msgs.OpenGold, gold)
	}
	for b.Loop() {
		cached, _ := r.Ctx.CacheContext()
		require.NoError(b, r.Keeper.EndBlock(cached))
		decided, err := r.Keeper.GetCohort(cached, cohort.Id)
		require.NoError(b, err)
		require.Equal(b, types.COHORT_PHASE_DECIDED, decided.Phase)
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*items), "µs/item")
}
