package types_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"cosmossdk.io/math"

	"github.com/openledger/openledger/x/attribution/types"
)

// The parts sum to the whole to the last unit, at least 40 % are burned, and the
// harmed come before the challenger.
func TestDivideSlash(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		total := math.NewIntFromUint64(rapid.Uint64().Draw(t, "total"))
		var losses []types.ProvenLoss
		lost := math.ZeroInt()
		for range rapid.IntRange(0, 4).Draw(t, "harmed") {
			h := types.ProvenLoss{
				Amount: math.NewIntFromUint64(rapid.OneOf(rapid.Uint64(), rapid.Uint64Max(100)).Draw(t, "loss"))}
			losses, lost = append(losses, h), lost.Add(h.Amount)
		}
		s := types.DivideSlash(total, losses)
		require.Equal(t, total, s.Compensated.Add(s.Reward).Add(s.Burned))
		require.False(t, s.Reward.IsNegative())
		require.True(t, s.Burned.MulRaw(100).GTE(total.MulRaw(40)))
		paid := math.ZeroInt()
		for i, h := range s.Losses {
			require.True(t, h.Amount.LTE(losses[i].Amount))
			paid = paid.Add(h.Amount)
		}
		require.Equal(t, s.Compensated, paid)
		if s.Compensated.LT(lost) {
			require.True(t, s.Reward.IsZero(), "the challenger is paid before the harmed")
		}
		require.True(t, s.Reward.LTE(total.Sub(s.Compensated).QuoRaw(2)))
	})
}

// A loss that two proofs show counts once, as the larger of the two.
func TestWithLosses(t *testing.T) {
	loss := func(index uint32, rank uint64, amount int64) types.ProvenLoss {
		return types.ProvenLoss{Index: index, Rank: rank, Amount: math.NewInt(amount)}
	}
	known := []types.ProvenLoss{loss(0, 1, 5), loss(0, 2, 7)}
	require.Equal(t, []types.ProvenLoss{loss(0, 1, 9), loss(0, 2, 7), loss(1, 1, 3)},
		types.WithLosses(known, []types.ProvenLoss{loss(0, 1, 9), loss(0, 2, 6), loss(1, 1, 3)}))
	require.Equal(t, loss(0, 1, 5), known[0], "what was known is not written to")
	var many []types.ProvenLoss
	for i := range uint32(1_000) {
		many = types.WithLosses(many, []types.ProvenLoss{loss(i, 1, 1)})
	}
	require.Len(t, many, 64)
}
