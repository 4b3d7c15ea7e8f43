package outbox_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openledger/openledger/openlora/outbox"
)

// A response is there for a client that asks again, until its call is asked anew.
func TestResponsesAreKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "outbox.db")
	box := open(t, path)
	call := outbox.Call{N: 1, Answer: "Hair grows.", Response: []byte(`{"id":"1"}`)}
	require.NoError(t, box.Advance(outbox.Session{ID: session, N: 1}, call))
	require.NoError(
		t, box.AddBatch(outbox.Batch{Seq: 1, Parts: []outbox.Part{{Session: session, First: 1, Last: 1}}}, nil))
	require.NoError(t, box.Close())
	box = open(t, path)
	defer box.Close()
	kept, err := box.Call(session, 1)
	require.NoError(t, err)
	require.JSONEq(t, `{"id":"1"}`, string(kept.Response))
	require.EqualValues(t, 1, kept.Seq)
	call.Response, call.Started = nil, true
	require.NoError(t, box.Advance(outbox.Session{ID: session, N: 1}, call))
	kept, err = box.Call(session, 1)
	require.NoError(t, err)
	require.Nil(t, kept.Response)
	_, err = box.Call(session, 2)
	require.ErrorIs(t, err, outbox.ErrNotFound)
}
