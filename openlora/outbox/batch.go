package outbox

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"cosmossdk.io/math"

	"github.com/openledger/openledger/poa"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

const (
	// loadAgain is the time after which text that could not be loaded is tried again.
	loadAgain = time.Minute
	// maxAnswerEvidence is the largest evidence of one answer, in bytes: less than a transaction or bundle can hold.
	maxAnswerEvidence = 640 << 10
	// maxHeld is the largest size of the evidence that a round keeps in memory, in bytes.
	maxHeld = 64 << 20
)

// freeFee is the most that a batch may burn for its submission beyond what it earns: ten times the cost in quiet times.
var freeFee = math.NewIntWithDecimal(5, rewardstypes.Decimals-2)

// looksPerRound is the largest number of sessions that a round checks on chain for a close by their payer.
const looksPerRound = 200

// claimable is the part of a session that can be submitted: its calls after the last batch, up to call last, with their
// voucher in claim.
type claimable struct {
	session Session
	claim   attributiontypes.SessionClaim
	last    uint64
}

// formBatches stores batches of all calls that can be claimed. Sessions share batches. Only a session that caused a
// refusal is submitted alone. A session whose calls cannot be proved now waits, and does not delay others.
func (s *Sender) formBatches(ctx context.Context) error {
	sessions, err := s.Outbox.Active()
	if err != nil {
		return err
	}
	pending, err := s.Outbox.Pending()
	if err != nil {
		return err
	}
	// Calls of a session whose batch waits would have to wait behind it, and hold up the sessions beside them.
	blocked := make(map[poa.Hash]bool)
	for _, batch := range pending {
		block(blocked, batch)
	}
	sessions = slices.DeleteFunc(sessions, func(session Session) bool { return blocked[session.ID] })
	claimables := s.claimables(ctx, sessions)
	libraries, waits := s.libraries(ctx, claimables)
	shared := s.newDraft()
	s.held = 0
	for _, c := range claimables {
		library, ok := libraries[modelVersion{c.session.ModelID, c.session.ModelVersion}]
		if !ok {
			continue
		}
		calls, err := s.prepare(c, library)
		if err != nil {
			waits = errors.Join(waits, fmt.Errorf("session %s: %w", c.session.ID, err))
			continue
		}
		if len(calls) == 0 {
			continue
		}
		draft := shared
		if c.session.Alone {
			draft = s.newDraft()
		}
		if err := draft.add(c, calls); err != nil {
			return errors.Join(waits, err)
		}
		if c.session.Alone {
			if err := draft.store(); err != nil {
				return errors.Join(waits, err)
			}
		}
	}
	return errors.Join(waits, shared.store())
}

// libraries returns the text of the models of the claimed calls, if it is here, and sets asOf to the height as of which
// all of them know the stopped segments.
func (s *Sender) libraries(ctx context.Context, claimables []claimable) (map[modelVersion]Library, error) {
	found, tried := make(map[modelVersion]Library), make(map[modelVersion]bool)
	var waits error
	s.asOf = 0
	for _, c := range claimables {
		version := modelVersion{c.session.ModelID, c.session.ModelVersion}
		if tried[version] || time.Since(s.absent[version]) < loadAgain {
			continue
		}
		tried[version] = true
		library, err := s.Library(version.id, version.version)
		if err != nil {
			if s.absent == nil {
				s.absent = make(map[modelVersion]time.Time)
			}
			s.absent[version] = time.Now()
			waits = errors.Join(waits, fmt.Errorf("text of model %d, version %d: %w", version.id, version.version, err))
			continue
		}
		height, err := library.Refresh(ctx)
		if err != nil {
			waits = errors.Join(waits, fmt.Errorf("model %d, version %d: %w", version.id, version.version, err))
			continue
		}
		if found[version] = library; height > 0 && (s.asOf == 0 || height < s.asOf) { // no text, no stopped segments
			s.asOf = height
		}
	}
	return found, waits
}

type modelVersion struct {
	id      uint64
	version uint32
}

// claimables returns what can be claimed of sessions. The sessions must be in the order of their ids.
func (s *Sender) claimables(ctx context.Context, sessions []Session) []claimable {
	var due []claimable
	var unacknowledged []Session
	for _, session := range sessions {
		if session.Voucher.N == 0 || session.Batched >= session.Voucher.N-1 {
			unacknowledged = append(unacknowledged, session)
			continue
		}
		claim := claimOf(session)
		claim.Calls, claim.PendingCall, claim.Signature = session.Voucher.N, append([]byte(nil), session.Voucher.Call[:]...),
			session.Voucher.Signature
		due = append(due, claimable{session, claim, session.Voucher.N - 1})
	}
	// Each round checks the next looksPerRound of them.
	first, _ := slices.BinarySearchFunc(unacknowledged, s.looked, func(session Session, looked poa.Hash) int {
		if c := bytes.Compare(session.ID[:], looked[:]); c != 0 {
			return c
		}
		return -1 // after the last one
	})
	for i := range min(looksPerRound, len(unacknowledged)) {
		session := unacknowledged[(first+i)%len(unacknowledged)]
		s.looked = session.ID
		c, ok, err := s.atClose(ctx, session)
		if err != nil {
			s.Log.Warn("the chain does not say whether sessions are closed", "err", err)
			break
		}
		if ok {
			due = append(due, c)
		}
	}
	return due
}

func claimOf(session Session) attributiontypes.SessionClaim {
	return attributiontypes.SessionClaim{SessionId: append([]byte(nil), session.ID[:]...),
		CumulativeMax: math.NewIntFromBigInt(session.Voucher.CumulativeMax.Big())}
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
	work     uint64
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
	evidence    *poa.EvidenceBuilder // of the answer alone; nil if it is built again when it is needed
}

func (s *Sender) newDraft() *draft { return &draft{sender: s} }

// prepared is a call with its receipt, and what its evidence is built from if it has an answer.
type prepared struct {
	call    Call
	receipt poa.Receipt
	answer  answer
	work    uint64 // for validators, if it is to be attested
}

// prepare makes the receipts of a claimable. It returns none while an answer is being made, and while no call has an
// answer: gaps earn nothing, so they are not worth a transaction and are submitted with the next answer. The gateway
// bounds their number.
func (s *Sender) prepare(c claimable, library Library) ([]prepared, error) {
	var calls []prepared
	for n := c.session.Batched + 1; n <= c.last; n++ {
		call, err := s.Outbox.Call(c.session.ID, n)
		if err != nil {
			return nil, fmt.Errorf("call %d: %w", n, err)
		}
		if call.Started {
			return nil, nil
		}
		p := prepared{call: call, receipt: poa.Receipt{N: call.N, Gap: call.Gap, Call: call.Hash}}
		if !call.Gap {
			text := []byte(call.Answer)
			if call.Attribution == nil { // the gateway was restarted since
				attribution, err := library.Attribute(text, call.Retrieved, call.Influence)
				if err != nil {
					return nil, fmt.Errorf("call %d: %w", n, err)
				}
				call.Attribution = &attribution
			}
			attribution := *call.Attribution
			library.Weigh(&attribution, s.asOf)
			p.answer = answer{key: call.CallKey, text: text, attribution: attribution, proofs: library.Proof}
			alone, err := p.answer.alone()
			if err != nil {
				return nil, fmt.Errorf("call %d: %w", n, err)
			}
			if s.held+alone.Size() <= maxHeld {
				s.held += alone.Size()
				p.answer.evidence = alone
			}
			p.receipt.QueryHash, p.receipt.MaxFee = call.QueryHash, call.MaxFee
			p.receipt.AnswerRoot, p.receipt.EvidenceRoot = call.Outcome.AnswerRoot, attribution.Root()
			p.receipt.InputTokens, p.receipt.OutputTokens, p.receipt.Fee = call.Outcome.InputTokens, call.Outcome.OutputTokens,
				call.Outcome.Fee
			p.receipt.Entries, p.receipt.UnattributedPPM = attribution.Entries, attribution.UnattributedPPM
			if s.Attested {
				if p.work, err = library.Work(p.receipt, alone.Evidence(), s.asOf); err != nil {
					return nil, fmt.Errorf("call %d: %w", n, err)
				}
			}
		}
		calls = append(calls, p)
	}
	if !slices.ContainsFunc(calls, func(p prepared) bool { return !p.call.Gap }) {
		return nil, nil
	}
	return calls, nil
}

// ErrEvidence reports an answer whose evidence is more than can be submitted.
var ErrEvidence = errors.New("the evidence of the answer is more than can be submitted")

// CheckEvidence returns ErrEvidence for an answer that could not be submitted. It builds the evidence only if its size
// may be near the bound.
func CheckEvidence(key poa.Hash, text string, attribution poa.Attribution,
	proofs func(uint64, uint32) (poa.SegmentProof, error)) error {
	const (
		perToken   = 160                        // an opening with its path, or a mark
		perSegment = poa.MaxSegmentBytes + 2048 // text, path and the other fields
	)
	most := 2*len(text) + perToken*len(poa.TokenIDs([]byte(text))) +
		perSegment*(len(attribution.Rows)+len(attribution.Considered))
	if most <= maxAnswerEvidence {
		return nil
	}
	_, err := answer{key: key, text: []byte(text), attribution: attribution, proofs: proofs}.alone()
	return err
}

// alone builds the evidence of this answer only.
func (a answer) alone() (*poa.EvidenceBuilder, error) {
	var alone poa.EvidenceBuilder
	if err := a.prove(&alone); err != nil {
		return nil, err
	}
	if alone.Size() > maxAnswerEvidence {
		return nil, fmt.Errorf("%w: it takes %d bytes, at most %d can be", ErrEvidence, alone.Size(), maxAnswerEvidence)
	}
	return &alone, nil
}

func (a answer) prove(to *poa.EvidenceBuilder) error {
	if a.evidence != nil {
		to.Append(a.evidence)
		return nil
	}
	return to.AddText(a.key, a.text, a.attribution, a.proofs)
}

// add adds the calls of a session, and stores each batch that is full.
func (d *draft) add(c claimable, calls []prepared) error {
	if len(d.claims) >= d.sender.MaxSessions {
		if err := d.store(); err != nil {
			return err
		}
	}
	taken := c.session.Batched + 1 // the first call that is not in a stored batch
	for _, p := range calls {
		fits, err := d.push(p)
		if err != nil {
			return err
		}
		if fits {
			continue
		}
		if p.call.N > taken {
			// The batch ends before this call, whose own voucher acknowledges the one before.
			d.claim(c.session.ID, taken, p.call.N-1, upTo(c.claim, p.call))
			taken = p.call.N
		}
		if err := d.store(); err != nil {
			return err
		}
		if _, err := d.push(p); err != nil { // an empty batch takes any call
			return err
		}
	}
	d.claim(c.session.ID, taken, c.last, c.claim)
	return nil
}

// upTo returns the claim of the calls before next, whose own voucher acknowledges them.
func upTo(claim attributiontypes.SessionClaim, next Call) attributiontypes.SessionClaim {
	claim.Calls, claim.PendingCall = next.N, append([]byte(nil), next.Hash[:]...)
	claim.CumulativeMax, claim.Signature = math.NewIntFromBigInt(next.CumulativeMax.Big()), next.Signature
	return claim
}

// push adds a call, unless the batch is full.
func (d *draft) push(p prepared) (fits bool, err error) {
	s := d.sender
	most := s.MaxReceipts
	if s.limit > 0 {
		most = min(most, s.limit)
	}
	if len(d.receipts) > 0 && len(d.receipts) >= most {
		return false, nil
	}
	if len(d.receipts) > 0 && s.MaxWork > 0 && d.work+p.work > s.MaxWork {
		return false, nil
	}
	if !p.call.Gap {
		if err := p.answer.prove(&d.evidence); err != nil {
			return false, err
		}
		if len(d.receipts) > 0 && d.evidence.Size() > s.MaxEvidence {
			return false, d.rebuild()
		}
		d.answers = append(d.answers, p.answer)
		d.work += p.work
	}
	p.receipt.Session = uint32(len(d.claims))
	d.receipts = append(d.receipts, p.receipt)
	return true, nil
}

// rebuild builds the evidence again from the calls of the draft.
func (d *draft) rebuild() error {
	d.evidence = poa.EvidenceBuilder{}
	for _, a := range d.answers {
		if err := a.prove(&d.evidence); err != nil {
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

// worth returns the most that the submission may burn: what the batch earns, plus freeFee.
func (d *draft) worth() math.Int {
	sum := freeFee
	for i := range d.receipts {
		sum = sum.Add(math.NewIntFromBigInt(d.receipts[i].Fee.Big()))
	}
	return sum
}

// store stores the batch in the outbox and starts the next one.
func (d *draft) store() error {
	s := d.sender
	if len(d.claims) == 0 {
		return nil
	}
	msg := &attributiontypes.MsgSubmitReceipts{Provider: s.Provider, Sessions: d.claims, StopsHeight: s.asOf}
	var err error
	if msg.Receipts, err = poa.MarshalReceipts(d.receipts); err != nil {
		return err
	}
	evidence := d.evidence.Evidence()
	if msg.Evidence, err = evidence.MarshalBinary(); err != nil {
		return err
	}
	attested := s.Attested && len(d.answers) > 0 // calls without answers have nothing that validators could recompute
	var bundle []byte
	if attested {
		if bundle, err = detach(msg, evidence, d.work, d.worth()); err != nil {
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
	batch := Batch{Seq: msg.ProviderSeq, Message: encoded, Calls: d.ids, Parts: d.parts, Attested: attested,
		Influence: slices.ContainsFunc(d.answers, func(a answer) bool { return a.attribution.Lora != nil }),
		Changed:   time.Now().UTC(), Bundle: msg.BundleRoot}
	*d = draft{sender: s}
	return s.Outbox.AddBatch(batch, bundle)
}
