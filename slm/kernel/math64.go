package kernel

import "math"

// Elementary functions of float64 with the same bits on every machine, for tables, sampling and schedules. Those of
// package math differ between architectures.

// Exp64 returns e^x with a relative error below 2^-50. Results that float64 holds only with fewer bits are 0.
func Exp64(x float64) float64 {
	const (
		ln2hi = 0x162e42fee00000p-53 // the upper bits of ln 2, and 21 zeros
		ln2lo = math.Ln2 - ln2hi
	)
	switch {
	case x != x:
		return x
	case x > 709.7:
		return math.Inf(1)
	case x < -708:
		return 0
	}
	n := math.Floor(float64(x*math.Log2E) + 0.5)
	r := x - float64(n*ln2hi)
	r -= float64(n * ln2lo)
	p := 1.0
	for i := 13.0; i >= 1; i-- {
		p = float64(p*r)/i + 1
	}
	return float64(p * math.Float64frombits(uint64(int64(n)+1023)<<52))
}

// Log64 returns the natural logarithm of x with an error below 2^-50, relative to it or to 1. x is a positive number
// that is not subnormal; for others the result is NaN, and -Inf for 0.
func Log64(x float64) float64 {
	switch {
	case x == 0:
		return math.Inf(-1)
	case x > math.MaxFloat64:
		return x
	case !(x >= 0x1p-1022):
		return math.NaN()
	}
	bits := math.Float64bits(x)
	e := int(bits>>52) - 1023
	m := math.Float64frombits(bits&(1<<52-1) | 1023<<52)
	if m > math.Sqrt2 {
		m, e = m/2, e+1
	}
	// ln m = 2 (s + s^3/3 + s^5/5 + …), s = (m-1) / (m+1)
	s := (m - 1) / (m + 1)
	z, sum := float64(s*s), 0.0
	for i := 23.0; i >= 1; i -= 2 {
		sum = float64(sum*z) + 1/i
	}
	return float64(float64(2*s)*sum) + float64(float64(e)*math.Ln2)
}

// SinCos64 returns the sine and the cosine of x radians, with an error below 2^-50 for |x| up to 2^20.
func SinCos64(x float64) (sin, cos float64) {
	// π/2 in three parts. The first two have 33 bits, so that they can be multiplied exactly.
	const (
		part1 = 6746518852.0 / (1 << 32)
		part2 = 4484108710.0 / (1 << 66)
		part3 = 0x1.3198a2e037073p-69
	)
	n := math.Floor(float64(x*(2/math.Pi)) + 0.5)
	r := x - float64(n*part1)
	r -= float64(n * part2)
	r -= float64(n * part3)
	z := float64(r * r)
	s, c := 1.0, 1.0
	for i := 16.0; i >= 2; i -= 2 {
		s = 1 - float64(s*z)/(i*(i+1))
		c = 1 - float64(c*z)/(i*(i-1))
	}
	s = float64(s * r)
	switch int64(n) & 3 {
	case 1:
		return c, -s
	case 2:
		return -s, -c
	case 3:
		return -c, s
	}
	return s, c
}
