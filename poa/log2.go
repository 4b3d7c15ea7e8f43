package poa

import "math/bits"

// Log2Q16 returns log2(x) in Q16 (65,536 is one bit), rounded down, with an error below 1.53e-5 bits for x < 2,000,000
// (README.md, section 3). Log2Q16(0) is 0, as Log2Q16(1).
//
// With n = bitlen(x) - 1 and the mantissa m = x / 2^n in Q31, sixteen times: m = m² / 2^31; if m ≥ 2^32, halve m and
// set the bit.
func Log2Q16(x uint64) uint32 {
	if x == 0 {
		return 0
	}
	n := uint(bits.Len64(x) - 1)
	var m uint64
	if n > 31 {
		m = x >> (n - 31)
	} else {
		m = x << (31 - n)
	}
	y := uint32(n) << 16
	for bit := uint32(1) << 15; bit != 0; bit >>= 1 {
		m = m * m >> 31
		if m >= 1<<32 {
			m >>= 1
			y |= bit
		}
	}
	return y
}
