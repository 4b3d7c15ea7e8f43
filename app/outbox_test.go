package app_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	sdk "github.com/cosmos/cosmos-sdk/types"

	openlorachain "github.com/openledger/openledger/openlora/chain"
	"github.com/openledger/openledger/openlora/outbox"
	"github.com/openledger/openledger/openlora/retrieval"
	"github.com/openledger/openledger/poa"
	"github.com/openledger/openledger/testutil/chain"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
)

var errCrash = errors.New("the provider crashed")

// crashingNode submits to a chain in process. before and after crash once, before a batch is sent and after it is in a
// block.
type crashingNode struct {
	*chain.Chain
	provider      chain.Account
	before, after bool
}

func (n *crashingNode) Submit(_ context.Context, msg *attributiontypes.MsgSubmitReceipts) (outbox.Recorded, error) {
	if n.before {
		n.before = false
		return outbox.Recorded{}, errCrash
	}
	result := n.Block(chain.Tx{Signer: n.provider, Msgs: []sdk.Msg{msg}})[0]
	if n.after {
		n.after = false
		return outbox.Recorded{}, errCrash
	}
	if result.Code != 0 {
		return outbox.Recorded{}, &openlorachain.RefusedError{Codespace: result.Codespace, Code: result.Code, Log: result.Log}
	}
	var response attributiontypes.MsgSubmitReceiptsResponse
	return outbox.Recorded{BatchID: response.BatchId, Height: n.Height()}, chain.Decode(result, &response)
}

func (n *crashingNode) BatchStatus(context.Context, uint64) (attributiontypes.BatchStatus, error) {
	return attributiontypes.BATCH_STATUS_FINAL, nil
}

func (n *crashingNode) Resubmit(context.Context, *attributiontypes.MsgResubmitBatch) error {
	return nil
}

func (n *crashingNode) LastSeq(context.Context) (uint64, error) {
	provider, err := n.App.ModelsKeeper.GetProvider(n.Ctx(), n.provider.Address)
	return provider.LastSeq, err
}

func (n *crashingNode) Session(_ context.Context, id poa.Hash) (attributiontypes.Session, error) {
	return n.App.AttributionKeeper.GetSession(n.Ctx(), id[:])
}

// TestProviderCrashesAndResumes: whether a provider crashes before a batch is sent, after the chain has it, or both,
// its answers are paid once and none is lost.
func TestProviderCrashesAndResumes(t *testing.T) {
	for _, crash := range []struct{ before, after bool }{{false, false}, {true, false}, {false, true}, {true, true}} {
		s := newScenario(t)
		c := s.Open(chain.Open(100))
		c.Ask(answer())
		c.Ask(answer())
		msg := c.Acknowledged()
		encoded, err := msg.Marshal()
		require.NoError(t, err)
		path, node := filepath.Join(t.TempDir(), "outbox.db"), &crashingNode{s.Chain, s.Provider, crash.before, crash.after}
		var id poa.Hash
		copy(id[:], c.Session.Id)
		box, err := outbox.Open(path)
		require.NoError(t, err)
		for n := range uint64(2) {
			require.NoError(
				t, box.Advance(outbox.Session{ID: id, ModelID: s.ModelID, ModelVersion: 1, N: n + 1}, outbox.Call{N: n + 1}))
		}
		require.NoError(
			t, box.AddBatch(
				outbox.Batch{Seq: msg.ProviderSeq, Message: encoded, Parts: []outbox.Part{{Session: id, First: 1, Last: 2}}}, nil))
		for range 4 { // the process starts again after each round
			sender := &outbox.Sender{Outbox: box, Node: node, Provider: s.Provider.String(), Log: slog.New(slog.DiscardHandler),
				MaxReceipts: 100, MaxEvidence: 1 << 19}
			if err := sender.Round(t.Context()); err != nil {
				require.ErrorIs(t, err, errCrash)
			}
			require.NoError(t, box.Close())
			box, err = outbox.Open(path)
			require.NoError(t, err)
		}
		stored, err := box.Batch(msg.ProviderSeq)
		require.NoError(t, err)
		require.Equal(t, outbox.BatchSettled, stored.State)
		require.NoError(t, box.Close())

		c.Refresh(c.Session.Id)
		require.EqualValues(t, 2, c.Session.Calls)
		require.EqualValues(t, 1, c.Session.Batches)
		batch := batchOf(t, s, stored.BatchID)
		require.Equal(t, chain.Open(100).Sub(batch.Fees), c.Session.Deposit)
		require.Equal(t, batch.Fees, c.Session.Spent)
	}
}

// TestSessionsShareABatch: the calls of all sessions go to the chain in one transaction. When it refuses them for the
// sake of one session, the others are submitted without it.
func TestSessionsShareABatch(t *testing.T) {
	for name, bad := range map[string]int{"all good": -1, "one with a forged voucher": 2} {
		t.Run(name, func(t *testing.T) {
			const sessions = 5
			s := newScenario(t)
			node := &crashingNode{Chain: s.Chain, provider: s.Provider}
			box, err := outbox.Open(filepath.Join(t.TempDir(), "outbox.db"))
			require.NoError(t, err)
			defer box.Close()
			ids := make([]poa.Hash, sessions)
			for i := range ids {
				c := s.Open(chain.Open(5))
				copy(ids[i][:], c.Session.Id)
				state := outbox.Session{ID: ids[i], ModelID: c.Session.ModelId, ModelVersion: c.Session.ModelVersion}
				state = answered(t, box, c, state, i == bad)
				acknowledged(t, box, c, state, i == bad)
			}
			sender := &outbox.Sender{
				Outbox: box, Node: node, Provider: s.Provider.String(), Log: slog.New(slog.DiscardHandler), MaxReceipts: 100,
				MaxSessions: 100, MaxEvidence: 1 << 19,
				Library: func(uint64, uint32) (outbox.Library, error) { return noText{}, nil },
			}
			height := s.Height()
			for range 3 {
				require.NoError(t, sender.Round(t.Context()))
			}
			if bad < 0 {
				require.EqualValues(t, 1, s.Height()-height, "one transaction")
			}
			for i, id := range ids {
				recorded, err := node.Session(t.Context(), id)
				require.NoError(t, err)
				kept, err := box.Session(id)
				require.NoError(t, err)
				if i == bad {
					require.Zero(t, recorded.Calls)
					require.NotEmpty(t, kept.Broken)
					continue
				}
				require.EqualValues(t, 1, recorded.Calls)
				require.Empty(t, kept.Broken)
				require.False(t, kept.Alone, "it may share batches again")
			}
			pending, err := box.Pending()
			require.NoError(t, err)
			require.Empty(t, pending)
		})
	}
}

// answered advances a session by a call whose answer holds nobody's text. Its voucher is forged if that is asked for.
func answered(t *testing.T, box *outbox.Outbox, c *chain.Conversation, state outbox.Session,
	forged bool) outbox.Session {
	t.Helper()
	text := fmt.Sprintf("nobody wrote what session %s answers", state.ID)
	key, query, maxFee := poa.LeafHash([]byte(text)), poa.LeafHash([]byte("query")), chain.Amount(c.MaxFee)
	price := chain.Price(c.Session.Price)
	state.Last = poa.Outcome{AnswerRoot: poa.AnswerRoot(key, poa.TokenIDs([]byte(text))), InputTokens: 3,
		OutputTokens: uint32(len(poa.TokenIDs([]byte(text))))}
	compute, err := price.Compute(state.Last.InputTokens, state.Last.OutputTokens)
	require.NoError(t, err)
	state.Last.Fee, err = compute.Add(price.Royalty)
	require.NoError(t, err)
	call := poa.Call{QueryHash: query, MaxFee: maxFee}.Hash()
	state.N++
	state.Head = poa.NextHash(state.Head, call, poa.Outcome{})
	state.Voucher = outbox.Voucher{N: state.N, Call: call, CumulativeMax: maxFee,
		Signature: signature(c, state, maxFee, forged)}
	require.NoError(t, box.Advance(state, outbox.Call{
		N: state.N, Hash: call, CallKey: key, QueryHash: query, MaxFee: maxFee, Outcome: state.Last, Answer: text,
		CumulativeMax: maxFee, Signature: state.Voucher.Signature,
	}))
	return state
}

// acknowledged advances a session by a call without an answer, which acknowledges the one before it.
func acknowledged(t *testing.T, box *outbox.Outbox, c *chain.Conversation, state outbox.Session, forged bool) {
	t.Helper()
	spent, call := state.Last.Fee, poa.AckCall
	state.N++
	state.Head = poa.NextHash(state.Head, call, state.Last)
	state.Voucher = outbox.Voucher{N: state.N, Call: call, CumulativeMax: spent,
		Signature: signature(c, state, spent, forged)}
	require.NoError(
		t, box.Advance(
			state, outbox.Call{N: state.N, Hash: call, Gap: true, CumulativeMax: spent, Signature: state.Voucher.Signature}))
}

func signature(c *chain.Conversation, state outbox.Session, cumulative poa.Amount, forged bool) []byte {
	signed := c.Voucher(state.N, state.Head, cumulative)
	if forged {
		signed[0] ^= 1
	}
	return signed
}

// noText is the library of answers that hold nobody's text.
type noText struct{ outbox.Library }

func (noText) Refresh(context.Context) (int64, error) { return 0, nil }

func (noText) Weigh(*poa.Attribution, int64) {}

func (noText) Attribute(text []byte, _ []retrieval.Ref, _ *poa.LoraQuery) (poa.Attribution, error) {
	return poa.NewIndex(poa.ProtocolStatistics()).Attribute(poa.Answer{Tokens: poa.TokenIDs(text)})
}
