// Package poa is Proof of Attribution: the rules that decide which contributions a model's answer must pay, the
// receipts that record the result, and the evidence from which anybody can recompute it.
//
// Everything is integer arithmetic on the standard library. There are no floating point numbers, no iteration over
// maps, no Unicode tables of the runtime, no clock and no concurrency, so keepers, attestors, gateways and third
// parties compute the same bytes on every platform. No input makes the package panic; every error wraps one of the
// sentinel errors in errors.go.
//
// # The flow
//
// A contributor cuts a document into segments (content/segment), checks them (CheckSegment) and publishes a
// SegmentFile. The chain stores the file's Root with the rank of the contribution, its place in the global order of
// commits (CommitHash keeps the text secret until then).
//
// A payer opens a session with a provider. For every call the payer signs a Voucher over the head of a chain (NextHash)
// that commits to the call and acknowledges the outcome of the call before. The provider answers, commits to the answer
// with AnswerRoot, a Merkle tree over salted tokens, and signs it (SignedAnswer).
//
// The provider attributes the answer: Index.Attribute applies method SPAN to a whole manifest. A segment qualifies for
// a position of the answer if a seed of the answer admits and anchors it and the position lies on a local alignment of
// at least 100 bits with it; the position pays the information content of its token (Statistics.Surprisal) to the
// qualified segment of the lowest rank. Whether a segment qualifies depends only on the answer, the segment, the
// segments before it and frozen statistics. Therefore a later segment never lowers what an earlier one earns, copies
// earn nothing, and splitting a segment gains nothing. For text whose words differ, Index.AttributeRAG adds local
// windows over the segments that Search.Retrieve has found. Index.AttributeMeaning adds a path over the answer through
// segments that hold the meaning of its words, in any language. For adapters, Index.AttributeLora adds a part by the
// influence that contributions had on the training. The result is a list of rows, which Attribution.Root commits to,
// and weights in parts per million.
//
// A Receipt carries these to the chain, MarshalReceipts packs a batch of them, and a Record is what the chain keeps.
// Evidence opens only the attributed positions and the positions that support them, together with the text of the
// segments that own them. A Dispute proves in one message that a receipt is a lie.
//
// # How a third party recomputes a receipt
//
//  1. Decode the evidence (UnmarshalEvidence) and compare Evidence.Root with the root in the batch header.
//  2. For every segment in it, look up the contribution of its rank; check that the manifest names it, that its text
//     passes CheckSegment, and that the path leads from SegmentLeaf to the contribution's root (VerifyPath).
//  3. For every receipt that is not a gap, compute AnswerLeaf of each opening and with the multiproof the receipt's
//     answer root.
//  4. Run Recompute on the openings and the segments listed for this answer.
//  5. Compare Attribution.Root with the evidence root, and entries and unattributed share with the receipt.
//
// VerifyEvidence does all of this but the first comparison. A receipt of method LORA also needs the adapter's influence
// file: OpenInfluence, AddLora and Weigh come between steps 4 and 5, and VerifyHeld does all of it. Hiding the
// positions that no segment owns changes neither rows nor weights, so the prompt and the rest of the answer stay
// private. The evidence cannot show that no earlier segment was left out. Attestors, who hold the whole manifest, check
// this with VerifyComplete or VerifyHeld, and EarlierSegment disputes it.
//
// # Versions
//
// MethodSPAN, MethodRAG, MethodMeaning and MethodLora name the rules with their parameters and tables. NormVersion
// names the tokeniser with its tables, and ProtocolStatisticsVersion the table of frequencies. Encodings carry their
// version in a magic string or a domain string. The golden vectors in testdata freeze all of them: a change of any
// vector is a new version, never a correction.
package poa
