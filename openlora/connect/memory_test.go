package connect

import (
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"cosmossdk.io/math"

	"github.com/openledger/openledger/openlora/chain/chaintest"
	"github.com/openledger/openledger/openlora/session"
	"github.com/openledger/openledger/poa"
)

// mostMemory is what an open session may take of the proxy's memory, in bytes.
const mostMemory = 4096

// TestMemoryOfASession measures what a session takes that is open and that nobody asks in.
func TestMemoryOfASession(t *testing.T) {
	const sessions = 300
	dir := t.TempDir()
	for i := range sessions {
		seed := make([]byte, ed25519.SeedSize)
		state := session.State{
			ChainID: chaintest.ChainID, Payer: "open1payer00000000000000000000000000000000000", Seed: seed,
			Gateway: "https://gateway.example.org:8443", Provider: "open1provider000000000000000000000000000000000", ModelID: 1,
			ModelVersion: 3, AnswerKey: make([]byte, ed25519.PublicKeySize), N: 1000,
			Spent: poa.NewAmount(1 << 60), Last: poa.Outcome{InputTokens: 9, OutputTokens: 90, Fee: poa.NewAmount(1 << 50)},
		}
		state.ID[0], state.ID[1] = byte(i), byte(i>>8)
		encoded, err := json.Marshal(state)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(dir, state.ID.String()+".json"), encoded, 0o600))
	}
	p := &pool{
		market: newMarket(Config{Sessions: sessions}), all: make(map[poa.Hash]*pooled), changed: make(chan struct{}),
		log: slog.New(slog.DiscardHandler),
	}
	before := heap()
	kept, err := session.List(dir)
	require.NoError(t, err)
	require.Len(t, kept.Sessions, sessions)
	for _, client := range kept.Sessions {
		require.NoError(t, client.Lock())
		p.add(client, math.NewInt(1<<60))
	}
	kept = session.Kept{}
	each := (heap() - before) / sessions
	t.Log(fmt.Sprint(each, " bytes"))
	require.LessOrEqual(t, each, int64(mostMemory))
	for _, one := range p.all {
		one.client.Unlock()
	}
}

// heap is what is in use, in bytes.
func heap() int64 {
	runtime.GC()
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}
