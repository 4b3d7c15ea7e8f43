package engine

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/openledger/openledger/openlora/api"
)

const (
	maxErrorBody  = 64 << 10
	maxStreamLine = 1 << 20
	// tokensPerCanonical estimates tokens of common vocabularies for a canonical token.
	tokensPerCanonical = 2
	instruction        = "Answer the question from the numbered sources only. Quote their wording where it is exact. If they do not contain the answer, say so."
)

// ErrUpstream is a failure of the server behind the engine.
var ErrUpstream = errors.New("the model server failed")

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

type upstreamRequest struct {
	Model         string            `json:"model"`
	Messages      []api.Message     `json:"messages"`
	Stream        bool              `json:"stream"`
	StreamOptions api.StreamOptions `json:"stream_options"`
	MaxTokens     int               `json:"max_tokens,omitempty"`
	Temperature   int               `json:"temperature"`
}

// Answer implements Engine.
func (o *OpenAI) Answer(ctx context.Context, request Request, emit func(string) error) (string, error) {
	body, err := json.Marshal(upstreamRequest{
		Model: o.Model, Messages: withSources(request), Stream: true,
		StreamOptions: api.StreamOptions{IncludeUsage: true}, MaxTokens: request.MaxTokens * tokensPerCanonical,
	})
	if err != nil {
		return "", err
	}
	post, err := http.NewRequestWithContext(ctx, http.MethodPost, o.URL+"/chat/completions", bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	post.Header.Set("Content-Type", "application/json")
	post.Header.Set("Accept", "text/event-stream")
	if o.Key != "" {
		post.Header.Set("Authorization", "Bearer "+o.Key)
	}
	response, err := o.Client.Do(post)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrUpstream, err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return "", upstreamError(response)
	}
	return readStream(response.Body, emit)
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

func upstreamError(response *http.Response) error {
	content, _ := io.ReadAll(io.LimitReader(response.Body, maxErrorBody))
	var body api.ErrorBody
	message := strings.TrimSpace(string(content))
	if json.Unmarshal(content, &body) == nil && body.Error.Message != "" {
		message = body.Error.Message
	}
	return fmt.Errorf("%w: %s: %s", ErrUpstream, response.Status, message)
}

// readStream reads server-sent events up to [DONE]. A stream that ends before
// is an error: a part of an answer is not the whole.
func readStream(body io.Reader, emit func(string) error) (string, error) {
	var answer strings.Builder
	lines := bufio.NewScanner(body)
	lines.Buffer(nil, maxStreamLine)
	for lines.Scan() {
		data, ok := strings.CutPrefix(lines.Text(), "data:")
		if !ok {
			continue // comments, event names and blank lines
		}
		data = strings.TrimSpace(data)
		if data == "[DONE]" {
			return answer.String(), nil
		}
		var chunk struct {
			Choices []struct {
				Delta struct {
					Content string `json:"content"`
				} `json:"delta"`
			} `json:"choices"`
			Error *api.Error `json:"error"`
		}
		if err := json.Unmarshal([]byte(data), &chunk); err != nil {
			return "", fmt.Errorf("%w: unreadable event: %w", ErrUpstream, err)
		}
		if chunk.Error != nil {
			return "", fmt.Errorf("%w: %s", ErrUpstream, chunk.Error.Message)
		}
		for _, choice := range chunk.Choices {
			if choice.Delta.Content == "" {
				continue
			}
			answer.WriteString(choice.Delta.Content)
			if err := emit(choice.Delta.Content); err != nil {
				return "", err
			}
		}
	}
	if err := lines.Err(); err != nil {
		return "", fmt.Errorf("%w: %w", ErrUpstream, err)
	}
	return "", fmt.Errorf("%w: the stream ended before [DONE]", ErrUpstream)
}
