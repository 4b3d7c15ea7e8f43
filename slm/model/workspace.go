package model

import "github.com/openledger/openledger/slm/kernel"

// workspace is the memory of one forward pass, used again by the next.
type workspace struct {
	numbers []float32
	used    int
	groups  []group
}

// begin makes room for n numbers.
func (w *workspace) begin(n int) {
	if len(w.numbers) < n {
		w.numbers = make([]float32, n)
	}
	w.used, w.groups = 0, w.groups[:0]
}

// take returns a matrix of any values from what is left, and allocates where nothing is.
func (w *workspace) take(rows, cols int) kernel.Matrix {
	n := rows * cols
	w.used += n
	if w.used > len(w.numbers) {
		return kernel.NewMatrix(rows, cols)
	}
	return kernel.MatrixOf(w.numbers[w.used-n:w.used], rows, cols)
}

// give gives back the last n numbers that were taken.
func (w *workspace) give(n int) { w.used -= n }
