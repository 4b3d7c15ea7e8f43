package train

import (
	"fmt"
	"strings"

	"github.com/openledger/openledger/slm/checkpoint"
	"github.com/openledger/openledger/slm/kernel"
	"github.com/openledger/openledger/slm/model"
)

// Gradients computes the gradients of texts' losses with respect to an adapter's numbers. It does not change the
// adapter and its base, which must stay open. It is not safe for concurrent use.
type Gradients struct {
	network *network
	context int
}

// Gradient is the gradient for one tensor, such as model.layers.0.self_attn.q_proj.lora_A.weight.
type Gradient struct {
	Name   string
	Shape  []int     // [rank, in] of lora_A, [out, rank] of lora_B
	Values []float32 // row-major
}

// NewGradients returns a Gradients for an adapter in the form of Trainer.LowRank: its scale and its changes, in the
// order of layers and projections, in F32, F16 or BF16. Texts longer than context tokens are cut, as for training.
// Results do not depend on pool, which may be nil.
func NewGradients(base *model.Model, scale float32, changes []model.LowRank, context int, pool *kernel.Pool) (
	*Gradients, error,
) {
	if context < 1 || context > base.Config().MaxPositions {
		return nil, fmt.Errorf("texts are cut into %d tokens; the model reads 1 to %d", context, base.Config().MaxPositions)
	}
	if _, err := model.NewAdapter(base.Config(), scale, changes); err != nil {
		return nil, err
	}
	n := &network{Model: base, config: base.Config(), pool: pool, layers: make([]layer, base.Config().Layers)}
	for _, change := range changes {
		p := &n.layers[change.Layer].projections[placeOf(change.Projection)]
		p.scale = scale
		full := strings.TrimSuffix(checkpoint.ProjectionName(change.Layer, change.Projection), "weight")
		for _, matrix := range []struct {
			name   string
			tensor checkpoint.Tensor
			into   **parameter
		}{{"lora_A.weight", change.A, &p.a}, {"lora_B.weight", change.B, &p.b}} {
			values, err := matrix.tensor.Values()
			if err != nil {
				return nil, err
			}
			*matrix.into = &parameter{
				name: full + matrix.name, shape: matrix.tensor.Shape, values: values, grad: make([]float32, len(values)),
			}
			(*matrix.into).viewMatrix()
			n.train(*matrix.into)
		}
	}
	return &Gradients{network: n, context: context}, nil
}

func placeOf(projection string) int {
	for place, name := range checkpoint.Projections {
		if name == projection {
			return place
		}
	}
	panic("train: " + projection + " is no projection") // NewAdapter has checked it
}

// Loss returns the summed loss of an example's learned tokens, in nats.
func (g *Gradients) Loss(e Example) (float64, error) {
	if err := e.validate(g.network.config.VocabSize); err != nil {
		return 0, err
	}
	loss, n := 0.0, g.network
	for _, piece := range e.pieces(g.context) {
		a := n.newActivations(micro{piece}, 0)
		n.forward(a)
		loss = n.loss(loss, a, kernel.Matrix{}, 1)
	}
	return loss, nil
}

// Of returns the summed loss of an example's learned tokens, in nats, and the gradient of that sum for each tensor. The
// gradients are valid until the next call.
func (g *Gradients) Of(e Example) (loss float64, gradients []Gradient, err error) {
	if err := e.validate(g.network.config.VocabSize); err != nil {
		return 0, nil, err
	}
	n := g.network
	for _, p := range n.parameters {
		clear(p.grad)
	}
	for _, piece := range e.pieces(g.context) {
		a := n.newActivations(micro{piece}, int(^uint(0)>>1))
		n.forward(a)
		dx := n.memory.take(len(a.tokens), n.config.HiddenSize)
		loss = n.loss(loss, a, dx, 1)
		n.backward(a, dx)
	}
	if loss-loss != 0 {
		return 0, nil, fmt.Errorf("the loss of a text is no number: check the base and the adapter")
	}
	gradients = make([]Gradient, len(n.parameters))
	for i, p := range n.parameters {
		gradients[i] = Gradient{p.name, p.shape, p.grad}
	}
	return loss, gradients, nil
}
