package kernel

import "math"

// Exp returns e^x. Its relative error is below 2^-22. It is 0 below -87, and that of 88 above 88.
func Exp(x float32) float32 {
	const (
		magic = 3 << 22 // 1.5 * 2^23: adding and taking it away rounds to an integer
		ln2hi = 0.693359375
		ln2lo = -2.12194440e-4
	)
	if !(x >= -87) {
		return 0
	}
	if x > 88 {
		x = 88
	}
	n := float32(x*math.Log2E) + magic
	n -= magic
	r := x - float32(n*ln2hi)
	r -= float32(n * ln2lo)
	p := float32(r*(1.0/5040)) + 1.0/720
	p = float32(p*r) + 1.0/120
	p = float32(p*r) + 1.0/24
	p = float32(p*r) + 1.0/6
	p = float32(p*r) + 0.5
	p = float32(p*r) + 1
	p = float32(p*r) + 1
	return float32(p * math.Float32frombits(uint32(int32(n))<<23+math.Float32bits(1)))
}
