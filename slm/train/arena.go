package train

import "github.com/openledger/openledger/slm/kernel"

// arena is memory that micro-batches use one after another. The memory that it returns is not cleared.
type arena struct {
	slabs [][]float32
	at    mark
}

// mark is a position up to which an arena is in use.
type mark struct{ slab, used int }

// slabNumbers is the smallest allocation, in numbers.
const slabNumbers = 1 << 20

func (a *arena) take(rows, cols int) kernel.Matrix {
	n := rows * cols
	for a.at.slab < len(a.slabs) && a.at.used+n > len(a.slabs[a.at.slab]) {
		a.at = mark{a.at.slab + 1, 0}
	}
	if a.at.slab == len(a.slabs) {
		a.slabs = append(a.slabs, make([]float32, max(n, slabNumbers)))
	}
	from := a.at.used
	a.at.used += n
	return kernel.MatrixOf(a.slabs[a.at.slab][from:from+n], rows, cols)
}

// release gives back all that was taken since the mark.
func (a *arena) release(m mark) { a.at = m }
