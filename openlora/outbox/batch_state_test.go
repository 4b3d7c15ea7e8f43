package outbox_test

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	bolt "go.etcd.io/bbolt"

	"github.com/openledger/openledger/openlora/outbox"
	"github.com/openledger/openledger/openlora/retrieval"
	"github.com/openledger/openledger/poa"
)

func TestBatchStatesAreText(t *testing.T) {
	for _, state := range []outbox.BatchState{
		outbox.BatchPending, outbox.BatchWaiting, outbox.BatchSettled, outbox.BatchRefused,
	} {
		text, err := json.Marshal(state)
		require.NoError(t, err)
		var back outbox.BatchState
		require.NoError(t, json.Unmarshal(text, &back))
		require.Equal(t, state, back)
	}
	var state outbox.BatchState
	require.Error(t, json.Unmarshal([]byte(`"done"`), &state))
	require.Equal(t, "BatchState(9)", outbox.BatchState(9).String())
}

// TestFormOneIsRead: an outbox that kept three fields for the state of a batch goes on where it was.
func TestFormOneIsRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "outbox.db")
	require.NoError(t, open(t, path).Close())
	batches := map[uint64]string{
		1: `{"done":false}`, 2: `{"done":true,"attested":true}`, 3: `{"done":true,"attested":true,"settled":true}`,
		4: `{"done":true}`, 5: `{"done":false,"error":"bad voucher"}`,
		6: `{"done":true,"attested":true,"settled":true,"error":"validators have refused it"}`,
	}
	db, err := bolt.Open(path, 0o600, nil)
	require.NoError(t, err)
	require.NoError(t, db.Update(func(tx *bolt.Tx) error {
		require.NoError(t, tx.Bucket([]byte("meta")).Put([]byte("form"), []byte{1}))
		for seq, fields := range batches {
			key := binary.BigEndian.AppendUint64(nil, seq)
			value := map[string]any{"seq": seq, "message": []byte("as it was sent")}
			require.NoError(t, json.Unmarshal([]byte(fields), &value))
			raw, err := json.Marshal(value)
			require.NoError(t, err)
			require.NoError(t, tx.Bucket([]byte("batches")).Put(key, raw))
		}
		return nil
	}))
	require.NoError(t, db.Close())

	for range 2 { // once changed, it stays as it is
		box := open(t, path)
		for seq, want := range map[uint64]outbox.BatchState{1: outbox.BatchPending, 2: outbox.BatchWaiting,
			3: outbox.BatchSettled, 4: outbox.BatchSettled, 5: outbox.BatchRefused, 6: outbox.BatchRefused} {
			batch, err := box.Batch(seq)
			require.NoError(t, err)
			require.Equal(t, want, batch.State, seq)
			require.Equal(t, []byte("as it was sent"), batch.Message)
		}
		pending, err := box.Pending()
		require.NoError(t, err)
		require.Len(t, pending, 1)
		waiting, err := box.Waiting()
		require.NoError(t, err)
		require.Len(t, waiting, 1)
		refused, err := box.Refused()
		require.NoError(t, err)
		require.Len(t, refused, 2)
		require.NoError(t, box.Close())
	}
}

// counting counts how often answers are attributed.
type counting struct {
	noText
	times int
}

func (c *counting) Attribute(text []byte, refs []retrieval.Ref, query *poa.LoraQuery) (poa.Attribution, error) {
	c.times++
	return c.noText.Attribute(text, refs, query)
}

// TestAttributionIsMadeOnce: the sender takes the attribution that an answer was signed with. After a restart it makes
// the same one again.
func TestAttributionIsMadeOnce(t *testing.T) {
	var sent [2][]byte
	for i, restarts := range []bool{false, true} {
		path := filepath.Join(t.TempDir(), "outbox.db")
		box, text := open(t, path), &counting{}
		state := outbox.Session{ID: session, ModelID: 1, ModelVersion: 1}
		for n := range 2 {
			answer := []byte("an answer of some words")
			att, err := text.Attribute(answer, nil, nil)
			require.NoError(t, err)
			state.N++
			state.Voucher = outbox.Voucher{N: state.N, Signature: []byte{1}}
			require.NoError(t, box.Advance(state, outbox.Call{N: state.N, Answer: string(answer), Attribution: &att,
				Signature: []byte{1}}))
			call, err := box.Call(session, state.N)
			require.NoError(t, err)
			require.Equal(t, &att, call.Attribution, n)
		}
		if restarts {
			require.NoError(t, box.Close())
			box = open(t, path)
		}
		node, made := &fakeNode{}, text.times
		s := sender(box, node)
		s.Library = func(uint64, uint32) (outbox.Library, error) { return text, nil }
		require.NoError(t, s.Round(context.Background()))
		require.Len(t, node.sent, 1)
		sent[i] = node.sent[0].Evidence
		call, err := box.Call(session, 1)
		require.NoError(t, err)
		require.Nil(t, call.Attribution, "it is forgotten when the call is in a batch")
		if restarts {
			made++
		}
		require.Equal(t, made, text.times)
		require.NoError(t, box.Close())
	}
	require.NotEmpty(t, sent[0])
	require.Equal(t, sent[0], sent[1])
}
