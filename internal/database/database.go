// Package database opens bbolt files. One process has a file at a time, and the buckets that it needs exist.
package database

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	bolt "go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// ErrInUse reports that another process has the file.
var ErrInUse = errors.New("another process uses the file")

// lockTimeout is the time that Open waits for another process, which may be about to end.
const lockTimeout = 5 * time.Second

// Open opens or creates a file with buckets. Its folder must exist. prepare, if not nil, runs in the transaction that
// creates the buckets: if it returns an error, nothing has changed. isNew tells it which buckets are new.
func Open(path string, buckets [][]byte,
	prepare func(tx *bolt.Tx, isNew func(bucket []byte) bool) error) (*bolt.DB, error) {
	db, err := bolt.Open(path, 0o600, &bolt.Options{Timeout: lockTimeout})
	if errors.Is(err, bolterrors.ErrTimeout) {
		return nil, fmt.Errorf("%s: %w", path, ErrInUse)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	err = db.Update(func(tx *bolt.Tx) error {
		created := make(map[string]bool)
		for _, name := range buckets {
			if tx.Bucket(name) != nil {
				continue
			}
			if _, err := tx.CreateBucket(name); err != nil {
				return err
			}
			created[string(name)] = true
		}
		if prepare == nil {
			return nil
		}
		return prepare(tx, func(bucket []byte) bool { return created[string(bucket)] })
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), db.Close())
	}
	return db, nil
}

// Key returns a number as eight bytes, big endian, so that keys have the order of their numbers.
func Key(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }
