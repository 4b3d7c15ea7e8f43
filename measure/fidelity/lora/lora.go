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

// Figures of a world.
type Figures struct {
	Documents, Answers, Subsets int
	// LDS by method: the Spearman correlation, over subsets, of the scores of a subset's documents with what the answer
	// loses when an adapter is trained on them, with its sign changed; mean over answers.
	LDS map[string]float64
	// Of the LORA part of answers: Paid is what is paid, the rest is above the bound of the table; Top of what is paid
	// goes to the three documents whose removal changes the answer most, TopSources to those that the answer is about.
	Paid, Top, TopSources float64
	// Liar is the most that any document gets of a part, over four times its share in the table, whatever the query.
	Liar float64
	// Parts of the LORA part that a contributor takes, over his share of the tokens: who writes documents of others'
	// words in another order (Flood), who copies documents word for word, without and with provenance (Copy, CopyPassed).
	Flood, Copy, CopyPassed float64
}

// Names of the methods, in the order of the table.
var Names = []string{"method LORA", "gradient dot", "DataInf", "MEANING alone", "BM25 of the answer"}

// Measure trains on subsets, and on all with thieves.
func (w *World) Measure(subsets int, seed int64, progress func(format string, args ...any)) (Figures, error) {
	r, err := w.Retrain(subsets, seed, func(done int) { progress("trained again, subset %d of %d", done+1, subsets) })
	if err != nil {
		return Figures{}, err
	}
	return w.compare(r, seed, progress)
}

// compare has the figures of a retraining.
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
	meaning, ranked, err := w.textScores()
	if err != nil {
		return f, err
	}
	for i, scores := range []Scores{own.scores(), dot, dataInf, meaning, ranked} {
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

// amounts are the parts that documents are paid of a LORA part of 1: by score, and not above the bound.
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

// topDocuments are how many documents an answer is said to depend on most.
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

// liar is the most that a document gets, over its bound, of queries that are made for it alone.
func (x Influence) liar() float64 {
	most := 0.0
	for i := range x.Rows {
		q := influence.Query{Exponent: 8, Values: x.Rows[i].Sketch}
		if bound := 4 * float64(x.Rows[i].SharePPM) / poa.TotalPPM; bound > 0 {
			most = max(most, x.amounts(&q)[i]/bound)
		}
	}
	return most
}

// robbed are how many documents a thief takes words from.
const robbed = 6

// thieves train on all documents and those of one more contributor.
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
