package earnings

import (
	"math/big"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestScaleIsFoundFromTheSum(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sum, asked := new(big.Int), []*big.Int{}
		for range rapid.IntRange(1, 50).Draw(t, "credits") {
			one := new(big.Int).SetUint64(rapid.Uint64().Draw(t, "bonus"))
			one.Lsh(one, uint(rapid.IntRange(0, 60).Draw(t, "bits"))) // up to 124 bits
			asked = append(asked, one)
			sum.Add(sum, one)
		}
		if sum.Sign() == 0 {
			return
		}
		budget := new(big.Int).SetUint64(rapid.Uint64().Draw(t, "budget"))
		budget.Mod(budget.Lsh(budget, uint(rapid.IntRange(0, 64).Draw(t, "budget bits"))), sum)
		want, granted := scaled(asked, budget, sum)
		got, known := scaledTo(asked, granted)
		require.True(t, known)
		for i := range want {
			require.Zero(t, want[i].Cmp(got[i]), "credit %d of budget %s", i, budget)
		}
	})
}

func TestSumsThatNoScaleGives(t *testing.T) {
	asked := []*big.Int{big.NewInt(10), big.NewInt(10)}
	for granted, known := range map[int64]bool{0: true, 2: true, 3: false, 18: true, 19: false, 20: true, 21: false} {
		got, ok := scaledTo(asked, big.NewInt(granted))
		require.Equal(t, known, ok, "%d", granted)
		if !ok {
			require.Equal(t, asked, got)
		}
	}
	got, ok := scaledTo(nil, big.NewInt(0))
	require.True(t, ok)
	require.Empty(t, got)
}
