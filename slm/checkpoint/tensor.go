package checkpoint

import (
	"fmt"
	"math/bits"
)

// A DType is the type of a tensor's elements.
type DType uint8

// The types that models are computed from.
const (
	F32  DType = iota // IEEE 754, 4 bytes
	F16               // IEEE 754, 2 bytes
	BF16              // the upper half of an F32, 2 bytes
	Q8_0              // blocks of 32 elements: one F16 scale, then 32 int8; 34 bytes
)

// The parts of a Q8_0 block. The value of element i is scale × int8[i].
const (
	BlockElements = 32
	BlockBytes    = 34
)

var dtypeNames = [...]string{F32: "F32", F16: "F16", BF16: "BF16", Q8_0: "Q8_0"}

// String returns the name that safetensors and GGUF use.
func (d DType) String() string {
	if int(d) < len(dtypeNames) {
		return dtypeNames[d]
	}
	return fmt.Sprintf("DType(%d)", uint8(d))
}

// RowBytes is the number of bytes of n elements that lie together. It reports false if n is negative, is not a whole
// number of blocks, or has more bytes than an int holds.
func (d DType) RowBytes(n int) (int, bool) {
	if n < 0 {
		return 0, false
	}
	block, size := 1, 4
	switch d {
	case F32:
	case F16, BF16:
		size = 2
	case Q8_0:
		block, size = BlockElements, BlockBytes
	default:
		return 0, false
	}
	high, low := bits.Mul64(uint64(n/block), uint64(size))
	return int(low), n%block == 0 && high == 0 && low <= uint64(int(^uint(0)>>1))
}

// A Tensor is a named array of numbers.
type Tensor struct {
	Name  string // as in Hugging Face checkpoints
	DType DType
	Shape []int  // [out, in] for linear layers, [vocabulary, hidden] for embeddings, [n] for norms and biases
	Data  []byte // row-major, little endian; a part of the mapped file: read only
}

// Elements is the number of elements, or false if it does not fit into an int.
func (t Tensor) Elements() (int, bool) {
	n := uint64(1)
	for _, size := range t.Shape {
		high, low := bits.Mul64(n, uint64(size))
		if size < 0 || high != 0 || low > uint64(int(^uint(0)>>1)) {
			return 0, false
		}
		n = low
	}
	return int(n), true
}

// Validate checks that Data has as many bytes as dtype and shape need.
func (t Tensor) Validate() error {
	n, ok := t.Elements()
	if !ok || len(t.Shape) == 0 {
		return fmt.Errorf("tensor %s: impossible shape %v", t.Name, t.Shape)
	}
	if last := t.Shape[len(t.Shape)-1]; t.DType == Q8_0 && last%BlockElements != 0 {
		return fmt.Errorf("tensor %s: rows of Q8_0 need a multiple of %d elements, not %d", t.Name, BlockElements, last)
	}
	if size, ok := t.DType.RowBytes(n); !ok || size != len(t.Data) {
		return fmt.Errorf("tensor %s: %s %v does not have %d bytes", t.Name, t.DType, t.Shape, len(t.Data))
	}
	return nil
}
