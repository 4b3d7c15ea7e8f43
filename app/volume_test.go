package app_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"cosmossdk.io/collections"
	sdkmath "cosmossdk.io/math"

	"github.com/stretchr/testify/require"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/poa"
	"github.com/openledger/openledger/testutil/chain"
	"github.com/openledger/openledger/testutil/volume"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
	modelstypes "github.com/openledger/openledger/x/models/types"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// crowd is a workload with 25 contributors.
func crowd(t *testing.T, edits ...func(*attributiontypes.Params)) *volume.Workload {
	t.Helper()
	return volume.New(t, volume.Options{Contributors: 25, Edit: func(p *attributiontypes.Params) {
		for _, edit := range edits {
			edit(p)
		}
	}})
}

// record sends a batch and returns it once validators have decided about it.
func record(w *volume.Workload, msg *attributiontypes.MsgSubmitReceipts) attributiontypes.Batch {
	w.T.Helper()
	id := submitted(w, msg)
	w.Blocks(2)
	batch, err := w.App.AttributionKeeper.GetBatch(w.Ctx(), id)
	require.NoError(w.T, err)
	require.Equal(w.T, attributiontypes.BATCH_STATUS_FINAL, batch.Status)
	return batch
}

// submitted sends a batch and returns its id.
func submitted(w *volume.Workload, msg *attributiontypes.MsgSubmitReceipts) uint64 {
	w.T.Helper()
	var response attributiontypes.MsgSubmitReceiptsResponse
	require.NoError(w.T, chain.Decode(w.Send(w.Provider, msg), &response))
	return response.BatchId
}

// TestThousandReceiptsUnderOneSignature: one session, one voucher, all of its fees.
func TestThousandReceiptsUnderOneSignature(t *testing.T) {
	w := crowd(t)
	lane := w.Open(1, chain.Open(100))[0]
	msg := w.Full(1_000, lane)
	require.Len(t, msg.Sessions, 1)
	batch := record(w, msg)
	require.EqualValues(t, 1_000, batch.Receipts)
	lane.Refresh()
	require.EqualValues(t, 1_000, lane.Session.Calls)
	require.Equal(t, chain.Open(100), lane.Session.Deposit.Add(batch.Fees))
	require.Equal(t, batch.Fees, lane.Session.Spent)
}

// TestKeysOfABatch: however many receipts it has, and validators asked about it, a batch writes its header, its
// provider's record, its held list, what all batches share, and each session that it touches.
func TestKeysOfABatch(t *testing.T) {
	w := crowd(t)
	lanes := w.Open(3, chain.Open(100))
	record(w, w.Full(300, lanes...)) // accounts have their ledger ids now
	idle := keysOf(volume.Writes(w.Chain, func() { w.Blocks(1) }))
	writes := volume.Writes(w.Chain, func() { submitted(w, w.Full(300, lanes...)) })
	var keys []string
	for _, prefix := range volume.ByPrefix(volume.OfBatches(without(writes, idle))) {
		keys = append(keys, fmt.Sprintf("%s %d", prefix.Name, prefix.Keys))
	}
	name := func(store string, prefix collections.Prefix) string {
		return fmt.Sprintf("%s/%x", store, prefix.Bytes())
	}
	require.Equal(t, []string{
		name(attributiontypes.StoreKey, attributiontypes.SessionsKey) + " 3",
		name(attributiontypes.StoreKey, attributiontypes.BatchesKey) + " 1",
		name(attributiontypes.StoreKey, attributiontypes.HeadKey) + " 1",
		name(modelstypes.StoreKey, modelstypes.ProvidersKey) + " 1",
		name(rewardstypes.StoreKey, rewardstypes.EscrowedKey) + " 1",
	}, keys)
}

// TestManySessionsInOneBatch: a hundred sessions of ten calls each.
func TestManySessionsInOneBatch(t *testing.T) {
	w := crowd(t)
	lanes := w.Open(100, chain.Open(1))
	batch := record(w, w.Full(1_000, lanes...))
	require.Len(t, batch.Sessions, 100)
	fees := sdkmath.ZeroInt()
	for i, lane := range lanes {
		lane.Refresh()
		require.EqualValues(t, 10, lane.Session.Calls)
		require.Equal(t, batch.Sessions[i].Fees, lane.Session.Spent)
		fees = fees.Add(lane.Session.Spent)
	}
	require.Equal(t, batch.Fees, fees)

	// One session that is wrong refuses all.
	msg := w.Full(200, lanes...)
	msg.Sessions[57].Signature[0] ^= 1
	w.Refuse(w.Provider, attributiontypes.ErrVoucher, msg)
}

// TestLanes: parallel sessions of one payer with one provider do not wait for one another, in whatever batches their
// calls come.
func TestLanes(t *testing.T) {
	w := crowd(t)
	lanes := w.Open(3, chain.Open(1))
	for round, part := range [][]*volume.Lane{{lanes[0], lanes[1]}, {lanes[2]}, {lanes[1], lanes[0], lanes[2]},
		{lanes[1]}} {
		batch := record(w, w.Full(6, part...))
		require.EqualValues(t, 6, batch.Receipts, round)
	}
	for i, calls := range []uint64{5, 11, 8} {
		lanes[i].Refresh()
		require.Equal(t, calls, lanes[i].Session.Calls)
	}
}

// TestGapLeaves: failed calls take a number and cost nothing, wherever they stand.
func TestGapLeaves(t *testing.T) {
	w := crowd(t)
	lane := w.Open(1, chain.Open(1))[0]
	lane.Gap()
	lane.Answer(2, 8)
	lane.Gap()
	lane.Gap()
	lane.Answer(1, 8)
	lane.Gap()
	batch := record(w, w.Collect(lane))
	require.EqualValues(t, 3, batch.Receipts)
	require.EqualValues(t, 4, batch.Gaps)
	require.Equal(t, batch.Fees, batch.Sessions[0].Fees)

	// A batch of nothing but gaps has no fees to pay, and the next goes on after it.
	lane.Gap()
	batch = record(w, w.Collect(lane))
	require.Zero(t, batch.Receipts)
	require.True(t, batch.Fees.IsZero())
	lane.Answer(1, 8)
	record(w, w.Collect(lane))
	lane.Refresh()
	require.EqualValues(t, 9, lane.Session.Calls)
}

// TestSplitBatches: the calls of a session may come in several batches, in order only.
func TestSplitBatches(t *testing.T) {
	w := crowd(t)
	lane := w.Open(1, chain.Open(1))[0]
	first, second := w.Full(10, lane), w.Full(10, lane)
	w.Refuse(w.Provider, attributiontypes.ErrCallOrder, second)
	overlap := *first // calls 1 to 10 once more, under another number
	record(w, first)
	overlap.ProviderSeq = second.ProviderSeq + 1
	w.Refuse(w.Provider, attributiontypes.ErrCallOrder, &overlap)
	record(w, second)
	lane.Refresh()
	require.EqualValues(t, 20, lane.Session.Calls)

	// Two batches of a session in one block, in order.
	third, fourth := w.Full(5, lane), w.Full(5, lane)
	for _, result := range w.Block(chain.Tx{Signer: w.Provider, Gas: 40_000_000, Msgs: []sdk.Msg{third}},
		chain.Tx{Signer: w.Provider, Gas: 40_000_000, Msgs: []sdk.Msg{fourth}}) {
		require.Zero(t, result.Code, result.Log)
	}
	lane.Refresh()
	require.EqualValues(t, 30, lane.Session.Calls)
}

// TestResubmissionsAreFound: what was recorded is recognised by its number as long as it is in state, however many
// batches came after it, and whichever of them were closed before it.
func TestResubmissionsAreFound(t *testing.T) {
	w := crowd(t, func(p *attributiontypes.Params) { p.AttestTicks, p.ResubmitWindow = 2, 48*time.Hour })
	lanes := w.Open(2, chain.Open(1))
	var msgs []*attributiontypes.MsgSubmitReceipts
	var ids []uint64
	send := func() {
		msg := w.Full(1, lanes[len(msgs)%2])
		msgs, ids = append(msgs, msg), append(ids, submitted(w, msg))
		w.Blocks(2)
	}
	send()
	w.Voter = say(unknown) // nobody has its evidence: it waits to be resubmitted, and stays longer than those after it
	send()
	w.Blocks(2)
	w.Voter = chain.AllSay(valid)
	send()
	send()
	again := func(i int) {
		t.Helper()
		before, err := w.App.ModelsKeeper.GetProvider(w.Ctx(), w.Provider.Address)
		require.NoError(t, err)
		spent := sdkmath.ZeroInt()
		for _, lane := range lanes {
			lane.Refresh()
			spent = spent.Add(lane.Session.Spent)
		}
		require.Equal(t, ids[i], submitted(w, msgs[i]), "the same batch, without effect")
		after, err := w.App.ModelsKeeper.GetProvider(w.Ctx(), w.Provider.Address)
		require.NoError(t, err)
		require.Equal(t, before, after)
		for _, lane := range lanes {
			lane.Refresh()
			spent = spent.Sub(lane.Session.Spent)
		}
		require.True(t, spent.IsZero())
		other := *msgs[i]
		other.BundleBytes++
		w.Refuse(w.Provider, attributiontypes.ErrSequenceUsed, &other)
	}
	for i := range msgs {
		again(i)
	}
	require.Equal(t, attributiontypes.BATCH_STATUS_EXPIRED, batchStatus(w, ids[1]))
	w.Skip(attributiontypes.DefaultParams().DisputeWindow)
	w.Blocks(1)
	for i := range msgs {
		if i == 1 {
			again(i)
			continue
		}
		w.Refuse(w.Provider, attributiontypes.ErrSequenceUsed, msgs[i])
	}
	// The index survives an export.
	exported := w.Export()
	imported := w.Import(exported)
	require.JSONEq(t, moduleOf(t, exported.AppState, "attribution"),
		moduleOf(t, imported.Export().AppState, "attribution"))
	send()
	again(1)
	again(4)
}

func batchStatus(w *volume.Workload, id uint64) attributiontypes.BatchStatus {
	w.T.Helper()
	batch, err := w.App.AttributionKeeper.GetBatch(w.Ctx(), id)
	require.NoError(w.T, err)
	return batch.Status
}

func moduleOf(t *testing.T, state json.RawMessage, module string) string {
	t.Helper()
	var modules map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(state, &modules))
	return string(modules[module])
}

// TestPayerOverspends: vouchers above the deposit pay nothing; the provider claims the calls that the deposit covers by
// the voucher of the call after them, and the rest when the payer has topped up.
func TestPayerOverspends(t *testing.T) {
	w := crowd(t)
	lane := w.Open(1, sdkmath.NewIntWithDecimal(1, 17))[0] // about 99 answers
	covered := w.Full(90, lane)
	rest := w.Full(90, lane)
	all := *rest
	receipts := append(unpack(t, covered), unpack(t, rest)...)
	var err error
	all.Receipts, err = poa.MarshalReceipts(receipts)
	require.NoError(t, err)
	w.Refuse(w.Provider, attributiontypes.ErrDeposit, &all)
	record(w, covered)
	w.Refuse(w.Provider, attributiontypes.ErrDeposit, rest)
	w.Send(w.Payer, &attributiontypes.MsgTopUpSession{Payer: w.Payer.String(), SessionId: lane.Session.Id,
		Amount: chain.Coin(chain.Open(1))})
	record(w, rest)
}

func unpack(t *testing.T, msg *attributiontypes.MsgSubmitReceipts) []poa.Receipt {
	t.Helper()
	receipts, err := poa.UnmarshalReceipts(msg.Receipts, 1_000)
	require.NoError(t, err)
	return receipts
}

// TestCloseAndSubmitInOneBlock: whichever comes first, vouchers from before the close are good.
func TestCloseAndSubmitInOneBlock(t *testing.T) {
	w := crowd(t)
	for _, closeFirst := range []bool{false, true} {
		lane := w.Open(1, chain.Open(1))[0]
		txs := []chain.Tx{
			{Signer: w.Provider, Gas: 50_000_000, Msgs: []sdk.Msg{w.Full(10, lane)}},
			{Signer: w.Payer, Gas: 50_000_000, Msgs: []sdk.Msg{
				&attributiontypes.MsgCloseSession{Signer: w.Payer.String(), SessionId: lane.Session.Id}}},
		}
		if closeFirst {
			txs[0], txs[1] = txs[1], txs[0]
		}
		for _, result := range w.Block(txs...) {
			require.Zero(t, result.Code, result.Log)
		}
		lane.Refresh()
		require.EqualValues(t, 10, lane.Session.Calls)
		require.Equal(t, attributiontypes.SESSION_STATUS_CLOSING, lane.Session.Status)
		require.Equal(t, w.Time().Add(attributiontypes.DefaultParams().ClaimWindow), lane.Session.Deadline,
			"a batch does not prolong the claim window")
		w.Blocks(2)
	}

	// The provider's own close ends the session: nothing comes after it, even in its block.
	lane := w.Open(1, chain.Open(1))[0]
	msg := w.Full(1, lane)
	results := w.Block(
		chain.Tx{Signer: w.Provider, Gas: 50_000_000,
			Msgs: []sdk.Msg{&attributiontypes.MsgCloseSession{Signer: w.Provider.String(), SessionId: lane.Session.Id}}},
		chain.Tx{Signer: w.Provider, Gas: 50_000_000, Msgs: []sdk.Msg{msg}},
	)
	require.Zero(t, results[0].Code, results[0].Log)
	require.Equal(t, attributiontypes.ErrSessionNotFound.ABCICode(), results[1].Code, results[1].Log)
}

// TestLateBatches: the claim window is good to its last moment and not for the moment at which it ends.
func TestLateBatches(t *testing.T) {
	w := crowd(t)
	window := attributiontypes.DefaultParams().ClaimWindow
	lane := w.Open(1, chain.Open(1))[0]
	record(w, w.Full(1, lane)) // keeps the session in state when it is closed
	late, tooLate := w.Full(10, lane), w.Full(10, lane)
	w.Send(w.Payer, &attributiontypes.MsgCloseSession{Signer: w.Payer.String(), SessionId: lane.Session.Id})
	closed := w.Time()
	w.Skip(window - 2*chain.BlockTime)
	w.Send(w.Provider, late)
	require.Equal(t, closed.Add(window-chain.BlockTime), w.Time())
	w.Fail(w.Provider, attributiontypes.ErrSessionClosed, tooLate) // in the block of the deadline, before the sweep
	require.Equal(t, closed.Add(window), w.Time())
	lane.Refresh()
	require.Equal(t, attributiontypes.SESSION_STATUS_CLOSED, lane.Session.Status)
	require.EqualValues(t, 11, lane.Session.Calls)
	w.Blocks(2)
	w.Refuse(w.Provider, attributiontypes.ErrSessionClosed, tooLate)
}

// TestBatchesPutOffIdleExpiry: a session stands in the queue for the deadline that it had first, and is closed at the
// one that it has.
func TestBatchesPutOffIdleExpiry(t *testing.T) {
	w := crowd(t, func(p *attributiontypes.Params) { p.SessionsPerBlock = 2 })
	idle := attributiontypes.DefaultParams().IdleExpiry
	lanes := w.Open(5, chain.Open(1))
	opened := w.Time()
	w.Skip(idle / 2)
	record(w, w.Full(4, lanes[:4]...))
	lanes[0].Refresh()
	deadline := lanes[0].Session.Deadline
	require.True(t, deadline.After(opened.Add(idle)))
	require.Equal(t, opened.Add(idle), lanes[0].Session.Queued, "a batch does not move it")

	imported := w.Import(w.Export())
	for _, c := range []*chain.Chain{w.Chain, imported} {
		status := func(lane *volume.Lane) attributiontypes.SessionStatus {
			session, err := c.App.AttributionKeeper.GetSession(c.Ctx(), lane.Session.Id)
			require.NoError(t, err)
			return session.Status
		}
		c.Skip(opened.Add(idle).Sub(c.Time()))
		c.Blocks(2) // two are put back or closed in a block
		require.Equal(t, attributiontypes.SESSION_STATUS_CLOSING, status(lanes[4]))
		for _, lane := range lanes[:4] {
			require.Equal(t, attributiontypes.SESSION_STATUS_OPEN, status(lane))
		}
		session, err := c.App.AttributionKeeper.GetSession(c.Ctx(), lanes[0].Session.Id)
		require.NoError(t, err)
		require.Equal(t, deadline, session.Queued, "put back where it belongs")
		c.Skip(deadline.Sub(c.Time()) - chain.BlockTime)
		require.Equal(t, attributiontypes.SESSION_STATUS_OPEN, status(lanes[0]))
		c.Blocks(2)
		require.Equal(t, deadline.Add(chain.BlockTime), c.Time())
		for _, lane := range lanes[:4] {
			require.Equal(t, attributiontypes.SESSION_STATUS_CLOSING, status(lane))
		}
	}
}

// TestBondBoundsWhatIsOpen: a batch whose liability the bond does not cover waits until the windows of others have
// closed.
func TestBondBoundsWhatIsOpen(t *testing.T) {
	w := volume.New(t, volume.Options{Contributors: 25, Bond: 1_000})
	lane := w.Open(1, chain.Open(10_000))[0]
	first := record(w, w.Full(1_000, lane))
	// All of the bond but what is liable is on its way out, up to the minimum.
	free := chain.Open(1_000).Sub(first.Liability)
	w.Send(w.Provider, &modelstypes.MsgRemoveOffer{Provider: w.Provider.String(), ModelId: w.ModelID},
		&modelstypes.MsgUnbondProvider{Provider: w.Provider.String(), Amount: chain.Coin(free)})
	next := w.Full(10, lane)
	w.Refuse(w.Provider, modelstypes.ErrInsufficientBond, next)
	w.Refuse(w.Provider, modelstypes.ErrUnbonding,
		&modelstypes.MsgUnbondProvider{Provider: w.Provider.String(), Amount: chain.Coin(sdkmath.OneInt())})
	w.Skip(attributiontypes.DefaultParams().DisputeWindow)
	w.Blocks(1)
	provider, err := w.App.ModelsKeeper.GetProvider(w.Ctx(), w.Provider.Address)
	require.NoError(t, err)
	require.True(t, provider.Liability.IsZero())
	require.Equal(t, first.Liability, provider.Bond)
	record(w, next)
}
