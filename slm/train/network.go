package train

import (
	"math"

	"github.com/openledger/openledger/slm/checkpoint"
	"github.com/openledger/openledger/slm/kernel"
	"github.com/openledger/openledger/slm/model"
)

// network is a model with its trained parameters.
type network struct {
	*model.Model
	config     checkpoint.Config
	pool       *kernel.Pool
	parameters []*parameter // in a fixed order
	layers     []layer
	// For a whole model; nil otherwise. Tied embeddings have two gradients, which are added at the end of a step.
	embeddings, head, norm *parameter
	headGrad               kernel.Matrix
	memory                 arena // of the micro-batch
}

// layer holds the trained parameters of a layer; those that are not trained are nil.
type layer struct {
	attentionNorm, mlpNorm, queryNorm, keyNorm *parameter
	projections                                [len(checkpoint.Projections)]projection
}

// projection holds the trained parameters of a projection: its weights and bias, or a change of low rank.
type projection struct {
	weights, bias *parameter
	a, b          *parameter
	scale         float32
}

// newAdapterNetwork returns a network whose adapter is trained. Its A is uniform within ±1/sqrt(in), its B is 0.
func newAdapterNetwork(base *model.Model, s *Settings, pool *kernel.Pool) *network {
	n := &network{Model: base, config: base.Config(), pool: pool, layers: make([]layer, base.Config().Layers)}
	for i := range n.layers {
		for place, name := range checkpoint.Projections {
			if !containsString(s.Targets, name) {
				continue
			}
			out, in, _ := n.config.ProjectionShape(name)
			full := checkpoint.ProjectionName(i, name)
			full = full[:len(full)-len("weight")]
			random, bound := newSource(s.Seed, full+"lora_A.weight"), 1/math.Sqrt(float64(in))
			a := make([]float32, s.Rank*in)
			for j := range a {
				a[j] = float32(float64(2*random.unit()-1) * bound)
			}
			p := &n.layers[i].projections[place]
			p.a = n.train(newParameter(full+"lora_A.weight", []int{s.Rank, in}, a))
			p.b = n.train(newParameter(full+"lora_B.weight", []int{out, s.Rank}, make([]float32, out*s.Rank)))
			p.scale = float32(s.Alpha / float64(s.Rank))
		}
	}
	return n
}

// newFullNetwork returns a network whose weights are all trained, in F32. They begin as copies of base's weights.
func newFullNetwork(base *model.Model, pool *kernel.Pool) (*network, error) {
	n := &network{config: base.Config(), pool: pool, layers: make([]layer, base.Config().Layers)}
	byName := map[string]*parameter{}
	values := weightsByName(base)
	for _, layout := range n.config.Layouts() {
		own := append([]float32{}, values[layout.Name]()...)
		byName[layout.Name] = n.train(newParameter(layout.Name, layout.Shape, own))
	}
	var err error
	n.Model, err = model.FromTensors(n.config, func(name string) (checkpoint.Tensor, bool) {
		p, ok := byName[name]
		if !ok {
			return checkpoint.Tensor{}, false
		}
		return p.tensor(), true
	}, pool)
	if err != nil {
		return nil, err
	}
	n.embeddings, n.norm = byName["model.embed_tokens.weight"], byName["model.norm.weight"]
	n.head = byName["lm_head.weight"]
	if n.head != nil {
		n.headGrad = n.head.gradMatrix
	} else {
		n.headGrad = kernel.NewMatrix(n.config.VocabSize, n.config.HiddenSize)
	}
	for i := range n.layers {
		prefix := checkpoint.LayerPrefix(i)
		l := &n.layers[i]
		l.attentionNorm = byName[prefix+"input_layernorm.weight"]
		l.mlpNorm = byName[prefix+"post_attention_layernorm.weight"]
		l.queryNorm, l.keyNorm = byName[prefix+"self_attn.q_norm.weight"], byName[prefix+"self_attn.k_norm.weight"]
		for place, name := range checkpoint.Projections {
			full := checkpoint.ProjectionName(i, name)
			l.projections[place].weights = byName[full]
			l.projections[place].bias = byName[full[:len(full)-len("weight")]+"bias"]
		}
	}
	return n, nil
}

func (n *network) train(p *parameter) *parameter {
	n.parameters = append(n.parameters, p)
	return p
}

// weightsByName returns, for each tensor's name, a function that returns the model's numbers.
func weightsByName(m *model.Model) map[string]func() []float32 {
	own := func(v []float32) func() []float32 { return func() []float32 { return v } }
	values := map[string]func() []float32{
		"model.embed_tokens.weight": m.Embeddings.Values, "lm_head.weight": m.Head.Values, "model.norm.weight": own(m.Norm),
	}
	for i := range m.Layers {
		l, prefix := &m.Layers[i], checkpoint.LayerPrefix(i)
		values[prefix+"input_layernorm.weight"] = own(l.AttentionNorm)
		values[prefix+"post_attention_layernorm.weight"] = own(l.MLPNorm)
		values[prefix+"self_attn.q_norm.weight"] = own(l.QueryNorm)
		values[prefix+"self_attn.k_norm.weight"] = own(l.KeyNorm)
		for place, name := range checkpoint.Projections {
			full := checkpoint.ProjectionName(i, name)
			values[full] = l.Projections[place].Weights.Values
			values[full[:len(full)-len("weight")]+"bias"] = own(l.Projections[place].Bias)
		}
	}
	return values
}

func containsString(list []string, s string) bool {
	for _, v := range list {
		if v == s {
			return true
		}
	}
	return false
}

// project writes projection place of x to y, and A·x to memory where there is a change of low rank.
func (n *network) project(y, x kernel.Matrix, l, place int, memory []float32) {
	base := &n.Layers[l].Projections[place]
	kernel.Linear(n.pool, y, x, base.Weights)
	if base.Bias != nil {
		n.pool.Rows(y.Rows, func(i int) { kernel.Add(y.Row(i), base.Bias) })
	}
	p := &n.layers[l].projections[place]
	if p.a == nil {
		return
	}
	inner := kernel.MatrixOf(memory, y.Rows, p.a.weights.Out)
	kernel.Linear(n.pool, inner, x, p.a.weights)
	defer n.memory.release(n.memory.at)
	outer := n.memory.take(y.Rows, y.Cols)
	kernel.Linear(n.pool, outer, inner, p.b.weights)
	n.pool.Rows(y.Rows, func(i int) { kernel.AddScaled(y.Row(i), outer.Row(i), p.scale) })
}

// projectBack adds the gradients of projection place, given the gradient dy of its result: to dx, if it has rows, and
// to the trained parameters.
func (n *network) projectBack(dx, dy, x kernel.Matrix, l, place int, inner []float32) {
	base, p := &n.Layers[l].Projections[place], &n.layers[l].projections[place]
	if dx.Rows > 0 {
		kernel.LinearInput(n.pool, dx, dy, base.Weights)
	}
	if p.weights != nil {
		kernel.LinearWeight(n.pool, p.weights.gradMatrix, dy, x)
	}
	if p.bias != nil {
		for i := range dy.Rows {
			kernel.Add(p.bias.grad, dy.Row(i))
		}
	}
	if p.a == nil {
		return
	}
	rank := p.a.weights.Out
	defer n.memory.release(n.memory.at)
	low := n.memory.take(dy.Rows, rank)
	copy(low.Data, inner[:dy.Rows*rank])
	kernel.Scale(low.Data, p.scale)
	kernel.LinearWeight(n.pool, p.b.gradMatrix, dy, low)
	low.Zero()
	kernel.LinearInput(n.pool, low, dy, p.b.weights)
	kernel.Scale(low.Data, p.scale)
	kernel.LinearWeight(n.pool, p.a.gradMatrix, low, x)
	if dx.Rows > 0 {
		kernel.LinearInput(n.pool, dx, low, p.a.weights)
	}
}
