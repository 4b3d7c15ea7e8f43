package model

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/openledger/openledger/slm/checkpoint"
	"github.com/openledger/openledger/slm/checkpoint/checkpointtest"
	"github.com/openledger/openledger/slm/internal/reference"
	"github.com/openledger/openledger/slm/kernel"
)

func small(architecture string) checkpoint.Config {
	c := checkpoint.Config{
		Architecture: architecture, VocabSize: 99, HiddenSize: 64, IntermediateSize: 160, Layers: 2, Heads: 6, KVHeads: 2,
		HeadDim: 16, MaxPositions: 256, NormEps: 1e-5, RopeTheta: 10000, BOS: 1, EOS: []int{2},
	}
	switch architecture {
	case checkpoint.Llama:
		c.TieEmbeddings = true
		c.RopeScaling = &checkpoint.RopeScaling{
			Type: checkpoint.RopeLlama3, Factor: 8, LowFreqFactor: 1, HighFreqFactor: 4, OriginalPositions: 64,
		}
	case checkpoint.Mistral:
		c.SlidingWindow, c.RopeInterleaved = 40, true
	case checkpoint.Qwen2:
		c.AttentionBias, c.OutputBias, c.MLPBias = true, true, true
		c.RopeScaling = &checkpoint.RopeScaling{Type: checkpoint.RopeLinear, Factor: 2}
	case checkpoint.Qwen3:
		c.QKNorm, c.HeadDim = true, 32
	}
	return c
}

var (
	architectures = []string{checkpoint.Llama, checkpoint.Mistral, checkpoint.Qwen2, checkpoint.Qwen3}
	dtypes        = []checkpoint.DType{checkpoint.F32, checkpoint.F16, checkpoint.BF16, checkpoint.Q8_0}
)

// tensors returns random weights of the type by name.
func tensors(t testing.TB, config checkpoint.Config, dtype checkpoint.DType) func(string) (checkpoint.Tensor, bool) {
	source := dtype
	if dtype == checkpoint.Q8_0 {
		source = checkpoint.F32
	}
	all := map[string]checkpoint.Tensor{}
	for _, tensor := range checkpointtest.Tensors(t, config, source, 7) {
		if dtype == checkpoint.Q8_0 {
			tensor = quantised(tensor)
		}
		all[tensor.Name] = tensor
	}
	return func(name string) (checkpoint.Tensor, bool) {
		tensor, ok := all[name]
		return tensor, ok
	}
}

// list returns all tensors of a configuration.
func list(config checkpoint.Config, tensor func(string) (checkpoint.Tensor, bool)) []checkpoint.Tensor {
	var all []checkpoint.Tensor
	for _, layout := range config.Layouts() {
		t, _ := tensor(layout.Name)
		all = append(all, t)
	}
	return all
}

func random(t testing.TB, config checkpoint.Config, dtype checkpoint.DType, pool *kernel.Pool) *Model {
	m, err := FromTensors(config, tensors(t, config, dtype), pool)
	require.NoError(t, err)
	return m
}

func text(seed, n, vocabulary int) []int {
	tokens := make([]int, n)
	for i := range tokens {
		sum := sha256.Sum256(fmt.Appendf(nil, "%d %d", seed, i))
		tokens[i] = int(binary.LittleEndian.Uint32(sum[:])>>1) % vocabulary
	}
	return tokens
}

func every(n int) []int {
	positions := make([]int, n)
	for i := range positions {
		positions[i] = i
	}
	return positions
}

// all returns the logits after each token of a text.
func all(t require.TestingT, m *Model, adapter *Adapter, tokens []int) kernel.Matrix {
	logits, err := m.Forward([]Sequence{{
		Cache: m.NewCache(), Tokens: tokens, Adapter: adapter, Positions: every(len(tokens)),
	}})
	require.NoError(t, err)
	return logits
}

// randomAdapter changes the projections; their seeds are given by their places.
func randomAdapter(t testing.TB, config checkpoint.Config, rank int, projections ...string) (
	*Adapter, map[string]reference.Change,
) {
	var changes []LowRank
	deltas := map[string]reference.Change{}
	for layer := range config.Layers {
		for _, projection := range projections {
			out, in, _ := config.ProjectionShape(projection)
			tensor := func(rows, cols int) checkpoint.Tensor {
				t := checkpoint.Tensor{Name: projection, DType: checkpoint.F32, Shape: []int{rows, cols}}
				for _, v := range text(layer*100+len(projection)+rank+rows, rows*cols, 1001) {
					t.Data = binary.LittleEndian.AppendUint32(t.Data, math.Float32bits(float32(v-500)/5000))
				}
				return t
			}
			change := LowRank{Layer: layer, Projection: projection, A: tensor(rank, in), B: tensor(out, rank)}
			changes = append(changes, change)
			a, err := reference.Values(change.A)
			require.NoError(t, err)
			b, err := reference.Values(change.B)
			require.NoError(t, err)
			deltas[checkpoint.ProjectionName(layer, projection)] = reference.Change{A: a, B: b, Scale: 2}
		}
	}
	adapter, err := NewAdapter(config, 2, changes)
	require.NoError(t, err)
	return adapter, deltas
}

// TestReference compares each architecture and type with float64 by plain loops, with and without an adapter.
func TestReference(t *testing.T) {
	for _, architecture := range architectures {
		for _, dtype := range dtypes {
			t.Run(architecture+" "+dtype.String(), func(t *testing.T) {
				config := small(architecture)
				source := tensors(t, config, dtype)
				m, err := FromTensors(config, source, nil)
				require.NoError(t, err)
				tokens := text(1, 70, config.VocabSize)
				adapter, deltas := randomAdapter(t, config, 5, checkpoint.Projections[:]...)
				for name, run := range map[string]struct {
					adapter *Adapter
					deltas  map[string]reference.Change
				}{"base": {}, "adapter": {adapter, deltas}} {
					r, err := reference.New(config, list(config, source))
					require.NoError(t, err)
					r.Changes = run.deltas
					want := r.Logits(tokens)
					got := all(t, m, run.adapter, tokens)
					for i := range tokens {
						for j, v := range got.Row(i) {
							require.InDelta(t, want[i][j], float64(v), 1e-4, "%s: logit %d after token %d", name, j, i)
						}
					}
				}
			})
		}
	}
}

func digest(v []float32) string {
	h := sha256.New()
	for _, f := range v {
		var b [4]byte
		binary.LittleEndian.PutUint32(b[:], math.Float32bits(f))
		h.Write(b[:])
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// TestGolden compares hashes of logits. They are the same on every architecture, by assembly and portable code.
func TestGolden(t *testing.T) {
	want := map[string]string{
		"llama F32": "3a5109dd235941af", "llama F16": "087ec24bcdedf63e", "llama BF16": "a4d1999d62ce5c9f",
		"llama Q8_0":  "c87da1bd1beb54bc",
		"mistral F32": "7a5c18bc34b43398", "mistral F16": "7ddff1a375546012", "mistral BF16": "d7d81c4bb45e86e0",
		"mistral Q8_0": "87c8f88450b65218",
		"qwen2 F32":    "d147773827c0d1f8", "qwen2 F16": "e7c38af7832a4c52", "qwen2 BF16": "91bcd30e243959eb",
		"qwen2 Q8_0": "d161893de4427c3c",
		"qwen3 F32":  "8cbe76c9b2bffdcc", "qwen3 F16": "a8d874ef16add9db", "qwen3 BF16": "537afd67f5343446",
		"qwen3 Q8_0": "7ab96bbd4262835e",
	}
	pool := kernel.NewPool(3)
	defer pool.Close()
	for _, architecture := range architectures {
		for _, dtype := range dtypes {
			name, config := architecture+" "+dtype.String(), small(architecture)
			adapter, _ := randomAdapter(t, config, 4, "q_proj", "v_proj", "down_proj")
			tokens := text(2, 70, config.VocabSize)
			run := func(pool *kernel.Pool) string {
				m := random(t, config, dtype, pool)
				return digest(append(all(t, m, nil, tokens).Data, all(t, m, adapter, tokens).Data...))
			}
			got := run(nil)
			if got != want[name] {
				t.Errorf("%q: %q,", name, got)
			}
			require.Equal(t, got, run(pool), "threads")
			restore := kernel.ForcePortable()
			require.Equal(t, got, run(pool), "portable code")
			restore()
		}
	}
}

// TestAnyBatch: logits depend neither on how a text is cut, nor on what else is in the batch.
func TestAnyBatch(t *testing.T) {
	pool := kernel.NewPool(2)
	defer pool.Close()
	models := map[string]*Model{}
	adapters := map[string][]*Adapter{}
	for _, architecture := range architectures {
		config := small(architecture)
		models[architecture] = random(t, config, checkpoint.BF16, pool)
		one, _ := randomAdapter(t, config, 3, "q_proj", "gate_proj")
		two, _ := randomAdapter(t, config, 8, checkpoint.Projections[:]...)
		adapters[architecture] = []*Adapter{nil, one, two}
	}
	rapid.Check(t, func(t *rapid.T) {
		architecture := rapid.SampledFrom(architectures).Draw(t, "architecture")
		m := models[architecture]
		n := rapid.IntRange(1, 4).Draw(t, "texts")
		texts, want := make([][]int, n), make([]kernel.Matrix, n)
		sequences := make([]Sequence, n)
		for i := range n {
			texts[i] = text(i, rapid.IntRange(1, 90).Draw(t, "tokens"), m.config.VocabSize)
			sequences[i].Adapter = rapid.SampledFrom(adapters[architecture]).Draw(t, "adapter")
			sequences[i].Cache = m.NewCache()
			want[i] = all(t, m, sequences[i].Adapter, texts[i])
		}
		for {
			var step []Sequence
			var which []int
			for i, s := range sequences {
				left := len(texts[i]) - s.Cache.Len()
				if left == 0 || rapid.IntRange(0, 3).Draw(t, "skip") == 0 && n > 1 {
					continue
				}
				take := rapid.IntRange(1, left).Draw(t, "take")
				s.Tokens = texts[i][s.Cache.Len():][:take]
				s.Positions = every(take)
				step, which = append(step, s), append(which, i)
			}
			if len(step) == 0 {
				if !slices.ContainsFunc(every(n), func(i int) bool { return sequences[i].Cache.Len() < len(texts[i]) }) {
					return
				}
				continue
			}
			before := make([]int, len(step))
			for j, s := range step {
				before[j] = s.Cache.Len()
			}
			got, err := m.Forward(step)
			require.NoError(t, err)
			row := 0
			for j, i := range which {
				for k := range step[j].Tokens {
					require.Equal(t, want[i].Row(before[j]+k), got.Row(row), "text %d, token %d", i, before[j]+k)
					row++
				}
			}
		}
	})
}

// TestSharedBlocks continues from another conversation's blocks, and from the middle of a text.
func TestSharedBlocks(t *testing.T) {
	config := small(checkpoint.Mistral)
	m := random(t, config, checkpoint.F32, nil)
	tokens := text(1, 100, config.VocabSize)
	want := all(t, m, nil, tokens)
	first := m.NewCache()
	_, err := m.Forward([]Sequence{{Cache: first, Tokens: tokens[:80]}})
	require.NoError(t, err)
	require.Len(t, first.Full(), 2)
	second := m.NewCache(first.Full()...)
	require.Equal(t, 64, second.Len())
	check := func(c *Cache, from int) {
		got, err := m.Forward([]Sequence{{Cache: c, Tokens: tokens[from:], Positions: []int{len(tokens) - from - 1}}})
		require.NoError(t, err)
		require.Equal(t, want.Row(99), got.Row(0))
	}
	check(second, 64)
	second.Truncate(50) // into a block that is shared
	_, err = m.Forward([]Sequence{{Cache: second, Tokens: text(9, 14, config.VocabSize)}})
	require.NoError(t, err)
	check(first, 80)
	second.Truncate(50)
	check(second, 50)
	second.Truncate(1000)
	require.Equal(t, 100, second.Len())
	second.Truncate(0)
	check(second, 0)
}

func TestRefusals(t *testing.T) {
	config := small(checkpoint.Llama)
	m := random(t, config, checkpoint.F32, nil)
	cache := m.NewCache()
	other, _ := randomAdapter(t, small(checkpoint.Qwen3), 2, "q_proj")
	for message, sequence := range map[string]Sequence{
		"token 99 is not in the vocabulary of 99": {Cache: cache, Tokens: []int{99}},
		"token -1 is not in the vocabulary":       {Cache: cache, Tokens: []int{-1}},
		"has no token":                            {Cache: cache},
		"a cache of its own":                      {Tokens: []int{1}},
		"the model reads at most 256: shorten":    {Cache: cache, Tokens: make([]int, 257)},
		"logits are wanted after token 1 of 1":    {Cache: cache, Tokens: []int{1}, Positions: []int{1}},
		"the adapter is for a model of another":   {Cache: cache, Tokens: []int{1}, Adapter: other},
		"the cache is of a model of another sha":  {Cache: &Cache{}, Tokens: []int{1}},
	} {
		_, err := m.Forward([]Sequence{sequence})
		require.ErrorContains(t, err, message)
	}
	_, err := m.Forward([]Sequence{{Cache: cache, Tokens: []int{1}}, {Cache: cache, Tokens: []int{1}}})
	require.ErrorContains(t, err, "a cache of its own")
	require.Zero(t, cache.Len())
	logits, err := m.Forward(nil)
	require.NoError(t, err)
	require.Zero(t, logits.Rows)

	tensor := func(shape ...int) checkpoint.Tensor {
		return checkpoint.Tensor{DType: checkpoint.F32, Shape: shape, Data: make([]byte, 4*shape[0]*shape[1])}
	}
	good := LowRank{Layer: 0, Projection: "q_proj", A: tensor(2, 64), B: tensor(96, 2)}
	for message, change := range map[string]LowRank{
		"the model has 2 layers":           {Layer: 2, Projection: "q_proj"},
		"the adapter changes lm_head":      {Projection: "lm_head"},
		"the model needs [r, 64]":          {Layer: 1, Projection: "q_proj", A: tensor(2, 63), B: tensor(96, 2)},
		"the model needs [r, 64] and [96,": {Layer: 1, Projection: "q_proj", A: tensor(2, 64), B: tensor(96, 3)},
		"twice":                            good,
	} {
		_, err := NewAdapter(config, 1, []LowRank{good, change})
		require.ErrorContains(t, err, message)
	}
	_, err = FromTensors(config, func(name string) (checkpoint.Tensor, bool) {
		tensor, _ := tensors(t, config, checkpoint.F32)(name)
		return tensor, !strings.HasSuffix(name, "1.mlp.up_proj.weight")
	}, nil)
	require.ErrorContains(t, err, "no tensor model.layers.1.mlp.up_proj.weight")
}
