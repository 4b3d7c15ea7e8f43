package data_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openledger/openledger/cmd/openledgerd/data"
	datanettypes "github.com/openledger/openledger/x/datanet/types"
)

// TestStore: what is saved is loaded again, by its owner alone, until it is removed.
func TestStore(t *testing.T) {
	store := data.Store{Dir: filepath.Join(t.TempDir(), "home", "pending")}
	root := make([]byte, 32)
	none, err := store.Load(root, "alice")
	require.NoError(t, err)
	require.Nil(t, none)

	pending := data.Pending{Contributor: "alice", Hash: []byte{1}, Reveal: datanettypes.RevealItem{Root: root, Salt: []byte("salt")}}
	require.NoError(t, store.Save(pending))
	pending.CommitTx = "A1B2"
	require.NoError(t, store.Save(pending), "it is saved again when the chain has the commit")
	loaded, err := store.Load(root, "alice")
	require.NoError(t, err)
	require.Equal(t, pending, *loaded)
	other, err := store.Load(root, "bob")
	require.NoError(t, err)
	require.Nil(t, other, "one text can be on its way for two contributors")

	entries, err := os.ReadDir(store.Dir)
	require.NoError(t, err)
	require.Len(t, entries, 1)
	info, err := entries[0].Info()
	require.NoError(t, err)
	require.EqualValues(t, 0o600, info.Mode().Perm())

	// A damaged file is named, and not taken for none: its salt may be read by hand.
	path := filepath.Join(store.Dir, entries[0].Name())
	require.NoError(t, os.WriteFile(path, []byte(`{"contributor":`), 0o600))
	_, err = store.Load(root, "alice")
	require.ErrorContains(t, err, path)
	require.NoError(t, store.Remove(pending))
	none, err = store.Load(root, "alice")
	require.NoError(t, err)
	require.Nil(t, none)
}
