package engine

import (
	"iter"
	"sync"

	"github.com/openledger/openledger/slm/ngram"
)

// Texts holds all texts of a manifest.
type Texts struct {
	// Name identifies the texts: the same name means the same texts.
	Name string
	// Bytes is the sum of their lengths.
	Bytes int64
	All   iter.Seq[[]byte]
}

const (
	// mostManifest is the largest manifest, in bytes, that the base that ships reads before it answers, which takes some
	// seconds. With a larger manifest it only has the passages.
	mostManifest = 16 << 20
	// mostIndexes is the number of manifests whose indexes an engine keeps.
	mostIndexes = 4
)

// manifests keeps the indexes of manifests that an engine has read. The zero value is ready for use.
type manifests struct {
	mu   sync.Mutex
	read []*readManifest // the last used is last
}

type readManifest struct {
	name  string
	once  sync.Once
	index *ngram.Index
}

// index returns the index of a manifest, or nil if the manifest is too large or empty. The first caller builds it, and
// the others wait.
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

// entry returns the entry of a manifest, and drops the least recently used one if there are too many.
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
