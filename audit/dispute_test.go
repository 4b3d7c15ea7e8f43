package audit_test

import (
	"context"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openledger/openledger/audit"
	"github.com/openledger/openledger/content/influence"
	"github.com/openledger/openledger/poa"
)

func opened(t *testing.T, w *world, call uint64) audit.Opened {
	t.Helper()
	o, err := audit.Open(context.Background(), w, w.id(call))
	require.NoError(t, err)
	return o
}

// shown are the kinds of the disputes that convict the provider of a receipt, each read again from its encoding.
func shown(t *testing.T, o audit.Opened) []string {
	t.Helper()
	proofs, err := o.Disputes()
	require.NoError(t, err)
	var kinds []string
	for _, proof := range proofs {
		encoded, err := proof.MarshalBinary()
		require.NoError(t, err)
		again, err := poa.UnmarshalDispute(encoded)
		require.NoError(t, err)
		losses, err := again.Verify(o.Claim.Record, o.Claim.Bundle, o.Claim.Training, o.Source, poa.ProtocolStatistics())
		require.NoError(t, err)
		require.Equal(t, proof.Losses, losses)
		kinds = append(kinds, proof.Kind())
	}
	return kinds
}

// influenceOf is where an entry has a part by influence.
func influenceOf(r poa.Receipt) int {
	return slices.IndexFunc(r.Entries, func(e poa.Entry) bool { return e.LoraPPM > 1 })
}

// TestHonestReceiptsHaveNoDisputes, whether the influence file is given or found.
func TestHonestReceiptsHaveNoDisputes(t *testing.T) {
	plain := newWorld(t).seal(t)
	o := opened(t, plain, 1)
	require.Empty(t, shown(t, o))
	require.ErrorIs(t, o.AddInfluence(nil), poa.ErrInfluence)

	w, file := newLoraWorld(t)
	w.seal(t)
	for _, call := range []uint64{1, 3} {
		o := opened(t, w, call)
		_, err := o.Disputes()
		require.ErrorIs(t, err, audit.ErrUnknownRows, "without the part by influence")
		require.ErrorIs(t, o.AddInfluence(nil), influence.ErrNotFound)
		require.ErrorIs(t, o.AddInfluence(file[:len(file)-1]), poa.ErrInfluence)
		require.NoError(t, o.AddInfluence(file))
		require.NoError(t, o.Known())
		require.Empty(t, shown(t, o))

		w.file = file
		found := opened(t, w, call)
		require.NoError(t, found.AddInfluence(nil))
		require.Equal(t, o.Attribution, found.Attribution)
		require.Equal(t, o.Influence, found.Influence)
		w.file = nil
	}
}

// TestDisputesAboutWeights: entries that do not follow are shown by what everybody knows.
func TestDisputesAboutWeights(t *testing.T) {
	for name, lie := range map[string]struct {
		lora   bool
		change func(r *poa.Receipt)
		kinds  []string
		lost   bool
	}{
		"weights of words": {false, func(r *poa.Receipt) {
			r.Entries[0].WeightPPM -= 1_000
			r.UnattributedPPM += 1_000
		}, []string{poa.KindWrongWeights}, true},
		"weight for a friend": {true, func(r *poa.Receipt) {
			r.Entries[0].WeightPPM += 2
			r.Entries[1].WeightPPM -= 2
		}, []string{poa.KindWrongWeights}, true},
		"a bonus for influence": {true, func(r *poa.Receipt) { r.Entries[influenceOf(*r)].LoraPPM-- },
			[]string{poa.KindWrongAmount, poa.KindWrongWeights}, false},
		"nothing by influence": {true, func(r *poa.Receipt) {
			e := &r.Entries[influenceOf(*r)]
			r.UnattributedPPM += e.LoraPPM
			e.WeightPPM, e.LoraPPM = e.WeightPPM-e.LoraPPM, 0
		}, []string{poa.KindWrongAmount}, true},
	} {
		t.Run(name, func(t *testing.T) {
			w, file := newWorld(t), []byte(nil)
			if lie.lora {
				w, file = newLoraWorld(t)
			}
			w.receipts[0].Entries = slices.Clone(w.receipts[0].Entries)
			lie.change(&w.receipts[0])
			o := opened(t, w.seal(t), 1)
			if lie.lora {
				require.NoError(t, o.AddInfluence(file))
			}
			require.Equal(t, lie.kinds, shown(t, o))
			proofs, err := o.Disputes()
			require.NoError(t, err)
			best := slices.MaxFunc(proofs, func(a, b audit.Proof) int { return int(a.Lost()) - int(b.Lost()) })
			require.Equal(t, lie.lost, best.Lost() > 0, "%+v", best.Losses)
		})
	}
}

// TestDisputesAboutAnotherInfluenceFile: who knows what file the provider took shows what is wrong with it; who does
// not can show nothing.
func TestDisputesAboutAnotherInfluenceFile(t *testing.T) {
	for name, lie := range map[string]struct {
		change func(rows []poa.InfluenceRow)
		kinds  []string
	}{
		"sketch": {func(rows []poa.InfluenceRow) { rows[0].Sketch = rows[1].Sketch }, []string{poa.KindWrongScore}},
		"table":  {func(rows []poa.InfluenceRow) { rows[1].SharePPM = 10_000 }, []string{poa.KindWrongAmount}},
		"both": {func(rows []poa.InfluenceRow) {
			rows[0].Sketch, rows[1].SharePPM = rows[1].Sketch, 10_000
		}, []string{poa.KindWrongScore, poa.KindWrongAmount}},
	} {
		t.Run(name, func(t *testing.T) {
			taken := influenceRows()
			lie.change(taken)
			made, err := poa.MarshalInfluence(taken)
			require.NoError(t, err)
			w := newWorldBy(t, taken)
			file := w.train(t, influenceRows())
			o := opened(t, w.seal(t), 1)
			require.NoError(t, o.AddInfluence(file))
			require.ErrorIs(t, o.Known(), audit.ErrUnknownRows)
			_, err = o.Disputes()
			require.ErrorIs(t, err, audit.ErrUnknownRows)
			require.ErrorIs(t, o.Suppose(file[1:]), poa.ErrInfluence)
			require.NoError(t, o.Suppose(made))
			require.Equal(t, lie.kinds, shown(t, o))
		})
	}
}

// TestOpenFiles: a receipt whose block is gone is disputed with what was submitted.
func TestOpenFiles(t *testing.T) {
	w, file := newLoraWorld(t)
	w.receipts[0].Entries = slices.Clone(w.receipts[0].Entries)
	w.receipts[0].Entries[influenceOf(w.receipts[0])].LoraPPM--
	w.seal(t)
	w.pruned = true
	_, err := audit.Open(context.Background(), w, w.id(1))
	require.ErrorIs(t, err, audit.ErrPruned)
	o, err := audit.OpenFiles(context.Background(), w, w.id(1),
		audit.Files{Receipts: w.msg.Receipts, Evidence: w.msg.Evidence})
	require.NoError(t, err)
	require.NoError(t, o.AddInfluence(file))
	require.NotEmpty(t, shown(t, o))
}
