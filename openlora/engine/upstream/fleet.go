package upstream

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/openledger/openledger/openlora/api"
	"github.com/openledger/openledger/openlora/engine"
	"github.com/openledger/openledger/slm/checkpoint"
)

// FleetOptions are the options of a fleet.
type FleetOptions struct {
	// Answers is the largest number of answers of one server at a time; 0 means no limit.
	Answers int
	// Interval is the time between two checks of a server.
	Interval time.Duration
	Log      *slog.Logger
}

const (
	// DefaultInterval is the default of FleetOptions.Interval.
	DefaultInterval = 5 * time.Second
	// cold is the number of answers in flight that a load of an adapter counts as. A server without the adapter is asked
	// only if it has that many fewer than a server with it.
	cold = 4
	// rest is the pause for a server that accepts no more requests and sends no Retry-After.
	rest = time.Second
	// loadPatience bounds the loading of an adapter.
	loadPatience = 2 * time.Minute
	// drainPatience is the time for answers in flight to finish when the fleet is closed.
	drainPatience = 10 * time.Second
)

// Fleet is a set of model servers that serve the same base. It asks the server with the fewest answers in flight for an
// answer, and another server if that one fails before the first word. It is an engine.Engine, an engine.Host and a
// prometheus.Collector.
type Fleet struct {
	options   FleetOptions
	members   []*member
	failovers atomic.Uint64
	turn      atomic.Uint64 // chooses among equal servers in turn

	ctx  context.Context // for everything that the fleet does
	stop context.CancelFunc
	work sync.WaitGroup // checks

	mu       sync.Mutex
	draining bool
	flying   sync.WaitGroup
}

var (
	_ engine.Engine = (*Fleet)(nil)
	_ engine.Host   = (*Fleet)(nil)
	_ engine.Based  = (*basedFleet)(nil)
)

// NewFleet returns a fleet of servers, and begins to check them until Close.
func NewFleet(servers []*Server, options FleetOptions) (*Fleet, error) {
	if len(servers) == 0 {
		return nil, errors.New("no model server is named")
	}
	if options.Interval <= 0 {
		options.Interval = DefaultInterval
	}
	if options.Log == nil {
		options.Log = slog.New(slog.DiscardHandler)
	}
	f := &Fleet{options: options}
	f.ctx, f.stop = context.WithCancel(context.Background())
	names := map[string]bool{}
	for _, server := range servers {
		if names[server.Name()] {
			f.stop()
			return nil, fmt.Errorf("%s is named twice", server.Name())
		}
		names[server.Name()] = true
		f.members = append(f.members, newMember(server, options))
	}
	for _, m := range f.members {
		f.work.Go(func() { m.watch(f.ctx, options.Interval) })
	}
	return f, nil
}

// Close refuses new answers, gives answers in flight some seconds to finish, and ends the checks.
func (f *Fleet) Close() error {
	f.mu.Lock()
	f.draining = true
	f.mu.Unlock()
	finished := make(chan struct{})
	go func() {
		f.flying.Wait()
		close(finished)
	}()
	select {
	case <-finished:
	case <-time.After(drainPatience):
		f.options.Log.Error("answers are cut off: the model servers did not finish them in time")
	}
	f.stop()
	<-finished
	f.work.Wait()
	return nil
}

// Check checks every server. It returns an error if none is usable, and logs the failures of single servers.
func (f *Fleet) Check(ctx context.Context) error {
	failures := make([]error, len(f.members))
	var asked sync.WaitGroup
	for i, m := range f.members {
		asked.Go(func() {
			about, err := m.Server.Check(ctx)
			if err != nil {
				failures[i] = fmt.Errorf("%s: %w", m.Name(), err)
				return
			}
			f.options.Log.Info("model server", "url", m.Name(), "kind", m.Kind, "version", about.Version, "adapters",
				about.Adapters, "how", about.Why)
		})
	}
	asked.Wait()
	if failed := slices.DeleteFunc(slices.Clone(failures), func(err error) bool { return err == nil }); len(failed) <
		len(f.members) {
		for _, err := range failed {
			f.options.Log.Error("a model server is not used for now", "err", err)
		}
		return nil
	}
	return errors.Join(failures...)
}

// Engine returns the fleet as an engine. It is an engine.Host only if a server of it may have adapters, and an
// engine.Based only if the whole base is known.
func (f *Fleet) Engine() engine.Engine {
	hosts, known := false, f.members[0].Whole
	for _, m := range f.members {
		hosts = hosts || m.Kind != OpenAI || len(m.Names) > 0
	}
	switch {
	case !hosts:
		return plainFleet{f, f, f}
	case known != "":
		return &basedFleet{Fleet: f, whole: known}
	}
	return f
}

// plainFleet is a fleet without adapters.
type plainFleet struct {
	engine.Engine
	io.Closer
	prometheus.Collector
}

// basedFleet is a fleet that knows its base, because this machine has the base's files.
type basedFleet struct {
	*Fleet
	whole string

	once   sync.Once
	digest [32]byte
	err    error
}

// Config implements engine.Based.
func (f *basedFleet) Config() checkpoint.Config { return *f.members[0].Base }

// BaseDigest implements engine.Based.
func (f *basedFleet) BaseDigest() ([32]byte, error) {
	f.once.Do(func() { f.digest, f.err = checkpoint.Digest(f.whole) })
	return f.digest, f.err
}

// Accepts implements engine.Engine.
func (f *Fleet) Accepts(options api.Options) error { return f.members[0].Accepts(options) }

// enter counts an answer, and returns false if the fleet is being closed.
func (f *Fleet) enter() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.draining {
		return false
	}
	f.flying.Add(1)
	return true
}

// Answer implements engine.Engine.
func (f *Fleet) Answer(ctx context.Context, request engine.Request, emit func(string) error) (engine.Reply, error) {
	if !f.enter() {
		return engine.Reply{}, &engine.UpstreamError{Busy: true, Message: "the gateway is stopping"}
	}
	defer f.flying.Done()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(f.ctx, cancel)()
	var failed error
	tried := map[*member]bool{}
	for {
		m, err := f.choose(request.Adapter, tried)
		if err != nil {
			if failed != nil {
				err = worse(failed, err)
			}
			return engine.Reply{}, err
		}
		if failed != nil {
			f.failovers.Add(1)
			f.options.Log.Info("another model server is asked", "url", m.Name(), "why", failed)
		}
		tried[m] = true
		said, reply, err := m.answer(ctx, request, emit)
		m.release()
		if err == nil || said || ctx.Err() != nil || !elsewhere(err) {
			return reply, err
		}
		failed = worse(failed, err)
	}
}

// elsewhere reports whether another server may succeed after this error.
func elsewhere(err error) bool {
	var upstream *engine.UpstreamError
	return errors.As(err, &upstream) && !upstream.Refused
}

// worse returns the error to report of two. A busy server is the better news, because the request may succeed soon.
func worse(a, b error) error {
	var first, second *engine.UpstreamError
	switch {
	case a == nil:
		return b
	case errors.As(b, &second) && second.Busy && errors.As(a, &first) && first.Busy:
		if second.RetryAfter < first.RetryAfter {
			return b
		}
		return a
	case errors.As(b, &second) && second.Busy:
		return b
	}
	return a
}

// choose reserves and returns the server to ask next: of those that are up, the one with the fewest answers in flight.
// If none is up, it chooses among the others, because a check may be wrong.
func (f *Fleet) choose(adapter *engine.Adapter, tried map[*member]bool) (*member, error) {
	name := ""
	if adapter != nil {
		name = adapter.Name
	}
	turn := int(f.turn.Add(1))
	for {
		var best *member
		var least load
		wait, full := time.Duration(0), false
		for i := range f.members {
			m := f.members[(turn+i)%len(f.members)]
			if tried[m] {
				continue
			}
			l := m.load(name)
			if l.rests > 0 {
				if wait == 0 || l.rests < wait {
					wait = l.rests
				}
				continue
			}
			if l.full {
				full = true
				continue
			}
			if best == nil || l.before(least) {
				best, least = m, l
			}
		}
		switch {
		case best == nil && wait > 0:
			return nil, &engine.UpstreamError{Busy: true, RetryAfter: wait, Message: "all model servers want to be left alone"}
		case best == nil && full:
			return nil, &engine.UpstreamError{Busy: true, RetryAfter: rest, Message: fmt.Sprintf(
				"all model servers make %d answers, which is their limit", f.options.Answers)}
		case best == nil:
			return nil, &engine.UpstreamError{Message: "no other model server is left to ask"}
		case best.reserve():
			return best, nil
		}
	}
}

// Load implements engine.Host. One server loads the adapter; the others load it when they first answer with it.
func (f *Fleet) Load(ctx context.Context, adapter *engine.Adapter) error {
	tried := map[*member]bool{}
	var failed error
	for {
		m, err := f.choose(adapter, tried)
		if err != nil {
			return worse(failed, err)
		}
		tried[m] = true
		err = m.ensure(ctx, adapter)
		m.release()
		if err == nil || ctx.Err() != nil {
			return err
		}
		failed = worse(failed, err)
	}
}

// Unload implements engine.Host. A server that is down unloads the adapter when it is back.
func (f *Fleet) Unload(ctx context.Context, name string) error {
	failures := make([]error, len(f.members))
	var asked sync.WaitGroup
	for i, m := range f.members {
		asked.Go(func() { failures[i] = m.drop(ctx, name) })
	}
	asked.Wait()
	return errors.Join(failures...)
}

// Loaded implements engine.Host. It returns the adapters that at least one server has.
func (f *Fleet) Loaded(ctx context.Context) ([]string, error) {
	lists, failures := make([][]string, len(f.members)), make([]error, len(f.members))
	var asked sync.WaitGroup
	for i, m := range f.members {
		asked.Go(func() { lists[i], failures[i] = m.Loaded(ctx) })
	}
	asked.Wait()
	var out []string
	all := true
	for i, list := range lists {
		out = append(out, list...)
		all = all && failures[i] != nil
	}
	if all {
		return nil, errors.Join(failures...)
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}
