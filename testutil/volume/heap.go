package volume

import (
	"encoding/binary"
	"math/rand"
	"runtime"
	"testing"

	dbm "github.com/cosmos/cosmos-db"
	"github.com/stretchr/testify/require"

	"github.com/cosmos/cosmos-sdk/baseapp"
	pruningtypes "github.com/cosmos/cosmos-sdk/store/v2/pruning/types"
	"github.com/cosmos/cosmos-sdk/store/v2/rootmulti"
	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"

	"github.com/openledger/openledger/testutil/chain"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// HeapOptions say what each block of a Heap writes.
type HeapOptions struct {
	// Batches of 1,000 receipts a block.
	Batches int
	// Window in blocks after which a batch is pruned.
	Window int
	// CacheNodes is iavl-cache-size.
	CacheNodes int
}

// What a full batch leaves in state, as AttestedBatch benchmarks count it.
const (
	pagesPerBatch   = 24 // of 4 KiB
	creditsPerBatch = 8  // chunks of a credit list of 2,000 accounts
	chunkBytes      = 3_900
	creditBlocks    = 6 // until a list is settled
	sessionsTouched = 10
	smallKeys       = 3 // head, provider, held list
)

// Heap is a chain on disk whose blocks write what full batches do, without
// executing them: the same keys and sizes, in the stores of the application.
type Heap struct {
	*chain.Chain
	options HeapOptions
	random  *rand.Rand
	batch   uint64
}

// NewHeap opens the application on goleveldb in a temporary folder, with the
// pruning of versions that bounds the disk.
func NewHeap(t testing.TB, o HeapOptions) *Heap {
	t.Helper()
	db, err := dbm.NewGoLevelDB("application", t.TempDir(), nil)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	c := chain.NewOnDisk(t, db, nil, baseapp.SetIAVLCacheSize(o.CacheNodes),
		baseapp.SetPruning(pruningtypes.NewCustomPruningOptions(10, 10)))
	c.SkipInvariants = true
	return &Heap{Chain: c, options: o, random: rand.New(rand.NewSource(3))}
}

// Full makes a block that writes what full batches do, and prunes as many as
// have left the window.
func (h *Heap) Full() {
	attribution, rewards := h.store(attributiontypes.StoreKey), h.store(rewardstypes.StoreKey)
	for range h.options.Batches {
		h.batch++
		h.set(attribution, attributiontypes.PagesKey.Bytes()[0], h.batch, pagesPerBatch, attributiontypes.PageBytes)
		h.set(rewards, 0xf0, h.batch, creditsPerBatch, chunkBytes)
		for i := range smallKeys {
			attribution.Set([]byte{0xf1, byte(i)}, h.noise(512))
		}
		for i := range sessionsTouched {
			session := h.random.Uint64() % 100_000
			attribution.Set(binary.BigEndian.AppendUint64([]byte{0xf2, byte(i)}, session), h.noise(512))
		}
		attribution.Set(binary.BigEndian.AppendUint64([]byte{0xf3}, h.batch), h.noise(512))
		if old := uint64(h.options.Window * h.options.Batches); h.batch > old {
			drop(attribution, attributiontypes.PagesKey.Bytes()[0], h.batch-old, pagesPerBatch)
			attribution.Delete(binary.BigEndian.AppendUint64([]byte{0xf3}, h.batch-old))
		}
		if old := uint64(creditBlocks * h.options.Batches); h.batch > old {
			drop(rewards, 0xf0, h.batch-old, creditsPerBatch)
		}
	}
	h.Block()
}

// set writes n values of a batch.
func (h *Heap) set(store storetypes.KVStore, prefix byte, batch uint64, n, size int) {
	for part := range n {
		store.Set(partKey(prefix, batch, part), h.noise(size))
	}
}

// drop deletes the values of a batch.
func drop(store storetypes.KVStore, prefix byte, batch uint64, n int) {
	for part := range n {
		store.Delete(partKey(prefix, batch, part))
	}
}

func partKey(prefix byte, batch uint64, part int) []byte {
	return binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint64([]byte{prefix}, batch), uint32(part))
}

// noise is a new slice each time: the tree keeps it.
func (h *Heap) noise(size int) []byte {
	value := make([]byte, size)
	h.random.Read(value)
	return value
}

func (h *Heap) store(name string) storetypes.KVStore {
	stores := h.App.CommitMultiStore().(*rootmulti.Store)
	return stores.GetKVStore(stores.StoreKeysByName()[name])
}

// LiveMB is the live heap after a collection.
func LiveMB() float64 {
	runtime.GC()
	runtime.GC() // what finalizers have let go
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return float64(stats.HeapAlloc) / (1 << 20)
}
