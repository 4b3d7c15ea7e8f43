package main

import (
	"errors"
	"fmt"

	"github.com/openledger/openledger/measure/fidelity/corpus"
	"github.com/openledger/openledger/measure/fidelity/plant"
)

// SpanFigures are the figures of method SPAN on one corpus, without duplicates and against the rightful owners.
type SpanFigures struct {
	Recall0       Number `json:"recall3_0"`
	Recall20      Number `json:"recall3_20"`
	RecallIndel20 Number `json:"recall3_indel20"`
	TV0           Number `json:"tv_0"`
	TV20          Number `json:"tv_20"`
	// Reached are the parts of the owed bits that reach the rightful owners.
	Reached0       Number `json:"reached_0"`
	Reached20      Number `json:"reached_20"`
	ReachedIndel20 Number `json:"reached_indel20"`
	TVSlope        Number `json:"tv_slope_1k_40k"`
	SlopeSizes     []int  `json:"tv_slope_sizes"`
	LDS            Number `json:"lds"`
}

func noSpanFigures() SpanFigures {
	return SpanFigures{
		missing, missing, missing, missing, missing, missing, missing, missing, missing, nil, missing,
	}
}

var noises = []plant.Noise{{Percent: 0}, {Percent: 10}, {Percent: 20}, {Percent: 10, Edits: true},
	{Percent: 20, Edits: true}}

// measureSpan plants answers in the registry with and without duplicates, and prints one line per noise.
func measureSpan(s *setting) (SpanFigures, *bench, float64, error) {
	figures, foreign := noSpanFigures(), float64(missing)
	t := newTable(fmt.Sprintf("Method SPAN on planted answers: %s", s.name),
		"registry", "segments", "noise", "reaches the owner", "recall@3", "TV", "TV planted only", "recall@3 sampled",
		"TV sampled", "oracle's TV sampled", "paid bits on foreign", "5-gram reaches the owner", "5-gram recall@3",
		"5-gram TV")
	var clean *bench
	for _, kind := range []struct {
		name     string
		segments []corpus.Segment
	}{{"raw", s.raw}, {"clean", s.clean}} {
		r, err := s.registry(kind.segments, s.options.segments)
		if err != nil {
			return figures, nil, foreign, err
		}
		b, err := newBench(r, s.foreign, s.options.seed)
		if errors.Is(err, plant.ErrTooSmall) {
			t.note("%s, %s: %v", s.name, kind.name, err)
			s.notes = append(s.notes, fmt.Sprintf("%s, %s: %v", s.name, kind.name, err))
			continue
		} else if err != nil {
			return figures, nil, foreign, err
		}
		for _, noise := range noises {
			progress("%s, %s: planted answers, %s", s.name, kind.name, noise)
			q, err := b.measure(noise, s.options.answers, func() owner { return b.span })
			if err != nil {
				return figures, nil, foreign, err
			}
			base, err := b.measure(noise, s.options.answers, func() owner { return b.rule(gramRule(), nil) })
			if err != nil {
				return figures, nil, foreign, err
			}
			t.add(kind.name, fmt.Sprint(len(r.Segments)), noise.String(), cell(q.reached), cell(q.recall), cell(q.tv),
				cell(q.tvPlanted), cell(q.recallSampled),
				cell(q.tvSampled), cell(q.floor), cell(q.foreignPaid), cell(base.reached), cell(base.recall), cell(base.tv))
			if kind.name == "clean" {
				figures.note(noise, q)
			}
		}
		if kind.name == "clean" {
			clean = b
			if foreign, err = b.foreign(s.options.answers); err != nil {
				return figures, nil, foreign, err
			}
			// The same registry against held-out text that nothing was taken out of.
			uncleaned, err := newBench(r, s.pool.HeldOut, s.options.seed)
			if err != nil {
				return figures, nil, foreign, err
			}
			rawForeign, err := uncleaned.foreign(s.options.answers)
			if err != nil {
				return figures, nil, foreign, err
			}
			t.note("Answers of foreign text only pay %s of their weight; of foreign text as it comes, copies of what is "+
				"registered included, %s.", cell(foreign), cell(rawForeign))
		}
	}
	t.note("TV: half the sum of absolute differences between what the rightful owners are owed and what is paid to " +
		"anyone anywhere in the answer, both in")
	t.note("bits and normalised to 1. The rightful owner of a quotation is the earliest contribution that holds it " +
		"word for word. Unpaid text counts in neither.")
	t.note("Reaches the owner: the part of the owed bits that the rightful owners are paid. What nobody is paid is " +
		"lost to them, and goes to the bounty pool.")
	t.print()
	return figures, clean, foreign, nil
}

// note keeps the figures that are reported.
func (f *SpanFigures) note(n plant.Noise, q quality) {
	switch n {
	case plant.Noise{Percent: 0}:
		f.Recall0, f.TV0, f.Reached0 = Number(q.recall), Number(q.tv), Number(q.reached)
	case plant.Noise{Percent: 20}:
		f.Recall20, f.TV20, f.Reached20 = Number(q.recall), Number(q.tv), Number(q.reached)
	case plant.Noise{Percent: 20, Edits: true}:
		f.RecallIndel20, f.ReachedIndel20 = Number(q.recall), Number(q.reached)
	}
}
