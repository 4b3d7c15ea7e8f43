//go:build !unix

package filemap

import (
	"io"
	"os"
)

func mapFile(file *os.File, size int) ([]byte, func([]byte) error, error) {
	data := make([]byte, size)
	_, err := io.ReadFull(file, data)
	return data, func([]byte) error { return nil }, err
}
