package attestor

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	dto "github.com/prometheus/client_model/go"

	attributiontypes "github.com/openledger/openledger/x/attribution/types"
)

// metrics are the metrics of an attestor, in a registry of its own.
type metrics struct {
	registry                       *prometheus.Registry
	open                           prometheus.Gauge
	verdicts                       *prometheus.CounterVec
	receipts, seconds              prometheus.Counter
	fetched, fetchFailures, pushed prometheus.Counter
	judge, verdict                 prometheus.Histogram
}

func newMetrics() *metrics {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(
			prometheus.CounterOpts{Namespace: "openledger", Subsystem: "attestor", Name: name, Help: help})
	}
	histogram := func(name, help string, bounds []float64) prometheus.Histogram {
		return prometheus.NewHistogram(prometheus.HistogramOpts{
			Namespace: "openledger", Subsystem: "attestor", Name: name, Help: help, Buckets: bounds})
	}
	m := &metrics{
		registry: prometheus.NewRegistry(),
		open: prometheus.NewGauge(
			prometheus.GaugeOpts{Namespace: "openledger", Subsystem: "attestor", Name: "open_items",
				Help: "Items that the chain asks about."}),
		verdicts: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: "openledger", Subsystem: "attestor", Name: "verdicts_total", Help: "Verdicts given, by verdict.",
		}, []string{"verdict"}),
		receipts:      counter("receipts_total", "Receipts recomputed."),
		seconds:       counter("judge_seconds_total", "Time spent recomputing receipts, without waiting."),
		fetched:       counter("fetched_bytes_total", "Bytes of bundles and text downloaded."),
		fetchFailures: counter("fetch_failures_total", "Downloads that failed or were refused."),
		pushed:        counter("pushed_bytes_total", "Bytes of bundles and text taken from others."),
		judge: histogram("judge_seconds", "Duration of recomputing a batch, waiting for its turn included.",
			[]float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30}),
		verdict: histogram("verdict_seconds", "Time from an item's opening, as seen here, to the verdict on it.",
			[]float64{.1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 7200}),
	}
	for _, verdict := range []attributiontypes.Verdict{
		attributiontypes.VerdictValid, attributiontypes.VerdictInvalid, attributiontypes.VerdictDiffers} {
		m.verdicts.WithLabelValues(verdictName(verdict))
	}
	m.registry.MustRegister(collectors.NewGoCollector())
	m.registry.MustRegister(m.own()...)
	return m
}

// own returns the metrics about the attestor, without those of its process.
func (m *metrics) own() []prometheus.Collector {
	return []prometheus.Collector{m.open, m.verdicts, m.receipts, m.seconds, m.fetched, m.fetchFailures, m.pushed,
		m.judge, m.verdict}
}

// Collectors returns the metrics of the attestor, for the registry of the process that it runs in.
func (a *Attestor) Collectors() []prometheus.Collector { return a.metrics.own() }

// counts are the counters in the status.
type counts struct{ valid, invalid, receipts uint64 }

func (m *metrics) read() counts {
	return counts{value(m.verdicts.WithLabelValues("valid")), value(m.verdicts.WithLabelValues("invalid")),
		value(m.receipts)}
}

func value(counter prometheus.Counter) uint64 {
	var out dto.Metric
	if err := counter.Write(&out); err != nil {
		return 0
	}
	return uint64(out.GetCounter().GetValue())
}
