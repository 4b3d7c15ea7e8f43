package gateway

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/openledger/openledger/openlora/api"
)

// stream writes an answer as server-sent events.
type stream struct {
	w       http.ResponseWriter
	control *http.ResponseController
	request api.ChatRequest
	id      string
	created int64
	started bool // something may have reached the client
}

// writeTimeout bounds how long a slow client may hold up one event.
const writeTimeout = 15 * time.Second

func newStream(w http.ResponseWriter, request api.ChatRequest, receiptID string) *stream {
	return &stream{w: w, control: http.NewResponseController(w), request: request, id: "chatcmpl-" + receiptID, created: time.Now().Unix()}
}

// piece sends a part of the answer.
func (s *stream) piece(text string) error {
	delta := &api.Message{Content: text}
	if !s.started {
		s.w.Header().Set("Content-Type", "text/event-stream")
		s.w.Header().Set("Cache-Control", "no-store")
		s.started = true
		delta.Role = "assistant"
	}
	return s.event(s.chunk(api.Choice{Delta: delta}))
}

// end sends why the answer ends, the usage with the proof, and [DONE].
func (s *stream) end(response api.ChatResponse) {
	last := s.chunk(api.Choice{Delta: &api.Message{}, FinishReason: response.Choices[0].FinishReason})
	if s.event(last) != nil {
		return
	}
	proof := s.chunk()
	proof.OpenLedger = response.OpenLedger
	proof.Usage = response.Usage
	if s.event(proof) == nil {
		_ = s.write("[DONE]")
	}
}

// fail sends an error inside a stream that has begun.
func (s *stream) fail(err *httpError) {
	if s.event(err.body()) == nil {
		_ = s.write("[DONE]")
	}
}

func (s *stream) chunk(choices ...api.Choice) api.ChatResponse {
	if choices == nil {
		choices = []api.Choice{}
	}
	return api.ChatResponse{ID: s.id, Object: "chat.completion.chunk", Created: s.created, Model: s.request.Model, Choices: choices}
}

func (s *stream) event(value any) error {
	encoded, err := json.Marshal(value)
	if err != nil {
		return err
	}
	return s.write(string(encoded))
}

func (s *stream) write(data string) error {
	_ = s.control.SetWriteDeadline(time.Now().Add(writeTimeout))
	if _, err := fmt.Fprintf(s.w, "data: %s\n\n", data); err != nil {
		return err
	}
	return s.control.Flush()
}
