package checkpoint

import (
	"encoding/binary"
	"fmt"
	"math"
)

// Decode writes the values of consecutive elements to out. data must have as many elements as out; for Q8_0, these must
// be whole blocks. The result is exact for F32, F16 and BF16. For Q8_0 it is the product scale × int8, rounded once.
func Decode(out []float32, dtype DType, data []byte) {
	switch dtype {
	case F32:
		for i := range out {
			out[i] = math.Float32frombits(binary.LittleEndian.Uint32(data[4*i:]))
		}
	case BF16:
		for i := range out {
			out[i] = math.Float32frombits(uint32(binary.LittleEndian.Uint16(data[2*i:])) << 16)
		}
	case F16:
		for i := range out {
			out[i] = fromHalf(binary.LittleEndian.Uint16(data[2*i:]))
		}
	case Q8_0:
		for i := range out {
			block := data[i/BlockElements*BlockBytes:]
			out[i] = fromHalf(binary.LittleEndian.Uint16(block)) * float32(int8(block[2+i%BlockElements]))
		}
	default:
		panic(fmt.Sprintf("checkpoint: Decode of %s", dtype))
	}
}

// Encode returns the bytes of values, rounded to the nearest, ties to even. Q8_0 divides each block by its largest
// magnitude / 127 and rounds ties away from zero, as llama.cpp's reference does. It fails where a finite value is too
// large for dtype, and if values are not whole blocks.
func Encode(dtype DType, values []float32) ([]byte, error) {
	size, ok := dtype.RowBytes(len(values))
	if !ok {
		return nil, fmt.Errorf("%d elements cannot be written as %s", len(values), dtype)
	}
	data := make([]byte, size)
	switch dtype {
	case F32:
		for i, x := range values {
			binary.LittleEndian.PutUint32(data[4*i:], math.Float32bits(x))
		}
	case BF16, F16:
		for i, x := range values {
			var bits, infinity uint16
			if dtype == F16 {
				bits, infinity = toHalf(x), 0x7c00
			} else {
				bits, infinity = toBrain(x), 0x7f80
			}
			if bits&0x7fff == infinity && !math.IsInf(float64(x), 0) {
				return nil, fmt.Errorf("the value %v is too large for %s", x, dtype)
			}
			binary.LittleEndian.PutUint16(data[2*i:], bits)
		}
	case Q8_0:
		for block := 0; block < len(values); block += BlockElements {
			to := data[block/BlockElements*BlockBytes:][:BlockBytes]
			if err := encodeBlock(to, values[block:block+BlockElements]); err != nil {
				return nil, err
			}
		}
	}
	return data, nil
}

func encodeBlock(to []byte, values []float32) error {
	var largest float32
	for _, x := range values {
		if math.IsNaN(float64(x)) {
			return fmt.Errorf("a value is not a number and cannot be written as %s", Q8_0)
		}
		largest = max(largest, float32(math.Abs(float64(x))))
	}
	scale := largest / 127
	half := toHalf(scale)
	if half == 0x7c00 {
		return fmt.Errorf("the value %v is too large for %s", largest, Q8_0)
	}
	binary.LittleEndian.PutUint16(to, half)
	var inverse float32
	if scale != 0 {
		inverse = 1 / scale
	}
	for i, x := range values {
		to[2+i] = byte(int8(max(-127, min(127, math.Round(float64(float32(x*inverse)))))))
	}
	return nil
}

func toBrain(x float32) uint16 {
	bits := math.Float32bits(x)
	if x != x {
		return uint16(bits>>16) | 0x40
	}
	return uint16((bits + 0x7fff + bits>>16&1) >> 16)
}

func fromHalf(half uint16) float32 {
	sign, exponent, fraction := uint32(half&0x8000)<<16, uint32(half>>10&0x1f), uint32(half&0x3ff)
	switch exponent {
	case 0: // fraction × 2^-24 is exact
		x := float32(fraction) / (1 << 24)
		return math.Float32frombits(math.Float32bits(x) | sign)
	case 31:
		return math.Float32frombits(sign | 0x7f800000 | fraction<<13)
	}
	return math.Float32frombits(sign | (exponent+127-15)<<23 | fraction<<13)
}

func toHalf(x float32) uint16 {
	bits := math.Float32bits(x)
	sign, magnitude := uint16(bits>>16&0x8000), bits&0x7fffffff
	switch {
	case magnitude > 0x7f800000: // not a number
		return sign | 0x7e00
	case magnitude >= 0x477ff000: // rounds to 65,536 or more
		return sign | 0x7c00
	case magnitude >= 0x38800000: // 2^-14: normal
		return sign | uint16((magnitude-(127-15)<<23+0xfff+magnitude>>13&1)>>13)
	}
	// The sum with 0.5 rounds to multiples of 2^-24, which are the steps of subnormal halves.
	steps := math.Float32bits(float32(math.Float32frombits(magnitude)+0.5)) - math.Float32bits(0.5)
	return sign | uint16(steps)
}

// Values returns all values of a tensor.
func (t Tensor) Values() ([]float32, error) {
	if err := t.Validate(); err != nil {
		return nil, err
	}
	n, _ := t.Elements()
	values := make([]float32, n)
	Decode(values, t.DType, t.Data)
	return values, nil
}
