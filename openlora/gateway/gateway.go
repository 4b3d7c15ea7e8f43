// Package gateway serves models over OpenAI-compatible HTTP: it checks the
// voucher of each call, retrieves, answers, attributes, and hands the receipt
// to the outbox.
package gateway

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/singleflight"
	"golang.org/x/time/rate"

	"github.com/openledger/openledger/content"
	"github.com/openledger/openledger/content/artifact"
	"github.com/openledger/openledger/content/fetch"
	"github.com/openledger/openledger/content/influence"
	"github.com/openledger/openledger/internal/ratelimit"
	"github.com/openledger/openledger/openlora/adapters"
	"github.com/openledger/openledger/openlora/chain"
	"github.com/openledger/openledger/openlora/engine"
	"github.com/openledger/openledger/openlora/outbox"
	"github.com/openledger/openledger/openlora/retrieval"
	"github.com/openledger/openledger/poa"
)

// Limits protect the gateway from its clients.
type Limits struct {
	BodyBytes     int64         // of a request
	Concurrent    int           // answers at the same time
	PerModel      int           // answers of one model at the same time; 0: as many as of all
	Waiting       int           // more requests that may wait for a turn
	PerSecond     rate.Limit    // requests of one remote address
	Burst         int           // of one remote address
	AnswerTimeout time.Duration // for one answer
	MaxTokens     int           // of one answer, canonical
	Passages      int           // retrieved for one question
	KeepAlive     time.Duration // of silence in a stream, before a comment is sent; 0 sends none
}

// DefaultLimits suit a small machine.
func DefaultLimits() Limits {
	return Limits{
		BodyBytes: 256 << 10, Concurrent: 16, Waiting: 64, PerSecond: 20, Burst: 40,
		AnswerTimeout: 2 * time.Minute, MaxTokens: 1024, Passages: 6, KeepAlive: 5 * time.Second,
	}
}

// Config of a gateway.
type Config struct {
	Node      *chain.Client
	Provider  chain.Signer
	AnswerKey ed25519.PrivateKey
	Content   *content.Store
	Index     string // folder for the indexes of the models; in memory if empty
	Outbox    *outbox.Outbox
	Engine    engine.Engine
	Models    []uint64
	// Adapters serves the adapters of the chain that the provider offers; nil serves the configured models alone.
	Adapters *adapters.Shelf
	// Artifacts are given to other gateways by their hashes; nil gives none.
	Artifacts *artifact.Store
	// EmbeddingsKey is the key that programs must send to get embeddings. If it is empty, the gateway makes none.
	EmbeddingsKey string
	// Attested means that validators fetch the evidence of batches. The gateway pushes it to Attestors.
	Attested  bool
	Attestors []string
	// Keep is the time that answers, batches and bundles stay in the outbox after they were settled; 0 means for ever.
	Keep time.Duration
	// AllowPrivate allows text from files and from addresses that are not public. It is for networks on one machine.
	AllowPrivate bool

	Limits Limits
	Log    *slog.Logger
}

// Gateway answers HTTP requests.
type Gateway struct {
	Config
	metrics  *metrics
	turns    *turns
	limiter  *ratelimit.Limiter
	reading  chan struct{} // has room for sessions that are read before their calls' signatures are known
	sessions sessionLocks
	kept     *keptSessions
	started  time.Time
	fetch    *fetch.Client  // of text
	files    *fetch.Client  // of influence files
	holder   *outbox.Holder // of the provider's fence
	pricing  pricing

	loading   singleflight.Group // of libraries
	libraries *libraries
	texts     *retrieval.TextCache
	latest    map[uint64]*retrieval.Library // of the configured models
}

// indexDir returns the folder of the index of a model's text.
func (c Config) indexDir(model uint64) string {
	if c.Index == "" {
		return ""
	}
	return filepath.Join(c.Index, fmt.Sprintf("model-%d", model))
}

// fetchPatience is the time that a file waits for its turn at a host that has many files of a model.
const fetchPatience = time.Minute

// New loads the latest version of each model.
func New(ctx context.Context, config Config) (*Gateway, error) {
	fetching := fetch.LocalLimits(config.AllowPrivate)
	fetching.Patience = fetchPatience
	g := &Gateway{
		Config: config, turns: newTurns(config.Limits), started: time.Now(), fetch: fetch.New(fetching),
		files:     fetch.New(adapters.FetchLimits(config.AllowPrivate)),
		kept:      newKeptSessions(),
		limiter:   ratelimit.New(config.Limits.PerSecond, config.Limits.Burst),
		libraries: newLibraries(), texts: retrieval.NewTextCache(), latest: make(map[uint64]*retrieval.Library),
	}
	g.reading = make(chan struct{}, max(1, g.turns.inside))
	g.metrics = newMetrics(config.Outbox)
	g.metrics.registry.MustRegister(adapterCollector{config.Adapters, g.turns, g.metrics.modelLabel})
	if config.Adapters != nil {
		config.Adapters.Watch = g.metrics.adapters
	}
	if own, ok := config.Engine.(prometheus.Collector); ok {
		g.metrics.registry.MustRegister(own)
	}
	for _, id := range config.Models {
		library, err := retrieval.Load(ctx, g.sources(), config.indexDir(id), id, 0)
		if err == nil {
			err = g.checkEvidence(library)
		}
		if err != nil {
			return nil, err
		}
		g.latest[id] = library
		g.libraries.keep(libraryKey{id, library.Version.Version}, library)
		config.Log.Info("model loaded", "model", id, "name", library.Model.Name, "version", library.Version.Version,
			"segments", library.Len())
	}
	return g, nil
}

// sources returns the sources of libraries.
func (g *Gateway) sources() retrieval.Sources {
	return retrieval.Sources{Node: g.Node, Content: g.Content, Fetch: g.fetch, Texts: g.texts, Influence: influence.Source{
		Store: g.Artifacts, Content: g.Content, Fetch: g.files, Models: g.Node.Models}}
}

// Claim records on the chain that this gateway answers for its provider from now on. Before that it answers nothing.
func (g *Gateway) Claim(ctx context.Context, node outbox.FenceNode) error {
	holder, err := g.Outbox.Claim(ctx, node, g.Log)
	if err != nil {
		return err
	}
	g.holder = holder
	g.Log.Info("this gateway answers for the provider", "provider", g.Provider, "fence", fmt.Sprintf("%x", holder.ID()))
	return nil
}

// Library returns the text of a model version. It loads a version that a session pins and that is not loaded; other
// calls do not wait for that. It remembers a failure for a while, so that calls do not repeat downloads in vain.
func (g *Gateway) Library(model uint64, version uint32) (*retrieval.Library, error) {
	return g.libraryFor(context.Background(), model, version)
}

// libraryFor is Library for a call. The load goes on if the call gives up.
func (g *Gateway) libraryFor(ctx context.Context, model uint64, version uint32) (*retrieval.Library, error) {
	key := libraryKey{model, version}
	if library, err := g.libraries.get(key); library != nil || err != nil {
		return library, err
	}
	loaded := g.loading.DoChan(fmt.Sprint(key), func() (any, error) {
		if library, err := g.libraries.get(key); library != nil || err != nil {
			return library, err
		}
		ctx, cancel := context.WithTimeout(context.Background(), g.Limits.AnswerTimeout)
		defer cancel()
		// the folder is the latest version's
		library, err := retrieval.Load(ctx, g.sources(), "", model, version)
		if err == nil {
			err = g.checkEvidence(library)
		}
		if err != nil {
			g.libraries.fail(key, err)
			return nil, err
		}
		g.libraries.add(key, library)
		return library, nil
	})
	select {
	case result := <-loaded:
		if result.Err != nil {
			return nil, result.Err
		}
		return result.Val.(*retrieval.Library), nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Sender returns the worker that sends this gateway's receipts to the chain.
func (g *Gateway) Sender() *outbox.Sender {
	const (
		headroom = 64 << 10    // for one answer above the bound
		maxWork  = 140_000_000 // what the chain takes of one provider in a block, less some
	)
	return &outbox.Sender{
		Outbox: g.Outbox, Node: timedNode{outbox.ChainNode{Client: g.Node, Signer: g.Provider}, g.metrics},
		Provider: g.Provider.String(),
		Attested: g.Attested, Attestors: g.Attestors,
		Library: func(model uint64, version uint32) (outbox.Library, error) { return g.Library(model, version) }, Log: g.Log,
		MaxReceipts: 500, MaxSessions: 100, MaxEvidence: poa.MaxEvidenceBytes/2 - headroom, MaxWork: maxWork, Keep: g.Keep,
	}
}

// maxArtifacts is the number of artifacts that the gateway sends to others at a time.
const maxArtifacts = 4

// Handler serves the API.
func (g *Gateway) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/models", g.models)
	mux.HandleFunc("GET /v1/models/{id...}", g.model)
	mux.HandleFunc("POST /v1/chat/completions", g.chat)
	mux.HandleFunc("POST /v1/completions", g.prompt)
	mux.HandleFunc("POST /v1/embeddings", g.embeddings)
	mux.HandleFunc("POST /v1/openledger/sessions/{id}/voucher", g.acknowledge)
	mux.HandleFunc("GET /v1/openledger/sessions/{id}", g.session)
	mux.HandleFunc("GET /v1/openledger/receipts/{id}", g.receipt)
	mux.HandleFunc("GET /v1/bundles/{root}", g.bundle)
	if g.Artifacts != nil {
		mux.Handle("GET "+artifact.Route+"{sha256}", g.Artifacts.Handler(maxArtifacts))
	}
	mux.HandleFunc("GET /healthz", g.health)
	mux.Handle("GET /metrics", g.metrics.handler())
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		g.fail(w, &httpError{status: http.StatusNotFound, code: "unknown_url",
			message: "no " + r.Method + " " + r.URL.Path + ": see GET /v1/models and POST /v1/chat/completions"})
	})
	return g.limitRate(mux)
}

// health answers whether the gateway's node is reachable, with its height.
func (g *Gateway) health(w http.ResponseWriter, r *http.Request) {
	height, err := g.Node.Height(r.Context())
	if err != nil {
		g.fail(w, nodeUnavailable(err))
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{"status": "ok", "height": height})
}
