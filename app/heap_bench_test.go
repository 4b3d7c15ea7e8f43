package app_test

import (
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openledger/openledger/cmd/openledgerd/nodeconfig"
	"github.com/openledger/openledger/testutil/volume"
)

// BenchmarkHeapOverBlocks makes full blocks on disk and reports the live heap:
//
//	go test ./app -run '^$' -bench HeapOverBlocks -benchtime 10000x -timeout 2h
//
// OPENLEDGER_HEAP_BATCHES is the number of batches a block, 3 by default, and
// OPENLEDGER_HEAP_CACHE the iavl-cache-size, that of a new node by default.
// Fewer than 1,000 blocks say nothing about growth, and it makes none.
func BenchmarkHeapOverBlocks(b *testing.B) {
	if b.N < 1_000 {
		b.ReportMetric(0, "ns/op")
		return
	}
	number := func(name string, standard int) int {
		text := os.Getenv(name)
		if text == "" {
			return standard
		}
		n, err := strconv.Atoi(text)
		require.NoError(b, err)
		return n
	}
	options := volume.HeapOptions{
		Batches: number("OPENLEDGER_HEAP_BATCHES", 3), Window: 300,
		CacheNodes: number("OPENLEDGER_HEAP_CACHE", int(nodeconfig.Default().IAVLCacheSize)),
	}
	h := volume.NewHeap(b, options)
	h.Full()
	most, step := 0.0, b.N/10
	from := volume.CPU()
	for n := 1; n <= b.N; n++ {
		h.Full()
		if n%step == 0 {
			live := volume.LiveMB()
			most = max(most, live)
			b.Logf("%6d blocks of %d batches: %6.0f MB, %s cpu", n, options.Batches, live,
				(volume.CPU() - from).Round(time.Second))
		}
	}
	b.ReportMetric(most, "heap_mb")
	b.ReportMetric(volume.LiveMB(), "heap_mb_at_end")
	b.ReportMetric(0, "ns/op")
}
