package upstream_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// characters of one to four bytes, with those that begin with the byte of a surrogate (Hangul) and those that a pair of
// them makes.
var characters = rapid.OneOf(rapid.Rune(), rapid.SampledFrom([]rune("a\"\\\n\t/é한글힣豈𝄞😀👩‍🚀\ud7ff\ue000\U0010ffff\ufffd")))

// escaped returns the JSON escape of a UTF-16 unit.
func escaped(unit uint16) string { return fmt.Sprintf(`\u%04x`, unit) }

// cut returns JSON strings that together hold a text, cut anywhere: within the bytes of a character, or within a
// surrogate pair.
func cut(t *rapid.T, text string) []string {
	var parts []string // that are not cut
	for _, r := range text {
		switch {
		case rapid.Bool().Draw(t, "escaped") || r < ' ' || r == '"' || r == '\\':
			for _, unit := range utf16.AppendRune(nil, r) {
				parts = append(parts, escaped(unit))
			}
		default:
			for _, b := range []byte(string(r)) {
				parts = append(parts, string([]byte{b}))
			}
		}
	}
	var out []string
	piece := `"`
	for _, part := range parts {
		if rapid.IntRange(0, 2).Draw(t, "cut") == 0 {
			out = append(out, piece+`"`)
			piece = `"`
		}
		piece += part
	}
	return append(out, piece+`"`)
}

// TestTextIsJoined: wherever a server cuts a text, it arrives unchanged, in whole characters, and in order.
func TestTextIsJoined(t *testing.T) {
	var body string
	fake := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for _, line := range strings.SplitAfter(body, "\n\n") {
			_, _ = io.WriteString(w, line)
			_ = http.NewResponseController(w).Flush()
		}
	}))
	defer fake.Close()
	s := server(t, fake.URL, "small", "", 0)
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOf(characters).Draw(t, "text")
		body = ""
		for _, piece := range cut(t, text) {
			body += `data: {"choices":[{"index":0,"delta":{"content":` + piece + "}}]}\n\n" +
				rapid.SampledFrom([]string{"", ": ping\n\n", "data: {\"choices\":[]}\n\n",
					"data: {\"choices\":[{\"index\":1,\"delta\":{\"content\":\"another\"}}]}\n\n"}).Draw(t, "between")
		}
		body += "data: [DONE]\n\n"
		said := ""
		reply, err := s.Answer(t.Context(), request(), func(piece string) error {
			if !utf8.ValidString(piece) || piece == "" {
				t.Fatalf("a piece is %q", piece)
			}
			said += piece
			return nil
		})
		if err != nil || said != text || reply.Text != text {
			t.Fatalf("%q became %q and %q: %v\n%s", text, said, reply.Text, err, body)
		}
	})
}

// TestBrokenText: invalid text becomes U+FFFD, as with encoding/json.
func TestBrokenText(t *testing.T) {
	for _, pieces := range [][]string{
		{`"\ud83d"`}, {`"a\ud83d"`, `"b"`}, {`"\ude00\ud83d"`}, {`"\ud83d\ud83d\ude00"`}, {"\"a\xed\xa0\""}, {"\"\xff\xfe\""},
		{"\"\xe4\xb8\""}, {"\"\xe4\"", `"x"`}, {"\"\xed\""}, {"\"\xed\"", `"x"`}, {`"\ud83d"`, "\"\xed\""},
	} {
		body := ""
		for _, piece := range pieces {
			body += `data: {"choices":[{"delta":{"content":` + piece + "}}]}\n\n"
		}
		fake := fakeServer(t, http.StatusOK, body+"data: [DONE]\n\n")
		reply, err := server(t, fake.URL+"/v1", "small", "secret", 0).Answer(t.Context(), request(),
			func(string) error { return nil })
		require.NoError(t, err)
		require.True(t, utf8.ValidString(reply.Text))
		require.Contains(t, reply.Text, "\ufffd", "%q", pieces)
		require.Equal(t, strings.Contains(strings.Join(pieces, ""), "x"), strings.HasSuffix(reply.Text, "x"), "%q", pieces)
	}
}

// TestEscapes: fragments read escapes as encoding/json does.
func TestEscapes(t *testing.T) {
	const text = `"\"\\\/\b\f\n\r\t\u00e9\u4E2d\uD834\udd1e"`
	var want string
	require.NoError(t, json.Unmarshal([]byte(text), &want))
	fake := fakeServer(t, http.StatusOK, `data: {"choices":[{"delta":{"content":`+text+"}}]}\n\ndata: [DONE]\n\n")
	reply, err := server(t, fake.URL+"/v1", "small", "secret", 0).Answer(t.Context(), request(),
		func(string) error { return nil })
	require.NoError(t, err)
	require.Equal(t, want, reply.Text)
}
