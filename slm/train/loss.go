package train

import "github.com/openledger/openledger/slm/kernel"

// lossRows is the number of rows whose logits are computed at a time.
const lossRows = 64

// loss returns sum plus the losses of the targets, in nats. If dx has rows, loss also sets it to the gradient, with
// respect to the last layer's output, of the losses times scale, and adds to the gradients of head and last norm.
func (n *network) loss(sum float64, a *activations, dx kernel.Matrix, scale float32) float64 {
	c := n.config
	defer n.memory.release(n.memory.at)
	rows := min(lossRows, len(a.targets))
	norm, logits := n.memory.take(rows, c.HiddenSize), n.memory.take(rows, c.VocabSize)
	dnorm := n.memory.take(rows, c.HiddenSize)
	inverse, losses := make([]float32, rows), make([]float64, rows)
	dx.Zero()
	for from := 0; from < len(a.targets); from += rows {
		targets := a.targets[from:min(from+rows, len(a.targets))]
		norm, logits := norm.RowRange(0, len(targets)), logits.RowRange(0, len(targets))
		dnorm := dnorm.RowRange(0, len(targets))
		n.pool.Rows(len(targets), func(i int) {
			inverse[i] = kernel.RMSNorm(norm.Row(i), a.last.Row(targets[i].row), n.Norm, float32(c.NormEps))
		})
		kernel.Linear(n.pool, logits, norm, n.Head)
		n.pool.Rows(len(targets), func(i int) { losses[i] = crossEntropy(logits.Row(i), targets[i].token, scale) })
		for _, l := range losses[:len(targets)] {
			sum += l
		}
		if dx.Rows == 0 {
			continue
		}
		dnorm.Zero()
		kernel.LinearInput(n.pool, dnorm, logits, n.Head)
		if n.embeddings != nil {
			kernel.LinearWeight(n.pool, n.headGrad, logits, norm)
		}
		for i, t := range targets {
			x := a.last.Row(t.row)
			kernel.RMSNormGrad(dx.Row(t.row), dnorm.Row(i), x, n.Norm, inverse[i])
			if n.norm != nil {
				kernel.RMSNormWeightGrad(n.norm.grad, dnorm.Row(i), x, inverse[i])
			}
		}
	}
	return sum
}

// crossEntropy returns the loss of a token and replaces the logits by its gradient times scale.
func crossEntropy(logits []float32, token int, scale float32) float64 {
	most, own := kernel.Max(logits), logits[token]
	total := kernel.ExpSum(logits, most)
	kernel.Scale(logits, scale/total)
	logits[token] -= scale
	return kernel.Log64(float64(total)) - float64(own-most)
}
