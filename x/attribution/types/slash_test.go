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
		var harmed []types.Harmed
		lost := math.ZeroInt()
		for range rapid.IntRange(0, 4).Draw(t, "harmed") {
			h := types.Harmed{Amount: math.NewIntFromUint64(rapid.OneOf(rapid.Uint64(), rapid.Uint64Max(100)).Draw(t, "loss"))}
			harmed, lost = append(harmed, h), lost.Add(h.Amount)
		}
		s := types.DivideSlash(total, harmed)
		require.Equal(t, total, s.Compensated.Add(s.Reward).Add(s.Burned))
		require.False(t, s.Reward.IsNegative())
		require.True(t, s.Burned.MulRaw(100).GTE(total.MulRaw(40)))
		paid := math.ZeroInt()
		for i, h := range s.Harmed {
			require.True(t, h.Amount.LTE(harmed[i].Amount))
			paid = paid.Add(h.Amount)
		}
		require.Equal(t, s.Compensated, paid)
		if s.Compensated.LT(lost) {
			require.True(t, s.Reward.IsZero(), "the challenger is paid before the harmed")
		}
		require.True(t, s.Reward.LTE(total.Sub(s.Compensated).QuoRaw(2)))
	})
}
