package connect

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/openledger/openledger/openlora/api"
	"github.com/openledger/openledger/openlora/session"
)

const (
	// keepAlive is the silence in a stream after which a comment is sent, so that nothing in between closes it.
	keepAlive = 5 * time.Second
	// writeTimeout bounds how long a slow client may hold up one event.
	writeTimeout = 15 * time.Second
)

// events writes an answer as server-sent events.
type events struct {
	w       http.ResponseWriter
	control *http.ResponseController
	how     delivery
	id      string
	model   string
	created int64
	said    bool
	calls   int // tool calls that were sent
	failed  context.CancelFunc

	mu    sync.Mutex
	began bool
	last  time.Time
}

// stream answers a request that wants a stream. The end of an answer is sent after the answer was checked. If the
// client leaves, the question is ended: what was sent until then is paid.
func (p *Proxy) stream(w http.ResponseWriter, r *http.Request, c *call, how delivery) {
	ctx, cancel := context.WithTimeout(r.Context(), p.config.AnswerTimeout+p.config.Patience)
	defer cancel()
	e := &events{
		w: w, control: http.NewResponseController(w), how: how, id: "chatcmpl-" + drawID(), model: c.model,
		created: time.Now().Unix(), failed: cancel, last: time.Now(),
	}
	if how.prompted {
		e.id = "cmpl-" + drawID()
	}
	stop := e.comments()
	c.take = e.piece
	answer, err := c.ask(ctx)
	stop()
	switch {
	case r.Context().Err() != nil: // nobody is there
	case err != nil && !e.began:
		fail(w, err)
	case err != nil:
		if e.event(publicError(err).body()) == nil {
			_ = e.send("data: " + api.Done + "\n\n")
		}
	default:
		e.deliver(answer)
	}
}

// drawID names a stream, whose receipt is not known before its end.
func drawID() string {
	var random [12]byte
	_, _ = rand.Read(random[:]) // never fails
	return hex.EncodeToString(random[:])
}

// comments sends one whenever nothing was sent for some time. It returns what ends it.
func (e *events) comments() (stop func()) {
	done, over := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(over)
		ticker := time.NewTicker(keepAlive)
		defer ticker.Stop()
		for {
			select {
			case <-done:
				return
			case <-ticker.C:
				e.mu.Lock()
				if time.Since(e.last) >= keepAlive {
					_ = e.write(": the answer is being made\n\n")
				}
				e.mu.Unlock()
			}
		}
	}()
	return func() {
		close(done)
		<-over
	}
}

// piece passes a part of the answer on. A client that does not take it is gone.
func (e *events) piece(piece session.Piece) {
	delta := api.Delta{Content: piece.Content}
	for _, call := range piece.ToolCalls {
		delta.ToolCalls = append(delta.ToolCalls, api.ToolCallDelta{Index: e.calls, ToolCall: call})
		e.calls++
	}
	if !e.said {
		delta.Role = "assistant"
	}
	e.said = true
	if e.event(e.chunk(api.Choice{Delta: &delta})) != nil {
		e.failed()
	}
}

// deliver ends the stream of an answer that was checked.
func (e *events) deliver(a answered) {
	e.model = modelName(a.model)
	if notes := footnotes(a.Proof); e.how.notes && notes != "" && len(a.Message.ToolCalls) == 0 {
		if e.event(e.chunk(api.Choice{Delta: &api.Delta{Content: notes}})) != nil {
			return
		}
	}
	last := e.chunk(api.Choice{Delta: &api.Delta{}, FinishReason: &a.Finish})
	last.OpenLedger = &a.Proof
	if e.event(last) != nil {
		return
	}
	if e.how.usage {
		usage := e.chunk()
		usage.Usage = usageOf(a.Proof)
		if e.event(usage) != nil {
			return
		}
	}
	if e.send("data: "+api.Done+"\n\n") == nil {
		a.call.delivered()
	}
}

func (e *events) chunk(choices ...api.Choice) api.ChatResponse {
	chunk := api.ChatResponse{
		ID:      e.id,
		Object:  "chat.completion.chunk",
		Created: e.created,
		Model:   e.model,
		Choices: choices,
	}
	if choices == nil {
		chunk.Choices = []api.Choice{}
	}
	if e.how.prompted {
		chunk.Object = "text_completion"
		for i, choice := range chunk.Choices {
			chunk.Choices[i] = api.Choice{Text: &choice.Delta.Content, FinishReason: choice.FinishReason}
		}
	}
	return chunk
}

func (e *events) event(value any) error {
	encoded, err := json.Marshal(value)
	if err != nil {
		return err
	}
	return e.send("data: " + string(encoded) + "\n\n")
}

func (e *events) send(text string) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.write(text)
}

// write writes and flushes. The stream is locked.
func (e *events) write(text string) error {
	if !e.began {
		header := e.w.Header()
		header.Set("Content-Type", "text/event-stream")
		header.Set("Cache-Control", "no-store")
		header.Set("X-Accel-Buffering", "no") // nginx would keep it back
		e.began = true
	}
	e.last = time.Now()
	_ = e.control.SetWriteDeadline(time.Now().Add(writeTimeout))
	if _, err := fmt.Fprint(e.w, text); err != nil {
		return err
	}
	return e.control.Flush()
}
