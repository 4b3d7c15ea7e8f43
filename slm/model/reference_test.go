package model

import (
	"math"

	"github.com/openledger/openledger/slm/checkpoint"
	"github.com/openledger/openledger/slm/kernel"
)

// reference computes logits after each token in float64, by plain loops over the whole text. It shares nothing with the
// model but the reading of weights.
type reference struct {
	config  checkpoint.Config
	tensor  func(string) (checkpoint.Tensor, bool)
	adapter map[string]delta // by name of the weight
}

type delta struct {
	a, b  checkpoint.Tensor
	scale float64
}

func (r *reference) values(name string) []float64 {
	t, ok := r.tensor(name)
	if !ok {
		return nil
	}
	return wide(t)
}

func wide(t checkpoint.Tensor) []float64 {
	n, _ := t.Elements()
	in := t.Shape[len(t.Shape)-1]
	w, err := weightsOf(t, n/in, in)
	if err != nil {
		panic(err)
	}
	out := make([]float64, 0, n)
	for _, v := range w.Values() {
		out = append(out, float64(v))
	}
	return out
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

func (r *reference) linear(name string, x []float64) []float64 {
	y := times(r.values(name+".weight"), x)
	for i, b := range r.values(name + ".bias") {
		y[i] += b
	}
	if d, ok := r.adapter[name+".weight"]; ok {
		for i, v := range times(wide(d.b), times(wide(d.a), x)) {
			y[i] += d.scale * v
		}
	}
	return y
}

func (r *reference) norm(x, weight []float64) []float64 {
	var sum float64
	for _, v := range x {
		sum += v * v
	}
	y := make([]float64, len(x))
	for i, v := range x {
		y[i] = v / math.Sqrt(sum/float64(len(x))+r.config.NormEps) * weight[i]
	}
	return y
}

func (r *reference) turn(heads []float64, norm []float64, position int) []float64 {
	dim := r.config.HeadDim
	out := make([]float64, 0, len(heads))
	for ; len(heads) > 0; heads = heads[dim:] {
		head := append([]float64{}, heads[:dim]...)
		if norm != nil {
			head = r.norm(head, norm)
		}
		for i := range dim / 2 {
			f := math.Pow(r.config.RopeTheta, -2*float64(i)/float64(dim))
			if s := r.config.RopeScaling; s != nil {
				f = r.scale(f)
			}
			sin, cos := math.Sincos(float64(position) * f)
			a, b := i, i+dim/2
			if r.config.RopeInterleaved {
				a, b = 2*i, 2*i+1
			}
			head[a], head[b] = head[a]*cos-head[b]*sin, head[b]*cos+head[a]*sin
		}
		out = append(out, head...)
	}
	return out
}

func (r *reference) scale(f float64) float64 {
	s := r.config.RopeScaling
	if s.Type == checkpoint.RopeLinear {
		return f / s.Factor
	}
	turns := float64(s.OriginalPositions) * f / (2 * math.Pi)
	smooth := (turns - s.LowFreqFactor) / (s.HighFreqFactor - s.LowFreqFactor)
	smooth = math.Max(0, math.Min(1, smooth))
	return f * (smooth + (1-smooth)/s.Factor)
}

func (r *reference) logits(tokens []int) [][]float64 {
	c := r.config
	embeddings := r.values("model.embed_tokens.weight")
	x := make([][]float64, len(tokens))
	for i, token := range tokens {
		x[i] = append(x[i], embeddings[token*c.HiddenSize:(token+1)*c.HiddenSize]...)
	}
	for layer := range c.Layers {
		prefix := checkpoint.LayerPrefix(layer)
		var keys, values [][]float64
		for i := range x {
			h := r.norm(x[i], r.values(prefix+"input_layernorm.weight"))
			q := r.turn(r.linear(prefix+"self_attn.q_proj", h), r.values(prefix+"self_attn.q_norm.weight"), i)
			keys = append(keys, r.turn(r.linear(prefix+"self_attn.k_proj", h), r.values(prefix+"self_attn.k_norm.weight"), i))
			values = append(values, r.linear(prefix+"self_attn.v_proj", h))
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
			x[i] = add(x[i], r.linear(prefix+"self_attn.o_proj", heads))
			h = r.norm(x[i], r.values(prefix+"post_attention_layernorm.weight"))
			gate, up := r.linear(prefix+"mlp.gate_proj", h), r.linear(prefix+"mlp.up_proj", h)
			for j, g := range gate {
				gate[j] = g / (1 + math.Exp(-g)) * up[j]
			}
			x[i] = add(x[i], r.linear(prefix+"mlp.down_proj", gate))
		}
	}
	head := "lm_head"
	if c.TieEmbeddings {
		head = "model.embed_tokens"
	}
	var logits [][]float64
	for i := range x {
		logits = append(logits, r.linear(head, r.norm(x[i], r.values("model.norm.weight"))))
	}
	return logits
}

func add(x, y []float64) []float64 {
	for i := range x {
		x[i] += y[i]
	}
	return x
}

// quantised returns a tensor's numbers in Q8_0, if it is a matrix.
func quantised(t checkpoint.Tensor) checkpoint.Tensor {
	if len(t.Shape) != 2 {
		return t
	}
	values := wide(t)
	q := checkpoint.Tensor{Name: t.Name, DType: checkpoint.Q8_0, Shape: t.Shape}
	for ; len(values) > 0; values = values[32:] {
		var most float64
		for _, v := range values[:32] {
			most = math.Max(most, math.Abs(v))
		}
		bits := math.Float32bits(float32(most / 127))
		half := uint16(bits>>13 - 112<<10) // cut to binary16; sizes are those of normal numbers
		scale := float64(kernel.FromF16(half))
		q.Data = append(q.Data, byte(half), byte(half>>8))
		for _, v := range values[:32] {
			q.Data = append(q.Data, byte(int8(math.Max(-127, math.Min(127, math.RoundToEven(v/scale))))))
		}
	}
	return q
}
