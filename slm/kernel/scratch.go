package kernel

import "sync"

var scratches = sync.Pool{New: func() any { return new([]float32) }}

// borrow returns n numbers of any value, and the function that gives them back.
func borrow(n int) ([]float32, func()) {
	held := scratches.Get().(*[]float32)
	if cap(*held) < n {
		*held = make([]float32, n)
	}
	return (*held)[:n], func() { scratches.Put(held) }
}
