// Package textindex keeps the index of a DataNet's text in a folder, so that it
// is opened instead of built, and grows by what was accepted since.
//
// The folder holds one file per tier of the index and manifest.json, which names
// them. Files are written beside their place and renamed; a folder that is
// damaged or of other statistics is built again.
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
	saved map[string]bool // files that hold tiers of the index as it is
}

// Open reads the index of a folder; a folder that does not exist is an empty
// index. poa.ErrIndexEncoding says that it must be built again: see Reset.
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
	return s.index.AddTier(data, s.root)
}

// Reset empties the index; the folder changes with the next Save.
func (s *Store) Reset() {
	s.index, s.ranks, s.saved = poa.NewIndex(s.stats), make(map[uint64]bool), make(map[string]bool)
}

// Index returns the index. Add to it through the store only.
func (s *Store) Index() *poa.Index { return s.index }

// Has reports whether a contribution is in the index.
func (s *Store) Has(rank uint64) bool { return s.ranks[rank] }

// Ranks is the number of contributions in the index.
func (s *Store) Ranks() int { return len(s.ranks) }

// Add adds whole contributions.
func (s *Store) Add(segments ...poa.Segment) error {
	if err := s.index.Add(segments...); err != nil {
		return err
	}
	for _, segment := range segments {
		s.ranks[segment.Rank] = true
	}
	return nil
}

// Save writes the tiers that are new since the folder was read or saved, and
// removes those that were merged into others.
func (s *Store) Save() error {
	if err := file.MakeFolder(s.dir, 0o755); err != nil {
		return err
	}
	m := manifest{Statistics: s.root, Tiers: []string{}}
	first := 0
	for i, segments := range s.index.Tiers() {
		name := fmt.Sprintf("%09d-%09d.tier", first, first+segments)
		first += segments
		m.Tiers = append(m.Tiers, name)
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
	data, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	if err := file.Write(filepath.Join(s.dir, manifestName), append(data, '\n'), 0o644); err != nil {
		return err
	}
	return s.clean(m.Tiers)
}

// clean removes tiers that the manifest does not name.
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
