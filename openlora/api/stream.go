package api

import (
	"encoding/json"
	"net/http"
	"sync"
	"time"
)

// writeTimeout bounds how long a slow client may hold up one event.
const writeTimeout = 15 * time.Second

// Stream writes an answer as server-sent events: its chunks, its proof and usage, and [DONE]. Only one goroutine may
// write; KeepAlive may run beside it.
type Stream struct {
	// ID of the answer, without the prefix of OpenAI's API, and the Model that gives it.
	ID, Model string
	// Prompted says that the request was POST /v1/completions.
	Prompted bool

	w       http.ResponseWriter
	control *http.ResponseController
	created int64
	said    bool // a piece of the answer may have reached the client
	calls   int  // tool calls that were sent

	mu    sync.Mutex
	began bool // something, perhaps only a comment, may have reached the client
	last  time.Time
}

// NewStream returns a stream that writes nothing before the first event.
func NewStream(w http.ResponseWriter, id, model string, prompted bool) *Stream {
	now := time.Now()
	return &Stream{
		ID: id, Model: model, Prompted: prompted,
		w: w, control: http.NewResponseController(w), created: now.Unix(), last: now,
	}
}

// Said reports whether a piece of the answer may have reached the client.
func (s *Stream) Said() bool { return s.said }

// Begun reports whether something was written, so that status and content type of the response are fixed.
func (s *Stream) Begun() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.began
}

// KeepAlive sends a comment whenever nothing was sent for some time, so that neither clients nor proxies take a long
// silence for a lost connection; 0 sends none. stop ends it.
func (s *Stream) KeepAlive(every time.Duration) (stop func()) {
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

// comment sends a comment if nothing was sent for some time. It ignores errors: the next event meets them again.
func (s *Stream) comment(since time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if time.Since(s.last) >= since {
		_ = s.write([]byte(": the answer is being made\n\n"))
	}
}

// Piece sends a part of the answer. Each tool call is sent whole.
func (s *Stream) Piece(content string, calls ...ToolCall) error {
	delta := Delta{Content: content}
	if !s.said {
		delta.Role = "assistant"
	}
	s.said = true
	for _, call := range calls {
		delta.ToolCalls = append(delta.ToolCalls, ToolCallDelta{Index: s.calls, ToolCall: call})
		s.calls++
	}
	return s.event(s.chunk(Choice{Delta: &delta}))
}

// End ends the stream with the reason why the answer ends and its proof, the usage if there is one, and [DONE].
func (s *Stream) End(finish string, proof *Answer, usage *Usage) error {
	last := s.chunk(Choice{Delta: &Delta{}, FinishReason: &finish})
	last.OpenLedger = proof
	if err := s.event(last); err != nil {
		return err
	}
	if usage != nil {
		counted := s.chunk()
		counted.Usage = usage
		if err := s.event(counted); err != nil {
			return err
		}
	}
	return s.data([]byte(Done))
}

// Fail ends the stream with an error.
func (s *Stream) Fail(body ErrorBody) error {
	if err := s.event(body); err != nil {
		return err
	}
	return s.data([]byte(Done))
}

func (s *Stream) chunk(choices ...Choice) ChatResponse {
	chunk := ChatResponse{
		ID: "chatcmpl-" + s.ID, Object: "chat.completion.chunk", Created: s.created, Model: s.Model, Choices: choices,
	}
	if choices == nil {
		chunk.Choices = []Choice{}
	}
	if s.Prompted {
		chunk.ID, chunk.Object = "cmpl-"+s.ID, "text_completion"
		for i, choice := range chunk.Choices {
			chunk.Choices[i] = Choice{Text: &choice.Delta.Content, FinishReason: choice.FinishReason}
		}
	}
	return chunk
}

func (s *Stream) event(value any) error {
	encoded, err := json.Marshal(value)
	if err != nil {
		return err
	}
	return s.data(encoded)
}

// data sends an event.
func (s *Stream) data(data []byte) error {
	event := make([]byte, 0, len("data: ")+len(data)+len("\n\n"))
	event = append(append(append(event, "data: "...), data...), "\n\n"...)
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.write(event)
}

// write writes an event and flushes it. The caller holds the lock.
func (s *Stream) write(event []byte) error {
	if !s.began {
		header := s.w.Header()
		header.Set("Content-Type", "text/event-stream")
		header.Set("Cache-Control", "no-store")
		header.Set("X-Accel-Buffering", "no") // nginx would hold it back
		s.began = true
	}
	s.last = time.Now()
	_ = s.control.SetWriteDeadline(time.Now().Add(writeTimeout))
	if _, err := s.w.Write(event); err != nil {
		return err
	}
	return s.control.Flush()
}
