package outbox

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	sdkerrors "github.com/cosmos/cosmos-sdk/types/errors"

	"github.com/openledger/openledger/openlora/chain"
	"github.com/openledger/openledger/openlora/retrieval"
	"github.com/openledger/openledger/poa"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
	modelstypes "github.com/openledger/openledger/x/models/types"
)

// Node is what the sender needs of the chain.
type Node interface {
	// Submit sends a message and returns the batch it made.
	Submit(ctx context.Context, msg *attributiontypes.MsgSubmitReceipts) (Recorded, error)
	// BatchStatus reads the status of a batch, or ErrNotFound after its dispute window.
	BatchStatus(ctx context.Context, id uint64) (attributiontypes.BatchStatus, error)
	// Resubmit sends an expired batch once more.
	Resubmit(ctx context.Context, msg *attributiontypes.MsgResubmitBatch) error
	// LastSeq is the highest number of a batch that the chain knows of the provider.
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

	looked poa.Hash  // the last session that was looked at whether it is closed
	pruned time.Time // the last time
	limit  int       // receipts of a batch that the chain takes for now; 0 is MaxReceipts
	pushed map[poa.Hash]time.Time
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

// maxPending bounds the batches that are formed ahead of a chain that takes none.
const maxPending = 16

// Round looks at batches that wait for validators, sends what is pending, and then what has been acknowledged since.
func (s *Sender) Round(ctx context.Context) error {
	watched := s.watch(ctx)
	sent := s.sendPending(ctx)
	if pending, err := s.Outbox.Pending(); err != nil || len(pending) >= maxPending {
		return errors.Join(watched, sent, err)
	}
	formed := s.formBatches(ctx)
	if sent == nil {
		sent = s.sendPending(ctx)
	}
	return errors.Join(watched, sent, formed, s.prune(ctx))
}

// sendPending sends stored batches in order, as they were first formed. Only a refusal by the chain ends a batch; anything else is tried
// again. A batch that has to wait holds up those with the same sessions, and no others.
func (s *Sender) sendPending(ctx context.Context) error {
	pending, err := s.Outbox.Pending()
	if err != nil {
		return err
	}
	var waits error
	held := make(map[poa.Hash]bool)
	for _, batch := range pending {
		if slices.ContainsFunc(batch.Parts, func(part Part) bool { return held[part.Session] }) {
			hold(held, batch)
			continue
		}
		recorded, err := s.submit(ctx, &batch)
		if err == nil {
			s.Log.Info("receipts recorded", "batch", recorded.BatchID, "receipts", len(batch.Calls), "sessions", len(batch.Parts), "height", recorded.Height, "tx", recorded.TxHash)
			batch.Done, batch.BatchID, batch.TxHash, batch.Height = true, recorded.BatchID, recorded.TxHash, recorded.Height
			if err := s.Outbox.PutBatch(batch); err != nil {
				return err
			}
			s.limit = min(2*max(s.limit, 1), s.MaxReceipts)
			continue
		}
		undone, err := s.refused(ctx, batch, err)
		if err != nil {
			var refused *chain.RefusedError
			if !errors.As(err, &refused) || errors.Is(err, attributiontypes.ErrPaused) || errors.Is(err, attributiontypes.ErrWindowFull) {
				return errors.Join(waits, err)
			}
			waits = errors.Join(waits, fmt.Errorf("batch %d: %w", batch.Seq, err))
			hold(held, batch)
		}
		if undone {
			return waits
		}
	}
	return waits
}

func hold(held map[poa.Hash]bool, batch Batch) {
	for _, part := range batch.Parts {
		held[part.Session] = true
	}
}

// submit sends a batch. When governance has switched attestation off since it was formed, the chain verifies its evidence itself.
func (s *Sender) submit(ctx context.Context, batch *Batch) (Recorded, error) {
	var msg attributiontypes.MsgSubmitReceipts
	if err := msg.Unmarshal(batch.Message); err != nil {
		return Recorded{}, err
	}
	if msg.Attested() {
		s.push(ctx, msg.BundleRoot, false)
	}
	recorded, err := s.Node.Submit(ctx, &msg)
	if !errors.Is(err, attributiontypes.ErrAttestation) || !msg.Attested() {
		return recorded, err
	}
	if err := s.attach(&msg); err != nil {
		return Recorded{}, err
	}
	if batch.Message, err = msg.Marshal(); err != nil {
		return Recorded{}, err
	}
	batch.Attested = false
	// From now on these are its bytes: under its number the chain takes no others.
	if err := s.Outbox.PutBatch(*batch); err != nil {
		return Recorded{}, err
	}
	return s.Node.Submit(ctx, &msg)
}

// refused decides what becomes of a batch that the chain does not take. It returns the error when the batch is tried again as it is, and
// whether it was undone, and with it all batches behind it.
func (s *Sender) refused(ctx context.Context, batch Batch, cause error) (undone bool, err error) {
	var refusal *chain.RefusedError
	if !errors.As(cause, &refusal) {
		return false, cause
	}
	switch calls := batch.calls(); {
	case errors.Is(cause, attributiontypes.ErrSequenceUsed):
		return s.reconcile(ctx, batch, cause)
	case isTooLarge(cause) && calls > 1:
		s.limit = int(calls / 2)
		s.Log.Warn("the chain cannot take so many receipts at once; sending fewer", "seq", batch.Seq, "calls", calls, "err", cause)
		return true, s.Outbox.Dissolve(batch.Seq, nil)
	case refusal.Codespace != attributiontypes.ModuleName || errors.Is(cause, attributiontypes.ErrPaused) || errors.Is(cause, attributiontypes.ErrWindowFull):
		return false, cause
	case len(batch.Parts) > 1:
		s.Log.Warn("the chain refused receipts of several sessions; sending them apart", "seq", batch.Seq, "sessions", len(batch.Parts), "err", cause)
		return true, s.Outbox.Dissolve(batch.Seq, batch.blamed(refusal.Log))
	case !isFinal(cause):
		return false, cause
	}
	s.Log.Error("the chain refused receipts for good", "seq", batch.Seq, "err", cause)
	batch.Error = cause.Error()
	for _, part := range batch.Parts {
		// Later receipts of the session would leave a hole in its calls.
		if err := s.Outbox.Update(part.Session, func(session *Session) { session.Broken = batch.Error }); err != nil {
			return false, err
		}
	}
	return false, s.Outbox.PutBatch(batch)
}

// finalRefusals are what only a session's own calls and vouchers can cause, and no later block changes.
var finalRefusals = []error{
	attributiontypes.ErrUnauthorized, attributiontypes.ErrSessionNotFound, attributiontypes.ErrSessionClosed, attributiontypes.ErrInvalidDeposit,
	attributiontypes.ErrInvalidReceipt, attributiontypes.ErrCallOrder, attributiontypes.ErrVoucher, attributiontypes.ErrOvercharge,
	attributiontypes.ErrDeposit, attributiontypes.ErrTokenCount, attributiontypes.ErrManifest,
}

func isFinal(err error) bool {
	return slices.ContainsFunc(finalRefusals, func(final error) bool { return errors.Is(err, final) })
}

// isTooLarge says that a smaller batch may pass: for its size, its gas, or what it holds of the bond.
func isTooLarge(err error) bool {
	return slices.ContainsFunc([]error{
		attributiontypes.ErrOversize, modelstypes.ErrInsufficientBond, sdkerrors.ErrOutOfGas, sdkerrors.ErrTxTooLarge, sdkerrors.ErrInvalidGasLimit,
	}, func(reason error) bool { return errors.Is(err, reason) })
}

// reconcile finds out whether a batch whose number is used was recorded: then its dispute window may have closed since, or it was sent in
// another form. If it was not, it gets a new number.
func (s *Sender) reconcile(ctx context.Context, batch Batch, cause error) (undone bool, err error) {
	recorded := 0
	for _, part := range batch.Parts {
		stored, err := s.Node.Session(ctx, part.Session)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return false, err
		}
		if err != nil || stored.Calls >= part.Last { // sessions go when all they had is recorded
			recorded++
		}
	}
	switch recorded {
	case len(batch.Parts):
		s.Log.Warn("receipts were recorded before", "seq", batch.Seq, "err", cause)
		batch.Done, batch.Settled = true, true
		return false, s.Outbox.PutBatch(batch)
	case 0:
		last, err := s.Node.LastSeq(ctx)
		if err != nil {
			return false, err
		}
		s.Log.Warn("the number of a batch is used; giving it another", "seq", batch.Seq, "last", last, "err", cause)
		return true, errors.Join(s.Outbox.skipTo(last), s.Outbox.Dissolve(batch.Seq, nil))
	}
	return false, cause
}
