package attestor

import (
	"bytes"
	"cmp"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/openledger/openledger/internal/file"
	"github.com/openledger/openledger/poa"
)

// ErrNoRoom says that nothing can be dropped to make room for a bundle.
var ErrNoRoom = errors.New("no room for the bundle: all that is held is still asked about")

// maxReceipts that a bundle is decoded with; the chain's parameter is at most this.
const maxReceipts = 10_000

// bundles keeps bundles by their root in a folder, the latest up to a number of bytes. What is still asked about stays.
type bundles struct {
	dir string
	max int64

	mu    sync.Mutex
	sizes map[poa.Hash]int64
	used  map[poa.Hash]time.Time
	total int64
}

func openBundles(dir string, max int64) (*bundles, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	b := &bundles{dir: dir, max: max, sizes: make(map[poa.Hash]int64), used: make(map[poa.Hash]time.Time)}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	for _, entry := range entries {
		info, err := entry.Info()
		root, parseErr := parseHash(entry.Name())
		if err != nil || parseErr != nil {
			continue // not ours, or gone
		}
		b.sizes[root], b.used[root] = info.Size(), info.ModTime()
		b.total += info.Size()
	}
	return b, nil
}

func parseHash(text string) (poa.Hash, error) {
	raw, err := hex.DecodeString(text)
	if err != nil {
		return poa.Hash{}, err
	}
	return poa.HashFromBytes(raw)
}

func (b *bundles) path(root poa.Hash) string { return filepath.Join(b.dir, root.String()) }

// get returns a bundle, or nil.
func (b *bundles) get(root poa.Hash) ([]byte, error) {
	data, err := os.ReadFile(b.path(root))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return data, err
}

// rootOf returns the root of an encoded bundle.
func rootOf(data []byte) (poa.Hash, error) {
	bundle, err := poa.UnmarshalBundle(data, maxReceipts)
	if err != nil {
		return poa.Hash{}, err
	}
	return bundle.Evidence.Root(), nil
}

// put keeps a bundle whose root was checked; keep says which roots are asked about.
func (b *bundles) put(root poa.Hash, data []byte, keep func(poa.Hash) bool) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, known := b.sizes[root]; known {
		stored, err := os.ReadFile(b.path(root))
		if err == nil && bytes.Equal(stored, data) {
			return nil
		}
		b.total -= b.sizes[root] // other receipts with the same evidence: the latest stays
	}
	if err := b.makeRoom(int64(len(data)), keep); err != nil {
		return err
	}
	if err := file.Write(b.path(root), data, 0o644); err != nil {
		return err
	}
	b.sizes[root], b.used[root] = int64(len(data)), time.Now()
	b.total += int64(len(data))
	return nil
}

// makeRoom drops the oldest bundles that nobody asks about.
func (b *bundles) makeRoom(size int64, keep func(poa.Hash) bool) error {
	if b.total+size <= b.max {
		return nil
	}
	var old []poa.Hash
	for root := range b.sizes {
		if !keep(root) {
			old = append(old, root)
		}
	}
	slices.SortFunc(old, func(x, y poa.Hash) int {
		return cmp.Or(b.used[x].Compare(b.used[y]), bytes.Compare(x[:], y[:]))
	})
	for _, root := range old {
		if b.total+size <= b.max {
			return nil
		}
		if err := os.Remove(b.path(root)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		b.total -= b.sizes[root]
		delete(b.sizes, root)
		delete(b.used, root)
	}
	if b.total+size > b.max {
		return fmt.Errorf("%w: %d of %d bytes are used", ErrNoRoom, b.total, b.max)
	}
	return nil
}

// stats returns how many bundles are held, and their bytes.
func (b *bundles) stats() (int, int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.sizes), b.total
}
