package audit_test

import (
	"context"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openledger/openledger/audit"
	"github.com/openledger/openledger/poa"
)

func verifyInfluence(t *testing.T, w *world, call uint64, file []byte) audit.Report {
	t.Helper()
	report, err := audit.VerifyFiles(context.Background(), w, w.id(call), audit.Files{Influence: file})
	require.NoError(t, err)
	return report
}

// TestInfluenceIsAudited: with the influence file, given or found, a receipt by method LORA is recomputed as any other,
// without it what does not follow from evidence is skipped.
func TestInfluenceIsAudited(t *testing.T) {
	w, file := newLoraWorld(t)
	w.seal(t)
	for _, call := range []uint64{1, 3} {
		report := verifyInfluence(t, w, call, file)
		require.Empty(t, failed(report))
		for _, step := range report.Steps {
			require.Equal(t, audit.Passed, step.Status, step.Text)
		}
		require.True(t, slices.ContainsFunc(report.Steps, func(s audit.Step) bool { return s.Name == "influence" }))

		w.file = file
		require.Equal(t, report, verify(t, w, call))
		w.file = nil
		report = verify(t, w, call)
		require.Empty(t, failed(report))
		at := slices.IndexFunc(report.Steps, func(s audit.Step) bool { return s.Name == "influence" })
		require.Equal(t, audit.Skipped, report.Steps[at].Status)
	}
}

// TestLiesAboutInfluenceFail: another file, another query, and weights that do not follow.
func TestLiesAboutInfluenceFail(t *testing.T) {
	w, file := newLoraWorld(t)
	w.seal(t)
	other := slices.Clone(file)
	other[len(other)-1] ^= 1
	require.Equal(t, []string{"influence"}, failed(verifyInfluence(t, w, 1, other)))
	w.file = other
	require.Equal(t, []string{"influence"}, failed(verify(t, w, 1)))
	for want, lie := range map[string]func(w *world){
		"evidence_root": func(w *world) {
			query := *w.evidence.Answers[0].Query
			query.Packed[0] ^= 1
			w.evidence.Answers[0].Query = &query
		},
		"weights": func(w *world) {
			r := &w.receipts[0]
			r.Entries = slices.Clone(r.Entries)
			at := slices.IndexFunc(r.Entries, func(e poa.Entry) bool { return e.LoraPPM > 0 })
			r.Entries[at].LoraPPM--
		},
		"openings": func(w *world) { w.receipts[0].AnswerRoot[0] ^= 1 },
	} {
		w, file := newLoraWorld(t)
		lie(w)
		require.Contains(t, failed(verifyInfluence(t, w.seal(t), 1, file)), want)
	}
}
