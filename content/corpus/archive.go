package corpus

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
)

const (
	// maxEntries bounds the files in an archive.
	maxEntries = 20_000
	// maxEntryBytes bounds one unpacked file of an archive, in bytes.
	maxEntryBytes = 32 << 20
	// maxUnpackedBytes bounds everything that is unpacked of one archive, in bytes.
	maxUnpackedBytes = 96 << 20
)

// unzipper reads files of a zip archive and bounds what they unpack to: a small archive can hold gigabytes of the same
// byte.
type unzipper struct {
	zip      *zip.Reader
	names    map[string]*zip.File // the first of each name
	unpacked int64
}

func openArchive(data []byte) (*unzipper, error) {
	// The library makes an entry for each header, and only then says how many there are.
	if bytes.Count(data, []byte("PK\x01\x02")) > maxEntries {
		return nil, fmt.Errorf("is an archive of more than %d files", maxEntries)
	}
	r, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, errors.New("is damaged or cut off: the directory of its archive is missing")
	}
	u := &unzipper{zip: r, names: make(map[string]*zip.File, len(r.File))}
	for _, f := range r.File {
		if u.names[f.Name] == nil {
			u.names[f.Name] = f
		}
	}
	return u, nil
}

// find returns the first file that is wanted, or nil.
func (u *unzipper) find(wanted func(*zip.File) bool) *zip.File {
	for _, f := range u.zip.File {
		if wanted(f) {
			return f
		}
	}
	return nil
}

// encrypted reports whether a file of the archive needs a password.
func (u *unzipper) encrypted() bool {
	return u.find(func(f *zip.File) bool { return f.Flags&1 != 0 }) != nil
}

// read unpacks one file. It returns nil if there is none of that name.
func (u *unzipper) read(name string) ([]byte, error) {
	f := u.names[name]
	if f == nil {
		return nil, nil
	}
	return u.unpack(f)
}

func (u *unzipper) unpack(f *zip.File) ([]byte, error) {
	if f.Flags&1 != 0 {
		return nil, errors.New(encrypted)
	}
	r, err := f.Open()
	if err != nil {
		return nil, fmt.Errorf("is damaged: %s: %w", f.Name, err)
	}
	defer r.Close()
	limit := min(maxEntryBytes, max(maxUnpackedBytes-u.unpacked, 0))
	var data bytes.Buffer
	data.Grow(int(min(f.UncompressedSize64, uint64(limit))) + bytes.MinRead)
	n, err := data.ReadFrom(io.LimitReader(r, limit+1))
	u.unpacked += n
	switch {
	case n > limit && limit < maxEntryBytes:
		return nil, fmt.Errorf("unpacks to more than %d MiB in all: split it", maxUnpackedBytes>>20)
	case n > limit:
		return nil, fmt.Errorf("unpacks to more than %d MiB in one file: split it", maxEntryBytes>>20)
	case err != nil:
		return nil, fmt.Errorf("is damaged: %s: %w", f.Name, err)
	}
	return data.Bytes(), nil
}
