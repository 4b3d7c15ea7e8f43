package outbox

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	sdkerrors "github.com/cosmos/cosmos-sdk/types/errors"

	"github.com/openledger/openledger/internal/follow"
	"github.com/openledger/openledger/openlora/chain"
	"github.com/openledger/openledger/openlora/retrieval"
	"github.com/openledger/openledger/poa"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
	modelstypes "github.com/openledger/openledger/x/models/types"
)

// Node is what the sender needs of the chain.
type Node interface {
	// Submit sends a message and returns the batch that the chain recorded.
	Submit(ctx context.Context, msg *attributiontypes.MsgSubmitReceipts) (Recorded, error)
	// BatchStatus reads the status of a batch, or ErrNotFound after its dispute window.
	BatchStatus(ctx context.Context, id uint64) (attributiontypes.BatchStatus, error)
	// Resubmit sends an expired batch once more.
	Resubmit(ctx context.Context, msg *attributiontypes.MsgResubmitBatch) error
	// LastSeq returns the highest number of the provider's batches on chain.
	LastSeq(ctx context.Context) (uint64, error)
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
	// Attribute returns the attribution of an answer.
	Attribute(text []byte, retrieved []retrieval.Ref, query *poa.LoraQuery) (poa.Attribution, error)
	// Proof proves that a segment is in its contribution.
	Proof(rank uint64, index uint32) (poa.SegmentProof, error)
	// Refresh reads from the chain which segments were stopped, and returns the height of that state.
	Refresh(ctx context.Context) (int64, error)
	// Weigh sets the weights of an attribution by what is stopped as of a block.
	Weigh(attribution *poa.Attribution, height int64)
	// Work returns the work of validators to verify an answer with its evidence, weighed as of a block, in units of
	// poa.Work.
	Work(receipt poa.Receipt, evidence poa.Evidence, height int64) (uint64, error)
}

// Sender forms batches of acknowledged calls and gets them to the chain.
type Sender struct {
	Outbox   *Outbox
	Node     Node
	Provider string // address
	Library  func(modelID uint64, version uint32) (Library, error)
	Log      *slog.Logger
	// Attested says that validators fetch the evidence, instead of reading it in the transaction. The sender pushes it to
	// Attestors, which are base URLs.
	Attested  bool
	Attestors []string
	// MaxReceipts, MaxSessions and MaxEvidence (bytes) bound a batch.
	MaxReceipts, MaxSessions, MaxEvidence int
	// MaxWork is the largest work of an attested batch, in units of poa.Work.
	MaxWork uint64
	// Keep is the time for which answers, batches and bundles stay after they were settled; 0 means for ever.
	Keep time.Duration

	looked poa.Hash  // the last session that was checked for a close by its payer
	pruned time.Time // the last time
	limit  int       // largest number of receipts of a batch for now; 0 means MaxReceipts
	asOf   int64     // the block as of which the batches of this round leave stopped segments out
	held   int       // bytes of evidence of answers that this round keeps
	pushed map[poa.Hash]time.Time
	absent map[modelVersion]time.Time // text that could not be loaded
}

// Run works until ctx ends.
func (s *Sender) Run(ctx context.Context, interval time.Duration) {
	follow.Every(ctx, interval, s.Log, "receipts could not be submitted", s.Round)
}

const (
	// maxPending bounds the number of batches that are formed while the chain takes none, and maxWaiting the number of
	// those that wait for reasons of their own.
	maxPending = 16
	maxWaiting = 256
)

// Round checks batches that wait for validators, sends pending batches, and then forms batches of calls that were
// acknowledged since and sends them.
func (s *Sender) Round(ctx context.Context) error {
	watched := s.watch(ctx)
	left, waiting, sent := s.sendPending(ctx)
	if left >= maxPending || waiting >= maxWaiting {
		return errors.Join(watched, sent, s.prune(ctx))
	}
	formed := s.formBatches(ctx)
	if _, _, again := s.sendPending(ctx); sent == nil {
		sent = again
	}
	return errors.Join(watched, sent, formed, s.prune(ctx))
}

// sendPending sends stored batches in order, as they were first formed. Only a refusal by the chain ends a batch;
// anything else is tried again. A batch that has to wait only holds up later batches with calls of its sessions. It
// returns how many batches are left because the chain takes none, and how many wait.
func (s *Sender) sendPending(ctx context.Context) (left, waiting int, err error) {
	pending, err := s.Outbox.Pending()
	if err != nil {
		return 0, 0, err
	}
	blocked := make(map[poa.Hash]bool)
	for i, batch := range pending {
		if batch.isBlocked(blocked) {
			block(blocked, batch)
			waiting++
			continue
		}
		recorded, cause := s.submit(ctx, &batch)
		if cause == nil {
			s.Log.Info("receipts recorded", "batch", recorded.BatchID, "receipts", len(batch.Calls), "sessions",
				len(batch.Parts), "height", recorded.Height, "tx", recorded.TxHash)
			batch.record(recorded)
			if err := s.Outbox.PutBatch(batch); err != nil {
				return left, waiting, err
			}
			if s.limit > 0 && int(batch.calls()) >= s.limit {
				if s.limit *= 2; s.limit >= s.MaxReceipts {
					s.limit = 0
				}
			}
			continue
		}
		undone, failed := s.refused(ctx, batch, cause)
		if failed != nil && isEverybodys(failed) {
			return len(pending) - i, waiting, errors.Join(err, failed)
		}
		if failed != nil {
			err = errors.Join(err, fmt.Errorf("batch %d: %w", batch.Seq, failed))
			block(blocked, batch)
			waiting++
		}
		if undone {
			return left, waiting, err
		}
	}
	return left, waiting, err
}

// isBlocked reports whether the batch has calls of a blocked session: one whose earlier calls wait.
func (b *Batch) isBlocked(blocked map[poa.Hash]bool) bool {
	return slices.ContainsFunc(b.Parts, func(part Part) bool { return blocked[part.Session] })
}

// block marks the sessions of a batch that waits as blocked.
func block(blocked map[poa.Hash]bool, batch Batch) {
	for _, part := range batch.Parts {
		blocked[part.Session] = true
	}
}

// submit sends a batch. If governance switched attestation off after it was formed, the batch is sent with inline
// evidence. A batch with answers of method LORA, which need validators, waits until attestation is on again.
func (s *Sender) submit(ctx context.Context, batch *Batch) (Recorded, error) {
	var msg attributiontypes.MsgSubmitReceipts
	if err := msg.Unmarshal(batch.Message); err != nil {
		return Recorded{}, err
	}
	if msg.Attested() {
		s.push(ctx, msg.BundleRoot, false)
	}
	recorded, err := s.Node.Submit(ctx, &msg)
	if !errors.Is(err, attributiontypes.ErrAttestation) || !msg.Attested() || batch.Influence {
		return recorded, err
	}
	if err := s.attach(&msg); err != nil {
		return Recorded{}, err
	}
	if batch.Message, err = msg.Marshal(); err != nil {
		return Recorded{}, err
	}
	batch.Attested = false
	// Stored before it is sent, because the chain takes no other bytes under this number.
	if err := s.Outbox.PutBatch(*batch); err != nil {
		return Recorded{}, err
	}
	return s.Node.Submit(ctx, &msg)
}

// refused decides what happens to a batch that the chain does not take. It returns the error if the batch will be tried
// again unchanged. undone reports whether the batch was undone, together with later batches that have calls of its
// sessions.
func (s *Sender) refused(ctx context.Context, batch Batch, cause error) (undone bool, err error) {
	var refusal *chain.RefusedError
	if !errors.As(cause, &refusal) {
		return false, cause
	}
	calls := batch.calls()
	switch {
	case errors.Is(cause, attributiontypes.ErrSequenceUsed), errors.Is(cause, attributiontypes.ErrCallOrder) &&
		len(batch.Parts) == 1:
		return s.reconcile(ctx, batch, cause)
	case isTooLarge(cause) && calls > 1:
		s.limit = int(calls / 2)
		s.Log.Warn("the chain cannot take so many receipts at once; sending fewer", "seq", batch.Seq, "calls", calls, "err",
			cause)
		return true, s.Outbox.Dissolve(batch.Seq, nil)
	case errors.Is(cause, attributiontypes.ErrStops):
		s.Log.Info("receipts have waited for long; weighing them again", "seq", batch.Seq, "err", cause)
		return true, s.Outbox.Dissolve(batch.Seq, nil)
	case isEverybodys(cause):
		return false, cause
	case len(batch.Parts) > 1:
		s.Log.Warn("the chain refused receipts of several sessions; sending them apart", "seq", batch.Seq, "sessions",
			len(batch.Parts), "err", cause)
		return true, s.Outbox.Dissolve(batch.Seq, batch.blamed(refusal.Log))
	case !isFinal(cause):
		return false, cause
	}
	s.Log.Error("the chain refused receipts for good", "seq", batch.Seq, "err", cause)
	batch.refuse(cause.Error())
	for _, part := range batch.Parts {
		// Later receipts of the session would leave a gap in the numbers of its calls.
		if err := s.Outbox.Update(part.Session, func(session *Session) { session.Broken = batch.Error }); err != nil {
			return false, err
		}
	}
	return false, s.Outbox.PutBatch(batch)
}

// finalRefusals are errors that only a session's own calls and vouchers can cause, and that no later block changes.
var finalRefusals = []error{
	attributiontypes.ErrUnauthorized, attributiontypes.ErrSessionNotFound, attributiontypes.ErrSessionClosed,
	attributiontypes.ErrInvalidDeposit,
	attributiontypes.ErrInvalidReceipt, attributiontypes.ErrVoucher, attributiontypes.ErrOvercharge,
	attributiontypes.ErrDeposit, attributiontypes.ErrTokenCount, attributiontypes.ErrManifest,
}

func isFinal(err error) bool {
	return slices.ContainsFunc(finalRefusals, func(final error) bool { return errors.Is(err, final) })
}

// isTooLarge reports whether the chain refused a batch for its size or its gas, so that it would take a smaller one.
func isTooLarge(err error) bool {
	return slices.ContainsFunc(
		[]error{attributiontypes.ErrOversize, sdkerrors.ErrOutOfGas, sdkerrors.ErrTxTooLarge, sdkerrors.ErrInvalidGasLimit},
		func(reason error) bool { return errors.Is(err, reason) })
}

// isEverybodys reports whether no batch can pass now: the node does not answer, the chain is paused, full or too
// expensive, or the provider has no funds.
func isEverybodys(err error) bool {
	var refused *chain.RefusedError
	if !errors.As(err, &refused) {
		return true
	}
	return refused.Codespace == sdkerrors.RootCodespace && !isTooLarge(err) ||
		slices.ContainsFunc(
			[]error{attributiontypes.ErrPaused, attributiontypes.ErrWindowFull, attributiontypes.ErrSubmissionFee,
				modelstypes.ErrProviderFrozen},
			func(reason error) bool { return errors.Is(err, reason) })
}

// reconcile handles a batch whose number is used on chain, or whose calls are not the next ones there. There are three
// causes: the batch was recorded and its dispute window has closed; it was sent in another form; or this file is not
// the one that the numbers came from. Calls that the chain does not have get another number. If the session is gone,
// nothing more of it can be recorded.
func (s *Sender) reconcile(ctx context.Context, batch Batch, cause error) (undone bool, err error) {
	next := make(map[poa.Hash]uint64, len(batch.Parts)) // calls of each session that the chain has
	missing := false
	for _, part := range batch.Parts {
		stored, err := s.Node.Session(ctx, part.Session)
		switch {
		case errors.Is(err, ErrNotFound):
			next[part.Session] = part.Last
			continue
		case err != nil:
			return false, err
		case stored.Calls < part.First-1: // the node is behind, or an earlier batch is missing
			return false, cause
		}
		next[part.Session] = stored.Calls
		missing = missing || stored.Calls < part.Last
	}
	if !missing {
		s.Log.Warn("receipts were recorded before", "seq", batch.Seq, "err", cause)
		batch.State = BatchSettled
		return false, s.Outbox.PutBatch(batch)
	}
	last, err := s.Node.LastSeq(ctx)
	if err != nil {
		return false, err
	}
	s.Log.Warn("the chain has a batch in part, or its number is used; giving the rest another", "seq", batch.Seq, "last",
		last, "err", cause)
	if err := errors.Join(s.Outbox.skipTo(last), s.Outbox.Dissolve(batch.Seq, nil)); err != nil {
		return true, err
	}
	for _, part := range batch.Parts {
		if err := s.Outbox.Update(
			part.Session, func(session *Session) { session.Batched = max(session.Batched, next[part.Session]) }); err != nil {
			return true, err
		}
	}
	return true, nil
}
