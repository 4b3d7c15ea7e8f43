package model

import (
	"math"

	"github.com/openledger/openledger/slm/checkpoint"
	"github.com/openledger/openledger/slm/internal/reference"
	"github.com/openledger/openledger/slm/kernel"
)

// quantised returns a tensor's numbers in Q8_0, if it is a matrix.
func quantised(t checkpoint.Tensor) checkpoint.Tensor {
	if len(t.Shape) != 2 {
		return t
	}
	values, err := reference.Values(t)
	if err != nil {
		panic(err)
	}
	q := checkpoint.Tensor{Name: t.Name, DType: checkpoint.Q8_0, Shape: t.Shape}
	for ; len(values) > 0; values = values[32:] {
		var most float64
		for _, v := range values[:32] {
			most = math.Max(most, math.Abs(v))
		}
		bits := math.Float32bits(float32(most / 127))
		half := uint16(bits>>13 - 112<<10) // cut to binary16; sizes are those of normal numbers
		scale := float64(kernel.FromF16(half))
		q.Data = append(q.Data, byte(half), byte(half>>8))
		for _, v := range values[:32] {
			q.Data = append(q.Data, byte(int8(math.Max(-127, math.Min(127, math.RoundToEven(v/scale))))))
		}
	}
	return q
}
