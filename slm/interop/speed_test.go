//go:build interop

package interop

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/openledger/openledger/slm/checkpoint"
	"github.com/openledger/openledger/slm/checkpoint/checkpointtest"
	"github.com/openledger/openledger/slm/kernel"
	"github.com/openledger/openledger/slm/model"
	"github.com/openledger/openledger/testutil/peers"
)

// smolLM2 is the shape of SmolLM2-135M.
var smolLM2 = checkpoint.Config{
	Architecture: checkpoint.Llama, VocabSize: 49152, HiddenSize: 576, IntermediateSize: 1536, Layers: 30, Heads: 9,
	KVHeads: 3, HeadDim: 64, MaxPositions: 8192, NormEps: 1e-5, RopeTheta: 100000, TieEmbeddings: true, BOS: 1,
	EOS: []int{2},
}

// What is measured: a prompt is read, then tokens are written one at a time.
const (
	read    = 512
	written = 32
	rounds  = 2
)

// speeds are tokens a second.
type speeds struct{ prefill, decode float64 }

// better keeps the higher of each.
func (s *speeds) better(other speeds) {
	s.prefill, s.decode = max(s.prefill, other.prefill), max(s.decode, other.decode)
}

// clock returns the seconds that have passed: of the wall, or of CPU that a process has used.
type clock func() float64

func wall() float64 { return float64(time.Now().UnixNano()) / 1e9 }

// cpu is the clock of a process. Linux counts 100 ticks a second.
func cpu(t *testing.T, process int) clock {
	return func() float64 {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", process))
		if err != nil {
			t.Fatal(err)
		}
		fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
		user, _ := strconv.ParseFloat(fields[11], 64)
		system, _ := strconv.ParseFloat(fields[12], 64)
		return (user + system) / 100
	}
}

// measure times reading a prompt and the first token, then writing with the prompt in the cache.
func measure(now clock, first, rest func()) speeds {
	start := now()
	first()
	middle := now()
	rest()
	return speeds{read / (middle - start), written / (now() - middle)}
}

func speedOfServer(t *testing.T, address string, now clock, tokens []int) speeds {
	ask := func(n int, cached bool) {
		var answer struct {
			Tokens []int `json:"tokens"`
		}
		post(t, address, "/completion", map[string]any{
			"prompt": tokens, "n_predict": n, "temperature": 0, "cache_prompt": cached, "ignore_eos": true,
			"return_tokens": true,
		}, &answer)
		if len(answer.Tokens) != n {
			t.Fatalf("%d tokens, want %d", len(answer.Tokens), n)
		}
	}
	return measure(now, func() { ask(1, false) }, func() { ask(written+1, true) })
}

func speedOfOurs(t *testing.T, now clock, m *model.Model, tokens []int) speeds {
	cache, token := m.NewCache(), 0
	forward := func(tokens []int) {
		out, err := m.Forward([]model.Sequence{{Cache: cache, Tokens: tokens, Positions: []int{len(tokens) - 1}}})
		if err != nil {
			t.Fatal(err)
		}
		row := out.Row(0)
		for i, x := range row {
			if x > row[token] {
				token = i
			}
		}
	}
	return measure(now, func() { forward(tokens) }, func() {
		for range written {
			forward([]int{token})
		}
	})
}

// Speed beside llama-server, in turns on the same machine, the best of each: a table in the log, and nothing fails by
// it. One thread is measured in seconds of CPU, so that other programs count little; two in seconds of the wall, where
// a busy machine tells nothing: llama.cpp's threads wait for one another without sleeping.
func TestSpeed(t *testing.T) {
	tokens := make([]int, read)
	for i := range tokens {
		tokens[i] = (17 + 7919*i) % smolLM2.VocabSize
	}
	c, err := checkpoint.Open(checkpointtest.Random(t, smolLM2, checkpoint.F32, 1))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	load, _ := os.ReadFile("/proc/loadavg")
	// Products of a token that is read: two operations a weight of the layers. Attention comes on top.
	flops := 2 * float64(smolLM2.Parameters()-int64(smolLM2.VocabSize*smolLM2.HiddenSize)) / 1e9
	var table strings.Builder
	fmt.Fprintf(&table, "SmolLM2-135M's shape, random weights, %d tokens read and %d written, best of %d turns; "+
		"llama.cpp's %s; load %s\n", read, written, rounds, filepath.Base(peers.Backend(t)), strings.Fields(string(load))[0])
	table.WriteString("| dtype | threads | what | slm tokens/s (GFLOPS) | llama-server tokens/s (GFLOPS) | ratio |\n")
	table.WriteString("|---|---:|---|---:|---:|---:|\n")
	most := 2
	if os.Getenv("ONE_THREAD") != "" {
		most = 1
	}
	for threads := 1; threads <= most; threads++ {
		for _, dtype := range []checkpoint.DType{checkpoint.BF16, checkpoint.F16, checkpoint.Q8_0} {
			t.Run(fmt.Sprintf("%s %d", dtype, threads), func(t *testing.T) {
				file := filepath.Join(t.TempDir(), "model.gguf")
				options := checkpoint.Options{DType: &dtype, Metadata: vocabulary(smolLM2.VocabSize)}
				if err := c.WriteGGUF(file, options); err != nil {
					t.Fatal(err)
				}
				pool := kernel.NewPool(threads)
				defer pool.Close()
				m, _ := loaded(t, file, "", pool)
				address, process := peers.Llama(t, "-m", file, "--parallel", "1", "--no-warmup", "--threads",
					strconv.Itoa(threads))
				first, second := clock(wall), clock(wall)
				if threads == 1 {
					first, second = cpu(t, os.Getpid()), cpu(t, process)
				}
				var mine, theirs speeds
				for range rounds {
					theirs.better(speedOfServer(t, address, second, tokens))
					mine.better(speedOfOurs(t, first, m, tokens))
				}
				line := fmt.Sprintf("| %s | %d | prefill | %.0f (%.0f) | %.0f (%.0f) | %.2f |\n"+
					"| %s | %d | decode | %.1f | %.1f | %.2f |\n",
					dtype, threads, mine.prefill, flops*mine.prefill, theirs.prefill, flops*theirs.prefill,
					mine.prefill/theirs.prefill, dtype, threads, mine.decode, theirs.decode, mine.decode/theirs.decode)
				t.Logf("\n%s", line)
				table.WriteString(line)
			})
		}
	}
	t.Logf("%s", table.String())
}
