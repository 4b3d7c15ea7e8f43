package lora

import (
	"cmp"
	"math/rand"
	"slices"
	"strings"

	"github.com/openledger/openledger/measure/fidelity/measure"
	"github.com/openledger/openledger/poa"
	"github.com/openledger/openledger/slm/influence"
)

// Figures are the results of measuring a world.
type Figures struct {
	Documents, Answers, Subsets int
	// LDS is the linear datamodeling score by method: the Spearman correlation, over subsets, of the summed scores of a
	// subset's documents with the answer's negative loss after training on the subset; mean over answers.
	LDS map[string]float64
	// Paid is the share of the LORA part that is paid; the rest exceeds the bound of the table. Top is the share of what
	// is paid that goes to the three documents whose removal changes the answer most. TopSources is the share that goes to
	// the documents that the answer is about.
	Paid, Top, TopSources float64
	// Liar is the most that any document gets of the part with any query, over four times its share in the table.
	Liar float64
	// Flood, Copy and CopyPassed are what a thief takes of the LORA part, over the thief's share of the tokens. Flood: the
	// thief registers documents of others with their words in another order. Copy: word for word, without provenance.
	// CopyPassed: the same with provenance.
	Flood, Copy, CopyPassed float64
}

// Names are the names of the methods, in the order of the table.
var Names = []string{
	"method LORA as it pays", "its part by influence", "gradient dot", "DataInf", "MEANING alone", "BM25 of the answer",
}

// Measure trains on random subsets, and on all documents with those of thieves, and returns the figures.
func (w *World) Measure(subsets int, seed int64, progress func(format string, args ...any)) (Figures, error) {
	r, err := w.Retrain(subsets, seed, func(done int) { progress("trained again, subset %d of %d", done+1, subsets) })
	if err != nil {
		return Figures{}, err
	}
	return w.compare(r, seed, progress)
}

// compare computes the figures, given a retraining.
func (w *World) compare(r Retraining, seed int64, progress func(format string, args ...any)) (Figures, error) {
	f := Figures{
		Documents: len(w.Documents), Answers: len(w.Queries), Subsets: len(r.Subsets), LDS: map[string]float64{},
	}
	whole, err := w.trained(w.Documents)
	if err != nil {
		return f, err
	}
	own, err := w.compute(whole, w.Documents, nothing)
	if err != nil {
		return f, err
	}
	dot, dataInf, err := w.dotAndDataInf(whole)
	if err != nil {
		return f, err
	}
	paid, meaning, ranked, err := w.textScores(own)
	if err != nil {
		return f, err
	}
	for i, scores := range []Scores{paid, own.scores(), dot, dataInf, meaning, ranked} {
		f.LDS[Names[i]] = r.lds(scores)
	}
	w.pay(&f, r, own)
	f.Liar = own.liar()
	progress("thieves")
	return f, w.thieves(&f, rand.New(rand.NewSource(seed)))
}

func nothing(int) []influence.Part { return nil }

func (r Retraining) lds(scores Scores) float64 {
	var all []float64
	for q := range scores {
		sums, outputs := make([]float64, len(r.Subsets)), make([]float64, len(r.Subsets))
		for s, subset := range r.Subsets {
			for _, d := range subset {
				sums[s] += scores[q][d]
			}
			outputs[s] = -r.Losses[s][q]
		}
		all = append(all, measure.Spearman(sums, outputs))
	}
	return measure.Mean(all)
}

// amounts returns what documents are paid of a LORA part of 1: by score, and not above the bound.
func (x Influence) amounts(query *influence.Query) []float64 {
	out := make([]float64, len(x.Rows))
	total := 0.0
	for i := range x.Rows {
		out[i] = float64(query.Score(&x.Rows[i].Sketch, x.Rows[i].Tokens))
		total += out[i]
	}
	for i := range out {
		if total > 0 {
			out[i] = min(out[i]/total, 4*float64(x.Rows[i].SharePPM)/poa.TotalPPM)
		}
	}
	return out
}

// topDocuments is the number of documents that Figures.Top counts.
const topDocuments = 3

func (w *World) pay(f *Figures, r Retraining, x Influence) {
	var paid, top, sources []float64
	for q := range w.Queries {
		order := make([]int, len(w.Documents))
		for i := range order {
			order[i] = i
		}
		slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(r.Effect(q, b), r.Effect(q, a)) })
		var all, most, about float64
		for d, amount := range x.amounts(&x.Queries[q]) {
			all += amount
			if slices.Contains(order[:topDocuments], d) {
				most += amount
			}
			if slices.Contains(w.Queries[q].Sources, d) {
				about += amount
			}
		}
		paid = append(paid, all)
		if all > 0 {
			top, sources = append(top, most/all), append(sources, about/all)
		}
	}
	f.Paid, f.Top, f.TopSources = measure.Mean(paid), measure.Mean(top), measure.Mean(sources)
}

// liar returns the most that a document gets, over its bound, by a query that is made for it alone.
func (x Influence) liar() float64 {
	most := 0.0
	for i := range x.Rows {
		q := influence.Query{Sketch: x.Rows[i].Sketch}
		if bound := 4 * float64(x.Rows[i].SharePPM) / poa.TotalPPM; bound > 0 {
			most = max(most, x.amounts(&q)[i]/bound)
		}
	}
	return most
}

// robbed is the number of documents that a thief takes words from.
const robbed = 6

// thieves trains on all documents and those of a thief, and sets Flood, Copy and CopyPassed.
func (w *World) thieves(f *Figures, rng *rand.Rand) error {
	victims := rng.Perm(len(w.Documents))[:min(robbed, len(w.Documents))]
	copies, shuffled := make([]Document, len(victims)), make([]Document, len(victims))
	for i, v := range victims {
		copies[i] = w.Documents[v]
		for _, text := range w.Documents[v].Texts {
			words := strings.Fields(text)
			rng.Shuffle(len(words), func(a, b int) { words[a], words[b] = words[b], words[a] })
			shuffled[i].Texts = append(shuffled[i].Texts, strings.Join(words, " "))
		}
	}
	n := len(w.Documents)
	for _, c := range []struct {
		added  []Document
		into   *float64
		passed func(int) []influence.Part
	}{
		{shuffled, &f.Flood, nothing}, {copies, &f.Copy, nothing},
		{copies, &f.CopyPassed, func(i int) []influence.Part {
			if i < n {
				return nil
			}
			return []influence.Part{{Group: victims[i-n], PPM: poa.TotalPPM}}
		}},
	} {
		all := slices.Concat(w.Documents, c.added)
		a, err := w.trained(all)
		if err != nil {
			return err
		}
		x, err := w.compute(a, all, c.passed)
		if err != nil {
			return err
		}
		var taken, paid, own, tokens float64
		for q := range x.Queries {
			for i, amount := range x.amounts(&x.Queries[q]) {
				if paid += amount; i >= n {
					taken += amount
				}
			}
		}
		for i, t := range tokensOf(all) {
			if tokens += float64(t); i >= n {
				own += float64(t)
			}
		}
		*c.into = taken / paid / (own / tokens)
	}
	return nil
}
