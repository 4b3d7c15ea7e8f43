package timer_test

import (
	"cmp"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"cosmossdk.io/collections"

	"github.com/cosmos/cosmos-sdk/runtime"
	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"
	"github.com/cosmos/cosmos-sdk/testutil"
	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/datanet/keeper/internal/timer"
	"github.com/openledger/openledger/x/datanet/types"
)

func newQueue() (sdk.Context, timer.Queue) {
	key := storetypes.NewKVStoreKey(types.StoreKey)
	ctx := testutil.DefaultContextWithKeys(map[string]*storetypes.KVStoreKey{types.StoreKey: key}, nil, nil)
	return ctx, timer.NewQueue(collections.NewSchemaBuilder(runtime.NewKVStoreService(key)))
}

// TestQueueIsAMapOfTimes: each kind and id has one timer at most, the one that was set last; what is due comes by time,
// then kind, then id, and no more than the limit.
func TestQueueIsAMapOfTimes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ctx, q := newQueue()
		start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		at := make(map[[2]uint64]time.Time)
		for range rapid.IntRange(1, 60).Draw(t, "acts") {
			who := [2]uint64{rapid.Uint64Range(timer.Cohort, timer.Decay).Draw(t, "kind"), rapid.Uint64Range(1, 4).Draw(t, "id")}
			if rapid.IntRange(0, 3).Draw(t, "clear") == 0 {
				delete(at, who)
				require.NoError(t, q.Clear(ctx, who[0], who[1]))
			} else {
				at[who] = start.Add(time.Duration(rapid.IntRange(0, 9).Draw(t, "seconds")) * time.Second)
				require.NoError(t, q.Set(ctx, who[0], who[1], at[who]))
			}
			require.NoError(t, q.CheckInvariants(ctx))
			now := start.Add(time.Duration(rapid.IntRange(0, 9).Draw(t, "now")) * time.Second)
			limit := rapid.IntRange(1, 8).Draw(t, "limit")
			want := due(at, now)
			got, err := q.Due(ctx, now, limit)
			require.NoError(t, err)
			require.Equal(t, want[:min(limit, len(want))], append([]timer.Key{}, got...))
			for _, key := range got {
				has, err := q.Has(ctx, key)
				require.NoError(t, err)
				require.True(t, has)
			}
		}
	})
}

func due(at map[[2]uint64]time.Time, now time.Time) []timer.Key {
	keys := []timer.Key{}
	for who, when := range at {
		if !when.After(now) {
			keys = append(keys, collections.Join3(when.UnixNano(), who[0], who[1]))
		}
	}
	slices.SortFunc(keys, func(a, b timer.Key) int {
		return cmp.Or(cmp.Compare(a.K1(), b.K1()), cmp.Compare(a.K2(), b.K2()), cmp.Compare(a.K3(), b.K3()))
	})
	return keys
}

// TestInvariantsSeeAHalfTimer: a timer that stands on one side only is noticed.
func TestInvariantsSeeAHalfTimer(t *testing.T) {
	for name, damage := range map[string]func(ctx sdk.Context, q timer.Queue) error{
		"no time": func(ctx sdk.Context, q timer.Queue) error {
			return q.At.Remove(ctx, collections.Join(uint64(timer.Decay), uint64(7)))
		},
		"other time": func(ctx sdk.Context, q timer.Queue) error {
			return q.At.Set(ctx, collections.Join(uint64(timer.Decay), uint64(7)), 1)
		},
		"not queued": func(ctx sdk.Context, q timer.Queue) error { return q.Pending.Clear(ctx, nil) },
	} {
		t.Run(name, func(t *testing.T) {
			ctx, q := newQueue()
			require.NoError(t, q.Set(ctx, timer.Decay, 7, time.Unix(5, 0)))
			require.NoError(t, q.CheckInvariants(ctx))
			require.NoError(t, damage(ctx, q))
			require.Error(t, q.CheckInvariants(ctx))
		})
	}
}
