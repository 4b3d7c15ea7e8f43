package main

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"time"

	"cosmossdk.io/math"

	"github.com/openledger/openledger/poa"
	"github.com/openledger/openledger/testutil/chain"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// call is a question whose answer is one of the market's.
type call struct {
	answer  int
	compute math.Int // at most that of the offer
	lie     bool     // the provider leaves out the first contributor
}

// conversation plays the client and the provider of one session.
type conversation struct {
	b       *branch
	m       *market
	session attributiontypes.Session
	key     ed25519.PrivateKey

	n        uint64
	head     poa.Hash
	last     poa.Outcome
	spent    poa.Amount
	receipts []poa.Receipt
	told     []poa.Attribution
	builder  poa.EvidenceBuilder
	evidence poa.Evidence
}

// inputTokens is the number of each call: 1,000, so that the price of an offer is the cost of a call.
const inputTokens = 1_000

// fresh returns bytes that this case has not used before.
func (b *branch) fresh(what string) [32]byte {
	b.keys++
	return sha256.Sum256(binary.BigEndian.AppendUint64([]byte(what), b.keys))
}

// converse opens a session for a model of a market.
func (b *branch) converse(m *market, model uint64, payer party, deposit math.Int) (*conversation, error) {
	seed := b.fresh("session")
	c := &conversation{b: b, m: m, key: ed25519.NewKeyFromSeed(seed[:])}
	opened, err := ask[*attributiontypes.MsgOpenSessionResponse](b, &attributiontypes.MsgOpenSession{
		Payer: payer.String(), Provider: m.provider.String(), ModelId: model,
		SessionKey: c.key.Public().(ed25519.PublicKey), Deposit: coin(deposit),
	})
	if err != nil {
		return nil, err
	}
	c.session, err = b.app().AttributionKeeper.GetSession(b.ctx, opened.SessionId)
	return c, err
}

// ask makes a call, and keeps its receipt and evidence.
func (c *conversation) ask(what call) error {
	a := c.m.answers[what.answer]
	attribution := a.honest
	if what.lie {
		attribution = a.lies
	}
	if err := c.weigh(&attribution); err != nil {
		return err
	}
	key := c.b.fresh("call")
	if err := c.builder.AddText(key, []byte(a.text), attribution, c.m.proof); err != nil {
		return err
	}
	fee := chain.Amount(what.compute.Add(c.session.Price.Royalty))
	call := poa.Call{QueryHash: sha256.Sum256(key[:]), MaxFee: fee}
	c.n++
	c.head = poa.NextHash(c.head, call.Hash(), c.last)
	c.last = poa.Outcome{AnswerRoot: poa.AnswerRoot(key, a.tokens), InputTokens: inputTokens,
		OutputTokens: uint32(len(a.tokens)), Fee: fee}
	c.receipts = append(c.receipts, poa.Receipt{
		N: c.n, Call: call.Hash(), QueryHash: call.QueryHash, MaxFee: fee, AnswerRoot: c.last.AnswerRoot,
		EvidenceRoot: attribution.Root(),
		InputTokens:  inputTokens, OutputTokens: c.last.OutputTokens, Fee: fee,
		Entries: attribution.Entries, UnattributedPPM: attribution.UnattributedPPM,
	})
	c.told = append(c.told, attribution)
	var err error
	c.spent, err = c.spent.Add(fee)
	return err
}

// weigh passes on the weight of what is stopped for a batch of this block.
func (c *conversation) weigh(attribution *poa.Attribution) (err error) {
	k, height := c.b.app().DatanetKeeper, c.b.ctx.BlockHeight()
	attribution.Weigh(func(rank uint64, segment uint32) []poa.Derivation {
		stop, known, failed := k.SegmentStop(c.b.ctx, c.m.datanet, rank, segment)
		err = errors.Join(err, failed)
		if !known || !stop.Holds(height) {
			return nil
		}
		// The market's model uses all that is in its DataNet.
		return []poa.Derivation{{Rank: stop.PaysTo(height, func(uint64) bool { return true }), PPM: poa.TotalPPM}}
	}, nil)
	return err
}

// submit submits the receipts of the calls, with inline or attested evidence, and with or without an acknowledgement of
// the last answer. It returns the batch.
func (c *conversation) submit(acknowledged, attested bool) (attributiontypes.Batch, error) {
	claim := attributiontypes.SessionClaim{SessionId: c.session.Id, Calls: c.n, CumulativeMax: rewardstypes.IntOf(c.spent)}
	head := c.head
	if acknowledged {
		claim.Calls, claim.PendingCall = c.n+1, append([]byte(nil), poa.AckCall[:]...)
		head = poa.NextHash(head, poa.AckCall, c.last)
	}
	voucher := poa.Voucher{
		ChainID: chain.ID, Session: poa.Hash(c.session.Id), Provider: c.m.provider.Address, ModelID: c.session.ModelId,
		ModelVersion: c.session.ModelVersion,
		Price:        chain.Price(c.session.Price), N: claim.Calls, Head: head, CumulativeMax: c.spent,
	}
	claim.Signature = ed25519.Sign(c.key, voucher.SignBytes())
	return c.send(claim, attested)
}

func (c *conversation) send(claim attributiontypes.SessionClaim,
	attested bool) (batch attributiontypes.Batch, err error) {
	b := c.b
	b.seq++
	msg := &attributiontypes.MsgSubmitReceipts{Provider: c.m.provider.String(), ProviderSeq: b.seq,
		Sessions: []attributiontypes.SessionClaim{claim}}
	if msg.Receipts, err = poa.MarshalReceipts(c.receipts); err != nil {
		return batch, err
	}
	c.evidence = c.builder.Evidence()
	if msg.Evidence, err = c.evidence.MarshalBinary(); err != nil {
		return batch, err
	}
	if attested {
		bundle, err := poa.MarshalBundle(msg.Receipts, msg.Evidence)
		if err != nil {
			return batch, err
		}
		root := c.evidence.Root()
		msg.Evidence, msg.BundleRoot, msg.BundleBytes, msg.BundleWork = nil, root[:], uint64(len(bundle)),
			poa.WorkUnits(c.evidence)
	}
	response, err := ask[*attributiontypes.MsgSubmitReceiptsResponse](b, msg)
	if err != nil {
		return batch, err
	}
	return b.app().AttributionKeeper.GetBatch(b.ctx, response.BatchId)
}

// close closes the session, which returns the rest of the deposit, unless it has already ended. A session whose payer
// is its provider, and has closed it, ends by itself.
func (c *conversation) close() error {
	session, err := c.b.app().AttributionKeeper.GetSession(c.b.ctx, c.session.Id)
	if errors.Is(err, attributiontypes.ErrSessionNotFound) {
		return nil
	}
	if err != nil || session.Status == attributiontypes.SESSION_STATUS_CLOSED ||
		session.Status != attributiontypes.SESSION_STATUS_OPEN && session.Payer == session.Provider {
		return err
	}
	_, err = c.b.send(&attributiontypes.MsgCloseSession{Signer: c.m.provider.String(), SessionId: c.session.Id})
	return err
}

// closeAndClaim lets the payer close the session, which authorises the calls, and then the provider claim them.
func (c *conversation) closeAndClaim(payer party) (attributiontypes.Batch, error) {
	head := poa.NextHash(c.head, poa.AckCall, c.last)
	if _, err := c.b.send(
		&attributiontypes.MsgCloseSession{Signer: payer.String(), SessionId: c.session.Id, Calls: c.n + 1,
			Head: head[:]}); err != nil {
		return attributiontypes.Batch{}, err
	}
	if err := c.b.block(time.Second); err != nil {
		return attributiontypes.Batch{}, err
	}
	return c.send(attributiontypes.SessionClaim{SessionId: c.session.Id, Calls: c.n, CumulativeMax: math.ZeroInt()}, false)
}
