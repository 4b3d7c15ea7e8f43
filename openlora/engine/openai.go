package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/openledger/openledger/openlora/api"
)

const (
	// tokensPerCanonical estimates tokens of common vocabularies for a canonical token.
	tokensPerCanonical = 2
	instruction        = "Answer the question from the numbered sources only. Quote their wording where it is exact. " +
		"If they do not contain the answer, say so."
)

// OpenAI answers through any server that speaks OpenAI's API: vLLM, llama.cpp,
// Ollama and others.
type OpenAI struct {
	// URL of the API, with its version: http://127.0.0.1:8000/v1.
	URL string
	// Model name at the server.
	Model string
	// Key for the Authorization header; may be empty.
	Key string
	// Client to use; its timeout bounds the whole answer.
	Client *http.Client
}

// NewOpenAI returns an engine with a client that gives up after timeout.
func NewOpenAI(url, model, key string, timeout time.Duration) *OpenAI {
	return &OpenAI{URL: strings.TrimRight(url, "/"), Model: model, Key: key, Client: &http.Client{Timeout: timeout}}
}

// Accepts implements Engine. All options go to the server, which refuses what it does not know.
func (o *OpenAI) Accepts(api.Options) error { return nil }

// Answer implements Engine.
func (o *OpenAI) Answer(ctx context.Context, request Request, emit func(string) error) (Reply, error) {
	fields := map[string]any{"temperature": 0}
	for name, value := range request.Options {
		fields[name] = value
	}
	maps.Copy(fields, map[string]any{
		"model": o.Model, "messages": withSources(request), "stream": true,
		"stream_options": map[string]bool{"include_usage": true},
	})
	if request.MaxTokens > 0 {
		fields["max_tokens"] = request.MaxTokens * tokensPerCanonical
	}
	body, err := json.Marshal(fields)
	if err != nil {
		return Reply{}, err
	}
	response, err := o.do(ctx, http.MethodPost, "/chat/completions", body)
	if err != nil {
		return Reply{}, err
	}
	defer response.Body.Close()
	answer := reading{emit: emit}
	err = api.ReadEvents(api.Pausing(response.Body, answer.pass), answer.take)
	if passed := answer.pass(); err == nil {
		err = passed
	}
	if err != nil {
		return Reply{}, answer.failed(err)
	}
	return answer.reply()
}

// do sends a request, and returns a response of status 200.
func (o *OpenAI) do(ctx context.Context, method, path string, body []byte) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, method, o.URL+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
		request.Header.Set("Accept", "text/event-stream")
	}
	if o.Key != "" {
		request.Header.Set("Authorization", "Bearer "+o.Key)
	}
	response, err := o.Client.Do(request)
	if err != nil {
		return nil, &UpstreamError{Message: err.Error()}
	}
	if response.StatusCode != http.StatusOK {
		defer response.Body.Close()
		return nil, refusal(response)
	}
	return response, nil
}

// withSources puts the passages before the conversation.
func withSources(request Request) []api.Message {
	var system strings.Builder
	system.WriteString(instruction)
	for i, passage := range request.Passages {
		fmt.Fprintf(&system, "\n\n[%d] %s", i+1, passage)
	}
	return append([]api.Message{{Role: "system", Content: system.String()}}, request.Messages...)
}

// reading is an answer as it comes.
type reading struct {
	emit   func(string) error
	text   strings.Builder
	passed int // bytes of text that were emitted
	finish string
	calls  []api.ToolCall
	ended  bool  // [DONE] has come
	stop   error // of emit, which ended the reading
}

// take takes an event.
func (r *reading) take(data string) (enough bool, err error) {
	if data = strings.TrimSpace(data); data == api.Done {
		r.ended = true
		return true, nil
	}
	var chunk struct {
		Choices []struct {
			Delta struct {
				Content   *string `json:"content"`
				ToolCalls []struct {
					Index int `json:"index"`
					api.ToolCall
				} `json:"tool_calls"`
			} `json:"delta"`
			FinishReason *string `json:"finish_reason"`
		} `json:"choices"`
		Error json.RawMessage `json:"error"`
	}
	if err := json.Unmarshal([]byte(data), &chunk); err != nil {
		return false, &UpstreamError{Message: "unreadable event: " + err.Error()}
	}
	if len(chunk.Error) > 0 && string(chunk.Error) != "null" {
		return false, errorIn(chunk.Error, 0)
	}
	for _, choice := range chunk.Choices {
		if choice.FinishReason != nil && *choice.FinishReason != "" {
			r.finish = *choice.FinishReason
		}
		for _, part := range choice.Delta.ToolCalls {
			if part.Index < 0 || part.Index > len(r.calls) {
				return false, &UpstreamError{Message: fmt.Sprintf("tool call %d comes behind %d", part.Index, len(r.calls))}
			}
			if part.Index == len(r.calls) {
				r.calls = append(r.calls, api.ToolCall{Type: "function"})
			}
			call := &r.calls[part.Index]
			call.ID += part.ID
			call.Function.Name += part.Function.Name
			call.Function.Arguments += part.Function.Arguments
		}
		if choice.Delta.Content != nil {
			r.text.WriteString(*choice.Delta.Content)
		}
	}
	return false, nil
}

// pass emits what has come since it was last called.
func (r *reading) pass() error {
	piece := r.text.String()[r.passed:]
	if r.passed = r.text.Len(); piece == "" || r.stop != nil {
		return r.stop
	}
	r.stop = r.emit(piece)
	return r.stop
}

// failed is why the reading ended.
func (r *reading) failed(err error) error {
	if r.stop != nil || errors.Is(err, ErrUpstream) {
		return err
	}
	return &UpstreamError{Message: err.Error()}
}

// reply is the answer at the end of the stream. One that ends without [DONE] and without a reason is a part of an
// answer.
func (r *reading) reply() (Reply, error) {
	reply := Reply{Text: r.text.String(), Finish: r.finish, ToolCalls: r.calls}
	if !r.ended && r.finish == "" {
		return reply, &UpstreamError{Message: "the stream ended before [DONE]"}
	}
	if !slices.Contains([]string{FinishStop, FinishLength, FinishFilter, FinishToolCalls}, reply.Finish) {
		reply.Finish = FinishStop
	}
	return reply, nil
}
