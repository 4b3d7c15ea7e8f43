package adapter

import (
	"errors"
	"fmt"

	"github.com/openledger/openledger/slm/checkpoint"
	"github.com/openledger/openledger/slm/kernel"
)

// Stack returns one adapter that changes a base like all the given ones together. Its rank is the sum of their ranks.
// The rows of A lie below each other and the columns of B side by side, in the order of the arguments. Each B is
// multiplied by the scale of its adapter, so the scale of the result is 1. If an adapter does not change a projection,
// its rows and columns there are 0. Tensors are F32, in memory of their own. A single adapter is returned unchanged.
func Stack(config checkpoint.Config, adapters ...*Adapter) (*Adapter, error) {
	if len(adapters) == 0 {
		return nil, errors.New("no adapters to stack")
	}
	if len(adapters) == 1 {
		return adapters[0], nil
	}
	rank := 0
	for _, a := range adapters {
		rank += a.Rank
	}
	if rank > maxRank {
		return nil, fmt.Errorf("the adapters have a rank of %d together; the highest is %d", rank, maxRank)
	}
	stacked := map[string]*Target{}
	values := map[string][2][]float32{}
	from := 0
	for _, a := range adapters {
		targets, err := a.For(config)
		if err != nil {
			return nil, err
		}
		for _, target := range targets {
			out, in, _ := config.ProjectionShape(target.Projection)
			name := checkpoint.ProjectionName(target.Layer, target.Projection)
			if stacked[name] == nil {
				first, second := make([]float32, rank*in), make([]float32, out*rank)
				values[name] = [2][]float32{first, second}
				stacked[name] = &Target{
					Layer: target.Layer, Projection: target.Projection,
					A: checkpoint.Tensor{Name: name, Shape: []int{rank, in}},
					B: checkpoint.Tensor{Name: name, Shape: []int{out, rank}},
				}
			}
			if err := target.stack(values[name], from, rank, a.Scale); err != nil {
				return nil, err
			}
		}
		from += a.Rank
	}
	var targets []Target
	for name, target := range stacked {
		target.A.Data, target.B.Data = kernel.Bytes(values[name][0]), kernel.Bytes(values[name][1])
		targets = append(targets, *target)
	}
	result, err := New(rank, 1, targets)
	if err != nil {
		return nil, err
	}
	result.Interleaved = config.RopeInterleaved
	return result, nil
}

// StackBytes returns the bytes of the numbers of a stack, without making it.
func StackBytes(config checkpoint.Config, adapters ...*Adapter) (int64, error) {
	rank := 0
	changed := map[string]int64{} // the sizes of a row of A and a column of B together
	for _, a := range adapters {
		rank += a.Rank
		targets, err := a.For(config)
		if err != nil {
			return 0, err
		}
		for _, t := range targets {
			out, in, _ := config.ProjectionShape(t.Projection)
			changed[checkpoint.ProjectionName(t.Layer, t.Projection)] = int64(in) + int64(out)
		}
	}
	sum := int64(0)
	for _, size := range changed {
		sum += size
	}
	const float32Bytes = 4
	return float32Bytes * int64(rank) * sum, nil
}

// stack copies the target into A and B of a higher rank, beginning at row and column from.
func (t Target) stack(into [2][]float32, from, rank int, scale float32) error {
	first, err := t.A.Values()
	if err != nil {
		return err
	}
	second, err := t.B.Values()
	if err != nil {
		return err
	}
	own, in := t.A.Shape[0], t.A.Shape[1]
	copy(into[0][from*in:], first)
	for row := range t.B.Shape[0] {
		for r := range own {
			into[1][row*rank+from+r] = second[row*own+r] * scale
		}
	}
	return nil
}
