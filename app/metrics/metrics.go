// Package metrics measures a node: its ABCI calls, and the queues, settlement, money and attestation in its state. It
// is outside of consensus: it wraps the application, uses the clock that the application must not use, and reads the
// last committed state only when metrics are collected.
//
// Metrics are OpenTelemetry's. Prometheus shows them as openledger_<area>_<what>_<unit>; docs/operators.md lists them.
package metrics

import (
	"context"
	"fmt"
	"sync"
	"time"

	"go.opentelemetry.io/otel/metric"

	"github.com/openledger/openledger/app"
)

const scope = "github.com/openledger/openledger/app/metrics"

// callSeconds are the bounds of the histogram of ABCI calls, in seconds. All calls of a block must fit into about one
// second.
var callSeconds = []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}

// Metrics are the meters of a process. They show one node. A second watched node replaces the first, so that nothing is
// registered twice.
type Metrics struct {
	calls   metric.Float64Histogram
	figures []figure
	now     func() time.Time

	mu   sync.RWMutex // held for reading while the state of app is read
	node *app.App
}

// New returns the meters of a provider.
func New(provider metric.MeterProvider) (*Metrics, error) {
	meter := provider.Meter(scope)
	calls, err := meter.Float64Histogram("openledger.abci.call", metric.WithUnit("s"),
		metric.WithDescription("What ABCI calls take, by call and status."),
		metric.WithExplicitBucketBoundaries(callSeconds...))
	if err != nil {
		return nil, err
	}
	m := &Metrics{calls: calls, figures: figures(), now: time.Now}
	observables := make([]metric.Observable, len(m.figures))
	for i := range m.figures {
		if observables[i], err = m.figures[i].register(meter); err != nil {
			return nil, err
		}
	}
	_, err = meter.RegisterCallback(m.observe, observables...)
	return m, err
}

// observe reads the last committed state. A node without a block, or a closed one, has no values.
func (m *Metrics) observe(_ context.Context, to metric.Observer) (err error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if m.node == nil || m.node.LastBlockHeight() == 0 {
		return nil
	}
	defer func() {
		if reason := recover(); reason != nil {
			err = fmt.Errorf("the state could not be read for metrics: %v", reason)
		}
	}()
	state, err := read(m.node)
	if err != nil {
		return fmt.Errorf("the state could not be read for metrics: %w", err)
	}
	state.blockAge = max(0, m.now().Sub(state.blockTime).Seconds())
	for _, f := range m.figures {
		f.observe(state, func(value float64, labels ...string) {
			to.ObserveFloat64(f.instrument, value, metric.WithAttributeSet(attributes(labels)))
		})
	}
	return nil
}
