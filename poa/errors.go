package poa

import (
	"errors"
	"slices"
)

// Sentinel errors. Every error this package returns wraps one of them, so callers test with errors.Is and never compare
// texts. The wrapped message says what was found and what to change.
var (
	// ErrAmountRange reports an amount below zero or at or above 2^128 aopen.
	ErrAmountRange = errors.New("poa: amount outside 0 .. 2^128-1")
	// ErrHash reports a hash that is not 32 bytes (64 hexadecimal digits).
	ErrHash = errors.New("poa: malformed hash")
	// ErrMerkleProof reports an inclusion proof of the wrong shape or with another root.
	ErrMerkleProof = errors.New("poa: invalid Merkle proof")
	// ErrMMR reports a Merkle mountain range or a path in one that is malformed or has another root.
	ErrMMR = errors.New("poa: invalid Merkle mountain range")
	// ErrSegment is wrapped by every *SegmentError.
	ErrSegment = errors.New("poa: segment refused")
	// ErrSegmentFile reports a segment file that is not in canonical form or above a cap.
	ErrSegmentFile = errors.New("poa: invalid segment file")
	// ErrStatistics reports a statistics table that is missing, unsorted or out of range.
	ErrStatistics = errors.New("poa: invalid token statistics")
	// ErrAnswer reports an answer whose hidden mask does not fit its tokens.
	ErrAnswer = errors.New("poa: invalid answer")
	// ErrDuplicateSegment reports two segments with the same rank and index.
	ErrDuplicateSegment = errors.New("poa: duplicate segment")
	// ErrIndexEncoding reports the bytes of an index that are damaged or belong to other statistics.
	ErrIndexEncoding = errors.New("poa: unusable index file")
	// ErrOversize reports an input above one of the caps of this package.
	ErrOversize = errors.New("poa: above a size limit")
	// ErrReceipt reports a receipt whose fields contradict each other.
	ErrReceipt = errors.New("poa: invalid receipt")
	// ErrReceiptEncoding reports bytes that are not the canonical packing of receipts.
	ErrReceiptEncoding = errors.New("poa: receipts are not canonically encoded")
	// ErrRecord reports a record whose fields contradict each other.
	ErrRecord = errors.New("poa: invalid record")
	// ErrRecordEncoding reports bytes that are not the canonical packing of a record or a page.
	ErrRecordEncoding = errors.New("poa: record is not canonically encoded")
	// ErrEvidenceEncoding reports bytes or a value that is not canonical evidence.
	ErrEvidenceEncoding = errors.New("poa: evidence is not canonically encoded")
	// ErrEvidenceCount reports evidence with more or fewer answers than there are receipts that are not gaps.
	ErrEvidenceCount = errors.New("poa: evidence does not cover the receipts")
	// ErrInline reports a receipt of method LORA, which evidence alone cannot prove: the influence file is needed.
	ErrInline = errors.New("poa: method LORA is not proved by evidence alone")
	// ErrContribution reports a contribution that is not in the manifest or not payable.
	ErrContribution = errors.New("poa: contribution is not payable under the manifest")
	// ErrInfluence reports an influence file, its rows or a query that is malformed, or a file that is not the one of a
	// training record.
	ErrInfluence = errors.New("poa: invalid influence of contributions")
	// ErrSegmentPath reports a segment that is not part of the contribution it is claimed for.
	ErrSegmentPath = errors.New("poa: segment is not in the contribution")
	// ErrUnusedSegment reports a segment in the evidence that no answer refers to.
	ErrUnusedSegment = errors.New("poa: evidence holds a segment that no answer uses")
	// ErrOpening reports openings that are unsorted, out of range or come with a proof of the wrong shape.
	ErrOpening = errors.New("poa: invalid opening")
	// ErrAnswerRoot reports openings that do not lead to the receipt's answer root.
	ErrAnswerRoot = errors.New("poa: openings do not match the answer root")
	// ErrForgedSpan reports a segment listed for an answer although it owns no opened position.
	ErrForgedSpan = errors.New("poa: claimed segment is not aligned with the answer")
	// ErrEvidenceRoot reports recomputed rows that differ from the receipt's evidence root.
	ErrEvidenceRoot = errors.New("poa: recomputed rows do not match the evidence root")
	// ErrBundle reports a bundle that is not the one a batch refers to.
	ErrBundle = errors.New("poa: not the bundle of the batch")
	// ErrOmitted reports evidence that leaves out a segment of the manifest.
	ErrOmitted = errors.New("poa: evidence is not complete")
	// ErrDispute reports a dispute that does not prove a lie.
	ErrDispute = errors.New("poa: the dispute proves nothing")
	// ErrDisputeEncoding reports bytes that are not a canonical dispute.
	ErrDisputeEncoding = errors.New("poa: dispute is not canonically encoded")
	// ErrWork reports work above a bound: of one answer, or of a Work.
	ErrWork = errors.New("poa: above the bound of work")
	// ErrStopped reports work that its caller has stopped; it says nothing about what was verified.
	ErrStopped = errors.New("poa: stopped")
	// ErrWeights reports recomputed weights that differ from the receipt's.
	ErrWeights = errors.New("poa: recomputed weights do not match the receipt")
)

// refutations are the errors by which Dispute.Verify and UnmarshalDispute say that a proof is wrong.
var refutations = []error{
	ErrDispute, ErrDisputeEncoding, ErrOversize, ErrMerkleProof, ErrContribution, ErrSegment, ErrSegmentPath,
	ErrEvidenceEncoding, ErrOpening,
	ErrAnswerRoot,
}

// Refutes reports whether an error of Dispute.Verify or UnmarshalDispute is a fault of the proof. Any other error, such
// as missing statistics, is a fault of the caller and says nothing about the proof. A ContributionSource whose own
// look-up failed is reported as ErrContribution; callers whose source can fail ask the source.
func Refutes(err error) bool {
	return slices.ContainsFunc(refutations, func(refutation error) bool { return errors.Is(err, refutation) })
}
