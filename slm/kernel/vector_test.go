package kernel

import (
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func vector(t *rapid.T) []float32 {
	v := numbers(rapid.Uint64().Draw(t, "seed"), rapid.IntRange(1, 70).Draw(t, "n"))
	Scale(v, rapid.SampledFrom([]float32{1e-3, 1, 10, 100}).Draw(t, "size"))
	return v
}

func TestExp(t *testing.T) {
	var all []float32
	for x := float32(-90); x <= 90; x += 0.0137 {
		all = append(all, x)
	}
	all = append(all, 0, -87, 88, float32(math.Inf(1)), float32(math.Inf(-1)), 1e30, -1e30, -87.00001)
	y := ways(t, func(*Pool) []float32 {
		y := slices.Clone(all)
		return append(y, ExpSum(y, 0))
	})
	for i, x := range all {
		want := math.Exp(math.Min(float64(x), 88))
		if x < -87 {
			want = 0
		}
		require.InDelta(t, want, float64(y[i]), want*0x1p-22, "exp(%v)", x)
		require.Equal(t, Exp(x), y[i])
	}
}

func TestSoftmax(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := vector(t)
		y := ways(t, func(*Pool) []float32 {
			y := slices.Clone(x)
			Softmax(y)
			return y
		})
		require.Equal(t, slices.Max(x), Max(x))
		var sum float64
		for _, v := range x {
			sum += math.Exp(float64(v) - float64(slices.Max(x)))
		}
		for i, v := range x {
			require.InDelta(t, math.Exp(float64(v)-float64(slices.Max(x)))/sum, float64(y[i]), 3e-6)
		}
		dy := numbers(9, len(x))
		grad := ways(t, func(*Pool) []float32 {
			grad := slices.Clone(dy)
			SoftmaxGrad(grad, y, 0.5)
			return grad
		})
		var mean float64
		for i := range x {
			mean += float64(dy[i]) * float64(y[i])
		}
		for i := range x {
			require.InDelta(t, float64(y[i])*(float64(dy[i])-mean)/2, float64(grad[i]), 1e-6)
		}
		// Numbers that are far below add nothing, as where a position is masked.
		masked := append(slices.Clone(x), slices.Repeat([]float32{float32(math.Inf(-1))}, 5)...)
		Softmax(masked)
		same(t, y, masked[:len(x)], "masked")
	})
}

func TestRMSNorm(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := vector(t)
		weight, dy := numbers(1, len(x)), numbers(2, len(x))
		const eps = 1e-5
		var inverse float32
		y := ways(t, func(*Pool) []float32 {
			y := make([]float32, len(x))
			inverse = RMSNorm(y, x, weight, eps)
			return y
		})
		loss := func(x []float64) (loss float64, y []float64) {
			var squares float64
			for _, v := range x {
				squares += v * v
			}
			for i, v := range x {
				y = append(y, v/math.Sqrt(squares/float64(len(x))+eps)*float64(weight[i]))
				loss += y[i] * float64(dy[i])
			}
			return loss, y
		}
		wide := make([]float64, len(x))
		for i, v := range x {
			wide[i] = float64(v)
		}
		_, want := loss(wide)
		for i := range want {
			require.InDelta(t, want[i], float64(y[i]), 1e-5)
		}
		grad := ways(t, func(*Pool) []float32 {
			dx, dw := make([]float32, len(x)), make([]float32, len(x))
			RMSNormGrad(dx, dy, x, weight, inverse)
			RMSNormWeightGrad(dw, dy, x, inverse)
			return append(dx, dw...)
		})
		for i := range x {
			step := 1e-5 * (math.Abs(wide[i]) + 1e-2)
			at := wide[i]
			wide[i] = at + step
			up, _ := loss(wide)
			wide[i] = at - step
			down, _ := loss(wide)
			wide[i] = at
			slope := (up - down) / (2 * step)
			require.InDelta(t, slope, float64(grad[i]), 1e-3*math.Abs(slope)+2e-4*float64(inverse)+1e-6)
			require.InDelta(t, float64(dy[i])*want[i]/float64(weight[i]), float64(grad[len(x)+i]), 1e-4)
		}
	})
}

func TestSiLUMul(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		gate := vector(t)
		n := len(gate)
		up, dout := numbers(1, n), numbers(2, n)
		y := ways(t, func(*Pool) []float32 {
			y, dgate, dup := make([]float32, n), make([]float32, n), make([]float32, n)
			SiLUMul(y, gate, up)
			SiLUMulGrad(dgate, dup, dout, gate, up)
			return slices.Concat(y, dgate, dup)
		})
		for i, v := range gate {
			g, u, d := float64(v), float64(up[i]), float64(dout[i])
			s := 1 / (1 + math.Exp(-g))
			tolerance := 1e-6 * (1 + math.Abs(g))
			require.InDelta(t, g*s*u, float64(y[i]), tolerance)
			require.InDelta(t, d*u*s*(1+g*(1-s)), float64(y[n+i]), tolerance)
			require.InDelta(t, d*g*s, float64(y[2*n+i]), tolerance)
		}
	})
}

func TestAdd(t *testing.T) {
	x := []float32{1, 2, 3}
	Add(x, []float32{1, 1, 1})
	AddScaled(x, []float32{1, 1, 1}, 0.5)
	require.Equal(t, []float32{2.5, 3.5, 4.5}, x)
	Softmax(nil)
}
