// Package artifact keeps the files of models and adapters, which may be large, in a folder, named by their SHA-256. It
// serves them to others, who know the digest from the model version on chain.
//
// A file is written under a temporary name and hashed on the way. It is renamed when it is complete, so that each file
// in the folder had its digest when it was written.
package artifact

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/openledger/openledger/internal/file"
)

// Errors of the store.
var (
	ErrNotFound = errors.New("artifact not found")
	ErrCorrupt  = errors.New("the artifact does not have its digest")
	ErrTooLarge = errors.New("the artifact is too large")
)

const (
	incoming = "incoming-" // prefix of files that are being written
	// staleAfter is the age at which an unfinished file must belong to a process that is gone.
	staleAfter = 24 * time.Hour
)

// Store is a folder of artifacts. Several processes may use one folder at the same time.
type Store struct{ folder string }

// Open opens a folder, and makes it if it is missing.
func Open(folder string) (*Store, error) {
	folder, err := filepath.Abs(folder)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return nil, fmt.Errorf("artifacts: %w", err)
	}
	left, err := filepath.Glob(filepath.Join(folder, incoming+"*"))
	if err != nil {
		return nil, err
	}
	for _, path := range left {
		if info, err := os.Stat(path); err == nil && time.Since(info.ModTime()) > staleAfter {
			_ = os.Remove(path)
		}
	}
	return &Store{folder}, nil
}

// Path returns the path at which the artifact with a digest is, or would be.
func (s *Store) Path(digest [32]byte) string {
	return filepath.Join(s.folder, hex.EncodeToString(digest[:]))
}

// Find returns the path and the size of an artifact in bytes, without reading it, or ErrNotFound.
func (s *Store) Find(digest [32]byte) (path string, size int64, err error) {
	path = s.Path(digest)
	info, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) || err == nil && !info.Mode().IsRegular() {
		return "", 0, fmt.Errorf("%w: %x", ErrNotFound, digest)
	}
	if err != nil {
		return "", 0, err
	}
	return path, info.Size(), nil
}

// Check reads an artifact and compares it with its digest. It removes a damaged artifact and returns ErrCorrupt.
func (s *Store) Check(ctx context.Context, digest [32]byte) (path string, size int64, err error) {
	path, size, err = s.Find(digest)
	if err != nil {
		return "", 0, err
	}
	file, err := os.Open(path)
	if err != nil {
		return "", 0, err
	}
	defer file.Close()
	hash := sha256.New()
	if _, err := io.Copy(hash, reader{ctx, file}); err != nil {
		return "", 0, err
	}
	if [32]byte(hash.Sum(nil)) != digest {
		return "", 0, errors.Join(fmt.Errorf("%w: %s", ErrCorrupt, path), os.Remove(path))
	}
	return path, size, nil
}

// Put stores what it reads from from, at most max bytes, and returns its digest and its size in bytes.
func (s *Store) Put(ctx context.Context, from io.Reader, max int64) (digest [32]byte, size int64, err error) {
	w, err := s.Writer(max)
	if err != nil {
		return digest, 0, err
	}
	defer w.Abort()
	if _, err := io.Copy(w, reader{ctx, from}); err != nil {
		return digest, 0, err
	}
	digest = w.Digest()
	return digest, w.size, w.Commit(digest)
}

// PutFile is Put for a file.
func (s *Store) PutFile(ctx context.Context, path string, max int64) (digest [32]byte, size int64, err error) {
	file, err := os.Open(path)
	if err != nil {
		return digest, 0, err
	}
	defer file.Close()
	return s.Put(ctx, file, max)
}

// Remove removes an artifact. It is no error if the artifact is not there.
func (s *Store) Remove(digest [32]byte) error {
	err := os.Remove(s.Path(digest))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

// Writer writes an artifact to the store. The caller must call Commit or Abort.
type Writer struct {
	store *Store
	file  *os.File
	hash  hash.Hash
	size  int64
	max   int64
}

// Writer begins an artifact of at most max bytes.
func (s *Store) Writer(max int64) (*Writer, error) {
	file, err := os.CreateTemp(s.folder, incoming+"*")
	if err != nil {
		return nil, err
	}
	return &Writer{store: s, file: file, hash: sha256.New(), max: max}, nil
}

// Write implements io.Writer.
func (w *Writer) Write(piece []byte) (int, error) {
	if w.size+int64(len(piece)) > w.max {
		return 0, fmt.Errorf("%w: more than %d bytes", ErrTooLarge, w.max)
	}
	n, err := w.file.Write(piece)
	w.size += int64(n)
	_, _ = w.hash.Write(piece[:n])
	return n, err
}

// Size returns the number of bytes written.
func (w *Writer) Size() int64 { return w.size }

// Digest returns the SHA-256 of what was written.
func (w *Writer) Digest() [32]byte { return [32]byte(w.hash.Sum(nil)) }

// Commit stores the artifact if it has the given digest, and returns ErrCorrupt otherwise.
func (w *Writer) Commit(digest [32]byte) error {
	if got := w.Digest(); got != digest {
		return fmt.Errorf("%w: it has %x, %x is wanted", ErrCorrupt, got, digest)
	}
	if err := w.file.Sync(); err != nil {
		return err
	}
	if err := w.file.Chmod(0o644); err != nil {
		return err
	}
	if err := w.file.Close(); err != nil {
		return err
	}
	return file.Rename(w.file.Name(), w.store.Path(digest))
}

// Abort removes an artifact that was not committed. It does nothing after Commit.
func (w *Writer) Abort() {
	_ = w.file.Close()
	_ = os.Remove(w.file.Name())
}

// reader is a reader that ends with a context.
type reader struct {
	ctx  context.Context
	from io.Reader
}

func (r reader) Read(into []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.from.Read(into)
}

// ParseDigest reads 32 bytes in hex.
func ParseDigest(text string) (digest [32]byte, err error) {
	raw, err := hex.DecodeString(text)
	if err != nil || len(raw) != len(digest) || strings.ToLower(text) != text {
		return digest, fmt.Errorf("%q is no digest: give 64 characters of 0 to 9 and a to f", text)
	}
	return [32]byte(raw), nil
}
