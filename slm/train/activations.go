package train

import (
	"github.com/openledger/openledger/slm/checkpoint"
	"github.com/openledger/openledger/slm/kernel"
	"github.com/openledger/openledger/slm/model"
)

// span is the range of rows of one text in a micro-batch.
type span struct{ from, to int }

// activations holds a micro-batch in the forward pass, with what the backward pass needs. Matrices have one row for
// each token.
type activations struct {
	tokens   []int
	spans    []span
	targets  []target
	cos, sin kernel.Matrix
	layers   []saved
	last     kernel.Matrix // the output of the last layer
	again    bool          // layers keep only their input, and compute the rest again

	norm, wide, narrow kernel.Matrix // scratch: [hidden], [intermediate], [hidden]
}

// target is a token to learn after a row.
type target struct{ row, token int }

// saved is what the backward pass of a layer needs.
type saved struct {
	x, mid         kernel.Matrix // the input, and the input plus the result of attention
	q, k, v, heads kernel.Matrix // queries and keys are rotated
	gate, up       kernel.Matrix
	inverse1       []float32 // of the norms, one for each row
	inverse2       []float32
	rawQ, rawK     kernel.Matrix // before their norms, if the model has them
	inverseQ       []float32     // of each head
	inverseK       []float32
	inner          [len(checkpoint.Projections)][]float32 // A·x of changes of low rank
}

// rowNumbers returns how many numbers a layer saves for a row, beside its input.
func (n *network) rowNumbers() int {
	c := n.config
	query, keys := c.Heads*c.HeadDim, c.KVHeads*c.HeadDim
	numbers := c.HiddenSize + 2*query + 2*keys + 2*c.IntermediateSize + 2
	if c.QKNorm {
		numbers += query + keys + c.Heads + c.KVHeads
	}
	for place := range checkpoint.Projections {
		numbers += n.rank(place)
	}
	return numbers
}

// rank returns the highest rank by which a projection is changed in any layer, 0 if in none.
func (n *network) rank(place int) int {
	rank := 0
	for l := range n.layers {
		if a := n.layers[l].projections[place].a; a != nil {
			rank = max(rank, a.weights.Out)
		}
	}
	return rank
}

// newSaved returns the memory for what a layer saves of rows, without its input.
func (n *network) newSaved(rows int) saved {
	c := n.config
	take := func(cols int) kernel.Matrix { return n.memory.take(rows, cols) }
	query, keys := c.Heads*c.HeadDim, c.KVHeads*c.HeadDim
	s := saved{
		mid: take(c.HiddenSize), q: take(query), k: take(keys), v: take(keys), heads: take(query),
		gate: take(c.IntermediateSize), up: take(c.IntermediateSize), inverse1: take(1).Data, inverse2: take(1).Data,
	}
	if c.QKNorm {
		s.rawQ, s.rawK, s.inverseQ, s.inverseK = take(query), take(keys), take(c.Heads).Data, take(c.KVHeads).Data
	}
	for place := range checkpoint.Projections {
		if rank := n.rank(place); rank > 0 {
			s.inner[place] = take(rank).Data
		}
	}
	return s
}

// newActivations returns a micro-batch before its first layer. The micro-batch before it must not be used any more.
// most is the largest number of bytes that the layers may save.
func (n *network) newActivations(m micro, most int) *activations {
	n.memory.release(mark{})
	a := &activations{layers: make([]saved, n.config.Layers)}
	for _, p := range m {
		from := len(a.tokens)
		for i, token := range p.tokens[1:] {
			if p.learns[i+1] {
				a.targets = append(a.targets, target{from + i, token})
			}
		}
		a.tokens = append(a.tokens, p.tokens[:p.rows()]...)
		a.spans = append(a.spans, span{from, len(a.tokens)})
	}
	rows, c := len(a.tokens), n.config
	a.cos, a.sin = n.memory.take(rows, c.HeadDim/2), n.memory.take(rows, c.HeadDim/2)
	for _, s := range a.spans {
		for i := s.from; i < s.to; i++ {
			n.Rope.Angles(i-s.from, a.cos.Row(i), a.sin.Row(i))
		}
	}
	a.again = 4*int64(rows)*int64(n.rowNumbers()+c.HiddenSize)*int64(c.Layers) > int64(most)
	for i := range a.layers {
		if i == 0 || !a.again {
			a.layers[i] = n.newSaved(rows)
		} else {
			a.layers[i] = a.layers[0]
		}
		a.layers[i].x = n.memory.take(rows, c.HiddenSize)
	}
	a.last = n.memory.take(rows, c.HiddenSize)
	a.norm, a.narrow = n.memory.take(rows, c.HiddenSize), n.memory.take(rows, c.HiddenSize)
	a.wide = n.memory.take(rows, c.IntermediateSize)
	return a
}

// forward runs all layers.
func (n *network) forward(a *activations) {
	for i, token := range a.tokens {
		n.Embeddings.Row(a.layers[0].x.Row(i), token)
	}
	for l := range a.layers {
		out := a.last
		if l+1 < len(a.layers) {
			out = a.layers[l+1].x
		}
		n.layerForward(a, l, out)
	}
}

// layerForward runs a layer from its input to out, with the bits of package model.
func (n *network) layerForward(a *activations, l int, out kernel.Matrix) {
	s, base, eps := &a.layers[l], &n.Layers[l], float32(n.config.NormEps)
	rows := len(a.tokens)
	n.pool.Rows(rows, func(i int) {
		s.inverse1[i] = kernel.RMSNorm(a.norm.Row(i), s.x.Row(i), base.AttentionNorm, eps)
	})
	n.project(s.q, a.norm, l, model.Query, s.inner[model.Query])
	n.project(s.k, a.norm, l, model.Key, s.inner[model.Key])
	n.project(s.v, a.norm, l, model.Value, s.inner[model.Value])
	n.pool.Rows(rows, func(i int) {
		n.turn(s.q.Row(i), s.rawQ, s.inverseQ, base.QueryNorm, a, i)
		n.turn(s.k.Row(i), s.rawK, s.inverseK, base.KeyNorm, a, i)
	})
	n.attention(a, s)
	n.project(a.norm, s.heads, l, model.Output, s.inner[model.Output])
	n.pool.Rows(rows, func(i int) {
		mid := s.mid.Row(i)
		copy(mid, s.x.Row(i))
		kernel.Add(mid, a.norm.Row(i))
		s.inverse2[i] = kernel.RMSNorm(a.norm.Row(i), mid, base.MLPNorm, eps)
	})
	n.project(s.gate, a.norm, l, model.Gate, s.inner[model.Gate])
	n.project(s.up, a.norm, l, model.Up, s.inner[model.Up])
	n.pool.Rows(rows, func(i int) { kernel.SiLUMul(a.wide.Row(i), s.gate.Row(i), s.up.Row(i)) })
	n.project(a.norm, a.wide, l, model.Down, s.inner[model.Down])
	n.pool.Rows(rows, func(i int) {
		copy(out.Row(i), s.mid.Row(i))
		kernel.Add(out.Row(i), a.norm.Row(i))
	})
}

// turn normalises the heads of row i, if norm is not nil, and turns them by their position.
func (n *network) turn(heads []float32, raw kernel.Matrix, inverse, norm []float32, a *activations, i int) {
	dim := n.config.HeadDim
	if norm != nil {
		copy(raw.Row(i), heads)
		count := len(heads) / dim
		for h := range count {
			head := heads[h*dim : (h+1)*dim]
			inverse[i*count+h] = kernel.RMSNorm(head, head, norm, float32(n.config.NormEps))
		}
	}
	for h := 0; h < len(heads); h += dim {
		kernel.Rotate(heads[h:h+dim], a.cos.Row(i), a.sin.Row(i), n.config.RopeInterleaved)
	}
}
