package volume

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"time"

	"cosmossdk.io/collections"

	"github.com/cosmos/cosmos-sdk/store/v2/rootmulti"
	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"

	"github.com/openledger/openledger/testutil/chain"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
	modelstypes "github.com/openledger/openledger/x/models/types"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// CPU returns the processor time of this process: it does not grow while other
// programs keep the machine busy.
func CPU() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// Write is a key that a block has written, once however often it was set.
type Write struct {
	Store   string
	Key     []byte
	Bytes   int // of key and value
	Deleted bool
}

// Writes runs a function that makes blocks and returns what these have written
// to the stores that are committed.
func Writes(c *chain.Chain, run func()) []Write {
	stores := c.App.CommitMultiStore().(*rootmulti.Store)
	var keys []storetypes.StoreKey
	for _, key := range stores.StoreKeysByName() {
		if _, persistent := key.(*storetypes.KVStoreKey); persistent && !stores.ListeningEnabled(key) {
			keys = append(keys, key)
		}
	}
	stores.AddListeners(keys)
	stores.PopStateCache()
	run()
	last := make(map[string]Write)
	for _, pair := range stores.PopStateCache() {
		last[pair.StoreKey+"/"+string(pair.Key)] = Write{Store: pair.StoreKey, Key: pair.Key,
			Bytes: len(pair.Key) + len(pair.Value), Deleted: pair.Delete}
	}
	writes := make([]Write, 0, len(last))
	for _, write := range last {
		writes = append(writes, write)
	}
	slices.SortFunc(writes, func(a, b Write) int {
		return strings.Compare(a.Store+"/"+string(a.Key), b.Store+"/"+string(b.Key))
	})
	return writes
}

// Is reports whether the key is of a collection of a store.
func (w Write) Is(store string, prefix collections.Prefix) bool {
	return w.Store == store && bytes.HasPrefix(w.Key, prefix)
}

// OfBatches leaves of the writes of a block what the modules of receipts keep of batches and their sessions, besides
// what grows with receipts: pages and chunks of credits. What x/rewards deletes by the end of the block is what modules
// owed each other within it.
func OfBatches(writes []Write) []Write {
	return slices.DeleteFunc(slices.Clone(writes), func(w Write) bool {
		switch w.Store {
		case attributiontypes.StoreKey:
			return w.Is(w.Store, attributiontypes.PagesKey)
		case rewardstypes.StoreKey:
			return w.Deleted || w.Is(w.Store, rewardstypes.ChunksKey)
		}
		return w.Store != modelstypes.StoreKey
	})
}

// Prefix counts the keys of a store that begin with the same byte.
type Prefix struct {
	Name        string // STORE/PREFIX, the prefix in hex
	Keys, Bytes int
}

// ByPrefix counts writes by store and first byte.
func ByPrefix(writes []Write) []Prefix {
	var prefixes []Prefix
	for _, write := range writes {
		name := fmt.Sprintf("%s/%s", write.Store, hex.EncodeToString(write.Key[:1]))
		if len(prefixes) == 0 || prefixes[len(prefixes)-1].Name != name {
			prefixes = append(prefixes, Prefix{Name: name})
		}
		last := &prefixes[len(prefixes)-1]
		last.Keys++
		last.Bytes += write.Bytes
	}
	return prefixes
}
