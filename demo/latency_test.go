package demo

import (
	"bufio"
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openledger/openledger/openlora/api"
)

var measure = flag.Bool("measure", false, "measure what gateway and proxy add to a model server's answers, for a minute or two")

const (
	// A model server that begins after firstToken and says a word each wordPause.
	firstToken, wordPause = 50 * time.Millisecond, 5 * time.Millisecond
	// calls are measured for each way, and two of each asker at the least.
	calls = 100
)

// said is what the model server says: words of the sources and others.
var said = strings.Fields(`Darier disease differs in its greasy follicular papules, its seborrheic rather than flexural
	emphasis and its abundant dyskeratotic cells. The histology settles what the eye alone cannot, and the family history
	helps, since both are inherited in a dominant way but with genes of their own on different chromosomes.`)

// modelServer answers as a language model does that is served by OpenAI's API.
func modelServer(t *testing.T) *httptest.Server {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/models", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `{"object":"list","data":[{"id":"stand-in","object":"model"}]}`)
	})
	mux.HandleFunc("POST /v1/chat/completions", func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "text/event-stream")
		control := http.NewResponseController(w)
		begin := time.Now()
		for i, word := range said {
			time.Sleep(time.Until(begin.Add(firstToken + time.Duration(i)*wordPause)))
			encoded, _ := json.Marshal(word + " ")
			fmt.Fprintf(w, "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":%s},\"finish_reason\":null}]}\n\n", encoded)
			_ = control.Flush()
		}
		fmt.Fprint(w, "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n")
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server
}

// took is how long an answer's first word and all of it took.
type took struct{ first, whole time.Duration }

// timed asks once, streamed.
func timed(client *http.Client, url string, body []byte) (took, error) {
	var out took
	begin := time.Now()
	response, err := client.Post(url+"/v1/chat/completions", "application/json", bytes.NewReader(body))
	if err != nil {
		return out, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		content, _ := io.ReadAll(response.Body)
		return out, fmt.Errorf("%s: %s", response.Status, content)
	}
	lines := bufio.NewScanner(response.Body)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		switch line := lines.Text(); {
		case line == "data: "+api.Done:
			out.whole = time.Since(begin)
			return out, nil
		case out.first == 0 && strings.Contains(line, `"content":`):
			out.first = time.Since(begin)
		}
	}
	return out, fmt.Errorf("the stream ended early: %w", lines.Err())
}

// times asks at an address, so many at a time in some rounds, and returns what the answers took.
func times(t *testing.T, url string, parallel, rounds int) []took {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: parallel}}
	body, err := json.Marshal(map[string]any{"model": "openledger/1", "stream": true, "messages": []api.Message{
		{Role: "user", Content: "How is Hailey-Hailey disease told apart from Darier disease?"},
	}})
	require.NoError(t, err)
	var mu sync.Mutex
	var all []took
	var failed error
	var work sync.WaitGroup
	for range parallel {
		work.Go(func() {
			for range rounds {
				one, err := timed(client, url, body)
				mu.Lock()
				if err != nil {
					failed = err
				} else {
					all = append(all, one)
				}
				mu.Unlock()
			}
		})
	}
	work.Wait()
	require.NoError(t, failed)
	return all
}

// relay is a bare reverse proxy: what any hop adds on this machine.
func relay(t *testing.T, to string) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		request, _ := http.NewRequestWithContext(r.Context(), r.Method, to+r.URL.Path, r.Body)
		request.Header.Set("Content-Type", "application/json")
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		defer response.Body.Close()
		w.Header().Set("Content-Type", response.Header.Get("Content-Type"))
		buffer := make([]byte, 32<<10)
		for {
			n, err := response.Body.Read(buffer)
			_, _ = w.Write(buffer[:n])
			_ = http.NewResponseController(w).Flush()
			if err != nil {
				return
			}
		}
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func percentile(all []took, of func(took) time.Duration, percent int) float64 {
	sorted := make([]time.Duration, len(all))
	for i, one := range all {
		sorted[i] = of(one)
	}
	slices.Sort(sorted)
	return float64(sorted[min(len(sorted)-1, len(sorted)*percent/100)].Microseconds()) / 1000
}

// TestLatency measures; it judges nothing. It prints one table for docs/benchmarks.md.
func TestLatency(t *testing.T) {
	if !*measure {
		t.Skip("-measure measures")
	}
	for name, value := range map[string]string{"RATE": "1000000", "BURST": "1000000", "MAX_ANSWERS": "256", "SESSIONS": "64", "PATIENCE": "10m"} {
		t.Setenv("OPENLORA_"+name, value)
	}
	server := modelServer(t)
	c := newClientWith(t, options{corpus: dermatology, validators: 1, modelURL: server.URL + "/v1", model: "stand-in"})
	c.run("--budget", "5000OPEN/day", "--sessions", "64", "--close-after", "1h")
	require.Eventually(t, func() bool {
		connection, err := net.Dial("tcp", "127.0.0.1:"+c.port)
		if err == nil {
			connection.Close()
		}
		return err == nil
	}, time.Minute, 50*time.Millisecond)
	relayed := relay(t, server.URL)
	var table strings.Builder
	table.WriteString("| calls at once | through | first p50 | first p99 | whole p50 | whole p99 |\n|---:|---|---:|---:|---:|---:|\n")
	first, whole := func(x took) time.Duration { return x.first }, func(x took) time.Duration { return x.whole }
	for _, parallel := range []int{1, 16, 64} {
		times(t, c.url(), parallel, 1) // sessions are open, and connections
		rounds := max(2, calls/parallel)
		direct := times(t, server.URL, parallel, rounds)
		for _, way := range []struct {
			name string
			all  []took
		}{{"a bare relay", times(t, relayed, parallel, rounds)}, {"proxy and gateway", times(t, c.url(), parallel, rounds)}} {
			fmt.Fprintf(&table, "| %d | %s |", parallel, way.name)
			for _, of := range []func(took) time.Duration{first, whole} {
				for _, percent := range []int{50, 99} {
					fmt.Fprintf(&table, " %.1f |", percentile(way.all, of, percent)-percentile(direct, of, percent))
				}
			}
			table.WriteString("\n")
		}
	}
	if path := os.Getenv("MEASURED"); path != "" {
		require.NoError(t, os.WriteFile(filepath.Clean(path), []byte(table.String()), 0o644))
	}
	t.Logf("added to a model server's answers, in ms:\n%s", table.String())
}
