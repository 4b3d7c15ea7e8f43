package kernel

import (
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPool(t *testing.T) {
	pool := NewPool(4)
	defer pool.Close()
	require.Equal(t, 4, pool.Threads())
	require.Equal(t, 1, (*Pool)(nil).Threads())
	require.GreaterOrEqual(t, NewPool(1).Threads(), 1)
	// Several callers at once, and tasks that call Run, run each task once.
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 50 {
				var done [33]atomic.Int32
				pool.Run(len(done), func(task int) {
					pool.Run(2, func(int) { done[task].Add(1) })
				})
				for i := range done {
					if done[i].Load() != 2 {
						t.Errorf("task %d ran %d times, not 2", i, done[i].Load())
					}
				}
			}
		})
	}
	all.Wait()
	pool.Run(0, func(int) { t.Error("there is no task") })
	(*Pool)(nil).Close()
	pool.Close()
}
