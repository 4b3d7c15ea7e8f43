package kernel

// mulAddTiles adds to sixteen columns of c.
func mulAddTiles(c []float32, cStride, rows int, a left, b []float32, bStride, inner int) {
	if !accelerated.Load() {
		mulAddPortable(c, cStride, rows, a, b, bStride, inner)
		return
	}
	sixes, fours := rows/6, 0
	switch rest := rows % 6; {
	case rest >= 4:
		fours = 1
	case rest >= 2 && sixes > 0:
		sixes, fours = sixes-1, 2
	}
	row, rs, ks, bs, cs := 0, 4*a.rowStep, 4*a.kStep, 4*bStride, 4*cStride
	if sixes > 0 {
		mulAdd6(inner, &a.data[0], rs, ks, &b[0], bs, &c[0], cs, sixes)
		row = 6 * sixes
	}
	if fours > 0 {
		mulAdd4(inner, &a.data[row*a.rowStep], rs, ks, &b[0], bs, &c[row*cStride], cs, fours)
		row += 4 * fours
	}
	if row < rows {
		mulAdd1(inner, &a.data[row*a.rowStep], rs, ks, &b[0], bs, &c[row*cStride], cs, rows-row)
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
