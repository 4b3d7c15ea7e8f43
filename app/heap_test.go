package app_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openledger/openledger/testutil/volume"
)

// TestHeapStaysFlat: once the cache of the tree is full, blocks whose batches come and go leave nothing on the heap.
// The same blocks with a cache that they do not fill keep what they wrote, which shows that a leak of that size would
// be seen. BenchmarkHeapOverBlocks does it with full blocks and for as long as one likes.
func TestHeapStaysFlat(t *testing.T) {
	const warm, blocks = 80, 200 // some 0.13 MB of payload each
	grown := func(cache int) float64 {
		h := volume.NewHeap(t, volume.HeapOptions{Batches: 1, Window: 20, CacheNodes: cache})
		for range warm {
			h.Full()
		}
		before := volume.LiveMB()
		for range blocks {
			h.Full()
		}
		return volume.LiveMB() - before
	}
	flat, kept := grown(1_000), grown(1_000_000)
	t.Logf("%d blocks: %.1f MB with a full cache, %.1f MB with one that does not fill", blocks, flat, kept)
	require.Less(t, flat, 6.0)
	require.Greater(t, kept, 12.0)
}
