package gateway

import (
	"errors"
	"sync"
	"time"

	"github.com/openledger/openledger/openlora/retrieval"
	"github.com/openledger/openledger/poa"
)

type libraryKey struct {
	model   uint64
	version uint32
}

// maxLibraries is the largest number of model versions whose text is in memory in addition to the configured ones. A
// provider may offer a thousand adapters, each with its own manifest.
const maxLibraries = 64

// How long the failure to load a library is remembered, as for adapters, and how many failures are: another attempt
// costs other machines a download.
const (
	lastingFailure = 10 * time.Minute
	passingFailure = 5 * time.Second
	maxFailures    = 4096
)

// libraries holds the texts of model versions in memory. The configured ones stay; of the others, the least recently
// used one is removed first. A library that a call uses stays until the call ends. It is safe for concurrent use.
type libraries struct {
	mu    sync.Mutex
	fixed map[libraryKey]*retrieval.Library
	other map[libraryKey]*usedLibrary
	clock uint64

	failed map[libraryKey]failure
	now    func() time.Time
}

// failure is why a library could not be loaded. It is remembered until a time.
type failure struct {
	err   error
	until time.Time
}

type usedLibrary struct {
	*retrieval.Library
	last uint64 // use, by the clock
}

func newLibraries() *libraries {
	return &libraries{fixed: make(map[libraryKey]*retrieval.Library), other: make(map[libraryKey]*usedLibrary),
		failed: make(map[libraryKey]failure), now: time.Now}
}

// keep adds a library that is never removed.
func (l *libraries) keep(key libraryKey, library *retrieval.Library) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.fixed[key] = library
}

// add adds a library that may be removed for others.
func (l *libraries) add(key libraryKey, library *retrieval.Library) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.failed, key)
	l.clock++
	l.other[key] = &usedLibrary{library, l.clock}
	for len(l.other) > maxLibraries {
		var oldest libraryKey
		last := l.clock + 1
		for key, u := range l.other {
			if u.last < last {
				oldest, last = key, u.last
			}
		}
		delete(l.other, oldest)
	}
}

// fail remembers why a library could not be loaded. It does not remember that the node cannot be reached.
func (l *libraries) fail(key libraryKey, err error) {
	var known *httpError
	if unreachable(err) || errors.As(err, &known) && known.code == codeNodeUnavailable {
		return
	}
	keep := passingFailure
	if errors.Is(err, poa.ErrInfluence) || known != nil && known.code == codeInline {
		keep = lastingFailure
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	if len(l.failed) >= maxFailures {
		for key, f := range l.failed {
			if !now.Before(f.until) {
				delete(l.failed, key)
			}
		}
	}
	if len(l.failed) >= maxFailures {
		clear(l.failed)
	}
	l.failed[key] = failure{err, now.Add(keep)}
}

// get returns a library, or the remembered failure to load it. It returns neither for one that is to be loaded.
func (l *libraries) get(key libraryKey) (*retrieval.Library, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if library, ok := l.fixed[key]; ok {
		return library, nil
	}
	if u, ok := l.other[key]; ok {
		l.clock++
		u.last = l.clock
		return u.Library, nil
	}
	if f, ok := l.failed[key]; ok && l.now().Before(f.until) {
		return nil, f.err
	}
	return nil, nil
}
