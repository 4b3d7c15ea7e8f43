package kernel

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// TestAddLowRank: the bits are those of the products one by one, with and without assembly.
func TestAddLowRank(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		first, second := rapid.SampledFrom(dtypes[:3]).Draw(t, "A"), rapid.SampledFrom(dtypes[:3]).Draw(t, "B")
		rows, rank := rapid.IntRange(0, 7).Draw(t, "rows"), rapid.IntRange(1, 20).Draw(t, "rank")
		in, out := rapid.IntRange(1, 70).Draw(t, "in"), rapid.IntRange(1, 70).Draw(t, "out")
		x, before := MatrixOf(numbers(1, rows*in), rows, in), numbers(2, rows*out)
		a, b := randomWeights(t, first, 3, rank, in), randomWeights(t, second, 4, out, rank)
		ways(t, func(p *Pool) []float32 {
			got := MatrixOf(append([]float32(nil), before...), rows, out)
			AddLowRank(got, x, a, b, 0.3, numbers(5, LowRankScratch(rows, a, b)))
			inner, outer := NewMatrix(rows, rank), NewMatrix(rows, out)
			Linear(p, inner, x, a)
			Linear(p, outer, inner, b)
			want := append([]float32(nil), before...)
			for i := range rows {
				AddScaled(want[i*out:(i+1)*out], outer.Row(i), 0.3)
			}
			same(t, want, got.Data, "low rank")
			return got.Data
		})
	})
}

// TestAddLowRankOfAnotherShape panics, as a mistake in the calling code does everywhere here.
func TestAddLowRankOfAnotherShape(t *testing.T) {
	a, b := WeightsOf(2, 3, make([]float32, 6)), WeightsOf(4, 2, make([]float32, 8))
	require.Panics(t, func() { AddLowRank(NewMatrix(1, 5), NewMatrix(1, 3), a, b, 1, nil) })
	require.Panics(t, func() { AddLowRank(NewMatrix(1, 4), NewMatrix(1, 3), b, a, 1, nil) })
}
