package train

import (
	"github.com/openledger/openledger/slm/kernel"
	"github.com/openledger/openledger/slm/model"
)

// gradients is memory for the backward pass through a layer.
type gradients struct {
	norm, dheads, dq, dk, dv, dact, dup kernel.Matrix
}

func (n *network) newGradients(rows int) *gradients {
	c := n.config
	query, keys := c.Heads*c.HeadDim, c.KVHeads*c.HeadDim
	return &gradients{
		norm: n.memory.take(rows, c.HiddenSize), dheads: n.memory.take(rows, query), dq: n.memory.take(rows, query),
		dk: n.memory.take(rows, keys), dv: n.memory.take(rows, keys), dact: n.memory.take(rows, c.IntermediateSize),
		dup: n.memory.take(rows, c.IntermediateSize),
	}
}

// backward adds the gradients of all trained parameters. dx is the gradient of the last layer's output, and is
// overwritten.
func (n *network) backward(a *activations, dx kernel.Matrix) {
	g := n.newGradients(dx.Rows)
	for l := len(a.layers) - 1; l >= 0; l-- {
		if a.again {
			n.layerForward(a, l, a.last)
		}
		n.layerBackward(a, g, l, dx)
	}
	if n.embeddings != nil {
		for i, token := range a.tokens {
			kernel.Add(n.embeddings.gradMatrix.Row(token), dx.Row(i))
		}
	}
}

// layerBackward replaces the gradient of a layer's output by the gradient of its input. For the first layer of an
// adapter it leaves this out, because nothing before that layer is trained.
func (n *network) layerBackward(a *activations, g *gradients, l int, dx kernel.Matrix) {
	s, base, own := &a.layers[l], &n.Layers[l], &n.layers[l]
	rows := len(a.tokens)
	n.pool.Rows(rows, func(i int) { kernel.SiLUMul(a.wide.Row(i), s.gate.Row(i), s.up.Row(i)) })
	g.dact.Zero()
	n.projectBack(g.dact, dx, a.wide, l, model.Down, s.inner[model.Down])
	n.pool.Rows(rows, func(i int) {
		kernel.SiLUMulGrad(g.dact.Row(i), g.dup.Row(i), g.dact.Row(i), s.gate.Row(i), s.up.Row(i))
		applyNorm(a.norm.Row(i), s.mid.Row(i), base.MLPNorm, s.inverse2[i])
	})
	g.norm.Zero()
	n.projectBack(g.norm, g.dact, a.norm, l, model.Gate, s.inner[model.Gate])
	n.projectBack(g.norm, g.dup, a.norm, l, model.Up, s.inner[model.Up])
	n.normBack(dx, own.mlpNorm, g.norm, s.mid, base.MLPNorm, s.inverse2)

	g.dheads.Zero()
	n.projectBack(g.dheads, dx, s.heads, l, model.Output, s.inner[model.Output])
	n.attentionBack(a, s, g.dq, g.dk, g.dv, g.dheads)
	n.turnBack(a, g.dq, s.rawQ, s.inverseQ, base.QueryNorm, own.queryNorm)
	n.turnBack(a, g.dk, s.rawK, s.inverseK, base.KeyNorm, own.keyNorm)
	n.pool.Rows(rows, func(i int) {
		applyNorm(a.norm.Row(i), s.x.Row(i), base.AttentionNorm, s.inverse1[i])
	})
	if l == 0 && n.embeddings == nil {
		g.norm = kernel.Matrix{}
	} else {
		g.norm.Zero()
	}
	n.projectBack(g.norm, g.dq, a.norm, l, model.Query, s.inner[model.Query])
	n.projectBack(g.norm, g.dk, a.norm, l, model.Key, s.inner[model.Key])
	n.projectBack(g.norm, g.dv, a.norm, l, model.Value, s.inner[model.Value])
	if g.norm.Rows > 0 {
		n.normBack(dx, own.attentionNorm, g.norm, s.x, base.AttentionNorm, s.inverse1)
	}
}

// applyNorm is RMSNorm with a known factor.
func applyNorm(dst, x, weight []float32, inverse float32) {
	weight, dst = weight[:len(x)], dst[:len(x)]
	for i, v := range x {
		dst[i] = float32(v*inverse) * weight[i]
	}
}

// normBack adds to dx the gradient of RMSNorm for each row. It also adds to the gradient of the norm's weights, if they
// are trained.
func (n *network) normBack(dx kernel.Matrix, own *parameter, dy, x kernel.Matrix, weight, inverse []float32) {
	n.pool.Rows(dy.Rows, func(i int) { kernel.RMSNormGrad(dx.Row(i), dy.Row(i), x.Row(i), weight, inverse[i]) })
	if own == nil {
		return
	}
	for i := range dy.Rows {
		kernel.RMSNormWeightGrad(own.grad, dy.Row(i), x.Row(i), inverse[i])
	}
}

// turnBack replaces the gradient of rotated heads by the gradient of the heads before their norm.
func (n *network) turnBack(a *activations, d, raw kernel.Matrix, inverse, norm []float32, own *parameter) {
	dim := n.config.HeadDim
	count := d.Cols / dim
	n.pool.Rows(d.Rows, func(i int) {
		var back [maxHalfHead]float32
		sin := back[:dim/2]
		for j, v := range a.sin.Row(i) {
			sin[j] = -v
		}
		for h := range count {
			kernel.Rotate(d.Row(i)[h*dim:(h+1)*dim], a.cos.Row(i), sin, n.config.RopeInterleaved)
		}
	})
	if norm == nil {
		return
	}
	if own != nil {
		for i := range d.Rows {
			for h := range count {
				kernel.RMSNormWeightGrad(own.grad, d.Row(i)[h*dim:(h+1)*dim], raw.Row(i)[h*dim:(h+1)*dim], inverse[i*count+h])
			}
		}
	}
	n.pool.Rows(d.Rows, func(i int) {
		dx := make([]float32, dim)
		for h := range count {
			head := d.Row(i)[h*dim : (h+1)*dim]
			clear(dx)
			kernel.RMSNormGrad(dx, head, raw.Row(i)[h*dim:(h+1)*dim], norm, inverse[i*count+h])
			copy(head, dx)
		}
	})
}

// maxHalfHead is half of the largest head of a checkpoint.
const maxHalfHead = 512
