package modulekit_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"cosmossdk.io/collections"

	"github.com/cosmos/cosmos-sdk/runtime"
	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"
	"github.com/cosmos/cosmos-sdk/testutil"

	"github.com/openledger/openledger/x/internal/modulekit"
)

// TestFirstKey: of a map and of a set, from a bound on, and of nothing; an iterator that cannot be had is an error.
func TestFirstKey(t *testing.T) {
	key := storetypes.NewKVStoreKey("test")
	ctx := testutil.DefaultContext(key, storetypes.NewTransientStoreKey("transient"))
	builder := collections.NewSchemaBuilder(runtime.NewKVStoreService(key))
	numbers := collections.NewMap(builder, collections.NewPrefix(1), "numbers", collections.Uint64Key,
		collections.StringValue)
	set := collections.NewKeySet(builder, collections.NewPrefix(2), "set", collections.Uint64Key)
	_, found, err := modulekit.FirstKey(numbers.Iterate(ctx, nil))
	require.NoError(t, err)
	require.False(t, found)
	for _, n := range []uint64{9, 3, 7} {
		require.NoError(t, numbers.Set(ctx, n, "value"))
		require.NoError(t, set.Set(ctx, n))
	}
	first, found, err := modulekit.FirstKey(numbers.Iterate(ctx, nil))
	require.NoError(t, err)
	require.True(t, found)
	require.EqualValues(t, 3, first)
	first, found, err = modulekit.FirstKey(set.Iterate(ctx, new(collections.Range[uint64]).StartInclusive(4)))
	require.NoError(t, err)
	require.True(t, found)
	require.EqualValues(t, 7, first)
	broken := errors.New("broken")
	_, found, err = modulekit.FirstKey(collections.KeySetIterator[uint64]{}, broken)
	require.ErrorIs(t, err, broken)
	require.False(t, found)
}
