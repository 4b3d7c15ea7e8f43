package main

import (
	"errors"
	"fmt"

	"github.com/openledger/openledger/measure/fidelity/lds"
	"github.com/openledger/openledger/measure/fidelity/plant"
)

// ldsAnswers bounds the answers of the datamodeling score.
const ldsAnswers = 30

// measureLDS prints the linear datamodeling score of one corpus and returns that of SPAN.
func measureLDS(s *setting) (Number, error) {
	t := newTable("Linear datamodeling score: "+s.name, "scores", "Spearman")
	r, err := s.registry(s.clean, s.options.segments)
	if err != nil {
		return missing, err
	}
	progress("%s: retraining the count model", s.name)
	score, err := lds.Measure(r, s.foreign, min(ldsAnswers, s.options.answers), s.options.seed)
	if errors.Is(err, plant.ErrTooSmall) {
		t.note("%v", err)
		t.print()
		return missing, nil
	} else if err != nil {
		return missing, err
	}
	t.add("SPAN bits", cell(score.Span))
	t.add("BM25 of the answer", cell(score.BM25))
	t.note("%s", fmt.Sprintf(
		"%d segments, %d subsets of half of them; a trigram model is counted anew on each. Correlation of the subset's "+
			"summed scores with the", score.Segments, lds.Subsets))
	t.note("log-likelihood of the answer, over subsets, averaged over %d answers.", min(ldsAnswers, s.options.answers))
	t.print()
	return Number(score.Span), nil
}
