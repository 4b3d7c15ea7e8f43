package types_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/openledger/openledger/x/models/types"
)

func TestFlattenRoyalties(t *testing.T) {
	base := types.FlattenRoyalties(1, 0, nil)
	require.Equal(t, []types.RoyaltyShare{{ModelId: 1, Ppm: 1_000_000}}, base)
	child := types.FlattenRoyalties(2, 300_000, base)
	require.Equal(t, []types.RoyaltyShare{{ModelId: 2, Ppm: 700_000}, {ModelId: 1, Ppm: 300_000}}, child)
	grandchild := types.FlattenRoyalties(3, 333_333, child)
	require.Equal(
		t, []types.RoyaltyShare{{ModelId: 3, Ppm: 666_667}, {ModelId: 2, Ppm: 233_333}, {ModelId: 1, Ppm: 100_000}},
		grandchild)
	all := types.FlattenRoyalties(4, 1_000_000, child)
	require.Len(t, all, 2, "a model that gives everything has no row of its own")
}

func TestRoyaltyTablesSumToOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		table := types.FlattenRoyalties(1, 0, nil)
		for id := range rapid.IntRange(0, types.MaxDepth-1).Draw(t, "depth") {
			table = types.FlattenRoyalties(uint64(id+2), rapid.Uint32Range(0, 1_000_000).Draw(t, "ppm"), table)
		}
		sum := uint64(0)
		for _, row := range table {
			require.NotZero(t, row.Ppm)
			sum += uint64(row.Ppm)
		}
		require.EqualValues(t, 1_000_000, sum)
		require.LessOrEqual(t, len(table), types.MaxDepth)
	})
}
