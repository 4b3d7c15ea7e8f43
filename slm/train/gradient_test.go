package train

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openledger/openledger/slm/checkpoint"
	"github.com/openledger/openledger/slm/kernel"
	"github.com/openledger/openledger/slm/model"
)

// TestGradientsOfTexts: the gradient of a text equals the gradient of a step with only this text, whatever was computed
// before. For a long text it is the sum over its pieces. TestGradients compares gradients of steps with finite
// differences.
func TestGradientsOfTexts(t *testing.T) {
	pool := kernel.NewPool(2)
	defer pool.Close()
	for _, architecture := range architectures {
		m := base(t, small(architecture), checkpoint.F32, nil)
		s := quick(3)
		s.Targets = []string{"q_proj", "v_proj", "down_proj"}
		trainer := start(t, m, s, examples(20, 37), nil)
		run(t, trainer)
		scale, changes := trainer.LowRank()
		for _, p := range []*kernel.Pool{nil, pool} {
			g, err := NewGradients(m, scale, changes, 32, p)
			require.NoError(t, err)
			for _, e := range examples(6, 37) {
				if len(e.pieces(32)) == 0 {
					continue
				}
				loss, got, err := g.Of(e)
				require.NoError(t, err)
				n, want := trainer.network, 0.0
				trainer.forgetGradients()
				for _, piece := range e.pieces(32) {
					a := n.newActivations(micro{piece}, math.MaxInt)
					n.forward(a)
					dx := kernel.NewMatrix(len(a.tokens), n.config.HiddenSize)
					want = n.loss(want, a, dx, 1)
					n.backward(a, dx)
				}
				require.Equal(t, want, loss)
				require.Len(t, got, len(n.parameters))
				for i, p := range n.parameters {
					require.Equal(t, p.name, got[i].Name)
					require.Equal(t, p.grad, got[i].Values)
				}
			}
		}
	}
}

// An adapter may change other projections in one layer than in another.
func TestGradientsOfUnevenAdapters(t *testing.T) {
	m := base(t, small(checkpoint.Llama), checkpoint.F32, nil)
	trainer := start(t, m, quick(2), examples(20, 37), nil)
	run(t, trainer)
	scale, all := trainer.LowRank()
	var some []model.LowRank
	for i, change := range all {
		if i%3 == 1 {
			some = append(some, change)
		}
	}
	g, err := NewGradients(m, scale, some, 32, nil)
	require.NoError(t, err)
	_, got, err := g.Of(Example{Tokens: []int{1, 2, 3, 4, 5}})
	require.NoError(t, err)
	require.Len(t, got, 2*len(some))
	for _, gradient := range got {
		require.NotZero(t, kernel.SquareSum(gradient.Values), gradient.Name)
	}
	_, _, err = g.Of(Example{Tokens: []int{37}})
	require.ErrorContains(t, err, "vocabulary")
	_, err = NewGradients(m, scale, some, 1000, nil)
	require.ErrorContains(t, err, "reads 1 to")
	_, err = NewGradients(m, scale, append(some, some[0]), 32, nil)
	require.ErrorContains(t, err, "twice")
}
