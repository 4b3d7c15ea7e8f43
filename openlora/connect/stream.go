package connect

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"net/http"
	"sync"
	"time"

	"github.com/openledger/openledger/openlora/api"
	"github.com/openledger/openledger/openlora/session"
)

// keepAlive is the silence in a stream after which a comment is sent, so that nothing in between closes it.
const keepAlive = 5 * time.Second

// stream answers a request that wants a stream. The end of an answer is sent after the answer was checked. If the
// client leaves, the question is ended: what was sent until then is paid.
func (p *Proxy) stream(w http.ResponseWriter, r *http.Request, c *call, how delivery) {
	ctx, cancel := context.WithTimeout(r.Context(), p.config.AnswerTimeout+p.config.Patience)
	defer cancel()
	to := api.NewStream(w, drawID(), c.model, how.prompted)
	stop := sync.OnceFunc(to.KeepAlive(keepAlive))
	c.take = func(piece session.Piece) {
		// The client may have named none, or another name of it.
		to.Model = modelName(c.from)
		if to.Piece(piece.Content, piece.ToolCalls...) != nil { // the client is gone
			cancel()
		}
	}
	ended, has := false, false // the client has been told the end; it has it
	recorded := func() {}
	c.end = func(a answered) {
		if ended { // the session asked again, because the answer could not be written
			return
		}
		stop()
		recorded = p.endings.begin()
		ended, has = true, deliver(to, a, how) == nil
	}
	answer, err := c.ask(ctx)
	recorded()
	stop()
	switch {
	case ended:
		if has {
			c.delivered()
		}
		if err != nil { // the session file could not be written: its next call finds out
			p.config.Log.Error("an answer was passed on whose session could not be written: is the disk full?", "err", err)
		}
	case r.Context().Err() != nil: // nobody is there
	case err != nil && !to.Begun():
		fail(w, err)
	case err != nil:
		_ = to.Fail(publicError(err).body())
	case deliver(to, answer, how) == nil:
		answer.call.delivered()
	}
}

// drawID names a stream, whose receipt is not known before its end.
func drawID() string {
	var random [12]byte
	_, _ = rand.Read(random[:]) // never fails
	return hex.EncodeToString(random[:])
}

// deliver ends the stream of an answer that was checked.
func deliver(to *api.Stream, a answered, how delivery) error {
	to.Model = modelName(a.model)
	if notes := footnotes(a.Proof); how.notes && notes != "" && len(a.Message.ToolCalls) == 0 {
		if err := to.Piece(notes); err != nil {
			return err
		}
	}
	var usage *api.Usage
	if how.usage {
		usage = usageOf(a.Proof)
	}
	return to.End(a.Finish, &a.Proof, usage)
}
