package kernel

import "unsafe"

// Functions in assembly. Strides are in bytes; counts are positive. See the .s files.

//go:noescape
func dotTiles(k8 int, w *float32, ldw int, x *float32, ldx int, y *float32, ldy int, tiles int)

//go:noescape
func dotPairs(k8 int, w *float32, ldw int, x *float32, ldx int, y *float32, ldy int, tiles int)

//go:noescape
func dotRowsF32(k8 int, w *byte, ldw int, x, y *float32, groups int)

//go:noescape
func dotRowsF16(k8 int, w *byte, ldw int, x, y *float32, groups int)

//go:noescape
func dotRowsBF16(k8 int, w *byte, ldw int, x, y *float32, groups int)

//go:noescape
func dotRowsQ8(k8 int, w *byte, ldw int, x, y *float32, groups int)

//go:noescape
func decodeF16(k8 int, dst *float32, src *byte)

//go:noescape
func decodeBF16(k8 int, dst *float32, src *byte)

//go:noescape
func decodeQ8(k8 int, dst *float32, src *byte)

//go:noescape
func packF32(rows int, dst *float32, src *byte, stride int)

//go:noescape
func packF16(rows int, dst *float32, src *byte, stride int)

//go:noescape
func packBF16(rows int, dst *float32, src *byte, stride int)

//go:noescape
func packQ8(rows int, dst *float32, scale, src *byte, stride int)

//go:noescape
func mulAdd6(k int, a *float32, rs, ks int, b *float32, ldb int, c *float32, ldc int, tiles int)

//go:noescape
func mulAdd4(k int, a *float32, rs, ks int, b *float32, ldb int, c *float32, ldc int, tiles int)

//go:noescape
func mulAdd3(k int, a *float32, rs, ks int, b *float32, ldb int, c *float32, ldc int, tiles int)

//go:noescape
func mulAdd2(k int, a *float32, rs, ks int, b *float32, ldb int, c *float32, ldc int, tiles int)

//go:noescape
func mulAdd1(k int, a *float32, rs, ks int, b *float32, ldb int, c *float32, ldc int, tiles int)

//go:noescape
func vecExp(n8 int, x *float32, shift float32, lanes *[8]float32)

//go:noescape
func vecSiLUMul(n8 int, dst, gate, up *float32)

//go:noescape
func vecSiLUMulGrad(n8 int, dgate, dup, dout, gate, up *float32)

//go:noescape
func vecSquares(n8 int, x *float32, lanes *[8]float32)

//go:noescape
func vecMax(n8 int, x *float32, lanes *[8]float32)

//go:noescape
func vecScale(n8 int, x *float32, s float32)

// decodeAccelerated is decode for a number of values that is a multiple of 8 (for Q8_0, of 32).
func decodeAccelerated(dtype DType, dst []float32, row []byte) {
	switch dtype {
	case F32:
		decode(dtype, dst, row)
	case F16:
		decodeF16(len(dst)/8, &dst[0], &row[0])
	case BF16:
		decodeBF16(len(dst)/8, &dst[0], &row[0])
	case Q8_0:
		decodeQ8(len(dst)/8, &dst[0], &row[0])
	}
}

// dotRows writes the dot products of 4*groups rows of w from row first on with x.
func dotRows(w *Weights, first int, x, y *float32, groups int) {
	k8, at := w.In/8, &w.data[first*w.stride]
	switch w.DType {
	case F32:
		dotRowsF32(k8, at, w.stride, x, y, groups)
	case F16:
		dotRowsF16(k8, at, w.stride, x, y, groups)
	case BF16:
		dotRowsBF16(k8, at, w.stride, x, y, groups)
	case Q8_0:
		dotRowsQ8(k8, at, w.stride, x, y, groups)
	}
}

// bytesOf returns the address of v's first number as that of a byte.
func bytesOf(v *float32) *byte { return (*byte)(unsafe.Pointer(v)) }
