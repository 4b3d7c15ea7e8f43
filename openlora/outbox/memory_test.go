package outbox_test

import (
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openledger/openledger/openlora/outbox"
)

// TestMemoryOfASession measures what a gateway keeps in memory of a session between its calls: sessions are in the
// file.
func TestMemoryOfASession(t *testing.T) {
	const sessions, mostMemory = 500, 4096
	box := open(t, filepath.Join(t.TempDir(), "outbox.db"))
	defer box.Close()
	response := make([]byte, 4000)
	for i := range response {
		response[i] = '1'
	}
	heap := func() int64 {
		runtime.GC()
		runtime.GC()
		var stats runtime.MemStats
		runtime.ReadMemStats(&stats)
		return int64(stats.HeapAlloc)
	}
	before := heap()
	for i := range sessions {
		one := outbox.Session{ID: session, N: 1}
		one.ID[0], one.ID[1] = byte(i), byte(i>>8)
		require.NoError(t, box.Advance(one, outbox.Call{N: 1, Answer: "Hair grows.", Response: response}))
	}
	each := (heap() - before) / sessions
	t.Logf("%d bytes", each)
	require.LessOrEqual(t, each, int64(mostMemory))
	active, err := box.Active()
	require.NoError(t, err)
	require.Len(t, active, sessions)
}
