package upstream

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/openledger/openledger/openlora/engine"
)

const (
	// checkPatience is how long a server may take to say that it is alive.
	checkPatience = 3 * time.Second
	// missed is how many checks in a row a server fails before it is down.
	missed = 2
	// failing is how many answers in a row fail before a server is down.
	failing = 3
)

// errDown ends an attempt of which no word has come when its server is down.
var errDown = &engine.UpstreamError{Message: "the model server does not answer any more"}

// member is a server of a fleet.
type member struct {
	*Server
	most int // answers at a time; 0: no limit
	log  *slog.Logger

	loading singleflight.Group

	mu       sync.Mutex
	down     bool
	misses   int // checks in a row
	failed   int // answers in a row
	rests    time.Time
	flying   int
	has      map[string]bool          // adapters
	using    map[string]int           // answers in flight with an adapter
	unused   map[string]chan struct{} // closed when no answer is in flight with an adapter
	drops    map[string]bool          // what it could not be told to unload
	attempts map[*attempt]bool
	answers  uint64
	failures uint64
	loads    uint64
}

func newMember(server *Server, options FleetOptions) *member {
	return &member{
		Server: server, most: options.Answers, log: options.Log.With("url", server.Name()), has: map[string]bool{},
		using: map[string]int{}, unused: map[string]chan struct{}{}, drops: map[string]bool{}, attempts: map[*attempt]bool{},
	}
}

// load says how busy a server is.
type load struct {
	down  bool
	rests time.Duration // wants to be left alone for so long
	full  bool
	score int // answers in flight, and what it takes to load an adapter
}

func (l load) before(other load) bool {
	if l.down != other.down {
		return other.down
	}
	return l.score < other.score
}

func (m *member) load(adapter string) load {
	m.mu.Lock()
	defer m.mu.Unlock()
	l := load{down: m.down, rests: max(0, time.Until(m.rests)), full: m.most > 0 && m.flying >= m.most, score: m.flying}
	if adapter != "" && !m.has[adapter] {
		l.score += cold
	}
	return l
}

// reserve counts an answer in, unless the server has as many as it may.
func (m *member) reserve() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.most > 0 && m.flying >= m.most {
		return false
	}
	m.flying++
	return true
}

func (m *member) release() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.flying--
}

// attempt is an answer that was asked for.
type attempt struct {
	mu     sync.Mutex
	said   bool
	given  bool // up: its server is down
	cancel context.CancelCauseFunc
}

// speak notes that a word has come, and returns false if the attempt was given up before.
func (a *attempt) speak() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.said = a.said || !a.given
	return a.said
}

// giveUp ends the attempt, unless a word has come.
func (a *attempt) giveUp() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.said {
		a.given = true
		a.cancel(errDown)
	}
}

// answer asks the server once, or once more if it had forgotten the adapter, and reports whether a word was passed on.
func (m *member) answer(ctx context.Context, request engine.Request, emit func(string) error) (said bool,
	reply engine.Reply, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	a := &attempt{cancel: cancel}
	m.begin(a, request.Adapter)
	defer m.end(a, request.Adapter)
	for again := false; ; again = true {
		if request.Adapter != nil {
			if err := m.ensure(ctx, request.Adapter); err != nil {
				m.judge(ctx, err)
				return false, engine.Reply{}, m.told(ctx, err)
			}
		}
		reply, err = m.Server.Answer(ctx, request, func(piece string) error {
			if !a.speak() {
				return errDown
			}
			return emit(piece)
		})
		if a.said || again || request.Adapter == nil || !m.forgotten(err, request.Adapter.Name) {
			break
		}
	}
	if !a.said && request.Adapter != nil && m.forgotten(err, request.Adapter.Name) {
		err = blamed(err, request.Adapter.Name, "the model server forgets it as soon as it has it")
	}
	err = m.told(ctx, err)
	m.judge(ctx, err)
	return a.said, reply, err
}

// told is why an attempt has failed: not that it was cancelled, but what for.
func (m *member) told(ctx context.Context, err error) error {
	if err != nil && errors.Is(context.Cause(ctx), errDown) {
		return errDown
	}
	return err
}

// forgotten says that an answer has failed because the server has lost the adapter, and notes it.
func (m *member) forgotten(err error, adapter string) bool {
	var upstream *engine.UpstreamError
	if !errors.As(err, &upstream) || !m.driver.lacks(upstream) {
		return false
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.has, adapter)
	return true
}

func (m *member) begin(a *attempt, adapter *engine.Adapter) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.attempts[a] = true
	if adapter != nil {
		m.using[adapter.Name]++
		if m.unused[adapter.Name] == nil {
			m.unused[adapter.Name] = make(chan struct{})
		}
	}
}

func (m *member) end(a *attempt, adapter *engine.Adapter) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.attempts, a)
	if adapter == nil {
		return
	}
	if m.using[adapter.Name]--; m.using[adapter.Name] == 0 {
		close(m.unused[adapter.Name])
		delete(m.unused, adapter.Name)
		delete(m.using, adapter.Name)
	}
}

// judge learns from how an answer has ended.
func (m *member) judge(ctx context.Context, err error) {
	var upstream *engine.UpstreamError
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case err == nil:
		m.answers++
		m.failed = 0
	case errors.As(err, &upstream) && upstream.Busy:
		m.failures++
		pause := upstream.RetryAfter
		if pause == 0 {
			pause = rest
		}
		m.rests = time.Now().Add(pause)
	case !errors.As(err, &upstream) || upstream.Refused || errors.Is(err, engine.ErrAdapter):
		// the client or the adapter is at fault
	default:
		m.failures++
		if ctx.Err() != nil && !errors.Is(err, errDown) {
			return // who asked had enough
		}
		if m.failed++; upstream.Code == 0 && m.failed == 1 && !m.down {
			m.log.Error("a model server failed", "err", err)
		}
		if m.failed >= failing {
			m.fall(err)
		}
	}
}

// fall marks the server as down, and gives up what it was asked and has not begun to answer. The caller holds the lock.
func (m *member) fall(err error) {
	if m.down {
		return
	}
	m.down = true
	m.log.Error("a model server is down: others are asked until it is back", "err", err)
	for a := range m.attempts {
		a.giveUp()
	}
}

// ensure has the server load an adapter that it does not have. Several that want the same wait for one loading.
func (m *member) ensure(ctx context.Context, adapter *engine.Adapter) error {
	m.mu.Lock()
	has := m.has[adapter.Name]
	m.mu.Unlock()
	if has {
		return nil
	}
	done := m.loading.DoChan(adapter.Name, func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), loadPatience)
		defer cancel()
		if err := m.Load(ctx, adapter); err != nil {
			return nil, err
		}
		m.mu.Lock()
		defer m.mu.Unlock()
		m.loads++
		m.has[adapter.Name] = true
		delete(m.drops, adapter.Name)
		return nil, nil
	})
	select {
	case result := <-done:
		return result.Err
	case <-ctx.Done():
		return &engine.UpstreamError{Message: "adapter " + adapter.Name + ": " + context.Cause(ctx).Error()}
	}
}

// drop has the server forget an adapter when no answer is in flight with it.
func (m *member) drop(ctx context.Context, name string) error {
	for {
		m.mu.Lock()
		unused := m.unused[name]
		if unused == nil {
			delete(m.has, name)
			m.drops[name] = true
			down := m.down
			m.mu.Unlock()
			if down {
				return nil // it is told when it is back
			}
			break
		}
		m.mu.Unlock()
		select {
		case <-unused:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if err := m.Unload(ctx, name); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.drops, name)
	return nil
}

// watch checks the server until ctx ends.
func (m *member) watch(ctx context.Context, interval time.Duration) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(interval):
		}
		m.check(ctx)
	}
}

// check asks whether the server is alive. One that is back is asked which adapters it has.
func (m *member) check(ctx context.Context) {
	patient, cancel := context.WithTimeout(ctx, checkPatience)
	err := m.driver.alive(patient)
	cancel()
	if ctx.Err() != nil {
		return
	}
	m.mu.Lock()
	if err != nil {
		if m.misses++; m.misses >= missed {
			m.fall(err)
		}
		m.mu.Unlock()
		return
	}
	m.misses = 0
	back := m.down
	m.mu.Unlock()
	if back {
		m.rise(ctx)
	}
}

// rise marks a server that was down as up. What it was to forget meanwhile it is told now.
func (m *member) rise(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, checkPatience)
	defer cancel()
	names, err := m.Loaded(ctx)
	if err != nil {
		return // not yet
	}
	m.mu.Lock()
	var drops []string
	for _, name := range names {
		if m.drops[name] {
			drops = append(drops, name)
		}
	}
	clear(m.drops)
	m.has = map[string]bool{}
	for _, name := range names {
		m.has[name] = !slices.Contains(drops, name)
	}
	m.down, m.failed, m.rests = false, 0, time.Time{}
	m.mu.Unlock()
	m.log.Info("a model server is back", "adapters", len(names)-len(drops))
	for _, name := range drops {
		if err := m.drop(ctx, name); err != nil {
			m.log.Error("an adapter is not unloaded", "adapter", name, "err", err)
		}
	}
}
