package attestor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/openledger/openledger/content/artifact"
	"github.com/openledger/openledger/internal/follow"
)

// pruneEvery is the time between two looks at the folders of indexes.
const pruneEvery = 24 * time.Hour

// keepPruning removes indexes that were not used for long, now and once a day, until ctx ends.
func (a *Attestor) keepPruning(ctx context.Context) {
	follow.Every(ctx, pruneEvery, a.log, "old indexes could not be removed", func(context.Context) error {
		before := time.Now().Add(-a.config.IndexKeep)
		removed, err := a.library.prune(before)
		files, failed := pruneInfluence(a.influenceFolder(), before)
		if removed = append(removed, files...); len(removed) > 0 {
			a.log.Info("removed indexes and influence files that were not used", "names", removed, "for", a.config.IndexKeep)
		}
		return errors.Join(err, failed)
	})
}

// prune removes the folders of indexes that were last used before a time, and returns their names. Indexes in memory
// stay. What is needed again is built again, from text that is kept.
func (l *library) prune(before time.Time) ([]string, error) {
	failed := []error{l.touchAll()}
	entries, err := os.ReadDir(l.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var removed []string
	for _, entry := range entries {
		if !isFolder(entry.Name()) || !entry.IsDir() {
			continue // not the library's
		}
		gone, err := l.removeUnused(entry.Name(), before)
		if gone {
			removed = append(removed, entry.Name())
		}
		failed = append(failed, err)
	}
	return removed, errors.Join(append(failed, err)...)
}

// formerFolder names folders of a time when each version of a model had its own.
const formerFolder = "model-%d-v%d"

// isFolder reports whether a name is that of an index's folder.
func isFolder(name string) bool {
	if digest, ok := strings.CutPrefix(name, folderPrefix); ok {
		_, err := artifact.ParseDigest(digest)
		return err == nil
	}
	var k modelKey
	_, err := fmt.Sscanf(name, formerFolder, &k.id, &k.version)
	return err == nil && fmt.Sprintf(formerFolder, k.id, k.version) == name
}

// removeUnused removes a folder whose index is not in memory and was last used before a time. Loads of the index wait
// meanwhile.
func (l *library) removeUnused(folder string, before time.Time) (bool, error) {
	if !l.reserve(folder) {
		return false, nil
	}
	defer func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.release(folder)
	}()
	path := filepath.Join(l.dir, folder)
	info, err := os.Stat(path)
	if err != nil || !info.ModTime().Before(before) {
		return false, err
	}
	err = os.RemoveAll(path)
	return err == nil, err
}

// reserve keeps others from loading an index until release. It fails if the index is in memory or being loaded.
func (l *library) reserve(folder string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, busy := l.loading[folder]; busy || l.indexes[folder] != nil {
		return false
	}
	l.loading[folder] = make(chan struct{})
	return true
}

// touchAll writes down when the indexes in memory were used.
func (l *library) touchAll() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	var failed []error
	for _, index := range l.indexes {
		failed = append(failed, l.touch(index))
	}
	return errors.Join(failed...)
}

// touch gives a folder the time at which its index, which is in memory, was last used; the caller holds the lock.
// Opening an index writes to its folder, so that the time is never before that.
func (l *library) touch(index *cachedIndex) error {
	err := os.Chtimes(filepath.Join(l.dir, index.folder), index.used, index.used)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
