package audit_test

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"testing"

	sdkmath "cosmossdk.io/math"

	"github.com/stretchr/testify/require"

	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/x/authz"

	"github.com/openledger/openledger/audit"
	"github.com/openledger/openledger/poa"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
)

func verify(t *testing.T, w *world, call uint64) audit.Report {
	t.Helper()
	report, err := audit.Verify(context.Background(), w, w.id(call))
	require.NoError(t, err)
	return report
}

// failed names the steps that failed, each once.
func failed(report audit.Report) []string {
	var names []string
	for _, step := range report.Steps {
		if step.Status == audit.Failed && !slices.Contains(names, step.Name) {
			names = append(names, step.Name)
		}
	}
	return names
}

func TestHonestReceiptPasses(t *testing.T) {
	w := newWorld(t).seal(t)
	for call, entries := range map[uint64]int{1: 2, 3: 1} {
		report := verify(t, w, call)
		require.True(t, report.OK)
		require.Empty(t, failed(report))
		require.Len(t, report.Entries, entries)
		require.Equal(t, address("contributor 1").String(),
			report.Entries[slices.IndexFunc(report.Entries, func(e audit.Entry) bool { return e.Rank == 2 })].Contributor)
		for _, step := range report.Steps {
			require.Equal(t, audit.Passed, step.Status, step.Text)
			require.Equal(t, step.Recorded, step.Computed)
		}
	}
}

// A report says what was paid, which a split of an expired batch's fee does not.
func TestUnpaidReceiptPasses(t *testing.T) {
	w := newWorld(t).seal(t)
	w.batch.Status = attributiontypes.BATCH_STATUS_LAPSED
	report := verify(t, w, 1)
	require.Empty(t, failed(report))
	for _, entry := range report.Entries {
		require.Equal(t, "0", entry.DataShare)
	}
}

func TestRunsQuoteTheirSegment(t *testing.T) {
	report := verify(t, newWorld(t).seal(t), 1)
	require.NotEmpty(t, report.Runs)
	require.Equal(t, texts[0][0][:len(texts[0][0])-1], report.Runs[0].Text, "from the first word to the last")
	require.Zero(t, report.Runs[0].Segment)
	var out bytes.Buffer
	require.NoError(t, report.WriteText(&out, true))
	require.Contains(t, out.String(), "The dermal papilla directs")
	require.Contains(t, out.String(), "ok   segment 0 of contribution 1 is in its root")
	out.Reset()
	require.NoError(t, report.WriteText(&out, false))
	require.NotContains(t, out.String(), "The dermal papilla directs")
}

func TestReportIsJSON(t *testing.T) {
	encoded, err := json.Marshal(verify(t, newWorld(t).seal(t), 1))
	require.NoError(t, err)
	var back audit.Report
	require.NoError(t, json.Unmarshal(encoded, &back))
	require.True(t, back.OK)
	require.NotEmpty(t, back.Steps)
}

// TestProviderLies: the chain recorded what the provider claimed, hashes and
// all. Only what the evidence proves speaks against it.
func TestProviderLies(t *testing.T) {
	for name, test := range map[string]struct {
		lie  func(w *world)
		fail []string
	}{
		"weight": {func(w *world) {
			r := &w.receipts[0]
			r.Entries[0].WeightPPM += 1_000
			r.UnattributedPPM -= 1_000
		}, []string{"weights", "verify_evidence"}},
		"segment text": {func(w *world) {
			s := &w.evidence.Segments[0]
			s.Content = bytes.Replace(s.Content, []byte("papilla"), []byte("Papilla"), 1) // the same word to the aligner
		}, []string{"segment_path", "verify_evidence"}},
		"segment of other words": {func(w *world) {
			w.evidence.Segments[0].Content = []byte(texts[0][1])
		}, []string{"segment_path", "alignment", "evidence_root", "weights", "verify_evidence"}},
		"segment that breaks the rules": {func(w *world) {
			w.evidence.Segments[0].Content = append(w.evidence.Segments[0].Content, 0)
		}, []string{"segment_path", "segment_text", "verify_evidence"}},
		"path": {func(w *world) {
			w.evidence.Segments[0].Path = []poa.Hash{poa.LeafHash([]byte("another"))}
		}, []string{"segment_path", "verify_evidence"}},
		"answer root": {func(w *world) {
			w.receipts[0].AnswerRoot = poa.LeafHash([]byte("another"))
		}, []string{"openings", "verify_evidence"}},
		"opened word": {func(w *world) {
			w.evidence.Answers[0].Openings[5].Token++
		}, []string{"openings", "evidence_root", "weights", "verify_evidence"}},
		"evidence root": {func(w *world) {
			w.receipts[0].EvidenceRoot = poa.LeafHash([]byte("another"))
		}, []string{"evidence_root", "verify_evidence"}},
		"missing segment": {func(w *world) {
			// The second answer refers to places after the removed one.
			at := slices.IndexFunc(w.evidence.Segments, func(s poa.SegmentProof) bool { return s.Rank == 1 })
			w.evidence.Segments = slices.Delete(w.evidence.Segments, at, at+1)
			for i := range w.evidence.Answers {
				answer := &w.evidence.Answers[i]
				var kept, seeds []uint32
				for k, s := range answer.Segments {
					if s != uint32(at) {
						kept, seeds = append(kept, s-1), append(seeds, answer.Seeds[k])
					}
				}
				answer.Segments, answer.Seeds = kept, seeds
			}
		}, []string{"segment_missing", "evidence_root", "weights", "verify_evidence"}},
		"unknown contribution": {func(w *world) {
			delete(w.contributions, 3)
			last := len(w.evidence.Segments)
			proof := w.evidence.Segments[0]
			proof.Rank = 3
			w.evidence.Segments = append(w.evidence.Segments, proof)
			w.evidence.Answers[0].Segments = append(w.evidence.Answers[0].Segments, uint32(last))
			w.evidence.Answers[0].Seeds = append(w.evidence.Answers[0].Seeds, w.evidence.Answers[0].Count)
		}, []string{"contribution", "alignment", "verify_evidence"}},
		"contribution that the model does not use": {func(w *world) {
			c := w.contributions[2]
			c.AcceptedVersion = 3
			w.contributions[2] = c
		}, []string{"manifest", "verify_evidence"}},
		"fee": {func(w *world) {
			w.receipts[0].Fee, _ = w.receipts[0].Fee.Add(poa.NewAmount(1))
		}, []string{"fee"}},
		"fee below the royalty": {func(w *world) {
			w.receipts[0].Fee = poa.NewAmount(1)
		}, []string{"fee", "payout"}},
		"tokens": {func(w *world) {
			w.receipts[0].OutputTokens++
		}, []string{"tokens"}},
		"key": {func(w *world) {
			w.session.SessionKey = hashOf("another")
		}, []string{"voucher"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			test.lie(w)
			report := verify(t, w.seal(t), 1)
			require.False(t, report.OK)
			require.ElementsMatch(t, test.fail, failed(report))
		})
	}
}

// TestNodeAndBatchDisagree: what the node says is not what was submitted.
func TestNodeAndBatchDisagree(t *testing.T) {
	for name, test := range map[string]struct {
		change func(w *world)
		fail   []string
	}{
		"payload hash":       {func(w *world) { w.batch.PayloadHash[0]++ }, []string{"payload_hash"}},
		"evidence root":      {func(w *world) { w.batch.EvidenceRoot[0]++ }, []string{"evidence_bundle"}},
		"batch root":         {func(w *world) { w.batch.Root[0]++ }, []string{"batch_root", "record_path"}},
		"rules":              {func(w *world) { w.batch.PoaVersion++ }, []string{"rules"}},
		"counts":             {func(w *world) { w.batch.Gaps++ }, []string{"receipts"}},
		"undecodable":        {func(w *world) { w.msg.Receipts = w.msg.Receipts[1:]; w.rehash(t) }, []string{"receipts"}},
		"broken evidence":    {func(w *world) { w.msg.Evidence = w.msg.Evidence[1:]; w.rehash(t) }, []string{"evidence"}},
		"other session":      {func(w *world) { w.batch.Sessions[0].SessionId = hashOf("another") }, []string{"receipt"}},
		"another record":     {func(w *world) { w.records[0].Index = 1 }, []string{"record", "record_path"}},
		"index out of range": {func(w *world) { w.records[0].Index = 9 }, []string{"record"}},
		"recorded weight": {func(w *world) {
			w.records[0].Entries[0].WeightPpm--
			w.records[0].UnattributedPpm++
		}, []string{"record", "batch_root", "entries", "payout"}},
		"recorded fee": {func(w *world) { w.records[0].Fee = w.records[0].Fee.AddRaw(1) }, []string{"record", "batch_root"}},
		"payout": {func(w *world) {
			w.payouts[0].Entries[0].Amount = w.payouts[0].Entries[0].Amount.AddRaw(1)
		}, []string{"payout"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t).seal(t)
			test.change(w)
			report := verify(t, w, 1)
			require.False(t, report.OK)
			require.ElementsMatch(t, test.fail, failed(report))
		})
	}
}

func TestVoucherOfALaterBatchIsSkipped(t *testing.T) {
	w := newWorld(t).seal(t)
	w.batch.Sessions[0].FirstCall, w.batch.Sessions[0].PreviousBatch = 1, 0
	require.True(t, verify(t, w, 3).OK)
	w.batch.Sessions[0].FirstCall, w.batch.Sessions[0].PreviousBatch = 2, 4
	report := verify(t, w, 3)
	require.True(t, report.OK)
	at := slices.IndexFunc(report.Steps, func(s audit.Step) bool { return s.Name == "voucher" })
	require.Equal(t, audit.Skipped, report.Steps[at].Status)
}

func TestCloseAcknowledges(t *testing.T) {
	w := newWorld(t).seal(t)
	w.msg.Sessions[0] = attributiontypes.SessionClaim{SessionId: w.session.Id, Calls: 3, CumulativeMax: sdkmath.ZeroInt()}
	w.rehash(t)
	require.Equal(t, []string{"voucher"}, failed(verify(t, w, 3)))

	var head poa.Hash
	var last poa.Outcome
	for _, receipt := range w.receipts {
		head, last = poa.NextHash(head, receipt.CallHash(), last), receipt.Outcome()
	}
	closing := poa.NextHash(head, poa.AckCall, last)
	w.session.CloseCalls, w.session.CloseHead = 4, closing[:]
	require.True(t, verify(t, w, 3).OK)
}

func TestFilesReplaceThePrunedBlock(t *testing.T) {
	w := newWorld(t).seal(t)
	w.pruned = true
	_, err := audit.Verify(context.Background(), w, w.id(1))
	require.ErrorIs(t, err, audit.ErrPruned)

	files := audit.Files{Receipts: w.msg.Receipts, Evidence: w.msg.Evidence}
	report, err := audit.VerifyFiles(context.Background(), w, w.id(1), files)
	require.NoError(t, err)
	require.True(t, report.OK)

	// A file of another batch is told by the roots that the chain recorded.
	other := newWorld(t)
	other.evidence.Segments[0].Content[0] = 't'
	report, err = audit.VerifyFiles(context.Background(), w, w.id(1),
		audit.Files{Receipts: w.msg.Receipts, Evidence: other.seal(t).msg.Evidence})
	require.NoError(t, err)
	require.ElementsMatch(t, []string{"evidence_bundle", "segment_path", "verify_evidence"}, failed(report))

	report, err = audit.VerifyFiles(context.Background(), w, w.id(1),
		audit.Files{Receipts: []byte("x"), Evidence: w.msg.Evidence})
	require.NoError(t, err)
	require.Equal(t, []string{"receipts"}, failed(report))
}

func TestSubmissionIsFoundAmongOthers(t *testing.T) {
	w := newWorld(t).seal(t)
	refused := w.msg
	refused.Evidence = []byte("refused by the chain")
	exec := authz.NewMsgExec(address("operator"), []sdk.Msg{&w.msg})
	w.txs = [][]byte{encodeTx(t, &refused), encodeTx(t, &exec)}
	require.True(t, verify(t, w, 1).OK)

	other := w.msg
	other.ProviderSeq++
	w.txs = [][]byte{encodeTx(t, &other)}
	_, err := audit.Verify(context.Background(), w, w.id(1))
	require.ErrorContains(t, err, "holds no receipts")
}

func TestUnknownReceipts(t *testing.T) {
	w := newWorld(t).seal(t)
	_, err := audit.Verify(context.Background(), w, w.id(2))
	require.ErrorIs(t, err, audit.ErrNotFound, "a gap has no receipt")
	_, err = audit.Verify(context.Background(), w, "17")
	require.ErrorIs(t, err, attributiontypes.ErrReceiptNotFound)
}

// TestAttestedReceipt: the evidence comes from anywhere, and must be what the batch names.
func TestAttestedReceipt(t *testing.T) {
	w := newWorld(t).seal(t).attest(t)
	report := verify(t, w, 1)
	require.True(t, report.OK, failed(report))
	other := newWorld(t)
	other.evidence.Answers[0], other.evidence.Answers[1] = other.evidence.Answers[1], other.evidence.Answers[0]
	other.seal(t).attest(t)
	w.bundle = other.bundle
	require.Contains(t, failed(verify(t, w, 1)), "evidence_bundle")
	w.bundle = nil
	_, err := audit.Verify(context.Background(), w, w.id(1))
	require.ErrorContains(t, err, "no bundle")
}
