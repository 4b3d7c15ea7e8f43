package keeper_test

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"cosmossdk.io/collections"
	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/datanet/types"
)

// waiting has reviews of three items that wait for seats in one DataNet, and returns their ids.
func (r *reviews) waiting(n int) []uint64 {
	r.smallCohorts()
	var ids []uint64
	for range n {
		rank := r.contribute(r.alice, text(r.n))
		altered, sound := r.contribute(r.owner, text(r.n)), r.contribute(r.owner, text(r.n))
		r.plant(types.GOLD_KIND_ALTERED, r.owner, altered)
		r.plant(types.GOLD_KIND_SOUND, r.owner, sound)
		ids = append(ids, r.contribution(rank).Cohort)
	}
	return ids
}

func (r *reviews) draws() (due, all int) {
	require.NoError(r.t, r.Keeper.Draws.Walk(r.Ctx, nil, func(key collections.Pair[int64, uint64]) (bool, error) {
		all++
		if key.K1() <= r.Ctx.BlockHeight() {
			due++
		}
		return false, nil
	}))
	return due, all
}

func (r *reviews) seats(ids []uint64) (seats int) {
	for _, id := range ids {
		seats += len(r.cohort(id).Seats)
	}
	return seats
}

// TestDrawingStopsWhenNobodyMaySit: reviews whose validators have left draw no more, block after block; who comes later is
// drawn in the second round.
func TestDrawingStopsWhenNobodyMaySit(t *testing.T) {
	r := newReviews(t, 3)
	ids := r.waiting(12)
	for _, v := range r.validators { // they count when drawing begins, and leave before anybody is drawn
		v := must(r.fixture, r.msgs.UnbondValidator, &types.MsgUnbondValidator{Validator: v.String(), DatanetId: r.id, Amount: bond})
		require.NotNil(t, v)
	}
	seats := r.seats(ids)
	r.blocks(4)
	require.Equal(t, seats, r.seats(ids))
	_, all := r.draws()
	require.Zero(t, all, "nobody is left: they wait for their deadlines")
	for i := range 5 {
		r.bonded(fmt.Sprint("later ", i), r.id)
	}
	r.after(r.params().CommitWindow)
	r.blocks(20)
	require.NotZero(t, r.seats(ids))
}

// TestDrawsBackOff: a draw that falls on who has no seat waits twice as long each time.
func TestDrawsBackOff(t *testing.T) {
	r := newReviews(t, 3)
	whale := account("whale")
	r.fund(whale)
	must(r.fixture, r.msgs.BondValidator, &types.MsgBondValidator{Validator: whale.String(), DatanetId: r.id, Amount: open(999_000)})
	r.smallCohorts()
	rank := r.contribute(whale, text(1)) // has nearly all the stake, and no seat
	r.plant(types.GOLD_KIND_ALTERED, r.owner, r.contribute(r.owner, text(2)))
	r.plant(types.GOLD_KIND_SOUND, r.owner, r.contribute(r.owner, text(3)))
	id := r.contribution(rank).Cohort
	most := uint32(0)
	waits := make(map[int64]bool)
	for range 300 {
		r.endBlock()
		cohort := r.cohort(id)
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

// TestDrawingIsMetered: a draw costs as many steps as places it tries, so that a block draws for few reviews when draws miss, and none
// is passed over for ever.
func TestDrawingIsMetered(t *testing.T) {
	r := newReviews(t, 4)
	r.quiet = true
	ids := r.waiting(30)
	r.setParams(func(p *types.Params) { p.StepsPerBlock = 10 })
	r.after(time.Hour) // all timers of cohorts ring within some blocks
	r.blocks(20)
	before := r.seats(ids)
	r.endBlock()
	require.LessOrEqual(t, r.seats(ids)-before, 5, "two steps at least a draw")
	for range 200 {
		r.endBlock()
	}
	for _, id := range ids {
		require.Equal(t, types.COHORT_PHASE_COMMIT, r.cohort(id).Phase)
	}
}

// TestInterruptedPanelsDoNotDecide: whatever stops the drawing, a panel with fewer seats than it takes to accept does not vote.
func TestInterruptedPanelsDoNotDecide(t *testing.T) {
	for _, test := range []struct {
		validators, seats int
		votes             bool
	}{{10, 0, false}, {10, 3, false}, {10, 4, true}, {4, 1, false}, {4, 2, true}, {3, 1, false}, {2, 0, false}} {
		r := newReviews(t, test.validators)
		before := r.Bank.Of(r.Ctx, r.alice)
		id := r.waiting(1)[0]
		r.endBlock()
		r.blocks(int64(test.seats))
		require.Len(t, r.cohort(id).Seats, test.seats)
		// A halt, or a pause: the next block comes after the deadline, and draws one more seat.
		r.At(r.Ctx.BlockHeight(), r.Ctx.BlockTime().Add(r.params().CommitWindow))
		r.endBlock()
		if test.votes {
			cohort := r.cohort(id)
			require.Equal(t, types.COHORT_PHASE_COMMIT, cohort.Phase, "%+v", test)
			require.GreaterOrEqual(t, len(cohort.Seats), test.seats)
			continue
		}
		require.EqualValues(t, 2, r.cohort(id).Round, "%+v", test)
		r.At(r.Ctx.BlockHeight(), r.Ctx.BlockTime().Add(r.params().CommitWindow))
		r.endBlock()
		require.Equal(t, types.COHORT_PHASE_DECIDED, r.cohort(id).Phase, "%+v", test)
		require.Equal(t, types.CONTRIBUTION_STATUS_RETURNED, r.contribution(r.cohort(id).Items[0]).Status)
		require.Equal(t, before, r.Bank.Of(r.Ctx, r.alice), "everything returns")
	}
}

// TestBondsOfAnAccountAreBounded: reviews look at the bonds of whom they exclude.
func TestBondsOfAnAccountAreBounded(t *testing.T) {
	r := newReviews(t, 0)
	who := account("everywhere")
	require.NoError(t, r.Bank.Add(r.Ctx, who, bond.MulRaw(100)))
	require.NoError(t, r.Bank.Add(r.Ctx, r.owner, bond))
	for range 64 {
		id := must(r.fixture, r.msgs.CreateDataNet, panelMsg(r.owner)).DatanetId
		must(r.fixture, r.msgs.BondValidator, &types.MsgBondValidator{Validator: who.String(), DatanetId: id, Amount: bond})
	}
	refuse(r.fixture, r.msgs.BondValidator, &types.MsgBondValidator{Validator: who.String(), DatanetId: r.id, Amount: bond}, types.ErrInvalidBond)
}

func (r *reviews) perThousand(amount math.Int) {
	must(r.fixture, r.msgs.UpdateDataNet, &types.MsgUpdateDataNet{
		Owner: r.owner.String(), DatanetId: r.id, Name: "Skin", RoyaltyFloor: math.ZeroInt(), ReviewFee: fee, ReviewFeePerThousand: amount,
	})
	r.after(r.params().CredentialDelay)
}

// long has a contribution claim so many tokens.
func (r *reviews) long(by sdk.AccAddress, tokens uint64) uint64 {
	return r.contribute(by, text(r.n), func(item *types.RevealItem) {
		item.Tokens, item.Segments, item.Bytes = tokens, uint32(tokens/types.FeeTokens)+1, 5*tokens
	})
}

// TestFeesGrowWithTokens: what there is to read is paid for, and what is reckoned by the fee follows.
func TestFeesGrowWithTokens(t *testing.T) {
	r := newReviews(t, 9)
	require.Equal(t, types.PerThousandOf(fee), r.datanet(r.id).ReviewFeePerThousand, "as much a token as the first segment")
	r.perThousand(open(20)) // 2 OPEN for 1,000 tokens
	require.Equal(t, fee, r.contribution(r.long(r.alice, types.FeeTokens)).FeePaid, "one segment costs what it did")
	rank := r.long(r.alice, types.FeeTokens+2_500)
	c := r.contribution(rank)
	require.Equal(t, open(60), c.FeePaid)
	require.Equal(t, open(60), c.ReviewFee)
	odd := r.contribution(r.long(r.alice, types.FeeTokens+1))
	require.Equal(t, fee.Add(open(20).QuoRaw(1_000)), odd.FeePaid)

	// Gold deposits go by what was paid around them.
	cohort := r.cohortOf(rank)
	require.Equal(t, c.FeePaid.Add(odd.FeePaid).Add(fee), cohort.Fees)
	before := r.Bank.Of(r.Ctx, r.owner)
	gold := r.long(r.owner, types.FeeTokens+2_500)
	require.Equal(t, open(60).Add(r.contribution(gold).Deposit.Amount), before.Sub(r.Bank.Of(r.Ctx, r.owner)))
	before = r.Bank.Of(r.Ctx, r.owner)
	r.plant(types.GOLD_KIND_ALTERED, r.owner, gold)
	mean := c.FeePaid.Add(odd.FeePaid).Add(fee).Add(open(60)).QuoRaw(4)
	require.Equal(t, mean.MulRaw(5), before.Sub(r.Bank.Of(r.Ctx, r.owner)))

	// A bounty pays at least what the review costs.
	id := r.fundBounty(open(1_000), open(50), r.id)
	s := r.sealed(r.alice, "long")
	s.item.Tokens, s.item.Segments, s.item.Bytes = types.FeeTokens+2_500, 6, 20_000
	items := r.commit(r.alice, open(20), s)
	items[0].Bounty = id
	r.blocks(2)
	refuse(r.fixture, r.msgs.RevealContributions, revealMsg(r.alice, items...), types.ErrBounty)
}

// TestCohortsAreBoundedInTokens: a seat has no more to read than max_cohort_tokens, and no contribution crowds others out.
func TestCohortsAreBoundedInTokens(t *testing.T) {
	r := newReviews(t, 9)
	r.setParams(func(p *types.Params) { p.Review.CohortTokens, p.Review.MaxCohortTokens = 4_096, 6_144 })
	most := r.params().MaxItemTokens()
	require.EqualValues(t, 2_048, most)
	s := r.sealed(r.alice, "too long")
	s.item.Tokens, s.item.Segments, s.item.Bytes = most+1, 6, 20_000
	items := r.commit(r.alice, open(20), s)
	r.blocks(2)
	refuse(r.fixture, r.msgs.RevealContributions, revealMsg(r.alice, items...), types.ErrInvalidContribution)

	first := r.cohortOf(r.long(r.alice, most)).Id
	require.Equal(t, first, r.cohortOf(r.long(r.alice, most)).Id)
	require.Equal(t, first, r.cohortOf(r.long(r.alice, most-100)).Id, "it takes more while gold is missing")
	altered, sound := r.long(r.owner, 50), r.long(r.owner, 50)
	require.Equal(t, first, r.contribution(altered).Cohort)
	require.NotEqual(t, first, r.cohortOf(r.long(r.alice, 200)).Id, "there is no room")
	r.plant(types.GOLD_KIND_ALTERED, r.owner, altered)
	r.plant(types.GOLD_KIND_SOUND, r.owner, sound)
	r.endBlock()
	require.Equal(t, types.COHORT_PHASE_DRAWING, r.cohort(first).Phase, "five items are enough when they are long")
}

// BenchmarkDrawing is a block at its cap: 500 reviews of 25 items by as many contributors wait for a seat, and the first try of each
// draw falls on somebody who may have it, or all fall on who may not.
func BenchmarkDrawing(b *testing.B) {
	for _, misses := range []bool{false, true} {
		b.Run(fmt.Sprint("misses ", misses), func(b *testing.B) {
			r := newReviews(b, 40)
			r.quiet = true
			excluded := make([][]byte, 25)
			for i := range excluded {
				excluded[i] = account(fmt.Sprint("contributor-", i))
			}
			if misses {
				whale := account("whale")
				r.fund(whale)
				must(r.fixture, r.msgs.BondValidator, &types.MsgBondValidator{Validator: whale.String(), DatanetId: r.id, Amount: open(999_000)})
				for _, v := range r.validators {
					must(r.fixture, r.msgs.UnbondValidator, &types.MsgUnbondValidator{Validator: v.String(), DatanetId: r.id, Amount: bond})
				}
				r.bonded("somebody", r.id)
				excluded[24] = whale
			}
			slices.SortFunc(excluded, bytes.Compare)
			r.waitForSeats(int(types.DefaultParams().StepsPerBlock), excluded)
			b.ResetTimer()
			for range b.N {
				cached, _ := r.Ctx.CacheContext()
				require.NoError(b, r.Keeper.EndBlock(cached))
			}
		})
	}
}

// waitForSeats stores reviews of 25 items and five gold that are due for a draw.
func (r *reviews) waitForSeats(n int, excluded [][]byte) {
	for id := range uint64(n) {
		cohort := types.Cohort{
			Id: 1_000 + id, DatanetId: r.id, Panel: r.id, Kind: types.COHORT_KIND_REVIEW, Phase: types.COHORT_PHASE_DRAWING, Round: 1, Wanted: 7,
			Items: make([]uint64, 25), Gold: make([]types.Gold, 5), Excluded: excluded, Deadline: r.Ctx.BlockTime().Add(time.Hour),
			Fee: math.ZeroInt(), Deposit: math.ZeroInt(), Fees: fee.MulRaw(25), Pledge: math.ZeroInt(), DrawHeight: 1,
		}
		for i := range cohort.Gold {
			cohort.Gold[i] = types.Gold{Planter: r.owner.String(), Kind: types.GOLD_KIND_SOUND, Hash: salt("gold"), Deposit: fee}
		}
		require.NoError(r.t, r.Keeper.Cohorts.Set(r.Ctx, cohort.Id, cohort))
		require.NoError(r.t, r.Keeper.Draws.Set(r.Ctx, collections.Join(int64(1), cohort.Id)))
	}
}
