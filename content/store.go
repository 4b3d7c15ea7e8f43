// Package content stores files by the SHA-256 of their contents, in a directory or in a bucket. It never returns a file
// whose contents do not have the hash.
package content

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"gocloud.dev/blob"
	"gocloud.dev/blob/fileblob"
	"gocloud.dev/gcerrors"
)

// MaxBytes is the largest size of a stored file, which is that of the largest segment file.
const MaxBytes = 16 << 20

// Errors of the store.
var (
	ErrNotFound = errors.New("content not found")
	ErrCorrupt  = errors.New("stored content does not have its hash")
	ErrTooLarge = errors.New("content is too large")
)

// Store keeps files by hash.
type Store struct{ bucket *blob.Bucket }

// Open opens a store: a directory, which is made if it is missing, or the URL of a bucket whose driver is linked, such
// as file:///var/lib/content.
func Open(ctx context.Context, location string) (*Store, error) {
	if strings.Contains(location, "://") {
		parsed, err := url.Parse(location)
		if err != nil {
			return nil, fmt.Errorf("content store %q: %w", location, err)
		}
		if parsed.Scheme != fileblob.Scheme {
			bucket, err := blob.OpenBucket(ctx, location)
			if err != nil {
				return nil, fmt.Errorf("content store %q: %w", location, err)
			}
			return &Store{bucket}, nil
		}
		location = parsed.Path
	}
	path, err := filepath.Abs(location)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(path, 0o755); err != nil {
		return nil, fmt.Errorf("content store: %w", err)
	}
	// Files are written next to their place, so that renaming is atomic.
	bucket, err := fileblob.OpenBucket(path, &fileblob.Options{Metadata: fileblob.MetadataDontWrite, NoTempDir: true})
	if err != nil {
		return nil, fmt.Errorf("content store %q: %w", location, err)
	}
	return &Store{bucket}, nil
}

// Close releases the store.
func (s *Store) Close() error { return s.bucket.Close() }

// Put stores content and returns its hash. Content that is there already is
// not written again.
func (s *Store) Put(ctx context.Context, content []byte) ([32]byte, error) {
	hash := sha256.Sum256(content)
	if len(content) > MaxBytes {
		return hash, fmt.Errorf("%w: %d bytes, at most %d", ErrTooLarge, len(content), MaxBytes)
	}
	if stored, err := s.Get(ctx, hash); err == nil && len(stored) == len(content) {
		return hash, nil
	}
	return hash, s.bucket.WriteAll(ctx, key(hash), content, nil)
}

// Get returns the content with a hash.
func (s *Store) Get(ctx context.Context, hash [32]byte) ([]byte, error) {
	reader, err := s.bucket.NewReader(ctx, key(hash), nil)
	if gcerrors.Code(err) == gcerrors.NotFound {
		return nil, fmt.Errorf("%w: %s", ErrNotFound, key(hash))
	}
	if err != nil {
		return nil, err
	}
	defer reader.Close()
	return Read(reader, hash)
}

// Has reports whether the store has content with a hash, without reading it.
func (s *Store) Has(ctx context.Context, hash [32]byte) (bool, error) {
	return s.bucket.Exists(ctx, key(hash))
}

// Read reads content of a known hash from anywhere, up to MaxBytes.
func Read(reader io.Reader, hash [32]byte) ([]byte, error) {
	content, err := io.ReadAll(io.LimitReader(reader, MaxBytes+1))
	if err != nil {
		return nil, err
	}
	if len(content) > MaxBytes {
		return nil, fmt.Errorf("%w: more than %d bytes", ErrTooLarge, MaxBytes)
	}
	if sha256.Sum256(content) != hash {
		return nil, fmt.Errorf("%w: %s", ErrCorrupt, key(hash))
	}
	return content, nil
}

func key(hash [32]byte) string { return hex.EncodeToString(hash[:]) }
