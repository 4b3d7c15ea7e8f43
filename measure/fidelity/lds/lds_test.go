package lds

import (
	"math"
	"testing"
)

func TestModel(t *testing.T) {
	m := train([][]uint32{{1, 2, 3}, {1, 2, 4}}, 10)
	// P(3 | 1 2) = 0.60·1/2 + 0.25·1/2 + 0.10·1/6 + 0.05/10
	want := math.Log(0.60/2+0.25/2+0.10/6+0.05/10) + m.logLikelihood([]uint32{1, 2})
	if got := m.logLikelihood([]uint32{1, 2, 3}); math.Abs(got-want) > 1e-12 {
		t.Errorf("%v, want %v", got, want)
	}
	if m.logLikelihood([]uint32{1, 2, 3}) <= m.logLikelihood([]uint32{3, 2, 1}) {
		t.Error("text that was trained on must be likelier")
	}
	if got, want := train(nil, 10).logLikelihood([]uint32{1}), math.Log(0.05/10); math.Abs(got-want) > 1e-12 {
		t.Errorf("nothing trained: %v, want %v", got, want)
	}
}

func TestSums(t *testing.T) {
	if got := sums([][]int{{0, 2}, {}}, []float64{1, 2, 4}); got[0] != 5 || got[1] != 0 {
		t.Errorf("%v", got)
	}
}
