package app_test

import (
	"fmt"
	"slices"
	"testing"

	sdkmath "cosmossdk.io/math"

	"github.com/stretchr/testify/require"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/poa"
	"github.com/openledger/openledger/testutil/chain"
	"github.com/openledger/openledger/testutil/volume"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
)

// openAdapters has two providers offer n adapters: bundle_bytes_per_block is for no more than half of it for one.
func openAdapters(t chain.TB, n int) (*volume.Workload, []*volume.Lane) {
	w := volume.New(t, volume.Options{Contributors: 64, Providers: 2})
	w.SkipInvariants = true // invariants walk all state, and there are many blocks
	lanes := w.OpenEach(w.Adapters(n), chain.Open(1))
	for _, lane := range lanes {
		lane.ByInfluence = true
	}
	return w, lanes
}

// thousand is how many adapters answer in one block.
const thousand = 1_000

// answerEach submits one answer from each lane, all in one block, and returns the batches.
func answerEach(w *volume.Workload, lanes []*volume.Lane) []uint64 {
	w.T.Helper()
	signed := w.Together(lanes...)
	results := w.RawBlock(signed...).TxResults
	require.Len(w.T, results, len(signed), "all batches are in one block")
	ids := make([]uint64, len(results))
	for i, result := range results {
		require.Zero(w.T, result.Code, result.Log)
		var response attributiontypes.MsgSubmitReceiptsResponse
		require.NoError(w.T, chain.Decode(result, &response))
		ids[i] = response.BatchId
	}
	return ids
}

// TestThousandAdaptersInOneBlock: answers of as many adapters, each in a session of its own, are final two blocks after
// the one that takes them all, their data is paid in that block, and a batch writes no more than any other.
func TestThousandAdaptersInOneBlock(t *testing.T) {
	w, lanes := openAdapters(t, thousand)
	first := answerEach(w, lanes) // accounts get their ledger ids
	w.Blocks(2)
	for _, id := range first {
		require.Equal(t, attributiontypes.BATCH_STATUS_FINAL, batchStatus(w, id))
	}
	require.Zero(t, waiting(t, w.Chain))
	earned := func() sdkmath.Int {
		sum := sdkmath.ZeroInt()
		for _, text := range ledger(t, w.Chain) {
			amount, ok := sdkmath.NewIntFromString(text)
			require.True(t, ok)
			sum = sum.Add(amount)
		}
		return sum
	}
	before, idle := earned(), keysOf(volume.Writes(w.Chain, func() { w.Blocks(1) }))
	var ids []uint64
	writes := without(volume.Writes(w.Chain, func() { ids = answerEach(w, lanes) }), idle)
	require.Len(t, ids, 4)
	require.LessOrEqual(t, len(volume.OfBatches(writes)), 4*len(ids)+thousand, "keys besides pages and credits")
	w.Blocks(1)
	require.Equal(t, before, earned(), "nothing is paid before the verdict")
	w.SkipInvariants = false
	w.Blocks(1)

	models, fees, credited := make(map[uint64]bool), sdkmath.ZeroInt(), sdkmath.ZeroInt()
	for _, id := range ids {
		batch, err := w.App.AttributionKeeper.GetBatch(w.Ctx(), id)
		require.NoError(t, err)
		require.Equal(t, attributiontypes.BATCH_STATUS_FINAL, batch.Status)
		require.EqualValues(t, thousand/len(ids), batch.Receipts)
		fees = fees.Add(batch.Fees)
		credits, err := batchCredits(&chain.Scenario{Chain: w.Chain}, id, "")
		require.NoError(t, err)
		for _, account := range credits.Accounts {
			require.True(t, account.Bonus.IsZero(), "influence earns no bonus")
			credited = credited.Add(account.Amount)
		}
	}
	for _, lane := range lanes {
		found, err := w.Receipt(fmt.Sprintf("%x-2", lane.Session.Id))
		require.NoError(t, err)
		require.Equal(t, lane.Session.ModelId, found.Receipt.ModelId)
		require.Equal(t, attributiontypes.PAYMENT_PAID, found.Payment)
		require.True(t, slices.Contains(ids, found.Receipt.BatchId))
		models[found.Receipt.ModelId] = true
		lane.Refresh()
		fees = fees.Sub(lane.Session.Spent.QuoRaw(2)) // of two answers that cost the same
	}
	require.Len(t, models, thousand)
	require.True(t, fees.IsZero(), "every session has paid for its answers: %s", fees)
	require.Zero(t, waiting(t, w.Chain), "everything is credited in the block of the verdict")
	require.Equal(t, credited.String(), earned().Sub(before).String())
}

// TestOneProviderHasHalfOfABlock: as many answers of one provider take two blocks, because validators fetch what they
// announce.
func TestOneProviderHasHalfOfABlock(t *testing.T) {
	w := volume.New(t, volume.Options{Contributors: 8})
	w.SkipInvariants = true
	lanes := w.OpenEach(w.Adapters(thousand), chain.Open(1))
	for _, lane := range lanes {
		lane.ByInfluence = true
	}
	signed := w.Together(lanes...)
	results := w.RawBlock(signed...).TxResults
	require.Len(t, results, 4)
	for i, result := range results[:3] {
		require.Zero(t, result.Code, "%d: %s", i, result.Log)
	}
	require.Equal(t, attributiontypes.ErrWindowFull.ABCICode(), results[3].Code, results[3].Log)
}

// TestInfluenceIsRefusedWhereItCannotBeProved: with inline evidence, and for a model of another method.
func TestInfluenceIsRefusedWhereItCannotBeProved(t *testing.T) {
	w, lanes := openAdapters(t, 2)
	msg := w.Full(1, lanes[0])
	evidence, err := poa.Evidence{Answers: []poa.AnswerEvidence{{Count: 300, Proof: make([]poa.Hash, 1)}}}.MarshalBinary()
	require.NoError(t, err)
	msg.Evidence, msg.BundleRoot, msg.BundleBytes, msg.BundleWork = evidence, nil, 0, 0
	result := w.RawBlock(w.Sign(chain.Tx{Signer: w.Provider, Msgs: []sdk.Msg{msg}}, 0)).TxResults[0]
	require.Equal(t, attributiontypes.ErrAttestedOnly.ABCICode(), result.Code, result.Log)

	other := w.Open(1, chain.Open(1))
	other[0].ByInfluence = true
	result = w.RawBlock(w.Sign(chain.Tx{Signer: w.Provider, Msgs: []sdk.Msg{w.Full(1, other...)}}, 0)).TxResults[0]
	require.Equal(t, attributiontypes.ErrInvalidReceipt.ABCICode(), result.Code, result.Log)
}
