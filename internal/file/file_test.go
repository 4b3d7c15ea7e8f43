package file_test

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openledger/openledger/internal/file"
)

// names returns the names of the files in a folder.
func names(t *testing.T, folder string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(folder)
	require.NoError(t, err)
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names
}

func read(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(content)
}

func TestWrite(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "salt")
	for _, content := range []string{"first", "", "a third one, longer than the others"} {
		require.NoError(t, file.Write(path, []byte(content), 0o640))
		require.Equal(t, content, read(t, path))
		info, err := os.Stat(path)
		require.NoError(t, err)
		require.Equal(t, fs.FileMode(0o640), info.Mode().Perm())
	}
	require.Equal(t, []string{"salt"}, names(t, folder))
	require.ErrorIs(t, file.Write(filepath.Join(folder, "none", "salt"), nil, 0o600), fs.ErrNotExist)
}

// TestWriteFromLeavesTheOlderFile: if writing fails in the middle, the older file stays and no other file is left.
func TestWriteFromLeavesTheOlderFile(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "model")
	require.NoError(t, file.Write(path, []byte("older"), 0o600))
	full := errors.New("full")
	err := file.WriteFrom(path, 0o600, func(to io.Writer) error {
		_, err := to.Write(make([]byte, 1<<20))
		return errors.Join(err, full)
	})
	require.ErrorIs(t, err, full)
	require.Equal(t, "older", read(t, path))
	require.Equal(t, []string{"model"}, names(t, folder))
}

// TestCreate: of many that create the same file one succeeds, and its content stays.
func TestCreate(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "session")
	var work sync.WaitGroup
	var created atomic.Int32
	var content atomic.Value
	for i := range 16 {
		work.Go(func() {
			mine := fmt.Sprint("by ", i)
			err := file.Create(path, []byte(mine), 0o600)
			if err == nil {
				created.Add(1)
				content.Store(mine)
			} else if !errors.Is(err, fs.ErrExist) {
				t.Error(err)
			}
		})
	}
	work.Wait()
	require.EqualValues(t, 1, created.Load())
	require.Equal(t, content.Load(), read(t, path))
	require.Equal(t, []string{"session"}, names(t, folder))
}

func TestMakeFolder(t *testing.T) {
	root := t.TempDir()
	deep := filepath.Join(root, "a", "b", "c")
	var work sync.WaitGroup
	for range 8 {
		work.Go(func() {
			if err := file.MakeFolder(deep, 0o700); err != nil {
				t.Error(err)
			}
		})
	}
	work.Wait()
	info, err := os.Stat(deep)
	require.NoError(t, err)
	require.True(t, info.IsDir())
	require.Equal(t, fs.FileMode(0o700), info.Mode().Perm())
	require.NoError(t, os.WriteFile(filepath.Join(root, "note"), nil, 0o600))
	require.Error(t, file.MakeFolder(filepath.Join(root, "note"), 0o700), "a file is in its place")
	require.Error(t, file.MakeFolder(filepath.Join(root, "note", "below"), 0o700))
}

func TestRename(t *testing.T) {
	folder := t.TempDir()
	from, to := filepath.Join(folder, "new"), filepath.Join(folder, "index")
	require.NoError(t, file.Write(from, []byte("newer"), 0o600))
	require.NoError(t, file.Write(to, []byte("older"), 0o600))
	require.NoError(t, file.Rename(from, to))
	require.Equal(t, "newer", read(t, to))
	require.Equal(t, []string{"index"}, names(t, folder))
	require.ErrorIs(t, file.Rename(from, to), fs.ErrNotExist)
}
