package leaveout

import (
	"cmp"
	"math"
	"math/rand"
	"slices"

	"github.com/openledger/openledger/measure/fidelity/answers"
)

// Unit is what a score is counted in.
type Unit int

// The units.
const (
	Whole    Unit = iota // bits of the sentence
	PerToken             // bits for each token of the model
	Part                 // part of what the sentence takes, or of what it weighs
)

// Units lists all.
var Units = []Unit{Whole, PerToken, Part}

// String names the unit.
func (u Unit) String() string { return [...]string{"bits", "bits a token", "part of the sentence"}[u] }

// Score says how much a sentence needs a passage.
type Score struct {
	Name string
	Unit Unit
	of   func(c *Case, p *Pair) float64
}

// Scores are that of method MEANING, those of a model, and sums of both.
func Scores(calibration []Case) []Score {
	var out []Score
	for _, unit := range Units {
		out = append(out, Score{"MEANING", unit, meaning(unit)})
	}
	for _, prediction := range Predictions {
		for _, unit := range Units {
			out = append(out, Score{prediction.String() + ", less than with none", unit, saved(prediction, false, unit)})
		}
		for _, unit := range Units {
			out = append(out, Score{prediction.String() + ", less than with another", unit, saved(prediction, true, unit)})
		}
	}
	for _, prediction := range Predictions {
		for _, unit := range Units[:Part] {
			out = append(out, Score{"MEANING and " + prediction.String(), unit,
				sum(calibration, meaning(unit), saved(prediction, true, unit))})
		}
	}
	return out
}

func meaning(unit Unit) func(*Case, *Pair) float64 {
	return func(c *Case, p *Pair) float64 { return unit.count(p.Meaning, c.Weights[p.Sentence], p.Tokens) }
}

// saved returns how many bits fewer a sentence takes with its passage.
func saved(prediction Prediction, other bool, unit Unit) func(*Case, *Pair) float64 {
	return func(_ *Case, p *Pair) float64 {
		without := p.None[prediction]
		if other {
			without = p.Other[prediction]
		}
		return unit.count(without-p.With[prediction], without, p.Tokens)
	}
}

// count counts bits in the unit, for a sentence of so many bits and tokens.
func (u Unit) count(bits, whole float64, tokens int) float64 {
	switch {
	case u == PerToken && tokens > 0:
		return bits / float64(tokens)
	case u == Part && whole > 0:
		return bits / whole
	}
	return bits
}

// sum adds scores, each divided by its standard deviation over the paid pairs of the calibration.
func sum(calibration []Case, scores ...func(*Case, *Pair) float64) func(*Case, *Pair) float64 {
	scales := make([]float64, len(scores))
	for i, score := range scores {
		var n, all, squares float64
		for c := range calibration {
			for k := range calibration[c].Pairs {
				if p := &calibration[c].Pairs[k]; p.Paid > 0 {
					v := score(&calibration[c], p)
					n, all, squares = n+1, all+v, squares+v*v
				}
			}
		}
		if variance := squares/n - all/n*all/n; variance > 0 {
			scales[i] = 1 / math.Sqrt(variance)
		}
	}
	return func(c *Case, p *Pair) float64 {
		out := 0.0
		for i, score := range scores {
			out += scales[i] * score(c, p)
		}
		return out
	}
}

// scored is a score with a weight.
type scored struct{ score, weight float64 }

// auc returns the probability that a drawn score of good is above one of bad, where draws are by weight and equal
// scores count half; NaN if there is none of either.
func auc(good, bad []scored) float64 {
	slices.SortFunc(bad, func(a, b scored) int { return cmp.Compare(a.score, b.score) })
	below := make([]float64, len(bad)+1)
	for i, b := range bad {
		below[i+1] = below[i] + b.weight
	}
	all, sum := 0.0, 0.0
	for _, g := range good {
		low, _ := slices.BinarySearchFunc(bad, g.score, func(b scored, s float64) int { return cmp.Compare(b.score, s) })
		high := low
		for high < len(bad) && bad[high].score == g.score {
			high++
		}
		all += g.weight
		sum += g.weight * (below[low] + below[high]) / 2
	}
	return sum / all / below[len(bad)]
}

// Separation is how well a score tells sentences with a source from sentences without.
type Separation struct {
	// Paid is the probability that a paid bit of a sentence scores higher if it reaches a passage of a listed document
	// than if it should not be paid. PaidError is its standard error, over answers.
	Paid, PaidError float64
	// Sentences is the probability that a sentence with a source scores higher than one without, paid or not, where the
	// best score of its pairs counts.
	Sentences, SentencesError float64
	// Silent is the same as Sentences for sentences that give none of their passages anything by method MEANING.
	Silent, SilentError float64
	// Named is the share of sentences with a source whose best score is that of a passage of a listed document, among
	// sentences that have pairs with such passages and with others. Chance is the share that a random pair would have.
	Named, Chance float64
}

// resamples is the number of samples of answers from which standard errors are computed.
const resamples = 200

// Separate measures a score.
func Separate(cases []Case, s Score) Separation {
	var out Separation
	whole := make([]int, len(cases))
	for i := range whole {
		whole[i] = i
	}
	out.Paid, out.Sentences, out.Silent = separated(cases, whole, s)
	rng := rand.New(rand.NewSource(1))
	var paid, sentences, silent []float64
	for range resamples {
		sample := make([]int, len(cases))
		for i := range sample {
			sample[i] = rng.Intn(len(cases))
		}
		a, b, c := separated(cases, sample, s)
		paid, sentences, silent = append(paid, a), append(sentences, b), append(silent, c)
	}
	out.PaidError, out.SentencesError, out.SilentError = deviation(paid), deviation(sentences), deviation(silent)
	out.Named, out.Chance = named(cases, s)
	return out
}

func deviation(values []float64) float64 {
	var n, all, squares float64
	for _, v := range values {
		if !math.IsNaN(v) {
			n, all, squares = n+1, all+v, squares+v*v
		}
	}
	return math.Sqrt(max(0, squares/n-all/n*all/n))
}

// right says whether pay of this kind reaches a listed document.
func right(k answers.Kind) bool { return k == answers.Right || k == answers.RightDocument }

// separated returns Separation.Paid, Sentences and Silent of some cases.
func separated(cases []Case, sample []int, s Score) (paid, sentences, silent float64) {
	// Scores of what is right, and of what is not.
	var ofPay, ofSentences, ofSilent [2][]scored
	for _, i := range sample {
		c := &cases[i]
		all := make([]judged, len(c.Sentences))
		for k := range c.Pairs {
			p := &c.Pairs[k]
			score := s.of(c, p)
			j := &all[p.Sentence]
			if !j.known || score > j.best {
				j.best = score
			}
			j.known, j.speaks = true, j.speaks || p.Meaning > 0
			j.sourced = p.Kind != answers.Unsourced && p.Kind != answers.OffTopic
			if p.Paid > 0 {
				add(&ofPay, right(p.Kind), scored{score, p.Paid})
			}
		}
		for _, j := range all {
			if j.known {
				add(&ofSentences, j.sourced, scored{j.best, 1})
			}
			if j.known && !j.speaks {
				add(&ofSilent, j.sourced, scored{j.best, 1})
			}
		}
	}
	return auc(ofPay[1], ofPay[0]), auc(ofSentences[1], ofSentences[0]), auc(ofSilent[1], ofSilent[0])
}

// judged is a sentence with the best score of its pairs.
type judged struct {
	best            float64
	known           bool // it has pairs
	speaks, sourced bool // it gives some passage something by method MEANING; it has a source
}

func add(to *[2][]scored, right bool, s scored) {
	i := 0
	if right {
		i = 1
	}
	to[i] = append(to[i], s)
}

// named returns Separation.Named and Separation.Chance.
func named(cases []Case, s Score) (share, chance float64) {
	n := 0.0
	for i := range cases {
		c := &cases[i]
		for sentence := range c.Sentences {
			var rights, all float64
			best, at := math.Inf(-1), answers.Wrong
			for k := range c.Pairs {
				p := &c.Pairs[k]
				if p.Sentence != sentence {
					continue
				}
				if all++; right(p.Kind) {
					rights++
				}
				if score := s.of(c, p); score > best {
					best, at = score, p.Kind
				}
			}
			if rights == 0 || rights == all {
				continue
			}
			n++
			chance += rights / all
			if right(at) {
				share++
			}
		}
	}
	return share / n, chance / n
}

// Threshold returns the largest score above which, or at which, at least a part of the right pay lies.
func Threshold(cases []Case, s Score, part float64) float64 {
	var all []scored
	sum := 0.0
	for i := range cases {
		c := &cases[i]
		for k := range c.Pairs {
			if p := &c.Pairs[k]; p.Paid > 0 && right(p.Kind) {
				all = append(all, scored{s.of(c, p), p.Paid})
				sum += p.Paid
			}
		}
	}
	slices.SortFunc(all, func(a, b scored) int { return cmp.Compare(b.score, a.score) })
	kept := 0.0
	for _, a := range all {
		if kept += a.weight; kept >= part*sum {
			return a.score
		}
	}
	return math.Inf(-1)
}

// Held returns the part of the pay of some kinds that lies below a threshold; NaN if nothing is paid.
func Held(cases []Case, s Score, threshold float64, kinds ...answers.Kind) float64 {
	held, all := 0.0, 0.0
	for i := range cases {
		c := &cases[i]
		for k := range c.Pairs {
			p := &c.Pairs[k]
			if !slices.Contains(kinds, p.Kind) {
				continue
			}
			all += p.Paid
			if s.of(c, p) < threshold {
				held += p.Paid
			}
		}
	}
	return held / all
}

// Count returns the numbers of sentences, and of pairs of which the sentence pays the passage.
func Count(cases []Case) (sentences, paid int) {
	for i := range cases {
		sentences += len(cases[i].Sentences)
		for _, p := range cases[i].Pairs {
			if p.Paid > 0 {
				paid++
			}
		}
	}
	return sentences, paid
}
