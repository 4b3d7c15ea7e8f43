package kernel

// These functions work on the first len(x)/8*8 numbers, and return how many they did: none where there is no assembly.

func eights(x []float32) int {
	if !accelerated.Load() {
		return 0
	}
	return len(x) / 8
}

func accelerateMax(x []float32, best *float32) int {
	n := eights(x)
	if n > 0 {
		lanes := [8]float32(x)
		vecMax(n, &x[0], &lanes)
		for _, v := range lanes {
			if v > *best {
				*best = v
			}
		}
	}
	return 8 * n
}

func accelerateExp(x []float32, shift float32, lanes *[8]float32) int {
	n := eights(x)
	if n > 0 {
		vecExp(n, &x[0], shift, lanes)
	}
	return 8 * n
}

func accelerateScale(x []float32, s float32) int {
	n := eights(x)
	if n > 0 {
		vecScale(n, &x[0], s)
	}
	return 8 * n
}

func accelerateSquares(x []float32, lanes *[8]float32) int {
	n := eights(x)
	if n > 0 {
		vecSquares(n, &x[0], lanes)
	}
	return 8 * n
}

func accelerateSiLUMul(dst, gate, up []float32) int {
	n := eights(dst)
	if n > 0 {
		vecSiLUMul(n, &dst[0], &gate[0], &up[0])
	}
	return 8 * n
}

func accelerateSiLUMulGrad(dgate, dup, dout, gate, up []float32) int {
	n := eights(dout)
	if n > 0 {
		vecSiLUMulGrad(n, &dgate[0], &dup[0], &dout[0], &gate[0], &up[0])
	}
	return 8 * n
}
