package content_test

import (
	"context"
	"encoding/hex"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openledger/openledger/content"
)

func TestPutAndGet(t *testing.T) {
	ctx, dir := context.Background(), filepath.Join(t.TempDir(), "new")
	store, err := content.Open(ctx, dir)
	require.NoError(t, err)
	defer store.Close()

	hash, err := store.Put(ctx, []byte("text"))
	require.NoError(t, err)
	again, err := store.Put(ctx, []byte("text"))
	require.NoError(t, err)
	require.Equal(t, hash, again)
	got, err := store.Get(ctx, hash)
	require.NoError(t, err)
	require.Equal(t, "text", string(got))

	_, err = store.Get(ctx, [32]byte{1})
	require.ErrorIs(t, err, content.ErrNotFound)
}

func TestCorruptContentIsNotReturnedAndIsRepaired(t *testing.T) {
	ctx, dir := context.Background(), t.TempDir()
	store, err := content.Open(ctx, "file://"+dir)
	require.NoError(t, err)
	defer store.Close()
	hash, err := store.Put(ctx, []byte("text"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, hex.EncodeToString(hash[:])), []byte("tampered"), 0o600))
	_, err = store.Get(ctx, hash)
	require.ErrorIs(t, err, content.ErrCorrupt)
	_, err = store.Put(ctx, []byte("text"))
	require.NoError(t, err)
	_, err = store.Get(ctx, hash)
	require.NoError(t, err)
}

func TestLimits(t *testing.T) {
	ctx := context.Background()
	store, err := content.Open(ctx, t.TempDir())
	require.NoError(t, err)
	defer store.Close()
	_, err = store.Put(ctx, make([]byte, content.MaxBytes+1))
	require.ErrorIs(t, err, content.ErrTooLarge)
	_, err = content.Open(ctx, "unknown://bucket")
	require.Error(t, err)
}
