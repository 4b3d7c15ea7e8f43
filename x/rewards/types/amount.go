package types

import (
	"math/bits"

	"cosmossdk.io/math"

	"github.com/openledger/openledger/poa"
)

// AmountOf converts aopen to the packed form; it fails above 128 bits.
func AmountOf(v math.Int) (poa.Amount, error) { return poa.AmountFromBig(v.BigIntMut()) }

// IntOf converts a packed amount to aopen.
func IntOf(a poa.Amount) math.Int {
	if a.Hi == 0 {
		return math.NewIntFromUint64(a.Lo)
	}
	return math.NewIntFromBigInt(a.Big())
}

// plus returns a + b of amounts whose sum is known to be below 2^128.
func plus(a, b poa.Amount) poa.Amount {
	lo, carry := bits.Add64(a.Lo, b.Lo, 0)
	return poa.Amount{Hi: a.Hi + b.Hi + carry, Lo: lo}
}

// minus returns a − b of amounts of which b is known not to be above a.
func minus(a, b poa.Amount) poa.Amount {
	lo, borrow := bits.Sub64(a.Lo, b.Lo, 0)
	return poa.Amount{Hi: a.Hi - b.Hi - borrow, Lo: lo}
}

// partRoundedDown returns floor(a · ppm / 1,000,000) and the remainder, in
// millionths, for ppm of at most 1,000,000.
func partRoundedDown(a poa.Amount, ppm uint32) (part poa.Amount, remainder uint32) {
	// a · ppm has at most 148 bits: w2 · 2^128 + w1 · 2^64 + w0.
	h0, w0 := bits.Mul64(a.Lo, uint64(ppm))
	h1, l1 := bits.Mul64(a.Hi, uint64(ppm))
	w1, carry := bits.Add64(h0, l1, 0)
	w2 := h1 + carry
	// ppm is at most the divisor, so that the quotient fits and w2 is below it.
	hi, rest := bits.Div64(w2, w1, PPM)
	lo, rest := bits.Div64(rest, w0, PPM)
	return poa.Amount{Hi: hi, Lo: lo}, uint32(rest)
}

// FullScale leaves a bonus as it is; see Scale.
const FullScale uint64 = 1 << 63

// ScaleOf returns the largest scale at which asked fits into budget:
// min(1, budget / asked), rounded down to a multiple of 2^-63.
func ScaleOf(budget, asked math.Int) uint64 {
	if asked.LTE(budget) {
		return FullScale
	}
	// budget < asked < 2^128, so that the product stays within the 256 bits of an Int.
	return budget.Mul(math.NewIntFromUint64(FullScale)).Quo(asked).Uint64()
}

// Scale returns floor(a · scale / 2^63), for a scale of at most FullScale.
func Scale(a poa.Amount, scale uint64) poa.Amount {
	if scale == FullScale {
		return a
	}
	h0, w0 := bits.Mul64(a.Lo, scale)
	h1, l1 := bits.Mul64(a.Hi, scale)
	w1, carry := bits.Add64(h0, l1, 0)
	w2 := h1 + carry
	return poa.Amount{Hi: w2<<1 | w1>>63, Lo: w1<<1 | w0>>63}
}

// appendAmount appends the bytes of an amount, big endian, without leading zeros.
func appendAmount(out []byte, a poa.Amount) []byte {
	packed := a.Bytes16()
	return append(out, packed[len(packed)-amountLen(a):]...)
}

// amountLen is the number of bytes that appendAmount writes: 0 to 16.
func amountLen(a poa.Amount) int {
	if a.Hi != 0 {
		return 8 + (bits.Len64(a.Hi)+7)/8
	}
	return (bits.Len64(a.Lo) + 7) / 8
}

// readAmount reads what appendAmount wrote in n bytes, at most 16.
func readAmount(b []byte) poa.Amount {
	var a poa.Amount
	for _, next := range b {
		a.Hi = a.Hi<<8 | a.Lo>>56
		a.Lo = a.Lo<<8 | uint64(next)
	}
	return a
}
