// Package file writes files that readers see whole or not at all, and that survive a crash of the machine once they are
// written: the new content is flushed to the disk and put in place in one step, and the folder is flushed, too.
package file

import (
	"bufio"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Write creates or replaces the file at path with this content. Its folder must exist.
func Write(path string, content []byte, mode fs.FileMode) error {
	return WriteFrom(path, mode, put(content))
}

// WriteFrom is Write for content that a function writes. After an error, an older file at path is unchanged.
func WriteFrom(path string, mode fs.FileMode, write func(io.Writer) error) error {
	return place(os.Rename, path, mode, write)
}

// Create writes a file that does not exist yet. If it exists, Create returns an error that wraps fs.ErrExist and
// changes nothing. Of several concurrent calls for the same file, one succeeds.
func Create(path string, content []byte, mode fs.FileMode) error {
	return place(os.Link, path, mode, put(content))
}

// Rename moves a file within its folder, and replaces another file. The moved file must have been flushed before.
func Rename(from, to string) error {
	if err := os.Rename(from, to); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(to))
}

// MakeFolder creates a folder and missing parents, so that they survive a crash. It does not change existing ones.
func MakeFolder(path string, mode fs.FileMode) error {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return nil
	}
	parent := filepath.Dir(path)
	if parent != path {
		if err := MakeFolder(parent, mode); err != nil {
			return err
		}
	}
	if err := os.Mkdir(path, mode); err != nil {
		if info, found := os.Stat(path); found != nil || !info.IsDir() {
			return err
		}
	}
	return syncFolder(parent)
}

func put(content []byte) func(io.Writer) error {
	return func(to io.Writer) error {
		_, err := to.Write(content)
		return err
	}
}

// place writes a new file beside path, flushes it and moves it there. After a crash the new file may be left over: its
// name begins with a dot and the name of the target.
func place(move func(from, to string) error, path string, mode fs.FileMode, write func(io.Writer) error) error {
	folder := filepath.Dir(path)
	file, err := os.CreateTemp(folder, "."+filepath.Base(path)+".new-*")
	if err != nil {
		return err
	}
	defer os.Remove(file.Name()) // fails after a rename, which is fine
	buffered := bufio.NewWriterSize(file, 1<<16)
	if err := write(buffered); err != nil {
		return errors.Join(err, file.Close())
	}
	if err := errors.Join(buffered.Flush(), file.Chmod(mode), file.Sync(), file.Close()); err != nil {
		return err
	}
	if err := move(file.Name(), path); err != nil {
		return err
	}
	return syncFolder(folder)
}

func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
