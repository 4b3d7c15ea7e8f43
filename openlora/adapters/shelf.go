// Package adapters serves the adapters of the chain: it reads a model version's lineage, fetches its artifacts by their
// hashes, checks them, and has the engine load them at the first request. They stay in memory, within a budget, until
// others need the room.
package adapters

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/openledger/openledger/content"
	"github.com/openledger/openledger/content/artifact"
	"github.com/openledger/openledger/content/fetch"
	"github.com/openledger/openledger/openlora/engine"
	modelstypes "github.com/openledger/openledger/x/models/types"
)

// Watch receives what happens to adapters, for metrics. Its methods must not block.
type Watch interface {
	Hit(model uint64)
	Loaded(model uint64, took time.Duration, fetched bool)
	Failed(model uint64, code string)
	Evicted(model uint64)
}

// Config configures a Shelf.
type Config struct {
	Models   modelstypes.QueryClient
	Host     engine.Host
	Provider string // address of the provider whose offers are served
	Store    *artifact.Store
	Content  *content.Store // searched before anything is fetched; may be nil
	Fetch    *fetch.Client
	Folder   string // for stacks, unpacked adapters, and the file that is kept over restarts
	Memory   int64  // largest sum of the adapters that the engine holds, in bytes
	MaxBytes int64  // largest artifact or stack of artifacts, in bytes
	MaxRank  int    // highest rank of an adapter, and of a stack; 0 is any
	// Folders says to unpack adapters as PEFT folders, for engines that load folders.
	Folders bool
	// Patience is the longest time of a load, with its download. It also bounds the wait for memory.
	Patience time.Duration
	Watch    Watch // may be nil
	Log      *slog.Logger
}

// FetchLimits returns the limits for downloads of artifacts. They are larger than those for text, because artifacts are
// larger, and because only calls with the voucher of an open session cause downloads.
func FetchLimits(local bool) fetch.Limits {
	limits := fetch.LocalLimits(local)
	limits.Total, limits.BytesPerSecond, limits.Patience = 10*time.Minute, 128<<10, time.Minute
	limits.Budget.PerSecond, limits.Budget.Burst = 64, 4096
	return limits
}

// Shelf holds the adapters that are in memory, and loads others. Its methods are safe for concurrent use.
type Shelf struct {
	Config
	base   engine.Based // nil if the engine does not know its base
	memory *memory

	mu      sync.Mutex
	entries map[version]*entry
	used    int64
	freed   chan struct{} // closed when memory may have become free
	clock   uint64        // number of uses so far

	stacking sync.Mutex // one stack is made at a time, because it takes memory beside the budget

	lineages sync.Map // of version, to lineage
	offers   offers
}

const (
	// memoryPatience is the longest time that a load waits for memory that others use.
	memoryPatience = 30 * time.Second
	// maxEntries bounds the number of entries: adapters in memory, and remembered failures.
	maxEntries = 4096
)

// entry is one adapter: in memory, being loaded, or failed.
type entry struct {
	of      version
	adapter *engine.Adapter
	ready   bool
	loading chan struct{} // closed when the load has ended, or the adapter has been unloaded
	waiting int           // number of calls that wait for the load
	failed  *Error
	until   time.Time // a failure is remembered until then
	users   int
	last    uint64 // last use, by Shelf.clock
	gone    bool   // removed by the operator while in use: the last user has it unloaded
}

// New returns an empty shelf.
func New(config Config) (*Shelf, error) {
	if config.Watch == nil {
		config.Watch = unwatched{}
	}
	remembered, err := openMemory(config.Folder)
	if err != nil {
		return nil, err
	}
	s := &Shelf{Config: config, memory: remembered, entries: make(map[version]*entry), freed: make(chan struct{})}
	s.base, _ = config.Host.(engine.Based)
	return s, nil
}

// Lease is an adapter in use, which stays in memory until Release.
type Lease struct {
	Adapter *engine.Adapter
	release func()
}

// Release ends the use of the adapter. It may be called on nil.
func (l *Lease) Release() {
	if l != nil {
		l.release()
	}
}

// Use returns the adapter of a model version, loading it if it is not in memory. It returns nil for a model that has no
// adapter in its lineage. Concurrent calls for the same adapter load it once. The load goes on if a call gives up.
// Errors that say why an adapter cannot answer are of type *Error.
func (s *Shelf) Use(ctx context.Context, model uint64, number uint32) (*Lease, error) {
	lease, _, err := s.use(ctx, version{model, number})
	return lease, err
}

// InMemory reports whether the adapter of a model version is in memory.
func (s *Shelf) InMemory(model uint64, number uint32) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.entries[version{model, number}]
	return e != nil && e.ready
}

// Prepare loads the adapter of a model version, if it is not in memory, for a call that will use it, and counts the hit
// or miss.
func (s *Shelf) Prepare(ctx context.Context, model uint64, number uint32) error {
	lease, hit, err := s.use(ctx, version{model, number})
	if hit {
		s.Watch.Hit(model)
	}
	lease.Release()
	return err
}

// use is Use, and also reports whether the adapter was in memory.
func (s *Shelf) use(ctx context.Context, of version) (_ *Lease, hit bool, err error) {
	model := of.Model
	l, err := s.lineage(ctx, of)
	if err != nil {
		return nil, false, err
	}
	if len(l.adapters) == 0 {
		return nil, false, nil
	}
	if s.memory.removed(model) {
		return nil, false, removed(model)
	}
	hit = true
	for {
		lease, wait, err := s.take(of, l)
		if err != nil {
			return nil, false, err
		}
		if lease != nil {
			s.memory.used(of)
			return lease, hit, nil
		}
		hit = false
		select {
		case <-wait.loading:
			s.mu.Lock()
			wait.waiting--
			s.mu.Unlock()
		case <-ctx.Done():
			s.mu.Lock()
			wait.waiting--
			s.mu.Unlock()
			return nil, false, ctx.Err()
		}
	}
}

// lineage returns the lineage of a version, which never changes.
func (s *Shelf) lineage(ctx context.Context, of version) (lineage, error) {
	if found, ok := s.lineages.Load(of); ok {
		return found.(lineage), nil
	}
	l, err := lineageOf(ctx, s.Models, of)
	if err == nil && of.Version != 0 {
		s.lineages.Store(of, l)
	}
	return l, err
}

// take leases an adapter that is ready. Otherwise it returns the entry to wait for, and begins the load if nobody has.
func (s *Shelf) take(of version, l lineage) (*Lease, *entry, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.entries[of]
	if e != nil && e.failed != nil {
		if time.Now().Before(e.until) {
			return nil, nil, e.failed
		}
		e = nil
	}
	if e == nil {
		s.tidy()
		e = &entry{of: of, loading: make(chan struct{})}
		s.entries[of] = e
		go s.load(e, l)
	}
	if !e.ready {
		e.waiting++
		return nil, e, nil
	}
	if e.gone && s.memory.removed(of.Model) {
		return nil, nil, removed(of.Model)
	}
	e.gone = false // the operator has added it again
	s.clock++
	e.users, e.last = e.users+1, s.clock
	var once sync.Once
	return &Lease{Adapter: e.adapter, release: func() { once.Do(func() { s.release(e) }) }}, nil, nil
}

// tidy removes expired failures if there are many entries. The caller holds the lock.
func (s *Shelf) tidy() {
	if len(s.entries) < maxEntries {
		return
	}
	for of, e := range s.entries {
		if e.failed != nil && time.Now().After(e.until) {
			delete(s.entries, of)
		}
	}
}

func (s *Shelf) release(e *entry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e.users--; e.users > 0 {
		return
	}
	if !e.gone {
		s.signal()
		return
	}
	s.leave(e)
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), s.Patience)
		defer cancel()
		_ = s.unload(ctx, e)
	}()
}

func removed(model uint64) error {
	return lasting(CodeRemoved, "model %d was removed from this gateway by its operator: use another provider", model)
}

// signal wakes the loads that wait for memory. The caller holds the lock.
func (s *Shelf) signal() {
	close(s.freed)
	s.freed = make(chan struct{})
}

// load makes an entry ready, or stores the error.
func (s *Shelf) load(e *entry, l lineage) {
	ctx, cancel := context.WithTimeout(context.Background(), s.Patience)
	defer cancel()
	began := time.Now()
	reserved := int64(0)
	made, fetched, err := s.prepare(ctx, e.of.name(), l, func(bytes int64) error {
		err := s.reserve(ctx, bytes)
		if err == nil {
			reserved = bytes
		}
		return err
	})
	if err == nil {
		if err = s.Host.Load(ctx, made); errors.Is(err, engine.ErrAdapter) {
			err = lasting(CodeInvalid, "%s", err)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	defer close(e.loading)
	s.used -= reserved
	if err == nil {
		s.used += made.Bytes
	}
	s.signal()
	if err != nil {
		e.failed = known(err)
		e.until = time.Now().Add(e.failed.memory())
		s.Watch.Failed(e.of.Model, e.failed.Code)
		s.Log.Error("an adapter cannot be served", "model", e.of.Model, "version", e.of.Version, "code", e.failed.Code, "err",
			err)
		return
	}
	e.adapter, e.ready = made, true
	s.clock++
	e.last = s.clock
	took := time.Since(began)
	s.Watch.Loaded(e.of.Model, took, fetched)
	s.Log.Info("adapter loaded", "model", e.of.Model, "version", e.of.Version, "rank", made.Rank, "bytes", made.Bytes,
		"took", took.Round(time.Microsecond))
}

// reserve reserves memory. If there is not enough, it removes adapters that are not in use, the least recently used
// first.
func (s *Shelf) reserve(ctx context.Context, bytes int64) error {
	ctx, cancel := context.WithTimeout(ctx, memoryPatience)
	defer cancel()
	if bytes > s.Memory {
		return lasting(CodeTooLarge, "the adapter takes %d bytes of memory, and this gateway gives all of them %d: ask its "+
			"provider to raise --adapter-memory", bytes, s.Memory)
	}
	for {
		s.mu.Lock()
		if s.used+bytes <= s.Memory {
			s.used += bytes
			s.mu.Unlock()
			return nil
		}
		victim, freed := s.oldest(), s.freed
		if victim != nil {
			s.leave(victim)
		}
		s.mu.Unlock()
		if victim != nil {
			s.Watch.Evicted(victim.of.Model)
			_ = s.unload(ctx, victim)
			continue
		}
		select {
		case <-freed:
		case <-ctx.Done():
			return passing(CodeBusy, "all memory for adapters is in use by others: try again")
		}
	}
}

// oldest returns the least recently used entry that may be removed, or nil. The caller holds the lock.
func (s *Shelf) oldest() *entry {
	var found *entry
	for _, e := range s.entries {
		if e.ready && e.users == 0 && e.waiting == 0 && !s.memory.pinned(e.of.Model) &&
			(found == nil || e.last < found.last) {
			found = e
		}
	}
	return found
}

// leave makes an adapter that nobody uses unavailable. Calls for it wait until the engine has unloaded it, and then
// load it again. The caller holds the lock, and calls unload.
func (s *Shelf) leave(e *entry) {
	e.ready, e.loading = false, make(chan struct{})
}

// unload has the engine unload an adapter that leaves. Only then its memory is free, and its name may be loaded again.
func (s *Shelf) unload(ctx context.Context, e *entry) error {
	err := s.Host.Unload(ctx, e.adapter.Name)
	if err != nil {
		s.Log.Error("the engine could not unload an adapter", "adapter", e.adapter.Name, "err", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.entries, e.of)
	s.used -= e.adapter.Bytes
	close(e.loading)
	s.signal()
	return err
}

// digestOf returns the SHA-256 and the size of a file.
func digestOf(ctx context.Context, path string) (digest [32]byte, size int64, err error) {
	f, err := os.Open(path)
	if err != nil {
		return digest, 0, err
	}
	defer f.Close()
	hash := sha256.New()
	size, err = io.Copy(hash, f)
	if err == nil {
		err = ctx.Err()
	}
	return [32]byte(hash.Sum(nil)), size, err
}

// unwatched is a Watch that does nothing.
type unwatched struct{}

func (unwatched) Hit(uint64)                         {}
func (unwatched) Loaded(uint64, time.Duration, bool) {}
func (unwatched) Failed(uint64, string)              {}
func (unwatched) Evicted(uint64)                     {}
