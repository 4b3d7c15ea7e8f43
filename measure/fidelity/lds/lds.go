package lds

import (
	"fmt"
	"math/rand"
	"slices"

	"github.com/openledger/openledger/measure/fidelity/bm25"
	"github.com/openledger/openledger/measure/fidelity/corpus"
	"github.com/openledger/openledger/measure/fidelity/grams"
	"github.com/openledger/openledger/measure/fidelity/measure"
	"github.com/openledger/openledger/measure/fidelity/parallel"
	"github.com/openledger/openledger/measure/fidelity/plant"
	"github.com/openledger/openledger/poa"
)

// The size of the measurement.
const (
	// Segments are trained on, in subsets of exactly half of them.
	Segments = 60
	Subsets  = 128
	// minSegments is the smallest training set that is measured.
	minSegments  = 20
	answerTokens = 300
)

// Score is the Spearman correlation between the subset's summed scores and the retrained model's output, over subsets,
// averaged over answers: with SPAN bits as scores, and with BM25 of the answer for comparison.
type Score struct {
	Span, BM25 float64
	// Segments is the size of the training set.
	Segments int
}

// Measure trains on a random part of the registry.
func Measure(r *corpus.Registry, foreign []corpus.Segment, answers int, seed int64) (Score, error) {
	rng := rand.New(rand.NewSource(seed))
	n := min(Segments, len(r.Segments))
	if n < minSegments {
		return Score{}, fmt.Errorf("%w: %d segments, the datamodeling score needs %d", plant.ErrTooSmall, n, minSegments)
	}
	chosen := rng.Perm(len(r.Segments))[:n]
	slices.Sort(chosen)
	part := &corpus.Registry{Vocabulary: r.Vocabulary, Statistics: r.Statistics, Weight: r.Weight}
	for _, i := range chosen {
		part.Segments = append(part.Segments, r.Segments[i])
	}
	texts := corpus.Texts(part.Segments)
	g, err := plant.NewGenerator(part, foreign, grams.NewIndex(texts, grams.Fixed(5)))
	if err != nil {
		return Score{}, err
	}
	subsets, models := retrain(rng, texts, len(r.Vocabulary.IDs))
	index, err := part.Index()
	if err != nil {
		return Score{}, err
	}
	retrieval := bm25.New(texts)
	var span, bm []float64
	for i := range answers {
		answer := g.Answer(rand.New(rand.NewSource(seed<<20+int64(i))), answerTokens)
		scores, err := spanScores(part, index, answer.Tokens)
		if err != nil {
			return Score{}, err
		}
		outputs := make([]float64, len(models))
		for m := range models {
			outputs[m] = models[m].logLikelihood(answer.Tokens)
		}
		span = append(span, measure.Spearman(sums(subsets, scores), outputs))
		bm = append(bm, measure.Spearman(sums(subsets, retrieval.Scores(answer.Tokens)), outputs))
	}
	return Score{Span: measure.Mean(span), BM25: measure.Mean(bm), Segments: n}, nil
}

// retrain draws subsets of half of the texts and trains a model on each.
func retrain(rng *rand.Rand, texts [][]uint32, vocabulary int) ([][]int, []*model) {
	subsets := make([][]int, Subsets)
	for s := range subsets {
		subsets[s] = rng.Perm(len(texts))[:len(texts)/2]
	}
	models := make([]*model, Subsets)
	parallel.Do(Subsets, func() func(int) {
		return func(s int) {
			var part [][]uint32
			for _, i := range subsets[s] {
				part = append(part, texts[i])
			}
			models[s] = train(part, vocabulary)
		}
	})
	return subsets, models
}

// spanScores returns the bits that method SPAN pays every segment.
func spanScores(r *corpus.Registry, x *poa.Index, tokens []uint32) ([]float64, error) {
	a, err := x.Attribute(poa.Answer{Tokens: r.Vocabulary.Canonical(tokens)})
	if err != nil {
		return nil, err
	}
	scores := make([]float64, len(r.Segments))
	for _, row := range a.Rows {
		for i := range r.Segments {
			if r.Segments[i].Document == int(row.Rank) && r.Segments[i].Index == int(row.Segment) {
				scores[i] += r.Bits(tokens[row.Position : row.Position+row.Length])
			}
		}
	}
	return scores, nil
}

func sums(subsets [][]int, scores []float64) []float64 {
	out := make([]float64, len(subsets))
	for s, subset := range subsets {
		for _, i := range subset {
			out[s] += scores[i]
		}
	}
	return out
}
