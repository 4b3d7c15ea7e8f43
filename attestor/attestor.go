// Package attestor verifies the claims of providers beside consensus. It follows the items that the chain asks
// validators about, fetches and recomputes them, and publishes verdicts that its node adds to its votes. See README.md.
package attestor

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	gogogrpc "github.com/cosmos/gogoproto/grpc"

	"github.com/openledger/openledger/content"
	"github.com/openledger/openledger/content/fetch"
	"github.com/openledger/openledger/internal/follow"
	"github.com/openledger/openledger/poa"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
)

// maxPaused is the largest number of judgements that pause to let others go first. Each may need some 50 MB.
const maxPaused = 8

// Alive is the time after the node's last answer for which the attestor's verdicts are valid. After that the node votes
// without verdicts instead of with old ones.
const Alive = 5 * time.Second

// Config of an attestor.
type Config struct {
	// Home holds verdicts, bundles, indexes and, unless Content is elsewhere, text.
	Home string
	// Content is the store of DataNet text: a directory or a bucket URL.
	Content string
	// Listen is the address for pushes and peers; empty for none.
	Listen string
	// Peers are base URLs of other attestors, asked before providers.
	Peers []string
	// AllowPrivate allows downloads from addresses that are not public, and files.
	AllowPrivate bool
	// IndexBytes bounds the indexes in memory, BundleBytes the bundles on disk.
	IndexBytes, BundleBytes int64
	// IndexKeep is the time for which the index of a model version stays on disk after its last use.
	IndexKeep time.Duration
	// Poll is the interval at which the node is asked.
	Poll time.Duration
	// Workers is the number of items that are fetched at a time, and Judges the number that are recomputed at a time. The
	// default of Judges is half of the processors, so that the node has the others.
	Workers, Judges int
	Limits          fetch.Limits
	Fault           Fault
	Log             *slog.Logger
}

// DefaultConfig for a home folder.
func DefaultConfig(home string) Config {
	return Config{
		Home: home, Content: filepath.Join(home, "content"), IndexBytes: 2 << 30, BundleBytes: 4 << 30,
		IndexKeep: 7 * 24 * time.Hour,
		Poll:      200 * time.Millisecond, Workers: 8, Judges: max(1, runtime.GOMAXPROCS(0)/2), Limits: fetch.DefaultLimits(),
		Log: slog.Default(),
	}
}

// Attestor is the attestor of one validator.
type Attestor struct {
	config  Config
	chain   *chain
	store   *verdictStore
	bundles *bundles
	text    *content.Store
	library *library
	fetch   *fetch.Client // for addresses that strangers named
	peers   *fetch.Client
	metrics *metrics
	log     *slog.Logger
	holds   holds

	provenances *provenances
	snapshot    atomic.Pointer[snapshot]
	changed     broadcast
	jobs        sync.WaitGroup

	// Work in turn by provider; versions are a class of their own.
	fetching, judging, indexing *lanes

	mu         sync.Mutex
	open       map[uint64]*job
	subscribed map[poa.Hash]int // roots of open batches, and content hashes of open versions
	polled     time.Time
	trouble    error
	enabled    bool
	window     attributiontypes.Attestation
}

// snapshot is what the node reads. It never changes.
type snapshot struct {
	at                time.Time
	batches, versions verdicts
}

// verdicts holds the verdicts on the items from base on.
type verdicts struct {
	base  uint64
	given []attributiontypes.Verdict
}

// set stores a verdict on an item, in a window of that many numbers.
func (v *verdicts) set(number uint64, verdict attributiontypes.Verdict, window uint64) {
	if number < v.base || number-v.base >= window {
		return
	}
	for uint64(len(v.given)) <= number-v.base {
		v.given = append(v.given, attributiontypes.VerdictUnknown)
	}
	v.given[number-v.base] = verdict
}

// New opens an attestor for the chain of a node.
func New(ctx context.Context, config Config, chainID string, node gogogrpc.ClientConn) (*Attestor, error) {
	if err := os.MkdirAll(config.Home, 0o700); err != nil {
		return nil, err
	}
	if config.Content == "" {
		config.Content = filepath.Join(config.Home, "content")
	}
	config.Limits.Private, config.Limits.Files = config.AllowPrivate, config.AllowPrivate
	a := &Attestor{
		config: config, chain: newChain(chainID, node), fetch: fetch.New(config.Limits),
		peers: fetch.New(fetch.TrustedLimits()), metrics: newMetrics(), log: config.Log,
		open: make(map[uint64]*job), subscribed: make(map[poa.Hash]int),
	}
	one := func(string) int { return 1 }
	half := func(string) int { return max(1, config.Workers/2) }
	a.fetching = newLanes(config.Workers, config.Workers, half)
	a.judging = newLanes(config.Judges, config.Judges+maxPaused, one)
	a.indexing = newLanes(1, 2, one)
	var err error
	if a.text, err = content.Open(ctx, config.Content); err != nil {
		return nil, err
	}
	if a.bundles, err = openBundles(filepath.Join(config.Home, "bundles"), config.BundleBytes); err != nil {
		return nil, errors.Join(err, a.text.Close())
	}
	if a.store, err = openVerdictStore(filepath.Join(config.Home, "verdicts.db")); err != nil {
		return nil, errors.Join(err, a.text.Close())
	}
	a.provenances = newProvenances(a.chain, a.text, int(config.IndexBytes))
	from, err := openInfluence(a.influenceFolder(), a.chain, config.Limits)
	if err != nil {
		return nil, errors.Join(err, a.store.close(), a.text.Close())
	}
	a.library = newLibrary(a.chain, a.text, from, filepath.Join(config.Home, "index"), int(config.IndexBytes))
	return a, nil
}

// influenceFolder holds influence files by their hashes.
func (a *Attestor) influenceFolder() string { return filepath.Join(a.config.Home, "influence") }

// Close releases what New opened. Call it after Run has returned.
func (a *Attestor) Close() error {
	return errors.Join(a.library.touchAll(), a.store.close(), a.text.Close())
}

// Verdicts returns what was published on the items base ≤ n < next, and false while the node has not answered for a
// while. It reads memory only.
func (a *Attestor) Verdicts(base, next uint64) ([]attributiontypes.Verdict, bool) {
	s := a.snapshot.Load()
	if s == nil || time.Since(s.at) > Alive {
		return nil, false
	}
	return s.slice(base, next), true
}

func (s *snapshot) slice(base, next uint64) []attributiontypes.Verdict {
	if next < base {
		return nil
	}
	known := s.batches
	if base >= attributiontypes.FirstVersion {
		known = s.versions
	}
	out := make([]attributiontypes.Verdict, min(next-base, attributiontypes.MaxWindow))
	for i := range out {
		if number := base + uint64(i); number >= known.base && number-known.base < uint64(len(known.given)) {
			out[i] = known.given[number-known.base]
		}
	}
	return out
}

// Run follows the chain until ctx ends, and serves others if an address is configured.
func (a *Attestor) Run(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	defer a.jobs.Wait()
	defer stop()
	a.jobs.Go(func() { a.keepPruning(ctx) })
	failed := make(chan error, 1)
	if a.config.Listen != "" {
		go func() {
			if err := a.serve(ctx, a.config.Listen); err != nil {
				failed <- fmt.Errorf("attestor cannot listen at %s: %w", a.config.Listen, err)
				stop()
			}
		}()
	}
	follow.Every(ctx, a.config.Poll, a.log, "the node cannot be asked", func(ctx context.Context) error {
		a.poll(ctx) // which logs once that the node does not answer, and once that it does
		return nil
	})
	select {
	case err := <-failed:
		return err
	default:
		return nil
	}
}

// poll asks the node once and starts work on new items.
func (a *Attestor) poll(ctx context.Context) {
	asked, cancel := context.WithTimeout(ctx, Alive)
	defer cancel()
	enabled, window, err := a.chain.attestation(asked)
	var items []attributiontypes.Item
	if err == nil && enabled && a.hasChanged(window) {
		items, err = a.chain.items(asked)
	} else if err == nil {
		items = a.known()
	}
	if ctx.Err() != nil {
		return
	}
	a.mu.Lock()
	if (err == nil) != (a.trouble == nil) {
		if err != nil {
			a.log.Warn("the node does not answer; trying again", "err", err)
		} else {
			a.log.Info("the node answers")
		}
	}
	a.trouble = err
	if err == nil {
		a.enabled, a.window, a.polled = enabled, window, time.Now()
	}
	a.mu.Unlock()
	if err != nil {
		return
	}
	a.follow(ctx, items)
	a.publish()
}

// hasChanged reports whether the window differs from the one that is followed.
func (a *Attestor) hasChanged(window attributiontypes.Attestation) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	same := a.window.Base == window.Base && a.window.Next == window.Next && a.window.VersionBase == window.VersionBase &&
		a.window.VersionNext == window.VersionNext
	return !same || !a.enabled || len(a.open) > 0 && time.Since(a.polled) > time.Second
}

func (a *Attestor) known() []attributiontypes.Item {
	a.mu.Lock()
	defer a.mu.Unlock()
	items := make([]attributiontypes.Item, 0, len(a.open))
	for _, j := range a.open {
		items = append(items, j.item)
	}
	return items
}

// follow starts jobs for new items and ends those of items that are closed.
func (a *Attestor) follow(ctx context.Context, items []attributiontypes.Item) {
	a.mu.Lock()
	current := make(map[uint64]bool, len(items))
	for _, item := range items {
		current[item.Number] = true
		if a.open[item.Number] == nil {
			a.start(ctx, item)
		}
	}
	closed := false
	for number, j := range a.open {
		if !current[number] {
			j.stop()
			a.subscribe(j.subscribed, -1)
			j.subscribed = nil // its work may still be ending
			delete(a.open, number)
			closed = true
		}
	}
	window := a.window
	a.mu.Unlock()
	a.metrics.open.Set(float64(len(current)))
	if closed {
		if err := a.store.prune(window.Base, window.VersionBase); err != nil {
			a.log.Warn("old verdicts could not be removed", "err", err)
		}
	}
}

// publish gives the node the verdicts of all open items.
func (a *Attestor) publish() {
	a.mu.Lock()
	s := &snapshot{at: a.polled, batches: verdicts{base: a.window.Base}, versions: verdicts{base: a.window.VersionBase}}
	for number, j := range a.open {
		if number >= attributiontypes.FirstVersion {
			s.versions.set(number, j.verdict, attributiontypes.VersionsWindow)
		} else {
			s.batches.set(number, j.verdict, attributiontypes.BatchesWindow)
		}
	}
	a.mu.Unlock()
	a.config.Fault.snapshot(s)
	a.snapshot.Store(s)
	a.changed.send()
}

// subscribe counts, by hash, the open items that need a text.
func (a *Attestor) subscribe(hashes []poa.Hash, n int) {
	for _, hash := range hashes {
		if a.subscribed[hash] += n; a.subscribed[hash] <= 0 {
			delete(a.subscribed, hash)
		}
	}
}

func (a *Attestor) isSubscribed(hash poa.Hash) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.subscribed[hash] > 0
}

// broadcast wakes all goroutines that wait.
type broadcast struct {
	mu sync.Mutex
	ch chan struct{}
}

func (b *broadcast) wait() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ch == nil {
		b.ch = make(chan struct{})
	}
	return b.ch
}

func (b *broadcast) send() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ch != nil {
		close(b.ch)
		b.ch = nil
	}
}
