package api_test

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openledger/openledger/openlora/api"
)

// written returns the events that a stream has written, without the time of the answer.
func written(t *testing.T, w *httptest.ResponseRecorder) []string {
	t.Helper()
	require.Equal(t, "text/event-stream", w.Header().Get("Content-Type"))
	require.True(t, w.Flushed)
	var events []string
	for event := range strings.SplitSeq(strings.TrimSuffix(w.Body.String(), "\n\n"), "\n\n") {
		before, after, found := strings.Cut(event, `"created":`)
		if found {
			_, after, _ = strings.Cut(after, ",")
		}
		events = append(events, before+after)
	}
	return events
}

func TestStreamWritesChunks(t *testing.T) {
	w := httptest.NewRecorder()
	s := api.NewStream(w, "1", "openledger/1", false)
	require.False(t, s.Begun())
	require.False(t, s.Said())
	require.NoError(t, s.Piece("Hair "))
	call := func(id, name string) api.ToolCall {
		return api.ToolCall{ID: id, Type: "function", Function: api.Function{Name: name, Arguments: "{}"}}
	}
	require.NoError(t, s.Piece("grows.", call("a", "f")))
	require.True(t, s.Begun() && s.Said())
	require.NoError(t, s.Piece("", call("b", "g")))
	require.NoError(t, s.End("stop", nil, &api.Usage{PromptTokens: 1, CompletionTokens: 2, TotalTokens: 3}))
	const head = `data: {"id":"chatcmpl-1","object":"chat.completion.chunk","model":"openledger/1","choices":`
	require.Equal(t, []string{
		head + `[{"index":0,"delta":{"role":"assistant","content":"Hair "},"finish_reason":null}]}`,
		head + `[{"index":0,"delta":{"content":"grows.","tool_calls":[{"index":0,"id":"a","type":"function",` +
			`"function":{"name":"f","arguments":"{}"}}]},"finish_reason":null}]}`,
		head + `[{"index":0,"delta":{"tool_calls":[{"index":1,"id":"b","type":"function",` +
			`"function":{"name":"g","arguments":"{}"}}]},"finish_reason":null}]}`,
		head + `[{"index":0,"delta":{},"finish_reason":"stop"}]}`,
		head + `[],"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}}`,
		"data: [DONE]",
	}, written(t, w))
}

func TestStreamOfPrompts(t *testing.T) {
	w := httptest.NewRecorder()
	s := api.NewStream(w, "1", "openledger/1", true)
	require.NoError(t, s.Piece("Hair"))
	require.NoError(t, s.End("length", &api.Answer{ReceiptID: "1"}, nil))
	events := written(t, w)
	require.Len(t, events, 3)
	require.Equal(t, `data: {"id":"cmpl-1","object":"text_completion","model":"openledger/1","choices":`+
		`[{"index":0,"text":"Hair","finish_reason":null}]}`, events[0])
	require.Contains(t, events[1], `"openledger":{"receipt_id":"1"`)
	require.Equal(t, "data: [DONE]", events[2])
}

func TestStreamFails(t *testing.T) {
	w := httptest.NewRecorder()
	s := api.NewStream(w, "1", "openledger/1", false)
	require.NoError(t, s.Fail(api.ErrorBody{Error: api.Error{Message: "no", Code: "answer_failed"}}))
	events := written(t, w)
	require.Len(t, events, 2)
	require.Contains(t, events[0], `"code":"answer_failed"`)
}

// TestStreamKeepsAlive: comments fill a silence, and hold nothing of the answer.
func TestStreamKeepsAlive(t *testing.T) {
	w := httptest.NewRecorder()
	s := api.NewStream(w, "1", "openledger/1", false)
	stop := s.KeepAlive(time.Millisecond)
	require.Eventually(t, s.Begun, 10*time.Second, time.Millisecond)
	stop()
	require.False(t, s.Said())
	for _, event := range written(t, w) {
		require.True(t, strings.HasPrefix(event, ": "), event)
	}
	api.NewStream(w, "1", "openledger/1", false).KeepAlive(0)()
}
