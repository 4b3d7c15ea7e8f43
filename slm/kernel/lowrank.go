package kernel

import "fmt"

// AddLowRank adds scale · (x · aᵀ) · bᵀ to y, in the calling goroutine: it is for the many small products of a batch
// with many adapters, which are shared out as wholes. x is [rows, in], a is [rank, in], b is [out, rank] and y is
// [rows, out]. A row of y depends on its row of x alone. The bits are those of two calls of Linear and one of
// AddScaled. scratch has room for LowRankScratch numbers of any value.
func AddLowRank(y, x Matrix, a, b *Weights, scale float32, scratch []float32) {
	x.check("x")
	y.check("y")
	if x.Cols != a.In || a.Out != b.In || y.Cols != b.Out || x.Rows != y.Rows {
		panic(fmt.Sprintf("kernel: x [%d, %d] and changes [%d, %d], [%d, %d] do not make y [%d, %d]", x.Rows, x.Cols, a.Out,
			a.In, b.Out, b.In, y.Rows, y.Cols))
	}
	if x.Rows == 0 {
		return
	}
	if a.In%8 != 0 {
		padded, free := pad8(x)
		defer free()
		x = padded
	}
	rank := (a.Out + 7) &^ 7
	inner := MatrixOf(scratch, x.Rows, rank)
	outer := MatrixOf(scratch[x.Rows*rank:], x.Rows, b.Out)
	if rank != a.Out {
		inner.Zero()
	}
	linearRange(inner, x, a, 0, a.Out)
	linearRange(outer, inner, b, 0, b.Out)
	for i := range x.Rows {
		AddScaled(y.Row(i), outer.Row(i), scale)
	}
}

// LowRankScratch is how many numbers of memory AddLowRank needs for some rows.
func LowRankScratch(rows int, a, b *Weights) int { return rows * ((a.Out+7)&^7 + b.Out) }
