// Package reference is a language model in float64 by plain loops. Tests compare package model and the gradients of
// package train with it. It shares no arithmetic with them.
package reference

import (
	"math"

	"github.com/openledger/openledger/slm/checkpoint"
	"github.com/openledger/openledger/slm/kernel"
)

// Model computes logits after each token of a text, over the whole text.
type Model struct {
	Config  checkpoint.Config
	Values  map[string][]float64 // of tensors, by name
	Changes map[string]Change    // of low rank, by the names of the weights that they change
}

// Change adds Scale · B·(A·x) to a projection of x.
type Change struct {
	A, B  []float64 // [rank, in], [out, rank]
	Scale float64
}

// New returns the model with these tensors.
func New(config checkpoint.Config, tensors []checkpoint.Tensor) (*Model, error) {
	m := &Model{Config: config, Values: map[string][]float64{}, Changes: map[string]Change{}}
	for _, t := range tensors {
		values, err := Values(t)
		if err != nil {
			return nil, err
		}
		m.Values[t.Name] = values
	}
	return m, nil
}

// Values returns a tensor's numbers.
func Values(t checkpoint.Tensor) ([]float64, error) {
	n, _ := t.Elements()
	dtypes := map[checkpoint.DType]kernel.DType{
		checkpoint.F32: kernel.F32, checkpoint.F16: kernel.F16, checkpoint.BF16: kernel.BF16, checkpoint.Q8_0: kernel.Q8_0,
	}
	w, err := kernel.NewWeights(dtypes[t.DType], 1, n, t.Data)
	if err != nil {
		return nil, err
	}
	out := make([]float64, 0, n)
	for _, v := range w.Values() {
		out = append(out, float64(v))
	}
	return out, nil
}

func times(w, x []float64) []float64 {
	y := make([]float64, len(w)/len(x))
	for o := range y {
		for i, v := range x {
			y[o] += w[o*len(x)+i] * v
		}
	}
	return y
}

func (m *Model) linear(name string, x []float64) []float64 {
	y := times(m.Values[name+".weight"], x)
	for i, b := range m.Values[name+".bias"] {
		y[i] += b
	}
	if c, ok := m.Changes[name+".weight"]; ok {
		for i, v := range times(c.B, times(c.A, x)) {
			y[i] += c.Scale * v
		}
	}
	return y
}

func (m *Model) norm(x, weight []float64) []float64 {
	var sum float64
	for _, v := range x {
		sum += v * v
	}
	y := make([]float64, len(x))
	for i, v := range x {
		y[i] = v / math.Sqrt(sum/float64(len(x))+m.Config.NormEps) * weight[i]
	}
	return y
}

func (m *Model) turn(heads []float64, norm []float64, position int) []float64 {
	dim := m.Config.HeadDim
	out := make([]float64, 0, len(heads))
	for ; len(heads) > 0; heads = heads[dim:] {
		head := append([]float64{}, heads[:dim]...)
		if norm != nil {
			head = m.norm(head, norm)
		}
		for i := range dim / 2 {
			f := math.Pow(m.Config.RopeTheta, -2*float64(i)/float64(dim))
			if s := m.Config.RopeScaling; s != nil {
				f = m.scale(f)
			}
			sin, cos := math.Sincos(float64(position) * f)
			a, b := i, i+dim/2
			if m.Config.RopeInterleaved {
				a, b = 2*i, 2*i+1
			}
			head[a], head[b] = head[a]*cos-head[b]*sin, head[b]*cos+head[a]*sin
		}
		out = append(out, head...)
	}
	return out
}

func (m *Model) scale(f float64) float64 {
	s := m.Config.RopeScaling
	if s.Type == checkpoint.RopeLinear {
		return f / s.Factor
	}
	turns := float64(s.OriginalPositions) * f / (2 * math.Pi)
	smooth := (turns - s.LowFreqFactor) / (s.HighFreqFactor - s.LowFreqFactor)
	smooth = math.Max(0, math.Min(1, smooth))
	return f * (smooth + (1-smooth)/s.Factor)
}

// Logits returns the logits after each token.
func (m *Model) Logits(tokens []int) [][]float64 {
	c := m.Config
	embeddings := m.Values["model.embed_tokens.weight"]
	x := make([][]float64, len(tokens))
	for i, token := range tokens {
		x[i] = append(x[i], embeddings[token*c.HiddenSize:(token+1)*c.HiddenSize]...)
	}
	for layer := range c.Layers {
		prefix := checkpoint.LayerPrefix(layer)
		var keys, values [][]float64
		for i := range x {
			h := m.norm(x[i], m.Values[prefix+"input_layernorm.weight"])
			q := m.turn(m.linear(prefix+"self_attn.q_proj", h), m.Values[prefix+"self_attn.q_norm.weight"], i)
			keys = append(keys, m.turn(m.linear(prefix+"self_attn.k_proj", h), m.Values[prefix+"self_attn.k_norm.weight"], i))
			values = append(values, m.linear(prefix+"self_attn.v_proj", h))
			var heads []float64
			for head := range c.Heads {
				at := head / (c.Heads / c.KVHeads) * c.HeadDim
				out, sum := make([]float64, c.HeadDim), 0.0
				for j := range keys {
					if c.SlidingWindow > 0 && j <= i-c.SlidingWindow {
						continue
					}
					var score float64
					for d := range c.HeadDim {
						score += q[head*c.HeadDim+d] * keys[j][at+d]
					}
					p := math.Exp(score / math.Sqrt(float64(c.HeadDim)))
					sum += p
					for d := range out {
						out[d] += p * values[j][at+d]
					}
				}
				for d := range out {
					out[d] /= sum
				}
				heads = append(heads, out...)
			}
			x[i] = add(x[i], m.linear(prefix+"self_attn.o_proj", heads))
			h = m.norm(x[i], m.Values[prefix+"post_attention_layernorm.weight"])
			gate, up := m.linear(prefix+"mlp.gate_proj", h), m.linear(prefix+"mlp.up_proj", h)
			for j, g := range gate {
				gate[j] = g / (1 + math.Exp(-g)) * up[j]
			}
			x[i] = add(x[i], m.linear(prefix+"mlp.down_proj", gate))
		}
	}
	head := "lm_head"
	if c.TieEmbeddings {
		head = "model.embed_tokens"
	}
	var logits [][]float64
	for i := range x {
		logits = append(logits, m.linear(head, m.norm(x[i], m.Values["model.norm.weight"])))
	}
	return logits
}

func add(x, y []float64) []float64 {
	for i := range x {
		x[i] += y[i]
	}
	return x
}
