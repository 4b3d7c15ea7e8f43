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
	// checkPatience is the time in which a server must answer a check.
	checkPatience = 3 * time.Second
	// missed is the number of failed failed checks in a row after which a server is down.
	missed = 2
	// failing is the number of failed failed answers in a row after which a server is down.
	failing = 3
)

// errDown ends an attempt without a word when its server goes down.
var errDown = &engine.UpstreamError{Message: "the model server does not answer any more"}

// member is a server of a fleet.
type member struct {
	*Server
	most int // largest number of answers at a time; 0 means no limit
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
	drops    map[string]bool          // adapters to unload when the server is back
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

// load is the load of a server.
type load struct {
	down  bool
	rests time.Duration // the server asked to wait so long
	full  bool
	score int // answers in flight, plus cold if it must load the adapter
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

// reserve counts an answer, and returns false if the server is at its limit.
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

// attempt is a request for an answer to one server.
type attempt struct {
	mu     sync.Mutex
	said   bool
	given  bool // up: its server is down
	cancel context.CancelCauseFunc
}

// speak records the first word. It returns false if the attempt was given up before.
func (a *attempt) speak() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.said = a.said || !a.given
	return a.said
}

// giveUp ends the attempt, unless a word has come already.
func (a *attempt) giveUp() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.said {
		a.given = true
		a.cancel(errDown)
	}
}

// answer asks the server, and once more if it had lost the adapter. It reports whether a word was passed on.
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

// told returns the reason for which an attempt failed: the cause of a cancellation instead of the cancellation.
func (m *member) told(ctx context.Context, err error) error {
	if err != nil && errors.Is(context.Cause(ctx), errDown) {
		return errDown
	}
	return err
}

// forgotten reports whether an answer failed because the server lost the adapter, and records the loss.
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

// judge updates the state of the server by the outcome of an answer.
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
			return // the caller gave up
		}
		if m.failed++; upstream.Code == 0 && m.failed == 1 && !m.down {
			m.log.Error("a model server failed", "err", err)
		}
		if m.failed >= failing {
			m.fall(err)
		}
	}
}

// fall marks the server as down, and gives up the attempts that it has not begun to answer. The caller holds the lock.
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

// ensure makes the server load an adapter that it does not have. Concurrent calls for the same adapter wait for one
// load.
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

// drop makes the server unload an adapter when no answer in flight uses it.
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
				return nil // the server unloads it when it is back
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

// check asks whether the server is alive. If it is back after being down, check asks for its adapters.
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

// rise marks a server that was down as up. The server unloads what it should have unloaded meanwhile.
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
			m.log.Error("an adapter could not be unloaded", "adapter", name, "err", err)
		}
	}
}
