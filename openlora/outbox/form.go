package outbox

import (
	"context"
	"errors"
	"fmt"
	"time"

	"cosmossdk.io/math"

	"github.com/openledger/openledger/poa"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
)

// looksPerRound bounds the sessions in a round of which the chain is asked whether their payer has closed them.
const looksPerRound = 50

// claimable is what of a session can be submitted: its calls after the last batch up to call last, for which claim is the voucher.
type claimable struct {
	session Session
	claim   attributiontypes.SessionClaim
	last    uint64
}

// formBatches stores batches of all calls that can be claimed. Sessions share batches, but for those whose batch was refused: they are
// submitted alone, to see which of them is to blame.
func (s *Sender) formBatches(ctx context.Context) error {
	sessions, err := s.Outbox.Active()
	if err != nil {
		return err
	}
	due, err := s.claimables(ctx, sessions)
	if err != nil {
		return err
	}
	shared := s.newDraft()
	for _, c := range due {
		library, err := s.Library(c.session.ModelID, c.session.ModelVersion)
		if err != nil {
			s.Log.Warn("the text of a session's model cannot be loaded; its receipts wait", "session", c.session.ID, "err", err)
			continue
		}
		draft := shared
		if c.session.Alone {
			draft = s.newDraft()
		}
		if err := draft.add(c, library); err != nil {
			return fmt.Errorf("session %s: %w", c.session.ID, err)
		}
		if c.session.Alone {
			if err := draft.store(); err != nil {
				return err
			}
		}
	}
	return shared.store()
}

// claimables returns what can be claimed of sessions.
func (s *Sender) claimables(ctx context.Context, sessions []Session) ([]claimable, error) {
	var due []claimable
	var unacknowledged []Session
	for _, session := range sessions {
		if session.Voucher.N == 0 || session.Batched >= session.Voucher.N-1 {
			unacknowledged = append(unacknowledged, session)
			continue
		}
		claim := claimOf(session)
		claim.Calls, claim.PendingCall, claim.Signature = session.Voucher.N, append([]byte(nil), session.Voucher.Call[:]...), session.Voucher.Signature
		due = append(due, claimable{session, claim, session.Voucher.N - 1})
	}
	// A few of them in each round, one after another.
	for range min(looksPerRound, len(unacknowledged)) {
		s.looks++
		c, ok, err := s.atClose(ctx, unacknowledged[s.looks%len(unacknowledged)])
		if err != nil {
			return nil, err
		}
		if ok {
			due = append(due, c)
		}
	}
	return due, nil
}

func claimOf(session Session) attributiontypes.SessionClaim {
	return attributiontypes.SessionClaim{SessionId: append([]byte(nil), session.ID[:]...), CumulativeMax: math.NewIntFromBigInt(session.Voucher.CumulativeMax.Big())}
}

// atClose claims the last answer of a session that its payer has closed.
func (s *Sender) atClose(ctx context.Context, session Session) (claimable, bool, error) {
	stored, err := s.Node.Session(ctx, session.ID)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return claimable{}, false, err
	}
	if err != nil || stored.Status == attributiontypes.SESSION_STATUS_CLOSED {
		return claimable{}, false, s.Outbox.Update(session.ID, func(kept *Session) { kept.Done = true })
	}
	if stored.Status != attributiontypes.SESSION_STATUS_CLOSING {
		return claimable{}, false, nil
	}
	claim := claimOf(session)
	claim.Calls = session.N
	head := poa.NextHash(session.Head, poa.AckCall, session.Last)
	if stored.CloseCalls != session.N+1 || string(stored.CloseHead) != string(head[:]) {
		claim.Signature = session.Voucher.Signature
	}
	return claimable{session, claim, session.N}, true, nil
}

// draft is a batch that grows until it is full.
type draft struct {
	sender   *Sender
	evidence poa.EvidenceBuilder
	answers  []answer
	receipts []poa.Receipt
	claims   []attributiontypes.SessionClaim
	parts    []Part
	ids      []string
}

// answer is what the evidence of a call is built from.
type answer struct {
	key         poa.Hash
	text        []byte
	attribution poa.Attribution
	proofs      func(rank uint64, index uint32) (poa.SegmentProof, error)
}

func (s *Sender) newDraft() *draft { return &draft{sender: s} }

// add takes the calls of a session, and stores batches as they fill up. A call on its way leaves its session to a later round.
func (d *draft) add(c claimable, library Library) error {
	s := d.sender
	first := c.session.Batched + 1
	calls := make([]Call, 0, c.last-c.session.Batched)
	for n := first; n <= c.last; n++ {
		call, err := s.Outbox.Call(c.session.ID, n)
		if err != nil {
			return err
		}
		if call.Started {
			return nil
		}
		calls = append(calls, call)
	}
	if len(d.claims) >= s.MaxSessions {
		if err := d.store(); err != nil {
			return err
		}
	}
	taken := first // the first call that is not in a stored batch
	for _, call := range calls {
		fits, err := d.push(call, library)
		if err != nil {
			return err
		}
		if fits {
			continue
		}
		if call.N > taken {
			// The batch ends before this call, whose own voucher acknowledges the one before.
			d.claim(c.session.ID, taken, call.N-1, upTo(c.claim, call))
			taken = call.N
		}
		if err := d.store(); err != nil {
			return err
		}
		if _, err := d.push(call, library); err != nil { // an empty batch takes any call
			return err
		}
	}
	d.claim(c.session.ID, taken, c.last, c.claim)
	return nil
}

// upTo is the claim of the calls before one that has a voucher of its own, which was stored when it was made.
func upTo(claim attributiontypes.SessionClaim, next Call) attributiontypes.SessionClaim {
	claim.Calls, claim.PendingCall = next.N, append([]byte(nil), next.Hash[:]...)
	claim.CumulativeMax, claim.Signature = math.NewIntFromBigInt(next.CumulativeMax.Big()), next.Signature
	return claim
}

// push adds the receipt of a call, unless the batch is full.
func (d *draft) push(call Call, library Library) (fits bool, err error) {
	s := d.sender
	if len(d.receipts) > 0 && len(d.receipts) >= s.MaxReceipts {
		return false, nil
	}
	session := uint32(len(d.claims))
	if call.Gap {
		d.receipts = append(d.receipts, poa.Receipt{Session: session, N: call.N, Gap: true, Call: call.Hash})
		return true, nil
	}
	text := []byte(call.Answer)
	attribution, err := library.Attribute(text, call.Retrieved)
	if err != nil {
		return false, err
	}
	a := answer{call.CallKey, text, attribution, library.Proof}
	if err := d.prove(a); err != nil {
		return false, err
	}
	if len(d.receipts) > 0 && d.evidence.Size() > s.MaxEvidence {
		return false, d.rebuild()
	}
	d.answers = append(d.answers, a)
	d.receipts = append(d.receipts, poa.Receipt{
		Session: session, N: call.N, Call: call.Hash, QueryHash: call.QueryHash, MaxFee: call.MaxFee,
		AnswerRoot: call.Outcome.AnswerRoot, EvidenceRoot: attribution.Root(),
		InputTokens: call.Outcome.InputTokens, OutputTokens: call.Outcome.OutputTokens, Fee: call.Outcome.Fee,
		Entries: attribution.Entries, UnattributedPPM: attribution.UnattributedPPM,
	})
	return true, nil
}

func (d *draft) prove(a answer) error {
	return d.evidence.AddText(a.key, a.text, a.attribution, a.proofs)
}

// rebuild makes the evidence anew from what was taken.
func (d *draft) rebuild() error {
	d.evidence = poa.EvidenceBuilder{}
	for _, a := range d.answers {
		if err := d.prove(a); err != nil {
			return err
		}
	}
	return nil
}

// claim ends the part of a session.
func (d *draft) claim(session poa.Hash, first, last uint64, claim attributiontypes.SessionClaim) {
	d.claims = append(d.claims, claim)
	d.parts = append(d.parts, Part{Session: session, First: first, Last: last})
	for _, receipt := range d.receipts[len(d.receipts)-int(last-first+1):] {
		if !receipt.Gap {
			d.ids = append(d.ids, attributiontypes.ReceiptID(session[:], receipt.N))
		}
	}
}

// store puts the batch into the outbox and starts the next.
func (d *draft) store() error {
	s := d.sender
	if len(d.claims) == 0 {
		return nil
	}
	msg := &attributiontypes.MsgSubmitReceipts{Provider: s.Provider, Sessions: d.claims}
	var err error
	if msg.Receipts, err = poa.MarshalReceipts(d.receipts); err != nil {
		return err
	}
	evidence := d.evidence.Evidence()
	if msg.Evidence, err = evidence.MarshalBinary(); err != nil {
		return err
	}
	attested := s.Attested && len(d.answers) > 0 // calls without answers have nothing that validators could recompute
	if attested {
		if err := s.detach(msg, evidence); err != nil {
			return err
		}
	}
	if msg.ProviderSeq, err = s.Outbox.NextSeq(); err != nil {
		return err
	}
	encoded, err := msg.Marshal()
	if err != nil {
		return err
	}
	batch := Batch{Seq: msg.ProviderSeq, Message: encoded, Calls: d.ids, Parts: d.parts, Attested: attested, Formed: time.Now().UTC(), Bundle: msg.BundleRoot}
	*d = draft{sender: s}
	return s.Outbox.AddBatch(batch)
}
