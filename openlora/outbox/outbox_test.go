package outbox_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"testing"

	errorsmod "cosmossdk.io/errors"

	"github.com/stretchr/testify/require"

	sdk "github.com/cosmos/cosmos-sdk/types"
	sdkerrors "github.com/cosmos/cosmos-sdk/types/errors"

	"github.com/openledger/openledger/openlora/chain"
	"github.com/openledger/openledger/openlora/outbox"
	"github.com/openledger/openledger/openlora/retrieval"
	"github.com/openledger/openledger/poa"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
	modelstypes "github.com/openledger/openledger/x/models/types"
)

// fakeNode records what it is sent, and fails as told.
type fakeNode struct {
	sent   []*attributiontypes.MsgSubmitReceipts
	fail   error
	status attributiontypes.Session

	batch       attributiontypes.BatchStatus
	resubmitted []uint64

	failAttested error // batches without evidence
	refuse       func(*attributiontypes.MsgSubmitReceipts) error
	lastSeq      uint64
}

func (n *fakeNode) Submit(_ context.Context, msg *attributiontypes.MsgSubmitReceipts) (outbox.Recorded, error) {
	if n.fail != nil {
		return outbox.Recorded{}, n.fail
	}
	if msg.Attested() && n.failAttested != nil {
		return outbox.Recorded{}, n.failAttested
	}
	if n.refuse != nil {
		if err := n.refuse(msg); err != nil {
			return outbox.Recorded{}, err
		}
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

func (n *fakeNode) LastSeq(context.Context) (uint64, error) { return n.lastSeq, nil }

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
		Outbox: box, Node: node, Provider: testProvider, Log: slog.New(slog.DiscardHandler), MaxReceipts: 100,
		MaxSessions: 100, MaxEvidence: 1 << 19,
		Library: func(uint64, uint32) (outbox.Library, error) { return noText{}, nil },
	}
}

// noText is the text of a model that nobody contributed to.
type noText struct{}

func (noText) Attribute(text []byte, _ []retrieval.Ref, _ *poa.LoraQuery) (poa.Attribution, error) {
	return poa.NewIndex(poa.ProtocolStatistics()).Attribute(poa.Answer{Tokens: poa.TokenIDs(text)})
}

func (noText) Proof(uint64, uint32) (poa.SegmentProof, error) {
	return poa.SegmentProof{}, errors.New("no text")
}

func (noText) Refresh(context.Context) (int64, error) { return 0, nil }

func (noText) Weigh(*poa.Attribution, int64) {}

func (noText) Stopped(int, uint64, uint32) (bool, uint64, error) { return false, 0, nil }

func (noText) Standing(int, uint64) (poa.Standing, error) { return poa.Standing{}, nil }

func (noText) Work(receipt poa.Receipt, evidence poa.Evidence, _ int64) (uint64, error) {
	bundle := poa.Bundle{Receipts: []poa.Receipt{receipt}, Evidence: evidence}
	return bundle.Work(noText{}, poa.ProtocolStatistics(),
		func(int) (*poa.Index, error) { return poa.NewIndex(poa.ProtocolStatistics()), nil }, nil)
}

func (noText) Contribution(uint64) (poa.Contribution, error) {
	return poa.Contribution{}, errors.New("no text")
}

// answered advances a session by a call with an answer.
func answered(t *testing.T, box *outbox.Outbox, state outbox.Session) outbox.Session {
	t.Helper()
	text := fmt.Sprintf("the answer to call %d of %s", state.N+1, state.ID)
	query, key := poa.LeafHash([]byte(text)), poa.LeafHash([]byte("key of "+text))
	call := poa.Call{QueryHash: query, MaxFee: poa.NewAmount(9)}.Hash()
	state.N++
	state.Head = poa.NextHash(state.Head, call, state.Last)
	state.Last = poa.Outcome{AnswerRoot: poa.AnswerRoot(key, poa.TokenIDs([]byte(text))), InputTokens: 1, OutputTokens: 8,
		Fee: poa.NewAmount(5)}
	state.Voucher = outbox.Voucher{N: state.N, Call: call, Signature: []byte{byte(state.N)}}
	require.NoError(t, box.Advance(state, outbox.Call{
		N: state.N, Hash: call, CallKey: key, QueryHash: query, MaxFee: poa.NewAmount(9), Outcome: state.Last, Answer: text,
		Signature: state.Voucher.Signature,
	}))
	return state
}

// begun stores the call that answered goes on with, without an outcome.
func begun(t *testing.T, box *outbox.Outbox, state outbox.Session) {
	t.Helper()
	text := fmt.Sprintf("the answer to call %d of %s", state.N+1, state.ID)
	call := poa.Call{QueryHash: poa.LeafHash([]byte(text)), MaxFee: poa.NewAmount(9)}.Hash()
	state.N++
	state.Head, state.Last = poa.NextHash(state.Head, call, state.Last), poa.Outcome{}
	state.Voucher = outbox.Voucher{N: state.N, Call: call, Signature: []byte{byte(state.N)}}
	require.NoError(
		t, box.Advance(state, outbox.Call{N: state.N, Hash: call, Started: true, Signature: state.Voucher.Signature}))
}

// gap advances a session by a call without an answer.
func gap(t *testing.T, box *outbox.Outbox, state outbox.Session, started bool) outbox.Session {
	t.Helper()
	call := poa.LeafHash([]byte{byte(state.N)})
	state.N++
	state.Head = poa.NextHash(state.Head, call, state.Last)
	state.Voucher = outbox.Voucher{N: state.N, Call: call, Signature: []byte{byte(state.N)}}
	require.NoError(
		t, box.Advance(
			state, outbox.Call{N: state.N, Hash: call, Gap: !started, Started: started, Signature: state.Voucher.Signature}))
	return state
}

func TestAcknowledgedCallsAreSubmittedOnceAcrossCrashes(t *testing.T) {
	ctx, path, node := context.Background(), filepath.Join(t.TempDir(), "outbox.db"),
		&fakeNode{fail: errors.New("no connection")}
	box := open(t, path)
	state := answered(t, box, outbox.Session{ID: session, ModelID: 1, ModelVersion: 1})
	state = answered(t, box, state)
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

	answered(t, box, state)
	require.NoError(t, sender(box, node).Round(ctx))
	require.Len(t, node.sent, 2)
	require.Greater(t, node.sent[1].ProviderSeq, node.sent[0].ProviderSeq)
	require.NoError(t, box.Close())
}

// TestSubmittedWhileTheNextIsAnswered: the voucher of a call acknowledges the one before, which the sender submits
// while the engine still works. The answer that comes then says nothing about that.
func TestSubmittedWhileTheNextIsAnswered(t *testing.T) {
	ctx, node := context.Background(), &fakeNode{}
	box := open(t, filepath.Join(t.TempDir(), "outbox.db"))
	defer box.Close()
	state := answered(t, box, outbox.Session{ID: session, ModelID: 1, ModelVersion: 1})
	for range 3 {
		begun(t, box, state)
		require.NoError(t, sender(box, node).Round(ctx))
		state.Spent = poa.NewAmount(state.N)
		state = answered(t, box, state)
		require.NoError(t, sender(box, node).Round(ctx))
	}
	require.Len(t, node.sent, 3)
	for i, msg := range node.sent {
		require.Equal(t, []uint64{uint64(i + 1)}, calls(t, msg)[string(session[:])], "each call once")
	}
	stored, err := box.Session(session)
	require.NoError(t, err)
	require.Equal(t, state.Spent, stored.Spent)
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
	refused := &chain.RefusedError{Codespace: attributiontypes.ModuleName, Code: attributiontypes.ErrVoucher.ABCICode(),
		Log: "bad voucher"}
	require.ErrorIs(t, refused, attributiontypes.ErrVoucher)
	box, node := open(t, filepath.Join(t.TempDir(), "outbox.db")), &fakeNode{fail: refused}
	defer box.Close()
	state := answered(t, box, outbox.Session{ID: session})
	answered(t, box, state)
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
	state := answered(t, box, outbox.Session{ID: session})
	answered(t, box, state)
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

// TestAttestedBatch: the evidence is pushed before the batch is sent, an expired batch is pushed and sent once more,
// and a final one is left alone.
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
	state := answered(t, box, outbox.Session{ID: session})
	answered(t, box, state)
	full := &chain.RefusedError{Codespace: attributiontypes.ModuleName, Code: attributiontypes.ErrWindowFull.ABCICode()}
	node.fail = full
	require.ErrorIs(t, s.Round(ctx), attributiontypes.ErrWindowFull, "it is tried again")
	node.fail = nil
	require.NoError(t, s.Round(ctx))
	require.Equal(t, 1, pushed, "not for each attempt")
	require.Len(t, node.sent, 1)
	require.Empty(t, node.sent[0].Evidence)
	require.Len(t, node.sent[0].BundleRoot, 32)
	require.NotZero(t, node.sent[0].BundleBytes)
	require.NotZero(t, node.sent[0].BundleWork)
	require.True(t, node.sent[0].MaxFee.IsPositive(), "no more is burned than the batch is worth")
	waiting, err := box.Waiting()
	require.NoError(t, err)
	require.Len(t, waiting, 1)

	node.batch = attributiontypes.BATCH_STATUS_EXPIRED
	later := sender(box, node) // which has pushed nothing lately
	later.Attested, later.Attestors = true, s.Attestors
	require.NoError(t, later.Round(ctx))
	require.Len(t, node.resubmitted, 1)
	require.Equal(t, 2, pushed)
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
	state := answered(t, box, outbox.Session{ID: session})
	answered(t, box, state)
	require.NoError(t, s.Round(ctx))
	require.Len(t, node.sent, 1)
	require.False(t, node.sent[0].Attested())
	require.NotEmpty(t, node.sent[0].Evidence)
}

// calls of a batch by session, and the vouchers for them.
func calls(t *testing.T, msg *attributiontypes.MsgSubmitReceipts) map[string][]uint64 {
	t.Helper()
	receipts, err := poa.UnmarshalReceipts(msg.Receipts, 1_000)
	require.NoError(t, err)
	out := make(map[string][]uint64)
	for _, receipt := range receipts {
		id := string(msg.Sessions[receipt.Session].SessionId)
		out[id] = append(out[id], receipt.N)
	}
	return out
}

// TestSessionsAreSplitWhereABatchIsFull: each part ends with a voucher for exactly its calls.
func TestSessionsAreSplitWhereABatchIsFull(t *testing.T) {
	ctx, node := context.Background(), &fakeNode{}
	box := open(t, filepath.Join(t.TempDir(), "outbox.db"))
	defer box.Close()
	lengths := map[poa.Hash]uint64{}
	for i, n := range []uint64{3, 8, 1, 5} {
		state := outbox.Session{ID: poa.LeafHash([]byte{byte(i)}), ModelID: 1, ModelVersion: 1}
		lengths[state.ID] = n
		for range n + 1 {
			state = answered(t, box, state)
		}
	}
	s := sender(box, node)
	s.MaxReceipts = 4
	require.NoError(t, s.Round(ctx))
	next := map[string]uint64{}
	for i, msg := range node.sent {
		total := 0
		for session, part := range calls(t, msg) {
			total += len(part)
			for _, n := range part {
				next[session]++
				require.Equal(t, next[session], n, "in order, without holes")
			}
		}
		for _, claim := range msg.Sessions {
			require.Equal(t, next[string(claim.SessionId)]+1, claim.Calls, "the voucher of the call after the last")
			require.Equal(t, []byte{byte(claim.Calls)}, claim.Signature)
		}
		if i < len(node.sent)-1 {
			require.Equal(t, 4, total, "batches are filled")
		}
	}
	for id, n := range lengths {
		require.Equal(t, n, next[string(id[:])])
	}
	require.NoError(t, s.Round(ctx))
	active, err := box.Active()
	require.NoError(t, err)
	require.Len(t, active, 4, "their last calls are not acknowledged yet")
	s.MaxSessions, s.MaxReceipts = 2, 100
	for _, state := range active {
		answered(t, box, state)
	}
	sent := len(node.sent)
	require.NoError(t, s.Round(ctx))
	require.Len(t, node.sent, sent+2)
}

// TestRefusedTogetherSentApart: batches that were formed behind a refused one are undone, too, and nothing is lost or
// sent twice, whenever the process ends.
func TestRefusedTogetherSentApart(t *testing.T) {
	ctx, path := context.Background(), filepath.Join(t.TempDir(), "outbox.db")
	const sessions = 6
	blame := poa.LeafHash([]byte{3})
	node := &fakeNode{fail: errors.New("no connection"), batch: attributiontypes.BATCH_STATUS_FINAL}
	box := open(t, path)
	for i := range sessions {
		state := outbox.Session{ID: poa.LeafHash([]byte{byte(i)}), ModelID: 1, ModelVersion: 1}
		for range 4 {
			state = answered(t, box, state)
		}
	}
	s := sender(box, node)
	s.Attested, s.MaxReceipts = true, 5 // several batches, which share sessions
	require.ErrorContains(t, s.Round(ctx), "no connection")
	pending, err := box.Pending()
	require.NoError(t, err)
	require.Len(t, pending, 4)
	node.fail = nil
	node.refuse = func(msg *attributiontypes.MsgSubmitReceipts) error {
		for _, claim := range msg.Sessions {
			if string(claim.SessionId) == string(blame[:]) {
				return &chain.RefusedError{Codespace: attributiontypes.ModuleName, Code: attributiontypes.ErrVoucher.ABCICode(),
					Log: "bad voucher"}
			}
		}
		return nil
	}
	for range 8 {
		require.NoError(t, sender(box, node).Round(ctx))
		require.NoError(t, box.Close())
		box = open(t, path)
	}
	defer box.Close()
	recorded := map[string]uint64{}
	for _, msg := range node.sent {
		for session, part := range calls(t, msg) {
			for _, n := range part {
				recorded[session]++
				require.Equal(t, recorded[session], n, "once, in order")
			}
		}
	}
	for i := range sessions {
		id := poa.LeafHash([]byte{byte(i)})
		kept, err := box.Session(id)
		require.NoError(t, err)
		if id == blame {
			require.Zero(t, recorded[string(id[:])])
			require.Contains(t, kept.Broken, "bad voucher")
			continue
		}
		require.EqualValues(t, 3, recorded[string(id[:])])
		require.Empty(t, kept.Broken)
	}
	refused, err := box.Refused()
	require.NoError(t, err)
	require.Len(t, refused, 1)
	for _, batch := range pending {
		if slices.ContainsFunc(batch.Parts, func(part outbox.Part) bool { return part.Session == blame }) {
			_, err = box.Bundle(poa.Hash(batch.Bundle))
			require.ErrorIs(t, err, outbox.ErrNotFound, "nobody asks for the evidence of what was undone")
		}
	}
}

// TestSettledIsForgotten after a while, but not what the chain does not have, nor a session that goes on.
func TestSettledIsForgotten(t *testing.T) {
	ctx := context.Background()
	box, node := open(t, filepath.Join(t.TempDir(), "outbox.db")), &fakeNode{batch: attributiontypes.BATCH_STATUS_OPEN}
	defer box.Close()
	node.status.Status = attributiontypes.SESSION_STATUS_OPEN
	state := answered(t, box, answered(t, box, outbox.Session{ID: session, ModelID: 1, ModelVersion: 1}))
	round := func() { // of a new process, which looks at once
		s := sender(box, node)
		s.Attested, s.Keep = true, 1
		require.NoError(t, s.Round(ctx))
	}
	round()
	waiting, err := box.Waiting()
	require.NoError(t, err)
	require.Len(t, waiting, 1)
	round()
	_, err = box.Call(session, 1)
	require.NoError(t, err, "validators have not decided")

	node.batch = attributiontypes.BATCH_STATUS_FINAL
	round()
	_, err = box.Call(session, 1)
	require.ErrorIs(t, err, outbox.ErrNotFound)
	_, err = box.Batch(waiting[0].Seq)
	require.ErrorIs(t, err, outbox.ErrNotFound)
	_, err = box.Bundle(poa.Hash(waiting[0].Bundle))
	require.ErrorIs(t, err, outbox.ErrNotFound)
	_, err = box.Session(session)
	require.NoError(t, err, "it has a call that is not acknowledged")
	_, err = box.Call(session, 2)
	require.NoError(t, err)

	answered(t, box, state)
	round()
	node.status.Status = attributiontypes.SESSION_STATUS_CLOSED
	round()
	round()
	_, err = box.Session(session)
	require.ErrorIs(t, err, outbox.ErrNotFound)
	_, err = box.Call(session, 3)
	require.ErrorIs(t, err, outbox.ErrNotFound)
}

// TestGapsAloneAreNotSent: they would cost the provider a transaction and earn nothing, so they wait for an answer. A
// full batch of them in front of it needs no validators: all such batches would have the same bundle.
func TestGapsAloneAreNotSent(t *testing.T) {
	box, node := open(t, filepath.Join(t.TempDir(), "outbox.db")), &fakeNode{}
	defer box.Close()
	s := sender(box, node)
	s.Attested, s.MaxReceipts = true, 3
	state := outbox.Session{ID: session, ModelID: 1, ModelVersion: 1}
	for range 4 {
		state = gap(t, box, state, false)
		require.NoError(t, s.Round(context.Background()))
	}
	require.Empty(t, node.sent)
	node.status.Status = attributiontypes.SESSION_STATUS_CLOSING
	require.NoError(t, s.Round(context.Background()))
	require.Empty(t, node.sent, "nothing is claimed at the close either")
	node.status.Status = attributiontypes.SESSION_STATUS_OPEN
	answered(t, box, answered(t, box, state))
	require.NoError(t, s.Round(context.Background()))
	require.Len(t, node.sent, 2)
	require.False(t, node.sent[0].Attested())
	require.True(t, node.sent[1].Attested())
	require.Equal(t, []uint64{4, 5}, calls(t, node.sent[1])[string(session[:])])
}

// TestReopen: the last call of a session may be answered once more after it failed, unless a batch says that it did.
func TestReopen(t *testing.T) {
	box, node := open(t, filepath.Join(t.TempDir(), "outbox.db")), &fakeNode{}
	defer box.Close()
	state := gap(t, box, outbox.Session{ID: session, ModelID: 1, ModelVersion: 1}, false)
	call := outbox.Call{N: 1, Hash: state.Voucher.Call, Started: true}
	require.NoError(t, box.Reopen(session, call))
	stored, err := box.Call(session, 1)
	require.NoError(t, err)
	require.True(t, stored.Started)
	other := call
	other.Hash = poa.LeafHash([]byte("other"))
	require.ErrorIs(t, box.Reopen(session, other), outbox.ErrBatched)
	state = answered(t, box, state)
	require.ErrorIs(t, box.Reopen(session, call), outbox.ErrBatched, "it is not the last")
	require.ErrorIs(t, box.Reopen(session, outbox.Call{N: 2, Hash: state.Voucher.Call}), outbox.ErrBatched,
		"it has an answer")
	gap(t, box, state, false)
	require.NoError(t, sender(box, node).Round(t.Context()))
	require.Len(t, node.sent, 1)
}

// TestBatchesHoldTheEvidenceTheyAreFullOf: where the next answer does not fit, the evidence is that of the calls
// before.
func TestBatchesHoldTheEvidenceTheyAreFullOf(t *testing.T) {
	box, node := open(t, filepath.Join(t.TempDir(), "outbox.db")), &fakeNode{}
	defer box.Close()
	for i := range 3 {
		state := outbox.Session{ID: poa.LeafHash([]byte{byte(i)}), ModelID: 1, ModelVersion: 1}
		for range 8 {
			state = answered(t, box, state)
		}
	}
	s := sender(box, node)
	s.MaxEvidence = 250
	require.NoError(t, s.Round(context.Background()))
	require.Greater(t, len(node.sent), 3)
	total := 0
	for _, msg := range node.sent {
		evidence, err := poa.UnmarshalEvidence(msg.Evidence)
		require.NoError(t, err)
		require.LessOrEqual(t, len(msg.Evidence), s.MaxEvidence)
		receipts, err := poa.UnmarshalReceipts(msg.Receipts, 100)
		require.NoError(t, err)
		require.Len(t, evidence.Answers, len(receipts))
		require.NoError(t, poa.VerifyEvidence(receipts, evidence, noText{}, poa.ProtocolStatistics()))
		total += len(receipts)
	}
	require.Equal(t, 3*7, total)
}

// refusal of the chain with an error.
func refusal(err *errorsmod.Error, log string) error {
	return &chain.RefusedError{Codespace: err.Codespace(), Code: err.ABCICode(), Log: log}
}

// two stores two sessions with an acknowledged answer each.
func two(t *testing.T, box *outbox.Outbox) (a, b poa.Hash) {
	t.Helper()
	a, b = poa.LeafHash([]byte("a")), poa.LeafHash([]byte("b"))
	for i, id := range []poa.Hash{a, b} {
		answered(t, box, answered(t, box, outbox.Session{ID: id, ModelID: uint64(i + 1), ModelVersion: 1}))
	}
	return a, b
}

// TestOnlyTheSessionToBlameIsAlone: a refusal names the session that it is for.
func TestOnlyTheSessionToBlameIsAlone(t *testing.T) {
	box, node := open(t, filepath.Join(t.TempDir(), "outbox.db")), &fakeNode{}
	defer box.Close()
	blame, _ := two(t, box)
	for i := range 5 {
		answered(t, box, answered(t, box, outbox.Session{ID: poa.LeafHash([]byte{byte(i)}), ModelID: 1, ModelVersion: 1}))
	}
	node.refuse = func(msg *attributiontypes.MsgSubmitReceipts) error {
		for _, claim := range msg.Sessions {
			if string(claim.SessionId) == string(blame[:]) {
				return refusal(attributiontypes.ErrDeposit, "session "+blame.String()+": fees are above the deposit")
			}
		}
		return nil
	}
	for range 3 {
		require.NoError(t, sender(box, node).Round(context.Background()))
	}
	require.Len(t, node.sent, 1, "the others stay together")
	require.Len(t, node.sent[0].Sessions, 6)
}

// TestWhatMayPassLaterBreaksNoSession: an empty wallet, a node of another version, or an error that nobody thought of.
func TestWhatMayPassLaterBreaksNoSession(t *testing.T) {
	for _, cause := range []*errorsmod.Error{sdkerrors.ErrInsufficientFunds, attributiontypes.ErrEvidence,
		modelstypes.ErrInsufficientBond, sdkerrors.ErrOutOfGas} {
		box, node := open(t, filepath.Join(t.TempDir(), "outbox.db")), &fakeNode{}
		poor, rich := two(t, box)
		node.refuse = func(msg *attributiontypes.MsgSubmitReceipts) error {
			for _, claim := range msg.Sessions {
				if string(claim.SessionId) == string(poor[:]) {
					return refusal(cause, "no")
				}
			}
			return nil
		}
		s := sender(box, node)
		for range 4 {
			_ = s.Round(context.Background())
		}
		for _, id := range []poa.Hash{poor, rich} {
			stored, err := box.Session(id)
			require.NoError(t, err)
			require.Empty(t, stored.Broken, cause.Error())
		}
		if cause != sdkerrors.ErrInsufficientFunds { // that one is everybody's
			require.Len(t, node.sent, 1, cause.Error())
			require.Equal(t, rich[:], node.sent[0].Sessions[0].SessionId)
		}
		node.refuse = nil
		for range 2 {
			require.NoError(t, s.Round(context.Background()))
		}
		recorded := 0
		for _, msg := range node.sent {
			recorded += len(msg.Sessions)
		}
		require.Equal(t, 2, recorded, cause.Error())
		require.NoError(t, box.Close())
	}
}

// TestTooLargeForTheChainNow: batches shrink until they pass, and grow again.
func TestTooLargeForTheChainNow(t *testing.T) {
	box, node := open(t, filepath.Join(t.TempDir(), "outbox.db")), &fakeNode{}
	defer box.Close()
	for i := range 3 {
		state := outbox.Session{ID: poa.LeafHash([]byte{byte(i)}), ModelID: 1, ModelVersion: 1}
		for range 11 {
			state = answered(t, box, state)
		}
	}
	most := 8
	node.refuse = func(msg *attributiontypes.MsgSubmitReceipts) error {
		if receipts, err := poa.UnmarshalReceipts(msg.Receipts, 1_000); err != nil || len(receipts) > most {
			return refusal(attributiontypes.ErrOversize, "too many")
		}
		return nil
	}
	s := sender(box, node)
	total := 0
	for range 6 {
		require.NoError(t, s.Round(context.Background()))
	}
	for _, msg := range node.sent {
		for _, part := range calls(t, msg) {
			total += len(part)
		}
	}
	require.Equal(t, 30, total)
	most = 1_000
	for i := range 3 {
		state, err := box.Session(poa.LeafHash([]byte{byte(i)}))
		require.NoError(t, err)
		for range 10 {
			state = answered(t, box, state)
		}
	}
	sent := len(node.sent)
	require.NoError(t, s.Round(context.Background()))
	require.Less(t, len(node.sent)-sent, 4, "30 calls, of which 8 passed at once before")
}

// TestNumberIsUsed: a batch whose number is used was recorded, or gets another number.
func TestNumberIsUsed(t *testing.T) {
	for name, recorded := range map[string]bool{"recorded": true, "of a lost file": false} {
		t.Run(name, func(t *testing.T) {
			box, node := open(t, filepath.Join(t.TempDir(), "outbox.db")), &fakeNode{lastSeq: 1 << 40}
			defer box.Close()
			two(t, box)
			if recorded {
				node.status.Calls = 1
			}
			node.refuse = func(msg *attributiontypes.MsgSubmitReceipts) error {
				if msg.ProviderSeq <= node.lastSeq {
					return refusal(attributiontypes.ErrSequenceUsed, "used")
				}
				return nil
			}
			for range 3 {
				require.NoError(t, sender(box, node).Round(context.Background()))
			}
			pending, err := box.Pending()
			require.NoError(t, err)
			require.Empty(t, pending)
			if recorded {
				require.Empty(t, node.sent)
				return
			}
			require.Len(t, node.sent, 1)
			require.EqualValues(t, 1<<40+1, node.sent[0].ProviderSeq)
		})
	}
}

// TestTextOfOneModelIsMissing holds up the sessions of that model.
func TestTextOfOneModelIsMissing(t *testing.T) {
	box, node := open(t, filepath.Join(t.TempDir(), "outbox.db")), &fakeNode{}
	defer box.Close()
	_, b := two(t, box)
	s := sender(box, node)
	s.Library = func(model uint64, _ uint32) (outbox.Library, error) {
		if model == 1 {
			return nil, errors.New("gone")
		}
		return noText{}, nil
	}
	require.ErrorContains(t, s.Round(context.Background()), "gone")
	require.Len(t, node.sent, 1)
	require.Equal(t, b[:], node.sent[0].Sessions[0].SessionId)
}

// TestCallThatNeverEndedIsAGap when its client goes on.
func TestCallThatNeverEndedIsAGap(t *testing.T) {
	box, node := open(t, filepath.Join(t.TempDir(), "outbox.db")), &fakeNode{}
	defer box.Close()
	state := gap(t, box, outbox.Session{ID: session, ModelID: 1, ModelVersion: 1}, true)
	answered(t, box, answered(t, box, state))
	require.NoError(t, sender(box, node).Round(context.Background()))
	require.Len(t, node.sent, 1)
	require.Equal(t, []uint64{1, 2}, calls(t, node.sent[0])[string(session[:])])
}

// TestAttachedEvidenceStays: once a batch was sent with its evidence, it is never sent without: the chain may have it.
func TestAttachedEvidenceStays(t *testing.T) {
	box := open(t, filepath.Join(t.TempDir(), "outbox.db"))
	defer box.Close()
	node := &fakeNode{failAttested: refusal(attributiontypes.ErrAttestation, "off")}
	lost := true
	node.refuse = func(*attributiontypes.MsgSubmitReceipts) error {
		if lost {
			return errors.New("no answer in time")
		}
		return nil
	}
	two(t, box)
	s := sender(box, node)
	s.Attested = true
	require.ErrorContains(t, s.Round(context.Background()), "no answer in time")
	lost, node.failAttested = false, nil // it is on again
	require.NoError(t, s.Round(context.Background()))
	require.Len(t, node.sent, 1)
	require.False(t, node.sent[0].Attested())
}

// TestWaitingSessionHoldsUpNoOther, not by its later calls either, nor by a batch that was formed while it waited and
// whose outcome is unknown when it is undone.
func TestWaitingSessionHoldsUpNoOther(t *testing.T) {
	ctx := context.Background()
	box, node := open(t, filepath.Join(t.TempDir(), "outbox.db")), &fakeNode{}
	defer box.Close()
	poor, rich := two(t, box)
	node.refuse = func(msg *attributiontypes.MsgSubmitReceipts) error {
		for _, claim := range msg.Sessions {
			if string(claim.SessionId) == string(poor[:]) {
				return refusal(modelstypes.ErrInsufficientBond, "not enough")
			}
		}
		return nil
	}
	s := sender(box, node)
	for range 40 {
		for _, id := range []poa.Hash{poor, rich} {
			state, err := box.Session(id)
			require.NoError(t, err)
			answered(t, box, state)
		}
		_ = s.Round(ctx)
	}
	recorded := func(id poa.Hash) (n int) {
		for _, msg := range node.sent {
			n += len(calls(t, msg)[string(id[:])])
		}
		return n
	}
	require.Equal(t, 41, recorded(rich))
	require.Zero(t, recorded(poor))
	pending, err := box.Pending()
	require.NoError(t, err)
	require.Len(t, pending, 1)

	// Its number is below those of the others by now, so that it gets another one.
	node.lastSeq = node.sent[len(node.sent)-1].ProviderSeq
	node.refuse = func(msg *attributiontypes.MsgSubmitReceipts) error {
		if msg.ProviderSeq <= node.lastSeq {
			return refusal(attributiontypes.ErrSequenceUsed, "used")
		}
		return nil
	}
	for range 3 {
		require.NoError(t, s.Round(ctx))
	}
	require.Equal(t, 41, recorded(poor))
	require.Equal(t, 41, recorded(rich))
}

// TestHalfOfABatchIsRecorded: the rest is submitted, and no more.
func TestHalfOfABatchIsRecorded(t *testing.T) {
	ctx := context.Background()
	box, node := open(t, filepath.Join(t.TempDir(), "outbox.db")), &fakeNode{lastSeq: 1 << 40}
	defer box.Close()
	state := outbox.Session{ID: session, ModelID: 1, ModelVersion: 1}
	for range 5 {
		state = answered(t, box, state)
	}
	node.status.Calls = 2
	node.refuse = func(msg *attributiontypes.MsgSubmitReceipts) error {
		if calls(t, msg)[string(session[:])][0] != 3 {
			return refusal(attributiontypes.ErrCallOrder, "call 1 where 3 is next")
		}
		return nil
	}
	for range 3 {
		require.NoError(t, sender(box, node).Round(ctx))
	}
	require.Len(t, node.sent, 1)
	require.Equal(t, []uint64{3, 4}, calls(t, node.sent[0])[string(session[:])])
	stored, err := box.Session(session)
	require.NoError(t, err)
	require.Empty(t, stored.Broken)
}
