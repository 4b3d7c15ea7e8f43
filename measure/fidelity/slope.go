package main

import (
	"errors"
	"fmt"
	"math"

	"github.com/openledger/openledger/measure/fidelity/corpus"
	"github.com/openledger/openledger/measure/fidelity/plant"
)

// slopeAnswers is how many times --answers the slope is measured with: it is a difference of two means.
const slopeAnswers = 4

// measureSlope returns TV at four times --segments (or at all there are) minus TV at a tenth of --segments (or at a
// quarter of the larger size, if that is less), on the registry without duplicates, and the two sizes. Both weigh
// tokens by the table of the larger registry, so that the difference is due to size alone.
func measureSlope(s *setting) (Number, []int, error) {
	large := min(growth*s.options.segments, len(s.clean))
	small := max(1, min(s.options.segments/10, large/4)) // a small corpus grows by what it has
	t := newTable("Growth of the registry: "+s.name, "segments", "reaches the owner", "recall@3", "TV", "TV planted only",
		"5-gram TV")
	whole, err := s.registry(s.clean, large)
	if err != nil {
		return missing, nil, err
	}
	var tv []float64
	sizes := []int{small, min(s.options.segments, large), large}
	if sizes[1] <= small || sizes[1] >= large {
		sizes = []int{small, large}
	}
	for _, n := range sizes {
		progress("%s: registry of %d segments", s.name, n)
		part := &corpus.Registry{Vocabulary: whole.Vocabulary, Statistics: whole.Statistics, Weight: whole.Weight,
			Segments: whole.Segments[:n]}
		b, err := newBench(part, s.foreign, s.options.seed)
		if errors.Is(err, plant.ErrTooSmall) {
			t.note("%d segments: %v", n, err)
			t.print()
			return missing, nil, nil
		} else if err != nil {
			return missing, nil, err
		}
		q, err := b.measure(plant.Noise{}, slopeAnswers*s.options.answers, func() owner { return b.span })
		if err != nil {
			return missing, nil, err
		}
		base, err := b.measure(plant.Noise{}, s.options.answers, func() owner { return b.rule(gramRule(), nil) })
		if err != nil {
			return missing, nil, err
		}
		tv = append(tv, q.tv)
		t.add(fmt.Sprint(n), cell(q.reached), cell(q.recall), cell(q.tv), cell(q.tvPlanted), cell(base.tv))
	}
	slope := tv[len(tv)-1] - tv[0]
	if !math.IsNaN(slope) {
		t.note("TV at %d minus TV at %d segments: %+.4f", large, small, slope)
	}
	t.print()
	return Number(slope), []int{small, large}, nil
}
