//go:build interop

package interop

import (
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"testing"

	"github.com/openledger/openledger/slm/adapter"
	"github.com/openledger/openledger/slm/adapter/adaptertest"
	"github.com/openledger/openledger/slm/checkpoint"
	"github.com/openledger/openledger/slm/checkpoint/checkpointtest"
	"github.com/openledger/openledger/slm/kernel"
	"github.com/openledger/openledger/slm/model"
)

// tolerance is how far logits may be from those of others.
const tolerance = 1e-4

// steps is the number of greedy tokens that are compared.
const steps = 20

// A result is what a model says: logits after each token, and the greedy tokens that follow.
type result struct {
	Logits [][]float32
	Greedy []int
}

// prompt is what models read: 40 tokens of a vocabulary.
func prompt(vocabulary int) []int {
	tokens := make([]int, 40)
	for i := range tokens {
		tokens[i] = (7 + 31*i + i*i) % vocabulary
	}
	return tokens
}

// loaded opens a checkpoint, and an adapter for it if a path is given.
func loaded(t testing.TB, path, adapterPath string, pool *kernel.Pool) (*model.Model, *model.Adapter) {
	t.Helper()
	c, err := checkpoint.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	m, err := model.New(c, pool)
	if err != nil {
		t.Fatal(err)
	}
	if adapterPath == "" {
		return m, nil
	}
	a, err := adapter.Open(adapterPath)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	targets, err := a.For(c.Config)
	if err != nil {
		t.Fatal(err)
	}
	var changes []model.LowRank
	for _, target := range targets {
		changes = append(changes, model.LowRank(target))
	}
	change, err := model.NewAdapter(c.Config, a.Scale, changes)
	if err != nil {
		t.Fatal(err)
	}
	return m, change
}

// ours computes with slm.
func ours(t testing.TB, path, adapterPath string, tokens []int) result {
	t.Helper()
	pool := kernel.NewPool(2)
	defer pool.Close()
	m, change := loaded(t, path, adapterPath, pool)
	positions := make([]int, len(tokens))
	for i := range positions {
		positions[i] = i
	}
	cache := m.NewCache()
	all, err := m.Forward([]model.Sequence{{Cache: cache, Tokens: tokens, Adapter: change, Positions: positions}})
	if err != nil {
		t.Fatal(err)
	}
	var r result
	for i := range tokens {
		r.Logits = append(r.Logits, slices.Clone(all.Row(i)))
	}
	last := r.Logits[len(tokens)-1]
	for range steps {
		best := 0
		for i, x := range last {
			if x > last[best] {
				best = i
			}
		}
		r.Greedy = append(r.Greedy, best)
		next, err := m.Forward([]model.Sequence{{Cache: cache, Tokens: []int{best}, Adapter: change, Positions: []int{0}}})
		if err != nil {
			t.Fatal(err)
		}
		last = next.Row(0)
	}
	return r
}

// oursAfter returns the logits after tokens and the first n of those that others chose, for n from 0 on.
func oursAfter(t testing.TB, path, adapterPath string, tokens, chosen []int) [][]float32 {
	t.Helper()
	pool := kernel.NewPool(2)
	defer pool.Close()
	m, change := loaded(t, path, adapterPath, pool)
	cache := m.NewCache()
	var logits [][]float32
	for i := 0; i <= len(chosen); i++ {
		out, err := m.Forward([]model.Sequence{{
			Cache: cache, Tokens: tokens, Adapter: change, Positions: []int{len(tokens) - 1},
		}})
		if err != nil {
			t.Fatal(err)
		}
		logits = append(logits, slices.Clone(out.Row(0)))
		if i < len(chosen) {
			tokens = chosen[i : i+1]
		}
	}
	return logits
}

// distance is the largest difference of logits.
func distance(a, b [][]float32) float64 {
	if len(a) != len(b) {
		return math.Inf(1)
	}
	largest := 0.0
	for i := range a {
		if len(a[i]) != len(b[i]) {
			return math.Inf(1)
		}
		for j := range a[i] {
			largest = max(largest, math.Abs(float64(a[i][j])-float64(b[i][j])))
		}
	}
	return largest
}

// configs are the models of each architecture that are compared.
func configs() map[string]checkpoint.Config {
	all := map[string]checkpoint.Config{}
	for _, architecture := range []string{checkpoint.Llama, checkpoint.Mistral, checkpoint.Qwen2, checkpoint.Qwen3} {
		config := checkpointtest.Config(architecture)
		config.VocabSize = 384
		all[architecture] = config
		config.TieEmbeddings = true
		all[architecture+" tied"] = config
	}
	config := all[checkpoint.Llama]
	config.AttentionBias, config.OutputBias, config.MLPBias, config.HeadDim = true, true, true, 32
	all["llama with biases"] = config
	config = all[checkpoint.Llama]
	config.RopeTheta = 500000
	config.RopeScaling = &checkpoint.RopeScaling{
		Type: checkpoint.RopeLlama3, Factor: 8, LowFreqFactor: 1, HighFreqFactor: 4, OriginalPositions: 64,
	}
	all["llama 3.1"] = config
	config.RopeScaling = &checkpoint.RopeScaling{Type: checkpoint.RopeLinear, Factor: 4}
	all["llama linear"] = config
	config = all[checkpoint.Mistral]
	config.SlidingWindow = 16
	all["mistral with a window"] = config
	return all
}

type job struct {
	Name    string `json:"name"`
	Folder  string `json:"folder"`
	Adapter string `json:"adapter"`
	Tokens  []int  `json:"tokens"`
	Steps   int    `json:"steps"`
}

// agree compares what we and transformers compute from the same folders.
func agree(t *testing.T, jobs []job) {
	t.Helper()
	for i := range jobs {
		jobs[i].Steps = steps
		if len(jobs[i].Tokens) == 0 {
			jobs[i].Tokens = prompt(384)
		}
	}
	var theirs []result
	python(t, "logits", map[string]any{"jobs": jobs}, &theirs)
	worst := 0.0
	for i, j := range jobs {
		mine := ours(t, j.Folder, j.Adapter, j.Tokens)
		d := distance(mine.Logits, theirs[i].Logits)
		worst = max(worst, d)
		t.Logf("%-45s logits differ by at most %.1e; %d greedy tokens", j.Name, d, len(mine.Greedy))
		if d > tolerance {
			t.Errorf("%s: logits differ by %v", j.Name, d)
		}
		if !slices.Equal(mine.Greedy, theirs[i].Greedy) {
			t.Errorf("%s: greedy tokens %v, want %v", j.Name, mine.Greedy, theirs[i].Greedy)
		}
	}
	t.Logf("%d models; the largest difference is %.1e", len(jobs), worst)
}

// transformers computes what we compute from the folders that we write: bases, adapters, and merged models.
func TestTransformersReadsOurs(t *testing.T) {
	var jobs []job
	for name, config := range configs() {
		for _, dtype := range []checkpoint.DType{checkpoint.F32, checkpoint.F16, checkpoint.BF16} {
			folder := checkpointtest.Random(t, config, dtype, 11)
			jobs = append(jobs, job{Name: fmt.Sprintf("%s %s", name, dtype), Folder: folder})
			a := adaptertest.Random(t, config, 4, 0.5, 3)
			peft := t.TempDir()
			if err := a.WriteFolder(peft, config, "base"); err != nil {
				t.Fatal(err)
			}
			jobs = append(jobs, job{Name: fmt.Sprintf("%s %s with adapter", name, dtype), Folder: folder, Adapter: peft})
			c, err := checkpoint.Open(folder)
			if err != nil {
				t.Fatal(err)
			}
			change, err := a.Merge(config)
			if err != nil {
				t.Fatal(err)
			}
			merged := t.TempDir()
			if err := c.WriteFolder(merged, checkpoint.Options{Change: change}); err != nil {
				t.Fatal(err)
			}
			c.Close()
			jobs = append(jobs, job{Name: fmt.Sprintf("%s %s merged", name, dtype), Folder: merged})
		}
	}
	slices.SortFunc(jobs, func(a, b job) int { return compareText(a.Name, b.Name) })
	agree(t, jobs)
}

func compareText(a, b string) int {
	if a < b {
		return -1
	}
	return 1
}

// We compute what transformers computes from the folders that it writes.
func TestWeReadTransformers(t *testing.T) {
	type creation struct {
		Class  string         `json:"class"`
		Config map[string]any `json:"config"`
		DType  string         `json:"dtype"`
		Shard  string         `json:"shard"`
		Folder string         `json:"folder"`
		Seed   int            `json:"seed"`
	}
	var creations []creation
	var jobs []job
	add := func(class string, more map[string]any) {
		for seed, dtype := range []string{"float32", "float16", "bfloat16"} {
			config := map[string]any{
				"vocab_size": 384, "hidden_size": 64, "intermediate_size": 160, "num_hidden_layers": 2,
				"num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 256,
				"bos_token_id": 1, "eos_token_id": 2,
			}
			for key, value := range more {
				config[key] = value
			}
			folder := filepath.Join(t.TempDir(), "model")
			shard := "1GB"
			if dtype == "bfloat16" {
				shard = "60KB"
			}
			creations = append(creations, creation{class, config, dtype, shard, folder, seed})
			jobs = append(jobs, job{Name: fmt.Sprintf("%s %s %v", class, dtype, more), Folder: folder})
		}
	}
	add("Llama", nil)
	add("Llama", map[string]any{"tie_word_embeddings": true, "attention_bias": true, "mlp_bias": true, "head_dim": 32})
	add("Llama", map[string]any{"rope_parameters": map[string]any{
		"rope_theta": 500000.0, "rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
		"original_max_position_embeddings": 64,
	}})
	add("Llama", map[string]any{"rope_parameters": map[string]any{
		"rope_theta": 10000.0, "rope_type": "linear", "factor": 2.0,
	}})
	add("Mistral", map[string]any{"sliding_window": 16})
	add("Mistral", map[string]any{"sliding_window": nil, "head_dim": 32})
	add("Qwen2", nil)
	add("Qwen2", map[string]any{"tie_word_embeddings": true, "rope_parameters": map[string]any{
		"rope_theta": 1000000.0, "rope_type": "default"}})
	add("Qwen3", map[string]any{"head_dim": 32})
	add("Qwen3", map[string]any{"head_dim": 16, "attention_bias": true, "tie_word_embeddings": true})
	python(t, "create", map[string]any{"jobs": creations}, &struct{}{})
	agree(t, jobs)
}
