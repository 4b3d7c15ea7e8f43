package connect

import (
	"context"
	"sync"
	"time"
)

// endings are the streams whose clients may have been told the end of an answer that the ledger does not have yet.
type endings struct {
	mu   sync.Mutex
	open map[chan struct{}]struct{}
}

// endingPatience is how long somebody who asks what was spent waits for the ledger.
const endingPatience = time.Second

// begin adds a stream. The caller calls what it returns when the ledger has the answer, or never will.
func (e *endings) begin() (over func()) {
	ending := make(chan struct{})
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.open == nil {
		e.open = make(map[chan struct{}]struct{})
	}
	e.open[ending] = struct{}{}
	return func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		delete(e.open, ending)
		close(ending)
	}
}

// wait returns when those are over that have begun, or when it has waited long enough.
func (e *endings) wait(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, endingPatience)
	defer cancel()
	e.mu.Lock()
	begun := make([]chan struct{}, 0, len(e.open))
	for ending := range e.open {
		begun = append(begun, ending)
	}
	e.mu.Unlock()
	for _, ending := range begun {
		select {
		case <-ending:
		case <-ctx.Done():
			return
		}
	}
}
