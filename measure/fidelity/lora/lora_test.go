package lora

import (
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openledger/openledger/measure/fidelity/answers"
)

const sources = `{"id":"r/bread/0","author":"ann","text":"Rye bread rises slowly in a cool cellar for a day."}
{"id":"r/glass/0","author":"bob","text":"Molten glass is gathered on a pipe and blown into a bubble."}
{"id":"r/rope/0","author":"cid","text":"Hemp is spun into yarn, and the yarn is laid into rope."}
{"id":"r/salt/0","author":"dan","text":"Sea water stands in flat basins until the sun leaves salt."}
`

const items = `{"id":"1","lang":"English","question":"How is rope made?","retrieved":[],"answer":[` +
	`{"text":"Rope is laid of yarn that was spun of hemp. Old hands would say so.","sources":["r/rope/0"]}],` +
	`"off_topic":false}
{"id":"2","lang":"English","question":"How is salt won?","retrieved":[],"answer":[` +
	`{"text":"The sun dries sea water in basins.","sources":["r/salt/0"]}],"off_topic":false}
{"id":"3","lang":"English","question":"Why?","retrieved":[],"answer":[{"text":"Nobody knows.","sources":[]}],` +
	`"off_topic":true}
`

func TestMeasure(t *testing.T) {
	set, err := answers.Parse("set", "a", []byte(items), "s", []byte(sources))
	require.NoError(t, err)
	w, err := New(set, Options{Documents: 4, Epochs: 20, Seed: 1})
	require.NoError(t, err)
	defer w.Close()
	require.Len(t, w.Documents, 4)
	require.Len(t, w.Queries, 2)
	f, err := w.Measure(8, 1, func(string, ...any) {})
	require.NoError(t, err)
	for _, name := range Names {
		require.LessOrEqual(t, math.Abs(f.LDS[name].Mean), 1.0)
	}
	require.Len(t, f.LDS, len(Names))
	require.Greater(t, f.Paid, 0.0)
	require.LessOrEqual(t, f.Paid, 1.0)
	require.Greater(t, f.TopSources, 0.25) // of four documents
	require.Greater(t, f.Sources, 0.0)
	require.LessOrEqual(t, f.Sources+f.Others, 0.3)
	require.LessOrEqual(t, f.CopyWeight, 0.3)
	require.LessOrEqual(t, f.Liar, 1.0)
	require.Greater(t, f.Copy, 0.0)
	require.Zero(t, f.CopyPassed)        // a copy word for word passes everything on
	require.True(t, math.IsNaN(f.Split)) // every document has one text

	// If the loss of an answer is minus the sum of its documents' scores, the correlation is 1.
	r := Retraining{Subsets: [][]int{{0, 1}, {0, 2}, {1, 2}, {2, 3}}}
	truth := Scores{{3, 1, 0, 0}, {0, 0, 2, 5}}
	for _, subset := range r.Subsets {
		losses := []float64{10, 10}
		for q := range losses {
			for _, d := range subset {
				losses[q] -= truth[q][d]
			}
		}
		r.Losses = append(r.Losses, losses)
	}
	than := r.correlations(truth)
	require.InDeltaSlice(t, []float64{1, 1}, than, 1e-9)
	require.Equal(t, LDS{Mean: than[0]}, newLDS(than, than))
	for q := range truth {
		for d := range truth[q] {
			truth[q][d] *= -1
		}
	}
	require.InDeltaSlice(t, []float64{-1, -1}, r.correlations(truth), 1e-9)
	// Who says nothing about an answer has 0 for it, and is not measured by the other answers alone.
	truth[1] = make([]float64, len(truth[1]))
	silent := newLDS(r.correlations(truth), than)
	require.InDelta(t, -0.5, silent.Mean, 1e-9)
	require.InDelta(t, -1.5, silent.Above, 1e-9)
	require.InDelta(t, 0.5, silent.Error, 1e-9)
	require.InDelta(t, 0.5, silent.AboveError, 1e-9)
	require.Equal(t, 1, silent.Silent)
	require.Positive(t, r.Effect(0, 0))
	paid := Scores{{1, 0, -5, 0}, {0, 0, 0, 0}}
	require.InDeltaSlice(t, []float64{r.Effect(0, 0) / math.Ln2, 0}, r.reached(paid), 1e-9)
	require.Zero(t, Retraining{Subsets: [][]int{{0}}, Losses: [][]float64{{1}}}.Effect(0, 0))
	require.True(t, slices.Contains(w.Queries[0].Sources, 2))
}
