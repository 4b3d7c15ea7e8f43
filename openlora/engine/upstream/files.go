package upstream

import (
	"io"
	"os"

	"github.com/openledger/openledger/internal/file"
)

// linkOrCopy makes a file with the content of another: a link, or a copy if linking fails.
func linkOrCopy(from, to string) error {
	if os.Link(from, to) == nil {
		return nil
	}
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer source.Close()
	return file.WriteFrom(to, 0o644, func(target io.Writer) error {
		_, err := io.Copy(target, source)
		return err
	})
}
