// Package textindex keeps an index of text in a folder, so that a program opens it instead of building it again, and
// adds only what was accepted since.
//
// The folder holds one file for each tier of the index, and manifest.json, which names them. Each file is written under
// another name and then renamed. If the folder is damaged, or was made with other statistics, the index must be built
// again.
package textindex

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/openledger/openledger/internal/file"
	"github.com/openledger/openledger/poa"
)

const manifestName = "manifest.json"

// manifest names the files of the tiers, in order.
type manifest struct {
	Statistics poa.Hash `json:"statistics_root"`
	Tiers      []string `json:"tiers"`
}

// Store is an index with its folder. It is not safe for concurrent use.
type Store struct {
	dir   string
	stats *poa.Statistics
	root  poa.Hash
	index *poa.Index
	ranks map[uint64]bool
	saved map[string]bool // files that hold tiers of this index
}

// Open reads the index of a folder. A folder that does not exist holds an empty index. If Open fails with
// poa.ErrIndexEncoding, the index must be built again: the store that it returns is empty.
func Open(dir string, stats *poa.Statistics) (*Store, error) {
	s := &Store{dir: dir, stats: stats, root: stats.Root()}
	s.Reset()
	data, err := os.ReadFile(filepath.Join(dir, manifestName))
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return s, err
	}
	var m manifest
	if err := json.Unmarshal(data, &m); err != nil {
		return s, fmt.Errorf("%w: %s: %s", poa.ErrIndexEncoding, manifestName, err)
	}
	if m.Statistics != s.root {
		return s, fmt.Errorf("%w: %s was made with other statistics", poa.ErrIndexEncoding, dir)
	}
	for _, name := range m.Tiers {
		if err := s.read(name); err != nil {
			s.Reset()
			return s, fmt.Errorf("%s: %w", name, err)
		}
	}
	for i := range s.index.Len() {
		s.ranks[s.index.Segment(i).Rank] = true
	}
	return s, nil
}

func (s *Store) read(name string) error {
	if name != filepath.Base(name) {
		return fmt.Errorf("%w: a tier outside the folder", poa.ErrIndexEncoding)
	}
	data, err := os.ReadFile(filepath.Join(s.dir, name))
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: the file is missing", poa.ErrIndexEncoding)
	}
	if err != nil {
		return err
	}
	s.saved[name] = true
	err = s.index.AddTier(data, s.root)
	if err != nil && !errors.Is(err, poa.ErrIndexEncoding) { // each tier is right, and they do not go together
		err = fmt.Errorf("%w: %w", poa.ErrIndexEncoding, err)
	}
	return err
}

// Reset empties the index. The folder does not change before the next Save.
func (s *Store) Reset() {
	s.index, s.ranks, s.saved = poa.NewIndex(s.stats), make(map[uint64]bool), make(map[string]bool)
}

// Index returns the index. Add to it only with Store.Add.
func (s *Store) Index() *poa.Index { return s.index }

// Has reports whether a contribution is in the index.
func (s *Store) Has(rank uint64) bool { return s.ranks[rank] }

// Ranks returns the number of contributions in the index.
func (s *Store) Ranks() int { return len(s.ranks) }

// Add adds the segments of whole contributions.
func (s *Store) Add(segments ...poa.Segment) error {
	if err := s.index.Add(segments...); err != nil {
		return err
	}
	for _, segment := range segments {
		s.ranks[segment.Rank] = true
	}
	return nil
}

// Save writes the tiers that the folder does not have yet, and removes those that were merged into others.
func (s *Store) Save() error {
	if err := file.MakeFolder(s.dir, 0o755); err != nil {
		return err
	}
	tiers := []string{}
	if len(s.saved) == 0 {
		// The folder may hold another index, whose tiers have the same names: first let the manifest name none.
		if err := s.writeManifest(tiers); err != nil {
			return err
		}
	}
	first := 0
	for i, segments := range s.index.Tiers() {
		name := fmt.Sprintf("%09d-%09d.tier", first, first+segments)
		first += segments
		tiers = append(tiers, name)
		if s.saved[name] {
			continue // a tier is named by its segments and never changes
		}
		data, err := s.index.MarshalTier(i, s.root)
		if err != nil {
			return err
		}
		if err := file.Write(filepath.Join(s.dir, name), data, 0o644); err != nil {
			return err
		}
		s.saved[name] = true
	}
	if err := s.writeManifest(tiers); err != nil {
		return err
	}
	return s.clean(tiers)
}

func (s *Store) writeManifest(tiers []string) error {
	data, err := json.MarshalIndent(manifest{Statistics: s.root, Tiers: tiers}, "", "  ")
	if err != nil {
		return err
	}
	return file.Write(filepath.Join(s.dir, manifestName), append(data, '\n'), 0o644)
}

// clean removes the files of tiers that the manifest does not name.
func (s *Store) clean(tiers []string) error {
	found, err := filepath.Glob(filepath.Join(s.dir, "*.tier*"))
	if err != nil {
		return err
	}
	for _, path := range found {
		if !slices.Contains(tiers, filepath.Base(path)) {
			if err := os.Remove(path); err != nil {
				return err
			}
			delete(s.saved, filepath.Base(path))
		}
	}
	return nil
}
