package upstream

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/openledger/openledger/openlora/api"
	"github.com/openledger/openledger/openlora/engine"
)

// read passes on a stream of chat completions as it comes, and returns the whole answer.
func read(stream io.Reader, emit func(string) error) (engine.Reply, error) {
	answer := reading{emit: emit}
	err := api.ReadEvents(api.Pausing(stream, answer.pass), answer.take)
	if err == nil {
		answer.text.end()
	}
	if passed := answer.pass(); err == nil {
		err = passed
	}
	if err != nil {
		return engine.Reply{Text: answer.text.String()}, answer.failed(err)
	}
	return answer.reply()
}

// reading is an answer in progress.
type reading struct {
	emit   func(string) error
	text   joiner
	passed int // bytes of text that were emitted
	finish string
	calls  []api.ToolCall
	ended  bool  // [DONE] has come
	stop   error // the error of emit that ended the reading
}

// chunk is an event of a stream.
type chunk struct {
	Choices []struct {
		Index int `json:"index"`
		Delta struct {
			Content   fragment `json:"content"`
			ToolCalls []struct {
				Index int `json:"index"`
				api.ToolCall
			} `json:"tool_calls"`
		} `json:"delta"`
		FinishReason *string `json:"finish_reason"`
	} `json:"choices"`
	Error     json.RawMessage `json:"error"`
	ErrorType string          `json:"error_type"` // LoRAX
}

// take processes an event. Events without choices, such as the chunk with the usage, add nothing to the answer.
func (r *reading) take(data string) (enough bool, err error) {
	if data = strings.TrimSpace(data); data == api.Done {
		r.ended = true
		return true, nil
	}
	var event chunk
	if err := json.Unmarshal([]byte(data), &event); err != nil {
		return false, &engine.UpstreamError{Message: "unreadable event: " + err.Error()}
	}
	if len(event.Error) > 0 && string(event.Error) != "null" {
		return false, errorIn(event.Error, event.ErrorType, 0)
	}
	for _, choice := range event.Choices {
		if choice.Index != 0 {
			continue // an additional answer that nobody asked for
		}
		if choice.FinishReason != nil && *choice.FinishReason != "" {
			r.finish = *choice.FinishReason
		}
		for _, part := range choice.Delta.ToolCalls {
			if part.Index < 0 || part.Index > len(r.calls) {
				return false, &engine.UpstreamError{
					Message: fmt.Sprintf("tool call %d comes behind %d", part.Index, len(r.calls))}
			}
			if part.Index == len(r.calls) {
				r.calls = append(r.calls, api.ToolCall{Type: "function"})
			}
			call := &r.calls[part.Index]
			call.ID += part.ID
			call.Function.Name += part.Function.Name
			call.Function.Arguments += part.Function.Arguments
		}
		r.text.add(choice.Delta.Content)
	}
	return false, nil
}

// pass emits the text that has come since the last call.
func (r *reading) pass() error {
	piece := r.text.String()[r.passed:]
	if piece == "" || r.stop != nil {
		return r.stop
	}
	r.passed += len(piece)
	r.stop = r.emit(piece)
	return r.stop
}

// failed returns the error that ended the reading.
func (r *reading) failed(err error) error {
	if r.stop != nil || errors.Is(err, engine.ErrUpstream) {
		return err
	}
	return &engine.UpstreamError{Message: err.Error()}
}

// reply returns the answer at the end of the stream. A stream that ends without [DONE] and without a finish reason is
// incomplete.
func (r *reading) reply() (engine.Reply, error) {
	reply := engine.Reply{Text: r.text.String(), Finish: r.finish, ToolCalls: r.calls}
	if !r.ended && r.finish == "" {
		return reply, &engine.UpstreamError{Message: "the stream ended before [DONE]"}
	}
	if !slices.Contains([]string{engine.FinishStop, engine.FinishLength, engine.FinishFilter, engine.FinishToolCalls},
		reply.Finish) {
		reply.Finish = engine.FinishStop
	}
	return reply, nil
}
