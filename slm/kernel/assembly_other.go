//go:build !amd64

package kernel

// Other architectures compute in portable Go.

func hasAssembly() bool { return false }

func decodeAccelerated(dtype DType, dst []float32, row []byte) { decode(dtype, dst, row) }

func linearRange(y, x Matrix, w *Weights, from, to int) { linearPortable(y, x, w, from, to) }

func mulTRange(y, x, w Matrix) { mulTPortable(y, x, w) }

func mulAddTiles(c []float32, cStride, rows int, a left, b []float32, bStride, inner int) {
	mulAddPortable(c, cStride, rows, a, b, bStride, inner)
}

func packMatrix(dst []float32, m Matrix, from, to, col int) {
	packMatrixPortable(dst, m, from, to, col)
}

func packAccelerated([]float32, *Weights, int, int, int) bool { return false }

// Functions of vectors return how many numbers they did: none.

func accelerateMax([]float32, *float32) int { return 0 }

func accelerateExp([]float32, float32, *[8]float32) int { return 0 }

func accelerateScale([]float32, float32) int { return 0 }

func accelerateSquares([]float32, *[8]float32) int { return 0 }

func accelerateSiLUMul(_, _, _ []float32) int { return 0 }

func accelerateSiLUMulGrad(_, _, _, _, _ []float32) int { return 0 }
