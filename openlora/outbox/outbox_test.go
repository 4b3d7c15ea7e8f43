package outbox_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/openlora/chain"
	"github.com/openledger/openledger/openlora/outbox"
	"github.com/openledger/openledger/openlora/retrieval"
	"github.com/openledger/openledger/poa"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
)

// fakeNode records what it is sent, and fails as told.
type fakeNode struct {
	sent   []*attributiontypes.MsgSubmitReceipts
	fail   error
	status attributiontypes.Session

	batch       attributiontypes.BatchStatus
	resubmitted []uint64

	failAttested error // batches without evidence
}

func (n *fakeNode) Submit(_ context.Context, msg *attributiontypes.MsgSubmitReceipts) (outbox.Recorded, error) {
	if n.fail != nil {
		return outbox.Recorded{}, n.fail
	}
	if msg.Attested() && n.failAttested != nil {
		return outbox.Recorded{}, n.failAttested
	}
	n.sent = append(n.sent, msg)
	return outbox.Recorded{BatchID: uint64(len(n.sent)), Height: 9, TxHash: "AB"}, nil
}

func (n *fakeNode) BatchStatus(context.Context, uint64) (attributiontypes.BatchStatus, error) {
	return n.batch, nil
}

func (n *fakeNode) Resubmit(_ context.Context, msg *attributiontypes.MsgResubmitBatch) error {
	n.resubmitted = append(n.resubmitted, msg.BatchId)
	return nil
}

func (n *fakeNode) Session(context.Context, poa.Hash) (attributiontypes.Session, error) {
	return n.status, nil
}

var testProvider = sdk.AccAddress("provider of the test").String()

var session = poa.LeafHash([]byte("session"))

func open(t *testing.T, path string) *outbox.Outbox {
	t.Helper()
	box, err := outbox.Open(path)
	require.NoError(t, err)
	return box
}

func sender(box *outbox.Outbox, node outbox.Node) *outbox.Sender {
	return &outbox.Sender{
		Outbox: box, Node: node, Provider: testProvider, Log: slog.New(slog.DiscardHandler), MaxReceipts: 100, MaxEvidence: 1 << 19,
		Library: func(uint64, uint32) (*retrieval.Library, error) { return nil, nil },
	}
}

// gap advances a session by a call without an answer.
func gap(t *testing.T, box *outbox.Outbox, state outbox.Session, started bool) outbox.Session {
	t.Helper()
	call := poa.LeafHash([]byte{byte(state.N)})
	state.N++
	state.Head = poa.NextHash(state.Head, call, state.Last)
	state.Voucher = outbox.Voucher{N: state.N, Call: call, Signature: []byte{byte(state.N)}}
	require.NoError(t, box.Advance(state, outbox.Call{N: state.N, Hash: call, Gap: !started, Started: started, Signature: state.Voucher.Signature}))
	return state
}

func TestAcknowledgedCallsAreSubmittedOnceAcrossCrashes(t *testing.T) {
	ctx, path, node := context.Background(), filepath.Join(t.TempDir(), "outbox.db"), &fakeNode{fail: errors.New("no connection")}
	box := open(t, path)
	state := gap(t, box, outbox.Session{ID: session, ModelID: 1, ModelVersion: 1}, false)
	state = gap(t, box, state, false)
	require.NoError(t, box.Close())

	box = open(t, path) // before the batch was formed
	require.ErrorContains(t, sender(box, node).Round(ctx), "no connection")
	pending, err := box.Pending()
	require.NoError(t, err)
	require.Len(t, pending, 1)
	require.NoError(t, box.Close())

	box = open(t, path) // after it was stored, before it was sent
	node.fail = nil
	require.NoError(t, sender(box, node).Round(ctx))
	require.NoError(t, sender(box, node).Round(ctx))
	require.Len(t, node.sent, 1)
	require.EqualValues(t, pending[0].Seq, node.sent[0].ProviderSeq)
	require.EqualValues(t, 2, node.sent[0].Sessions[0].Calls)
	receipts, err := poa.UnmarshalReceipts(node.sent[0].Receipts, 10)
	require.NoError(t, err)
	require.Len(t, receipts, 1, "the last call is not acknowledged yet")

	gap(t, box, state, false)
	require.NoError(t, sender(box, node).Round(ctx))
	require.Len(t, node.sent, 2)
	require.Greater(t, node.sent[1].ProviderSeq, node.sent[0].ProviderSeq)
	require.NoError(t, box.Close())
}

func TestStartedCallBecomesAGapAfterACrash(t *testing.T) {
	path := filepath.Join(t.TempDir(), "outbox.db")
	box := open(t, path)
	gap(t, box, outbox.Session{ID: session}, true)
	require.NoError(t, box.Close())
	box = open(t, path)
	defer box.Close()
	call, err := box.Call(session, 1)
	require.NoError(t, err)
	require.True(t, call.Gap)
	require.False(t, call.Started)
}

func TestRefusedBatchIsKeptAndStopsItsSession(t *testing.T) {
	ctx := context.Background()
	refused := &chain.RefusedError{Codespace: attributiontypes.ModuleName, Code: attributiontypes.ErrVoucher.ABCICode(), Log: "bad voucher"}
	require.ErrorIs(t, refused, attributiontypes.ErrVoucher)
	box, node := open(t, filepath.Join(t.TempDir(), "outbox.db")), &fakeNode{fail: refused}
	defer box.Close()
	state := gap(t, box, outbox.Session{ID: session}, false)
	gap(t, box, state, false)
	require.NoError(t, sender(box, node).Round(ctx))
	kept, err := box.Refused()
	require.NoError(t, err)
	require.Len(t, kept, 1)
	broken, err := box.Session(session)
	require.NoError(t, err)
	require.Contains(t, broken.Broken, "bad voucher")
	node.fail = nil
	require.NoError(t, sender(box, node).Round(ctx))
	require.Empty(t, node.sent)
}

func TestPausedChainIsWaitedFor(t *testing.T) {
	ctx := context.Background()
	paused := &chain.RefusedError{Codespace: attributiontypes.ModuleName, Code: attributiontypes.ErrPaused.ABCICode()}
	box, node := open(t, filepath.Join(t.TempDir(), "outbox.db")), &fakeNode{fail: paused}
	defer box.Close()
	state := gap(t, box, outbox.Session{ID: session}, false)
	gap(t, box, state, false)
	require.ErrorIs(t, sender(box, node).Round(ctx), attributiontypes.ErrPaused)
	node.fail = nil
	require.NoError(t, sender(box, node).Round(ctx))
	require.Len(t, node.sent, 1)
}

func TestSecondProcessIsRefused(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for the file lock")
	}
	path := filepath.Join(t.TempDir(), "outbox.db")
	box := open(t, path)
	defer box.Close()
	_, err := outbox.Open(path)
	require.ErrorContains(t, err, "another gateway")
}

// TestAttestedBatch: the evidence is pushed before the batch is sent, an expired batch is pushed and sent once more, and a final one is
// left alone.
func TestAttestedBatch(t *testing.T) {
	ctx := context.Background()
	box, node := open(t, filepath.Join(t.TempDir(), "outbox.db")), &fakeNode{batch: attributiontypes.BATCH_STATUS_OPEN}
	defer box.Close()
	pushed := 0
	attestor := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		require.NoError(t, err)
		bundle, err := poa.UnmarshalBundle(body, 10)
		require.NoError(t, err)
		require.Equal(t, "/v1/bundles/"+bundle.Evidence.Root().String(), r.URL.Path)
		pushed++
		w.WriteHeader(http.StatusNoContent)
	}))
	defer attestor.Close()
	s := sender(box, node)
	s.Attested, s.Attestors = true, []string{attestor.URL, "http://127.0.0.1:1"}
	state := gap(t, box, outbox.Session{ID: session}, false)
	gap(t, box, state, false)
	full := &chain.RefusedError{Codespace: attributiontypes.ModuleName, Code: attributiontypes.ErrWindowFull.ABCICode()}
	node.fail = full
	require.ErrorIs(t, s.Round(ctx), attributiontypes.ErrWindowFull, "it is tried again")
	node.fail = nil
	require.NoError(t, s.Round(ctx))
	require.Equal(t, 2, pushed)
	require.Len(t, node.sent, 1)
	require.Empty(t, node.sent[0].Evidence)
	require.Len(t, node.sent[0].BundleRoot, 32)
	require.NotZero(t, node.sent[0].BundleBytes)
	waiting, err := box.Waiting()
	require.NoError(t, err)
	require.Len(t, waiting, 1)

	node.batch = attributiontypes.BATCH_STATUS_EXPIRED
	require.NoError(t, s.Round(ctx))
	require.Len(t, node.resubmitted, 1)
	require.Equal(t, 3, pushed)
	node.batch = attributiontypes.BATCH_STATUS_FINAL
	require.NoError(t, s.Round(ctx))
	waiting, err = box.Waiting()
	require.NoError(t, err)
	require.Empty(t, waiting)
}

// TestAttestationSwitchedOff: a batch that was formed for attestors is sent with its evidence.
func TestAttestationSwitchedOff(t *testing.T) {
	ctx := context.Background()
	off := &chain.RefusedError{Codespace: attributiontypes.ModuleName, Code: attributiontypes.ErrAttestation.ABCICode()}
	box, node := open(t, filepath.Join(t.TempDir(), "outbox.db")), &fakeNode{failAttested: off}
	defer box.Close()
	s := sender(box, node)
	s.Attested = true
	state := gap(t, box, outbox.Session{ID: session}, false)
	gap(t, box, state, false)
	require.NoError(t, s.Round(ctx))
	require.Len(t, node.sent, 1)
	require.False(t, node.sent[0].Attested())
	require.NotEmpty(t, node.sent[0].Evidence)
}
