package outbox

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"cosmossdk.io/math"

	"github.com/openledger/openledger/openlora/chain"
	"github.com/openledger/openledger/openlora/retrieval"
	"github.com/openledger/openledger/poa"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
)

// Node is what the sender needs of the chain.
type Node interface {
	// Submit sends a message and returns the batch it made.
	Submit(ctx context.Context, msg *attributiontypes.MsgSubmitReceipts) (Recorded, error)
	// BatchStatus reads the status of a batch, or ErrNotFound after its dispute window.
	BatchStatus(ctx context.Context, id uint64) (attributiontypes.BatchStatus, error)
	// Resubmit sends an expired batch once more.
	Resubmit(ctx context.Context, msg *attributiontypes.MsgResubmitBatch) error
	// Session reads a session.
	Session(ctx context.Context, id poa.Hash) (attributiontypes.Session, error)
}

// Recorded is where the chain put a batch.
type Recorded struct {
	BatchID uint64
	TxHash  string
	Height  int64
}

// Sender forms batches of acknowledged calls and gets them to the chain.
type Sender struct {
	Outbox   *Outbox
	Node     Node
	Provider string // address
	Library  func(modelID uint64, version uint32) (*retrieval.Library, error)
	Log      *slog.Logger
	// Attested has validators fetch the evidence, instead of it being sent to the chain. It is pushed to Attestors, base URLs.
	Attested  bool
	Attestors []string
	// MaxReceipts and MaxEvidence of a batch.
	MaxReceipts, MaxEvidence int

	rounds int
}

// closeRounds between looks at sessions with an answer that waits for a close.
const closeRounds = 10

// Run works until ctx ends.
func (s *Sender) Run(ctx context.Context, interval time.Duration) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		if err := s.Round(ctx); err != nil && ctx.Err() == nil {
			s.Log.Warn("receipts could not be submitted; trying again", "err", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// Round sends what is pending and then what has been acknowledged since.
func (s *Sender) Round(ctx context.Context) error {
	if err := s.sendPending(ctx); err != nil {
		return err
	}
	s.rounds++
	if err := s.watch(ctx); err != nil {
		return err
	}
	sessions, err := s.Outbox.Sessions()
	if err != nil {
		return err
	}
	for _, session := range sessions {
		if session.Done || session.Broken != "" {
			continue
		}
		if err := s.batch(ctx, session); err != nil {
			return fmt.Errorf("session %s: %w", session.ID, err)
		}
	}
	return s.sendPending(ctx)
}

// sendPending sends stored batches in order, as they were first formed. Only a
// refusal by the chain ends a batch; anything else is tried again.
func (s *Sender) sendPending(ctx context.Context) error {
	pending, err := s.Outbox.Pending()
	if err != nil {
		return err
	}
	for _, batch := range pending {
		var msg attributiontypes.MsgSubmitReceipts
		if err := msg.Unmarshal(batch.Message); err != nil {
			return err
		}
		if msg.Attested() {
			s.push(ctx, msg.BundleRoot)
		}
		recorded, err := s.Node.Submit(ctx, &msg)
		if errors.Is(err, attributiontypes.ErrAttestation) && msg.Attested() {
			// Governance has switched attestation off since: the chain verifies the evidence itself.
			if err := s.attach(&msg); err != nil {
				return err
			}
			if batch.Message, err = msg.Marshal(); err != nil {
				return err
			}
			batch.Attested = false
			recorded, err = s.Node.Submit(ctx, &msg)
		}
		var refused *chain.RefusedError
		switch {
		case err == nil:
			batch.Done, batch.BatchID, batch.TxHash, batch.Height = true, recorded.BatchID, recorded.TxHash, recorded.Height
			s.Log.Info("receipts recorded", "batch", recorded.BatchID, "receipts", len(batch.Calls), "height", recorded.Height, "tx", recorded.TxHash)
		case errors.As(err, &refused) && refused.Codespace == attributiontypes.ModuleName && !errors.Is(err, attributiontypes.ErrPaused) && !errors.Is(err, attributiontypes.ErrWindowFull):
			batch.Error = err.Error()
			s.Log.Error("the chain refused receipts for good", "seq", batch.Seq, "err", err)
			for _, claim := range msg.Sessions {
				if err := s.breakSession(claim.SessionId, batch.Error); err != nil {
					return err
				}
			}
		default:
			return err
		}
		if err := s.Outbox.PutBatch(batch); err != nil {
			return err
		}
	}
	return nil
}

// breakSession stops a session whose receipts were refused: later ones would
// leave a hole in its calls.
func (s *Sender) breakSession(id []byte, why string) error {
	hash, err := poa.HashFromBytes(id)
	if err != nil {
		return err
	}
	return s.Outbox.Update(hash, func(session *Session) { session.Broken = why })
}

// batch forms the next batch of a session, if there is something to claim. Each
// batch holds one session: a refused batch then stops no other.
func (s *Sender) batch(ctx context.Context, session Session) error {
	claim := attributiontypes.SessionClaim{SessionId: append([]byte(nil), session.ID[:]...), CumulativeMax: math.NewIntFromBigInt(session.Voucher.CumulativeMax.Big())}
	last := session.Voucher.N - 1
	if session.Voucher.N == 0 || session.Batched >= last {
		if s.rounds%closeRounds != 0 || session.Batched >= session.N {
			return nil
		}
		return s.batchAtClose(ctx, session, claim)
	}
	claim.Calls, claim.PendingCall, claim.Signature = session.Voucher.N, append([]byte(nil), session.Voucher.Call[:]...), session.Voucher.Signature
	return s.form(session, last, claim)
}

// batchAtClose claims the last answer of a session that its payer has closed.
func (s *Sender) batchAtClose(ctx context.Context, session Session, claim attributiontypes.SessionClaim) error {
	stored, err := s.Node.Session(ctx, session.ID)
	if err != nil {
		return err
	}
	switch stored.Status {
	case attributiontypes.SESSION_STATUS_OPEN:
		return nil
	case attributiontypes.SESSION_STATUS_CLOSED:
		return s.Outbox.Update(session.ID, func(kept *Session) { kept.Done = true })
	}
	claim.Calls = session.N
	head := poa.NextHash(session.Head, poa.AckCall, session.Last)
	if stored.CloseCalls != session.N+1 || string(stored.CloseHead) != string(head[:]) {
		claim.Signature = session.Voucher.Signature
	}
	return s.form(session, session.N, claim)
}

// form stores a batch of the calls after the last batch up to call last, or as
// many of them as fit; then their own voucher or a later one must do.
func (s *Sender) form(session Session, last uint64, claim attributiontypes.SessionClaim) error {
	library, err := s.Library(session.ModelID, session.ModelVersion)
	if err != nil {
		return err
	}
	var builder poa.EvidenceBuilder
	var receipts []poa.Receipt
	var calls []Call
	var ids []string
	for n := session.Batched + 1; n <= last; n++ {
		call, err := s.Outbox.Call(session.ID, n)
		if err != nil {
			return err
		}
		if call.Started {
			return nil // the answer is on its way
		}
		receipt, err := receiptOf(call, library, &builder)
		if err != nil {
			return err
		}
		if len(receipts) > 0 && (builder.Size() > s.MaxEvidence || len(receipts) == s.MaxReceipts) {
			return s.formUpTo(session, n-1, claim)
		}
		receipts, calls = append(receipts, receipt), append(calls, call)
		if !call.Gap {
			ids = append(ids, attributiontypes.ReceiptID(session.ID[:], n))
		}
	}
	msg := &attributiontypes.MsgSubmitReceipts{Provider: s.Provider, Sessions: []attributiontypes.SessionClaim{claim}}
	if msg.Receipts, err = poa.MarshalReceipts(receipts); err != nil {
		return err
	}
	evidence := builder.Evidence()
	if msg.Evidence, err = evidence.MarshalBinary(); err != nil {
		return err
	}
	if s.Attested {
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
	session.Batched = last
	return s.Outbox.AddBatch(Batch{Seq: msg.ProviderSeq, Message: encoded, Calls: ids, Attested: s.Attested}, []Session{session}, map[poa.Hash][]Call{session.ID: calls})
}

// formUpTo splits a batch that is too large: the call after last has a voucher
// of its own, which was stored when it was made.
func (s *Sender) formUpTo(session Session, last uint64, claim attributiontypes.SessionClaim) error {
	next, err := s.Outbox.Call(session.ID, last+1)
	if err != nil {
		return err
	}
	claim.Calls, claim.PendingCall = last+1, append([]byte(nil), next.Hash[:]...)
	claim.CumulativeMax, claim.Signature = math.NewIntFromBigInt(next.CumulativeMax.Big()), next.Signature
	return s.form(session, last, claim)
}

// receiptOf rebuilds the receipt of a call and adds its evidence.
func receiptOf(call Call, library *retrieval.Library, builder *poa.EvidenceBuilder) (poa.Receipt, error) {
	if call.Gap {
		return poa.Receipt{N: call.N, Gap: true, Call: call.Hash}, nil
	}
	text := []byte(call.Answer)
	attribution, err := library.Attribute(text, call.Retrieved)
	if err != nil {
		return poa.Receipt{}, err
	}
	if err := builder.AddText(call.CallKey, text, attribution, library.Proof); err != nil {
		return poa.Receipt{}, err
	}
	return poa.Receipt{
		N: call.N, Call: call.Hash, QueryHash: call.QueryHash, MaxFee: call.MaxFee,
		AnswerRoot: call.Outcome.AnswerRoot, EvidenceRoot: attribution.Root(),
		InputTokens: call.Outcome.InputTokens, OutputTokens: call.Outcome.OutputTokens, Fee: call.Outcome.Fee,
		Entries: attribution.Entries, UnattributedPPM: attribution.UnattributedPPM,
	}, nil
}
