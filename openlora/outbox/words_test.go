package outbox_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openledger/openledger/openlora/outbox"
	"github.com/openledger/openledger/openlora/retrieval"
	"github.com/openledger/openledger/poa"
)

// TestWords: what was sent of an answer is read again after the process ended, until the call has an outcome. A call
// without a word is a gap.
func TestWords(t *testing.T) {
	path := filepath.Join(t.TempDir(), "outbox.db")
	box := open(t, path)
	other := poa.LeafHash([]byte("another session"))
	start := func(id poa.Hash) outbox.Session {
		state := outbox.Session{ID: id, N: 1}
		require.NoError(t, box.Advance(state, outbox.Call{N: 1, Started: true}))
		return state
	}
	start(session)
	start(other)
	retrieved := []retrieval.Ref{{Rank: 7, Index: 2}}
	words := box.Words(session, 1, 5, retrieved)
	require.NoError(t, words.Add("Häma"))
	require.NoError(t, words.Add("tom \n and \xe4")) // the end of a piece that was written in part
	require.NoError(t, box.Words(other, 1, 5, nil).Add(" ..."))
	require.NoError(t, os.WriteFile(filepath.Join(path+".words", "note.txt"), []byte("of somebody else"), 0o600))
	require.NoError(t, box.Close())

	box = open(t, path)
	all, err := box.AllUnfinished()
	require.NoError(t, err)
	require.Len(t, all, 1)
	read, err := box.Unfinished(session, 1)
	require.NoError(t, err)
	require.Equal(t, all[0], read)
	require.Equal(t, "Hämatom \n and ", read.Text)
	require.Equal(t, retrieved, read.Retrieved)
	require.EqualValues(t, 5, read.InputTokens)
	call, err := box.Call(session, 1)
	require.NoError(t, err)
	require.True(t, call.Started)
	call, err = box.Call(other, 1)
	require.NoError(t, err)
	require.True(t, call.Gap, "nothing that can be charged was sent")

	require.NoError(t, box.Advance(outbox.Session{ID: session, N: 1}, outbox.Call{N: 1, Answer: read.Text}))
	_, err = box.Unfinished(session, 1)
	require.ErrorIs(t, err, outbox.ErrNotFound)
	files, err := os.ReadDir(path + ".words")
	require.NoError(t, err)
	require.Len(t, files, 1, "what belongs to calls with an outcome is removed, and nothing else")

	// The process may end between the outcome and the removal.
	require.NoError(t, box.Words(session, 1, 5, nil).Add("words"))
	require.NoError(t, box.Close())
	box = open(t, path)
	defer box.Close()
	_, err = box.Unfinished(session, 1)
	require.ErrorIs(t, err, outbox.ErrNotFound)
}
