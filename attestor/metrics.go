package attestor

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	dto "github.com/prometheus/client_model/go"
)

// metrics of an attestor, in a registry of its own.
type metrics struct {
	registry                       *prometheus.Registry
	open                           prometheus.Gauge
	verdicts                       *prometheus.CounterVec
	receipts, seconds              prometheus.Counter
	fetched, fetchFailures, pushed prometheus.Counter
}

func newMetrics() *metrics {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(
			prometheus.CounterOpts{Namespace: "openledger", Subsystem: "attestor", Name: name, Help: help})
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
		seconds:       counter("judge_seconds_total", "Time spent recomputing."),
		fetched:       counter("fetched_bytes_total", "Bytes of bundles and text downloaded."),
		fetchFailures: counter("fetch_failures_total", "Downloads that failed or were refused."),
		pushed:        counter("pushed_bytes_total", "Bytes of bundles and text taken from others."),
	}
	m.registry.MustRegister(collectors.NewGoCollector())
	m.registry.MustRegister(m.own()...)
	return m
}

// own are the metrics about the attestor, without those of its process.
func (m *metrics) own() []prometheus.Collector {
	return []prometheus.Collector{m.open, m.verdicts, m.receipts, m.seconds, m.fetched, m.fetchFailures, m.pushed}
}

// Collectors are the metrics of the attestor, for the registry of the process that it runs in.
func (a *Attestor) Collectors() []prometheus.Collector { return a.metrics.own() }

// counts are the counters that people see in the status.
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
