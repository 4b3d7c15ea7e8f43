package kernel

// mulAddTiles adds to sixteen columns of c.
func mulAddTiles(c []float32, cStride, rows int, a left, b []float32, bStride, inner int) {
	if !accelerated.Load() {
		mulAddPortable(c, cStride, rows, a, b, bStride, inner)
		return
	}
	row := 0
	run := func(tile func(int, *float32, int, int, *float32, int, *float32, int, int), height, tiles int) {
		if tiles > 0 {
			tile(inner, &a.data[row*a.rowStep], 4*a.rowStep, 4*a.kStep, &b[0], 4*bStride, &c[row*cStride], 4*cStride, tiles)
			row += height * tiles
		}
	}
	run(mulAdd6, 6, rows/6)
	switch rows % 6 {
	case 1:
		run(mulAdd1, 1, 1)
	case 2:
		run(mulAdd2, 2, 1)
	case 3:
		run(mulAdd3, 3, 1)
	case 4:
		run(mulAdd4, 4, 1)
	case 5:
		run(mulAdd3, 3, 1)
		run(mulAdd2, 2, 1)
	}
}

// packMatrix writes sixteen columns of rows from to to-1 to dst.
func packMatrix(dst []float32, m Matrix, from, to, col int) {
	if !accelerated.Load() {
		packMatrixPortable(dst, m, from, to, col)
		return
	}
	packF32(to-from, &dst[0], bytesOf(&m.Data[from*m.Stride+col]), 4*m.Stride)
}

// packAccelerated writes sixteen columns of w, and reports whether it could.
func packAccelerated(dst []float32, w *Weights, from, to, col int) bool {
	if !accelerated.Load() {
		return false
	}
	rows, base := to-from, from*w.stride
	switch w.DType {
	case F32:
		packF32(rows, &dst[0], &w.data[base+4*col], w.stride)
	case F16:
		packF16(rows, &dst[0], &w.data[base+2*col], w.stride)
	case BF16:
		packBF16(rows, &dst[0], &w.data[base+2*col], w.stride)
	case Q8_0:
		block := base + col/q8Values*q8Bytes
		packQ8(rows, &dst[0], &w.data[block], &w.data[block+2+col%q8Values], w.stride)
	}
	return true
}
