package engine

import (
	"iter"
	"sync"

	"github.com/openledger/openledger/slm/ngram"
)

// Texts are all texts of a manifest.
type Texts struct {
	// Name tells these texts from others; the same name has the same texts.
	Name string
	// Bytes is how long they are together.
	Bytes int64
	All   iter.Seq[[]byte]
}

const (
	// mostManifest is how many bytes of text the base that ships reads of a manifest before it answers: it takes some
	// seconds. Of a larger one it has the passages alone.
	mostManifest = 16 << 20
	// mostIndexes is of how many manifests an engine remembers what it has read.
	mostIndexes = 4
)

// manifests remembers what an engine has read of manifests. The zero value has read none.
type manifests struct {
	mu   sync.Mutex
	read []*readManifest // the one that was asked for last is last
}

type readManifest struct {
	name  string
	once  sync.Once
	index *ngram.Index
}

// index returns the index of a manifest, or nil of one that is too large or none. The first one who asks waits for it.
func (m *manifests) index(texts Texts, encode func(text string) []int) *ngram.Index {
	if texts.All == nil || texts.Bytes > mostManifest {
		return nil
	}
	r := m.entry(texts.Name)
	r.once.Do(func() {
		var tokens [][]int
		for text := range texts.All {
			tokens = append(tokens, encode(string(text)))
		}
		r.index = ngram.New(tokens)
	})
	return r.index
}

// entry returns what is remembered of a manifest, and forgets the one that was not asked for the longest.
func (m *manifests) entry(name string) *readManifest {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i, r := range m.read {
		if r.name == name {
			m.read = append(append(m.read[:i:i], m.read[i+1:]...), r)
			return r
		}
	}
	if len(m.read) == mostIndexes {
		m.read = m.read[1:]
	}
	r := &readManifest{name: name}
	m.read = append(m.read[:len(m.read):len(m.read)], r)
	return r
}
