package types_test

import (
	"fmt"
	"math/rand"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	sdk "github.com/cosmos/cosmos-sdk/types"

	attributiontypes "github.com/openledger/openledger/x/attribution/types"
	"github.com/openledger/openledger/x/models/types"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

const (
	volumeOfAnswer = 1_000_000
	floor          = 100_000
)

// demand plays answers of one model in batches. It returns what part of all pay each text weighs in the last thousand
// answers, and what it keeps under a cap for each.
func demand(answers, batch int, caps func(rank uint64) uint32,
	next func(i int) map[uint64]uint32) (weighed, kept map[uint64]float64) {
	weighed, kept = map[uint64]float64{}, map[uint64]float64{}
	var table []types.RecurringText
	for first := 0; first < answers; first += batch {
		sums := map[uint64]uint64{}
		for i := first; i < first+batch; i++ {
			for rank, ppm := range next(i) {
				sums[rank] += uint64(ppm) * volumeOfAnswer / 1_000_000
			}
		}
		var used []types.RecurringText
		for rank, weight := range sums {
			used = append(used, types.RecurringText{ModelId: 1, DatanetId: 1, Rank: rank, Weight: weight})
		}
		slices.SortFunc(used, func(a, b types.RecurringText) int { return a.ID().Compare(b.ID()) })
		all := types.Recur(
			table, []types.AnsweredModel{{ID: 1, Answers: uint32(batch), Volume: uint64(batch) * volumeOfAnswer}}, used)
		table = types.FollowRecurring(all)
		if first < answers-1_000 {
			continue
		}
		for _, text := range all {
			part := float64(sums[text.Rank]) / volumeOfAnswer / 1_000
			weighed[text.Rank] += part
			if average := text.AveragePPM(); average > caps(text.Rank) {
				part = part * float64(caps(text.Rank)) / float64(average)
			}
			kept[text.Rank] += part
		}
	}
	return weighed, kept
}

func atFloor(uint64) uint32 { return floor }

// TestNoticeFades: a text that is .44 of every answer keeps about the floor, in batches of any size, with however many
// other texts.
func TestNoticeFades(t *testing.T) {
	for _, batch := range []int{1, 10, 100, 1_000} {
		for _, others := range []int{1, 10_000} {
			random := rand.New(rand.NewSource(1))
			weighed, kept := demand(4_000, batch, atFloor, func(int) map[uint64]uint32 {
				return map[uint64]uint32{1: 440_000, 2 + uint64(random.Intn(others)): 400_000}
			})
			require.InDelta(t, .44, weighed[1], .001)
			require.Less(t, kept[1], .125, "batches of %d, %d others", batch, others)
			require.Greater(t, kept[1], .1)
		}
	}
}

// TestRotationBuysFloors: n notices in turn take n times the floor, as docs/economics.md says.
func TestRotationBuysFloors(t *testing.T) {
	for _, c := range []struct {
		notices     int
		least, most float64
	}{{1, .1, .125}, {2, .2, .25}, {3, .3, .375}, {4, .4, .44}, {8, .44, .44}} {
		_, kept := demand(4_000, 100, atFloor, func(i int) map[uint64]uint32 {
			return map[uint64]uint32{uint64(1 + i%c.notices): 440_000, 1_000: 0}
		})
		sum := 0.0
		for _, part := range kept {
			sum += part
		}
		require.GreaterOrEqual(t, sum, c.least-.001, "%d notices", c.notices)
		require.LessOrEqual(t, sum, c.most+.001, "%d notices", c.notices)
		t.Logf("%d notices keep %.3f of the data share, of .440", c.notices, sum)
	}
}

// TestHonestDemandHardlyFades: contributions of equal size, of which answers use three, asked for by Zipf's law.
func TestHonestDemandHardlyFades(t *testing.T) {
	for _, c := range []struct {
		texts     int
		top, all_ float64 // what the most asked one, and all together, may lose of their pay
	}{{1, 0, 0}, {5, 0, 0}, {20, 0, 0}, {100, .15, .03}, {1_000, .15, .02}, {10_000, .05, .01}} {
		random := rand.New(rand.NewSource(2))
		zipf := rand.NewZipf(random, 1.0001, 1, uint64(c.texts-1))
		most := attributiontypes.DefaultParams().FadeCapPPM(1, uint64(c.texts))
		weighed, kept := demand(4_000, 50, func(uint64) uint32 { return most }, func(int) map[uint64]uint32 {
			answer := map[uint64]uint32{}
			for _, ppm := range []uint32{450_000, 270_000, 180_000} {
				answer[1+zipf.Uint64()] += ppm
			}
			return answer
		})
		sum, left := 0.0, 0.0
		for rank := range weighed {
			sum, left = sum+weighed[rank], left+kept[rank]
		}
		top, all := 1-kept[1]/weighed[1], 1-left/sum
		t.Logf("%6d texts: the most asked one is %.3f of the answers and loses %.3f of its pay, all lose %.3f", c.texts,
			weighed[1], top, all)
		require.LessOrEqual(t, top, c.top+1e-9, c.texts)
		require.LessOrEqual(t, all, c.all_+1e-9, c.texts)
	}
}

// TestRunOfQuestionsIsNotRecurrence: forty questions in a row about one text do not make it fade.
func TestRunOfQuestionsIsNotRecurrence(t *testing.T) {
	_, kept := demand(40, 1, atFloor, func(int) map[uint64]uint32 { return map[uint64]uint32{7: 700_000} })
	require.InDelta(t, .7*40/1_000, kept[7], 1e-6)
}

// TestRecurrenceIsByModel: what a text is in one model does not count in another, and answers of a model count for its
// texts alone.
func TestRecurrenceIsByModel(t *testing.T) {
	before := []types.RecurringText{{ModelId: 1, DatanetId: 1, Rank: 5, Answers: 500, Volume: 500, Weight: 400},
		{ModelId: 2, DatanetId: 1, Rank: 5, Answers: 500, Volume: 500, Weight: 10}}
	after := types.Recur(before, []types.AnsweredModel{{ID: 2, Answers: 100, Volume: 100}}, nil)
	require.Equal(t, before[0], after[0])
	require.Equal(t, types.RecurringText{ModelId: 2, DatanetId: 1, Rank: 5, Answers: 600, Volume: 600, Weight: 10},
		after[1])
	require.Equal(t, uint32(800_000*500/756), after[0].AveragePPM())
}

// TestFollowRecurring: whatever comes, the record stays within its bounds and is accepted by genesis, no text is
// charged with more than it was, and one that is a twentieth of everything is followed.
func TestFollowRecurring(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var table []types.RecurringText
		answers := rapid.SampledFrom([]int{1, 7, 300, 10_000}).Draw(t, "answers")
		earning := rapid.SampledFrom([]uint64{1, 1_000, types.MaxEarning}).Draw(t, "earning")
		random := rand.New(rand.NewSource(rapid.Int64().Draw(t, "seed")))
		for range rapid.IntRange(1, 40).Draw(t, "batches") {
			var models []types.AnsweredModel
			var used []types.RecurringText
			for model := uint64(1); model <= 3; model++ {
				volume := uint64(answers) * earning
				models = append(models, types.AnsweredModel{ID: model, Answers: uint32(answers), Volume: volume})
				used = append(used, types.RecurringText{ModelId: model, DatanetId: 1, Rank: 1, Weight: volume / 6})
				for rank := uint64(2); rank < 60; rank++ {
					used = append(
						used, types.RecurringText{ModelId: model, DatanetId: 1, Rank: rank*1_000 + uint64(random.Intn(900)),
							Weight: volume / 80})
				}
			}
			table = types.FollowRecurring(types.Recur(table, models, used))
		}
		g := types.DefaultGenesis()
		g.Providers = []types.Provider{{
			Address: sdk.AccAddress(make([]byte, 20)).String(), Name: "provider", AnswerKey: make([]byte, 32),
			Bond: rewardstypes.MaxSupply, Liability: g.Params.MinBond, Unbonding: g.Params.MinBond,
			Recurring: table,
		}}
		err := g.Validate()
		if err != nil {
			require.NotContains(t, err.Error(), "recurring")
		}
		if earning > 1 || answers > 80 {
			for model := uint64(1); model <= 3; model++ {
				require.True(
					t, slices.ContainsFunc(
						table, func(text types.RecurringText) bool { return text.ModelId == model && text.Rank == 1 }), fmt.Sprint(table))
			}
		}
		for _, text := range table {
			if text.Rank == 1 {
				require.LessOrEqual(t, text.AveragePPM(), uint32(1_000_000/6))
			}
		}
	})
}

// TestEarning: what a text can earn by an answer is its data share and the bonus on what is burned.
func TestEarning(t *testing.T) {
	terms := rewardstypes.DefaultTerms()
	// the bonus is 666,666 ppm
	require.EqualValues(t, 600_000+2_000_000*15/100*2/3-1, types.Earning(terms, 2_000_000, 1_000_000))
	require.EqualValues(t, 0, types.Earning(terms, 0, 0))
	require.EqualValues(t, 1, types.Earning(terms, 1, 0), "no paid answer counts for nothing")
	require.EqualValues(t, types.MaxEarning, types.Earning(terms, ^uint64(0), ^uint64(0)))
}
