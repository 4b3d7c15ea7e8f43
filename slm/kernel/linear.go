package kernel

import "fmt"

const (
	// smallProduct is the number of multiplications below which one thread is faster than two.
	smallProduct = 1 << 16
	// blockBytes is how much of x is worked on at a time, so that it stays in a core's second cache.
	blockBytes = 192 << 10
	// taskBytes is how many bytes of weights a task reads where there are few rows.
	taskBytes = 64 << 10
)

// Linear writes y = x · wᵀ: y[r][o] is the dot product of row r of x with row o of w. x is [rows, In] and y is
// [rows, Out]. A row of y depends on the row of x alone, not on how many rows there are.
func Linear(p *Pool, y, x Matrix, w *Weights) {
	x.check("x")
	y.check("y")
	if x.Cols != w.In || y.Cols != w.Out || x.Rows != y.Rows {
		panic(fmt.Sprintf("kernel: x [%d, %d] and weights [%d, %d] do not make y [%d, %d]", x.Rows, x.Cols, w.Out, w.In,
			y.Rows, y.Cols))
	}
	if x.Rows == 0 {
		return
	}
	if w.In%8 != 0 {
		padded, free := pad8(x)
		defer free()
		x = padded
	}
	if x.Rows*w.Out*w.In < smallProduct || p.Threads() == 1 && x.Rows <= 2 {
		linearRange(y, x, w, 0, w.Out)
		return
	}
	block := x.Rows
	if fit := blockBytes / (4 * x.Cols) / 3 * 3; x.Rows > 2 && block > fit && accelerated.Load() {
		block = max(fit, 12) // portable code is slow enough for the third cache, and decodes weights once a block
	}
	outs := taskBytes / w.stride
	if x.Rows > 2 {
		outs = w.Out / (4 * p.Threads())
	}
	outs = max(outs, 16) &^ 3
	blocks, parts := (x.Rows+block-1)/block, (w.Out+outs-1)/outs
	p.Run(blocks*parts, func(task int) {
		row, out := task/parts*block, task%parts*outs
		end := min(row+block, x.Rows)
		linearRange(y.RowRange(row, end), x.RowRange(row, end), w, out, min(out+outs, w.Out))
	})
}

// pad8 copies x with zeros behind each row, up to a multiple of eight columns.
func pad8(x Matrix) (Matrix, func()) {
	cols := (x.Cols + 7) &^ 7
	data, free := borrow(x.Rows * cols)
	padded := MatrixOf(data, x.Rows, cols)
	for i := range x.Rows {
		row := padded.Row(i)
		clear(row[copy(row, x.Row(i)):])
	}
	return padded, free
}

// MulT writes y = x · wᵀ for float32 matrices, in the calling goroutine. It is for attention, which shares out heads.
// x is [rows, n], w is [outs, n] and y is [rows, outs].
func MulT(y, x, w Matrix) {
	x.check("x")
	w.check("w")
	y.check("y")
	if x.Cols != w.Cols || y.Cols != w.Rows || x.Rows != y.Rows {
		panic(fmt.Sprintf("kernel: x [%d, %d] and w [%d, %d] do not make y [%d, %d]", x.Rows, x.Cols, w.Rows, w.Cols,
			y.Rows, y.Cols))
	}
	if x.Rows == 0 || w.Rows == 0 {
		return
	}
	if w.Cols%8 != 0 {
		paddedX, freeX := pad8(x)
		defer freeX()
		paddedW, freeW := pad8(w)
		defer freeW()
		x, w = paddedX, paddedW
	}
	mulTRange(y, x, w)
}

// Dot returns the dot product of a and b, which have the same length.
func Dot(a, b []float32) float32 {
	b = b[:len(a)]
	var l0, l1, l2, l3, l4, l5, l6, l7 float32
	for len(a) >= 8 && len(b) >= 8 {
		l0 += float32(a[0] * b[0])
		l1 += float32(a[1] * b[1])
		l2 += float32(a[2] * b[2])
		l3 += float32(a[3] * b[3])
		l4 += float32(a[4] * b[4])
		l5 += float32(a[5] * b[5])
		l6 += float32(a[6] * b[6])
		l7 += float32(a[7] * b[7])
		a, b = a[8:], b[8:]
	}
	lanes := [8]float32{l0, l1, l2, l3, l4, l5, l6, l7}
	for i, v := range a {
		lanes[i] += float32(v * b[i])
	}
	return addLanes(&lanes)
}

// addLanes adds eight partial sums in the package's order.
func addLanes(l *[8]float32) float32 {
	return ((l[0] + l[1]) + (l[2] + l[3])) + ((l[4] + l[5]) + (l[6] + l[7]))
}

// linearPortable writes columns from to to-1 of y. Rows of x have w.In numbers and zeros up to a multiple of 8.
func linearPortable(y, x Matrix, w *Weights, from, to int) {
	scratch, free := borrow(w.In)
	defer free()
	for out := from; out < to; out++ {
		row := scratch
		if w.f32 != nil {
			row = w.f32[out*w.In : (out+1)*w.In]
		} else {
			decode(w.DType, row, w.data[out*w.stride:(out+1)*w.stride])
		}
		for i := range x.Rows {
			y.Data[i*y.Stride+out] = Dot(row, x.Data[i*x.Stride:i*x.Stride+w.In])
		}
	}
}

func mulTPortable(y, x, w Matrix) {
	for i := range x.Rows {
		for out := range w.Rows {
			y.Data[i*y.Stride+out] = Dot(w.Row(out), x.Row(i))
		}
	}
}
