package paraphrase

import (
	"github.com/openledger/openledger/measure/fidelity/bm25"
	"github.com/openledger/openledger/measure/fidelity/corpus"
	"github.com/openledger/openledger/measure/fidelity/grams"
	"github.com/openledger/openledger/measure/fidelity/measure"
	"github.com/openledger/openledger/poa"
)

// known returns the dense tokens of an answer; unknown ones get numbers that no segment holds.
func known(v *corpus.Vocabulary, ids []poa.TokenID) []uint32 {
	out := make([]uint32, len(ids))
	for i, id := range ids {
		d, ok := v.Lookup(id)
		if !ok {
			d = uint32(len(v.IDs) + i)
		}
		out[i] = d
	}
	return out
}

// shapley is the rejected method: 700 parts for coverage by common 3-grams, where the segments that cover a position
// share it equally (the closed form of the Shapley value of coverage), and 300 for the BM25 of the answer.
type shapley struct{ r *corpus.Registry }

// Shapley makes the baseline "coverage + BM25 + Shapley".
func Shapley(r *corpus.Registry) (Method, error) { return shapley{r}, nil }

const (
	coverageGram  = 3
	coverageParts = 700
	bm25Parts     = 300
)

func (shapley) Name() string { return "3-gram coverage + BM25, Shapley" }

func (m shapley) Attribute(a Answer) (Payment, error) {
	tokens := known(m.r.Vocabulary, a.Tokens)
	var texts [][]uint32
	for _, place := range a.Retrieved {
		texts = append(texts, m.r.Segments[place].Tokens)
	}
	covering := make([][]bool, len(texts))
	for t := range covering {
		covering[t] = make([]bool, len(tokens))
	}
	for _, run := range grams.AllRuns(texts, tokens, coverageGram) {
		for p := run.Position; p < run.Position+run.Length; p++ {
			covering[run.Text][p] = true
		}
	}
	coverage := measure.Weights{}
	for p, id := range a.Tokens {
		n := 0
		for t := range covering {
			if covering[t][p] {
				n++
			}
		}
		for t := range covering {
			if covering[t][p] {
				coverage[a.Retrieved[t]] += float64(m.r.Statistics.Surprisal(id)) / float64(n)
			}
		}
	}
	ranking := measure.Weights{}
	for t, score := range bm25.New(texts).Scores(tokens) {
		ranking[a.Retrieved[t]] += max(0, score)
	}
	// It pays all of an answer to somebody, whatever it says.
	all := 0.0
	for _, id := range a.Tokens {
		all += float64(m.r.Statistics.Surprisal(id)) / 65536
	}
	out := Payment{Bits: measure.Weights{}}
	for _, part := range []struct {
		weights measure.Weights
		parts   float64
	}{{coverage, coverageParts}, {ranking, bm25Parts}} {
		if sum := part.weights.Sum(); sum > 0 {
			out.Part += part.parts / (coverageParts + bm25Parts)
			for _, k := range part.weights.Keys() {
				out.Bits[k] += all * part.parts / (coverageParts + bm25Parts) * part.weights[k] / sum
			}
		}
	}
	return out, nil
}

// span pays by method SPAN over the whole registry and nothing else.
type span struct {
	r     *corpus.Registry
	index *poa.Index
	place map[[2]int]int
}

// Span makes the baseline that knows only quotations.
func Span(r *corpus.Registry) (Method, error) {
	x, err := r.Index()
	if err != nil {
		return nil, err
	}
	m := span{r, x, map[[2]int]int{}}
	for i := range r.Segments {
		m.place[[2]int{r.Segments[i].Document, r.Segments[i].Index}] = i
	}
	return m, nil
}

func (span) Name() string { return "SPAN alone" }

func (m span) Attribute(a Answer) (Payment, error) {
	att, err := m.index.Attribute(poa.Answer{Tokens: a.Tokens})
	if err != nil {
		return Payment{}, err
	}
	out := Payment{Bits: measure.Weights{}, Part: float64(poa.TotalPPM-att.UnattributedPPM) / poa.TotalPPM}
	for _, row := range att.Rows {
		out.Bits[m.place[[2]int{int(row.Rank), int(row.Segment)}]] += float64(row.Bits) / 65536
	}
	return out, nil
}
