package buckets_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openledger/openledger/content"
	_ "github.com/openledger/openledger/content/buckets"
)

func TestBucketByURL(t *testing.T) {
	ctx := context.Background()
	store, err := content.Open(ctx, "mem://")
	require.NoError(t, err)
	defer store.Close()
	hash, err := store.Put(ctx, []byte("text"))
	require.NoError(t, err)
	held, err := store.Has(ctx, hash)
	require.NoError(t, err)
	require.True(t, held)
	stored, err := store.Get(ctx, hash)
	require.NoError(t, err)
	require.Equal(t, "text", string(stored))
	_, err = store.Get(ctx, [32]byte{1})
	require.ErrorIs(t, err, content.ErrNotFound)

	s3, err := content.Open(ctx, "s3://bucket?region=eu-central-1&endpoint=http%3A%2F%2F127.0.0.1%3A1")
	require.NoError(t, err, "the driver is linked; nothing is asked yet")
	require.NoError(t, s3.Close())
	_, err = content.Open(ctx, "ftp://bucket")
	require.Error(t, err)
}
