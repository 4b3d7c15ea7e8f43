package lora

import (
	"context"
	"errors"

	"github.com/openledger/openledger/measure/fidelity/bm25"
	"github.com/openledger/openledger/measure/fidelity/methods"
	"github.com/openledger/openledger/poa"
	"github.com/openledger/openledger/slm/influence"
	"github.com/openledger/openledger/slm/train"
)

// Scores are indexed by answer and document.
type Scores [][]float64

func (w *World) newScores() Scores {
	s := make(Scores, len(w.Queries))
	for i := range s {
		s[i] = make([]float64, len(w.Documents))
	}
	return s
}

// Influence is what method LORA computes from an adapter: rows of documents and queries of answers.
type Influence struct {
	Rows    []influence.Row
	Queries []influence.Query
}

// compute returns the Influence of an adapter that was trained on documents. passed returns what a document's texts
// derive from others.
func (w *World) compute(a influence.Adapter, documents []Document, passed func(document int) []influence.Part) (
	Influence, error,
) {
	var texts []influence.Text
	for i, d := range documents {
		for _, text := range d.Texts {
			texts = append(texts, influence.Text{Example: w.example(text), Group: i, Passed: passed(i)})
		}
	}
	ctx := context.Background()
	rows, err := influence.Compute(ctx, a, texts, tokensOf(documents), influence.Options{})
	out := Influence{Rows: rows, Queries: make([]influence.Query, len(w.Queries))}
	for i := 0; i < len(out.Queries) && err == nil; i++ {
		out.Queries[i], err = influence.OfExample(ctx, a, w.Queries[i].example)
	}
	return out, err
}

// scores returns the scores that the part by influence is paid by: in integers, not below 0.
func (x Influence) scores() Scores {
	s := make(Scores, len(x.Queries))
	for i := range s {
		s[i] = make([]float64, len(x.Rows))
		for j := range x.Rows {
			s[i][j] = float64(x.Queries[i].Score(&x.Rows[j].Sketch, x.Rows[j].Tokens, len(x.Rows)))
		}
	}
	return s
}

// gradients returns the whole gradients at the end of training, first of all texts and then of all answers.
func (w *World) gradients(a influence.Adapter) ([][]train.Gradient, []int, error) {
	g, err := train.NewGradients(a.Base, a.Scale, a.Changes, w.base.Positions(), nil)
	if err != nil {
		return nil, nil, err
	}
	var all [][]train.Gradient
	var owners []int
	add := func(e train.Example) error {
		_, tensors, err := g.Of(e)
		for i := range tensors {
			tensors[i].Values = append([]float32(nil), tensors[i].Values...)
		}
		all = append(all, tensors)
		return err
	}
	for i, d := range w.Documents {
		for _, text := range d.Texts {
			if err := add(w.example(text)); err != nil {
				return nil, nil, err
			}
			owners = append(owners, i)
		}
	}
	for i := range w.Queries {
		if err := add(w.Queries[i].example); err != nil {
			return nil, nil, err
		}
	}
	return all, owners, nil
}

// dataInfDamping is λ of a tensor, as a multiple of the mean square of its gradients' numbers, as in the paper on
// DataInf.
const dataInfDamping = 0.1

// dotAndDataInf returns the scores by dot products of gradients and by DataInf (Kwon and others, 2024), both of whole
// gradients, without projection.
func (w *World) dotAndDataInf(a influence.Adapter) (dot, dataInf Scores, err error) {
	all, owners, err := w.gradients(a)
	if err != nil {
		return nil, nil, err
	}
	dot, dataInf = w.newScores(), w.newScores()
	n := len(owners)
	product := func(i, j, tensor int) float64 {
		sum := 0.0
		other := all[j][tensor].Values
		for k, x := range all[i][tensor].Values {
			sum += float64(x) * float64(other[k])
		}
		return sum
	}
	for tensor := range all[0] {
		gram := make([][]float64, len(all))
		for i := range gram {
			gram[i] = make([]float64, n)
			for j := range gram[i] {
				gram[i][j] = product(i, j, tensor)
			}
		}
		trace := 0.0
		for i := range n {
			trace += gram[i][i]
		}
		lambda := dataInfDamping * trace / float64(n) / float64(len(all[0][tensor].Values))
		if lambda == 0 {
			continue
		}
		for q := range w.Queries {
			asked := gram[n+q]
			for k := range n {
				sum := 0.0
				for i := range n {
					sum += asked[i] * gram[i][k] / (lambda + gram[i][i])
				}
				dataInf[q][owners[k]] -= (sum/float64(n) - asked[k]) / lambda
				dot[q][owners[k]] += asked[k]
			}
		}
	}
	return dot, dataInf, nil
}

// retrieved is the number of texts that a question finds.
const retrieved = 8

// registry returns the texts of documents, registered as contributions, and the documents that the texts belong to.
func registry(documents []Document) (*methods.Registry, []int, error) {
	var texts []methods.Text
	var owners []int
	for i, d := range documents {
		for index, text := range d.Texts {
			texts = append(texts, methods.Text{Rank: uint64(i + firstRank), Index: uint32(index), Text: []byte(text)})
			owners = append(owners, i)
		}
	}
	if len(texts) == 0 {
		return nil, nil, errors.New("no texts")
	}
	r, err := methods.New(texts, poa.ProtocolStatistics())
	return r, owners, err
}

// attribute applies method LORA to an answer, with the texts that the question finds.
func (x Influence) attribute(r *methods.Registry, q *Query, query int) (poa.Attribution, error) {
	asked := poa.LoraQuery{Sketch: poa.Sketch(x.Queries[query].Sketch)}
	return r.Lora(methods.Answer([]byte(q.Answer)), q.found(r), x.file(), &asked)
}

// found returns the texts that the question finds.
func (q *Query) found(r *methods.Registry) []int {
	return r.Search.Retrieve(poa.SegmentTokens([]byte(q.Question)), retrieved)
}

// parts returns what the part by influence pays each of the documents, of all weight, for each answer.
func (w *World) parts(x Influence, documents []Document) (Scores, error) {
	r, _, err := registry(documents)
	if err != nil {
		return nil, err
	}
	out := make(Scores, len(w.Queries))
	for i := range out {
		att, err := x.attribute(r, &w.Queries[i], i)
		if err != nil {
			return nil, err
		}
		for _, row := range att.Lora.Rows {
			out[i] = append(out[i], float64(row.Amount)/float64(att.TotalBits))
		}
	}
	return out, nil
}

// textScores returns the weights that method LORA pays, the scores by method MEANING alone, both with the texts that
// the question finds, and the scores by BM25 of the answer.
func (w *World) textScores(x Influence) (paid, meaning, ranked Scores, err error) {
	r, owners, err := registry(w.Documents)
	if err != nil {
		return nil, nil, nil, err
	}
	var words [][]uint32
	known := map[poa.TokenID]uint32{}
	number := func(text string) []uint32 {
		var out []uint32
		for _, id := range poa.SegmentTokens([]byte(text)) {
			if _, ok := known[id]; !ok {
				known[id] = uint32(len(known))
			}
			out = append(out, known[id])
		}
		return out
	}
	for _, d := range w.Documents {
		for _, text := range d.Texts {
			words = append(words, number(text))
		}
	}
	index := bm25.New(words)
	paid, meaning, ranked = w.newScores(), w.newScores(), w.newScores()
	for i := range w.Queries {
		q := &w.Queries[i]
		att, err := r.Meaning(methods.Answer([]byte(q.Answer)), q.found(r))
		if err != nil {
			return nil, nil, nil, err
		}
		for place, bits := range r.Rows(att) {
			meaning[i][owners[place]] += bits
		}
		for place, score := range index.Scores(number(q.Answer)) {
			ranked[i][owners[place]] += score
		}
		if att, err = x.attribute(r, q, i); err != nil {
			return nil, nil, nil, err
		}
		for _, e := range att.Entries {
			paid[i][e.Rank-firstRank] = float64(e.WeightPPM)
		}
	}
	return paid, meaning, ranked, nil
}

// firstRank is the rank of the first document. The others follow in their order.
const firstRank = 1

// file returns the rows of the influence file.
func (x Influence) file() []poa.InfluenceRow {
	rows := make([]poa.InfluenceRow, len(x.Rows))
	for i, r := range x.Rows {
		rows[i] = poa.InfluenceRow{
			Rank: uint64(i + firstRank), Tokens: r.Tokens, SharePPM: r.SharePPM, Sketch: poa.Sketch(r.Sketch),
		}
	}
	return rows
}
