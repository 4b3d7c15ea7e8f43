package upstream_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// exchange is a request and its answer, as testdata/README.md describes them.
type exchange struct {
	method, path string
	json, part   string // of the body: all of it, or a part of an object
	text         string
	status       int
	kind         string
	answer       string
}

// transcripts reads the exchanges of a file by their names.
func transcripts(t *testing.T, file string) map[string][]exchange {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("testdata", file))
	require.NoError(t, err)
	out := map[string][]exchange{}
	name := ""
	var last *exchange
	for i, line := range strings.Split(string(content), "\n") {
		mark, rest, _ := strings.Cut(line, " ")
		switch mark {
		case "", "#":
		case "===":
			name = rest
			require.NotContains(t, out, name)
			out[name] = nil
		case ">":
			if strings.HasPrefix(rest, "{") {
				last.json = rest
				continue
			}
			method, path, ok := strings.Cut(rest, " ")
			require.True(t, ok, "line %d of %s", i+1, file)
			out[name] = append(out[name], exchange{method: method, path: path})
			last = &out[name][len(out[name])-1]
		case ">~":
			last.part = rest
		case ">.":
			last.text = rest
		case "<":
			if rest[0] != '{' && rest[0] != '[' {
				status, kind, _ := strings.Cut(rest, " ")
				last.status, err = strconv.Atoi(status)
				require.NoError(t, err)
				last.kind = kind
				continue
			}
			require.True(t, json.Valid([]byte(rest)), "line %d of %s", i+1, file)
			last.kind, last.answer = "application/json", rest
		case "<.":
			last.answer += rest + "\n"
		default:
			t.Fatalf("line %d of %s: %q", i+1, file, line)
		}
	}
	return out
}

// replay serves exchanges in their order, with words replaced. At its end all must have been asked for.
func replay(t *testing.T, exchanges []exchange, replacing ...string) string {
	t.Helper()
	require.NotEmpty(t, exchanges)
	words := strings.NewReplacer(replacing...)
	var mu sync.Mutex
	next := 0
	var wrong []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		body, err := io.ReadAll(r.Body)
		if err != nil || next >= len(exchanges) {
			wrong = append(wrong, fmt.Sprintf("%s %s was asked at the end", r.Method, r.URL))
			http.Error(w, "nothing more was recorded", http.StatusTeapot)
			return
		}
		e := exchanges[next]
		next++
		if why := differs(e, r, string(body), words); why != "" {
			wrong = append(wrong, why)
			http.Error(w, why, http.StatusTeapot)
			return
		}
		if e.kind != "" {
			w.Header().Set("Content-Type", e.kind)
		}
		w.WriteHeader(e.status)
		_, _ = io.WriteString(w, words.Replace(e.answer))
	}))
	t.Cleanup(func() {
		server.Close()
		require.Empty(t, wrong)
		require.Equal(t, len(exchanges), next, "not all was asked")
	})
	return server.URL
}

// differs says how a request is another than the one that was recorded.
func differs(e exchange, r *http.Request, body string, words *strings.Replacer) string {
	if asked, want := r.Method+" "+r.URL.String(), e.method+" "+words.Replace(e.path); asked != want {
		return fmt.Sprintf("asked was %s, recorded %s", asked, want)
	}
	var got, want any
	switch {
	case e.text != "":
		if body != words.Replace(e.text) {
			return fmt.Sprintf("sent was %q, recorded %q", body, e.text)
		}
	case e.json != "":
		if json.Unmarshal([]byte(body), &got) != nil || json.Unmarshal([]byte(words.Replace(e.json)), &want) != nil ||
			!equal(got, want) {
			return fmt.Sprintf("sent was %s, recorded %s", body, e.json)
		}
	case e.part != "":
		var fields, part map[string]any
		if json.Unmarshal([]byte(body), &fields) != nil || json.Unmarshal([]byte(words.Replace(e.part)), &part) != nil {
			return "no object: " + body
		}
		for name, value := range part {
			if !equal(fields[name], value) {
				return fmt.Sprintf("%s was %v, recorded %v", name, fields[name], value)
			}
		}
	case body != "":
		return "a body was sent: " + body
	}
	return ""
}

func equal(a, b any) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && string(x) == string(y)
}
