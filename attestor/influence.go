package attestor

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/openledger/openledger/content/artifact"
	"github.com/openledger/openledger/content/fetch"
	"github.com/openledger/openledger/content/influence"
	"github.com/openledger/openledger/poa"
)

// influenceRowBytes is the memory of a row of an influence file, in bytes.
const influenceRowBytes = 16 + poa.SketchBytes

// openInfluence opens the folder of influence files. Downloads of influence files have a budget of their own, so that
// files of text do not wait for them.
func openInfluence(folder string, c *chain, limits fetch.Limits) (influence.Source, error) {
	store, err := artifact.Open(folder)
	return influence.Source{Store: store, Fetch: fetch.New(influence.Limits(limits)), Models: c.models}, err
}

// pruneInfluence removes influence files that were last read before a time, and returns their names. A file that is
// needed again is fetched again.
func pruneInfluence(folder string, before time.Time) ([]string, error) {
	entries, err := os.ReadDir(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	failed := []error{err}
	var removed []string
	for _, entry := range entries {
		if _, err := artifact.ParseDigest(entry.Name()); err != nil {
			continue // not an influence file
		}
		info, err := entry.Info()
		if err != nil || !info.ModTime().Before(before) {
			failed = append(failed, err)
			continue
		}
		err = os.Remove(filepath.Join(folder, entry.Name()))
		if err == nil {
			removed = append(removed, entry.Name())
		}
		failed = append(failed, err)
	}
	return removed, errors.Join(failed...)
}
