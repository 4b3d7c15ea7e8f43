package commit

import (
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	bolt "go.etcd.io/bbolt"
)

// Writes that come while the file is busy are flushed together; one that fails fails alone.
func TestWritesShareAFlush(t *testing.T) {
	db, err := bolt.Open(filepath.Join(t.TempDir(), "db"), 0o600, &bolt.Options{Timeout: time.Second})
	require.NoError(t, err)
	t.Cleanup(func() { db.Close() })
	name, failed := []byte("b"), errors.New("failed")
	require.NoError(t, db.Update(func(tx *bolt.Tx) error { _, err := tx.CreateBucket(name); return err }))
	for _, failing := range []bool{false, true} {
		c := NewQueue(db)
		blocker, err := db.Begin(true)
		require.NoError(t, err)
		const writes = 50
		var work sync.WaitGroup
		for i := range writes {
			work.Go(func() {
				err := c.Update(func(tx *bolt.Tx) error {
					if failing && i == 7 {
						return failed
					}
					return tx.Bucket(name).Put(fmt.Appendf(nil, "%v %d", failing, i), []byte{1})
				})
				if failing && i == 7 {
					require.ErrorIs(t, err, failed)
				} else {
					require.NoError(t, err)
				}
			})
		}
		require.Eventually(t, func() bool {
			c.mu.Lock()
			defer c.mu.Unlock()
			return len(c.waiting) == writes-1 // the first one waits for the file
		}, 10*time.Second, time.Millisecond)
		before := blocker.ID()
		require.NoError(t, blocker.Rollback())
		work.Wait()
		require.NoError(t, db.View(func(tx *bolt.Tx) error {
			for i := range writes {
				require.Equal(t, failing && i == 7, tx.Bucket(name).Get(fmt.Appendf(nil, "%v %d", failing, i)) == nil)
			}
			if !failing {
				require.LessOrEqual(t, tx.ID()-before, 2)
			}
			return nil
		}))
		require.False(t, c.busy)
		require.Empty(t, c.waiting)
	}
}

// Many that write one after another all get their turn.
func TestWritesTakeTurns(t *testing.T) {
	db, err := bolt.Open(filepath.Join(t.TempDir(), "db"), 0o600, &bolt.Options{Timeout: time.Second, NoSync: true})
	require.NoError(t, err)
	t.Cleanup(func() { db.Close() })
	c := NewQueue(db)
	var work sync.WaitGroup
	for writer := range 2 * maxTogether {
		work.Go(func() {
			for i := range 3 {
				require.NoError(t, c.Update(func(tx *bolt.Tx) error {
					bucket, err := tx.CreateBucketIfNotExists([]byte("b"))
					if err != nil {
						return err
					}
					return bucket.Put(fmt.Appendf(nil, "%d %d", writer, i), nil)
				}))
			}
		})
	}
	work.Wait()
	require.NoError(t, db.View(func(tx *bolt.Tx) error {
		require.Equal(t, 6*maxTogether, tx.Bucket([]byte("b")).Stats().KeyN)
		return nil
	}))
}
