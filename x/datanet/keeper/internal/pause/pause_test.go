package pause_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"cosmossdk.io/collections"

	"github.com/cosmos/cosmos-sdk/codec"
	codectypes "github.com/cosmos/cosmos-sdk/codec/types"
	"github.com/cosmos/cosmos-sdk/runtime"
	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"
	"github.com/cosmos/cosmos-sdk/testutil"
	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/datanet/keeper/internal/pause"
	"github.com/openledger/openledger/x/datanet/types"
)

var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func at(ctx sdk.Context, height int64, after time.Duration) sdk.Context {
	return ctx.WithBlockHeight(height).WithBlockTime(start.Add(after))
}

// TestAPausePutsOffWhatItRanInto: what had ended before the pause stays over; what ended in it, or soon after, is open
// for a whole window more.
func TestAPausePutsOffWhatItRanInto(t *testing.T) {
	key := storetypes.NewKVStoreKey(types.StoreKey)
	ctx := testutil.DefaultContextWithKeys(map[string]*storetypes.KVStoreKey{types.StoreKey: key}, nil, nil)
	cdc := codec.NewProtoCodec(codectypes.NewInterfaceRegistry())
	w := pause.NewWindows(collections.NewSchemaBuilder(runtime.NewKVStoreService(key)), cdc)
	params := types.DefaultParams()
	longest := params.Review.AppealWindow

	ctx = at(ctx, 10, 0)
	grace, err := w.LastGrace(ctx)
	require.NoError(t, err)
	require.Nil(t, grace, "there was no pause")
	end, err := w.PutOff(ctx, start.Add(time.Hour))
	require.NoError(t, err)
	require.Equal(t, start.Add(time.Hour), end)

	require.NoError(t, w.Begin(at(ctx, 100, time.Hour)))
	resumed := at(ctx, 200, 48*time.Hour)
	require.NoError(t, w.End(resumed, params))
	until := start.Add(48*time.Hour + longest)
	for name, test := range map[string]struct {
		end, want time.Duration
	}{
		"over before": {time.Hour - 1, time.Hour - 1},
		"ran into it": {2 * time.Hour, until.Sub(start)},
		"soon after":  {49 * time.Hour, until.Sub(start)},
		"long after":  {until.Sub(start) + time.Hour, until.Sub(start) + time.Hour},
	} {
		end, err := w.PutOff(resumed, start.Add(test.end))
		require.NoError(t, err)
		require.Equal(t, start.Add(test.want), end, name)
		open, err := w.Open(resumed, start.Add(test.end))
		require.NoError(t, err)
		require.Equal(t, name != "over before", open, name)
	}

	for name, test := range map[string]struct{ until, want int64 }{
		"over before": {99, 99},
		"ran into it": {100, 200 + int64(params.RevealMaxBlocks)},
		"long after":  {1_000, 1_000},
	} {
		last, err := w.RevealUntil(resumed, types.Commit{RevealUntil: test.until})
		require.NoError(t, err)
		require.Equal(t, test.want, last, name)
	}

	commits, timers, err := w.Waiting(resumed)
	require.NoError(t, err)
	require.True(t, commits && timers)
	commits, timers, err = w.Waiting(at(ctx, 201+int64(params.RevealMaxBlocks), 48*time.Hour+longest))
	require.NoError(t, err)
	require.False(t, commits || timers)
}
