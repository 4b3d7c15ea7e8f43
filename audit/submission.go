package audit

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	codectypes "github.com/cosmos/cosmos-sdk/codec/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	txtypes "github.com/cosmos/cosmos-sdk/types/tx"
	"github.com/cosmos/cosmos-sdk/x/authz"

	"github.com/openledger/openledger/poa"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
)

// submission is a message that submitted receipts, and where it was found.
type submission struct {
	attributiontypes.MsgSubmitReceipts
	tx   int    // in the block
	hash string // of the transaction
	// evidence is that of the message, or of the bundle that it names.
	evidence []byte
	// file is true for receipts and evidence that come without the message.
	file bool
}

// readSubmission takes the files, or finds the message in the block of the
// batch. The block is scanned: not every node has an index of transactions.
func (a *audit) readSubmission(files *Files) error {
	if files != nil && files.Receipts != nil {
		a.submitted = submission{file: true}
		a.submitted.Receipts, a.submitted.evidence = files.Receipts, files.Evidence
		return nil
	}
	txs, err := a.source.Txs(a.ctx, a.batch.Height)
	if errors.Is(err, ErrPruned) {
		return fmt.Errorf("%w; ask a node that keeps blocks, or give the batch's receipts and evidence as files", err)
	}
	if err != nil {
		return fmt.Errorf("block %d: %w", a.batch.Height, err)
	}
	found := findSubmissions(txs, a.batch.Provider, a.batch.ProviderSeq)
	if len(found) == 0 {
		return fmt.Errorf(
			"block %d of %d transactions holds no receipts of %s under number %d: the node's blocks are not those of its "+
				"state, or of another chain",
			a.batch.Height, len(txs), a.batch.Provider, a.batch.ProviderSeq)
	}
	a.submitted = found[0]
	// A refused submission may stand before the one that was recorded.
	for _, candidate := range found {
		if payloadHash(candidate.MsgSubmitReceipts) == hex.EncodeToString(a.batch.PayloadHash) {
			a.submitted = candidate
			break
		}
	}
	a.submitted.evidence = a.submitted.Evidence
	if a.submitted.Attested() {
		return a.readBundle()
	}
	return nil
}

// readBundle gets the evidence that the batch only names. That it is the right one follows from its root, wherever it
// comes from.
func (a *audit) readBundle() error {
	encoded, err := a.source.Bundle(a.ctx, a.batch)
	if err != nil {
		return fmt.Errorf("evidence of batch %d: %w", a.batch.Id, err)
	}
	bundle, err := poa.UnmarshalBundle(encoded, int(a.batch.Receipts)+int(a.batch.Gaps))
	if err != nil {
		return fmt.Errorf("evidence of batch %d: %w", a.batch.Id, err)
	}
	a.submitted.evidence, err = bundle.Evidence.MarshalBinary()
	return err
}

// findSubmissions lists the messages of a provider under a number in a block.
// Transactions of other kinds, and what is no transaction, are passed over.
func findSubmissions(txs [][]byte, provider string, seq uint64) []submission {
	var found []submission
	for i, encoded := range txs {
		var raw txtypes.TxRaw
		var body txtypes.TxBody
		if raw.Unmarshal(encoded) != nil || body.Unmarshal(raw.BodyBytes) != nil {
			continue
		}
		hash := sha256.Sum256(encoded)
		for _, msg := range submitMessages(body.Messages) {
			if msg.Provider == provider && msg.ProviderSeq == seq {
				found = append(found, submission{MsgSubmitReceipts: msg, tx: i, hash: strings.ToUpper(hex.EncodeToString(hash[:]))})
			}
		}
	}
	return found
}

// submitMessages also opens authorised execution, by which a provider may let
// another account submit.
func submitMessages(messages []*codectypes.Any) []attributiontypes.MsgSubmitReceipts {
	var found []attributiontypes.MsgSubmitReceipts
	for _, packed := range messages {
		switch packed.TypeUrl {
		case sdk.MsgTypeURL(&attributiontypes.MsgSubmitReceipts{}):
			var msg attributiontypes.MsgSubmitReceipts
			if msg.Unmarshal(packed.Value) == nil {
				found = append(found, msg)
			}
		case sdk.MsgTypeURL(&authz.MsgExec{}):
			var exec authz.MsgExec
			if exec.Unmarshal(packed.Value) == nil {
				found = append(found, submitMessages(exec.Msgs)...)
			}
		}
	}
	return found
}

// payloadHash is the hash of a message that the chain keeps. It covers everything except the sender and the number.
func payloadHash(msg attributiontypes.MsgSubmitReceipts) string {
	encoded, err := (&attributiontypes.MsgSubmitReceipts{Sessions: msg.Sessions, Receipts: msg.Receipts,
		Evidence: msg.Evidence, BundleRoot: msg.BundleRoot, BundleBytes: msg.BundleBytes, BundleWork: msg.BundleWork,
		StopsHeight: msg.StopsHeight}).Marshal()
	if err != nil {
		return err.Error()
	}
	hash := sha256.Sum256(encoded)
	return hex.EncodeToString(hash[:])
}

// checkSubmission compares the message with the batch.
func (a *audit) checkSubmission() bool {
	bytes := fmt.Sprintf("%d bytes of receipts and %d of evidence", len(a.submitted.Receipts), len(a.submitted.evidence))
	if a.submitted.file {
		a.skip("submission", bytes+" come from files")
		a.skip("payload_hash", "payload hash: it covers vouchers, which the files do not hold; record and evidence root "+
			"bind all of this receipt but the maximum that the payer allowed")
		return a.part >= 0
	}
	a.truth("submission", true, fmt.Sprintf("transaction %d of block %d, %s, submitted %s", a.submitted.tx, a.batch.Height,
		a.submitted.hash, bytes), "")
	a.same("payload_hash", "payload hash of the submission:", payloadHash(a.submitted.MsgSubmitReceipts),
		hex.EncodeToString(a.batch.PayloadHash))
	return a.part >= 0
}

// decode reads receipts and evidence, and finds the ones of this call.
func (a *audit) decode() bool {
	var err error
	// The chain counted them: more than these are not the same receipts.
	a.receipts, err = poa.UnmarshalReceipts(a.submitted.Receipts, int(a.batch.Receipts)+int(a.batch.Gaps))
	if err != nil {
		return a.truth("receipts", false, "", fmt.Sprintf("receipts do not decode: %v", err))
	}
	gaps, place := 0, -1
	answer := 0 // of the receipt among those that are not gaps
	for i, receipt := range a.receipts {
		if receipt.Session == uint32(a.part) && receipt.N == a.call {
			place, answer = i, i-gaps
		}
		if receipt.Gap {
			gaps++
		}
	}
	a.same("receipts", "receipts and gaps submitted:", fmt.Sprintf("%d and %d", len(a.receipts)-gaps, gaps),
		fmt.Sprintf("%d and %d", a.batch.Receipts, a.batch.Gaps))
	if place < 0 || a.receipts[place].Gap {
		return a.truth(
			"call", false, "", fmt.Sprintf("call %d of session %x is not among the submitted receipts", a.call, a.session))
	}
	a.claimed = a.receipts[place]
	a.claimed.Method = uint8(a.model.Method)
	if a.evidence, err = poa.UnmarshalEvidence(a.submitted.evidence); err != nil {
		return a.truth("evidence", false, "", fmt.Sprintf("evidence does not decode: %v", err))
	}
	root := a.evidence.Root()
	a.same("evidence_bundle", fmt.Sprintf("root of the evidence, %d segments and %d answers:", len(a.evidence.Segments),
		len(a.evidence.Answers)),
		root.String(), hex.EncodeToString(a.batch.EvidenceRoot))
	if want := len(a.receipts) - gaps; len(a.evidence.Answers) != want {
		return a.truth(
			"answers", false, "", fmt.Sprintf("%d answers in the evidence, %d receipts that are not gaps",
				len(a.evidence.Answers), want))
	}
	a.answer = a.evidence.Answers[answer]
	for _, place := range a.answer.Segments {
		a.proofs = append(a.proofs, a.evidence.Segments[place])
	}
	return true
}
