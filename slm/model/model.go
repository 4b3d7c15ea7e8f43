package model

import (
	"fmt"
	"math"
	"sync"

	"github.com/openledger/openledger/slm/checkpoint"
	"github.com/openledger/openledger/slm/kernel"
)

// Model is a language model. It is read only.
type Model struct {
	config checkpoint.Config
	pool   *kernel.Pool

	Embeddings *kernel.Weights // [vocabulary, hidden]
	Head       *kernel.Weights // [vocabulary, hidden]; the embeddings themselves if they are tied
	Norm       []float32       // [hidden]
	Layers     []Layer
	Rope       *kernel.Rope

	workspaces sync.Pool
}

// Layer is one block of attention and feed-forward.
type Layer struct {
	AttentionNorm, MLPNorm []float32 // [hidden]
	QueryNorm, KeyNorm     []float32 // [head], nil if the model has none
	// Projections are in the order of checkpoint.Projections: q, k, v, o, gate, up, down.
	Projections [projections]Linear
}

// Linear is x·Wᵀ + bias.
type Linear struct {
	Weights *kernel.Weights // [out, in]
	Bias    []float32       // [out], nil if there is none
}

// The places of a layer's projections.
const (
	Query = iota
	Key
	Value
	Output
	Gate
	Up
	Down
	projections
)

// New returns the model of a checkpoint, which must stay open. pool runs the work; nil means the calling goroutine.
func New(c *checkpoint.Checkpoint, pool *kernel.Pool) (*Model, error) {
	return FromTensors(c.Config, c.Tensor, pool)
}

// FromTensors returns the model of a configuration with the tensors that tensor returns by name. F32 data is not
// copied, so a change of the data changes the model.
func FromTensors(config checkpoint.Config, tensor func(name string) (checkpoint.Tensor, bool), pool *kernel.Pool) (
	*Model, error,
) {
	if err := config.Validate(); err != nil {
		return nil, err
	}
	l := loader{tensor: tensor}
	m := &Model{config: config, pool: pool, Layers: make([]Layer, config.Layers)}
	m.workspaces.New = func() any { return new(workspace) }
	m.Embeddings = l.matrix("model.embed_tokens.weight", config.VocabSize, config.HiddenSize)
	m.Head = m.Embeddings
	if !config.TieEmbeddings {
		m.Head = l.matrix("lm_head.weight", config.VocabSize, config.HiddenSize)
	}
	m.Norm = l.vector("model.norm.weight", config.HiddenSize)
	for i := range m.Layers {
		m.Layers[i] = l.layer(config, i)
	}
	if l.err != nil {
		return nil, l.err
	}
	m.Rope = kernel.NewRope(config.HeadDim, config.RopeTheta, ropeScale(config.RopeScaling))
	return m, nil
}

// Config returns the model's configuration.
func (m *Model) Config() checkpoint.Config { return m.config }

// WeightBytes returns the number of bytes of the checkpoint that the model reads.
func (m *Model) WeightBytes() int {
	sum := m.Embeddings.Bytes()
	if m.Head != m.Embeddings {
		sum += m.Head.Bytes()
	}
	for _, layer := range m.Layers {
		for _, p := range layer.Projections {
			sum += p.Weights.Bytes()
		}
	}
	return sum
}

// loader reads tensors and keeps the first error.
type loader struct {
	tensor func(name string) (checkpoint.Tensor, bool)
	err    error
}

func (l *loader) matrix(name string, out, in int) *kernel.Weights {
	if l.err != nil {
		return nil
	}
	t, ok := l.tensor(name)
	if !ok {
		l.err = fmt.Errorf("the checkpoint has no tensor %s, which its configuration needs", name)
		return nil
	}
	w, err := weightsOf(t, out, in)
	if err != nil {
		l.err = err
	}
	return w
}

func (l *loader) vector(name string, size int) []float32 {
	w := l.matrix(name, 1, size)
	if w == nil {
		return nil
	}
	return w.Values()
}

func (l *loader) layer(config checkpoint.Config, index int) Layer {
	prefix := checkpoint.LayerPrefix(index)
	layer := Layer{
		AttentionNorm: l.vector(prefix+"input_layernorm.weight", config.HiddenSize),
		MLPNorm:       l.vector(prefix+"post_attention_layernorm.weight", config.HiddenSize),
	}
	if config.QKNorm {
		layer.QueryNorm = l.vector(prefix+"self_attn.q_norm.weight", config.HeadDim)
		layer.KeyNorm = l.vector(prefix+"self_attn.k_norm.weight", config.HeadDim)
	}
	bias := [projections]bool{
		Query: config.AttentionBias, Key: config.AttentionBias, Value: config.AttentionBias, Output: config.OutputBias,
		Gate: config.MLPBias, Up: config.MLPBias, Down: config.MLPBias,
	}
	for i, projection := range checkpoint.Projections {
		out, in, _ := config.ProjectionShape(projection)
		name := checkpoint.ProjectionName(index, projection)
		layer.Projections[i].Weights = l.matrix(name, out, in)
		if bias[i] {
			layer.Projections[i].Bias = l.vector(name[:len(name)-len("weight")]+"bias", out)
		}
	}
	return layer
}

// weightsOf views a tensor [out, in], or a vector if out is 1.
func weightsOf(t checkpoint.Tensor, out, in int) (*kernel.Weights, error) {
	elements := 1
	for _, n := range t.Shape {
		elements *= n
	}
	if elements != out*in || t.Shape[len(t.Shape)-1] != in {
		return nil, fmt.Errorf("tensor %s has the shape %v; the model needs [%d, %d]", t.Name, t.Shape, out, in)
	}
	var dtype kernel.DType
	switch t.DType {
	case checkpoint.F32:
		dtype = kernel.F32
	case checkpoint.F16:
		dtype = kernel.F16
	case checkpoint.BF16:
		dtype = kernel.BF16
	case checkpoint.Q8_0:
		dtype = kernel.Q8_0
	default:
		return nil, fmt.Errorf("tensor %s is %s; the model reads F32, F16, BF16 and Q8_0", t.Name, t.DType)
	}
	w, err := kernel.NewWeights(dtype, out, in, t.Data)
	if err != nil {
		return nil, fmt.Errorf("tensor %s: %w", t.Name, err)
	}
	return w, nil
}

// ropeScale returns the function that scales a pair's frequency, in radians a position.
func ropeScale(s *checkpoint.RopeScaling) func(pair int, frequency float64) float64 {
	if s == nil {
		return nil
	}
	switch s.Type {
	case checkpoint.RopeLinear:
		return func(_ int, f float64) float64 { return f / s.Factor }
	case checkpoint.RopeFactors:
		return func(pair int, f float64) float64 { return f / float64(s.Factors[pair]) }
	}
	return func(_ int, f float64) float64 {
		wave := 2 * math.Pi / f
		original := float64(s.OriginalPositions)
		switch {
		case wave < original/s.HighFreqFactor:
			return f
		case wave > original/s.LowFreqFactor:
			return f / s.Factor
		}
		smooth := (original/wave - s.LowFreqFactor) / (s.HighFreqFactor - s.LowFreqFactor)
		return float64((1-smooth)*(f/s.Factor)) + float64(smooth*f)
	}
}
