package gateway

import (
	"context"
	"errors"
	"net/http"
	"sync"
)

// turns shares out answers among models: at most most at the same time, and at most perModel of one model. Requests
// that must wait stand in a queue for each model, and the queues take turns, so that requests for a popular model do
// not delay those for other models. It is safe for concurrent use.
type turns struct {
	most, perModel, inside int // answers at a time, of one model; requests that run or wait

	mu       sync.Mutex
	arrived  int
	running  int
	byModel  map[uint64]int
	queues   map[uint64][]*turn
	rotation []uint64 // models with requests that wait, the next one first
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
		message: "all slots are busy and the queue is full: try again"}
}

// arrive admits a request if there is room to wait. The caller must call leave when the request ends.
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

// enter waits for a turn of a model. The caller must call leave when the turn ends.
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

// grant gives turns to requests that wait, within the limits. The caller holds the lock.
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

// keep puts a model back into the rotation if requests still wait for it. The caller has removed it, and holds the
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

// abandon ends the wait of a request. It reports whether its turn had already come.
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

// waiting returns the number of requests that wait, by model.
func (t *turns) waiting() map[uint64]int {
	t.mu.Lock()
	defer t.mu.Unlock()
	out := make(map[uint64]int, len(t.queues))
	for model, queue := range t.queues {
		out[model] = len(queue)
	}
	return out
}
