package nodebench

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io/fs"
	"math/rand"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"testing"
	"time"

	"cosmossdk.io/log/v2"

	dbm "github.com/cosmos/cosmos-db"
	"github.com/stretchr/testify/require"

	pruningtypes "github.com/cosmos/cosmos-sdk/store/v2/pruning/types"
	"github.com/cosmos/cosmos-sdk/store/v2/rootmulti"
	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"

	"github.com/openledger/openledger/cmd/openledgerd/nodeconfig"
	"github.com/openledger/openledger/testutil/volume"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

const (
	pageBytes = 1_536 // of 32 rows
	settled   = 2_800 // pages a block: more than rewards.pages_per_block, of fewer rows
	sends     = 200   // bank sends a block
	lookups   = 2_000 // ledger ids looked up in a block
)

// accounts of the ledger. OPENLEDGER_BENCH_ACCOUNTS makes a smaller store.
var accounts = func() int {
	if n, err := strconv.Atoi(os.Getenv("OPENLEDGER_BENCH_ACCOUNTS")); err == nil && n > 0 {
		return n
	}
	return 1_000_000
}()

var (
	rewardsKey = storetypes.NewKVStoreKey("rewards")
	bankKey    = storetypes.NewKVStoreKey("bank")
	authKey    = storetypes.NewKVStoreKey("acc")
	kept       = pruningtypes.NewCustomPruningOptions(nodeconfig.ValidatorKeepRecent, nodeconfig.PruneInterval)
)

func address(i int) []byte {
	sum := sha256.Sum256(binary.BigEndian.AppendUint64(nil, uint64(i)))
	return sum[:20]
}

func idKey(address []byte) []byte { return append([]byte{3}, address...) }
func accountKey(id int) []byte    { return binary.BigEndian.AppendUint64([]byte{4}, uint64(id)) }
func pageKey(page int) []byte     { return binary.BigEndian.AppendUint64([]byte{5}, uint64(page)) }
func balanceKey(address []byte) []byte {
	return append(append([]byte{2, 20}, address...), "aopen"...)
}
func authAccountKey(address []byte) []byte { return append([]byte{1}, address...) }

func pages() int { return (accounts + rewardstypes.AccountsPerPage - 1) / rewardstypes.AccountsPerPage }

// fresh returns incompressible bytes: amounts of 18 decimals do not compress either.
func fresh(random *rand.Rand, n int) []byte {
	out := make([]byte, n)
	random.Read(out)
	return out
}

// options of a node's store.
type options struct {
	cache   int
	noFast  bool
	pruning pruningtypes.PruningOptions
}

type store struct {
	*rootmulti.Store
	db     dbm.DB
	dir    string
	random *rand.Rand
	page   int
}

func open(tb testing.TB, dir string, o options) *store {
	tb.Helper()
	db, err := dbm.NewGoLevelDB("application", dir, nil)
	require.NoError(tb, err)
	rs := rootmulti.NewStore(db, log.NewNopLogger())
	for _, key := range []storetypes.StoreKey{rewardsKey, bankKey, authKey} {
		rs.MountStoreWithDB(key, storetypes.StoreTypeIAVL, nil)
	}
	rs.SetPruning(o.pruning)
	rs.SetIAVLCacheSize(o.cache)
	rs.SetIAVLDisableFastNode(o.noFast)
	rs.SetIAVLSyncPruning(true) // so that a block's cost is measured in the block
	require.NoError(tb, rs.LoadLatestVersion())
	return &store{Store: rs, db: db, dir: dir, random: rand.New(rand.NewSource(1))}
}

// built is a store with all accounts, which benchmarks copy.
var built string

// build makes the store once for all benchmarks of a run, or takes the one that OPENLEDGER_BENCH_STORE names.
func build(tb testing.TB) string {
	tb.Helper()
	if built == "" {
		built = os.Getenv("OPENLEDGER_BENCH_STORE")
	}
	if built == "" {
		dir, err := os.MkdirTemp("", "openledger-bench-")
		require.NoError(tb, err)
		built = dir
	}
	if _, err := os.Stat(filepath.Join(built, "complete")); err == nil {
		return built
	}
	from := time.Now()
	s := open(tb, built, options{cache: 200_000, pruning: pruningtypes.NewPruningOptions(pruningtypes.PruningEverything)})
	addresses := make([][]byte, accounts)
	for i := range addresses {
		addresses[i] = address(i)
	}
	slices.SortFunc(addresses, bytes.Compare) // in order, trees are built fastest
	fill := func(key storetypes.StoreKey, n int, entry func(i int) (k, v []byte)) {
		for first := 0; first < n; first += 100_000 {
			kv := s.GetKVStore(key)
			for i := first; i < min(n, first+100_000); i++ {
				kv.Set(entry(i))
			}
			s.Commit()
		}
	}
	number := func(i int) []byte { return binary.BigEndian.AppendUint64(nil, uint64(i)) }
	fill(rewardsKey, accounts, func(i int) ([]byte, []byte) { return idKey(addresses[i]), number(i) })
	fill(rewardsKey, accounts, func(i int) ([]byte, []byte) { return accountKey(i), addresses[i] })
	fill(rewardsKey, pages(), func(i int) ([]byte, []byte) { return pageKey(i), fresh(s.random, pageBytes) })
	fill(bankKey, accounts, func(i int) ([]byte, []byte) { return balanceKey(addresses[i]), fresh(s.random, 20) })
	fill(authKey, accounts, func(i int) ([]byte, []byte) { return authAccountKey(addresses[i]), fresh(s.random, 110) })
	for range 25 {
		s.Commit()
	}
	require.NoError(tb, s.db.Close())
	require.NoError(tb, os.WriteFile(filepath.Join(built, "complete"), nil, 0o600))
	tb.Logf("store of %d accounts: %d MB, built in %s", accounts, size(tb, built)>>20, time.Since(from).Round(time.Second))
	return built
}

func TestMain(m *testing.M) {
	code := m.Run()
	if built != "" && built != os.Getenv("OPENLEDGER_BENCH_STORE") {
		_ = os.RemoveAll(built)
	}
	os.Exit(code)
}

// reopen opens a copy of the built store.
func reopen(b *testing.B, o options) *store {
	b.Helper()
	dir := b.TempDir()
	require.NoError(b, os.CopyFS(dir, os.DirFS(build(b))))
	runtime.GC()
	s := open(b, dir, o)
	b.Cleanup(func() { require.NoError(b, s.db.Close()) })
	return s
}

func size(tb testing.TB, dir string) (bytes int64) {
	tb.Helper()
	require.NoError(tb, filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return nil // the database removes files meanwhile
		}
		if info, err := d.Info(); err == nil {
			bytes += info.Size()
		}
		return nil
	}))
	return bytes
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}

func (s *store) anybody() []byte { return address(s.random.Intn(accounts)) }

// settle reads and writes the next n pages of the ledger.
func (s *store) settle(ms storetypes.CacheMultiStore, n int) {
	kv := ms.GetKVStore(rewardsKey)
	for range n {
		key := pageKey(s.page)
		if len(kv.Get(key)) != pageBytes {
			panic("no page")
		}
		kv.Set(key, fresh(s.random, pageBytes))
		s.page = (s.page + 1) % pages()
	}
}

// find reads the ledger ids of n accounts.
func (s *store) find(ms storetypes.CacheMultiStore, n int) {
	kv := ms.GetKVStore(rewardsKey)
	for range n {
		if kv.Get(idKey(s.anybody())) == nil {
			panic("no account")
		}
	}
}

// send moves coins n times: reads two balances and two accounts, writes two balances and one account.
func (s *store) send(ms storetypes.CacheMultiStore, n int) {
	bank, auth := ms.GetKVStore(bankKey), ms.GetKVStore(authKey)
	for range n {
		from, to := s.anybody(), s.anybody()
		for _, party := range [][]byte{from, to} {
			if bank.Get(balanceKey(party)) == nil || auth.Get(authAccountKey(party)) == nil {
				panic("no account")
			}
			bank.Set(balanceKey(party), fresh(s.random, 20))
		}
		auth.Set(authAccountKey(from), fresh(s.random, 110))
	}
}

// block does work and commits it.
func (s *store) block(work func(storetypes.CacheMultiStore)) {
	ms := s.CacheMultiStore()
	work(ms)
	ms.Write()
	s.Commit()
}

// fill makes blocks until the node caches of the trees that the work writes to are full, and states are removed as fast
// as they come.
func (s *store) fill(o options, work func(ms storetypes.CacheMultiStore)) {
	blocks := o.cache / 5_000
	if o.pruning.Strategy != pruningtypes.PruningNothing && o.pruning.KeepRecent < 1_000 {
		blocks = max(blocks, int(o.pruning.KeepRecent))
	}
	for range blocks + 2*nodeconfig.PruneInterval {
		s.block(work)
	}
}

// kind of work: what one block of it does, and the number of keys that it writes, or reads if it writes none.
type kind struct {
	name string
	keys int
	work func(s *store, ms storetypes.CacheMultiStore)
}

var kinds = []kind{
	{"pages", settled, func(s *store, ms storetypes.CacheMultiStore) { s.settle(ms, settled) }},
	{"sends", 3 * sends, func(s *store, ms storetypes.CacheMultiStore) { s.send(ms, sends) }},
	{"lookups", lookups, func(s *store, ms storetypes.CacheMultiStore) { s.find(ms, lookups) }},
}

// measure reports the processor time of the store for each key of a kind of work.
func (s *store) measure(b *testing.B, k kind) {
	b.Helper()
	var spent time.Duration
	blocks := 0
	for b.Loop() {
		from := volume.CPU()
		s.block(func(ms storetypes.CacheMultiStore) { k.work(s, ms) })
		spent += volume.CPU() - from
		blocks++
	}
	b.ReportMetric(float64(spent.Microseconds())/float64(blocks*k.keys), "cpu-µs/key")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkCacheSize measures the cost of a key against iavl-cache-size, after the cache has been filled, and the
// memory that it takes.
func BenchmarkCacheSize(b *testing.B) {
	for _, k := range kinds[:2] {
		for _, cache := range []int{10_000, 100_000, nodeconfig.IAVLCacheSize, 781_250} {
			b.Run(fmt.Sprintf("%s/nodes=%d", k.name, cache), func(b *testing.B) {
				o := options{cache: cache, pruning: kept}
				s := reopen(b, o)
				before := heap()
				s.fill(o, func(ms storetypes.CacheMultiStore) { k.work(s, ms) })
				grown := float64(int64(heap()) - int64(before))
				s.measure(b, k)
				b.ReportMetric(grown/(1<<20), "heap-MB")
			})
		}
	}
}

// BenchmarkFastNode measures each kind of work with and without the index of latest values.
func BenchmarkFastNode(b *testing.B) {
	for _, noFast := range []bool{false, true} {
		for _, k := range kinds {
			b.Run(fmt.Sprintf("%s/disabled=%t", k.name, noFast), func(b *testing.B) {
				o := options{cache: nodeconfig.IAVLCacheSize, noFast: noFast, pruning: kept}
				s := reopen(b, o)
				s.fill(o, func(ms storetypes.CacheMultiStore) { k.work(s, ms) })
				s.measure(b, k)
			})
		}
	}
}

// BenchmarkPruning measures a block of everything, and by how much the database grows. "default" keeps 362,880 states:
// as long as it has fewer, it costs what "nothing" does.
func BenchmarkPruning(b *testing.B) {
	for _, p := range []struct {
		name    string
		options pruningtypes.PruningOptions
	}{
		{"everything", pruningtypes.NewPruningOptions(pruningtypes.PruningEverything)},
		{"keep=10", pruningtypes.NewCustomPruningOptions(10, nodeconfig.PruneInterval)},
		{"keep=100", pruningtypes.NewCustomPruningOptions(100, nodeconfig.PruneInterval)},
		{"nothing", pruningtypes.NewPruningOptions(pruningtypes.PruningNothing)},
	} {
		b.Run(p.name, func(b *testing.B) {
			o := options{cache: nodeconfig.IAVLCacheSize, pruning: p.options}
			s := reopen(b, o)
			work := func(ms storetypes.CacheMultiStore) { s.settle(ms, settled); s.find(ms, lookups); s.send(ms, sends) }
			s.fill(o, work)
			before := size(b, s.dir)
			var spent time.Duration
			blocks := 0
			for b.Loop() {
				from := volume.CPU()
				s.block(work)
				spent += volume.CPU() - from
				blocks++
			}
			b.ReportMetric(float64(spent.Milliseconds())/float64(blocks), "cpu-ms/block")
			b.ReportMetric(float64(size(b, s.dir)-before)/(1<<20)/float64(blocks), "MB-disk/block")
			b.ReportMetric(0, "ns/op")
		})
	}
}
