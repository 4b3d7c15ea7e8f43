package fetch

import (
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"syscall"
)

// openFile opens a file of this machine, if the operator allows strangers to name files. It only opens regular files: a
// pipe could block, and a device could act.
func (c *Client) openFile(location *url.URL) (*os.File, int64, error) {
	if !c.limits.Files {
		return nil, 0, fmt.Errorf("%w: %q names a file of this machine, which only the operator can allow", ErrRefused,
			location)
	}
	if location.Host != "" && location.Host != "localhost" || location.Path == "" {
		return nil, 0, fmt.Errorf("%w: %q is not a file of this machine", ErrRefused, location)
	}
	if err := checkFile(os.Stat(location.Path)); err != nil {
		return nil, 0, err
	}
	file, err := os.OpenFile(location.Path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, 0, err
	}
	info, err := file.Stat() // it may have been replaced in between
	if err = checkFile(info, err); err != nil {
		return nil, 0, errors.Join(err, file.Close())
	}
	return file, info.Size(), nil
}

// readFile reads a file of this machine.
func (c *Client) readFile(location *url.URL, size, max int64) ([]byte, error) {
	file, found, err := c.openFile(location)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	if size >= 0 {
		max = size
	}
	if found > max || size >= 0 && found != size {
		return nil, fmt.Errorf("%w: %s has %d bytes, %d are wanted", ErrRefused, location.Path, found, max)
	}
	content, err := io.ReadAll(io.LimitReader(file, max+1))
	if err == nil && (int64(len(content)) > max || size >= 0 && int64(len(content)) != size) {
		err = fmt.Errorf("%w: %s changes while it is read", ErrRefused, location.Path)
	}
	if err != nil {
		return nil, err
	}
	return content, nil
}

func checkFile(info os.FileInfo, err error) error {
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%w: %s is not a regular file", ErrRefused, info.Name())
	}
	return err
}
