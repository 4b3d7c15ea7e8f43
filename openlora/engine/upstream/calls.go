package upstream

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"

	"github.com/openledger/openledger/openlora/engine"
)

// maxBody is the largest part of a response that is read, except answers, in bytes.
const maxBody = 8 << 20

// calls sends HTTP requests to a server.
type calls struct {
	root   string // http://host:port
	api    string // root/v1
	key    string
	client *http.Client
}

// do sends a value as JSON, or an empty body if it is nil, and returns a response of status 200.
func (c calls) do(ctx context.Context, method, url string, value any) (*http.Response, error) {
	var body io.Reader
	if value != nil {
		encoded, err := json.Marshal(value)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(encoded)
	}
	request, err := http.NewRequestWithContext(ctx, method, url, body)
	if err != nil {
		return nil, err
	}
	if value != nil {
		request.Header.Set("Content-Type", "application/json")
		request.Header.Set("Accept", "text/event-stream, application/json")
	}
	return c.send(request)
}

// send sends a request, and returns a response of status 2xx.
func (c calls) send(request *http.Request) (*http.Response, error) {
	if c.key != "" {
		request.Header.Set("Authorization", "Bearer "+c.key)
	}
	// A server may close an idle connection while the request is on its way. Before the first byte of the response the
	// server has done nothing, so the request may be sent once more. This header tells package net/http so, and is not
	// sent.
	request.Header["Idempotency-Key"] = nil
	response, err := c.client.Do(request)
	if err != nil {
		return nil, &engine.UpstreamError{Message: err.Error()}
	}
	if response.StatusCode < 200 || response.StatusCode > 299 {
		defer response.Body.Close()
		return nil, refusal(response)
	}
	return response, nil
}

// ask sends a value and decodes the JSON of the response into another. If that is nil, it decodes nothing.
func (c calls) ask(ctx context.Context, method, url string, value, into any) error {
	response, err := c.do(ctx, method, url, value)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	content, err := io.ReadAll(io.LimitReader(response.Body, maxBody))
	if err != nil {
		return &engine.UpstreamError{Message: err.Error()}
	}
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(content, into); err != nil {
		return &engine.UpstreamError{Message: fmt.Sprintf("%s %s: no JSON that is understood: %.80q", method, url, content)}
	}
	return nil
}

func (c calls) get(ctx context.Context, url string, into any) error {
	return c.ask(ctx, http.MethodGet, url, nil, into)
}

func (c calls) post(ctx context.Context, url string, value, into any) error {
	return c.ask(ctx, http.MethodPost, url, value, into)
}

// card is a model in the list of a server.
type card struct {
	ID     string `json:"id"`
	Root   string `json:"root"`
	Parent string `json:"parent"` // of an adapter
}

// models returns what GET /v1/models lists.
func (c calls) models(ctx context.Context) ([]card, error) {
	var list struct {
		Data []card `json:"data"`
	}
	if err := c.get(ctx, c.api+"/models", &list); err != nil {
		return nil, fmt.Errorf("%s/models is no list of models: is the URL that of an OpenAI-compatible API, with its "+
			"version? %w", c.api, err)
	}
	return list.Data, nil
}

func ids(cards []card) []string {
	out := make([]string, len(cards))
	for i, c := range cards {
		out[i] = c.ID
	}
	return out
}

// adapters returns the names of cards that have a parent.
func adapters(cards []card) []string {
	var out []string
	for _, c := range cards {
		if c.Parent != "" {
			out = append(out, c.ID)
		}
	}
	return out
}
