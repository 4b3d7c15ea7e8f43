package database_test

import (
	"errors"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	bolt "go.etcd.io/bbolt"

	"github.com/openledger/openledger/internal/database"
)

var first, second = []byte("first"), []byte("second")

func TestOpen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "index.db")
	db, err := database.Open(path, [][]byte{first}, nil)
	require.NoError(t, err)
	require.NoError(t, db.Update(func(tx *bolt.Tx) error { return tx.Bucket(first).Put([]byte("a"), []byte("1")) }))
	require.NoError(t, db.Close())

	// An older file gets the buckets that it lacks, and the contents of the others stay.
	db, err = database.Open(path, [][]byte{first, second}, func(tx *bolt.Tx, isNew func([]byte) bool) error {
		require.False(t, isNew(first))
		require.True(t, isNew(second))
		require.Equal(t, "1", string(tx.Bucket(first).Get([]byte("a"))))
		return tx.Bucket(second).Put([]byte("b"), []byte("2"))
	})
	require.NoError(t, err)
	require.NoError(t, db.View(func(tx *bolt.Tx) error {
		require.Equal(t, "2", string(tx.Bucket(second).Get([]byte("b"))))
		return nil
	}))
	require.NoError(t, db.Close())
}

// TestOpenUndoesWhatFailed: after a failure the buckets are new again at the next attempt.
func TestOpenUndoesWhatFailed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "index.db")
	broken := errors.New("broken")
	for range 2 {
		_, err := database.Open(path, [][]byte{first}, func(_ *bolt.Tx, isNew func([]byte) bool) error {
			require.True(t, isNew(first))
			return broken
		})
		require.ErrorIs(t, err, broken)
		require.ErrorContains(t, err, path)
	}
	db, err := database.Open(path, [][]byte{first}, nil)
	require.NoError(t, err, "the file was released")
	require.NoError(t, db.Close())
}

func TestKey(t *testing.T) {
	require.Equal(t, []byte{0, 0, 0, 0, 0, 0, 1, 2}, database.Key(258))
	require.Less(t, string(database.Key(255)), string(database.Key(256)))
}
