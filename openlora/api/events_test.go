package api_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/openledger/openledger/openlora/api"
)

// eventsOf returns the data of all events of a stream.
func eventsOf(stream io.Reader) (got []string, err error) {
	err = api.ReadEvents(stream, func(data string) (bool, error) {
		got = append(got, data)
		return false, nil
	})
	return got, err
}

// TestEventsAreReadAsTheyWereWritten: whatever lines events have, with comments and other fields between them, and in
// whatever pieces they arrive.
func TestEventsAreReadAsTheyWereWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		line := rapid.StringMatching(`[^\r\n]{0,12}`)
		var stream strings.Builder
		var want []string
		end := rapid.SampledFrom([]string{"\n", "\r\n"}).Draw(t, "line end")
		for range rapid.IntRange(0, 6).Draw(t, "events") {
			// A text that is JSON by itself would end its event: lines begin with what is none.
			lines := rapid.SliceOfN(rapid.Map(line, func(s string) string { return "=" + s }), 1, 4).Draw(t, "lines")
			for _, one := range lines {
				if rapid.Bool().Draw(t, "between") {
					stream.WriteString(rapid.SampledFrom([]string{": a comment", "event: x", "id: 7", "retry", "data"}).
						Draw(t, "field") + end)
				}
				stream.WriteString("data:" + rapid.SampledFrom([]string{"", " "}).Draw(t, "space") + one + end)
			}
			stream.WriteString(end)
			want = append(want, strings.Join(lines, "\n"))
		}
		for _, reader := range []io.Reader{strings.NewReader(stream.String()),
			iotest.OneByteReader(strings.NewReader(stream.String()))} {
			got, err := eventsOf(reader)
			require.NoError(t, err)
			require.Equal(t, want, got)
		}
	})
}

// endless is a reader that repeats a text.
type endless struct {
	text string
	at   int
}

func (e *endless) Read(into []byte) (int, error) {
	for i := range into {
		into[i] = e.text[e.at%len(e.text)]
		e.at++
	}
	return len(into), nil
}

// TestEventsAreBounded: an event that never ends is not read for ever, and each byte is looked at a few times only.
func TestEventsAreBounded(t *testing.T) {
	for _, text := range []string{"data: [\n", "data:\n", "data: [1,\n", "data: {\"a\":\n", "x"} {
		stream := &endless{text: text}
		got, err := eventsOf(stream)
		require.ErrorIs(t, err, bufio.ErrTooLong, text)
		require.Empty(t, got)
		require.Less(t, stream.at, 16<<20, text)
	}
	whole := `"` + strings.Repeat("x", 3<<20) + `"`
	got, err := eventsOf(strings.NewReader("data: " + whole + "\n\ndata: " + whole + "\n\n"))
	require.NoError(t, err)
	require.Equal(t, []string{whole, whole}, got, "two are not too long because of each other")
}

// TestReadingStops when take has enough, when it fails, and when the stream breaks.
func TestReadingStops(t *testing.T) {
	failed := errors.New("no more")
	for name, c := range map[string]struct {
		stream io.Reader
		enough bool
		take   error
		want   error
		events int
	}{
		"enough":    {strings.NewReader("data: a\n\ndata: b\n\n"), true, nil, nil, 1},
		"refused":   {strings.NewReader("data: a\n\ndata: b\n\n"), false, failed, failed, 1},
		"broken":    {io.MultiReader(strings.NewReader("data: a\n\nda"), iotest.ErrReader(failed)), false, nil, failed, 1},
		"unended":   {strings.NewReader("data: a"), false, failed, failed, 1},
		"nothing":   {strings.NewReader(""), false, nil, nil, 0},
		"no events": {strings.NewReader("<html>\n\n<p>data: x</p>\n"), false, nil, nil, 0},
	} {
		events := 0
		err := api.ReadEvents(c.stream, func(string) (bool, error) { events++; return c.enough, c.take })
		require.ErrorIs(t, err, c.want, name)
		require.Equal(t, c.events, events, name)
	}
}

// TestPausing: before each read, every event that has arrived was handled. An error ends the reading.
func TestPausing(t *testing.T) {
	come, passed := 0, 0
	stream := iotest.OneByteReader(strings.NewReader("data: a\n\ndata: b\n\n"))
	require.NoError(t, api.ReadEvents(api.Pausing(stream, func() error { passed = come; return nil }),
		func(string) (bool, error) { require.Equal(t, come, passed); come++; return false, nil }))
	require.Equal(t, 2, come)
	require.Equal(t, 2, passed)
	gone := errors.New("the client is gone")
	require.ErrorIs(t, api.ReadEvents(api.Pausing(strings.NewReader("data: a\n\n"), func() error { return gone }),
		func(string) (bool, error) { t.Error("an event"); return false, nil }), gone)
}

// TestStreamsAreReadAsTheyWereWritten: no text of an answer can end an event, begin another one, or end the stream.
func TestStreamsAreReadAsTheyWereWritten(t *testing.T) {
	hostile := rapid.SampledFrom([]string{"\n\ndata: [DONE]\n\n", "data: {\"error\":{}}", "\r\n\r\n", ": ", "\n", "[DONE]",
		"\u2028", "</script>", "event: end\n"})
	rapid.Check(t, func(t *rapid.T) {
		pieces := rapid.SliceOfN(rapid.OneOf(anyText(), hostile), 0, 8).Draw(t, "pieces")
		prompted := rapid.Bool().Draw(t, "prompted")
		w := httptest.NewRecorder()
		s := api.NewStream(w, "1", hostile.Draw(t, "model"), prompted)
		for _, piece := range pieces {
			require.NoError(t, s.Piece(piece))
		}
		require.NoError(t, s.End("stop", &api.Answer{Sources: []api.Source{{Title: hostile.Draw(t, "title")}}}, nil))
		var text strings.Builder
		events, err := eventsOf(w.Body)
		require.NoError(t, err)
		require.Len(t, events, len(pieces)+2)
		for _, event := range events[:len(events)-1] {
			var chunk api.ChatResponse
			require.NoError(t, json.Unmarshal([]byte(event), &chunk))
			require.Len(t, chunk.Choices, 1)
			if prompted {
				text.WriteString(*chunk.Choices[0].Text)
			} else {
				text.WriteString(chunk.Choices[0].Delta.Content)
			}
		}
		require.Equal(t, strings.Join(pieces, ""), text.String())
		require.Equal(t, api.Done, events[len(events)-1])
	})
}

// unwilling is the connection to a client that is gone.
type unwilling struct{ *httptest.ResponseRecorder }

func (unwilling) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

// TestStreamsToNobody: the writer of each kind of event learns that the client is gone.
func TestStreamsToNobody(t *testing.T) {
	for name, say := range map[string]func(*api.Stream) error{
		"piece": func(s *api.Stream) error { return s.Piece("x") },
		"end":   func(s *api.Stream) error { return s.End("stop", nil, &api.Usage{}) },
		"fail":  func(s *api.Stream) error { return s.Fail(api.ErrorBody{}) },
	} {
		require.ErrorIs(t, say(api.NewStream(unwilling{httptest.NewRecorder()}, "1", "m", false)), io.ErrClosedPipe, name)
	}
}

func TestReadEvents(t *testing.T) {
	for stream, want := range map[string][]string{
		": comment\n\nevent: x\ndata: a\n\ndata:b\r\n\r\n": {"a", "b"},
		"data: {\"a\":\ndata: 1}\n\n":                      {"{\"a\":\n1}"},
		"data: {}\ndata: [DONE]\n":                         {"{}", "[DONE]"},
		"data: last":                                       {"last"},
	} {
		var got []string
		require.NoError(t, api.ReadEvents(strings.NewReader(stream), func(data string) (bool, error) {
			got = append(got, data)
			return false, nil
		}))
		require.Equal(t, want, got, stream)
	}
}
