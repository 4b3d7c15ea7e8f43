package kernel

import (
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// near requires that c is start + a·b, where at(i, k) and b(k, j) are the operands.
func near(t require.TestingT, c Matrix, start []float32, inner int, a, b func(int, int) float32) {
	for i := range c.Rows {
		for j := range c.Cols {
			want := float64(start[i*c.Cols+j])
			size := math.Abs(want)
			for k := range inner {
				v := float64(a(i, k)) * float64(b(k, j))
				want += v
				size += math.Abs(v)
			}
			require.InDelta(t, want, float64(c.Row(i)[j]), size*float64(inner+1)*0x1p-24+1e-30)
		}
	}
}

func TestLinearInput(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		dtype := rapid.SampledFrom(dtypes).Draw(t, "dtype")
		rows, out, in := dims(t, dtype)
		out += rapid.SampledFrom([]int{0, 300}).Draw(t, "more")
		w := randomWeights(t, dtype, 1, out, in)
		dy, start := MatrixOf(numbers(2, rows*out), rows, out), numbers(3, rows*in)
		dx := ways(t, func(p *Pool) []float32 {
			dx := MatrixOf(slices.Clone(start), rows, in)
			LinearInput(p, dx, dy, w)
			return dx.Data
		})
		values := NewMatrix(out, in)
		for o := range out {
			w.Row(values.Row(o), o)
		}
		near(t, MatrixOf(dx, rows, in), start, out, func(i, k int) float32 { return dy.Row(i)[k] },
			func(k, j int) float32 { return values.Row(k)[j] })
		c := MatrixOf(slices.Clone(start), rows, in)
		MulAdd(c, dy, values)
		same(t, dx, c.Data, "MulAdd")
	})
}

func TestLinearWeight(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows, out, in := dims(t, F32)
		dy, x := MatrixOf(numbers(2, rows*out), rows, out), MatrixOf(numbers(3, rows*in), rows, in)
		start := numbers(4, out*in)
		dw := ways(t, func(p *Pool) []float32 {
			dw := MatrixOf(slices.Clone(start), out, in)
			LinearWeight(p, dw, dy, x)
			return dw.Data
		})
		near(t, MatrixOf(dw, out, in), start, rows, func(i, k int) float32 { return dy.Row(k)[i] },
			func(k, j int) float32 { return x.Row(k)[j] })
		// In two pieces, the bits are the same.
		cut := rapid.IntRange(0, rows).Draw(t, "cut")
		c := MatrixOf(slices.Clone(start), out, in)
		LinearWeight(nil, c, dy.RowRange(0, cut), x.RowRange(0, cut))
		MulTAdd(c, dy.RowRange(cut, rows), x.RowRange(cut, rows))
		same(t, dw, c.Data, "two pieces")
	})
}

func TestMulT(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows, out, in := dims(t, F32)
		x, w := MatrixOf(numbers(2, rows*in), rows, in), MatrixOf(numbers(3, out*in), out, in)
		y := ways(t, func(*Pool) []float32 {
			y := NewMatrix(rows, out)
			MulT(y, x, w)
			return y.Data
		})
		for r := range rows {
			for o := range out {
				require.Equal(t, Dot(x.Row(r), w.Row(o)), y[r*out+o])
			}
		}
	})
}

// TestEmpty holds that products of nothing change nothing.
func TestEmpty(t *testing.T) {
	w := WeightsOf(2, 3, make([]float32, 6))
	Linear(nil, Matrix{Cols: 2, Stride: 2}, Matrix{Cols: 3, Stride: 3}, w)
	dw := MatrixOf([]float32{1, 2}, 1, 2)
	LinearWeight(nil, dw, Matrix{Cols: 1, Stride: 1}, Matrix{Cols: 2, Stride: 2})
	require.Equal(t, []float32{1, 2}, dw.Data)
	require.Panics(t, func() { Linear(nil, NewMatrix(1, 2), NewMatrix(1, 4), w) })
	require.Panics(t, func() { MulAdd(NewMatrix(1, 2), NewMatrix(1, 4), NewMatrix(3, 2)) })
	require.Panics(t, func() { MulAdd(NewMatrix(1, 2), NewMatrix(1, 3), Matrix{Rows: 3, Cols: 2, Stride: 2}) })
}
