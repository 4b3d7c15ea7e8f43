// Package audit recomputes one receipt from what a chain recorded and from the
// evidence that its provider submitted. Everything that the receipt claims
// follows from the two by package poa: a third party needs no key, no trust in
// the provider, and no more of the node than the state it already publishes.
package audit

import (
	"context"
	"fmt"

	"github.com/openledger/openledger/poa"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
	datanettypes "github.com/openledger/openledger/x/datanet/types"
	modelstypes "github.com/openledger/openledger/x/models/types"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// Files are what a verification does not ask for.
type Files struct {
	// Receipts and Evidence of a batch as they were submitted, for nodes that no
	// longer have the block; nil otherwise.
	Receipts, Evidence []byte
	// Influence is the influence file of the model's version, by which receipts by
	// method LORA owe; nil has it found where attestors find it.
	Influence []byte
}

// Verify recomputes a receipt from state and from the transaction that
// submitted it. A receipt that is wrong is a report with failed steps; an error
// says that something needed could not be had.
func Verify(ctx context.Context, source Source, id string) (Report, error) {
	return verify(ctx, source, id, nil)
}

// VerifyFiles is Verify with what files hold.
func VerifyFiles(ctx context.Context, source Source, id string, files Files) (Report, error) {
	return verify(ctx, source, id, &files)
}

// audit is one verification under way.
type audit struct {
	ctx    context.Context
	source Source
	report Report

	session []byte
	call    uint64

	// What the chain says.
	receipt attributiontypes.Receipt
	payout  rewardstypes.Payout
	payment attributiontypes.Payment
	batch   attributiontypes.Batch
	part    int // of batch.Sessions
	state   attributiontypes.Session
	model   modelstypes.ModelVersion
	known   map[uint64]contribution

	// What the provider submitted.
	submitted submission
	receipts  []poa.Receipt
	evidence  poa.Evidence
	claimed   poa.Receipt // the one that is verified
	answer    poa.AnswerEvidence
	proofs    []poa.SegmentProof // of the answer
	influence []byte             // file of the model's version, nil if it was not given
}

type contribution struct {
	datanettypes.Contribution
	datanet   datanettypes.DataNet
	royalties []datanettypes.Royalty // in the block of the batch
	stops     map[uint32]datanettypes.SegmentStop
}

// start reads a receipt and what was submitted with it.
func start(ctx context.Context, source Source, id string, files *Files) (*audit, error) {
	session, call, err := attributiontypes.ParseReceiptID(id)
	if err != nil {
		return &audit{}, err
	}
	a := &audit{ctx: ctx, source: source, session: session, call: call, known: make(map[uint64]contribution)}
	a.report.ID = attributiontypes.ReceiptID(session, call)
	if files != nil {
		a.influence = files.Influence
	}
	if err := a.read(); err != nil {
		return a, err
	}
	return a, a.readSubmission(files)
}

func verify(ctx context.Context, source Source, id string, files *Files) (Report, error) {
	a, err := start(ctx, source, id, files)
	if err != nil {
		return a.report, err
	}
	// A later step needs what an earlier one decoded; the report ends where
	// there is nothing left to recompute from.
	if !a.checkSubmission() || !a.decode() {
		return a.done()
	}
	if err := a.checkRecord(); err != nil {
		return a.report, err
	}
	a.checkFee()
	a.checkVoucher()
	a.checkOpenings()
	if err := a.checkSegments(); err != nil {
		return a.report, err
	}
	if err := a.checkAttribution(); err != nil {
		return a.report, err
	}
	if err := a.listEntries(); err != nil {
		return a.report, err
	}
	return a.done()
}

func (a *audit) done() (Report, error) {
	a.report.OK = a.report.Failed() == 0
	return a.report, nil
}

// read asks the chain for the receipt and for all that it refers to.
func (a *audit) read() error {
	found, err := a.source.Receipt(a.ctx, a.report.ID)
	if err != nil {
		return err
	}
	if a.batch, err = a.source.Batch(a.ctx, found.Receipt.BatchId); err != nil {
		return fmt.Errorf("batch %d: %w", found.Receipt.BatchId, err)
	}
	// A verdict between the two answers changes what is paid.
	if found.BatchStatus != a.batch.Status {
		if found, err = a.source.Receipt(a.ctx, a.report.ID); err != nil {
			return err
		}
	}
	a.receipt, a.payout, a.payment = found.Receipt, found.Payout, found.Payment
	if a.state, err = a.source.Session(a.ctx, a.session); err != nil {
		return fmt.Errorf("session %x: %w", a.session, err)
	}
	if a.model, err = a.source.ModelVersion(a.ctx, a.state.ModelId, a.state.ModelVersion); err != nil {
		return fmt.Errorf("model %d: %w", a.state.ModelId, err)
	}
	if a.receipt.Fee.IsNil() || a.state.Price.Input.IsNil() || a.state.Price.Output.IsNil() ||
		a.state.Price.Royalty.IsNil() {
		return fmt.Errorf("the node answered without the fee of receipt %s or the price of its session", a.report.ID)
	}
	a.part = -1
	for i, part := range a.batch.Sessions {
		if string(part.SessionId) == string(a.session) && part.FirstCall <= a.call && a.call <= part.LastCall {
			a.part = i
		}
	}
	a.report.Recorded = recorded(a.receipt, a.batch)
	a.truth("receipt", a.part >= 0 && a.receipt.Id == a.report.ID,
		fmt.Sprintf("receipt %s is in batch %d", a.report.ID, a.batch.Id),
		fmt.Sprintf("the node answered with receipt %s, and batch %d does not hold call %d of session %x", a.receipt.Id,
			a.batch.Id, a.call, a.session))
	a.same("rules", "rules that verified the batch: version of this program", fmt.Sprint(poa.Version),
		fmt.Sprint(a.batch.PoaVersion))
	return nil
}
