package kernel

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestExp64(t *testing.T) {
	for x := -700.0; x < 700; x += 0.7131 {
		require.InEpsilon(t, math.Exp(x), Exp64(x), 0x1p-50, "exp(%v)", x)
	}
	require.Equal(t, []float64{1, 0, math.Inf(1)}, []float64{Exp64(0), Exp64(-1e9), Exp64(1e9)})
	require.True(t, math.IsNaN(Exp64(math.NaN())))
}

func TestLog64(t *testing.T) {
	for x := 1e-300; x < 1e300; x *= 1.37 {
		require.InDelta(t, math.Log(x), Log64(x), 0x1p-50*math.Max(1, math.Abs(math.Log(x))), "log(%v)", x)
	}
	require.Equal(t, []float64{0, math.Inf(-1), math.Inf(1)}, []float64{Log64(1), Log64(0), Log64(math.Inf(1))})
	require.True(t, math.IsNaN(Log64(-1)))
	require.True(t, math.IsNaN(Log64(math.NaN())))
}

func TestSinCos64(t *testing.T) {
	for x := 0.0; x < 1<<20; x = x*1.01 + 0.0171 {
		for _, x := range []float64{x, -x} {
			sin, cos := SinCos64(x)
			require.InDelta(t, math.Sin(x), sin, 0x1p-50, "sin(%v)", x)
			require.InDelta(t, math.Cos(x), cos, 0x1p-50, "cos(%v)", x)
		}
	}
}

func TestRope(t *testing.T) {
	const dim = 64
	rope, cos, sin := NewRope(dim, 10000, nil), make([]float32, dim/2), make([]float32, dim/2)
	for _, position := range []int{0, 1, 500, 100000} {
		rope.Angles(position, cos, sin)
		for i := range cos {
			angle := float64(float32(position) * float32(math.Pow(10000, -2*float64(i)/dim)))
			require.InDelta(t, math.Cos(angle), float64(cos[i]), 1e-7+angle*1e-7)
			require.InDelta(t, math.Sin(angle), float64(sin[i]), 1e-7+angle*1e-7)
		}
		for _, interleaved := range []bool{false, true} {
			head := numbers(1, dim)
			Rotate(head, cos, sin, interleaved)
			for i := range cos {
				a, b := 2*i, 2*i+1
				if !interleaved {
					a, b = i, i+dim/2
				}
				before := numbers(1, dim)
				c, s := float64(cos[i]), float64(sin[i])
				require.InDelta(t, float64(before[a])*c-float64(before[b])*s, float64(head[a]), 1e-6)
				require.InDelta(t, float64(before[b])*c+float64(before[a])*s, float64(head[b]), 1e-6)
			}
		}
	}
	// Frequencies can be scaled: twice the positions at half the frequency.
	half, c2 := NewRope(dim, 10000, func(_ int, f float64) float64 { return f / 2 }), make([]float32, dim/2)
	rope.Angles(7, cos, sin)
	half.Angles(14, c2, sin)
	require.Equal(t, cos, c2)
}
