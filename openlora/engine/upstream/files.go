package upstream

import (
	"errors"
	"io"
	"os"
	"path/filepath"
)

// linkOrCopy makes a file that has the content of another.
func linkOrCopy(from, to string) error {
	if os.Link(from, to) == nil {
		return nil
	}
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer source.Close()
	target, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = io.Copy(target, source)
	return errors.Join(err, target.Close())
}

// replace writes a file so that readers see the old or the new one.
func replace(file string, write func(temporary string) error) error {
	folder, err := os.MkdirTemp(filepath.Dir(file), ".new-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	temporary := filepath.Join(folder, filepath.Base(file))
	if err := write(temporary); err != nil {
		return err
	}
	return os.Rename(temporary, file)
}
