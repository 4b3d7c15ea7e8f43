package types_test

import (
	"testing"

	"cosmossdk.io/math"

	"github.com/stretchr/testify/require"

	"github.com/openledger/openledger/x/rewards/types"
)

func TestFormatOpen(t *testing.T) {
	for text, want := range map[string]string{
		"0": "0", "1": "0.000000000000000001", "-1": "-0.000000000000000001", "100000000000000000": "0.1",
		"1000000000000000000": "1", "10500000000000000000": "10.5", "999999999999999999": "0.999999999999999999",
	} {
		amount, ok := math.NewIntFromString(text)
		require.True(t, ok)
		require.Equal(t, want, types.FormatOpen(amount))
	}
	require.Equal(t, "1000000000", types.FormatOpen(types.MaxSupply))
}

func TestSharesAreRoundedDown(t *testing.T) {
	for _, c := range []struct {
		amount, whole int64
		want          uint32
	}{{1, 3, 333_333}, {2, 3, 666_666}, {3, 3, 1_000_000}, {0, 3, 0}, {1, 0, 0}, {0, 0, 0}, {4, 3, 0}, {-1, 3, 0}} {
		require.Equal(t, c.want, types.SharePPMRoundedDown(math.NewInt(c.amount), math.NewInt(c.whole)), "%d of %d", c.amount,
			c.whole)
	}
	// The largest amounts that the ledger holds.
	largest := math.NewInt(1).Mul(math.NewIntWithDecimal(1, 38))
	require.EqualValues(t, 500_000, types.SharePPMRoundedDown(largest, largest.MulRaw(2)))
}
