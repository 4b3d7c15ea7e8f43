package adapters

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/openledger/openledger/internal/file"
)

// maxRecent bounds the adapters that are remembered for the next start.
const maxRecent = 1024

// remembered is what the shelf keeps over restarts.
type remembered struct {
	Added   []uint64  `json:"added,omitempty"`   // by the operator
	Pinned  []uint64  `json:"pinned,omitempty"`  // never give way
	Removed []uint64  `json:"removed,omitempty"` // are not served
	Recent  []version `json:"recent,omitempty"`  // the last used first
}

// memory keeps a file over restarts. It writes what the operator wants at once, and what was used last from time to
// time.
type memory struct {
	path string

	mu                   sync.Mutex
	added, pins, removes map[uint64]bool
	recent               map[version]uint64 // the value is the time of the last use
	clock                uint64
	changed              bool
}

func openMemory(folder string) (*memory, error) {
	if err := file.MakeFolder(folder, 0o755); err != nil {
		return nil, err
	}
	m := &memory{path: filepath.Join(folder, "adapters.json"), added: map[uint64]bool{}, pins: map[uint64]bool{},
		removes: map[uint64]bool{}, recent: map[version]uint64{}}
	text, err := os.ReadFile(m.path)
	if errors.Is(err, fs.ErrNotExist) {
		return m, nil
	}
	if err != nil {
		return nil, err
	}
	var kept remembered
	if err := json.Unmarshal(text, &kept); err != nil {
		return nil, fmt.Errorf("%s: %w: remove the file to forget what was added, pinned and removed", m.path, err)
	}
	for to, ids := range map[*map[uint64]bool][]uint64{&m.added: kept.Added, &m.pins: kept.Pinned,
		&m.removes: kept.Removed} {
		for _, id := range ids {
			(*to)[id] = true
		}
	}
	for _, v := range slices.Backward(kept.Recent) {
		m.clock++
		m.recent[v] = m.clock
	}
	return m, nil
}

func (m *memory) pinned(model uint64) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.pins[model]
}

func (m *memory) removed(model uint64) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.removes[model]
}

func (m *memory) isAdded(model uint64) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.added[model]
}

// wanted returns the models that the operator added or pinned, sorted.
func (m *memory) wanted() []uint64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := maps.Clone(m.added)
	maps.Copy(all, m.pins)
	return slices.Sorted(maps.Keys(all))
}

// used notes that an adapter was used.
func (m *memory) used(of version) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.clock++
	m.recent[of] = m.clock
	m.changed = true
	if len(m.recent) > 2*maxRecent {
		for _, v := range m.latest()[maxRecent:] {
			delete(m.recent, v)
		}
	}
}

// latest returns the adapters, the last used first. The caller holds the lock.
func (m *memory) latest() []version {
	return slices.SortedFunc(maps.Keys(m.recent), func(a, b version) int {
		if m.recent[a] > m.recent[b] {
			return -1
		}
		return 1
	})
}

// warm returns the adapters that were used last, the last one first.
func (m *memory) warm() []version {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.latest()
}

// set changes what the operator wants, and writes the file.
func (m *memory) set(change func()) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	change()
	return m.write()
}

// save writes the file if adapters were used since the last time.
func (m *memory) save() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.changed {
		return nil
	}
	return m.write()
}

// write writes the file. The caller holds the lock.
func (m *memory) write() error {
	recent := m.latest()
	text, err := json.Marshal(remembered{
		Added: slices.Sorted(maps.Keys(m.added)), Pinned: slices.Sorted(maps.Keys(m.pins)),
		Removed: slices.Sorted(maps.Keys(m.removes)), Recent: recent[:min(len(recent), maxRecent)],
	})
	if err != nil {
		return err
	}
	if err := file.Write(m.path, append(text, '\n'), 0o600); err != nil {
		return err
	}
	m.changed = false
	return nil
}
