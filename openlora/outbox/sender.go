package outbox

import (
	"context"
	"errors"
	"log/slog"
	"time"

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
	// Session reads a session, or ErrNotFound after its last batch.
	Session(ctx context.Context, id poa.Hash) (attributiontypes.Session, error)
}

// Recorded is where the chain put a batch.
type Recorded struct {
	BatchID uint64
	TxHash  string
	Height  int64
}

// Library is the text of a model version.
type Library interface {
	// Attribute says what an answer owes to which segments.
	Attribute(text []byte, retrieved []retrieval.Ref) (poa.Attribution, error)
	// Proof proves that a segment is in its contribution.
	Proof(rank uint64, index uint32) (poa.SegmentProof, error)
}

// Sender forms batches of acknowledged calls and gets them to the chain.
type Sender struct {
	Outbox   *Outbox
	Node     Node
	Provider string // address
	Library  func(modelID uint64, version uint32) (Library, error)
	Log      *slog.Logger
	// Attested has validators fetch the evidence, instead of it being sent to the chain. It is pushed to Attestors, base URLs.
	Attested  bool
	Attestors []string
	// MaxReceipts, MaxSessions and MaxEvidence (bytes) of a batch.
	MaxReceipts, MaxSessions, MaxEvidence int
	// Keep is how long answers, batches and bundles stay after they were settled; 0 is for ever.
	Keep time.Duration

	looks  int       // at sessions that may have been closed
	pruned time.Time // the last time
}

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
	if err := s.watch(ctx); err != nil {
		return err
	}
	if err := s.formBatches(ctx); err != nil {
		return err
	}
	if err := s.sendPending(ctx); err != nil {
		return err
	}
	return s.prune(ctx)
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
			if len(msg.Sessions) > 1 {
				s.Log.Warn("the chain refused receipts of several sessions; sending them apart", "seq", batch.Seq, "sessions", len(msg.Sessions), "err", err)
				return s.Outbox.Dissolve(batch.Seq)
			}
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
