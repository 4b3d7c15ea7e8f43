package fetch

import (
	"fmt"
	"io"
	"net/url"
	"os"
	"syscall"
)

// readFile reads a file of this machine, if the operator lets strangers name them. Only regular files are opened: a
// pipe would be waited for, and a device would act.
func (c *Client) readFile(location *url.URL, size, max int64) ([]byte, error) {
	if !c.limits.Files {
		return nil, fmt.Errorf("%w: %q names a file of this machine, which only the operator can allow", ErrRefused, location)
	}
	if location.Host != "" && location.Host != "localhost" || location.Path == "" {
		return nil, fmt.Errorf("%w: %q is not a file of this machine", ErrRefused, location)
	}
	if err := checkFile(os.Stat(location.Path)); err != nil {
		return nil, err
	}
	file, err := os.OpenFile(location.Path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat() // it may have been replaced in between
	if err := checkFile(info, err); err != nil {
		return nil, err
	}
	if size >= 0 {
		max = size
	}
	if info.Size() > max || size >= 0 && info.Size() != size {
		return nil, fmt.Errorf("%w: %s has %d bytes, %d are wanted", ErrRefused, location.Path, info.Size(), max)
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
