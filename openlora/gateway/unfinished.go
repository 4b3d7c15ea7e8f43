package gateway

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/openledger/openledger/openlora/api"
	"github.com/openledger/openledger/openlora/engine"
	"github.com/openledger/openledger/openlora/outbox"
	"github.com/openledger/openledger/poa"
)

// unfinishedRetry is how long an answer that cannot be signed for yet waits for the next attempt.
const unfinishedRetry = 5 * time.Second

// FinishAll signs for the answers of which words were sent when the gateway was last killed: what a client has is paid.
// It returns when all have an outcome, or ctx ends. The gateway may serve meanwhile.
func (g *Gateway) FinishAll(ctx context.Context) error {
	for {
		left, err := g.finishEach(ctx)
		if err != nil || left == 0 {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(unfinishedRetry):
		}
	}
}

// finishEach makes one attempt at each unfinished answer, and returns how many are left.
func (g *Gateway) finishEach(ctx context.Context) (left int, err error) {
	unfinished, err := g.Outbox.AllUnfinished()
	if err != nil {
		return 0, err
	}
	for _, words := range unfinished {
		if err := g.finishSession(ctx, words.Session); err != nil {
			g.Log.Error("an answer that was sent cannot be signed for yet", "session", words.Session, "call", words.N, "err",
				err)
			left++
		}
	}
	return left, nil
}

func (g *Gateway) finishSession(ctx context.Context, id poa.Hash) error {
	if !g.sessions.lock(ctx, id) {
		return errors.New("a call of the session is in flight")
	}
	defer g.sessions.unlock(id)
	x := &exchange{gateway: g, request: &api.Request{OpenLedger: &api.Call{Session: id}}}
	err := x.read(ctx)
	if err == nil {
		err = x.resume()
	}
	if err != nil {
		state, unknown := g.Outbox.Session(id)
		if unknown != nil || !forGood(err) {
			return errors.Join(err, unknown)
		}
		x.state = state // the chain has no such session any more, or nothing more can be submitted
		return x.giveUp(err)
	}
	return x.finishLast(ctx)
}

// finishLast gives the last call of the session an outcome if words of its answer were sent and the process was killed
// before it had one. The caller holds the session.
func (x *exchange) finishLast(ctx context.Context) error {
	words, err := x.gateway.Outbox.Unfinished(x.state.ID, x.state.N)
	if errors.Is(err, outbox.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	stored, err := x.gateway.Outbox.Call(x.state.ID, x.state.N)
	if err != nil || !stored.Started {
		return err
	}
	last := *x
	last.request, last.call, last.input = &api.Request{}, stored, words.InputTokens
	last.call.Retrieved = words.Retrieved
	err = last.finishWith(ctx, words.Text)
	if err != nil && forGood(err) {
		err = last.giveUp(err)
	}
	x.state = last.state
	return err
}

// finishWith signs for the words that were sent, and stores the outcome.
func (x *exchange) finishWith(ctx context.Context, text string) error {
	if err := x.loadLibrary(ctx); err != nil {
		return err
	}
	if err := x.mayAnswer(ctx); err != nil {
		return err
	}
	said := assistant(text, engine.FinishLength)
	if err := x.prove(ctx, &said, nil); err != nil {
		return err
	}
	if err := x.finish(said, x.response(said)); err != nil {
		return err
	}
	x.gateway.metrics.finished.Add(1)
	x.gateway.Log.Info("an answer that was sent before the gateway was killed is signed for", "receipt", x.id(), "tokens",
		said.proof.OutputTokens)
	return nil
}

// giveUp stores a call of which words were sent as a gap: it cannot be charged any more.
func (x *exchange) giveUp(reason error) error {
	call, err := x.gateway.Outbox.Call(x.state.ID, x.state.N)
	if err != nil {
		return err
	}
	x.gateway.Log.Error("an answer that was sent cannot be charged", "receipt", x.id(), "err", reason)
	call.Started, call.Gap = false, true
	return x.gateway.Outbox.Advance(x.state, call)
}

// forGood says that an error stays, however often it is tried.
func forGood(err error) bool {
	var known *httpError
	return errors.As(err, &known) && (known.status < http.StatusInternalServerError || known.code == codeUnprovable)
}
