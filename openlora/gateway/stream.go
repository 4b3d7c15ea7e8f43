package gateway

import (
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/openledger/openledger/openlora/api"
)

// stream writes an answer as server-sent events, or whole if the request asks for that.
type stream struct {
	w       http.ResponseWriter
	control *http.ResponseController
	request *api.Request
	id      string
	model   string
	created int64
	said    bool // a piece of the answer may have reached the client

	mu    sync.Mutex
	began bool // something may have reached the client, if only a comment
	last  time.Time
}

// writeTimeout bounds how long a slow client may hold up one event.
const writeTimeout = 15 * time.Second

func newStream(w http.ResponseWriter, request *api.Request, receiptID string, model uint64) *stream {
	return &stream{
		w: w, control: http.NewResponseController(w), request: request, id: receiptID, model: ModelName(model), created: time.Now().Unix(), last: time.Now(),
	}
}

// keepAlive sends comments while there is nothing else to send, so that neither clients nor proxies take a long silence for a lost connection. It
// returns what ends it.
func (s *stream) keepAlive(every time.Duration) (stop func()) {
	if every <= 0 {
		return func() {}
	}
	done, over := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(over)
		ticker := time.NewTicker(every)
		defer ticker.Stop()
		for {
			select {
			case <-done:
				return
			case <-ticker.C:
				s.comment(every)
			}
		}
	}()
	return func() {
		close(done)
		<-over
	}
}

// comment sends one if nothing was sent for some time. A client that is gone is noticed when there is something to say.
func (s *stream) comment(since time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if time.Since(s.last) >= since {
		_ = s.send(": the answer is being made\n\n")
	}
}

// begun says that the status and the kind of the response are settled.
func (s *stream) begun() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.began
}

// piece sends a part of the answer.
func (s *stream) piece(text string) error {
	delta := api.Delta{Content: text}
	if !s.said {
		delta.Role = "assistant"
	}
	s.said = true
	return s.event(s.chunk(api.Choice{Delta: &delta}))
}

// toolCalls sends the tool calls of an answer, whole.
func (s *stream) toolCalls(calls []api.ToolCall) error {
	if len(calls) == 0 {
		return nil
	}
	delta := api.Delta{}
	for i, call := range calls {
		delta.ToolCalls = append(delta.ToolCalls, api.ToolCallDelta{Index: i, ToolCall: call})
	}
	if !s.said {
		delta.Role = "assistant"
	}
	s.said = true
	return s.event(s.chunk(api.Choice{Delta: &delta}))
}

// deliver ends the stream: with why the answer ends, the proof beside it, the usage if it was asked for, and [DONE]. A request that wants no stream
// gets the whole response.
func (s *stream) deliver(response api.ChatResponse) {
	if !s.request.Stream {
		if s.request.Prompted {
			response.ID, response.Object = "cmpl-"+s.id, "text_completion"
			for i, choice := range response.Choices {
				response.Choices[i] = api.Choice{Text: &choice.Message.Content, FinishReason: choice.FinishReason}
			}
		}
		writeJSON(s.w, http.StatusOK, response)
		return
	}
	last := s.chunk(api.Choice{Delta: &api.Delta{}, FinishReason: response.Choices[0].FinishReason})
	last.OpenLedger = response.OpenLedger
	if s.event(last) != nil {
		return
	}
	if s.request.IncludeUsage {
		usage := s.chunk()
		usage.Usage = response.Usage
		if s.event(usage) != nil {
			return
		}
	}
	_ = s.write(api.Done)
}

// fail sends an error inside a stream that has begun.
func (s *stream) fail(err *httpError) {
	if s.event(err.body()) == nil {
		_ = s.write(api.Done)
	}
}

func (s *stream) chunk(choices ...api.Choice) api.ChatResponse {
	chunk := api.ChatResponse{ID: "chatcmpl-" + s.id, Object: "chat.completion.chunk", Created: s.created, Model: s.model, Choices: choices}
	if choices == nil {
		chunk.Choices = []api.Choice{}
	}
	if s.request.Prompted {
		chunk.ID, chunk.Object = "cmpl-"+s.id, "text_completion"
		for i, choice := range chunk.Choices {
			chunk.Choices[i] = api.Choice{Text: &choice.Delta.Content, FinishReason: choice.FinishReason}
		}
	}
	return chunk
}

func (s *stream) event(value any) error {
	encoded, err := json.Marshal(value)
	if err != nil {
		return err
	}
	return s.write(string(encoded))
}

func (s *stream) write(data string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.send("data: " + data + "\n\n")
}

// send writes and flushes.
func (s *stream) send(text string) error {
	if !s.began {
		s.w.Header().Set("Content-Type", "text/event-stream")
		s.w.Header().Set("Cache-Control", "no-store")
		s.w.Header().Set("X-Accel-Buffering", "no") // nginx would keep it back
		s.began = true
	}
	s.last = time.Now()
	_ = s.control.SetWriteDeadline(time.Now().Add(writeTimeout))
	if _, err := fmt.Fprint(s.w, text); err != nil {
		return err
	}
	return s.control.Flush()
}
