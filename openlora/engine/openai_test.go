package engine_test

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
)

// fakeServer checks the wire format of each request strictly and answers with
// the given events.
func fakeServer(t *testing.T, status int, body string) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
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
			MaxTokens   int `json:"max_tokens"`
			Temperature int `json:"temperature"`
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
	t.Cleanup(server.Close)
	return server
}

func ask(t *testing.T, url string, timeout time.Duration) (string, []string, error) {
	t.Helper()
	var pieces []string
	text, err := engine.NewOpenAI(url+"/v1/", "small", "secret", timeout).Answer(context.Background(), engine.Request{
		Messages: []api.Message{{Role: "user", Content: "Why?"}}, Passages: [][]byte{[]byte("The passage.")}, MaxTokens: 50,
	}, func(piece string) error {
		pieces = append(pieces, piece)
		return nil
	})
	return text, pieces, err
}

func delta(text string) string {
	encoded, _ := json.Marshal(text)
	return fmt.Sprintf("data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":%s},\"finish_reason\":null}],\"unknown\":1}\n\n", encoded)
}

func TestOpenAIStreams(t *testing.T) {
	server := fakeServer(t, http.StatusOK, ": comment\n\nevent: message\n"+
		"data: {\"choices\":[{\"delta\":{\"role\":\"assistant\"}}]}\n\n"+delta("Because ")+delta("of that.")+
		"data: {\"choices\":[],\"usage\":{\"total_tokens\":5}}\n\ndata: [DONE]\n\n")
	text, pieces, err := ask(t, server.URL, time.Second)
	require.NoError(t, err)
	require.Equal(t, "Because of that.", text)
	require.Equal(t, []string{"Because ", "of that."}, pieces)
}

func TestOpenAIFailures(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		body   string
		want   string
	}{
		"truncated":      {http.StatusOK, delta("Because "), "before [DONE]"},
		"error in JSON":  {http.StatusTooManyRequests, `{"error":{"message":"slow down","type":"rate_limit"}}`, "slow down"},
		"error in text":  {http.StatusBadGateway, "upstream is gone", "upstream is gone"},
		"error in event": {http.StatusOK, "data: {\"error\":{\"message\":\"out of memory\"}}\n\n", "out of memory"},
		"not JSON":       {http.StatusOK, "data: {oops\n\n", "unreadable"},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := ask(t, fakeServer(t, c.status, c.body).URL, time.Second)
			require.ErrorIs(t, err, engine.ErrUpstream)
			require.ErrorContains(t, err, c.want)
		})
	}
}

func TestOpenAISlowServer(t *testing.T) {
	release := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, delta("Be"))
		w.(http.Flusher).Flush()
		<-release
	}))
	defer server.Close()
	defer close(release)
	_, _, err := ask(t, server.URL, 50*time.Millisecond)
	require.ErrorIs(t, err, engine.ErrUpstream)
}
