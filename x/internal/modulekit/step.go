package modulekit

import (
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	sdk "github.com/cosmos/cosmos-sdk/types"
)

// The counter of failed steps: its scope, name and attributes. Prometheus shows it as
// openledger_module_step_failures_total.
const (
	scope         = "github.com/openledger/openledger/x"
	failures      = "openledger.module.step.failures"
	attributeStep = "step"
	attributeOf   = "module"
)

// Step is Attempt for a step that only fails because of a fault of the chain, its state or its parameters, never
// because of what a user has or does. A metric counts failures by module and step. The count is not part of state. A
// block that is executed more than once, as optimistic execution may, is counted each time.
func Step(ctx sdk.Context, module, name string, run func(sdk.Context) error) error {
	err := Attempt(ctx, run)
	if err != nil {
		countFailure(ctx, module, name)
	}
	return err
}

// countFailure looks the counter up when there is something to count: the node sets the meter provider late, and a
// counter keeps the one that it was made with.
func countFailure(ctx sdk.Context, module, name string) {
	counter, err := otel.GetMeterProvider().Meter(scope).Int64Counter(failures,
		metric.WithDescription("Steps of block hooks that failed by a fault; their changes were dropped."))
	if err != nil {
		otel.Handle(err)
		return
	}
	counter.Add(ctx, 1,
		metric.WithAttributes(attribute.String(attributeOf, module), attribute.String(attributeStep, name)))
}
