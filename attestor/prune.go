package attestor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

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

// prune removes the folders of models that were last used before a time, and returns their names. Models in memory
// stay. What is needed again is built again, from text that is kept.
func (l *library) prune(before time.Time) ([]string, error) {
	failed := []error{l.touchAll()}
	entries, err := os.ReadDir(l.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var removed []string
	for _, entry := range entries {
		k, ok := parseFolder(entry.Name())
		if !ok || !entry.IsDir() {
			continue // not the library's
		}
		gone, err := l.removeUnused(k, before)
		if gone {
			removed = append(removed, entry.Name())
		}
		failed = append(failed, err)
	}
	return removed, errors.Join(append(failed, err)...)
}

// parseFolder reads the name of a model's folder.
func parseFolder(name string) (modelKey, bool) {
	var k modelKey
	_, err := fmt.Sscanf(name, folderFormat, &k.id, &k.version)
	return k, err == nil && k.folder() == name
}

// removeUnused removes the folder of a model that is not open and was last used before a time. Loads of the model wait
// meanwhile.
func (l *library) removeUnused(k modelKey, before time.Time) (bool, error) {
	if !l.reserve(k) {
		return false, nil
	}
	defer func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.release(k)
	}()
	path := filepath.Join(l.dir, k.folder())
	info, err := os.Stat(path)
	if err != nil || !info.ModTime().Before(before) {
		return false, err
	}
	err = os.RemoveAll(path)
	return err == nil, err
}

// reserve keeps others from loading a model until release. It fails if the model is in memory or being loaded.
func (l *library) reserve(k modelKey) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, busy := l.loading[k]; busy || l.models[k] != nil {
		return false
	}
	l.loading[k] = make(chan struct{})
	return true
}

// touchAll writes down when the models in memory were used.
func (l *library) touchAll() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	var failed []error
	for k := range l.models {
		failed = append(failed, l.touch(k))
	}
	return errors.Join(failed...)
}

// touch gives a folder the time at which its model, which is in memory, was last used; the caller holds the lock.
// Opening an index writes to its folder, so that the time is never before that.
func (l *library) touch(k modelKey) error {
	used := l.models[k].used
	err := os.Chtimes(filepath.Join(l.dir, k.folder()), used, used)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
