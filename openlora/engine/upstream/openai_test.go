package upstream_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openledger/openledger/openlora/api"
	"github.com/openledger/openledger/openlora/engine"
	"github.com/openledger/openledger/openlora/engine/upstream"
)

// fakeServer checks the wire format of each request strictly and answers with
// the given events.
func fakeServer(t *testing.T, status int, body string) *httptest.Server {
	t.Helper()
	fake := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		require.Equal(t, http.MethodPost, r.Method)
		require.Equal(t, "/v1/chat/completions", r.URL.Path)
		require.Equal(t, "application/json", r.Header.Get("Content-Type"))
		require.Equal(t, "Bearer secret", r.Header.Get("Authorization"))
		raw, err := io.ReadAll(r.Body)
		require.NoError(t, err)
		decoder := json.NewDecoder(strings.NewReader(string(raw)))
		decoder.DisallowUnknownFields()
		var request struct {
			Model         string        `json:"model"`
			Messages      []api.Message `json:"messages"`
			Stream        bool          `json:"stream"`
			StreamOptions struct {
				IncludeUsage bool `json:"include_usage"`
			} `json:"stream_options"`
			MaxTokens   int     `json:"max_tokens"`
			Temperature float64 `json:"temperature"`
			Stop        string  `json:"stop"`
			Tools       []any   `json:"tools"`
		}
		require.NoError(t, decoder.Decode(&request))
		require.Equal(t, "small", request.Model)
		require.True(t, request.Stream && request.StreamOptions.IncludeUsage)
		require.Positive(t, request.MaxTokens)
		require.Equal(t, "system", request.Messages[0].Role)
		require.Contains(t, request.Messages[0].Content, "[1] The passage.")
		require.Equal(t, api.Message{Role: "user", Content: "Why?"}, request.Messages[1])
		w.Header().Set("Content-Type", "text/event-stream")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(fake.Close)
	return fake
}

// server returns a server of kind OpenAI.
func server(t testing.TB, url, model, key string, timeout time.Duration) *upstream.Server {
	t.Helper()
	s, err := upstream.New(upstream.Options{URL: url, Kind: upstream.OpenAI, Model: model, Key: key, Timeout: timeout})
	require.NoError(t, err)
	return s
}

func request() engine.Request {
	return engine.Request{Messages: []api.Message{{Role: "user", Content: "Why?"}},
		Passages: [][]byte{[]byte("The passage.")}, MaxTokens: 50}
}

func ask(t *testing.T, url string, timeout time.Duration) (string, []string, error) {
	t.Helper()
	var pieces []string
	reply, err := server(t, url+"/v1/", "small", "secret", timeout).Answer(context.Background(), request(),
		func(piece string) error {
			pieces = append(pieces, piece)
			return nil
		})
	return reply.Text, pieces, err
}

func delta(text string) string {
	encoded, _ := json.Marshal(text)
	return fmt.Sprintf(
		"data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":%s},\"finish_reason\":null}],\"unknown\":1}\n\n", encoded)
}

func TestOpenAIStreams(t *testing.T) {
	fake := fakeServer(t, http.StatusOK, ": comment\n\nevent: message\n"+
		"data: {\"choices\":[{\"delta\":{\"role\":\"assistant\"}}]}\n\n"+delta("Because ")+delta("of that.")+
		"data: {\"choices\":[],\"usage\":{\"total_tokens\":5}}\n\ndata: [DONE]\n\n")
	text, pieces, err := ask(t, fake.URL, time.Second)
	require.NoError(t, err)
	require.Equal(t, "Because of that.", text)
	require.Equal(t, []string{"Because of that."}, pieces, "what comes at once is passed on at once")
}

// The server waits for each piece to be passed on before it sends the next: nothing is held back.
func TestOpenAIPassesPiecesOnAsTheyCome(t *testing.T) {
	said := []string{"Because ", "of ", "that."}
	passed := make(chan string)
	fake := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for _, piece := range said {
			_, _ = io.WriteString(w, delta(piece))
			_ = http.NewResponseController(w).Flush()
			select {
			case got := <-passed:
				require.Equal(t, piece, got)
			case <-time.After(10 * time.Second):
				t.Error("a piece is held back")
				return
			}
		}
		_, _ = io.WriteString(w, "data: [DONE]\n\n")
	}))
	defer fake.Close()
	_, err := server(t, fake.URL, "small", "", time.Minute).Answer(t.Context(), request(),
		func(piece string) error {
			passed <- piece
			return nil
		})
	require.NoError(t, err)
}

// Text that came before an error is passed on, because it is charged.
func TestOpenAIPassesOnWhatCameBeforeAnError(t *testing.T) {
	fake := fakeServer(t, http.StatusOK, delta("Because ")+delta("of ")+
		"data: {\"error\":{\"message\":\"out of memory\",\"code\":500}}\n\n")
	_, pieces, err := ask(t, fake.URL, time.Second)
	require.ErrorIs(t, err, engine.ErrUpstream)
	require.Equal(t, []string{"Because of "}, pieces)
}

func TestOpenAIPassesOptionsOn(t *testing.T) {
	var got map[string]any
	fake := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		require.NoError(t, json.NewDecoder(r.Body).Decode(&got))
	}))
	defer fake.Close()
	e := server(t, fake.URL, "small", "", time.Second)
	options := api.Options{"temperature": json.RawMessage("0.7"), "stop": json.RawMessage(`["\n"]`),
		"model": json.RawMessage(`"another"`)}
	require.NoError(t, e.Accepts(options))
	_, err := e.Answer(t.Context(), engine.Request{Options: options}, nil)
	require.ErrorIs(t, err, engine.ErrUpstream)
	require.Equal(t, 0.7, got["temperature"])
	require.Equal(t, []any{"\n"}, got["stop"])
	require.Equal(t, "small", got["model"])
	require.NotContains(t, got, "max_tokens")
}

func TestOpenAIKeepsTheReason(t *testing.T) {
	end := func(reason string) string {
		return `data: {"choices":[{"delta":{},"finish_reason":"` + reason + `"}]}` + "\n\n"
	}
	for reason, want := range map[string]string{"stop": "stop", "length": "length", "content_filter": "content_filter",
		"eos": "stop"} {
		for _, done := range []string{"data: [DONE]\n\n", ""} { // some servers leave it out
			fake := fakeServer(t, http.StatusOK, delta("Because.")+end(reason)+done)
			reply, err := server(t, fake.URL+"/v1", "small", "secret", time.Second).Answer(t.Context(), request(),
				func(string) error { return nil })
			require.NoError(t, err)
			require.Equal(t, engine.Reply{Text: "Because.", Finish: want}, reply)
		}
	}
}

func TestOpenAIGathersToolCalls(t *testing.T) {
	fake := fakeServer(t, http.StatusOK,
		`data: {"choices":[{"delta":{"tool_calls":[{"index":0,"id":"c1","type":"function","function":{"name":"weather","arguments":""}}]}}]}`+"\n\n"+
			`data: {"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\"city\":"}}]}}]}`+"\n\n"+
			`data: {"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"\"Bern\"}"}},{"index":1,"id":"c2","function":{"name":"time","arguments":"{}"}}]}}]}`+"\n\n"+
			`data: {"choices":[{"delta":{},"finish_reason":"tool_calls"}]}`+"\n\ndata: [DONE]\n\n")
	reply, err := server(t, fake.URL+"/v1", "small", "secret", time.Second).Answer(t.Context(), request(),
		func(string) error { return nil })
	require.NoError(t, err)
	require.Equal(t, engine.Reply{Finish: "tool_calls", ToolCalls: []api.ToolCall{
		{ID: "c1", Type: "function", Function: api.Function{Name: "weather", Arguments: `{"city":"Bern"}`}},
		{ID: "c2", Type: "function", Function: api.Function{Name: "time", Arguments: "{}"}},
	}}, reply)
}

func TestOpenAIFailures(t *testing.T) {
	for name, c := range map[string]struct {
		status        int
		body          string
		want          string
		refused, busy bool
	}{
		"truncated": {status: http.StatusOK, body: delta("Because "), want: "before [DONE]"},
		"error in JSON": {status: http.StatusTooManyRequests,
			body: `{"error":{"message":"slow down","type":"rate_limit"}}`, want: "slow down", busy: true},
		"error in text": {status: http.StatusBadGateway, body: "upstream is gone", want: "upstream is gone"},
		"error as a word": {status: http.StatusNotFound, body: `{"error":"model not found"}`,
			want: "404 Not Found: model not found"},
		"a numeric code": {status: http.StatusBadRequest,
			body: `{"error":{"message":"context is 4096 tokens","code":400}}`, want: "context is 4096 tokens", refused: true},
		"an error without shell": {status: http.StatusBadRequest,
			body: `{"object":"error","message":"too long","code":40303}`, want: "too long", refused: true},
		"error in event": {status: http.StatusOK,
			body: "data: {\"error\":{\"message\":\"out of memory\",\"code\":500}}\n\n", want: "out of memory"},
		"refused in event": {status: http.StatusOK,
			body: "data: {\"error\":{\"message\":\"too long\",\"type\":\"BadRequestError\",\"code\":\"400\"}}\n\n",
			want: "too long", refused: true},
		"typed in event": {status: http.StatusOK,
			body: "data: {\"error\":{\"message\":\"too long\",\"type\":\"invalid_request_error\"}}\n\n", want: "too long",
			refused: true},
		"not JSON": {status: http.StatusOK, body: "data: {oops\n\n", want: "unreadable"},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := ask(t, fakeServer(t, c.status, c.body).URL, time.Second)
			require.ErrorIs(t, err, engine.ErrUpstream)
			require.ErrorContains(t, err, c.want)
			var upstream *engine.UpstreamError
			require.ErrorAs(t, err, &upstream)
			require.Equal(t, c.refused, upstream.Refused)
			require.Equal(t, c.busy, upstream.Busy)
		})
	}
}

func TestOpenAIIsChecked(t *testing.T) {
	check := func(status int, body string) error {
		fake := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			require.Equal(t, "/v1/models", r.URL.Path)
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		}))
		t.Cleanup(fake.Close)
		_, err := server(t, fake.URL+"/v1", "small", "secret", time.Second).Check(t.Context())
		return err
	}
	require.NoError(t, check(http.StatusOK, `{"data":[{"id":"large"},{"id":"small"}]}`))
	require.NoError(t, check(http.StatusOK, `{"data":[{"id":"small:latest"}]}`))
	require.ErrorContains(t, check(http.StatusOK, `{"data":[{"id":"large"},{"id":"smaller"}]}`),
		`no model "small"; it has large, smaller`)
	require.ErrorContains(t, check(http.StatusOK, `<html>`), "with its version")
	require.ErrorContains(t, check(http.StatusUnauthorized, `{"error":{"message":"no key"}}`),
		"no key")
	_, err := server(t, "http://127.0.0.1:1/v1", "small", "", time.Second).Check(t.Context())
	require.Error(t, err)
}

func TestOpenAISlowServer(t *testing.T) {
	release := make(chan struct{})
	fake := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, delta("Be"))
		w.(http.Flusher).Flush()
		<-release
	}))
	defer fake.Close()
	defer close(release)
	_, _, err := ask(t, fake.URL, 50*time.Millisecond)
	require.ErrorIs(t, err, engine.ErrUpstream)
}
