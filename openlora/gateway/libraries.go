package gateway

import (
	"sync"

	"github.com/openledger/openledger/openlora/retrieval"
)

type libraryKey struct {
	model   uint64
	version uint32
}

// maxLibraries is the largest number of model versions whose text is in memory in addition to the configured ones. A
// provider may offer a thousand adapters, each with its own manifest.
const maxLibraries = 64

// libraries holds the texts of model versions in memory. The configured ones stay; of the others, the least recently
// used one is removed first. A library that a call uses stays until the call ends. It is safe for concurrent use.
type libraries struct {
	mu    sync.Mutex
	fixed map[libraryKey]*retrieval.Library
	other map[libraryKey]*usedLibrary
	clock uint64
}

type usedLibrary struct {
	*retrieval.Library
	last uint64 // use, by the clock
}

func newLibraries() *libraries {
	return &libraries{fixed: make(map[libraryKey]*retrieval.Library), other: make(map[libraryKey]*usedLibrary)}
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

func (l *libraries) get(key libraryKey) (*retrieval.Library, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if library, ok := l.fixed[key]; ok {
		return library, true
	}
	u, ok := l.other[key]
	if !ok {
		return nil, false
	}
	l.clock++
	u.last = l.clock
	return u.Library, true
}
