package retrieval

import (
	"context"
	"crypto/sha256"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openledger/openledger/content"
	guarded "github.com/openledger/openledger/content/fetch"
	datanettypes "github.com/openledger/openledger/x/datanet/types"
)

// TestContributorsDoNotChooseWhatAGatewayReads: a URI is a stranger's. It is not followed to this machine's services,
// over redirects, or into files, and a pipe does not keep the provider from starting.
func TestContributorsDoNotChooseWhatAGatewayReads(t *testing.T) {
	ctx := context.Background()
	store, err := content.Open(ctx, t.TempDir())
	require.NoError(t, err)
	defer store.Close()
	secret := []byte("what only this machine can read")
	var asked atomic.Int32
	inner := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		_, _ = w.Write(secret)
	}))
	defer inner.Close()
	outer := httptest.NewServer(http.RedirectHandler(inner.URL+"/latest/meta-data/", http.StatusFound))
	defer outer.Close()
	folder := t.TempDir()
	file, pipe := filepath.Join(folder, "secret"), filepath.Join(folder, "pipe")
	require.NoError(t, os.WriteFile(file, secret, 0o600))
	require.NoError(t, syscall.Mkfifo(pipe, 0o600))
	hash := sha256.Sum256(secret)
	registered := func(uri string) datanettypes.Contribution {
		return datanettypes.Contribution{Rank: 1, ContentHash: hash[:], Bytes: uint64(len(secret)), Uri: uri}
	}
	strict, local := guarded.New(guarded.DefaultLimits()), guarded.New(guarded.LocalLimits(true))
	for _, uri := range []string{inner.URL, outer.URL, "file://" + file, "file://" + pipe, "file:///dev/zero"} {
		_, err := fetch(ctx, store, strict, registered(uri))
		require.ErrorIs(t, err, guarded.ErrRefused, uri)
	}
	require.Zero(t, asked.Load(), "nobody was asked")
	for _, uri := range []string{outer.URL, "file://" + pipe, "file:///dev/zero"} {
		_, err := fetch(ctx, store, local, registered(uri))
		require.ErrorIs(t, err, guarded.ErrRefused, uri)
	}
	require.Zero(t, asked.Load(), "a redirect is not followed")

	// What the operator allows is read once, and kept.
	other := registered("file://" + file)
	other.Bytes++
	_, err = fetch(ctx, store, local, other)
	require.ErrorIs(t, err, guarded.ErrRefused, "another size is registered")
	other = registered("file://" + file)
	other.ContentHash = make([]byte, len(hash))
	_, err = fetch(ctx, store, local, other)
	require.ErrorIs(t, err, content.ErrCorrupt)
	got, err := fetch(ctx, store, local, registered(inner.URL))
	require.NoError(t, err)
	require.Equal(t, secret, got)
	got, err = fetch(ctx, store, strict, registered("file://"+file))
	require.NoError(t, err, "it is in the store")
	require.Equal(t, secret, got)
	require.EqualValues(t, 1, asked.Load())
	huge := registered(inner.URL)
	huge.ContentHash, huge.Bytes = make([]byte, len(hash)), 1<<63
	_, err = fetch(ctx, store, local, huge)
	require.ErrorIs(t, err, content.ErrTooLarge)
}
