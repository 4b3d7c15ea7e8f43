package kernel

import "math"

// Max returns the greatest of x, which is not empty.
func Max(x []float32) float32 {
	best := x[0]
	if rest := accelerateMax(x, &best); rest < len(x) {
		for _, v := range x[rest:] {
			if v > best {
				best = v
			}
		}
	}
	return best
}

// ExpSum replaces each x by exp(x-shift), and returns the sum of the results in the order of a dot product.
func ExpSum(x []float32, shift float32) float32 {
	var lanes [8]float32
	rest := accelerateExp(x, shift, &lanes)
	for i := rest; i < len(x); i++ {
		x[i] = Exp(x[i] - shift)
		lanes[i%8] += x[i]
	}
	return addLanes(&lanes)
}

// Softmax replaces x by exp(x - max x), divided by their sum.
func Softmax(x []float32) {
	if len(x) == 0 {
		return
	}
	Scale(x, 1/ExpSum(x, Max(x)))
}

// Scale multiplies each x by s.
func Scale(x []float32, s float32) {
	for i := accelerateScale(x, s); i < len(x); i++ {
		x[i] = float32(x[i] * s)
	}
}

// SquareSum returns the sum of x*x in the order of a dot product.
func SquareSum(x []float32) float32 {
	var lanes [8]float32
	for i := accelerateSquares(x, &lanes); i < len(x); i++ {
		lanes[i%8] += float32(x[i] * x[i])
	}
	return addLanes(&lanes)
}

// RMSNorm writes x / sqrt(mean of x*x + eps) * weight to dst, and returns the factor of x. dst may be x.
func RMSNorm(dst, x, weight []float32, eps float32) float32 {
	mean := SquareSum(x)/float32(len(x)) + eps
	inverse := 1 / float32(math.Sqrt(float64(mean)))
	weight, dst = weight[:len(x)], dst[:len(x)]
	for i, v := range x {
		dst[i] = float32(v*inverse) * weight[i]
	}
	return inverse
}

// RMSNormGrad adds to dx the gradient of RMSNorm, given dy and what RMSNorm returned.
func RMSNormGrad(dx, dy, x, weight []float32, inverse float32) {
	n := len(x)
	dx, dy, weight = dx[:n], dy[:n], weight[:n]
	var lanes [8]float32
	for i, v := range x {
		lanes[i%8] += float32(float32(dy[i]*weight[i]) * v)
	}
	// dx = inverse * (dy*weight - x * inverse^2 * mean(dy*weight*x))
	c := float32(float32(inverse*inverse)*addLanes(&lanes)) / float32(n)
	for i, v := range x {
		dx[i] += float32(inverse * (float32(dy[i]*weight[i]) - float32(v*c)))
	}
}

// RMSNormWeightGrad adds to dweight what a row gives to the gradient of RMSNorm's weight.
func RMSNormWeightGrad(dweight, dy, x []float32, inverse float32) {
	n := len(x)
	dweight, dy = dweight[:n], dy[:n]
	for i, v := range x {
		dweight[i] += float32(dy[i] * float32(v*inverse))
	}
}

// SoftmaxGrad replaces dy by the gradient of Softmax for its input, times scale, given its result y.
func SoftmaxGrad(dy, y []float32, scale float32) {
	dy = dy[:len(y)]
	mean := Dot(dy, y)
	for i, p := range y {
		dy[i] = float32(p*(dy[i]-mean)) * scale
	}
}

// SiLUMul writes gate / (1 + exp(-gate)) * up to dst, which may be gate or up.
func SiLUMul(dst, gate, up []float32) {
	n := len(dst)
	gate, up = gate[:n], up[:n]
	for i := accelerateSiLUMul(dst, gate, up); i < n; i++ {
		dst[i] = gate[i] / (1 + Exp(0-gate[i])) * up[i]
	}
}

// SiLUMulGrad writes the gradients of SiLUMul to dgate and dup, given that of its result. Each of them may be dout.
func SiLUMulGrad(dgate, dup, dout, gate, up []float32) {
	n := len(dout)
	dgate, dup, gate, up = dgate[:n], dup[:n], gate[:n], up[:n]
	for i := accelerateSiLUMulGrad(dgate, dup, dout, gate, up); i < n; i++ {
		s := 1 / (1 + Exp(0-gate[i]))
		d := dout[i]
		dup[i] = d * float32(gate[i]*s)
		dgate[i] = float32(d*up[i]) * float32(s*(float32(gate[i]*(1-s))+1))
	}
}

// Add adds x to dst.
func Add(dst, x []float32) {
	x = x[:len(dst)]
	for i := range dst {
		dst[i] += x[i]
	}
}

// AddScaled adds x*s to dst.
func AddScaled(dst, x []float32, s float32) {
	x = x[:len(dst)]
	for i := range dst {
		dst[i] += float32(x[i] * s)
	}
}
