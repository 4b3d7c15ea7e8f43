package demo

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openledger/openledger/openlora/api"
	"github.com/openledger/openledger/openlora/session"
	"github.com/openledger/openledger/poa"
)

var measure = flag.Bool("measure", false, "measure what gateway and proxy add to a model server's answers: ten minutes")

const (
	// calls is the number of calls for each way. The ways take turns in blocks, so that other work of the machine affects
	// all of them.
	calls, blocks = 100, 4
	// deposit of each session, and what an answer may cost at most, in OPEN.
	sessionDeposit, answerFee = "60OPEN", "0.5OPEN"
)

// took holds the times until an answer's first word and until its end.
type took struct{ first, whole time.Duration }

// asker asks once, streamed.
type asker func(ctx context.Context) (took, error)

func question(number int) []byte {
	body, _ := json.Marshal(map[string]any{"model": "openledger/1", "stream": true, "messages": []api.Message{
		{Role: "user", Content: fmt.Sprint("How is Hailey-Hailey disease told apart from Darier disease? Case ", number%50)},
	}})
	return body
}

// plainAskers ask an OpenAI endpoint.
func plainAskers(parallel int, url string) []asker {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: parallel}}
	askers := make([]asker, parallel)
	for i := range askers {
		number := i
		askers[i] = func(ctx context.Context) (took, error) {
			number++
			return timed(ctx, client, url, question(number))
		}
	}
	return askers
}

func timed(ctx context.Context, client *http.Client, url string, body []byte) (took, error) {
	var out took
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/v1/chat/completions", bytes.NewReader(body))
	if err != nil {
		return out, err
	}
	request.Header.Set("Content-Type", "application/json")
	begin := time.Now()
	response, err := client.Do(request)
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

// payingAskers ask the gateway in sessions of their own, as a program does that pays by itself. They keep these in
// memory.
func payingAskers(clients []*session.Client, stream bool) []asker {
	askers := make([]asker, len(clients))
	for i, client := range clients {
		number := i
		askers[i] = func(ctx context.Context) (took, error) {
			number++
			var out took
			begin := time.Now()
			take := func(session.Piece) {
				if out.first == 0 {
					out.first = time.Since(begin)
				}
			}
			if !stream {
				take = nil
			}
			_, err := client.Complete(ctx, question(number), "", take)
			out.whole = time.Since(begin)
			return out, err
		}
	}
	return askers
}

// together runs all askers at the same time. Each asks rounds times, one call after another, and they begin spread over
// the time of an answer.
func together(t *testing.T, askers []asker, rounds int) []took {
	t.Helper()
	span := firstToken + time.Duration(len(said))*wordPause
	var mu sync.Mutex
	var all []took
	var failed error
	var work sync.WaitGroup
	for i, ask := range askers {
		work.Go(func() {
			time.Sleep(span * time.Duration(i) / time.Duration(len(askers)))
			for range rounds {
				one, err := ask(t.Context())
				mu.Lock()
				if all = append(all, one); err != nil {
					failed = err
				}
				mu.Unlock()
			}
		})
	}
	work.Wait()
	require.NoError(t, failed)
	return all
}

func percentile(all []took, of func(took) time.Duration, percent int) float64 {
	sorted := make([]time.Duration, len(all))
	for i, one := range all {
		sorted[i] = of(one)
	}
	slices.Sort(sorted)
	return float64(sorted[min(len(sorted)-1, len(sorted)*percent/100)].Microseconds()) / 1000
}

// way is one way to a model server's answers.
type way struct {
	name   string
	askers []asker
	all    []took
}

// measured is a demo with a model server, a proxy, and sessions of programs that pay by themselves.
type measured struct {
	*client
	t       *testing.T
	model   *modelServer
	paying  []*session.Client
	proxied int // sessions that the proxy has opened
}

func newMeasured(t *testing.T) *measured {
	for name, value := range map[string]string{
		"RATE": "1000000", "BURST": "1000000", "MAX_ANSWERS": "256", "SESSIONS": "64", "PATIENCE": "10m",
	} {
		t.Setenv("OPENLORA_"+name, value)
	}
	model := newModelServer(t)
	m := &measured{t: t, model: model, client: newClientWith(t, options{
		corpus: dermatology, validators: 1, modelURL: model.url + "/v1", model: "stand-in",
	})}
	t.Cleanup(func() {
		if t.Failed() {
			for _, ran := range []*process{m.node, m.gateway, m.proxy} {
				content, _ := os.ReadFile(ran.log)
				t.Logf("%s:\n%s", ran.name, content[max(0, len(content)-2000):])
			}
		}
	})
	m.run("--budget", "5000OPEN/day", "--sessions", "64", "--close-after", "2h", "--ack-after", "1s",
		"--deposit", sessionDeposit, "--max-fee", answerFee)
	require.Eventually(t, func() bool {
		connection, err := net.Dial("tcp", "127.0.0.1:"+m.port)
		if err == nil {
			connection.Close()
		}
		return err == nil
	}, time.Minute, 50*time.Millisecond)
	return m
}

// clients returns so many sessions with the gateway, opening those that are missing.
func (m *measured) clients(parallel int) []*session.Client {
	list, err := session.Models(m.t.Context(), m.gatewayURL())
	require.NoError(m.t, err)
	for len(m.paying) < parallel {
		client, err := session.Open(
			m.t.Context(), m.chain, m.payer, m.gatewayURL(), *list.Data[0].OpenLedger, coin(open(60)), "",
		)
		require.NoError(m.t, err)
		client.MaxFee = poa.NewAmount(500_000_000_000_000_000)
		m.paying = append(m.paying, client)
	}
	return m.paying[:parallel]
}

// warm has the proxy open so many sessions.
func (m *measured) warm(parallel int) {
	for try := 0; m.proxied < parallel; try++ {
		require.Less(m.t, try, 40, "the proxy has %d sessions of %d", m.proxied, parallel)
		together(m.t, plainAskers(parallel, m.url()), 1)
		kept, err := session.List(filepath.Join(m.client.home, "connect", "sessions"))
		require.NoError(m.t, err)
		m.proxied = len(kept.Sessions)
	}
}

// TestLatency only measures. It prints the tables of openlora/README.md.
func TestLatency(t *testing.T) {
	if !*measure {
		t.Skip(`measured by: make bench ARGS="--only gateway"`)
	}
	m := newMeasured(t)
	nginx := startNginx(t, m.model.url)
	if nginx == "" {
		t.Log("nginx is not installed: not compared with")
	}
	var table strings.Builder
	fmt.Fprintf(&table, "%d cores, load %s before\n\n", runtime.NumCPU(), loadAverage())
	table.WriteString("| calls at once | through | first p50 | first p99 | whole p50 | whole p99 |\n")
	table.WriteString("|---:|---|---:|---:|---:|---:|\n")
	for _, parallel := range []int{1, 16, 64} {
		m.level(&table, parallel, nginx)
	}
	m.throughput(&table)
	fmt.Fprintf(&table, "\nload %s after\n", loadAverage())
	if path := os.Getenv("MEASURED"); path != "" {
		require.NoError(t, os.WriteFile(filepath.Clean(path), []byte(table.String()), 0o644))
	}
	t.Logf("added to a model server's answers, in ms:\n%s", table.String())
}

// level measures all ways with so many calls at once.
func (m *measured) level(table io.Writer, parallel int, nginx string) {
	paying := m.clients(parallel)
	m.warm(parallel)
	ways := []*way{{name: "the model server itself, in full", askers: plainAskers(parallel, m.model.url)}}
	if nginx != "" {
		ways = append(ways, &way{name: "nginx", askers: plainAskers(parallel, nginx)})
	}
	ways = append(ways,
		&way{name: "gateway", askers: payingAskers(paying, true)},
		&way{name: "gateway and proxy", askers: plainAskers(parallel, m.url())},
	)
	first, whole := func(x took) time.Duration { return x.first }, func(x took) time.Duration { return x.whole }
	rounds := max(2, calls/blocks/parallel)
	m.t.Logf("%d at once: sessions are open", parallel)
	for _, way := range ways { // connections are open
		together(m.t, way.askers, 1)
	}
	for range blocks {
		for _, way := range ways {
			way.all = append(way.all, together(m.t, way.askers, rounds)...)
		}
	}
	for i, way := range ways {
		fmt.Fprintf(table, "| %d | %s |", parallel, way.name)
		for _, of := range []func(took) time.Duration{first, whole} {
			for _, percent := range []int{50, 99} {
				base := 0.0
				if i > 0 {
					base = percentile(ways[0].all, of, percent)
				}
				fmt.Fprintf(table, " %.1f |", percentile(way.all, of, percent)-base)
			}
		}
		fmt.Fprintln(table)
	}
}

// throughput measures the gateway's work for an answer of a model server that says all at once, with its receipt.
func (m *measured) throughput(table io.Writer) {
	const parallel, rounds = 16, 60
	m.model.hasty.Store(true)
	defer m.model.hasty.Store(false)
	fmt.Fprintf(table, "\n| %d calls at once, %d words each | answers/s | per CPU second of the gateway |\n",
		parallel, len(said))
	fmt.Fprint(table, "|---|---:|---:|\n")
	for _, stream := range []bool{false, true} {
		askers := payingAskers(m.clients(parallel), stream)
		together(m.t, askers, 3)
		before, began := cpuSeconds(m.gateway.cmd.Process.Pid), time.Now()
		n := float64(len(together(m.t, askers, rounds)))
		took := time.Since(began).Seconds()
		used := cpuSeconds(m.gateway.cmd.Process.Pid) - before
		kind := map[bool]string{false: "in one piece", true: "streamed word by word"}[stream]
		fmt.Fprintf(table, "| %s | %.0f | %.0f |\n", kind, n/took, n/used)
	}
}

// cpuSeconds returns the CPU time of a process in seconds, from /proc.
func cpuSeconds(pid int) float64 {
	const ticksPerSecond = 100 // USER_HZ on all architectures that Go runs on
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	_, behind, _ := strings.Cut(string(raw), ") ") // a name may hold spaces
	fields := strings.Fields(behind)
	if len(fields) < 13 {
		return 0
	}
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return float64(user+system) / ticksPerSecond
}

func loadAverage() string {
	raw, err := os.ReadFile("/proc/loadavg")
	fields := strings.Fields(string(raw))
	if err != nil || len(fields) < 3 {
		return "unknown"
	}
	return strings.Join(fields[:3], " ")
}
