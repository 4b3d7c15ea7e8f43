package poa

import (
	"encoding/binary"
	"fmt"
	"math/big"
	"math/bits"
)

// Amount is an unsigned 128-bit number of aopen (10^-18 OPEN), Hi·2^64 + Lo.
type Amount struct{ Hi, Lo uint64 }

// NewAmount returns lo aopen.
func NewAmount(lo uint64) Amount { return Amount{Lo: lo} }

// AmountFromBig converts v. It returns ErrAmountRange if v is nil, negative or at least 2^128.
func AmountFromBig(v *big.Int) (Amount, error) {
	if v == nil {
		return Amount{}, fmt.Errorf("%w: no value given", ErrAmountRange)
	}
	if v.Sign() < 0 || v.BitLen() > 128 {
		return Amount{}, fmt.Errorf("%w: %d-bit value of sign %d; use a whole number of aopen below 2^128", ErrAmountRange,
			v.BitLen(), v.Sign())
	}
	var b [16]byte
	v.FillBytes(b[:])
	return amountFromBytes16(b), nil
}

func amountFromBytes16(b [16]byte) Amount {
	return Amount{Hi: binary.BigEndian.Uint64(b[:8]), Lo: binary.BigEndian.Uint64(b[8:])}
}

// Big returns the amount as a new big integer.
func (a Amount) Big() *big.Int {
	b := a.Bytes16()
	return new(big.Int).SetBytes(b[:])
}

// Add returns a + b, or ErrAmountRange if the sum is 2^128 or more.
func (a Amount) Add(b Amount) (Amount, error) {
	lo, carry := bits.Add64(a.Lo, b.Lo, 0)
	hi, carry := bits.Add64(a.Hi, b.Hi, carry)
	if carry != 0 {
		return Amount{}, fmt.Errorf("%w: %s + %s", ErrAmountRange, a, b)
	}
	return Amount{Hi: hi, Lo: lo}, nil
}

// Sub returns a - b, or ErrAmountRange if b is above a.
func (a Amount) Sub(b Amount) (Amount, error) {
	lo, borrow := bits.Sub64(a.Lo, b.Lo, 0)
	hi, borrow := bits.Sub64(a.Hi, b.Hi, borrow)
	if borrow != 0 {
		return Amount{}, fmt.Errorf("%w: %s - %s", ErrAmountRange, a, b)
	}
	return Amount{Hi: hi, Lo: lo}, nil
}

// Cmp returns -1, 0 or 1 as a is below, equal to or above b.
func (a Amount) Cmp(b Amount) int {
	switch {
	case a.Hi < b.Hi || a.Hi == b.Hi && a.Lo < b.Lo:
		return -1
	case a == b:
		return 0
	default:
		return 1
	}
}

// IsZero reports whether a is zero.
func (a Amount) IsZero() bool { return a == Amount{} }

// String returns the amount in decimal, in aopen.
func (a Amount) String() string { return a.Big().String() }

// Bytes16 returns the amount as 16 bytes, big endian.
func (a Amount) Bytes16() [16]byte {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], a.Hi)
	binary.BigEndian.PutUint64(b[8:], a.Lo)
	return b
}

// perThousandRoundedUp returns ceil(a·n / 1000), or ErrAmountRange if that is 2^128 or more.
func (a Amount) perThousandRoundedUp(n uint32) (Amount, error) {
	h0, w0 := bits.Mul64(a.Lo, uint64(n))
	h1, l1 := bits.Mul64(a.Hi, uint64(n))
	w1, carry := bits.Add64(h0, l1, 0)
	w2 := h1 + carry // h1 < 2^32, so this cannot wrap
	q2, rem := w2/1000, w2%1000
	q1, rem := bits.Div64(rem, w1, 1000)
	q0, rem := bits.Div64(rem, w0, 1000)
	if q2 != 0 {
		return Amount{}, fmt.Errorf("%w: %s per 1,000 tokens for %d tokens", ErrAmountRange, a, n)
	}
	q := Amount{Hi: q1, Lo: q0}
	if rem == 0 {
		return q, nil
	}
	return q.Add(NewAmount(1))
}
