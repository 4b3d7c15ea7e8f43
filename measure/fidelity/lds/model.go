// Package lds computes the linear datamodeling score of attribution (Park et al., TRAK, arXiv 2303.14186): how well the
// sum of the scores of a training subset predicts what a model retrained on that subset outputs. The model is a count
// model, so retraining is exact: counting again.
package lds

import "math"

// Interpolation of the orders three, two, one and zero. They sum to 1.
var lambda = [4]float64{0.60, 0.25, 0.10, 0.05}

type bigram [2]uint32
type trigram [3]uint32

// model holds exact n-gram counts.
type model struct {
	vocabulary float64
	total      float64
	one        map[uint32]int
	two        map[bigram]int
	three      map[trigram]int
	// context counts what stands before another token: of one and of two tokens.
	contextOne map[uint32]int
	contextTwo map[bigram]int
}

// train counts the n-grams of the texts; none crosses the end of a text.
func train(texts [][]uint32, vocabulary int) *model {
	m := &model{
		vocabulary: float64(vocabulary), one: map[uint32]int{}, two: map[bigram]int{}, three: map[trigram]int{},
		contextOne: map[uint32]int{}, contextTwo: map[bigram]int{},
	}
	for _, text := range texts {
		for i, w := range text {
			m.one[w]++
			m.total++
			if i >= 1 {
				m.two[bigram{text[i-1], w}]++
				m.contextOne[text[i-1]]++
			}
			if i >= 2 {
				m.three[trigram{text[i-2], text[i-1], w}]++
				m.contextTwo[bigram{text[i-2], text[i-1]}]++
			}
		}
	}
	return m
}

// logLikelihood is the output function: the natural logarithm of the probability of the text.
func (m *model) logLikelihood(text []uint32) float64 {
	sum := 0.0
	for i, w := range text {
		p := lambda[3] / m.vocabulary
		if m.total > 0 {
			p += lambda[2] * float64(m.one[w]) / m.total
		}
		if i >= 1 {
			if n := m.contextOne[text[i-1]]; n > 0 {
				p += lambda[1] * float64(m.two[bigram{text[i-1], w}]) / float64(n)
			}
		}
		if i >= 2 {
			if n := m.contextTwo[bigram{text[i-2], text[i-1]}]; n > 0 {
				p += lambda[0] * float64(m.three[trigram{text[i-2], text[i-1], w}]) / float64(n)
			}
		}
		sum += math.Log(p)
	}
	return sum
}
