package gateway

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/openledger/openledger/openlora/outbox"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
)

// Outcomes of calls.
const (
	outcomeAnswered = "answered"
	outcomeSilent   = "silent" // the sources say nothing
	outcomeFailed   = "failed"
)

// Outcomes of sending a batch.
const (
	sentRecorded = "recorded"
	sentFailed   = "failed"
)

// metrics are those of a gateway since its start, in their own registry.
type metrics struct {
	registry *prometheus.Registry
	adapters *adapterMetrics

	labelsMu sync.Mutex
	labels   map[uint64]bool // models that are told apart

	requests, errors, answers, gaps, silences, cut, finished, tokens prometheus.Counter

	answerSeconds, submitSeconds         *prometheus.HistogramVec
	firstWordSeconds, attributionSeconds prometheus.Histogram
}

func newMetrics(box *outbox.Outbox) *metrics {
	m := &metrics{registry: prometheus.NewRegistry(), labels: make(map[uint64]bool)}
	m.adapters = newAdapterMetrics(m.registry, m.modelLabel)
	counter := func(name, help string) prometheus.Counter {
		c := prometheus.NewCounter(prometheus.CounterOpts{Namespace: "openlorad", Name: name, Help: help})
		m.registry.MustRegister(c)
		return c
	}
	histogram := func(name, help string, bounds []float64, labels ...string) *prometheus.HistogramVec {
		h := prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: "openlorad", Name: name, Help: help, Buckets: bounds}, labels)
		m.registry.MustRegister(h)
		return h
	}
	single := func(name, help string, bounds []float64) prometheus.Histogram {
		h := prometheus.NewHistogram(prometheus.HistogramOpts{
			Namespace: "openlorad", Name: name, Help: help, Buckets: bounds})
		m.registry.MustRegister(h)
		return h
	}
	m.requests = counter("requests_total", "HTTP requests.")
	m.errors = counter("errors_total", "Requests answered with an error.")
	m.answers = counter("answers_total", "Answers given.")
	m.gaps = counter("gaps_total", "Calls that failed.")
	m.silences = counter("silences_total", "Questions that the sources say nothing about; they are not charged.")
	m.cut = counter("cut_answers_total", "Answers of which only the beginning could be proved and is charged.")
	m.finished = counter("finished_answers_total",
		"Answers signed for after the gateway was killed while they were sent.")
	m.tokens = counter("output_tokens_total", "Canonical tokens of answers.")

	answering := []float64{.05, .1, .25, .5, 1, 2.5, 5, 10, 20, 40, 80, 160}
	working := []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5}
	m.answerSeconds = histogram("answer_seconds", "Duration of a call from the acceptance of its voucher to its end.",
		answering, "outcome")
	m.firstWordSeconds = single("first_word_seconds",
		"Time from the acceptance of a voucher to the first word of the engine.", answering)
	m.attributionSeconds = single("attribution_seconds", "Duration of attributing an answer.", working)
	m.submitSeconds = histogram("submit_seconds", "Time from sending a batch to the block that has it.",
		answering, "outcome")
	for _, outcome := range []string{outcomeAnswered, outcomeSilent, outcomeFailed} {
		m.answerSeconds.WithLabelValues(outcome)
	}
	for _, outcome := range []string{sentRecorded, sentFailed} {
		m.submitSeconds.WithLabelValues(outcome)
	}
	m.registry.MustRegister(collectors.NewGoCollector(), batches{box})
	return m
}

// handler serves the metrics.
func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// batches counts the batches of the outbox at each collection.
type batches struct{ outbox *outbox.Outbox }

var (
	batchesPending = prometheus.NewDesc("openlorad_batches_pending",
		"Batches that have not reached the chain, or wait for validators.", nil, nil)
	batchesRefused = prometheus.NewDesc("openlorad_batches_refused", "Batches that the chain refused for good.", nil, nil)
)

// Describe implements prometheus.Collector.
func (batches) Describe(to chan<- *prometheus.Desc) {
	to <- batchesPending
	to <- batchesRefused
}

// Collect implements prometheus.Collector. An outbox that cannot be read fails the whole collection, so that operators
// notice.
func (b batches) Collect(to chan<- prometheus.Metric) {
	pending, refused, err := b.outbox.Counts()
	if err != nil {
		to <- prometheus.NewInvalidMetric(batchesPending, err)
		return
	}
	to <- prometheus.MustNewConstMetric(batchesPending, prometheus.GaugeValue, float64(pending))
	to <- prometheus.MustNewConstMetric(batchesRefused, prometheus.GaugeValue, float64(refused))
}

// timedNode measures the duration of submissions.
type timedNode struct {
	outbox.Node
	metrics *metrics
}

// Submit implements outbox.Node.
func (n timedNode) Submit(ctx context.Context, msg *attributiontypes.MsgSubmitReceipts) (outbox.Recorded, error) {
	began, outcome := time.Now(), sentRecorded
	recorded, err := n.Node.Submit(ctx, msg)
	if err != nil {
		outcome = sentFailed
	}
	n.metrics.submitSeconds.WithLabelValues(outcome).Observe(time.Since(began).Seconds())
	return recorded, err
}
