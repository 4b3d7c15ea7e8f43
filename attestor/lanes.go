package attestor

import (
	"context"
	"slices"
	"sync"
)

// lanes give slots to waiting tasks, one class after another. However many tasks one class has, a task of another class
// runs next. A long task calls pause to let others run.
type lanes struct {
	slots int                    // free
	most  int                    // how many may be under way, paused ones included
	limit func(class string) int // how many of a class may be under way

	mu      sync.Mutex
	turn    uint64
	waiting []*ticket         // in the order in which they came
	under   map[string]int    // under way, by class
	served  map[string]uint64 // turn in which a class that is here had a slot last
	total   int               // under way
}

// ticket is one piece of work in the lanes.
type ticket struct {
	lanes   *lanes
	class   string
	came    uint64        // turn
	ready   chan struct{} // closed when it has a slot
	started bool
	holds   bool
}

func newLanes(slots, most int, limit func(class string) int) *lanes {
	return &lanes{slots: slots, most: most, limit: limit, under: make(map[string]int), served: make(map[string]uint64)}
}

// enter waits for a slot. The caller must leave it.
func (l *lanes) enter(ctx context.Context, class string) (*ticket, error) {
	t := &ticket{lanes: l, class: class}
	l.mu.Lock()
	l.enqueue(t)
	l.mu.Unlock()
	if err := t.wait(ctx); err != nil {
		t.leave()
		return nil, err
	}
	return t, nil
}

// do runs f with a slot.
func (l *lanes) do(ctx context.Context, class string, f func(*ticket)) error {
	t, err := l.enter(ctx, class)
	if err != nil {
		return err
	}
	defer t.leave()
	f(t)
	return nil
}

// enqueue puts a ticket at the end and serves who is next; the caller holds the lock.
func (l *lanes) enqueue(t *ticket) {
	t.came, t.ready = l.turn, make(chan struct{})
	l.waiting = append(l.waiting, t)
	l.serve()
}

// serve gives free slots away; the caller holds the lock.
func (l *lanes) serve() {
	for l.slots > 0 {
		i := l.next()
		if i < 0 {
			return
		}
		t := l.waiting[i]
		l.waiting = slices.Delete(l.waiting, i, i+1)
		l.turn++
		l.served[t.class] = l.turn
		l.slots--
		if !t.started {
			t.started = true
			l.under[t.class]++
			l.total++
		}
		t.holds = true
		close(t.ready)
	}
}

// next returns the place of the task that waits longest, counted from its arrival or from the last slot of its class;
// -1 if none waits.
func (l *lanes) next() int {
	best := -1
	var since, served uint64
	for i, t := range l.waiting {
		if !t.started && (l.total >= l.most || l.under[t.class] >= l.limit(t.class)) {
			continue
		}
		last := l.served[t.class]
		if at := max(t.came, last); best < 0 || at < since || at == since && last < served {
			best, since, served = i, at, last
		}
	}
	return best
}

// wait returns when the ticket has a slot, or an error.
func (t *ticket) wait(ctx context.Context) error {
	select {
	case <-t.ready:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// pause lets who waits in another class go first.
func (t *ticket) pause(ctx context.Context) error {
	l := t.lanes
	l.mu.Lock()
	if i := l.next(); i < 0 || l.waiting[i].class == t.class {
		l.mu.Unlock()
		return ctx.Err()
	}
	t.holds = false
	l.slots++
	l.enqueue(t)
	l.mu.Unlock()
	return t.wait(ctx)
}

// leave gives back what the ticket has.
func (t *ticket) leave() {
	l := t.lanes
	l.mu.Lock()
	defer l.mu.Unlock()
	if t.holds {
		t.holds = false
		l.slots++
	} else if i := slices.Index(l.waiting, t); i >= 0 {
		l.waiting = slices.Delete(l.waiting, i, i+1)
	}
	if t.started {
		t.started = false
		l.total--
		l.under[t.class]--
	}
	if l.under[t.class] <= 0 && !slices.ContainsFunc(l.waiting,
		func(other *ticket) bool { return other.class == t.class }) {
		delete(l.under, t.class)
		delete(l.served, t.class)
	}
	l.serve()
}
