package kernel

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// numbers returns n numbers in [-1, 1) that depend on seed alone, on every machine.
func numbers(seed uint64, n int) []float32 {
	out := make([]float32, n)
	for i := range out {
		seed += 0x9e3779b97f4a7c15
		z := (seed ^ seed>>30) * 0xbf58476d1ce4e5b9
		z = (z ^ z>>27) * 0x94d049bb133111eb
		out[i] = float32(int32(z>>40)-1<<23) / (1 << 23)
	}
	return out
}

// weightBytes lays numbers as rows [out, in] of the type.
func weightBytes(dtype DType, seed uint64, out, in int) []byte {
	var data []byte
	for i, v := range numbers(seed, out*in) {
		switch dtype {
		case F32:
			data = binary.LittleEndian.AppendUint32(data, math.Float32bits(v))
		case F16:
			sign, e := uint16(0), uint16(10+i%8)
			if v < 0 {
				sign = 0x8000
			}
			data = binary.LittleEndian.AppendUint16(data, sign|e<<10|uint16(math.Float32bits(v)>>13&0x3ff))
		case BF16:
			data = binary.LittleEndian.AppendUint16(data, uint16(math.Float32bits(v)>>16))
		case Q8_0:
			if i%q8Values == 0 {
				data = binary.LittleEndian.AppendUint16(data, 0x1c00+uint16(i%97))
			}
			data = append(data, byte(int8(v*127)))
		}
	}
	return data
}

func randomWeights(t require.TestingT, dtype DType, seed uint64, out, in int) *Weights {
	w, err := NewWeights(dtype, out, in, weightBytes(dtype, seed, out, in))
	require.NoError(t, err)
	return w
}

var dtypes = []DType{F32, F16, BF16, Q8_0}

// ways runs compute by assembly and portable Go with one and three threads, and requires the same bits.
func ways(t require.TestingT, compute func(p *Pool) []float32) []float32 {
	pool := NewPool(3)
	defer pool.Close()
	want := compute(nil)
	same(t, want, compute(pool), "threads")
	defer ForcePortable()()
	same(t, want, compute(nil), "portable")
	same(t, want, compute(pool), "portable, threads")
	return want
}

func same(t require.TestingT, want, got []float32, way string) {
	require.Len(t, got, len(want))
	for i := range want {
		if math.Float32bits(want[i]) != math.Float32bits(got[i]) {
			require.FailNow(t, "different bits", "%s: number %d is %v, not %v", way, i, got[i], want[i])
		}
	}
}

func dims(t *rapid.T, dtype DType) (rows, out, in int) {
	rows, out = rapid.IntRange(1, 40).Draw(t, "rows"), rapid.IntRange(1, 90).Draw(t, "out")
	in = rapid.OneOf(rapid.IntRange(1, 90), rapid.Just(128), rapid.Just(576)).Draw(t, "in")
	if dtype == Q8_0 {
		in = (in + 31) &^ 31
	}
	return rows, out, in
}

func TestLinear(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		dtype := rapid.SampledFrom(dtypes).Draw(t, "dtype")
		rows, out, in := dims(t, dtype)
		w := randomWeights(t, dtype, 1, out, in)
		gap := rapid.IntRange(0, 3).Draw(t, "gap")
		x := Matrix{Data: numbers(2, rows*(in+gap)), Rows: rows, Cols: in, Stride: in + gap}
		y := ways(t, func(p *Pool) []float32 {
			y := NewMatrix(rows, out)
			Linear(p, y, x, w)
			return y.Data
		})
		row := make([]float32, in)
		for o := range out {
			w.Row(row, o)
			for r := range rows {
				var want, size float64
				for i, v := range row {
					want += float64(v) * float64(x.Row(r)[i])
					size += math.Abs(float64(v) * float64(x.Row(r)[i]))
				}
				require.InDelta(t, want, float64(y[r*out+o]), size*float64(in+8)*0x1p-24+1e-30)
			}
		}
	})
}

// TestRowsAlone holds that a row's result is that of the row by itself.
func TestRowsAlone(t *testing.T) {
	for _, dtype := range dtypes {
		const rows, out, in = 13, 70, 96
		w := randomWeights(t, dtype, 3, out, in)
		x, y, one := MatrixOf(numbers(4, rows*in), rows, in), NewMatrix(rows, out), NewMatrix(1, out)
		Linear(nil, y, x, w)
		for r := range rows {
			Linear(nil, one, x.RowRange(r, r+1), w)
			same(t, one.Data, y.Row(r), dtype.String())
		}
	}
}

// TestTypesAgree holds that weights give the same bits after they were converted to F32.
func TestTypesAgree(t *testing.T) {
	for _, dtype := range dtypes {
		const rows, out, in = 5, 33, 64
		w := randomWeights(t, dtype, 5, out, in)
		values := make([]float32, out*in)
		for o := range out {
			w.Row(values[o*in:(o+1)*in], o)
		}
		x, y, z := MatrixOf(numbers(6, rows*in), rows, in), NewMatrix(rows, out), NewMatrix(rows, out)
		Linear(nil, y, x, w)
		Linear(nil, z, x, WeightsOf(out, in, values))
		same(t, y.Data, z.Data, dtype.String())
		dx, dz := NewMatrix(rows, in), NewMatrix(rows, in)
		LinearInput(nil, dx, y, w)
		LinearInput(nil, dz, y, WeightsOf(out, in, values))
		same(t, dx.Data, dz.Data, dtype.String())
	}
}

func TestDecode(t *testing.T) {
	for h := range 1 << 16 {
		value := float64(FromF16(uint16(h)))
		e, f := h>>10&31, float64(h&0x3ff)
		want := math.Ldexp(1+f/1024, e-15)
		if e == 0 {
			want = math.Ldexp(f, -24)
		}
		if e == 31 {
			want = math.Inf(1)
			if f != 0 {
				require.True(t, math.IsNaN(value))
				continue
			}
		}
		if h&0x8000 != 0 {
			want = -want
		}
		require.Equal(t, want, value, "%#x", h)
	}
	for _, dtype := range dtypes {
		w := randomWeights(t, dtype, 7, 3, 96)
		ways(t, func(*Pool) []float32 {
			row := make([]float32, 96)
			w.Row(row, 2)
			return row
		})
	}
}

func TestWeightsOfAnotherSize(t *testing.T) {
	_, err := NewWeights(F16, 3, 4, make([]byte, 23))
	require.ErrorContains(t, err, "23 bytes given for weights [3, 4] in F16, which take 24")
	_, err = NewWeights(Q8_0, 1, 31, make([]byte, 34))
	require.ErrorContains(t, err, "31 numbers cannot lie in Q8_0")
	_, err = NewWeights(F32, 0, 4, nil)
	require.ErrorContains(t, err, "must be positive")
	// Rows that begin anywhere in a file are read.
	data := append([]byte{0}, weightBytes(F32, 8, 4, 8)...)[1:]
	w, err := NewWeights(F32, 4, 8, data)
	require.NoError(t, err)
	y := NewMatrix(1, 4)
	Linear(nil, y, MatrixOf(numbers(9, 8), 1, 8), w)
	z := NewMatrix(1, 4)
	Linear(nil, z, MatrixOf(numbers(9, 8), 1, 8), randomWeights(t, F32, 8, 4, 8))
	same(t, z.Data, y.Data, "unaligned")
}

// digest names the bits of numbers.
func digest(v []float32) string {
	h := sha256.New()
	for _, f := range v {
		var b [4]byte
		binary.LittleEndian.PutUint32(b[:], math.Float32bits(f))
		h.Write(b[:])
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// TestGolden holds the bits themselves: they are the same on every architecture and in every version.
func TestGolden(t *testing.T) {
	want := map[string]string{
		"linear F32":  "98f7e26529bc3c3c",
		"linear F16":  "4f2b961f93221b1d",
		"linear BF16": "aed6c3db62ab0a3f",
		"linear Q8_0": "2bf376a326b41219",
		"input":       "1a2053e73c7afcda",
		"weight":      "23a21938bdd143a2",
		"softmax":     "4684626b7eab1157",
		"norm":        "fa7f196532026ebb",
		"norm grad":   "0034280b14dda1a0",
		"silu":        "bad2cefe77b88949",
		"silu grad":   "8c87e2094da2bac4",
		"rope":        "26df741ae2a387e9",
	}
	const rows, out, in = 7, 50, 96
	x, dy := MatrixOf(numbers(10, rows*in), rows, in), MatrixOf(numbers(11, rows*out), rows, out)
	got := map[string]string{}
	for _, dtype := range dtypes {
		y := NewMatrix(rows, out)
		Linear(nil, y, x, randomWeights(t, dtype, 12, out, in))
		got["linear "+dtype.String()] = digest(y.Data)
	}
	dx, dw := NewMatrix(rows, in), NewMatrix(out, in)
	LinearInput(nil, dx, dy, randomWeights(t, BF16, 12, out, in))
	LinearWeight(nil, dw, dy, x)
	got["input"], got["weight"] = digest(dx.Data), digest(dw.Data)
	v := numbers(13, 1001)
	Scale(v, 20)
	Softmax(v)
	got["softmax"] = digest(v)
	v = make([]float32, 1001)
	inverse := RMSNorm(v, numbers(14, 1001), numbers(15, 1001), 1e-5)
	got["norm"] = digest(v)
	RMSNormGrad(v, numbers(16, 1001), numbers(14, 1001), numbers(15, 1001), inverse)
	got["norm grad"] = digest(v)
	gate := numbers(17, 1001)
	Scale(gate, 9)
	SiLUMul(v, gate, numbers(18, 1001))
	got["silu"] = digest(v)
	up := make([]float32, 1001)
	SiLUMulGrad(v, up, numbers(19, 1001), gate, numbers(18, 1001))
	got["silu grad"] = digest(append(v, up...))
	rope, cos, sin := NewRope(64, 10000, nil), make([]float32, 32), make([]float32, 32)
	head := numbers(20, 64*2)
	rope.Angles(12345, cos, sin)
	Rotate(head[:64], cos, sin, false)
	Rotate(head[64:], cos, sin, true)
	got["rope"] = digest(head)
	for name := range want {
		if want[name] != got[name] {
			t.Errorf("%q: %q,", name, got[name])
		}
	}
}

func ExampleLinear() {
	w := WeightsOf(2, 3, []float32{1, 0, 0, 1, 1, 1}) // two outputs of three inputs
	x := MatrixOf([]float32{5, 6, 7}, 1, 3)           // one row
	y := NewMatrix(1, 2)
	Linear(nil, y, x, w)
	fmt.Println(y.Data)
	// Output: [5 18]
}
