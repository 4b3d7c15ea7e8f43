package train

import (
	"math"
	"strings"

	"github.com/openledger/openledger/slm/checkpoint"
	"github.com/openledger/openledger/slm/kernel"
)

// parameter is a trained tensor, with its gradient and AdamW's moments.
type parameter struct {
	name         string
	shape        []int
	values, grad []float32
	mean, square []float32
	decays       bool
	weights      *kernel.Weights // the values as a matrix, if they are one
	gradMatrix   kernel.Matrix
}

func newParameter(name string, shape []int, values []float32) *parameter {
	n := len(values)
	p := &parameter{
		name: name, shape: shape, values: values, grad: make([]float32, n), mean: make([]float32, n),
		square: make([]float32, n), decays: len(shape) == 2,
	}
	if len(shape) == 2 {
		p.viewMatrix()
	}
	return p
}

// viewMatrix sets the matrix views of values and gradient, if they have two dimensions.
func (p *parameter) viewMatrix() {
	p.weights = kernel.WeightsOf(p.shape[0], p.shape[1], p.values)
	p.gradMatrix = kernel.MatrixOf(p.grad, p.shape[0], p.shape[1])
}

// tensor returns the parameter's values without copying them.
func (p *parameter) tensor() checkpoint.Tensor {
	return checkpoint.Tensor{Name: p.name, DType: checkpoint.F32, Shape: p.shape, Data: kernel.Bytes(p.values)}
}

func isNorm(name string) bool { return strings.HasSuffix(name, "norm.weight") }

func writesResidual(name string) bool {
	return strings.HasSuffix(name, "o_proj.weight") || strings.HasSuffix(name, "down_proj.weight")
}

// normChunk is the number of a gradient's numbers that one thread sums. The result does not depend on which thread
// sums.
const normChunk = 1 << 14

// gradNorm returns the norm of all gradients.
func gradNorm(pool *kernel.Pool, parameters []*parameter) float64 {
	var chunks [][]float32
	for _, p := range parameters {
		for from := 0; from < len(p.grad); from += normChunk {
			chunks = append(chunks, p.grad[from:min(from+normChunk, len(p.grad))])
		}
	}
	squares := make([]float64, len(chunks))
	pool.Rows(len(chunks), func(i int) { squares[i] = float64(kernel.SquareSum(chunks[i])) })
	var sum float64
	for _, s := range squares {
		sum += s
	}
	return math.Sqrt(sum)
}

// adamW is a step of the optimiser, the same for all parameters.
type adamW struct {
	rate, decay        float32 // decay is times the rate
	beta1, beta2       float32
	correct1, correct2 float32 // 1/(1-β1^t), 1/sqrt(1-β2^t)
	epsilon, scale     float32 // scale is times the gradient
}

func newAdamW(s *Settings, rate float64, step int, scale float64) adamW {
	return adamW{
		rate: float32(rate), decay: float32(rate * s.WeightDecay), beta1: float32(1 - s.Beta1), beta2: float32(1 - s.Beta2),
		correct1: float32(1 / (1 - power(s.Beta1, step+1))), correct2: float32(1 / math.Sqrt(1-power(s.Beta2, step+1))),
		epsilon: float32(s.Epsilon), scale: float32(scale),
	}
}

// power returns x^n.
func power(x float64, n int) float64 {
	result := 1.0
	for ; n > 0; n >>= 1 {
		if n&1 != 0 {
			result = float64(result * x)
		}
		x = float64(x * x)
	}
	return result
}

// update changes numbers from to to-1 of a parameter, and sets their gradient to 0.
func (a adamW) update(p *parameter, from, to int) {
	decay := a.decay
	if !p.decays {
		decay = 0
	}
	values, grad := p.values[from:to], p.grad[from:to]
	mean, square := p.mean[from:to], p.square[from:to]
	for i := range values {
		g := float32(grad[i] * a.scale)
		m := mean[i] + float32(a.beta1*(g-mean[i]))
		v := square[i] + float32(a.beta2*(float32(g*g)-square[i]))
		mean[i], square[i], grad[i] = m, v, 0
		divisor := float32(float32(math.Sqrt(float64(v)))*a.correct2) + a.epsilon
		w := values[i]
		w -= float32(decay * w)
		values[i] = w - float32(a.rate*(float32(m*a.correct1)/divisor))
	}
}

// updateAll updates all parameters.
func (a adamW) updateAll(pool *kernel.Pool, parameters []*parameter) {
	type part struct {
		p        *parameter
		from, to int
	}
	var parts []part
	for _, p := range parameters {
		for from := 0; from < len(p.values); from += normChunk {
			parts = append(parts, part{p, from, min(from+normChunk, len(p.values))})
		}
	}
	pool.Run(len(parts), func(i int) { a.update(parts[i].p, parts[i].from, parts[i].to) })
}
