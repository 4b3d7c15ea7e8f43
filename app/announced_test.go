package app_test

import (
	"crypto/ed25519"
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"

	sdkmath "cosmossdk.io/math"

	"github.com/stretchr/testify/require"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/poa"
	"github.com/openledger/openledger/testutil/chain"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
	modelstypes "github.com/openledger/openledger/x/models/types"
)

// withholder is a provider whose batches announce evidence that nobody can fetch.
type withholder struct {
	s       *chain.Scenario
	by      chain.Account
	session attributiontypes.Session
	key     ed25519.PrivateKey
	seq     uint64
	head    poa.Hash
	last    poa.Outcome
	spent   poa.Amount
}

func newWithholder(t *testing.T, s *chain.Scenario, by chain.Account) *withholder {
	t.Helper()
	_, key, err := ed25519.GenerateKey(strings.NewReader(strings.Repeat(by.String()+"k", 64)))
	require.NoError(t, err)
	s.Send(by, &modelstypes.MsgRegisterProvider{Provider: by.String(), Name: "withholder",
		AnswerKey: key.Public().(ed25519.PublicKey), Bond: chain.Coin(chain.Open(1_000))},
		&modelstypes.MsgSetOffer{Provider: by.String(), ModelId: s.ModelID, InputPrice: sdkmath.ZeroInt(),
			OutputPrice: sdkmath.ZeroInt()})
	result := s.Send(by, &attributiontypes.MsgOpenSession{
		Payer: by.String(), Provider: by.String(), ModelId: s.ModelID, SessionKey: key.Public().(ed25519.PublicKey),
		Deposit: chain.Coin(chain.Open(100)),
	})
	var opened attributiontypes.MsgOpenSessionResponse
	require.NoError(t, chain.Decode(result, &opened))
	session, err := s.App.AttributionKeeper.GetSession(s.Ctx(), opened.SessionId)
	require.NoError(t, err)
	return &withholder{s: s, by: by, session: session, key: key}
}

// batch is one call with an answer of so many tokens, of which nothing is attributed, and what it announces.
func (w *withholder) batch(t *testing.T, tokens uint32,
	announced attributiontypes.Announced) *attributiontypes.MsgSubmitReceipts {
	t.Helper()
	w.seq++
	query, root := poa.Hash(sha256.Sum256(fmt.Appendf(nil, "query %d", w.seq))),
		poa.Hash(sha256.Sum256(fmt.Appendf(nil, "root %s %d", w.by, w.seq)))
	fee := chain.Amount(w.session.Price.Royalty)
	r := poa.Receipt{
		N: w.seq, QueryHash: query, MaxFee: fee, AnswerRoot: root, EvidenceRoot: root, InputTokens: 1, OutputTokens: tokens,
		Fee: fee, UnattributedPPM: poa.TotalPPM,
	}
	r.Call = r.CallHash()
	w.head = poa.NextHash(w.head, r.Call, w.last)
	w.last = poa.Outcome{AnswerRoot: root, InputTokens: 1, OutputTokens: tokens, Fee: fee}
	var err error
	w.spent, err = w.spent.Add(fee)
	require.NoError(t, err)
	receipts, err := poa.MarshalReceipts([]poa.Receipt{r})
	require.NoError(t, err)
	voucher := poa.Voucher{
		ChainID: chain.ID, Session: poa.Hash(w.session.Id), Provider: w.by.Address, ModelID: w.session.ModelId,
		ModelVersion: w.session.ModelVersion,
		Price:        chain.Price(w.session.Price), N: w.seq + 1, Head: poa.NextHash(w.head, poa.AckCall, w.last),
		CumulativeMax: w.spent,
	}
	return &attributiontypes.MsgSubmitReceipts{
		Provider: w.by.String(), ProviderSeq: w.seq, Receipts: receipts, BundleRoot: root[:], BundleBytes: announced.Bytes,
		BundleWork: announced.Work,
		Sessions: []attributiontypes.SessionClaim{{
			SessionId: w.session.Id, Calls: w.seq + 1, PendingCall: append([]byte(nil), poa.AckCall[:]...),
			CumulativeMax: sdkmath.NewIntFromBigInt(w.spent.Big()), Signature: ed25519.Sign(w.key, voucher.SignBytes()),
		}},
	}
}

// TestAnnouncedEvidenceIsPaidFor: a provider who comes first in every block and announces as much as it may keeps no
// honest batch out, and burns what that much honest evidence would have burned. Nothing comes back.
func TestAnnouncedEvidenceIsPaidFor(t *testing.T) {
	s := attested(t)
	attack := newWithholder(t, s, s.Stranger)
	c := s.Open(chain.Open(100))
	c.Ask(answer())
	params, err := s.App.AttributionKeeper.Params.Get(s.Ctx())
	require.NoError(t, err)
	most := attributiontypes.Announced{Bytes: params.BundleBytesPerBlock / 2, Work: params.BundleWorkPerBlock / 2}
	const blocks = 7 // more of its batches may not wait
	before := s.Balance(s.Stranger.Address)
	for range blocks {
		results := s.Block(
			chain.Tx{Signer: s.Stranger, Msgs: []sdk.Msg{attack.batch(t, 400, most)}, Gas: 1_000_000},
			chain.Tx{Signer: s.Provider, Msgs: []sdk.Msg{c.Attested(c.Acknowledged())}, Gas: 3_000_000},
		)
		for _, result := range results {
			require.Zero(t, result.Code, result.Log)
		}
		c.Recorded()
		c.Ask(answer())
	}
	burned := before.Sub(s.Balance(s.Stranger.Address))
	honest := params.SubmissionFeePerKib.Mul(sdkmath.NewIntFromUint64(params.BundleBytesPerBlock)).QuoRaw(2 * 1024).MulRaw(
		blocks)
	require.True(t, burned.GTE(honest), "%s burned, honest use of the same bytes burns %s", burned, honest)
	t.Logf("in %d blocks no batch was refused; half of each block cost %s aopen", blocks, burned.QuoRaw(blocks))
}

// TestAnnouncementsAreBounded by what the receipts can have, and by what the provider allows itself to pay.
func TestAnnouncementsAreBounded(t *testing.T) {
	s := attested(t)
	w := newWithholder(t, s, s.Stranger)
	small := attributiontypes.Announced{Bytes: 500, Work: 50_000}
	state := *w
	s.Refuse(s.Stranger, attributiontypes.ErrInvalidBatch,
		w.batch(t, 10, attributiontypes.Announced{Bytes: 1 << 20, Work: 1}))
	*w = state
	s.Refuse(s.Stranger, attributiontypes.ErrOversize,
		w.batch(t, 4000, attributiontypes.Announced{Bytes: 1<<20 + 1, Work: 1}))
	*w = state
	s.Refuse(s.Stranger, attributiontypes.ErrOversize,
		w.batch(t, 4000, attributiontypes.Announced{Bytes: 1, Work: 1 << 40}))
	*w = state
	s.Refuse(s.Stranger, attributiontypes.ErrInvalidBatch, w.batch(t, 10, attributiontypes.Announced{Bytes: 500}))
	*w = state
	msg := w.batch(t, 10, small)
	msg.MaxFee = sdkmath.NewInt(1)
	s.Refuse(s.Stranger, attributiontypes.ErrSubmissionFee, msg)
	msg.MaxFee = chain.Open(1)
	result := s.Send(s.Stranger, msg)
	var response attributiontypes.MsgSubmitReceiptsResponse
	require.NoError(t, chain.Decode(result, &response))
	again := *msg
	again.MaxFee = chain.Open(2)
	result = s.Send(s.Stranger, &again)
	var same attributiontypes.MsgSubmitReceiptsResponse
	require.NoError(t, chain.Decode(result, &same))
	require.Equal(t, response.BatchId, same.BatchId, "the fee that it allows is no part of a submission")
	require.Equal(t, small, batchOf(t, s, response.BatchId).Announced())

	// Nothing to recompute: no place in the window.
	c := s.Open(chain.Open(100))
	c.Gap(poa.AckCall)
	s.Refuse(s.Provider, attributiontypes.ErrInvalidBatch, c.Attested(c.Unacknowledged()))
}

// TestWithheldBatchHoldsNoNumbers: one batch that nobody can answer lies in front of hundreds that are decided at once.
// It is given later numbers, so that they go on being taken; what was said of it stays said, and the others decide it
// in the end.
func TestWithheldBatchHoldsNoNumbers(t *testing.T) {
	s := attested(t, func(p *attributiontypes.Params) {
		p.AttestTicks, p.MaxOpenPerProvider = 10_000, attributiontypes.MaxWindow
	})
	s.SkipInvariants = true
	_, withheld := ask(s)
	published := false
	s.Voter = func(validator int, base, next uint64) ([]attributiontypes.Verdict, bool) {
		out := make([]attributiontypes.Verdict, next-base)
		for _, item := range s.OpenItems() {
			if item.Number < base || item.Number >= next || item.BatchId == withheld && !published && validator > 0 {
				continue
			}
			out[item.Number-base] = valid
		}
		return out, true
	}
	s.Blocks(2) // the first validator has it
	first := batchOf(t, s, withheld).Item
	var talks []*chain.Conversation
	for range 20 {
		talks = append(talks, s.Open(chain.Open(100)))
	}
	recorded := 0
	for range 30 {
		var msgs []sdk.Msg
		for _, c := range talks {
			c.Ask(answer())
			msgs = append(msgs, c.Attested(c.Acknowledged()))
		}
		result := s.Block(chain.Tx{Signer: s.Provider, Msgs: msgs, Gas: 40_000_000})[0]
		require.Zero(t, result.Code, result.Log)
		for _, c := range talks {
			c.Recorded()
		}
		recorded += len(msgs)
	}
	head, err := s.App.AttributionKeeper.Head.Get(s.Ctx())
	require.NoError(t, err)
	require.Equal(t, 600, recorded)
	require.Less(t, head.Attestation.Next-head.Attestation.Base, uint64(attributiontypes.BatchesWindow))
	batch := batchOf(t, s, withheld)
	require.Equal(t, attributiontypes.BATCH_STATUS_OPEN, batch.Status)
	require.Greater(t, batch.Item, first)
	s.SkipInvariants = false
	s.Blocks(3)
	for _, item := range s.OpenItems() {
		if item.BatchId == withheld {
			require.True(t, attributiontypes.HasBit(item.Valid, 0), "what was said stays said")
		}
	}
	s.Chain.Import(s.Export())
	published = true
	s.Blocks(3)
	require.Equal(t, attributiontypes.BATCH_STATUS_FINAL, batchOf(t, s, withheld).Status)
}

// TestOtherRulesJudgeNothing: a batch that was recorded under another version of the rules is neither disputed nor
// asked about again. The refusal costs nobody anything, and a bond that was put up under other rules comes back.
func TestOtherRulesJudgeNothing(t *testing.T) {
	s := attested(t, func(p *attributiontypes.Params) { p.DisputeRevealBlocks = 5 })
	_, id := ask(s)
	s.Blocks(2)
	batch := batchOf(t, s, id)
	batch.PoaVersion++
	require.NoError(t, s.App.AttributionKeeper.Batches.Set(s.Ctx(), id, batch))
	salt := sha256.Sum256([]byte("salt"))
	d := dispute{challenger: s.Bob, batch: id, proof: []byte("not even a proof"), salt: salt[:]}
	s.Send(s.Bob, d.commit())
	before := batchOf(t, s, id)
	s.Refuse(s.Bob, attributiontypes.ErrRules, d.reveal())
	require.Equal(t, before, batchOf(t, s, id))
	commitment := d.commit().Commitment
	committed, err := s.App.AttributionKeeper.Disputes.Get(s.Ctx(), commitment)
	require.NoError(t, err)
	require.Equal(t, uint32(poa.Version), committed.PoaVersion)
	committed.PoaVersion++ // as if the rules had changed since
	require.NoError(t, s.App.AttributionKeeper.Disputes.Set(s.Ctx(), commitment, committed))
	earned := wealth(s, s.Bob)
	s.Blocks(8)
	_, err = s.App.AttributionKeeper.Disputes.Get(s.Ctx(), commitment)
	require.Error(t, err)
	require.Equal(t, committed.Bond, wealth(s, s.Bob).Sub(earned))

	s.Voter = say(invalid, invalid)
	_, id = ask(s)
	s.Blocks(2)
	batch = batchOf(t, s, id)
	require.Equal(t, attributiontypes.BATCH_STATUS_REJECTED, batch.Status)
	batch.PoaVersion++
	require.NoError(t, s.App.AttributionKeeper.Batches.Set(s.Ctx(), id, batch))
	s.Refuse(s.Provider, attributiontypes.ErrRules,
		&attributiontypes.MsgResubmitBatch{Provider: s.Provider.String(), BatchId: id})
}
