package gateway

import (
	"context"
	"sync"
	"time"

	"github.com/openledger/openledger/poa"
)

// lockPatience is the longest time that a call waits for the one before it. A client may send its next voucher before
// the handler of its last answer has returned.
const lockPatience = 2 * time.Second

// sessionLocks allow one call of a session at a time.
type sessionLocks struct {
	mu   sync.Mutex
	busy map[poa.Hash]chan struct{} // closed when the call has ended
}

// lock returns false if another call of the session does not end in time.
func (s *sessionLocks) lock(ctx context.Context, id poa.Hash) bool {
	patience := time.NewTimer(lockPatience)
	defer patience.Stop()
	for {
		over := s.try(id)
		if over == nil {
			return true
		}
		select {
		case <-over:
		case <-patience.C:
			return false
		case <-ctx.Done():
			return false
		}
	}
}

// try locks the session, or returns a channel that is closed when it is free.
func (s *sessionLocks) try(id poa.Hash) chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if over := s.busy[id]; over != nil {
		return over
	}
	if s.busy == nil {
		s.busy = make(map[poa.Hash]chan struct{})
	}
	s.busy[id] = make(chan struct{})
	return nil
}

func (s *sessionLocks) unlock(id poa.Hash) {
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.busy[id])
	delete(s.busy, id)
}
