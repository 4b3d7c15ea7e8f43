package types_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/attribution/types"
)

// fill announces batches of one kind, from as many providers as it takes, until the block takes no more, and returns
// what they burn.
func fill(t *testing.T, params types.Params, each types.Announced) (batches int, burned math.Int) {
	t.Helper()
	state := types.FirstAttestation()
	state.Enter(params, 10)
	burned = math.ZeroInt()
	for provider := byte(1); ; provider++ {
		taken := 0
		for state.Announce(params, sdk.AccAddress{provider}, each) == nil {
			burned = burned.Add(state.SubmissionFee(params, each))
			taken++
		}
		if taken == 0 {
			return batches, burned
		}
		batches += taken
	}
}

// TestNoBlockIsFilledForLess: whatever it is filled with, a block costs at least what it costs to fill it with honest
// batches. Honest text takes some 40 units a byte; nobody can occupy the bytes, or the work, at a lower price.
func TestNoBlockIsFilledForLess(t *testing.T) {
	params := types.DefaultParams()
	const unitsPerByte = 40
	_, honest := fill(t, params, types.Announced{Bytes: 1 << 17, Work: unitsPerByte << 17})
	require.Equal(t, math.NewInt(2<<10).Mul(params.SubmissionFeePerKib), honest, "bytes alone decide")
	for name, each := range map[string]types.Announced{
		"empty batches that announce all they may": {Bytes: 1 << 20, Work: 1},
		"small and heavy":                          {Bytes: 2_000, Work: 150_000_000},
		"heavy, a tenth each":                      {Bytes: 10_000, Work: 30_000_000},
		"both":                                     {Bytes: 1 << 20, Work: 150_000_000},
	} {
		batches, burned := fill(t, params, each)
		require.True(t, burned.GTE(honest), "%s: %d batches burn %s, honest ones %s", name, batches, burned, honest)
	}
}

// TestOneProviderLeavesRoom: half of a block is for others, and what never fits is told apart from what fits the next
// block.
func TestOneProviderLeavesRoom(t *testing.T) {
	params := types.DefaultParams()
	state := types.FirstAttestation()
	state.Enter(params, 5)
	attacker, honest := sdk.AccAddress("attacker"), sdk.AccAddress("honest")
	require.NoError(t, state.Announce(params, attacker, types.Announced{Bytes: 1 << 20, Work: 1}))
	require.ErrorIs(t, state.Announce(params, attacker, types.Announced{Bytes: 1, Work: 1}), types.ErrWindowFull)
	require.NoError(t, state.Announce(params, honest, types.Announced{Bytes: 40_000, Work: 1_000_000}))
	require.ErrorIs(t, state.Announce(params, honest, types.Announced{Bytes: 1<<20 + 1, Work: 1}), types.ErrOversize)
	require.ErrorIs(t, state.Announce(params, honest, types.Announced{Bytes: 1, Work: params.BundleWorkPerBlock}),
		types.ErrOversize)
	state.Enter(params, 6)
	require.NoError(t, state.Announce(params, attacker, types.Announced{Bytes: 1 << 20, Work: 1}))
}

// TestSurge: full blocks become dearer by an eighth each, so that keeping others out for a hundred blocks costs more
// than there is; in quiet times it falls back to nothing, and nobody pays more for what others did long ago.
func TestSurge(t *testing.T) {
	params := types.DefaultParams()
	state := types.FirstAttestation()
	full := types.Announced{Bytes: 1 << 20, Work: 1}
	paid := math.ZeroInt()
	for height := int64(1); height <= 100; height++ {
		state.Enter(params, height)
		for _, provider := range []string{"one", "two"} {
			require.NoError(t, state.Announce(params, sdk.AccAddress(provider), full))
			paid = paid.Add(state.SubmissionFee(params, full))
		}
	}
	require.True(t, paid.GT(math.NewIntWithDecimal(5_000, 18)), "%s", paid)
	require.Equal(t, uint64(types.MaxSurge), state.Surge)
	again := state
	for height := int64(101); height < 200; height++ { // small batches in each
		again.Enter(params, height)
		require.NoError(t, again.Announce(params, sdk.AccAddress("honest"), types.Announced{Bytes: 1_000, Work: 1}))
	}
	require.Zero(t, again.Surge)
	state.Enter(params, 1_000_000_000) // at once, whatever lies between
	require.Zero(t, state.Surge)
	require.Equal(t, params.SubmissionFee, state.SubmissionFee(params, types.Announced{Bytes: 1_000, Work: 1_000}))

	waiting := types.Attestation{Batches: types.BatchesWindow/2 + 1}
	waiting.Enter(params, 10)
	require.NotZero(t, waiting.Surge, "places of the window are scarce too")
}
