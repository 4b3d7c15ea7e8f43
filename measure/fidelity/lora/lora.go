package lora

import (
	"cmp"
	"math"
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
	// LDS is the linear datamodeling score by method.
	LDS map[string]LDS
	// Sources and Others are what the LORA part pays of all weight: to the documents that the answer is about, and to
	// others.
	Sources, Others float64
	// Paid is the share of the LORA part that is paid of an answer with nobody's text; the rest is more than the scores or
	// the bounds of the table allow. Top is the share of what is paid that goes to the three documents whose removal
	// changes the answer most. TopSources is the share that goes to the documents that the answer is about.
	Paid, Top, TopSources float64
	// Liar is the most that any document gets of the part with any query, over four times its share in the table.
	Liar float64
	// Flood, Copy and CopyPassed are what a thief takes of the LORA part, over the thief's share of the tokens. Flood: the
	// thief registers documents of others with their words in another order. Copy: word for word, without provenance.
	// CopyPassed: the same with provenance.
	Flood, Copy, CopyPassed float64
	// FloodWeight and CopyWeight are what the first two of these thieves get by the part, of all weight.
	FloodWeight, CopyWeight float64
	// Split is what contributors get of the LORA part who make a contribution of each of their texts, over what they get
	// by one contribution; NaN if no document has several texts.
	Split float64
}

// LDS is a linear datamodeling score: the Spearman correlation, over subsets, of the summed scores of a subset's
// documents with the answer's negative loss after training on the subset; mean over answers. An answer for which all
// sums are equal counts 0, because the method says nothing about it.
type LDS struct {
	Mean, Error float64 // Error is the standard error over answers
	// Above is the mean of what an answer has more than by BM25, with its standard error.
	Above, AboveError float64
	// Reached is the mean effect, in bits, of the documents that a unit of pay reaches if documents are paid by their
	// scores: how much worse the answer is predicted without such a document. The LDS does not tell who pays everybody a
	// little, because all subsets are of one size.
	Reached, ReachedError float64
	// Silent is the number of answers that the method says nothing about.
	Silent int
}

// Names are the names of the methods, in the order of the table.
var Names = []string{
	"method LORA as it pays", "its part by influence", "gradient dot", "DataInf", "MEANING alone", BM25,
}

// BM25 is the name of the method that the others are compared with.
const BM25 = "BM25 of the answer"

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
		Documents: len(w.Documents), Answers: len(w.Queries), Subsets: len(r.Subsets), LDS: map[string]LDS{},
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
	than := r.correlations(ranked)
	for i, scores := range []Scores{paid, own.scores(), dot, dataInf, meaning, ranked} {
		l := newLDS(r.correlations(scores), than)
		reached := r.reached(scores)
		l.Reached, l.ReachedError = measure.Mean(reached), standardError(reached)
		f.LDS[Names[i]] = l
	}
	if err := w.pay(&f, r, own); err != nil {
		return f, err
	}
	if f.Liar, err = own.liar(); err != nil {
		return f, err
	}
	if f.Split, err = w.split(whole, own); err != nil {
		return f, err
	}
	progress("thieves")
	return f, w.thieves(&f, rand.New(rand.NewSource(seed)))
}

func nothing(int) []influence.Part { return nil }

// correlations returns the Spearman correlation of each answer; NaN if all sums of its scores are equal.
func (r Retraining) correlations(scores Scores) []float64 {
	all := make([]float64, len(scores))
	for q := range scores {
		sums, outputs := make([]float64, len(r.Subsets)), make([]float64, len(r.Subsets))
		for s, subset := range r.Subsets {
			for _, d := range subset {
				sums[s] += scores[q][d]
			}
			outputs[s] = -r.Losses[s][q]
		}
		all[q] = measure.Spearman(sums, outputs)
	}
	return all
}

// reached returns the mean effect, in bits, of the documents that a unit of pay reaches, by answer; 0 if nobody is
// paid.
func (r Retraining) reached(scores Scores) []float64 {
	out := make([]float64, len(scores))
	for q := range scores {
		paid := 0.0
		for d, score := range scores[q] {
			out[q] += max(0, score) * r.Effect(q, d) / math.Ln2
			paid += max(0, score)
		}
		if paid > 0 {
			out[q] /= paid
		}
	}
	return out
}

// newLDS returns the score of a method with these correlations, and compares it with another method's.
func newLDS(correlations, than []float64) LDS {
	var out LDS
	number := func(x float64) float64 {
		if math.IsNaN(x) {
			return 0
		}
		return x
	}
	own, above := make([]float64, len(correlations)), make([]float64, len(correlations))
	for i, x := range correlations {
		if math.IsNaN(x) {
			out.Silent++
		}
		own[i] = number(x)
		above[i] = own[i] - number(than[i])
	}
	out.Mean, out.Error = measure.Mean(own), standardError(own)
	out.Above, out.AboveError = measure.Mean(above), standardError(above)
	return out
}

// standardError returns the standard error of the mean of values.
func standardError(values []float64) float64 {
	mean, sum := measure.Mean(values), 0.0
	for _, v := range values {
		sum += (v - mean) * (v - mean)
	}
	n := float64(len(values))
	return math.Sqrt(sum / (n - 1) / n)
}

// amounts returns what documents are paid of a LORA part of 1, for an answer of so many tokens with nobody's text.
func (x Influence) amounts(query *influence.Query, tokens int) ([]float64, error) {
	att := poa.Attribution{TotalBits: uint64(tokens) * uint64(poa.HiddenBits)}
	if err := att.AddLora(x.file(), &poa.LoraQuery{Sketch: poa.Sketch(query.Sketch)}); err != nil {
		return nil, err
	}
	out := make([]float64, len(x.Rows))
	for i, row := range att.Lora.Rows {
		out[i] = float64(row.Amount) / float64(att.Lora.Bits)
	}
	return out, nil
}

// paid returns what documents are paid of a LORA part of 1 for each answer.
func (w *World) paid(x Influence) (Scores, error) {
	out := make(Scores, len(w.Queries))
	for q := range out {
		var err error
		if out[q], err = x.amounts(&x.Queries[q], len(poa.TokenIDs([]byte(w.Queries[q].Answer)))); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// topDocuments is the number of documents that Figures.Top counts.
const topDocuments = 3

func (w *World) pay(f *Figures, r Retraining, x Influence) error {
	amounts, err := w.paid(x)
	if err != nil {
		return err
	}
	var paid, top, sources []float64
	for q := range w.Queries {
		order := make([]int, len(w.Documents))
		for i := range order {
			order[i] = i
		}
		slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(r.Effect(q, b), r.Effect(q, a)) })
		var all, most, about float64
		for d, amount := range amounts[q] {
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
	parts, err := w.parts(x, w.Documents)
	for q := range parts {
		for d, part := range parts[q] {
			if part /= float64(len(parts)); slices.Contains(w.Queries[q].Sources, d) {
				f.Sources += part
			} else {
				f.Others += part
			}
		}
	}
	return err
}

// liar returns the most that a document gets, over its bound, by a query that is made for it alone and as large as can
// be.
func (x Influence) liar() (float64, error) {
	most := 0.0
	for i := range x.Rows {
		q := influence.Query{Sketch: x.Rows[i].Sketch}
		q.Exponent = math.MinInt8
		amounts, err := x.amounts(&q, loudTokens)
		if err != nil {
			return 0, err
		}
		if bound := poa.LoraBound * float64(x.Rows[i].SharePPM) / poa.TotalPPM; bound > 0 {
			most = max(most, amounts[i]/bound)
		}
	}
	return most, nil
}

// loudTokens is the length of a liar's answer.
const loudTokens = 300

// split returns Figures.Split for every second document, all of which are split at the same time.
func (w *World) split(a influence.Adapter, own Influence) (float64, error) {
	var documents []Document
	var of []int // by document: the one that it is split from; -1 for one that is whole
	for d, whole := range w.Documents {
		if d%2 > 0 || len(whole.Texts) < 2 {
			documents, of = append(documents, whole), append(of, -1)
			continue
		}
		for _, text := range whole.Texts {
			documents, of = append(documents, Document{Texts: []string{text}}), append(of, d)
		}
	}
	x, err := w.compute(a, documents, nothing)
	if err != nil {
		return 0, err
	}
	together, err := w.paid(own)
	if err != nil {
		return 0, err
	}
	apart, err := w.paid(x)
	if err != nil {
		return 0, err
	}
	var one, several float64
	for q := range w.Queries {
		for d, amount := range together[q] {
			if slices.Contains(of, d) {
				one += amount
			}
		}
		for d, amount := range apart[q] {
			if of[d] >= 0 {
				several += amount
			}
		}
	}
	return several / one, nil
}

// robbed is the number of documents that a thief takes words from.
const robbed = 6

// thieves trains on all documents and those of a thief, and sets Flood, Copy, CopyPassed, FloodWeight and CopyWeight.
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
		added        []Document
		into, weight *float64
		passed       func(int) []influence.Part
	}{
		{shuffled, &f.Flood, &f.FloodWeight, nothing}, {copies, &f.Copy, &f.CopyWeight, nothing},
		{copies, &f.CopyPassed, new(float64), func(i int) []influence.Part {
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
		amounts, err := w.paid(x)
		if err != nil {
			return err
		}
		for q := range amounts {
			for i, amount := range amounts[q] {
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
		parts, err := w.parts(x, all)
		if err != nil {
			return err
		}
		for q := range parts {
			for _, part := range parts[q][n:] {
				*c.weight += part / float64(len(parts))
			}
		}
	}
	return nil
}
