package types_test

import (
	"math/big"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/openledger/openledger/x/attribution/types"
)

func TestFadeCap(t *testing.T) {
	params := types.DefaultParams()
	for _, c := range []struct {
		tokens, manifest uint64
		want             uint32
	}{
		{57, 57, 1_000_000}, {0, 0, 1_000_000}, // all there is
		{1, 2, 1_000_000}, {1, 5, 632_455}, {1, 50, 200_000}, // the root of twice its part
		{57, 10_000, 106_770}, {57, 1_000_000, 100_000}, {1, 1 << 60, 100_000}, // the floor
	} {
		require.Equal(t, c.want, params.FadeCapPPM(c.tokens, c.manifest), "%d of %d", c.tokens, c.manifest)
	}
}

// TestFadeCapIsTheRoot: for all parameters that are accepted, and any number of tokens.
func TestFadeCapIsTheRoot(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		params := types.DefaultParams()
		params.FadeFloorPpm = rapid.Uint32Range(0, 1_000_000).Draw(t, "floor")
		params.FadeFactor = rapid.Uint32Range(1, 1_000).Draw(t, "factor")
		require.NoError(t, params.Validate())
		manifest := rapid.Uint64Range(1, 1<<63).Draw(t, "manifest")
		tokens := rapid.Uint64Range(0, manifest-1).Draw(t, "tokens")
		part := new(big.Int).Mul(new(big.Int).SetUint64(tokens), big.NewInt(int64(params.FadeFactor)*1_000_000))
		part.Quo(part, new(big.Int).SetUint64(manifest))
		most := min(new(big.Int).Sqrt(part.Mul(part, big.NewInt(1_000_000))).Uint64(), 1_000_000)
		require.EqualValues(t, max(most, uint64(params.FadeFloorPpm)), params.FadeCapPPM(tokens, manifest))
	})
}

func TestReductions(t *testing.T) {
	for _, c := range []struct {
		reductions []types.Reduction
		valid      bool
	}{
		{nil, false},
		{[]types.Reduction{{ModelId: 1, ModelVersion: 1, Rank: 5, KeptPpm: 999_999},
			{ModelId: 1, ModelVersion: 1, Rank: 6, Own: true}, {ModelId: 1, ModelVersion: 2, Rank: 1}}, true},
		{[]types.Reduction{{ModelId: 1, Rank: 5, KeptPpm: 1_000_000}}, false},
		{[]types.Reduction{{ModelId: 1, Rank: 5, KeptPpm: 1, Own: true}}, false},
		{[]types.Reduction{{ModelId: 1, Rank: 5}, {ModelId: 1, Rank: 5}}, false},
		{[]types.Reduction{{ModelId: 2, Rank: 5}, {ModelId: 1, Rank: 6}}, false},
	} {
		err := types.Reductions{BatchId: 1, Reductions: c.reductions}.Validate()
		require.Equal(t, c.valid, err == nil, "%v: %v", c.reductions, err)
	}
	// A genesis whose reductions are of no batch is refused.
	g := types.DefaultGenesis()
	g.Reductions = []types.Reductions{{BatchId: 3, Reductions: []types.Reduction{{ModelId: 1, Rank: 5}}}}
	require.ErrorIs(t, g.Validate(), types.ErrInvalidGenesis)
}
