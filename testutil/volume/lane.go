package volume

import (
	"crypto/ed25519"
	"encoding/binary"
	"fmt"
	"slices"

	sdkmath "cosmossdk.io/math"

	"github.com/stretchr/testify/require"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/poa"
	"github.com/openledger/openledger/testutil/chain"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
)

const (
	inputTokens, outputTokens = 30, 300
	// bundleBytes and bundleWork are what a batch announces of its evidence.
	bundleBytes, bundleWork = 100_000, 10_000_000
	// queryBytes is what an answer takes in a bundle that shows its query and no word: the least that one by method LORA
	// can take.
	queryBytes = 1_100
)

// Lane is one session of the payer with a provider. Parallel calls use
// several.
type Lane struct {
	Session  attributiontypes.Session
	Provider chain.Account
	// MaxFee of each call in aopen.
	MaxFee poa.Amount
	// ByInfluence says that answers owe all that they owe by influence.
	ByInfluence bool

	w        *Workload
	id       poa.Hash
	key      ed25519.PrivateKey
	price    poa.Price
	n        uint64
	head     poa.Hash
	last     poa.Outcome
	spent    poa.Amount
	receipts []poa.Receipt
}

// Open opens n sessions with the first provider, with a deposit each.
func (w *Workload) Open(n int, deposit sdkmath.Int) []*Lane {
	w.T.Helper()
	return w.openWith(w.Provider, slices.Repeat([]uint64{w.ModelID}, n), deposit)
}

// OpenEach opens a session with each of some models, the first ones with the first provider, and as many with each.
func (w *Workload) OpenEach(models []uint64, deposit sdkmath.Int) []*Lane {
	w.T.Helper()
	var lanes []*Lane
	for i, provider := range w.Providers {
		part := models[len(models)*i/len(w.Providers) : len(models)*(i+1)/len(w.Providers)]
		lanes = append(lanes, w.openWith(provider, part, deposit)...)
	}
	return lanes
}

func (w *Workload) openWith(provider chain.Account, models []uint64, deposit sdkmath.Int) []*Lane {
	w.T.Helper()
	n := len(models)
	lanes := make([]*Lane, 0, n)
	for len(lanes) < n {
		msgs := make([]sdk.Msg, min(n-len(lanes), 100))
		keys := make([]ed25519.PrivateKey, len(msgs))
		for i := range msgs {
			w.keys++
			keys[i] = seedKey(fmt.Sprintf("session %d", w.keys))
			msgs[i] = &attributiontypes.MsgOpenSession{
				Payer: w.Payer.String(), Provider: provider.String(), ModelId: models[len(lanes)+i],
				SessionKey: keys[i].Public().(ed25519.PublicKey), Deposit: chain.Coin(deposit),
			}
		}
		var data sdk.TxMsgData
		require.NoError(w.T, data.Unmarshal(w.Send(w.Payer, msgs...).Data))
		for i, packed := range data.MsgResponses {
			var response attributiontypes.MsgOpenSessionResponse
			require.NoError(w.T, response.Unmarshal(packed.Value))
			session, err := w.App.AttributionKeeper.GetSession(w.Ctx(), response.SessionId)
			require.NoError(w.T, err)
			lane := &Lane{Session: session, Provider: provider, w: w, key: keys[i], price: chain.Price(session.Price),
				MaxFee: chain.Amount(chain.Open(1))}
			copy(lane.id[:], session.Id)
			lanes = append(lanes, lane)
		}
	}
	return lanes
}

// Refresh reads the session from state.
func (l *Lane) Refresh() {
	l.w.T.Helper()
	session, err := l.w.App.AttributionKeeper.GetSession(l.w.Ctx(), l.Session.Id)
	require.NoError(l.w.T, err)
	l.Session = session
}

// call is the one with a number: made up, but known before it is answered, as
// the voucher that acknowledges the call before it names it.
func (l *Lane) call(n uint64) poa.Call {
	return poa.Call{QueryHash: poa.LeafHash(l.id[:], binary.BigEndian.AppendUint64(nil, n)), MaxFee: l.MaxFee}
}

// Answer records calls that were answered, each with so many entries.
func (l *Lane) Answer(calls, entries int) {
	l.w.T.Helper()
	fee, err := l.price.Total(inputTokens, outputTokens)
	require.NoError(l.w.T, err)
	for range calls {
		call := l.call(l.n + 1)
		l.advance(call.Hash())
		l.last = poa.Outcome{AnswerRoot: poa.LeafHash([]byte("answer"), l.head[:]), InputTokens: inputTokens,
			OutputTokens: outputTokens, Fee: fee}
		shares, unattributed := l.w.entries(entries)
		if l.ByInfluence {
			for i := range shares {
				shares[i].LoraPPM = shares[i].WeightPPM
			}
		}
		l.receipts = append(l.receipts, poa.Receipt{
			N: l.n, Call: call.Hash(), QueryHash: call.QueryHash, MaxFee: call.MaxFee,
			AnswerRoot: l.last.AnswerRoot, EvidenceRoot: poa.LeafHash([]byte("evidence"), l.head[:]),
			InputTokens: inputTokens, OutputTokens: outputTokens, Fee: fee, Entries: shares, UnattributedPPM: unattributed,
		})
		l.spent, err = l.spent.Add(fee)
		require.NoError(l.w.T, err)
	}
}

// Gap records a call that failed.
func (l *Lane) Gap() {
	call := l.call(l.n + 1).Hash()
	l.advance(call)
	l.last = poa.Outcome{}
	l.receipts = append(l.receipts, poa.Receipt{N: l.n, Gap: true, Call: call})
}

func (l *Lane) advance(call poa.Hash) {
	l.n++
	l.head = poa.NextHash(l.head, call, l.last)
}

// entries draws contributions of the manifest, with different weights.
func (w *Workload) entries(n int) ([]poa.Entry, uint32) {
	drawn := make([]poa.Entry, 0, n)
	unattributed := uint32(poa.TotalPPM)
	for len(drawn) < n {
		rank := w.Ranks[w.random.Intn(len(w.Ranks))]
		if slices.ContainsFunc(drawn, func(e poa.Entry) bool { return e.Rank == rank }) {
			continue
		}
		weight := uint32(110_000 - 7_919*len(drawn)%100_000)
		unattributed -= weight
		drawn = append(drawn, poa.Entry{Rank: rank, WeightPPM: weight})
	}
	return drawn, unattributed
}

// claim covers all calls of a lane that were not submitted yet: the voucher of
// the call that comes next acknowledges the last answer.
func (l *Lane) claim() attributiontypes.SessionClaim {
	pending := l.call(l.n + 1).Hash()
	return attributiontypes.SessionClaim{
		SessionId: l.Session.Id, Calls: l.n + 1, PendingCall: append([]byte(nil), pending[:]...),
		CumulativeMax: sdkmath.NewIntFromBigInt(l.spent.Big()),
		Signature:     l.Voucher(l.n+1, poa.NextHash(l.head, pending, l.last), l.spent),
	}
}

// Voucher signs for call n with head h.
func (l *Lane) Voucher(n uint64, head poa.Hash, cumulative poa.Amount) []byte {
	voucher := poa.Voucher{
		ChainID: chain.ID, Session: l.id, Provider: l.Provider.Address, ModelID: l.Session.ModelId,
		ModelVersion: l.Session.ModelVersion,
		Price:        l.price, N: n, Head: head, CumulativeMax: cumulative,
	}
	return ed25519.Sign(l.key, voucher.SignBytes())
}

// CloseHead is the closing gap leaf that acknowledges the last answer.
func (l *Lane) CloseHead() (calls uint64, head []byte) {
	hash := poa.NextHash(l.head, poa.AckCall, l.last)
	return l.n + 1, hash[:]
}

// Collect makes an attested batch of all calls of the lanes, which are with one
// provider, that were not submitted yet, with one voucher a session. Calls
// without answers have nothing that validators could recompute, and go inline.
func (w *Workload) Collect(lanes ...*Lane) *attributiontypes.MsgSubmitReceipts {
	w.T.Helper()
	provider := lanes[0].Provider.String()
	w.seqs[provider]++
	msg := &attributiontypes.MsgSubmitReceipts{Provider: provider, ProviderSeq: w.seqs[provider]}
	var receipts []poa.Receipt
	for i, lane := range lanes {
		for _, receipt := range lane.receipts {
			receipt.Session = uint32(i)
			receipts = append(receipts, receipt)
		}
		lane.receipts = nil
		msg.Sessions = append(msg.Sessions, lane.claim())
	}
	var err error
	msg.Receipts, err = poa.MarshalReceipts(receipts)
	require.NoError(w.T, err)
	if !slices.ContainsFunc(receipts, func(r poa.Receipt) bool { return !r.Gap }) {
		msg.Evidence, err = poa.Evidence{}.MarshalBinary()
		require.NoError(w.T, err)
		return msg
	}
	root := poa.LeafHash(msg.Receipts)
	msg.BundleRoot, msg.BundleBytes, msg.BundleWork = root[:], bundleBytes, bundleWork
	if slices.ContainsFunc(lanes, func(l *Lane) bool { return l.ByInfluence }) {
		msg.BundleBytes = uint64(len(msg.Receipts) + queryBytes*len(receipts))
	}
	return msg
}

// Together makes batches of one answer of 8 entries from each lane, of up to maxSessions lanes each, and signs them as
// transactions that fit one block.
func (w *Workload) Together(lanes ...*Lane) [][]byte {
	w.T.Helper()
	batches := slices.Collect(slices.Chunk(lanes, maxSessions))
	var signed [][]byte
	ahead := make(map[string]uint64)
	for _, part := range batches {
		provider := part[0].Provider
		tx := chain.Tx{Signer: provider, Gas: blockGas / uint64(len(batches)), Msgs: []sdk.Msg{w.Full(len(part), part...)}}
		signed = append(signed, w.Sign(tx, ahead[provider.Name]))
		ahead[provider.Name]++
	}
	return signed
}

// Full makes a batch of so many answers of 8 entries, evenly from the lanes.
func (w *Workload) Full(receipts int, lanes ...*Lane) *attributiontypes.MsgSubmitReceipts {
	w.T.Helper()
	for i, lane := range lanes {
		lane.Answer(receipts*(i+1)/len(lanes)-receipts*i/len(lanes), 8)
	}
	return w.Collect(lanes...)
}
