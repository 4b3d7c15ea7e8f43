package gguf

import (
	"fmt"
	"math/bits"
)

// A Type is the type of a tensor's elements. Only those with a constant here can be read; see [Type.String] for the
// rest.
type Type uint32

// The types of tensors that are known here.
const (
	F32  Type = 0
	F16  Type = 1
	Q8_0 Type = 8 // blocks of 32 elements: one F16 scale, then 32 int8
	BF16 Type = 30
)

var typeNames = map[Type]string{
	F32: "F32", F16: "F16", 2: "Q4_0", 3: "Q4_1", 6: "Q5_0", 7: "Q5_1", Q8_0: "Q8_0", 9: "Q8_1",
	10: "Q2_K", 11: "Q3_K", 12: "Q4_K", 13: "Q5_K", 14: "Q6_K", 15: "Q8_K", 16: "IQ2_XXS", 17: "IQ2_XS", 18: "IQ3_XXS",
	19: "IQ1_S", 20: "IQ4_NL", 21: "IQ3_S", 22: "IQ2_S", 23: "IQ4_XS", 24: "I8", 25: "I16", 26: "I32", 27: "I64",
	28: "F64", 29: "IQ1_M", BF16: "BF16", 34: "TQ1_0", 35: "TQ2_0", 39: "MXFP4",
}

// String returns the name that llama.cpp uses.
func (t Type) String() string {
	if name, ok := typeNames[t]; ok {
		return name
	}
	return fmt.Sprintf("type %d", uint32(t))
}

// block returns the elements and bytes of the smallest part of a row, or zeros for a type that is not supported.
func (t Type) block() (elements, bytes uint64) {
	switch t {
	case F32:
		return 1, 4
	case F16, BF16:
		return 1, 2
	case Q8_0:
		return 32, 34
	}
	return 0, 0
}

// size returns the number of bytes of a tensor of a shape, which must have dimensions above 0.
func (t Type) size(shape []int) (uint64, error) {
	elements, size := t.block()
	if elements == 0 {
		return 0, fmt.Errorf("%s is not supported; convert the model to F32, F16, BF16 or Q8_0", t)
	}
	if len(shape) == 0 || uint64(shape[len(shape)-1])%elements != 0 {
		return 0, fmt.Errorf("rows of %s need a multiple of %d elements; the shape is %v", t, elements, shape)
	}
	n := uint64(1)
	for _, dimension := range shape {
		high, low := bits.Mul64(n, uint64(dimension))
		if n = low; high != 0 || n >= 1<<56 {
			return 0, fmt.Errorf("the shape %v is too large", shape)
		}
	}
	return n / elements * size, nil
}

// A kind is the type of a value of the metadata.
type kind uint32

const (
	kindUint8 kind = iota
	kindInt8
	kindUint16
	kindInt16
	kindUint32
	kindInt32
	kindFloat32
	kindBool
	kindString
	kindArray
	kindUint64
	kindInt64
	kindFloat64
)

// width is the number of bytes of a scalar, or 0 for strings, arrays and unknown kinds.
func (k kind) width() int {
	switch k {
	case kindUint8, kindInt8, kindBool:
		return 1
	case kindUint16, kindInt16:
		return 2
	case kindUint32, kindInt32, kindFloat32:
		return 4
	case kindUint64, kindInt64, kindFloat64:
		return 8
	}
	return 0
}
