package review_test

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openledger/openledger/testutil/datanettest"
	"github.com/openledger/openledger/x/datanet/types"
)

// TestDrawingStopsWhenNobodyMaySit: reviews whose validators have left draw no more, block after block; who comes later
// is drawn in the second round.
func TestDrawingStopsWhenNobodyMaySit(t *testing.T) {
	r := datanettest.NewReviews(t, 3)
	ids := r.Waiting(12)
	for _, v := range r.Validators { // they count when drawing begins, and leave before anybody is drawn
		v := datanettest.Must(r.Fixture, r.Msgs.UnbondValidator,
			&types.MsgUnbondValidator{Validator: v.String(), DatanetId: r.ID, Amount: datanettest.Bond})
		require.NotNil(t, v)
	}
	seats := r.Seats(ids)
	r.Blocks(4)
	require.Equal(t, seats, r.Seats(ids))
	_, all := r.Draws()
	require.Zero(t, all, "nobody is left: they wait for their deadlines")
	for i := range 5 {
		r.Bonded(fmt.Sprint("later ", i), r.ID)
	}
	r.After(r.Params().CommitWindow)
	r.Blocks(20)
	require.NotZero(t, r.Seats(ids))
}

// TestDrawsBackOff: a draw that falls on who has no seat waits twice as long each time.
func TestDrawsBackOff(t *testing.T) {
	r := datanettest.NewReviews(t, 3)
	whale := datanettest.Account("whale")
	r.Fund(whale)
	datanettest.Must(r.Fixture, r.Msgs.BondValidator, &types.MsgBondValidator{Validator: whale.String(),
		DatanetId: r.ID, Amount: datanettest.Open(999_000)})
	r.SmallCohorts()
	rank := r.Contribute(whale, datanettest.Text(1)) // has nearly all the stake, and no seat
	r.Plant(types.GOLD_KIND_ALTERED, r.Owner, r.Contribute(r.Owner, datanettest.Text(2)))
	r.Plant(types.GOLD_KIND_SOUND, r.Owner, r.Contribute(r.Owner, datanettest.Text(3)))
	id := r.Contribution(rank).Cohort
	most := uint32(0)
	waits := make(map[int64]bool)
	for range 300 {
		r.EndBlock()
		cohort := r.Cohort(id)
		if cohort.Phase != types.COHORT_PHASE_DRAWING {
			break
		}
		require.Zero(t, cohort.Seated(whale.String()))
		most = max(most, cohort.DrawMisses)
		waits[cohort.DrawHeight-r.Ctx.BlockHeight()] = true
	}
	require.Greater(t, most, uint32(4))
	require.True(t, waits[15], "the fifth wait is of 16 blocks: %v", waits)
}

// TestDrawingIsMetered: a draw costs as many steps as places it tries, so that a block draws for few reviews when draws
// miss, and none is passed over for ever.
func TestDrawingIsMetered(t *testing.T) {
	r := datanettest.NewReviews(t, 4)
	r.Quiet = true
	ids := r.Waiting(30)
	r.SetParams(func(p *types.Params) { p.StepsPerBlock = 10 })
	r.After(time.Hour) // all timers of cohorts ring within some blocks
	r.Blocks(20)
	before := r.Seats(ids)
	r.EndBlock()
	require.LessOrEqual(t, r.Seats(ids)-before, 5, "two steps at least a draw")
	for range 200 {
		r.EndBlock()
	}
	for _, id := range ids {
		require.Equal(t, types.COHORT_PHASE_COMMIT, r.Cohort(id).Phase)
	}
}

// TestInterruptedPanelsDoNotDecide: whatever stops the drawing, a panel with fewer seats than it takes to accept does
// not vote.
func TestInterruptedPanelsDoNotDecide(t *testing.T) {
	for _, test := range []struct {
		validators, seats int
		votes             bool
	}{{10, 0, false}, {10, 3, false}, {10, 4, true}, {4, 1, false}, {4, 2, true}, {3, 1, false}, {2, 0, false}} {
		r := datanettest.NewReviews(t, test.validators)
		before := r.Bank.Of(r.Ctx, r.Alice)
		id := r.Waiting(1)[0]
		r.EndBlock()
		r.Blocks(int64(test.seats))
		require.Len(t, r.Cohort(id).Seats, test.seats)
		// A halt, or a pause: the next block comes after the deadline, and draws one more seat.
		r.At(r.Ctx.BlockHeight(), r.Ctx.BlockTime().Add(r.Params().CommitWindow))
		r.EndBlock()
		if test.votes {
			cohort := r.Cohort(id)
			require.Equal(t, types.COHORT_PHASE_COMMIT, cohort.Phase, "%+v", test)
			require.GreaterOrEqual(t, len(cohort.Seats), test.seats)
			continue
		}
		require.EqualValues(t, 2, r.Cohort(id).Round, "%+v", test)
		r.At(r.Ctx.BlockHeight(), r.Ctx.BlockTime().Add(r.Params().CommitWindow))
		r.EndBlock()
		require.Equal(t, types.COHORT_PHASE_DECIDED, r.Cohort(id).Phase, "%+v", test)
		require.Equal(t, types.CONTRIBUTION_STATUS_RETURNED, r.Contribution(r.Cohort(id).Items[0]).Status)
		require.Equal(t, before, r.Bank.Of(r.Ctx, r.Alice), "everything returns")
	}
}

// TestBondsOfAnAccountAreBounded: reviews look at the bonds of whom they exclude.
func TestBondsOfAnAccountAreBounded(t *testing.T) {
	r := datanettest.NewReviews(t, 0)
	who := datanettest.Account("everywhere")
	require.NoError(t, r.Bank.Add(r.Ctx, who, datanettest.Bond.MulRaw(100)))
	require.NoError(t, r.Bank.Add(r.Ctx, r.Owner, datanettest.Bond))
	for range 64 {
		id := datanettest.Must(r.Fixture, r.Msgs.CreateDataNet, datanettest.PanelMsg(r.Owner)).DatanetId
		datanettest.Must(r.Fixture, r.Msgs.BondValidator, &types.MsgBondValidator{Validator: who.String(),
			DatanetId: id, Amount: datanettest.Bond})
	}
	datanettest.Refuse(r.Fixture, r.Msgs.BondValidator, &types.MsgBondValidator{Validator: who.String(),
		DatanetId: r.ID, Amount: datanettest.Bond}, types.ErrInvalidBond)
}

// TestFeesGrowWithTokens: reviews are paid by the tokens to read, and amounts that are computed from the fee grow with
// it.
func TestFeesGrowWithTokens(t *testing.T) {
	r := datanettest.NewReviews(t, 9)
	require.Equal(t, types.PerThousandOf(datanettest.Fee), r.Datanet(r.ID).ReviewFeePerThousand,
		"as much a token as the first segment")
	r.PerThousand(datanettest.Open(20)) // 2 OPEN for 1,000 tokens
	require.Equal(t, datanettest.Fee, r.Contribution(r.Long(r.Alice, types.FeeTokens)).FeePaid,
		"one segment costs what it did")
	rank := r.Long(r.Alice, types.FeeTokens+2_500)
	c := r.Contribution(rank)
	require.Equal(t, datanettest.Open(60), c.FeePaid)
	require.Equal(t, datanettest.Open(60), c.ReviewFee)
	odd := r.Contribution(r.Long(r.Alice, types.FeeTokens+1))
	require.Equal(t, datanettest.Fee.Add(datanettest.Open(20).QuoRaw(1_000)), odd.FeePaid)

	// Gold deposits go by what was paid around them.
	cohort := r.CohortOf(rank)
	require.Equal(t, c.FeePaid.Add(odd.FeePaid).Add(datanettest.Fee), cohort.Fees)
	before := r.Bank.Of(r.Ctx, r.Owner)
	gold := r.Long(r.Owner, types.FeeTokens+2_500)
	require.Equal(t, datanettest.Open(60).Add(r.Contribution(gold).Deposit.Amount),
		before.Sub(r.Bank.Of(r.Ctx, r.Owner)))
	before = r.Bank.Of(r.Ctx, r.Owner)
	r.Plant(types.GOLD_KIND_ALTERED, r.Owner, gold)
	mean := c.FeePaid.Add(odd.FeePaid).Add(datanettest.Fee).Add(datanettest.Open(60)).QuoRaw(4)
	require.Equal(t, mean.MulRaw(5), before.Sub(r.Bank.Of(r.Ctx, r.Owner)))

	// A bounty pays at least what the review costs.
	id := r.FundBounty(datanettest.Open(1_000), datanettest.Open(50), r.ID)
	s := r.Sealed(r.Alice, "long")
	s.Item.Tokens, s.Item.Segments, s.Item.Bytes = types.FeeTokens+2_500, 6, 20_000
	items := r.Commit(r.Alice, datanettest.Open(20), s)
	items[0].Bounty = id
	r.Blocks(2)
	datanettest.Refuse(r.Fixture, r.Msgs.RevealContributions, datanettest.RevealMsg(r.Alice, items...), types.ErrBounty)
}

// TestCohortsAreBoundedInTokens: a seat has no more to read than max_cohort_tokens, and no contribution crowds others
// out.
func TestCohortsAreBoundedInTokens(t *testing.T) {
	r := datanettest.NewReviews(t, 9)
	r.SetParams(func(p *types.Params) { p.Review.CohortTokens, p.Review.MaxCohortTokens = 4_096, 6_144 })
	most := r.Params().MaxItemTokens()
	require.EqualValues(t, 2_048, most)
	s := r.Sealed(r.Alice, "too long")
	s.Item.Tokens, s.Item.Segments, s.Item.Bytes = most+1, 6, 20_000
	items := r.Commit(r.Alice, datanettest.Open(20), s)
	r.Blocks(2)
	datanettest.Refuse(r.Fixture, r.Msgs.RevealContributions, datanettest.RevealMsg(r.Alice, items...),
		types.ErrInvalidContribution)

	first := r.CohortOf(r.Long(r.Alice, most)).Id
	require.Equal(t, first, r.CohortOf(r.Long(r.Alice, most)).Id)
	require.Equal(t, first, r.CohortOf(r.Long(r.Alice, most-100)).Id, "it takes more while gold is missing")
	altered, sound := r.Long(r.Owner, 50), r.Long(r.Owner, 50)
	require.Equal(t, first, r.Contribution(altered).Cohort)
	require.NotEqual(t, first, r.CohortOf(r.Long(r.Alice, 200)).Id, "there is no room")
	r.Plant(types.GOLD_KIND_ALTERED, r.Owner, altered)
	r.Plant(types.GOLD_KIND_SOUND, r.Owner, sound)
	r.EndBlock()
	require.Equal(t, types.COHORT_PHASE_DRAWING, r.Cohort(first).Phase, "five items are enough when they are long")
}

// BenchmarkDrawing is a block at its cap: 500 reviews of 25 items by as many contributors wait for a seat, and the
// first try of each draw falls on somebody who may have it, or all fall on who may not.
func BenchmarkDrawing(b *testing.B) {
	for _, misses := range []bool{false, true} {
		b.Run(fmt.Sprint("misses ", misses), func(b *testing.B) {
			r := datanettest.NewReviews(b, 40)
			r.Quiet = true
			excluded := make([][]byte, 25)
			for i := range excluded {
				excluded[i] = datanettest.Account(fmt.Sprint("contributor-", i))
			}
			if misses {
				whale := datanettest.Account("whale")
				r.Fund(whale)
				datanettest.Must(r.Fixture, r.Msgs.BondValidator,
					&types.MsgBondValidator{Validator: whale.String(), DatanetId: r.ID,
						Amount: datanettest.Open(999_000)})
				for _, v := range r.Validators {
					datanettest.Must(r.Fixture, r.Msgs.UnbondValidator,
						&types.MsgUnbondValidator{Validator: v.String(), DatanetId: r.ID, Amount: datanettest.Bond})
				}
				r.Bonded("somebody", r.ID)
				excluded[24] = whale
			}
			slices.SortFunc(excluded, bytes.Compare)
			r.WaitForSeats(int(types.DefaultParams().StepsPerBlock), excluded)
			b.ResetTimer()
			for range b.N {
				cached, _ := r.Ctx.CacheContext()
				require.NoError(b, r.Keeper.EndBlock(cached))
			}
		})
	}
}
