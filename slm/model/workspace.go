package model

import "github.com/openledger/openledger/slm/kernel"

// workspace is the memory of one forward pass, which the next one uses again.
type workspace struct {
	numbers []float32
	used    int
	pieces  []group // rows that have an adapter
}

// begin makes room for n numbers.
func (w *workspace) begin(n int) {
	if len(w.numbers) < n {
		w.numbers = make([]float32, n)
	}
	w.used, w.pieces = 0, w.pieces[:0]
}

// take returns a matrix that is not cleared, from the free memory, and allocates if there is not enough.
func (w *workspace) take(rows, cols int) kernel.Matrix {
	n := rows * cols
	w.used += n
	if w.used > len(w.numbers) {
		return kernel.NewMatrix(rows, cols)
	}
	return kernel.MatrixOf(w.numbers[w.used-n:w.used], rows, cols)
}

// add records that an adapter changes rows from to to-1.
func (w *workspace) add(adapter *Adapter, from, to int) {
	if adapter == nil {
		return
	}
	if n := len(w.pieces); n > 0 && w.pieces[n-1].adapter == adapter {
		last := &w.pieces[n-1]
		room := min(groupRows-(last.to-last.from), to-from)
		last.to += room
		from += room
	}
	for ; from < to; from += groupRows {
		w.pieces = append(w.pieces, group{adapter, from, min(from+groupRows, to)})
	}
}
