// Package connect lets any program that speaks OpenAI's API ask models of the chain: it finds providers, opens
// sessions, signs what pays, checks every answer before it acknowledges it, and remembers who was paid. Keys stay in
// its folder.
package connect

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"time"

	"cosmossdk.io/math"

	"github.com/openledger/openledger/amount"
	"github.com/openledger/openledger/openlora/chain"
	"github.com/openledger/openledger/openlora/session"
	"github.com/openledger/openledger/poa"
)

// Local is the name for requests without a key, while there are no keys.
const Local = "local"

// Config of a proxy. Amounts are in aopen.
type Config struct {
	Node   *chain.Client
	Payer  chain.Signer
	Dir    string // of the sessions
	Ledger *Ledger
	Keys   *Keys
	// Gateways are gateways that the user names; the proxy connects to them at any address. Providers, if there are any,
	// are the only ones to ask.
	Gateways, Providers []string
	// AllowPrivate allows providers with addresses that are not public.
	AllowPrivate bool
	// Aliases are other names for models, for programs whose models have fixed names.
	Aliases map[string]string
	// Budget is for all keys together, and MaxFee for one answer.
	Budget Allowance
	MaxFee math.Int
	// Deposit is the deposit of a session, and Sessions the largest number of sessions at a time.
	Deposit  math.Int
	Sessions int
	// AckAfter is the time that an answer waits for the next question to acknowledge it. CloseAfter is the time after
	// which an unused session is closed; 0 keeps it open.
	AckAfter, CloseAfter time.Duration
	// Patience is the longest wait of a call for a session, and AnswerTimeout the longest wait for its answer.
	Patience, AnswerTimeout time.Duration
	// Footnotes says to append the sources to the text of answers.
	Footnotes bool
	// Origins are the origins of web pages whose scripts may ask.
	Origins []string
	// Secret lets commands of this machine read everything that was spent.
	Secret string
	Log    *slog.Logger
}

// Proxy answers OpenAI's API.
type Proxy struct {
	config  Config
	market  *market
	pool    *pool
	purse   *purse
	started time.Time
	asked   []byte // the answer whose payment was asked about last

	mu      sync.Mutex
	flights map[flightKey]*flight

	endings endings
}

// New returns a proxy, which Run starts.
func New(config Config) (*Proxy, error) {
	if config.Deposit.LT(config.MaxFee) {
		return nil, fmt.Errorf(
			"the deposit of a session, %s, is below what one answer may cost, %s",
			amount.Format(config.Deposit),
			amount.Format(config.MaxFee),
		)
	}
	if config.Sessions < 1 {
		return nil, fmt.Errorf("there must be at least one session")
	}
	for i, gateway := range config.Gateways {
		if config.Gateways[i] = session.Address(gateway); !usable(gateway) {
			return nil, fmt.Errorf("gateway %q is no http address", gateway)
		}
	}
	config.Gateways = slices.Clone(config.Gateways)
	p := &Proxy{
		config:  config,
		market:  newMarket(config),
		purse:   newPurse(config.Ledger, config.Budget),
		started: time.Now(),
		flights: make(map[flightKey]*flight),
	}
	p.pool = &pool{
		wallet: &wallet{
			node:  config.Node,
			payer: config.Payer,
			dir:   config.Dir,
		}, market: p.market, deposit: config.Deposit, most: config.Sessions, log: config.Log,
		note: p.record, ctx: context.Background(),
		all: make(
			map[poa.Hash]*pooled,
		), opening: make(map[Route]int), waiting: make(map[Route]int), changed: make(chan struct{}),
	}
	return p, nil
}

// Start adopts the sessions and openings of earlier runs, so that nothing is opened twice.
func (p *Proxy) Start(ctx context.Context) error { return p.resume(ctx) }

// stopTimeout is the longest time for acknowledging the last answers at the end.
const stopTimeout = 10 * time.Second

// Run looks after sessions until ctx ends, and then acknowledges the last answers, so that their authors are paid.
// Sessions stay open for the next run.
func (p *Proxy) Run(ctx context.Context) {
	var work sync.WaitGroup
	work.Go(func() { p.upkeep(ctx) })
	work.Go(func() { p.followPayments(ctx) })
	work.Wait()
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
	defer cancel()
	p.tendAnswers(last)
	p.pool.work.Wait()
	p.pool.mu.Lock()
	defer p.pool.mu.Unlock()
	for _, one := range p.pool.all {
		if err := one.client.Flush(); err != nil {
			p.config.Log.Error("a session could not be written: the next run asks for its last answer again", "session",
				one.client.State.ID, "err", err)
		}
		one.client.Unlock()
	}
}

// alias returns the model that a name stands for.
func (p *Proxy) alias(name string) string {
	if model, ok := p.config.Aliases[name]; ok {
		return model
	}
	return name
}

// Handler serves the API.
func (p *Proxy) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc(
		"POST /v1/chat/completions",
		func(w http.ResponseWriter, r *http.Request) { p.complete(w, r, false) },
	)
	mux.HandleFunc("POST /v1/completions", func(w http.ResponseWriter, r *http.Request) { p.complete(w, r, true) })
	mux.HandleFunc("GET /v1/models", p.models)
	mux.HandleFunc("GET /v1/models/{id...}", p.model)
	mux.HandleFunc("GET /usage", p.usage)
	mux.HandleFunc("GET /healthz", p.health)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		fail(w, &httpError{
			status: http.StatusNotFound, code: "unknown_url",
			message: "no " + r.Method + " " + r.URL.Path + ": see GET /v1/models and POST /v1/chat/completions",
		})
	})
	return p.authorize(mux)
}
