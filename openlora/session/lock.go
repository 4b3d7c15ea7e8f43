package session

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// ErrInUse reports that another process uses or opens a session.
var ErrInUse = errors.New("another process is using it")

// lock keeps other processes from using a file's contents; a nil lock does nothing. It ends with the process, however
// that ends.
type lock struct{ file *os.File }

// acquire locks a file's contents, or returns ErrInUse. It locks another file beside it, because the file itself is
// replaced at each write.
func acquire(path string) (*lock, error) {
	if path == "" {
		return nil, nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	file, err := os.OpenFile(lockPath(path), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := tryLock(file); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), file.Close())
	}
	return &lock{file}, nil
}

// lockPoll is the interval between two attempts to get a lock.
const lockPoll = 100 * time.Millisecond

// await waits until others release a file's contents, and locks them.
func await(ctx context.Context, path string) (*lock, error) {
	for {
		held, err := acquire(path)
		if !errors.Is(err, ErrInUse) {
			return held, err
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(err, ctx.Err())
		case <-time.After(lockPoll):
		}
	}
}

func lockPath(path string) string {
	return filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".lock")
}

func (l *lock) release() {
	if l != nil {
		_ = l.file.Close()
	}
}

// remove deletes a file, its lock file and its journal.
func remove(path string) error {
	if path == "" {
		return nil
	}
	_ = os.Remove(lockPath(path))
	for _, name := range []string{path, journalPath(path)} { // a journal alone is no session
		if err := os.Remove(name); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}
