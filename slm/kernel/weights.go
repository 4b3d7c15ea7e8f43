package kernel

import (
	"encoding/binary"
	"fmt"
	"hash"
	"math"
	"unsafe"
)

// DType says how numbers lie in bytes, little endian.
type DType uint8

const (
	F32  DType = iota // IEEE 754 binary32
	F16               // IEEE 754 binary16
	BF16              // the upper half of an F32
	Q8_0              // blocks of 34 bytes: an F16 scale, and 32 int8 that are multiplied by it
)

const (
	q8Values = 32 // numbers of a block of Q8_0
	q8Bytes  = 34 // bytes of a block of Q8_0
)

// String returns the name that GGUF and safetensors use.
func (d DType) String() string {
	switch d {
	case F32:
		return "F32"
	case F16:
		return "F16"
	case BF16:
		return "BF16"
	case Q8_0:
		return "Q8_0"
	}
	return fmt.Sprintf("DType(%d)", uint8(d))
}

// rowBytes returns how many bytes cols numbers take, or -1 where they are no whole number of blocks.
func (d DType) rowBytes(cols int) int {
	switch d {
	case F32:
		return 4 * cols
	case F16, BF16:
		return 2 * cols
	case Q8_0:
		if cols%q8Values == 0 {
			return cols / q8Values * q8Bytes
		}
	}
	return -1
}

// Weights is a matrix [Out, In], row by row, as it lies in a file. It is read only.
type Weights struct {
	DType   DType
	Out, In int
	data    []byte
	f32     []float32 // the same as data where the type is F32 and this machine can read it in place
	stride  int       // bytes of a row
}

var littleEndian = binary.NativeEndian.Uint16([]byte{1, 0}) == 1

// NewWeights views data as a matrix [out, in] of the type. It returns an error where the size is not the shape's.
func NewWeights(dtype DType, out, in int, data []byte) (*Weights, error) {
	if out <= 0 || in <= 0 {
		return nil, fmt.Errorf("weights have the shape [%d, %d]; both must be positive", out, in)
	}
	stride := dtype.rowBytes(in)
	if stride < 0 {
		return nil, fmt.Errorf("rows of %d numbers cannot lie in %s", in, dtype)
	}
	if len(data) != out*stride {
		return nil, fmt.Errorf("%d bytes given for weights [%d, %d] in %s, which take %d", len(data), out, in, dtype,
			out*stride)
	}
	w := &Weights{DType: dtype, Out: out, In: in, data: data, stride: stride}
	if dtype == F32 && littleEndian && uintptr(unsafe.Pointer(&data[0]))%4 == 0 {
		w.f32 = unsafe.Slice((*float32)(unsafe.Pointer(&data[0])), out*in)
	}
	return w, nil
}

// WeightsOf views values as a matrix [out, in] in F32. Changes of values are changes of the weights.
func WeightsOf(out, in int, values []float32) *Weights {
	if out <= 0 || in <= 0 || len(values) != out*in {
		panic(fmt.Sprintf("kernel: %d numbers given for weights [%d, %d]", len(values), out, in))
	}
	return &Weights{DType: F32, Out: out, In: in, data: Bytes(values), f32: values, stride: 4 * in}
}

// Bytes returns numbers as they lie in a file: the memory itself where this machine keeps them so.
func Bytes(values []float32) []byte {
	if len(values) == 0 {
		return nil
	}
	if littleEndian {
		return unsafe.Slice((*byte)(unsafe.Pointer(&values[0])), 4*len(values))
	}
	data := make([]byte, 0, 4*len(values))
	for _, v := range values {
		data = binary.LittleEndian.AppendUint32(data, math.Float32bits(v))
	}
	return data
}

// Bytes returns how much memory or file the weights take.
func (w *Weights) Bytes() int { return len(w.data) }

// Row writes row i as F32 to dst, which has In elements. The conversion is exact.
func (w *Weights) Row(dst []float32, i int) {
	if len(dst) != w.In {
		panic(fmt.Sprintf("kernel: a row of %d numbers does not fit into %d", w.In, len(dst)))
	}
	if w.f32 != nil {
		copy(dst, w.f32[i*w.In:(i+1)*w.In])
		return
	}
	row := w.data[i*w.stride : (i+1)*w.stride]
	if accelerated.Load() && w.In%8 == 0 {
		decodeAccelerated(w.DType, dst, row)
		return
	}
	decode(w.DType, dst, row)
}

// decode writes the numbers of row, len(dst) of them, as F32.
func decode(dtype DType, dst []float32, row []byte) {
	switch dtype {
	case F32:
		for i := range dst {
			dst[i] = math.Float32frombits(binary.LittleEndian.Uint32(row[4*i:]))
		}
	case F16:
		decodeF16Portable(dst, row)
	case BF16:
		row = row[:2*len(dst)]
		for len(dst) >= 4 && len(row) >= 8 {
			four := binary.LittleEndian.Uint64(row)
			dst[0] = math.Float32frombits(uint32(four) << 16)
			dst[1] = math.Float32frombits(uint32(four) & 0xffff0000)
			dst[2] = math.Float32frombits(uint32(four>>32) << 16)
			dst[3] = math.Float32frombits(uint32(four>>32) & 0xffff0000)
			dst, row = dst[4:], row[8:]
		}
		for i := range dst {
			dst[i] = math.Float32frombits(uint32(binary.LittleEndian.Uint16(row[2*i:])) << 16)
		}
	case Q8_0:
		for len(dst) >= q8Values && len(row) >= q8Bytes {
			scale := FromF16(binary.LittleEndian.Uint16(row))
			to, from := (*[q8Values]float32)(dst), (*[q8Values]byte)(row[2:])
			for i := range to {
				to[i] = float32(int8(from[i])) * scale // exact: 8 and 11 significant bits
			}
			dst, row = dst[q8Values:], row[q8Bytes:]
		}
	}
}

// decodeF16Portable is decode of F16. A finite number is its bits, moved to where they lie in an F32, times 2^112: the
// product is exact.
func decodeF16Portable(dst []float32, row []byte) {
	row = row[:2*len(dst)]
	for i := range dst {
		h := binary.LittleEndian.Uint16(row[2*i:])
		if h&0x7c00 == 0x7c00 {
			dst[i] = FromF16(h)
			continue
		}
		size := math.Float32frombits(uint32(h&0x7fff)<<13) * 0x1p112
		dst[i] = math.Float32frombits(math.Float32bits(size) | uint32(h&0x8000)<<16)
	}
}

// FromF16 returns the value of a binary16 number.
func FromF16(h uint16) float32 {
	sign := uint32(h&0x8000) << 16
	exponent, fraction := uint32(h>>10)&31, uint32(h)&0x3ff
	switch {
	case exponent == 31 && fraction != 0:
		return math.Float32frombits(sign | 0x7fc00000 | fraction<<13)
	case exponent == 31:
		return math.Float32frombits(sign | 0x7f800000)
	case exponent == 0:
		return math.Float32frombits(sign | math.Float32bits(float32(fraction)*(1.0/(1<<24))))
	}
	return math.Float32frombits(sign | (exponent+112)<<23 | fraction<<13)
}

// Values returns all numbers as F32, row by row: the weights' own memory where they are F32 and can be read in place,
// a copy otherwise.
func (w *Weights) Values() []float32 {
	if w.f32 != nil {
		return w.f32
	}
	values := make([]float32, w.Out*w.In)
	for i := range w.Out {
		w.Row(values[i*w.In:(i+1)*w.In], i)
	}
	return values
}

// Hash writes the type's name and the weights' bytes to h.
func (w *Weights) Hash(h hash.Hash) {
	h.Write([]byte(w.DType.String()))
	if w.f32 != nil {
		h.Write(Bytes(w.f32))
		return
	}
	h.Write(w.data)
}
