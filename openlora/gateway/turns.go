package gateway

import (
	"context"
	"errors"
	"net/http"
	"sync"
)

// turns shares out answers among models: at most most at the same time, and perModel of one model. Who has to wait gets
// the next turn of the model's own queue, and the queues take turns, so that a model that many ask for does not keep
// others from answering. It is safe for concurrent use.
type turns struct {
	most, perModel, inside int // answers at a time, of one model, and requests that are here, with those that wait

	mu       sync.Mutex
	arrived  int
	running  int
	byModel  map[uint64]int
	queues   map[uint64][]*turn
	rotation []uint64 // models that somebody waits for, the next one in front
}

// turn is a request that waits.
type turn struct {
	model   uint64
	granted chan struct{}
}

func newTurns(l Limits) *turns {
	perModel := l.PerModel
	if perModel <= 0 || perModel > l.Concurrent {
		perModel = l.Concurrent
	}
	return &turns{most: l.Concurrent, perModel: perModel, inside: l.Concurrent + max(l.Waiting, 0),
		byModel: make(map[uint64]int), queues: make(map[uint64][]*turn)}
}

func overloaded() error {
	return &httpError{status: http.StatusServiceUnavailable, code: "overloaded",
		message: "all slots are answering, and as many requests wait as may: try again"}
}

// arrive lets a request in, if there is room to wait. leave ends its visit.
func (t *turns) arrive() (leave func(), err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.arrived >= t.inside {
		return nil, overloaded()
	}
	t.arrived++
	return func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.arrived--
	}, nil
}

// enter waits for a turn of a model. leave ends it.
func (t *turns) enter(ctx context.Context, model uint64) (leave func(), waited bool, err error) {
	t.mu.Lock()
	mine := &turn{model, make(chan struct{})}
	if len(t.queues[model]) == 0 {
		t.rotation = append(t.rotation, model)
	}
	t.queues[model] = append(t.queues[model], mine)
	t.grant()
	t.mu.Unlock()
	leave = sync.OnceFunc(func() { t.leave(model) })
	select {
	case <-mine.granted:
		return leave, false, nil
	default:
	}
	select {
	case <-mine.granted:
		return leave, true, nil
	case <-ctx.Done():
		if t.abandon(mine) {
			leave()
		}
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			return nil, true, overloaded()
		}
		return nil, true, ctx.Err()
	}
}

// grant gives turns to those that may have one; the caller holds the lock.
func (t *turns) grant() {
	for passed := 0; t.running < t.most && passed < len(t.rotation); {
		model := t.rotation[0]
		t.rotation = t.rotation[1:]
		if t.byModel[model] >= t.perModel {
			t.rotation = append(t.rotation, model)
			passed++
			continue
		}
		queue := t.queues[model]
		close(queue[0].granted)
		t.running++
		t.byModel[model]++
		t.keep(model, queue[1:])
		passed = 0
	}
}

// keep leaves a model in the rotation as long as somebody waits for it; the caller has taken it out, and holds the
// lock.
func (t *turns) keep(model uint64, queue []*turn) {
	if len(queue) == 0 {
		delete(t.queues, model)
		return
	}
	t.queues[model] = queue
	t.rotation = append(t.rotation, model)
}

func (t *turns) leave(model uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.running--
	if t.byModel[model]--; t.byModel[model] == 0 {
		delete(t.byModel, model)
	}
	t.grant()
}

// abandon gives up waiting. It reports whether the turn had come already.
func (t *turns) abandon(mine *turn) (granted bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	select {
	case <-mine.granted:
		return true
	default:
	}
	queue := t.queues[mine.model]
	for i, other := range queue {
		if other == mine {
			queue = append(queue[:i:i], queue[i+1:]...)
			break
		}
	}
	if t.queues[mine.model] = queue; len(queue) == 0 {
		delete(t.queues, mine.model)
		for i, model := range t.rotation {
			if model == mine.model {
				t.rotation = append(t.rotation[:i:i], t.rotation[i+1:]...)
				break
			}
		}
	}
	return false
}

// waiting is how many requests wait for each model.
func (t *turns) waiting() map[uint64]int {
	t.mu.Lock()
	defer t.mu.Unlock()
	out := make(map[uint64]int, len(t.queues))
	for model, queue := range t.queues {
		out[model] = len(queue)
	}
	return out
}
