package gateway

import (
	"context"
	"errors"
	"sync"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/openledger/openledger/internal/lru"
	"github.com/openledger/openledger/openlora/outbox"
	"github.com/openledger/openledger/poa"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
)

// The engine begins with the next call of a session while the chain is asked whether the session stands as it did at
// the call before, and while the call is written to disk. Nothing the engine says leaves the gateway before both are
// done: a call that is refused after all has cost the engine some milliseconds.

// maxKept bounds the sessions that are remembered as the chain last said them.
const maxKept = 4096

// keptSessions are sessions as the chain said them for an earlier call. It is safe for concurrent use.
type keptSessions struct {
	mu    sync.Mutex
	table *lru.Table[poa.Hash, attributiontypes.Session]
}

func newKeptSessions() *keptSessions {
	return &keptSessions{table: lru.New[poa.Hash, attributiontypes.Session](maxKept)}
}

func (k *keptSessions) get(id poa.Hash) (attributiontypes.Session, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.table.Get(id)
}

// set keeps a session that calls may go on in, and forgets any other.
func (k *keptSessions) set(id poa.Hash, session attributiontypes.Session) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if session.Status == attributiontypes.SESSION_STATUS_OPEN {
		k.table.Set(id, session)
	} else {
		k.table.Delete(id)
	}
}

func (k *keptSessions) forget(id poa.Hash) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.table.Delete(id)
}

// readSession reads a session from the chain.
func (g *Gateway) readSession(ctx context.Context, id poa.Hash) (attributiontypes.Session, error) {
	var response *attributiontypes.QuerySessionResponse
	err := patiently(ctx, func(ctx context.Context) (err error) {
		response, err = g.Node.Attribution.Session(ctx, &attributiontypes.QuerySessionRequest{SessionId: id.String()})
		return err
	})
	switch code := status.Code(err); {
	case code == codes.NotFound || code == codes.InvalidArgument:
		g.kept.forget(id)
		return attributiontypes.Session{}, badRequest("openledger.session", "session %s: %s", id, err)
	case err != nil:
		return attributiontypes.Session{}, err
	}
	g.kept.set(id, response.Session)
	return response.Session, nil
}

// recording is a call on its way to the disk. A nil one is there.
type recording struct {
	done chan struct{}
	err  error
}

// record does a call's recording while the engine begins.
func record(do func() error) *recording {
	r := &recording{done: make(chan struct{})}
	go func() {
		defer close(r.done)
		r.err = do()
	}()
	return r
}

// wait returns when the call is on disk, or why it is not.
func (r *recording) wait() error {
	if r == nil {
		return nil
	}
	<-r.done
	return r.err
}

// keepAlive keeps a stream alive as soon as the call is on disk: a comment settles the status. stop ends it.
func (r *recording) keepAlive(to *stream, every time.Duration) (stop func()) {
	if r == nil {
		return to.KeepAlive(every)
	}
	ended, over := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(over)
		select {
		case <-ended:
			return
		case <-r.done:
		}
		if r.err == nil {
			defer to.KeepAlive(every)()
		}
		<-ended
	}()
	return func() {
		close(ended)
		<-over
	}
}

// errUnfinished says that words of the call before were sent, and that it has no outcome yet.
var errUnfinished = errors.New("the call before has no outcome")

// beginKept starts a call with the session that the chain returned for the call before. The session that the chain
// returns now decides whether the call is recorded. If beginKept returns false, it has changed nothing, and the caller
// must read the chain first.
func (x *exchange) beginKept(ctx context.Context) bool {
	before := x.state
	err := x.foresee()
	if err == nil {
		x.adapter, err = x.lease(ctx)
	}
	if err != nil {
		x.state = before
		return false
	}
	now, state, call := *x, x.state, x.call
	now.state = before
	x.recorded = record(func() (err error) {
		defer func() {
			if err != nil {
				now.gateway.kept.forget(state.ID) // the next call asks the chain first
			}
		}()
		if now.chain, err = now.fresh(); err != nil {
			return err
		}
		for _, check := range []func() error{
			func() error { return now.gateway.checkOpen(now.chain, now.request.Model) },
			func() error { return now.mayAnswer(ctx) },
			func() error { return now.covered(call.MaxFee) },
		} {
			if err := check(); err != nil {
				return err
			}
		}
		return now.gateway.Outbox.Advance(state, call)
	})
	return true
}

// foresee checks all that can be checked of the next call without the chain, and moves the state to it.
func (x *exchange) foresee() error {
	_, err := x.gateway.Outbox.Unfinished(x.state.ID, x.state.N)
	if !errors.Is(err, outbox.ErrNotFound) {
		return errUnfinished
	}
	if err := x.mayAsk(); err != nil {
		return err
	}
	if x.most, err = x.affordable(x.call.MaxFee); err != nil {
		return err
	}
	return x.takeVoucher()
}
