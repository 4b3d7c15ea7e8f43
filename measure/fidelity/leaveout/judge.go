package leaveout

import (
	"cmp"
	"slices"

	"github.com/openledger/openledger/measure/fidelity/answers"
	"github.com/openledger/openledger/measure/fidelity/cputime"
)

// Case is an answer with pairs of a sentence and a passage.
type Case struct {
	Set       string
	Question  string // empty if nobody asked
	Sentences []string
	Weights   []float64 // by sentence: the bits of its tokens, as they are paid
	Other     string    // a passage that no sentence comes from
	Pairs     []Pair
}

// Pair is a sentence with a passage that it pays, or that the model was shown.
type Pair struct {
	Sentence int
	Passage  string
	Kind     answers.Kind
	Paid     float64 // bits that the sentence pays to the passage by method MEANING
	Meaning  float64 // what the sentence alone gives the passage, in bits

	// What the sentence takes with the passage, with another one in its place, and with none.
	With, Other, None Bits
	Tokens            int // of the sentence, in the model's tokens
}

// Judge reads the sentences of a case with the passages of their pairs, with the other passage and with none. It puts
// the pairs in the order of their sentences.
func (r *Reader) Judge(c *Case) error {
	slices.SortStableFunc(c.Pairs, func(a, b Pair) int { return cmp.Compare(a.Sentence, b.Sentence) })
	var passages []string
	var all []int
	for _, p := range c.Pairs {
		if !slices.Contains(passages, p.Passage) {
			passages = append(passages, p.Passage)
		}
		if !slices.Contains(all, p.Sentence) {
			all = append(all, p.Sentence)
		}
	}
	other, err := r.Read(c.Question, c.Other, c.Sentences, all)
	if err != nil {
		return err
	}
	none, err := r.Read(c.Question, "", c.Sentences, all)
	if err != nil {
		return err
	}
	tokens := r.encode(c.Sentences)
	for _, passage := range passages {
		var wanted, of []int
		for i, p := range c.Pairs {
			if p.Passage == passage {
				wanted, of = append(wanted, p.Sentence), append(of, i)
			}
		}
		with, err := r.Read(c.Question, passage, c.Sentences, wanted)
		if err != nil {
			return err
		}
		for i, k := range of {
			p := &c.Pairs[k]
			at := slices.Index(all, p.Sentence)
			p.With, p.Other, p.None, p.Tokens = with[i], other[at], none[at], len(tokens[p.Sentence])
		}
	}
	return nil
}

// Cost is what it takes to judge a sentence with one passage: to read it twice, with what stands before it.
type Cost struct {
	Tokens, Seconds float64 // seconds of one core
}

// Cost judges each sentence that pays a passage by itself, as it would be done with a sample of sentences.
func (r *Reader) Cost(cases []Case) (Cost, error) {
	tokens, began, judged := r.Tokens, cputime.Now(), 0
	for i := range cases {
		c := &cases[i]
		for _, p := range c.Pairs {
			if p.Paid == 0 {
				continue
			}
			judged++
			for _, passage := range []string{p.Passage, ""} {
				if _, err := r.Read(c.Question, passage, c.Sentences, []int{p.Sentence}); err != nil {
					return Cost{}, err
				}
			}
		}
	}
	n := float64(max(1, judged))
	return Cost{float64(r.Tokens-tokens) / n, (cputime.Now() - began).Seconds() / n}, nil
}
