package main

import (
	"math/rand"

	"github.com/openledger/openledger/measure/fidelity/corpus"
	"github.com/openledger/openledger/measure/fidelity/grams"
	"github.com/openledger/openledger/measure/fidelity/measure"
	"github.com/openledger/openledger/measure/fidelity/parallel"
	"github.com/openledger/openledger/measure/fidelity/plant"
	"github.com/openledger/openledger/measure/fidelity/rules"
	"github.com/openledger/openledger/poa"
)

// bench is one registry with everything that answers are planted and attributed with.
type bench struct {
	registry  *corpus.Registry
	index     *poa.Index
	grams     *grams.Index
	generator *plant.Generator
	seed      int64
}

func newBench(r *corpus.Registry, foreign []corpus.Segment, seed int64) (*bench, error) {
	b := &bench{registry: r, grams: grams.NewIndex(corpus.Texts(r.Segments), grams.Fixed(rules.RealScale.Gram)),
		seed: seed}
	var err error
	if b.generator, err = plant.NewGenerator(r, foreign, b.grams); err != nil {
		return nil, err
	}
	b.index, err = r.Index()
	return b, err
}

// span owns positions by package poa; the result is the document of every position.
func (b *bench) span(tokens []uint32) ([]int, error) {
	a, err := b.index.Attribute(poa.Answer{Tokens: b.registry.Vocabulary.Canonical(tokens)})
	if err != nil {
		return nil, err
	}
	return rules.Ranks(a.Rows, len(tokens)), nil
}

// owner returns the document of every position of an answer.
type owner func(tokens []uint32) ([]int, error)

// rule makes an owner of a rejected rule. The result may be used by one goroutine.
func (b *bench) rule(r rules.Rule, candidates func([]uint32) []int) owner {
	texts := &rules.Texts{List: b.grams.Texts, Weight: b.registry.Weight, Runs: b.grams.Runs, Candidates: candidates,
		Scale: rules.RealScale}
	return func(tokens []uint32) ([]int, error) {
		places := r.Own(texts, tokens)
		for p, place := range places {
			if place != rules.None {
				places[p] = b.registry.Segments[place].Document
			}
		}
		return places, nil
	}
}

// quality is how well a rule pays planted answers, averaged.
type quality struct {
	// recall and tv are against the rightful owners, those ending in Sampled against the segments quoted from. tvPlanted
	// leaves out what is paid on foreign text.
	recall, tv, tvPlanted, recallSampled, tvSampled float64
	// reached is the part of the bits owed to the rightful owners that they are paid on planted text.
	reached float64
	// floor is the TV against the sampled source of an oracle that pays every quotation to its rightful owner.
	floor float64
	// foreignPaid is the part of the bits paid that lies on foreign text.
	foreignPaid float64
}

const answerTokens = 300

// measure plants answers, adds noise and pays them by the rule. The same seed gives the same answers to every rule.
func (b *bench) measure(noise plant.Noise, answers int, own func() owner) (quality, error) {
	results := make([]quality, answers)
	errs := make([]error, answers)
	parallel.Do(answers, func() func(int) {
		f := own()
		return func(i int) {
			rng := rand.New(rand.NewSource(b.seed<<20 + int64(i)))
			answer := b.generator.Answer(rng, answerTokens)
			noisy := noise.Apply(rng, answer, b.generator.RandomToken)
			owners, err := f(noisy.Tokens)
			if err != nil {
				errs[i] = err
				return
			}
			paid := rules.PaidBits(noisy.Tokens, noisy.Planted, b.registry.Weight, func(p int) int { return owners[p] })
			results[i] = judge(answer, paid)
		}
	})
	for _, err := range errs {
		if err != nil {
			return quality{}, err
		}
	}
	return average(results), nil
}

func judge(a plant.Answer, paid rules.Paid) quality {
	q := quality{
		recall:        measure.Recall(a.Rightful, paid.All, plant.Sources),
		recallSampled: measure.Recall(a.Sampled, paid.All, plant.Sources),
		tv:            measure.TV(a.Rightful, paid.All), tvPlanted: measure.TV(a.Rightful, paid.Planted),
		tvSampled: measure.TV(a.Sampled, paid.All),
		reached:   measure.Reached(a.Rightful, paid.Planted), floor: measure.TV(a.Sampled, a.Rightful),
	}
	if all := paid.All.Sum(); all > 0 {
		q.foreignPaid = 1 - paid.Planted.Sum()/all
	}
	return q
}

func average(all []quality) quality {
	mean := func(get func(quality) float64) float64 {
		values := make([]float64, len(all))
		for i, q := range all {
			values[i] = get(q)
		}
		return measure.Mean(values)
	}
	return quality{
		recall: mean(func(q quality) float64 { return q.recall }), tv: mean(func(q quality) float64 { return q.tv }),
		reached:       mean(func(q quality) float64 { return q.reached }),
		tvPlanted:     mean(func(q quality) float64 { return q.tvPlanted }),
		recallSampled: mean(func(q quality) float64 { return q.recallSampled }),
		tvSampled:     mean(func(q quality) float64 { return q.tvSampled }),
		floor:         mean(func(q quality) float64 { return q.floor }),
		foreignPaid:   mean(func(q quality) float64 { return q.foreignPaid }),
	}
}

// foreign returns the mean share of the weight that answers of foreign text pay, from 0 to 1.
func (b *bench) foreign(answers int) (float64, error) {
	paid := make([]float64, answers)
	for i := range paid {
		rng := rand.New(rand.NewSource(b.seed<<20 + 1<<19 + int64(i)))
		a, err := b.index.Attribute(
			poa.Answer{Tokens: b.registry.Vocabulary.Canonical(b.generator.ForeignAnswer(rng, answerTokens).Tokens)})
		if err != nil {
			return 0, err
		}
		paid[i] = float64(poa.TotalPPM-a.UnattributedPPM) / poa.TotalPPM
	}
	return measure.Mean(paid), nil
}
