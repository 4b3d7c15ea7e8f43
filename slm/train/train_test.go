package train

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/openledger/openledger/slm/checkpoint"
	"github.com/openledger/openledger/slm/checkpoint/checkpointtest"
	"github.com/openledger/openledger/slm/internal/reference"
	"github.com/openledger/openledger/slm/kernel"
	"github.com/openledger/openledger/slm/model"
)

func small(architecture string) checkpoint.Config {
	c := checkpoint.Config{
		Architecture: architecture, VocabSize: 37, HiddenSize: 24, IntermediateSize: 40, Layers: 2, Heads: 4, KVHeads: 2,
		HeadDim: 8, MaxPositions: 128, NormEps: 1e-5, RopeTheta: 10000, BOS: 1, EOS: []int{2},
	}
	switch architecture {
	case checkpoint.Llama:
		c.TieEmbeddings = true
	case checkpoint.Mistral:
		c.SlidingWindow, c.RopeInterleaved = 5, true
	case checkpoint.Qwen2:
		c.AttentionBias, c.OutputBias, c.MLPBias = true, true, true
	case checkpoint.Qwen3:
		c.QKNorm = true
	}
	return c
}

var architectures = []string{checkpoint.Llama, checkpoint.Mistral, checkpoint.Qwen2, checkpoint.Qwen3}

func base(t testing.TB, config checkpoint.Config, dtype checkpoint.DType, pool *kernel.Pool) *model.Model {
	return fromTensors(t, config, checkpointtest.Tensors(t, config, dtype, 3), pool)
}

func fromTensors(t testing.TB, config checkpoint.Config, tensors []checkpoint.Tensor, pool *kernel.Pool) *model.Model {
	m, err := model.FromTensors(config, func(name string) (checkpoint.Tensor, bool) {
		i := slices.IndexFunc(tensors, func(t checkpoint.Tensor) bool { return t.Name == name })
		if i < 0 {
			return checkpoint.Tensor{}, false
		}
		return tensors[i], true
	}, pool)
	require.NoError(t, err)
	return m
}

// examples returns n texts of different lengths, half of them with a beginning that is not learned.
func examples(n, vocabulary int) []Example {
	random := newSource(1, "examples")
	out := make([]Example, n)
	for i := range out {
		for range 3 + random.below(40) {
			out[i].Tokens = append(out[i].Tokens, random.below(vocabulary))
		}
		out[i].From = i % 2 * random.below(len(out[i].Tokens))
	}
	return out
}

// whole returns an example in one piece.
func whole(e Example) piece { return piece{e.Tokens, e.learned()} }

func quick(rank int) Settings {
	s := FullSettings()
	if rank > 0 {
		s = LoRASettings()
		s.Rank, s.Alpha = rank, 2*float64(rank)
	}
	s.ContextTokens, s.BatchTokens, s.Accumulation, s.Epochs = 32, 64, 2, 2
	return s
}

func start(t testing.TB, m *model.Model, s Settings, e []Example, pool *kernel.Pool) *Trainer {
	trainer, err := New(m, s, e, pool)
	require.NoError(t, err)
	return trainer
}

// testDigest returns a digest of all trained parameters.
func (t *Trainer) testDigest() string {
	h := sha256.New()
	for _, p := range t.network.parameters {
		h.Write(kernel.Bytes(p.values))
		h.Write(kernel.Bytes(p.mean))
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

func run(t testing.TB, trainer *Trainer) []Report {
	var reports []Report
	require.NoError(t, trainer.Run(context.Background(), func(r Report) error {
		reports = append(reports, r)
		return nil
	}))
	return reports
}

// TestGradients compares gradients with finite differences of the loss in float64, for whole models and adapters of
// each architecture.
func TestGradients(t *testing.T) {
	for _, architecture := range architectures {
		for _, rank := range []int{0, 3} {
			t.Run(fmt.Sprintf("%s rank %d", architecture, rank), func(t *testing.T) {
				config := small(architecture)
				tensors := checkpointtest.Tensors(t, config, checkpoint.F32, 3)
				pieces := micro{
					whole(Example{Tokens: []int{5, 9, 30, 2, 9, 11, 7, 1, 20, 20}, Parts: []Part{{1, 5}, {7, 10}}}),
					whole(Example{Tokens: []int{3, 4, 8, 36}, From: 2}),
				}
				trainer := start(t, fromTensors(t, config, tensors, nil), quick(rank), examples(2, 37), nil)
				n := trainer.network
				random := newSource(9, "B")
				for _, p := range n.parameters {
					for i := range p.values {
						if rank > 0 {
							p.values[i] = float32(random.unit()-0.5) / 2 // B too, which begins as 0
						}
					}
				}
				a := n.newActivations(pieces, math.MaxInt)
				n.forward(a)
				dx := kernel.NewMatrix(len(a.tokens), config.HiddenSize)
				loss := n.loss(0, a, dx, 1)
				n.backward(a, dx)
				n.tieGradients()

				r, err := reference.New(config, tensors)
				require.NoError(t, err)
				r.Changes = map[string]reference.Change{}
				values := map[string][]float64{}
				for _, p := range n.parameters {
					wide := make([]float64, len(p.values))
					for i, v := range p.values {
						wide[i] = float64(v)
					}
					values[p.name] = wide
					if rank == 0 {
						r.Values[p.name] = wide
					}
				}
				for l := range config.Layers {
					for place, name := range checkpoint.Projections {
						if p := n.layers[l].projections[place]; p.a != nil {
							r.Changes[checkpoint.ProjectionName(l, name)] = reference.Change{
								A: values[p.a.name], B: values[p.b.name], Scale: float64(p.scale),
							}
						}
					}
				}
				lossOf := func() float64 {
					var sum float64
					for _, p := range pieces {
						logits := r.Logits(p.tokens[:p.rows()])
						for i, learns := range p.learns {
							if !learns {
								continue
							}
							var total float64
							for _, v := range logits[i-1] {
								total += math.Exp(v)
							}
							sum += math.Log(total) - logits[i-1][p.tokens[i]]
						}
					}
					return sum
				}
				require.InDelta(t, lossOf(), loss, 1e-3)
				for _, p := range n.parameters {
					for range 4 {
						i := random.below(len(p.values))
						const h = 1e-5
						v := values[p.name]
						at := v[i]
						v[i] = at + h
						up := lossOf()
						v[i] = at - h
						down := lossOf()
						v[i] = at
						want := (up - down) / (2 * h)
						require.InDelta(t, want, float64(p.grad[i]), 2e-3*math.Abs(want)+2e-4, "%s[%d]", p.name, i)
					}
				}
			})
		}
	}
}

// TestForward: training computes the same bits as package model.
func TestForward(t *testing.T) {
	for _, architecture := range architectures {
		config := small(architecture)
		trainer := start(t, base(t, config, checkpoint.BF16, nil), quick(4), examples(5, 37), nil)
		run(t, trainer)
		adapter, err := trainer.Adapter()
		require.NoError(t, err)
		tokens := examples(1, 37)[0].Tokens
		m := trainer.Model()
		positions := make([]int, len(tokens)-1)
		for i := range positions {
			positions[i] = i
		}
		logits, err := m.Forward([]model.Sequence{{
			Cache: m.NewCache(), Tokens: tokens[:len(positions)], Adapter: adapter, Positions: positions,
		}})
		require.NoError(t, err)
		a := trainer.network.newActivations(micro{whole(Example{Tokens: tokens})}, math.MaxInt)
		trainer.network.forward(a)
		for i := range positions {
			norm, own := make([]float32, config.HiddenSize), kernel.NewMatrix(1, config.VocabSize)
			kernel.RMSNorm(norm, a.last.Row(i), m.Norm, float32(config.NormEps))
			kernel.Linear(nil, own, kernel.MatrixOf(norm, 1, config.HiddenSize), m.Head)
			require.Equal(t, own.Data, logits.Row(i))
		}
	}
}

// TestGolden compares hashes of trained parameters: they are the same on every architecture, with threads, by portable
// code, with activations that are computed again, and with other micro-batches.
func TestGolden(t *testing.T) {
	want := map[string]string{
		"llama rank 0": "43a1d32a72fecbab", "llama rank 4": "97b197cbd1d8a50e", "mistral rank 0": "67cd99f7afa40327",
		"mistral rank 4": "a7fc91c20c5ca640",
		"init":           "751c00d105bce8a0", "qwen2 rank 0": "4335d795585c083e", "qwen2 rank 4": "e189b635adce1cd0",
		"qwen3 rank 0": "7a0cec806c159724", "qwen3 rank 4": "6ab448e6d8af8256",
	}
	h := sha256.New()
	tensors, err := Init(small(checkpoint.Qwen2), 7)
	require.NoError(t, err)
	for _, tensor := range tensors {
		h.Write(tensor.Data)
	}
	if got := hex.EncodeToString(h.Sum(nil)[:8]); got != want["init"] {
		t.Errorf("%q: %q,", "init", got)
	}
	pool := kernel.NewPool(3)
	defer pool.Close()
	for _, architecture := range architectures {
		for _, rank := range []int{0, 4} {
			name := fmt.Sprintf("%s rank %d", architecture, rank)
			config := small(architecture)
			train := func(pool *kernel.Pool, change func(s *Settings)) string {
				s := quick(rank)
				change(&s)
				trainer := start(t, base(t, config, checkpoint.F16, pool), s, examples(12, 37), pool)
				run(t, trainer)
				return trainer.testDigest()
			}
			plain := func(*Settings) {}
			got := train(nil, plain)
			if got != want[name] {
				t.Errorf("%q: %q,", name, got)
			}
			require.Equal(t, got, train(pool, plain), "threads")
			require.Equal(t, got, train(nil, func(s *Settings) { s.ActivationBytes = 0 }), "computed again")
			restore := kernel.ForcePortable()
			require.Equal(t, got, train(pool, plain), "portable code")
			restore()
		}
	}
}

// TestAccumulation: a step has the same bits for every division into micro-batches.
func TestAccumulation(t *testing.T) {
	for _, rank := range []int{0, 4} {
		var digests []string
		for _, cut := range [][2]int{{1, 12}, {12, 1}, {3, 4}, {4, 3}} {
			s := quick(rank)
			s.Packing, s.BatchTexts, s.Accumulation = false, cut[0], cut[1]
			// Pieces of one step each; 12 pieces a step.
			trainer := start(t, base(t, small(checkpoint.Llama), checkpoint.F32, nil), s, examples(24, 37), nil)
			run(t, trainer)
			digests = append(digests, trainer.testDigest())
		}
		require.Len(t, slices.Compact(digests), 1)
	}
}

// TestResume: stopping, saving and resuming changes no byte.
func TestResume(t *testing.T) {
	for _, rank := range []int{0, 4} {
		config, s, texts := small(checkpoint.Qwen3), quick(rank), examples(20, 37)
		whole := start(t, base(t, config, checkpoint.BF16, nil), s, texts, nil)
		reports := run(t, whole)
		folder := t.TempDir()
		wholePath := filepath.Join(folder, "whole")
		require.NoError(t, whole.Save(wholePath))
		want, err := os.ReadFile(wholePath)
		require.NoError(t, err)
		all, done := whole.Steps()
		require.Equal(t, all, done)
		require.Greater(t, all, 4)
		path := filepath.Join(folder, "state")
		var resumed []Report
		for stop := range all {
			trainer := start(t, base(t, config, checkpoint.BF16, nil), s, texts, nil)
			if stop > 0 {
				require.NoError(t, trainer.Resume(path))
			}
			// It is stopped in the middle of the step after the next, which is forgotten.
			r, err := trainer.Step(context.Background())
			require.NoError(t, err)
			resumed = append(resumed, r)
			if stop+1 < all {
				_, err = trainer.Step(&endsAfter{Context: context.Background(), left: 1})
				require.ErrorIs(t, err, context.Canceled)
			}
			require.NoError(t, trainer.Save(path))
		}
		got, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, want, got)
		require.Equal(t, reports, resumed)

		other := s
		other.LearningRate *= 2
		for name, trainer := range map[string]*Trainer{
			"settings": start(t, base(t, config, checkpoint.BF16, nil), other, texts, nil),
			"examples": start(t, base(t, config, checkpoint.BF16, nil), s, texts[1:], nil),
			"base":     start(t, base(t, config, checkpoint.F16, nil), s, texts, nil),
		} {
			before := trainer.testDigest()
			require.ErrorContains(t, trainer.Resume(path), "another base, other examples or other settings", name)
			require.Equal(t, before, trainer.testDigest())
		}
		require.Error(t, whole.Resume(filepath.Join(folder, "none")))
		_, err = whole.Step(context.Background())
		require.ErrorContains(t, err, "are done")
	}
}

// endsAfter is a context that ends after it was asked a number of times.
type endsAfter struct {
	context.Context
	left int
}

func (e *endsAfter) Err() error {
	if e.left--; e.left < 0 {
		return context.Canceled
	}
	return nil
}

// TestLearning trains a model and an adapter on a rule, and evaluates on texts that were not learned.
func TestLearning(t *testing.T) {
	config := small(checkpoint.Llama)
	var texts []Example
	random := newSource(4, "rule")
	for range 150 {
		at := random.below(37)
		e := Example{Tokens: []int{at}}
		for range 12 {
			at = (at*5 + 3) % 37
			e.Tokens = append(e.Tokens, at)
		}
		texts = append(texts, e)
	}
	tensors, err := Init(config, 8)
	require.NoError(t, err)
	s := quick(0)
	s.Epochs, s.EvalPart, s.LearningRate, s.EvalEvery = 8, 0.2, 1e-2, 20
	trainer := start(t, fromTensors(t, config, tensors, nil), s, texts, nil)
	reports := run(t, trainer)
	require.InDelta(t, math.Log(37), reports[0].Loss, 0.2)
	last := reports[len(reports)-1]
	require.Less(t, last.Loss, 0.1)
	require.NotNil(t, last.EvalLoss)
	require.Less(t, *last.EvalLoss, 0.1)
	require.NotNil(t, reports[19].EvalLoss)
	require.Nil(t, reports[18].EvalLoss)
	require.InDelta(t, 8, last.Epoch, 1e-9)
	require.Len(t, trainer.Tensors(), len(config.Layouts()))
	_, err = trainer.Adapter()
	require.ErrorContains(t, err, "the whole model is trained")

	// An adapter learns another rule on top of it; the base stays.
	for i := range texts {
		for j := 1; j < len(texts[i].Tokens); j++ {
			texts[i].Tokens[j] = (texts[i].Tokens[j-1]*3 + 1) % 37
		}
	}
	before := sha256.New()
	trainer.Model().Hash(before)
	s = quick(8)
	s.Epochs, s.LearningRate = 16, 1e-2
	adapter := start(t, trainer.Model(), s, texts, nil)
	require.Nil(t, adapter.Tensors())
	reports = run(t, adapter)
	require.Greater(t, reports[0].Loss, 3.0)
	require.Less(t, reports[len(reports)-1].Loss, 0.3)
	after := sha256.New()
	trainer.Model().Hash(after)
	require.Equal(t, before.Sum(nil), after.Sum(nil))
	require.Equal(t, 2*8*(24+32+24+16+24+16+32+24+3*(24+40)), adapter.Parameters()) // 8·(in+out) a projection
	loss, err := adapter.Evaluate(context.Background())
	require.NoError(t, err)
	require.True(t, math.IsNaN(loss))
}

func TestPieces(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := Example{Tokens: rapid.SliceOfN(rapid.IntRange(0, 9), 0, 50).Draw(t, "tokens")}
		e.From = rapid.IntRange(0, 60).Draw(t, "from")
		for at := 0; at < len(e.Tokens) && rapid.Bool().Draw(t, "more"); {
			from := rapid.IntRange(at, len(e.Tokens)-1).Draw(t, "begin")
			at = rapid.IntRange(from+1, len(e.Tokens)).Draw(t, "end")
			e.Parts = append(e.Parts, Part{from, at})
		}
		require.NoError(t, e.validate(10))
		context := rapid.IntRange(1, 20).Draw(t, "context")
		var learned []int
		for _, p := range e.pieces(context) {
			require.LessOrEqual(t, p.rows(), context)
			require.Positive(t, p.learned())
			for i, learns := range p.learns {
				if i > 0 && learns {
					learned = append(learned, p.tokens[i])
				}
			}
		}
		var want []int
		for i, token := range e.Tokens {
			in := i >= e.From
			if len(e.Parts) > 0 {
				in = slices.ContainsFunc(e.Parts, func(p Part) bool { return i >= p.From && i < p.To })
			}
			if in && i > 0 {
				want = append(want, token)
			}
		}
		require.Equal(t, want, learned)
	})
}

// TestPlan: an epoch learns each piece once, in an order of its own, and micro-batches have the size of the settings.
func TestPlan(t *testing.T) {
	s := quick(0)
	d, err := newData(&s, 37, examples(60, 37))
	require.NoError(t, err)
	count := func(packing bool, epoch int) (order []string) {
		s.Packing, s.BatchTexts = packing, 3
		for _, step := range d.epoch(&s, epoch) {
			require.LessOrEqual(t, len(step), s.Accumulation)
			for _, m := range step {
				rows := 0
				for _, p := range m {
					rows += p.rows()
					order = append(order, fmt.Sprint(p.tokens))
				}
				if packing {
					require.LessOrEqual(t, rows, s.BatchTokens)
				} else {
					require.LessOrEqual(t, len(m), 3)
				}
			}
		}
		return order
	}
	first, second := count(true, 0), count(true, 1)
	require.NotEqual(t, first, second)
	require.Equal(t, first, count(false, 0))
	require.ElementsMatch(t, first, second)
	require.Len(t, first, len(d.learn))
	s.EvalPart = 0.3
	split, err := newData(&s, 37, examples(60, 37))
	require.NoError(t, err)
	require.NotEmpty(t, split.evaluate)
	require.Len(t, d.learn, len(split.learn)+len(split.evaluate))
}

func TestSchedule(t *testing.T) {
	s := Settings{LearningRate: 2, Schedule: Constant, Warmup: 0.1}
	require.Equal(t, []float64{0.4, 2, 2}, []float64{s.rate(1, 100), s.rate(10, 100), s.rate(99, 100)})
	s.Schedule, s.LeastRate = Linear, 0.1
	require.InDeltaSlice(t, []float64{0.2, 2, 2, 1.1, 0.2}, []float64{
		s.rate(0, 101), s.rate(10, 101), s.rate(11, 101), (s.rate(55, 101) + s.rate(56, 101)) / 2, s.rate(100, 101),
	}, 0.02)
	s.Schedule = Cosine
	for step := range 101 {
		want := 2 * float64(step+1) / 11
		if step >= 11 {
			want = 2 * (0.1 + 0.9*0.5*(1+math.Cos(math.Pi*float64(step-11)/89)))
		}
		require.InDelta(t, want, s.rate(step, 101), 1e-12)
	}
	require.Equal(t, 2.0, s.rate(0, 1))
	require.InDelta(t, math.Pow(0.999, 1234), power(0.999, 1234), 1e-14)
}

// TestAdamW compares two steps with the formula in float64.
func TestAdamW(t *testing.T) {
	s := LoRASettings()
	s.WeightDecay = 0.1
	p := newParameter("w", []int{1, 2}, []float32{0.5, -2})
	want, m, v := []float64{0.5, -2}, make([]float64, 2), make([]float64, 2)
	for step := range 3 {
		copy(p.grad, []float32{0.1, -3})
		newAdamW(&s, 1e-2, step, 0.5).updateAll(nil, []*parameter{p})
		for i, g := range []float64{0.05, -1.5} {
			m[i] = 0.9*m[i] + 0.1*g
			v[i] = 0.999*v[i] + 0.001*g*g
			want[i] -= 1e-2 * 0.1 * want[i]
			want[i] -= 1e-2 * m[i] / (1 - math.Pow(0.9, float64(step+1))) /
				(math.Sqrt(v[i]/(1-math.Pow(0.999, float64(step+1)))) + 1e-8)
			require.InDelta(t, want[i], float64(p.values[i]), 1e-6)
		}
		require.Equal(t, []float32{0, 0}, p.grad)
	}
}

func TestRefusals(t *testing.T) {
	config := small(checkpoint.Llama)
	m := base(t, config, checkpoint.F32, nil)
	good := examples(3, 37)
	for message, change := range map[string]func(s *Settings){
		"epochs is 0":                      func(s *Settings) { s.Epochs = 0 },
		"learningRate is NaN":              func(s *Settings) { s.LearningRate = math.NaN() },
		`schedule is "up"; give constant`:  func(s *Settings) { s.Schedule = "up" },
		"batchTokens is 31; give at least": func(s *Settings) { s.BatchTokens = 31 },
		"batchTexts is 0":                  func(s *Settings) { s.Packing, s.BatchTexts = false, 0 },
		"alpha is 0":                       func(s *Settings) { s.Alpha = 0 },
		"targets is empty":                 func(s *Settings) { s.Targets = nil },
		`target "lm_head" is none of`:      func(s *Settings) { s.Targets = []string{"lm_head"} },
		"target q_proj is named twice":     func(s *Settings) { s.Targets = []string{"q_proj", "q_proj"} },
		"the model reads at most 128":      func(s *Settings) { s.ContextTokens, s.BatchTokens = 129, 129 },
	} {
		s := quick(4)
		change(&s)
		_, err := New(m, s, good, nil)
		require.ErrorContains(t, err, message)
	}
	for message, e := range map[string][]Example{
		"no example has a token to learn":   {{Tokens: []int{1}}, {Tokens: []int{1, 2}, From: 2}},
		"example 1: token 37 is not in the": {good[0], {Tokens: []int{1, 37}}},
		"is learned from token -1 on; give": {{Tokens: []int{1, 2}, From: -1}},
		"give parts in their order":         {{Tokens: []int{1, 2}, Parts: []Part{{1, 2}, {0, 1}}}},
		"tokens 1 to 3 of 2 are to be":      {{Tokens: []int{1, 2}, Parts: []Part{{1, 3}}}},
	} {
		_, err := New(m, quick(4), e, nil)
		require.ErrorContains(t, err, message)
	}
	s := quick(0)
	s.LearningRate, s.Warmup, s.ClipNorm = 10, 0, 0
	trainer := start(t, m, s, good, nil)
	for i := range trainer.network.parameters[0].values {
		trainer.network.parameters[0].values[i] = float32(math.Inf(1))
	}
	_, err := trainer.Step(context.Background())
	require.ErrorContains(t, err, "the gradient of step 1 is no number")
	_, err = Init(checkpoint.Config{}, 1)
	require.Error(t, err)
}
