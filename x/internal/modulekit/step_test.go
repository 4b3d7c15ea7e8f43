package modulekit_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"
	"github.com/cosmos/cosmos-sdk/testutil"
	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/internal/modulekit"
)

// TestFailedStepsAreCounted: by module and step, after the provider was set, panics too; what succeeds is not counted,
// and what failed leaves nothing in state.
func TestFailedStepsAreCounted(t *testing.T) {
	before := otel.GetMeterProvider()
	t.Cleanup(func() { otel.SetMeterProvider(before) })
	reader := sdkmetric.NewManualReader()
	otel.SetMeterProvider(sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader)))
	key := storetypes.NewKVStoreKey("test")
	ctx := testutil.DefaultContext(key, storetypes.NewTransientStoreKey("transient"))

	run := func(step string, end func() error) error {
		return modulekit.Step(ctx, "rewards", step, func(ctx sdk.Context) error {
			ctx.KVStore(key).Set([]byte(step), []byte{1})
			return end()
		})
	}
	require.ErrorContains(t, run("settlement", func() error { return errors.New("broken") }), "broken")
	require.ErrorContains(t, run("settlement", func() error { panic("no such page") }), "no such page")
	require.Error(t, run("payout", func() error { return errors.New("broken") }))
	require.NoError(t, run("emission", func() error { return nil }))
	require.False(t, ctx.KVStore(key).Has([]byte("settlement")))
	require.True(t, ctx.KVStore(key).Has([]byte("emission")))

	var collected metricdata.ResourceMetrics
	require.NoError(t, reader.Collect(context.Background(), &collected))
	counts := make(map[string]int64)
	for _, point := range collected.ScopeMetrics[0].Metrics[0].Data.(metricdata.Sum[int64]).DataPoints {
		module, _ := point.Attributes.Value("module")
		step, _ := point.Attributes.Value("step")
		counts[module.AsString()+"/"+step.AsString()] = point.Value
	}
	require.Equal(t, map[string]int64{"rewards/settlement": 2, "rewards/payout": 1}, counts)
}
