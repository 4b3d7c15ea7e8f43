package gateway

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"sync"
)

// turns shares out answers among models: at most most at the same time, and at most perModel of one model. Requests
// that must wait stand in a queue for each model, and the queues take turns, so that requests for a popular model do
// not delay those for other models. When there is no more room to wait, the last request of the model with the most of
// them gives its place to one for another model. It is safe for concurrent use.
type turns struct {
	most, perModel, inside int // answers at a time, of one model; requests that run or wait
	mostLoads              int // models that are loaded at a time

	mu       sync.Mutex
	arrived  int
	places   map[uint64][]*place // that wait, in the order of their arrival
	loads    map[uint64]int      // requests that wait for a model to be loaded
	running  int
	byModel  map[uint64]int
	queues   map[uint64][]*turn
	rotation []uint64 // models with requests that wait, the next one first
}

// place is that of a request in the room.
type place struct {
	of     *turns
	model  uint64
	ctx    context.Context // of the wait: it ends when the place is taken away
	cancel context.CancelFunc
	state  placeState
}

type placeState int

const (
	placeWaits placeState = iota
	placeRuns
	placeTaken // for another request
	placeLeft
)

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
	inside := l.Concurrent + max(l.Waiting, 0)
	return &turns{most: l.Concurrent, perModel: perModel, inside: inside, mostLoads: max(1, inside/2),
		places: make(map[uint64][]*place), loads: make(map[uint64]int),
		byModel: make(map[uint64]int), queues: make(map[uint64][]*turn)}
}

func overloaded() error {
	return &httpError{status: http.StatusServiceUnavailable, code: "overloaded",
		message: "all slots are busy and the queue is full: try again"}
}

// arrive admits a request for a model if there is room to wait, or makes room. The caller must call leave when the
// request ends.
func (t *turns) arrive(ctx context.Context, model uint64) (*place, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.arrived >= t.inside && !t.makeRoom(model) {
		return nil, overloaded()
	}
	t.arrived++
	p := &place{of: t, model: model}
	p.ctx, p.cancel = context.WithCancel(ctx)
	t.places[model] = append(t.places[model], p)
	return p, nil
}

// makeRoom takes the place of the last request of the model with the most waiting requests, if that has more than the
// given model will have. The caller holds the lock.
func (t *turns) makeRoom(model uint64) bool {
	most := len(t.places[model]) + 1
	var last *place
	for _, places := range t.places {
		if len(places) > most {
			most, last = len(places), places[len(places)-1]
		}
	}
	if last == nil {
		return false
	}
	last.end(placeTaken)
	return true
}

// end ends the wait of a place. The caller holds the lock.
func (p *place) end(state placeState) {
	t := p.of
	if p.state == placeWaits {
		t.places[p.model] = slices.DeleteFunc(t.places[p.model], func(other *place) bool { return other == p })
		if len(t.places[p.model]) == 0 {
			delete(t.places, p.model)
		}
	}
	p.state = state
	if state == placeTaken || state == placeLeft {
		t.arrived--
		p.cancel()
	}
}

// run notes that the request waits no more, so that its place is no longer taken away. It returns an error if it was.
func (p *place) run() error {
	p.of.mu.Lock()
	defer p.of.mu.Unlock()
	if p.state == placeTaken {
		return overloaded()
	}
	p.end(placeRuns)
	return nil
}

// leave ends the request.
func (p *place) leave() {
	p.of.mu.Lock()
	defer p.of.mu.Unlock()
	if p.state == placeWaits || p.state == placeRuns {
		p.end(placeLeft)
	}
}

// refused returns the error of a wait: that the place was taken away, if it was.
func (p *place) refused(err error) error {
	p.of.mu.Lock()
	defer p.of.mu.Unlock()
	if err != nil && p.state == placeTaken {
		return overloaded()
	}
	return err
}

// load admits a request that needs its model to be loaded. It refuses one if many other models are being loaded, so
// that slow downloads leave room for requests that need none. The caller must call loaded.
func (p *place) load() (loaded func(), err error) {
	t := p.of
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.loads[p.model] == 0 && len(t.loads) >= t.mostLoads {
		return nil, overloaded()
	}
	t.loads[p.model]++
	return func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		if t.loads[p.model]--; t.loads[p.model] == 0 {
			delete(t.loads, p.model)
		}
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
