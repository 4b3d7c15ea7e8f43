// Package data keeps on disk what a contributor must not lose between sealing a contribution and revealing it.
package data

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/openledger/openledger/internal/file"
	datanettypes "github.com/openledger/openledger/x/datanet/types"
)

// Pending is a contribution that is not revealed yet. It is written before it is sealed on chain, and removed after it
// is revealed. Without its salt the deposit is lost.
type Pending struct {
	Contributor string                  `json:"contributor"`
	Hash        []byte                  `json:"hash"` // of the commit
	Reveal      datanettypes.RevealItem `json:"reveal"`
	CommitTx    string                  `json:"commit_tx,omitempty"`
}

// Store keeps pending contributions as files in a directory.
type Store struct{ Dir string }

func (s Store) path(root []byte, contributor string) string {
	return filepath.Join(s.Dir, fmt.Sprintf("%x-%s.json", root, contributor))
}

// Load returns the pending contribution of a root, or nil if there is none.
func (s Store) Load(root []byte, contributor string) (*Pending, error) {
	content, err := os.ReadFile(s.path(root, contributor))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var pending Pending
	if err := json.Unmarshal(content, &pending); err != nil {
		return nil, fmt.Errorf("%s: %w", s.path(root, contributor), err)
	}
	return &pending, nil
}

// Save writes a pending contribution so that it survives a crash.
func (s Store) Save(pending Pending) error {
	if err := file.MakeFolder(s.Dir, 0o700); err != nil {
		return err
	}
	content, err := json.MarshalIndent(pending, "", "  ")
	if err != nil {
		return err
	}
	return file.Write(s.path(pending.Reveal.Root, pending.Contributor), content, 0o600)
}

// Remove removes a pending contribution.
func (s Store) Remove(pending Pending) error {
	return os.Remove(s.path(pending.Reveal.Root, pending.Contributor))
}
