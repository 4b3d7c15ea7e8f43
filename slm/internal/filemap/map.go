// Package filemap shows a file's bytes without reading them into the heap where the system can map files.
package filemap

import (
	"fmt"
	"math"
	"os"
)

// A Map is a file's bytes, read only. Writing to Data ends the program on systems that map files.
//
// The file must not be cut short while it is mapped: the system ends a program that reads behind a mapped file's end.
// Write weights to a new file and rename it.
type Map struct {
	Data  []byte
	unmap func([]byte) error
}

// Open maps the regular file at path, or reads it on systems without mmap. An empty file has no Data.
func Open(path string) (*Map, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file", path)
	}
	size := info.Size()
	if size > math.MaxInt {
		return nil, fmt.Errorf("%s has %d bytes: more than this system can address; use a 64-bit system", path, size)
	}
	if size == 0 {
		return &Map{}, nil
	}
	data, unmap, err := mapFile(file, int(size))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return &Map{Data: data, unmap: unmap}, nil
}

// ReadSmall reads a regular file of at most limit bytes.
func ReadSmall(path string, limit int64) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > limit {
		return nil, fmt.Errorf("%s must be a regular file of at most %d bytes", path, limit)
	}
	return os.ReadFile(path)
}

// Close gives the bytes back. Data must not be used afterwards. A second call does nothing.
func (m *Map) Close() error {
	data, unmap := m.Data, m.unmap
	m.Data, m.unmap = nil, nil
	if unmap == nil {
		return nil
	}
	return unmap(data)
}
