package connect

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"cosmossdk.io/math"

	"github.com/openledger/openledger/amount"
	"github.com/openledger/openledger/openlora/session"
	"github.com/openledger/openledger/poa"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
)

// pooled is a session of the pool. Only the call that took it uses it.
type pooled struct {
	client *session.Client
	funded math.Int // all that was deposited
	used   time.Time
	taken  bool
	over   bool // it will only be closed
	ending bool // its answer was passed on, and it becomes free as soon as that is on disk
	// filling says that its deposit is being topped up; it may be used meanwhile.
	filling bool
	fill    time.Time // not before
	// put releases the budget that is set aside for the pending question of an earlier run; nil if there is none.
	put func()
	// failed counts failed attempts of the upkeep in a row. It waits longer after each, and does not try before due.
	failed int
	due    time.Time
}

// left returns the part of the deposit that is not spent, in aopen.
func (s *pooled) left() math.Int {
	return s.funded.Sub(math.NewIntFromBigInt(s.client.State.Spent.Big()))
}

func (s *pooled) serves(route Route) bool {
	state := s.client.State
	return state.ModelID == route.ModelID && state.Provider == route.Provider && state.Gateway == route.Gateway
}

// later schedules another attempt of the upkeep.
func (s *pooled) later() {
	s.failed++
	s.due = time.Now().Add(min(time.Second<<min(s.failed, 10), time.Minute))
}

// pool keeps sessions with providers, so that each call finds a free one.
type pool struct {
	wallet  *wallet
	market  *market
	deposit math.Int
	most    int // sessions at a time
	log     *slog.Logger
	note    func(asked session.Pending, answer *session.Answer, client *session.Client) error

	ctx  context.Context // for openings and closings, which go on if the waiting call ends
	work sync.WaitGroup

	mu      sync.Mutex
	all     map[poa.Hash]*pooled
	opening map[Route]int
	waiting map[Route]int
	leaving int // sessions that are being closed
	changed chan struct{}
}

// signal wakes the calls that wait for a session. The pool is locked.
func (p *pool) signal() {
	close(p.changed)
	p.changed = make(chan struct{})
}

// errFull reports that all sessions stayed in use.
var errFull = errors.New("all sessions are in use")

// take returns a session for a route with enough left for an answer. If needed, it opens one or tops one up. It waits
// while the number of sessions is at its limit.
func (p *pool) take(ctx context.Context, route Route, needed math.Int) (*pooled, error) {
	opened := make(chan error, 1)
	mine := false // this call has started an opening
	p.mu.Lock()
	p.waiting[route]++
	defer func() {
		p.mu.Lock()
		if p.waiting[route]--; p.waiting[route] == 0 {
			delete(p.waiting, route)
		}
		p.mu.Unlock()
	}()
	for {
		if free := p.free(route, needed); free != nil {
			if free.left().LT(needed) && free.filling {
				if err := p.wait(ctx); err != nil {
					return nil, err
				}
				continue
			}
			free.taken = true
			p.mu.Unlock()
			if free.left().GTE(needed) {
				return free, nil
			}
			if err := p.topUp(ctx, free, needed); err != nil {
				p.back(free)
				return nil, err
			}
			return free, nil
		}
		if !mine && p.opening[route] < p.waiting[route] && !p.ending(route) && p.room() {
			mine = true
			p.open(route, needed, opened)
		}
		changed := p.changed
		p.mu.Unlock()
		select {
		case err := <-opened:
			mine = false
			if err != nil {
				return nil, err
			}
		case <-changed:
		case <-ctx.Done():
			return nil, errors.Join(errFull, ctx.Err())
		}
		p.mu.Lock()
	}
}

// ending reports whether a session of a route is about to become free. The pool is locked.
func (p *pool) ending(route Route) bool {
	for _, one := range p.all {
		if one.ending && one.serves(route) {
			return true
		}
	}
	return false
}

// end records that the answer of a session was passed on.
func (p *pool) end(one *pooled) {
	p.mu.Lock()
	defer p.mu.Unlock()
	one.ending = true
}

// wait waits for a change of the pool. The pool is locked before and after, but not if wait returns an error.
func (p *pool) wait(ctx context.Context) error {
	changed := p.changed
	p.mu.Unlock()
	select {
	case <-changed:
	case <-ctx.Done():
		return errors.Join(errFull, ctx.Err())
	}
	p.mu.Lock()
	return nil
}

// free returns a session that is not taken. Of those with enough left it returns the one with the least, so that
// deposits are used up one after another; if none has enough, it returns one to top up. The pool is locked.
func (p *pool) free(route Route, needed math.Int) *pooled {
	var best *pooled
	for _, one := range p.all {
		if one.taken || one.over || one.client.State.Pending != nil || !one.serves(route) {
			continue
		}
		switch {
		case best == nil:
			best = one
		case one.left().GTE(needed) && (best.left().LT(needed) || one.left().LT(best.left())):
			best = one
		}
	}
	return best
}

// room reports whether one more session may be opened. At the limit, it closes the session of another route that has
// been idle longest. The pool is locked.
func (p *pool) room() bool {
	opening := 0
	for _, n := range p.opening {
		opening += n
	}
	if len(p.all)+opening+p.leaving < p.most {
		return true
	}
	var oldest *pooled
	for _, one := range p.all {
		if !one.taken && !one.over && one.client.State.Pending == nil &&
			(oldest == nil || one.used.Before(oldest.used)) {
			oldest = one
		}
	}
	if oldest != nil {
		p.leave(oldest)
	}
	return false
}

// open opens a session. It goes on if the waiting call has ended. The pool is locked.
func (p *pool) open(route Route, needed math.Int, opened chan<- error) {
	p.opening[route]++
	p.work.Go(func() {
		client, err := p.wallet.open(p.ctx, p.market, route, math.MaxInt(p.deposit, needed))
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.opening[route]--; p.opening[route] == 0 {
			delete(p.opening, route)
		}
		if err == nil {
			p.log.Info(
				"session opened",
				"session",
				client.State.ID,
				"model",
				modelName(route.ModelID),
				"provider",
				route.Provider,
				"deposit",
				amount.Format(math.MaxInt(p.deposit, needed)),
			)
			p.add(client, math.MaxInt(p.deposit, needed))
		} else {
			p.log.Warn("no session could be opened", "provider", route.Provider, "gateway", route.Gateway, "err", err)
		}
		opened <- err
		p.signal()
	})
}

// add puts a session into the pool. The pool is locked.
func (p *pool) add(client *session.Client, funded math.Int) *pooled {
	client.Use(p.market.client(client.State.Gateway))
	client.Later = true
	client.Note = func(asked session.Pending, answer *session.Answer) error { return p.note(asked, answer, client) }
	one := &pooled{client: client, funded: funded, used: time.Now()}
	p.all[client.State.ID] = one
	return one
}

// topUp tops up a deposit. It first reads what the chain holds, because an earlier top-up may have arrived although its
// confirmation was lost.
func (p *pool) topUp(ctx context.Context, one *pooled, needed math.Int) error {
	if err := p.refresh(ctx, one); err != nil || one.left().GTE(needed) {
		return err
	}
	sum := math.MaxInt(p.deposit, needed).Sub(one.left())
	if err := p.wallet.topUp(context.WithoutCancel(ctx), one.client, sum); err != nil {
		return fmt.Errorf("top up session %s: %w", one.client.State.ID, err)
	}
	p.log.Info("session topped up", "session", one.client.State.ID, "by", amount.Format(sum))
	return p.refresh(ctx, one)
}

// fillPause is the time after which a failed top-up ahead is tried again, if no call needs it earlier.
const fillPause = time.Minute

// topUpAhead tops up a deposit of which less than a quarter is left, so that no call has to wait for that. The session
// may be used meanwhile. The pool is locked.
func (p *pool) topUpAhead(one *pooled) {
	left := one.left()
	if one.filling || one.over || time.Now().Before(one.fill) || one.client.State.Pending != nil ||
		left.MulRaw(4).GTE(p.deposit) {
		return
	}
	one.filling = true
	p.work.Go(func() {
		sum := p.deposit.Sub(left)
		err := p.wallet.topUp(p.ctx, one.client, sum)
		var funded math.Int
		if err == nil {
			funded, err = p.deposited(p.ctx, one)
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		defer p.signal()
		one.filling = false
		if err != nil {
			one.fill = time.Now().Add(fillPause)
			p.log.Warn("a session could not be topped up ahead", "session", one.client.State.ID, "err", err)
			return
		}
		one.funded = funded
		p.log.Info("session topped up", "session", one.client.State.ID, "by", amount.Format(sum))
	})
}

// errGone reports that a session is not open on chain.
var errGone = errors.New("the session is not open any more")

// refresh reads what was deposited from the chain.
func (p *pool) refresh(ctx context.Context, one *pooled) error {
	funded, err := p.deposited(ctx, one)
	if err == nil {
		one.funded = funded
	}
	return err
}

// deposited returns sum of all deposits in a session.
func (p *pool) deposited(ctx context.Context, one *pooled) (math.Int, error) {
	stored, err := one.client.OnChain(ctx, p.wallet.node)
	if err != nil {
		return math.Int{}, err
	}
	if stored == nil || stored.Status != attributiontypes.SESSION_STATUS_OPEN {
		return math.Int{}, errGone
	}
	return stored.Deposit.Add(stored.Spent), nil
}

// give puts a session back that was used.
func (p *pool) give(one *pooled) {
	one.used = time.Now()
	p.back(one)
	p.mu.Lock()
	defer p.mu.Unlock()
	if !one.taken && p.all[one.client.State.ID] == one {
		p.topUpAhead(one)
	}
}

// back puts a session back.
func (p *pool) back(one *pooled) {
	p.mu.Lock()
	defer p.mu.Unlock()
	one.taken, one.ending = false, false
	if one.client.State.Pending == nil && one.put != nil {
		one.put()
		one.put = nil
	}
	p.signal()
}

// drop closes a session that is not gone on in.
func (p *pool) drop(one *pooled) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.leave(one)
}

// leave takes a session out of the pool and closes it. If that fails the upkeep tries again. The pool is locked.
func (p *pool) leave(one *pooled) {
	delete(p.all, one.client.State.ID)
	p.leaving++
	p.work.Go(func() {
		err := p.wallet.close(p.ctx, one.client)
		p.mu.Lock()
		defer p.mu.Unlock()
		p.leaving--
		defer p.signal()
		if err != nil {
			p.log.Warn("a session could not be closed yet", "session", one.client.State.ID, "err", err)
			one.taken, one.over = false, true
			one.later()
			p.all[one.client.State.ID] = one
			return
		}
		p.log.Info("session closed", "session", one.client.State.ID)
		if one.put != nil {
			one.put()
			one.put = nil
		}
	})
}

// claim returns the session in which a question is pending that is asked again, and takes it.
func (p *pool) claim(matches func(session.Pending) bool) *pooled {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, one := range p.all {
		if !one.taken && !one.over && one.client.State.Pending != nil && matches(*one.client.State.Pending) {
			one.taken = true
			return one
		}
	}
	return nil
}

// idle takes the sessions that nobody has taken and that wanted accepts.
func (p *pool) idle(wanted func(*pooled) bool) []*pooled {
	p.mu.Lock()
	defer p.mu.Unlock()
	var idle []*pooled
	for _, one := range p.all {
		if !one.taken && wanted(one) {
			one.taken = true
			idle = append(idle, one)
		}
	}
	return idle
}
