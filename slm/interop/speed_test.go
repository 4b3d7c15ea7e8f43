//go:build interop

package interop

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/openledger/openledger/slm/checkpoint"
	"github.com/openledger/openledger/slm/checkpoint/checkpointtest"
	"github.com/openledger/openledger/slm/kernel"
	"github.com/openledger/openledger/slm/model"
)

// smolLM2 is the shape of SmolLM2-135M.
var smolLM2 = checkpoint.Config{
	Architecture: checkpoint.Llama, VocabSize: 49152, HiddenSize: 576, IntermediateSize: 1536, Layers: 30, Heads: 9,
	KVHeads: 3, HeadDim: 64, MaxPositions: 8192, NormEps: 1e-5, RopeTheta: 100000, TieEmbeddings: true, BOS: 1,
	EOS: []int{2},
}

// What is measured: a prompt is read, then tokens are written one at a time, by one thread and by two.
const (
	read    = 512
	written = 32
	rounds  = 3
)

// speeds are tokens a second.
type speeds struct{ prefill, decode float64 }

func speedOfServer(t *testing.T, address string, tokens []int) speeds {
	var answer struct {
		Timings struct {
			Prompt    float64 `json:"prompt_per_second"`
			Predicted float64 `json:"predicted_per_second"`
		} `json:"timings"`
	}
	post(t, address, "/completion", map[string]any{
		"prompt": tokens, "n_predict": written, "temperature": 0, "cache_prompt": false, "ignore_eos": true,
	}, &answer)
	return speeds{answer.Timings.Prompt, answer.Timings.Predicted}
}

func speedOfOurs(t *testing.T, m *model.Model, tokens []int) speeds {
	cache := m.NewCache()
	forward := func(tokens []int) int {
		out, err := m.Forward([]model.Sequence{{Cache: cache, Tokens: tokens, Positions: []int{len(tokens) - 1}}})
		if err != nil {
			t.Fatal(err)
		}
		best, row := 0, out.Row(0)
		for i, x := range row {
			if x > row[best] {
				best = i
			}
		}
		return best
	}
	start := time.Now()
	token := forward(tokens)
	middle := time.Now()
	for range written {
		token = forward([]int{token})
	}
	return speeds{
		float64(len(tokens)) / middle.Sub(start).Seconds(), written / time.Since(middle).Seconds(),
	}
}

func median(all []speeds) speeds {
	of := func(get func(speeds) float64) float64 {
		values := make([]float64, len(all))
		for i, s := range all {
			values[i] = get(s)
		}
		slices.Sort(values)
		return values[len(values)/2]
	}
	return speeds{of(func(s speeds) float64 { return s.prefill }), of(func(s speeds) float64 { return s.decode })}
}

// Speed beside llama-server, in turns on the same machine: medians, and a table in the log. Nothing fails by it.
func TestSpeed(t *testing.T) {
	tokens := make([]int, read)
	for i := range tokens {
		tokens[i] = (17 + 7919*i) % smolLM2.VocabSize
	}
	folder := checkpointtest.Random(t, smolLM2, checkpoint.F32, 1)
	c, err := checkpoint.Open(folder)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var table strings.Builder
	fmt.Fprintf(&table, "SmolLM2-135M's shape, random weights, %d tokens read and %d written, median of %d turns; "+
		"llama.cpp's %s\n", read, written, rounds, filepath.Base(backend(t)))
	table.WriteString("| dtype | threads | what | slm tokens/s | llama-server tokens/s | ratio |\n")
	table.WriteString("|---|---:|---|---:|---:|---:|\n")
	for _, dtype := range []checkpoint.DType{checkpoint.BF16, checkpoint.F16, checkpoint.Q8_0} {
		file := filepath.Join(t.TempDir(), "model.gguf")
		err := c.WriteGGUF(file, checkpoint.Options{DType: &dtype, Metadata: vocabulary(smolLM2.VocabSize)})
		if err != nil {
			t.Fatal(err)
		}
		for threads := 1; threads <= 2; threads++ {
			pool := kernel.NewPool(threads)
			m, _ := loaded(t, file, "", pool)
			address := serve(t, "-m", file, "--parallel", "1", "--no-warmup", "--threads", strconv.Itoa(threads))
			var mine, theirs []speeds
			for range rounds {
				theirs = append(theirs, speedOfServer(t, address, tokens))
				mine = append(mine, speedOfOurs(t, m, tokens))
			}
			pool.Close()
			a, b := median(mine), median(theirs)
			fmt.Fprintf(&table, "| %s | %d | prefill | %.0f | %.0f | %.2f |\n", dtype, threads, a.prefill, b.prefill,
				a.prefill/b.prefill)
			fmt.Fprintf(&table, "| %s | %d | decode | %.1f | %.1f | %.2f |\n", dtype, threads, a.decode, b.decode,
				a.decode/b.decode)
			t.Logf("%s, %d threads: slm %.1f, llama-server %.1f", dtype, threads, mine, theirs)
		}
	}
	t.Logf("%s", table.String())
}

// Products of matrices beside llama.cpp's CPU code, in turns: a table in the log.
func TestProducts(t *testing.T) {
	const rows, out, in = 512, 4096, 14336
	var table strings.Builder
	fmt.Fprintf(&table, "y [%d, %d] = x [%d, %d] · W [%d, %d], 2 threads, the better of 2 turns; llama.cpp's %s\n",
		rows, out, rows, in, out, in, filepath.Base(backend(t)))
	table.WriteString("| W | slm GFLOPS | llama.cpp GFLOPS | ratio |\n|---|---:|---:|---:|\n")
	pool := kernel.NewPool(2)
	defer pool.Close()
	x, y := kernel.NewMatrix(rows, in), kernel.NewMatrix(rows, out)
	for i := range rows {
		row := x.Row(i)
		for j := range row {
			row[j] = float32(i*7%13-6) / 8
		}
	}
	for _, dtype := range []struct {
		name  string
		bytes int
		kernel.DType
	}{{"f32", 4, kernel.F32}, {"f16", 2, kernel.F16}, {"bf16", 2, kernel.BF16}} {
		w, err := kernel.NewWeights(dtype.DType, out, in, make([]byte, out*in*dtype.bytes))
		if err != nil {
			t.Fatal(err)
		}
		mine, theirs := 0.0, 0.0
		for range 2 {
			start := time.Now()
			kernel.Linear(pool, y, x, w)
			mine = max(mine, 2*rows*out*in/time.Since(start).Seconds()/1e9)
			theirs = max(theirs, product(t, dtype.name))
		}
		fmt.Fprintf(&table, "| %s | %.0f | %.0f | %.2f |\n", dtype.name, mine, theirs, mine/theirs)
	}
	t.Logf("%s", table.String())
}

var flops = regexp.MustCompile(`([0-9.]+) ([GT])FLOPS`)

// product returns the GFLOPS that llama.cpp's own measurement says.
func product(t *testing.T, kind string) float64 {
	cmd := peer(t, "usr/libexec/x86_64-linux-gnu/ggml/test-backend-ops", "perf", "-o", "MUL_MAT", "-b", "CPU", "-p",
		"type_a="+kind+",type_b=f32,m=4096,n=512,k=14336,bs=\\[1,1\\],nr=\\[1,1\\]")
	cmd.Env = append(os.Environ(), "GGML_BACKEND_PATH="+backend(t))
	text, err := cmd.CombinedOutput()
	found := flops.FindSubmatch(text)
	if err != nil || found == nil {
		t.Skipf("llama.cpp's measurement: %v\n%s", err, text)
	}
	n, err := strconv.ParseFloat(string(found[1]), 64)
	if err != nil {
		t.Fatal(err)
	}
	if string(found[2]) == "T" {
		n *= 1000
	}
	return n
}
