package kernel

import "fmt"

// Matrix is a view of float32 numbers. Element (row, col) is Data[row*Stride+col].
type Matrix struct {
	Data               []float32
	Rows, Cols, Stride int
}

// NewMatrix returns a matrix of zeros.
func NewMatrix(rows, cols int) Matrix {
	return Matrix{Data: make([]float32, rows*cols), Rows: rows, Cols: cols, Stride: cols}
}

// MatrixOf views data, which holds at least rows*cols numbers, as a matrix whose rows follow each other.
func MatrixOf(data []float32, rows, cols int) Matrix {
	return Matrix{Data: data[:rows*cols], Rows: rows, Cols: cols, Stride: cols}
}

// Row returns row i.
func (m Matrix) Row(i int) []float32 {
	return m.Data[i*m.Stride : i*m.Stride+m.Cols : i*m.Stride+m.Cols]
}

// RowRange views rows from to to-1.
func (m Matrix) RowRange(from, to int) Matrix {
	v := Matrix{Rows: to - from, Cols: m.Cols, Stride: m.Stride}
	if from < to {
		v.Data = m.Data[from*m.Stride : (to-1)*m.Stride+m.Cols]
	}
	return v
}

// ColRange views columns from to to-1.
func (m Matrix) ColRange(from, to int) Matrix {
	v := Matrix{Rows: m.Rows, Cols: to - from, Stride: m.Stride}
	if m.Rows > 0 && from < to {
		v.Data = m.Data[from : (m.Rows-1)*m.Stride+to]
	}
	return v
}

// Zero sets every element to 0.
func (m Matrix) Zero() {
	for i := range m.Rows {
		clear(m.Row(i))
	}
}

// check panics unless the data holds the shape: a wrong shape is a mistake in the calling code, and assembly does not
// check bounds.
func (m Matrix) check(name string) {
	if m.Rows < 0 || m.Cols < 0 || m.Stride < m.Cols {
		panic(fmt.Sprintf("kernel: %s is %d x %d with stride %d", name, m.Rows, m.Cols, m.Stride))
	}
	if m.Rows > 0 && m.Cols > 0 && len(m.Data) < (m.Rows-1)*m.Stride+m.Cols {
		panic(fmt.Sprintf("kernel: %s is %d x %d with stride %d and has %d numbers", name, m.Rows, m.Cols, m.Stride,
			len(m.Data)))
	}
}
