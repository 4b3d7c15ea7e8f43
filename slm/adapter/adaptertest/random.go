// Package adaptertest makes adapters of random weights for tests.
package adaptertest

import (
	"testing"

	"github.com/openledger/openledger/slm/adapter"
	"github.com/openledger/openledger/slm/checkpoint"
	"github.com/openledger/openledger/slm/checkpoint/checkpointtest"
)

// Random returns an adapter of some projections for a base, in F32: of all if none are named. The same arguments give
// the same weights on every machine.
func Random(
	t testing.TB, config checkpoint.Config, rank int, scale float32, seed uint64, projections ...string,
) *adapter.Adapter {
	t.Helper()
	if len(projections) == 0 {
		projections = checkpoint.Projections[:]
	}
	var targets []adapter.Target
	for layer := range config.Layers {
		for _, projection := range projections {
			out, in, _ := config.ProjectionShape(projection)
			name := checkpoint.ProjectionName(layer, projection)
			make := func(matrix string, shape ...int) checkpoint.Tensor {
				layout := checkpoint.Layout{Name: name + "." + matrix, Shape: shape}
				tensor := checkpointtest.Tensor(t, layout, checkpoint.F32, seed)
				tensor.Name = name
				return tensor
			}
			targets = append(targets, adapter.Target{
				Layer: layer, Projection: projection, A: make("A", rank, in), B: make("B", out, rank),
			})
		}
	}
	a, err := adapter.New(rank, scale, targets)
	if err != nil {
		t.Fatal(err)
	}
	return a
}
