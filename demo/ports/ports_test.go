package ports

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestBlocksOfAllSizesNeverOverlap(t *testing.T) {
	var (
		mu    sync.Mutex
		owner = make(map[int]int)
		work  sync.WaitGroup
	)
	for program := range 24 {
		work.Go(func() {
			nodes := 1 + program%6
			b, err := Take(nodes)
			if err != nil {
				t.Error(err)
				return
			}
			t.Cleanup(b.Close)
			mu.Lock()
			defer mu.Unlock()
			for port := b.Base; port < b.Base+nodes*PerNode; port++ {
				if other, taken := owner[port]; taken {
					t.Errorf("port %d has programs %d and %d", port, other, program)
				}
				owner[port] = program
			}
		})
	}
	work.Wait()
}

func TestPortsInUseAreLeftAlone(t *testing.T) {
	b, err := Take(1)
	require.NoError(t, err)
	b.Close()
	other, err := listen(b.Base + 3)
	if err != nil {
		t.Skip("another program took the port in between")
	}
	defer other.Close()
	again, err := Take(1)
	require.NoError(t, err)
	defer again.Close()
	require.NotEqual(t, b.Base, again.Base)
}

func TestClosedBlocksAreFreeAgain(t *testing.T) {
	b, err := Take(2)
	require.NoError(t, err)
	require.Nil(t, take(b.Base, 1))
	require.Nil(t, take(b.Base+PerNode, 1))
	b.Close()
	b.Close()
}

func TestNodesOutOfRange(t *testing.T) {
	for _, nodes := range []int{-1, 0, 1_000_000} {
		_, err := Take(nodes)
		require.ErrorContains(t, err, "must be 1 to 1200")
	}
}
