package artifact_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openledger/openledger/content/artifact"
)

// TestStore: what is stored is found by its digest; what is damaged, too large or broken off is not.
func TestStore(t *testing.T) {
	ctx, folder := context.Background(), t.TempDir()
	stale := filepath.Join(folder, "incoming-1")
	require.NoError(t, os.WriteFile(stale, []byte("x"), 0o600))
	require.NoError(t, os.Chtimes(stale, time.Time{}, time.Now().Add(-48*time.Hour)))
	store, err := artifact.Open(folder)
	require.NoError(t, err)
	require.NoFileExists(t, stale)

	text := bytes.Repeat([]byte("weights "), 1000)
	want := sha256.Sum256(text)
	_, _, err = store.Find(want)
	require.ErrorIs(t, err, artifact.ErrNotFound)
	digest, size, err := store.Put(ctx, bytes.NewReader(text), int64(len(text)))
	require.NoError(t, err)
	require.Equal(t, want, digest)
	require.EqualValues(t, len(text), size)
	path, size, err := store.Check(ctx, digest)
	require.NoError(t, err)
	require.EqualValues(t, len(text), size)
	again, _, err := store.PutFile(ctx, path, int64(len(text)))
	require.NoError(t, err)
	require.Equal(t, digest, again)

	_, _, err = store.Put(ctx, bytes.NewReader(text), int64(len(text))-1)
	require.ErrorIs(t, err, artifact.ErrTooLarge)
	w, err := store.Writer(10)
	require.NoError(t, err)
	_, err = w.Write([]byte("other"))
	require.NoError(t, err)
	require.ErrorIs(t, w.Commit(digest), artifact.ErrCorrupt)
	w.Abort()
	over, cancel := context.WithCancel(ctx)
	cancel()
	_, _, err = store.Put(over, bytes.NewReader(text), 1<<20)
	require.ErrorIs(t, err, context.Canceled)
	left, err := filepath.Glob(filepath.Join(folder, "incoming-*"))
	require.NoError(t, err)
	require.Empty(t, left)

	require.NoError(t, os.WriteFile(path, text[1:], 0o600))
	_, _, err = store.Check(ctx, digest)
	require.ErrorIs(t, err, artifact.ErrCorrupt)
	_, _, err = store.Find(digest)
	require.ErrorIs(t, err, artifact.ErrNotFound, "a damaged artifact is removed")
	require.NoError(t, store.Remove(digest))
}

// TestHandler: artifacts are served whole and in parts, and nothing else of the folder is.
func TestHandler(t *testing.T) {
	folder := t.TempDir()
	store, err := artifact.Open(folder)
	require.NoError(t, err)
	text := []byte("0123456789")
	digest, _, err := store.Put(context.Background(), bytes.NewReader(text), 100)
	require.NoError(t, err)
	mux := http.NewServeMux()
	mux.Handle("GET "+artifact.Route+"{sha256}", store.Handler(1))
	server := httptest.NewServer(mux)
	defer server.Close()
	get := func(path, ranges string) (int, string) {
		request, err := http.NewRequest(http.MethodGet, server.URL+path, http.NoBody)
		require.NoError(t, err)
		if ranges != "" {
			request.Header.Set("Range", ranges)
		}
		response, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		return response.StatusCode, string(body)
	}
	location := strings.TrimPrefix(artifact.Location(server.URL+"/", digest), server.URL)
	status, body := get(location, "")
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, string(text), body)
	status, body = get(location, "bytes=4-5")
	require.Equal(t, http.StatusPartialContent, status)
	require.Equal(t, "45", body)
	for _, path := range []string{
		artifact.Route + strings.Repeat("0", 64), artifact.Route + strings.ToUpper(hex.EncodeToString(digest[:])),
		artifact.Route + "..%2f" + hex.EncodeToString(digest[:]), artifact.Route + "incoming-1", artifact.Route,
	} {
		status, body = get(path, "")
		require.GreaterOrEqual(t, status, 400, path)
		require.NotContains(t, body, string(text))
	}
}
