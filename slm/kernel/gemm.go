package kernel

import "fmt"

const (
	panelCols = 16  // columns that a tile works on
	panelRows = 256 // rows of b that are packed at a time
)

// left is the left operand of a product. Element (row, k) is data[row*rowStep+k*kStep].
type left struct {
	data           []float32
	rowStep, kStep int
}

// right is the right operand of a product: [k, cols] numbers, from a matrix or from weights.
type right struct {
	matrix  Matrix
	weights *Weights
}

// pack writes rows from to to-1 of columns col to col+15 to dst, with zeros where there are none.
func (b right) pack(dst []float32, from, to, col, cols int) {
	width := min(panelCols, cols-col)
	if width < panelCols {
		clear(dst[:(to-from)*panelCols])
	}
	if b.weights != nil {
		b.weights.pack(dst, from, to, col, width)
		return
	}
	if width == panelCols {
		packMatrix(dst, b.matrix, from, to, col)
		return
	}
	for k := from; k < to; k++ {
		at := b.matrix.Data[k*b.matrix.Stride+col:]
		copy(dst[(k-from)*panelCols:], at[:width])
	}
}

// pack writes columns col to col+width-1 of rows from to to-1 as rows of sixteen. col is a multiple of 16.
func (w *Weights) pack(dst []float32, from, to, col, width int) {
	if width == panelCols && packAccelerated(dst, w, from, to, col) {
		return
	}
	var block [q8Values]float32
	for k := from; k < to; k++ {
		out := dst[(k-from)*panelCols:][:width]
		if w.f32 != nil {
			copy(out, w.f32[k*w.In+col:])
			continue
		}
		row := w.data[k*w.stride : (k+1)*w.stride]
		if w.DType == Q8_0 {
			decode(Q8_0, block[:], row[col/q8Values*q8Bytes:][:q8Bytes])
			copy(out, block[col%q8Values:])
			continue
		}
		decode(w.DType, out, row[w.DType.rowBytes(col):])
	}
}

// MulAdd adds a · b to c, in the calling goroutine: each element of c grows in order of the inner index. a is [rows,
// n], b is [n, cols] and c is [rows, cols].
func MulAdd(c, a, b Matrix) {
	checkProduct(c, a.Rows, a.Cols, b.Rows, b.Cols, a, b)
	mulAdd(nil, c, left{a.Data, a.Stride, 1}, right{matrix: b}, a.Cols)
}

// MulTAdd adds aᵀ · b to c, in the calling goroutine, like MulAdd. a is [n, rows], b is [n, cols] and c is [rows,
// cols].
func MulTAdd(c, a, b Matrix) {
	checkProduct(c, a.Cols, a.Rows, b.Rows, b.Cols, a, b)
	mulAdd(nil, c, left{a.Data, 1, a.Stride}, right{matrix: b}, a.Rows)
}

// LinearInput adds dy · w to dx: the gradient of Linear for its input. dy is [rows, Out] and dx is [rows, In].
func LinearInput(p *Pool, dx, dy Matrix, w *Weights) {
	checkProduct(dx, dy.Rows, dy.Cols, w.Out, w.In, dy)
	mulAdd(p, dx, left{dy.Data, dy.Stride, 1}, right{weights: w}, w.Out)
}

// LinearWeight adds dyᵀ · x to dw: the gradient of Linear for its weights, summed over rows in their order. So two
// calls with half of the rows have the bits of one call. dy is [rows, Out], x is [rows, In] and dw is [Out, In].
func LinearWeight(p *Pool, dw, dy, x Matrix) {
	checkProduct(dw, dy.Cols, dy.Rows, x.Rows, x.Cols, dy, x)
	mulAdd(p, dw, left{dy.Data, 1, dy.Stride}, right{matrix: x}, dy.Rows)
}

func checkProduct(c Matrix, rows, inner, inner2, cols int, operands ...Matrix) {
	c.check("the result")
	for _, m := range operands {
		m.check("an operand")
	}
	if inner != inner2 || c.Rows != rows || c.Cols != cols {
		panic(fmt.Sprintf("kernel: [%d, %d] · [%d, %d] does not make [%d, %d]", rows, inner, inner2, cols, c.Rows, c.Cols))
	}
}

// mulAdd adds a · b to c.
func mulAdd(p *Pool, c Matrix, a left, b right, inner int) {
	if c.Rows == 0 || c.Cols == 0 || inner == 0 {
		return
	}
	panels := (c.Cols + panelCols - 1) / panelCols
	if p.Threads() == 1 || c.Rows*c.Cols*inner < smallProduct {
		for panel := range panels {
			mulAddPanel(c, a, b, inner, panel*panelCols)
		}
		return
	}
	// Each task packs its panel again, so there are as few blocks of rows as keep the threads busy.
	blocks := 1
	if want := 4 * p.Threads(); panels < want {
		blocks = min((want+panels-1)/panels, (c.Rows+23)/24)
	}
	rows := (c.Rows + blocks - 1) / blocks
	rows = (rows + 5) / 6 * 6
	blocks = (c.Rows + rows - 1) / rows
	p.Run(blocks*panels, func(task int) {
		from := task / panels * rows
		part := a
		part.data = a.data[from*a.rowStep:]
		mulAddPanel(c.RowRange(from, min(from+rows, c.Rows)), part, b, inner, task%panels*panelCols)
	})
}

// mulAddPanel adds to up to sixteen columns of c from col on.
func mulAddPanel(c Matrix, a left, b right, inner, col int) {
	width := min(panelCols, c.Cols-col)
	out, stride := c.Data[col:], c.Stride
	if width < panelCols {
		// Tiles are sixteen columns wide: work on a copy with columns that nobody reads.
		wide, free := borrow(c.Rows * panelCols)
		defer free()
		for i := range c.Rows {
			row := wide[i*panelCols : (i+1)*panelCols]
			clear(row[copy(row, out[i*stride:i*stride+width]):])
		}
		defer func() {
			for i := range c.Rows {
				copy(c.Data[i*c.Stride+col:i*c.Stride+col+width], wide[i*panelCols:])
			}
		}()
		out, stride = wide, panelCols
	}
	if b.weights == nil && width == panelCols && c.Rows <= 12 {
		at := b.matrix.Data[col:]
		mulAddTiles(out, stride, c.Rows, a, at, b.matrix.Stride, inner)
		return
	}
	packed, free := borrow(min(inner, panelRows) * panelCols)
	defer free()
	for from := 0; from < inner; from += panelRows {
		to := min(from+panelRows, inner)
		b.pack(packed, from, to, col, c.Cols)
		part := a
		part.data = a.data[from*a.kStep:]
		mulAddTiles(out, stride, c.Rows, part, packed, panelCols, to-from)
	}
}

// mulAddPortable adds to sixteen columns of c: c[i][j] += a[i][k]*b[k][j] in order of k.
func mulAddPortable(c []float32, cStride, rows int, a left, b []float32, bStride, inner int) {
	for i := range rows {
		for half := 0; half < panelCols; half += 8 {
			out := c[i*cStride+half : i*cStride+half+8 : i*cStride+half+8]
			c0, c1, c2, c3, c4, c5, c6, c7 := out[0], out[1], out[2], out[3], out[4], out[5], out[6], out[7]
			at := i * a.rowStep
			for k := range inner {
				v := a.data[at]
				at += a.kStep
				row := (*[8]float32)(b[k*bStride+half:])
				c0 += float32(v * row[0])
				c1 += float32(v * row[1])
				c2 += float32(v * row[2])
				c3 += float32(v * row[3])
				c4 += float32(v * row[4])
				c5 += float32(v * row[5])
				c6 += float32(v * row[6])
				c7 += float32(v * row[7])
			}
			out[0], out[1], out[2], out[3], out[4], out[5], out[6], out[7] = c0, c1, c2, c3, c4, c5, c6, c7
		}
	}
}

// packMatrixPortable writes sixteen columns of rows from to to-1 to dst.
func packMatrixPortable(dst []float32, m Matrix, from, to, col int) {
	for k := from; k < to; k++ {
		copy(dst[(k-from)*panelCols:][:panelCols], m.Data[k*m.Stride+col:])
	}
}
