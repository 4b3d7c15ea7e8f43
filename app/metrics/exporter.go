package metrics

import (
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/otlptranslator"
	"go.opentelemetry.io/otel"
	otelprometheus "go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
)

// Process returns the meters of this process. If config/otel.yaml has a meter_provider, they go there. Otherwise they
// are served with CometBFT's metrics, at instrumentation.prometheus_listen_addr of config.toml. Call it after the
// server has read config/otel.yaml; the first call decides.
var Process = sync.OnceValues(func() (*Metrics, error) {
	if _, none := otel.GetMeterProvider().(noop.MeterProvider); none {
		provider, err := Prometheus(prometheus.DefaultRegisterer)
		if err != nil {
			return nil, err
		}
		otel.SetMeterProvider(provider)
	}
	return New(otel.GetMeterProvider())
})

// Prometheus returns a provider whose metrics the registry collects.
func Prometheus(registry prometheus.Registerer) (metric.MeterProvider, error) {
	exporter, err := otelprometheus.New(otelprometheus.WithRegisterer(registry), otelprometheus.WithoutScopeInfo(),
		otelprometheus.WithoutTargetInfo(),
		otelprometheus.WithTranslationStrategy(otlptranslator.UnderscoreEscapingWithSuffixes))
	if err != nil {
		return nil, err
	}
	return sdkmetric.NewMeterProvider(sdkmetric.WithReader(exporter)), nil
}
