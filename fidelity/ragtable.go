package main

import (
	"errors"
	"fmt"
	"math"

	"github.com/openledger/openledger/fidelity/paraphrase"
	"github.com/openledger/openledger/fidelity/plant"
)

// captureSegments and captureVictims bound the attacks on retrieval: the method is made anew for each.
const (
	captureSegments = 2_000
	captureVictims  = 40
)

// measureParaphrase pays paraphrased answers by the baselines and, if there is one, by the RAG method. It returns the method's worst
// figures over the levels and the most that near-copies or shuffles take.
func measureParaphrase(s *setting) (RAGFigures, Number, error) {
	figures, near := RAGFigures{missing, missing}, missing
	head := []string{"method"}
	for _, level := range paraphrase.Levels {
		head = append(head, level.String()+" recall@3/TV")
	}
	t := newTable("Paraphrased answers from what is retrieved: "+s.name, append(head, "pay of heavy ones to segments not quoted")...)
	r, err := s.registry(s.clean, s.options.segments)
	if err != nil {
		return figures, near, err
	}
	b, err := paraphrase.NewBench(r, s.foreign)
	if errors.Is(err, plant.ErrTooSmall) {
		t.note("%v", err)
		t.print()
		return figures, near, nil
	} else if err != nil {
		return figures, near, err
	}
	factories := []paraphrase.Factory{paraphrase.Shapley, paraphrase.Span}
	if ragMethod != nil {
		factories = append(factories, ragMethod)
	}
	empty := false
	for i, factory := range factories {
		m, err := factory(r)
		if err != nil {
			return figures, near, err
		}
		progress("%s: paraphrases, %s", s.name, m.Name())
		cells := []string{m.Name()}
		unused := ""
		worst := RAGFigures{Number(1), Number(0)}
		for _, level := range paraphrase.Levels {
			q, err := b.Measure(m, level, s.options.answers, s.options.seed)
			if err != nil {
				return figures, near, err
			}
			if q.Cases == 0 {
				worst, empty = RAGFigures{missing, missing}, true
			}
			cells = append(cells, cell(q.Recall)+"/"+cell(q.TV))
			worst.Recall, worst.TV = Number(math.Min(float64(worst.Recall), q.Recall)), Number(math.Max(float64(worst.TV), q.TV))
			if level == paraphrase.Heavy {
				unused = cell(q.Unused)
			}
		}
		t.add(append(cells, unused)...)
		if i == 2 {
			figures = worst
		}
	}
	if empty {
		t.note("too small: no question about this corpus retrieves segments of three contributions")
	}
	t.print()
	near, err = measureCapture(s, factories)
	return figures, near, err
}

// measureCapture lets a thief crowd owners out of retrieval.
func measureCapture(s *setting, factories []paraphrase.Factory) (Number, error) {
	near := missing
	t := newTable("Captured in retrieval, the answer quotes the owner: thief's share / owner's part of all pay: "+s.name, "method")
	for _, a := range paraphrase.Attacks {
		t.rows[0] = append(t.rows[0], a.String())
	}
	for i, factory := range factories {
		if i == 1 {
			continue // SPAN alone does not look at retrieval
		}
		name := ""
		var cells []string
		for _, a := range paraphrase.Attacks {
			r, err := s.registry(s.clean, min(captureSegments, s.options.segments))
			if err != nil {
				return near, err
			}
			loss, err := paraphrase.Capture(r, s.foreign, factory, a, min(captureVictims, s.options.answers), s.options.seed)
			if errors.Is(err, plant.ErrTooSmall) {
				t.note("%v", err)
				t.print()
				return near, nil
			} else if err != nil {
				return near, err
			}
			if name == "" {
				m, err := factory(r)
				if err != nil {
					return near, err
				}
				name = m.Name()
			}
			cells = append(cells, fmt.Sprintf("%s/%s", cell(loss.Thief), cell(loss.Owner)))
			if i == 2 && !a.Paraphrased {
				near = larger(near, Number(loss.Thief))
			}
		}
		t.add(append([]string{name}, cells...)...)
	}
	t.print()
	return near, nil
}
