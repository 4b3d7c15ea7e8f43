package gateway

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/openledger/openledger/openlora/adapters"
	modelstypes "github.com/openledger/openledger/x/models/types"
)

// adapted reports whether the session's model may have an adapter.
func (x *exchange) adapted() bool {
	return x.gateway.Adapters != nil &&
		(x.library.Model.Kind == modelstypes.MODEL_KIND_ADAPTER || x.library.Model.ParentId != 0)
}

// inMemory reports whether text and adapter of a model version are in memory.
func (g *Gateway) inMemory(model uint64, version uint32) bool {
	library, _ := g.libraries.get(libraryKey{model, version})
	if library == nil {
		return false
	}
	x := exchange{gateway: g, library: library}
	return !x.adapted() || g.Adapters.InMemory(model, version)
}

// prepare loads the adapter of the session's model version. It ignores errors, which lease returns: a call that was
// answered before is answered again without the adapter.
func (x *exchange) prepare(ctx context.Context) {
	if !x.adapted() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, x.gateway.Limits.AnswerTimeout)
	defer cancel()
	_ = x.gateway.Adapters.Prepare(ctx, x.chain.ModelId, x.chain.ModelVersion)
}

// lease returns the adapter of the session's model version, and nil if it has none. It loads the adapter if it is not
// in memory.
func (x *exchange) lease(ctx context.Context) (*adapters.Lease, error) {
	g := x.gateway
	if !x.adapted() {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, g.Limits.AnswerTimeout)
	defer cancel()
	lease, err := g.Adapters.Use(ctx, x.chain.ModelId, x.chain.ModelVersion)
	return lease, adapterError(err)
}

// adapterError returns the error that a client gets if an adapter cannot answer. The client may ask another provider.
func adapterError(err error) error {
	var coded *adapters.Error
	switch {
	case errors.As(err, &coded):
		status := http.StatusServiceUnavailable
		if coded.Lasting {
			status = http.StatusBadGateway
		}
		return &httpError{status: status, code: coded.Code, param: "model", message: coded.Message}
	case errors.Is(err, context.DeadlineExceeded):
		return &httpError{status: http.StatusServiceUnavailable, code: adapters.CodeMissing, param: "model",
			message: "the adapter is still being loaded: try again"}
	case unreachable(err):
		return nodeUnavailable(err)
	}
	return err
}

// retrieves reports whether the model sees the retrieved passages. An adapter whose method does not use retrieval
// answers from what it has learned.
func (x *exchange) retrieves() bool {
	method := x.library.Version.Method
	return x.library.Model.Kind != modelstypes.MODEL_KIND_ADAPTER ||
		method == modelstypes.ATTRIBUTION_METHOD_RAG || method == modelstypes.ATTRIBUTION_METHOD_MEANING
}

// offered returns the id of a model that is served because the provider offers it, not because it was configured.
func (g *Gateway) offered(ctx context.Context, name string) (uint64, error) {
	missing := &httpError{status: http.StatusNotFound, code: "model_not_found", param: "model",
		message: fmt.Sprintf("no model %q is served here: see GET /v1/models", name)}
	if g.Adapters == nil {
		return 0, missing
	}
	var id uint64
	if _, err := fmt.Sscanf(name, "openledger/%d", &id); err != nil || ModelName(id) != name {
		return 0, missing
	}
	_, there, err := g.Adapters.Offered(ctx, id)
	if err != nil {
		return 0, adapterError(err)
	}
	if !there {
		return 0, missing
	}
	return id, nil
}

const (
	// maxModelLabels bounds the number of models with metrics of their own. All others are counted together.
	maxModelLabels = 100
	otherModels    = "other"

	fromDisk, fromElsewhere = "disk", "elsewhere"
)

// adapterMetrics count what happens to adapters, by model.
type adapterMetrics struct {
	hits, loads, evictions, tokens *prometheus.CounterVec
	failures                       *prometheus.CounterVec
	loadSeconds                    *prometheus.HistogramVec
	label                          func(model uint64) string
}

func newAdapterMetrics(registry *prometheus.Registry, label func(uint64) string) *adapterMetrics {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		c := prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: "openlorad", Subsystem: "adapter", Name: name, Help: help}, labels)
		registry.MustRegister(c)
		return c
	}
	m := &adapterMetrics{
		label:     label,
		hits:      counter("hits_total", "calls that found their adapter in memory", "model"),
		loads:     counter("cold_loads_total", "adapters loaded, from the disk or from elsewhere", "model", "from"),
		evictions: counter("evictions_total", "adapters that gave way to others", "model"),
		failures:  counter("failures_total", "adapters that could not be loaded", "code"),
		tokens:    counter("output_tokens_total", "canonical tokens of answers of adapters", "model"),
		loadSeconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: "openlorad", Subsystem: "adapter", Name: "load_seconds", Help: "what loading an adapter takes",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .3, 1, 3, 10, 30, 100}}, []string{"from"}),
	}
	registry.MustRegister(m.loadSeconds)
	for _, c := range []*prometheus.CounterVec{m.hits, m.evictions, m.tokens} {
		c.WithLabelValues(otherModels)
	}
	for _, from := range []string{fromDisk, fromElsewhere} {
		m.loads.WithLabelValues(otherModels, from)
		m.loadSeconds.WithLabelValues(from)
	}
	for _, code := range adapters.Codes() {
		m.failures.WithLabelValues(code)
	}
	return m
}

var _ adapters.Watch = (*adapterMetrics)(nil)

// Hit implements adapters.Watch.
func (m *adapterMetrics) Hit(model uint64) { m.hits.WithLabelValues(m.label(model)).Inc() }

// Loaded implements adapters.Watch.
func (m *adapterMetrics) Loaded(model uint64, took time.Duration, fetched bool) {
	from := fromDisk
	if fetched {
		from = fromElsewhere
	}
	m.loads.WithLabelValues(m.label(model), from).Inc()
	m.loadSeconds.WithLabelValues(from).Observe(took.Seconds())
}

// Failed implements adapters.Watch.
func (m *adapterMetrics) Failed(_ uint64, code string) { m.failures.WithLabelValues(code).Inc() }

// Evicted implements adapters.Watch.
func (m *adapterMetrics) Evicted(model uint64) { m.evictions.WithLabelValues(m.label(model)).Inc() }

// modelLabel returns the label of a model in metrics: its id for the first maxModelLabels models that are asked for,
// and one label for all others.
func (m *metrics) modelLabel(model uint64) string {
	m.labelsMu.Lock()
	defer m.labelsMu.Unlock()
	if !m.labels[model] {
		if len(m.labels) >= maxModelLabels {
			return otherModels
		}
		m.labels[model] = true
	}
	return strconv.FormatUint(model, 10)
}

// adapterCollector exports the number of adapters in memory and of requests that wait, as of the time of collection.
type adapterCollector struct {
	adapters *adapters.Shelf
	turns    *turns
	label    func(model uint64) string
}

var (
	adaptersReady = prometheus.NewDesc("openlorad_adapters_ready", "adapters in memory", nil, nil)
	adaptersBytes = prometheus.NewDesc("openlorad_adapters_bytes", "memory of adapters", nil, nil)
	queued        = prometheus.NewDesc("openlorad_queue_requests", "requests that wait for a turn", []string{"model"}, nil)
)

// Describe implements prometheus.Collector.
func (adapterCollector) Describe(to chan<- *prometheus.Desc) {
	to <- adaptersReady
	to <- adaptersBytes
	to <- queued
}

// Collect implements prometheus.Collector.
func (c adapterCollector) Collect(to chan<- prometheus.Metric) {
	ready, bytes := 0, int64(0)
	if c.adapters != nil {
		ready, bytes = c.adapters.Ready(), c.adapters.Used()
	}
	to <- prometheus.MustNewConstMetric(adaptersReady, prometheus.GaugeValue, float64(ready))
	to <- prometheus.MustNewConstMetric(adaptersBytes, prometheus.GaugeValue, float64(bytes))
	waiting := map[string]int{}
	for model, n := range c.turns.waiting() {
		waiting[c.label(model)] += n
	}
	for label, n := range waiting {
		to <- prometheus.MustNewConstMetric(queued, prometheus.GaugeValue, float64(n), label)
	}
}
