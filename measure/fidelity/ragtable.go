package main

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/openledger/openledger/measure/fidelity/paraphrase"
	"github.com/openledger/openledger/measure/fidelity/plant"
)

// captureSegments and captureVictims bound the attacks on retrieval, because the method is built again for each attack.
const (
	captureSegments = 2_000
	captureVictims  = 40
)

// captureLevels are how far the answers are from the owner's words in the attacks on retrieval.
var captureLevels = []paraphrase.Level{paraphrase.None, paraphrase.Light, paraphrase.Heavy}

// CaptureFigures are the most that thieves in retrieval take of what they and the owners are paid, over the levels of
// the answers.
type CaptureFigures struct {
	// Near is for near-copies and shuffles, Paraphrased for paraphrases, Stuffed for one with rare words put back;
	// provenance is computed.
	Near        Number `json:"near"`
	Paraphrased Number `json:"paraphrased"`
	Stuffed     Number `json:"stuffed"`
	// The same without provenance.
	NearUndeclared        Number `json:"near_undeclared"`
	ParaphrasedUndeclared Number `json:"paraphrased_undeclared"`
	StuffedUndeclared     Number `json:"stuffed_undeclared"`
}

func noCaptureFigures() CaptureFigures {
	return CaptureFigures{missing, missing, missing, missing, missing, missing}
}

// note stores a loss if it is larger.
func (f *CaptureFigures) note(a paraphrase.Attack, undeclared bool, thief Number) {
	of := [...]*Number{&f.Near, &f.Paraphrased, &f.Stuffed}
	if undeclared {
		of = [...]*Number{&f.NearUndeclared, &f.ParaphrasedUndeclared, &f.StuffedUndeclared}
	}
	kind := 0
	switch {
	case a.Paraphrased && a.Stuffed:
		kind = 2
	case a.Paraphrased:
		kind = 1
	}
	*of[kind] = larger(*of[kind], thief)
}

// worse returns the larger losses of two corpora.
func (f CaptureFigures) worse(g CaptureFigures) CaptureFigures {
	return CaptureFigures{
		larger(f.Near, g.Near), larger(f.Paraphrased, g.Paraphrased), larger(f.Stuffed, g.Stuffed),
		larger(f.NearUndeclared, g.NearUndeclared), larger(f.ParaphrasedUndeclared, g.ParaphrasedUndeclared),
		larger(f.StuffedUndeclared, g.StuffedUndeclared),
	}
}

// paraphraseResults holds the figures of methods RAG and MEANING on paraphrased answers, and what thieves take.
type paraphraseResults struct {
	rag            RAGFigures
	capture        CaptureFigures
	meaning        ParaphraseFigures
	meaningCapture CaptureFigures
}

// measureParaphrase pays paraphrased answers by the baselines and, if there are any, by methods RAG and MEANING.
// Figures of RAG are those of its worst level.
func measureParaphrase(s *setting) (paraphraseResults, error) {
	figures := paraphraseResults{noRAGFigures(), noCaptureFigures(), noParaphraseFigures(), noCaptureFigures()}
	head := []string{"method", "looked at"}
	for _, level := range paraphrase.Levels {
		head = append(head, level.String()+" reached/recall@3/TV")
	}
	t := newTable("Paraphrased answers: "+s.name,
		append(head, "sources found", "heavy: paid to text not quoted",
			"foreign answers pay: searched by all words/by the rarest")...)
	r, err := s.registry(s.clean, s.options.segments)
	if err != nil {
		return figures, err
	}
	b, err := paraphrase.NewBench(r, s.foreign)
	if errors.Is(err, plant.ErrTooSmall) {
		t.note("%v", err)
		t.print()
		return figures, nil
	} else if err != nil {
		return figures, err
	}
	baselines := []paraphrase.Factory{paraphrase.Shapley, paraphrase.Span}
	for _, factory := range baselines {
		m, err := factory(r)
		if err != nil {
			return figures, err
		}
		if _, err := paraphraseRow(s, t, b, m, paraphrase.Given); err != nil {
			return figures, err
		}
	}
	for _, method := range []struct {
		factory paraphrase.Factory
		note    func(paraphrase.Retrieval, paraphrased)
	}{{ragMethod, figures.rag.note}, {meaningMethod, figures.meaning.note}} {
		if method.factory == nil {
			continue
		}
		m, err := method.factory(r)
		if err != nil {
			return figures, err
		}
		for _, retrieval := range paraphrase.Retrievals {
			row, err := paraphraseRow(s, t, b, m, retrieval)
			if err != nil {
				return figures, err
			}
			method.note(retrieval, row)
		}
	}
	t.note("Reached: the part of the owed bits that the rightful owners are paid. Content words of the sources that "+
		"answers do not use: %s.", changedWords(s, b))
	t.note("Searched: sources are among the 32 best for the question, and a search over the registry finds the 8 that " +
		"are looked at. Foreign answers are")
	t.note("paid over what all their words find, and over what their six rarest do, as a question would.")
	t.print()
	figures.capture, figures.meaningCapture, err = measureCapture(s)
	return figures, err
}

// paraphrased are the figures of a row: those of the worst level, and what foreign answers pay.
type paraphrased struct {
	recall, tv, reached, changed, foreign, foreignAsked float64
	levels                                              []float64 // what reaches the owners, by level
}

// paraphraseRow measures one method over all levels.
func paraphraseRow(s *setting, t *table, b *paraphrase.Bench, m paraphrase.Method,
	retrieval paraphrase.Retrieval) (paraphrased, error) {
	progress("%s: paraphrases, %s, %s", s.name, m.Name(), retrieval)
	worst := paraphrased{recall: 1, reached: 1}
	cells := []string{m.Name(), retrieval.String()}
	var heavy paraphrase.Quality
	found := 1.0
	for _, level := range paraphrase.Levels {
		q, err := b.Measure(m, level, retrieval, s.options.answers, s.options.seed)
		if err != nil {
			return worst, err
		}
		if q.Cases == 0 {
			t.note("too small: no question about this corpus retrieves segments of three contributions")
			nan := math.NaN()
			return paraphrased{nan, nan, nan, nan, nan, nan, nil}, nil
		}
		cells = append(cells, cell(q.Reached)+"/"+cell(q.Recall)+"/"+cell(q.TV))
		worst.recall, worst.tv, worst.reached = min(worst.recall, q.Recall), max(worst.tv, q.TV),
			min(worst.reached, q.Reached)
		worst.changed, worst.levels = max(worst.changed, q.Changed), append(worst.levels, q.Reached)
		found = min(found, q.Found)
		if level == paraphrase.Heavy {
			heavy = q
		}
	}
	var err error
	if worst.foreign, err = b.Foreign(m, paraphrase.Searched, s.options.answers, s.options.seed); err != nil {
		return worst, err
	}
	if worst.foreignAsked, err = b.Foreign(m, paraphrase.Asked, s.options.answers, s.options.seed); err != nil {
		return worst, err
	}
	t.add(append(cells, cell(found), cell(heavy.Unused), cell(worst.foreign)+"/"+cell(worst.foreignAsked))...)
	return worst, nil
}

// note keeps the figures of a row of the RAG method.
func (f *RAGFigures) note(retrieval paraphrase.Retrieval, row paraphrased) {
	if retrieval == paraphrase.Given {
		f.Recall, f.TV, f.Reached = Number(row.recall), Number(row.tv), Number(row.reached)
		f.Changed, f.ForeignPaid = Number(row.changed), Number(row.foreign)
		return
	}
	if math.IsNaN(float64(f.ReachedSearched)) || Number(row.reached) > f.ReachedSearched {
		f.RecallSearched, f.TVSearched, f.ReachedSearched = Number(row.recall), Number(row.tv), Number(row.reached)
	}
}

// changedWords says how much each level changes.
func changedWords(s *setting, b *paraphrase.Bench) string {
	out := ""
	for i, level := range paraphrase.Levels {
		if i > 0 {
			out += ", "
		}
		out += fmt.Sprintf("%s %s", level, cell(b.Changed(level, s.options.answers, s.options.seed)))
	}
	return out
}

// measureCapture lets a thief crowd owners out of retrieval. It returns what the thief takes by methods RAG and
// MEANING.
func measureCapture(s *setting) (rag, meaning CaptureFigures, err error) {
	rag, meaning = noCaptureFigures(), noCaptureFigures()
	type robbed struct {
		name       string
		factory    paraphrase.Factory
		figures    *CaptureFigures
		undeclared bool
	}
	all := []robbed{
		{"3-gram coverage + BM25, Shapley", paraphrase.Shapley, nil, false},
		{"RAG, provenance computed", ragMethod, &rag, false},
		{"RAG, provenance of nothing", ragUndeclared, &rag, true},
		{"MEANING, provenance computed", meaningMethod, &meaning, false},
		{"MEANING, provenance of nothing", meaningUndeclared, &meaning, true},
	}
	if ragMethod == nil {
		all = slices.DeleteFunc(all, func(m robbed) bool { return m.figures == &rag })
	}
	if meaningMethod == nil {
		all = slices.DeleteFunc(all, func(m robbed) bool { return m.figures == &meaning })
	}
	t := newTable("Captured in retrieval: thief's share / part of what the owner is owed that reaches him: "+s.name,
		"method", "answers")
	var factories []paraphrase.Factory
	var cells [][]string
	for _, m := range all {
		factories = append(factories, m.factory)
		for _, level := range captureLevels {
			cells = append(cells, []string{m.name, level.String()})
		}
	}
	for _, attack := range paraphrase.Attacks {
		progress("%s: captured by %s", s.name, attack)
		t.rows[0] = append(t.rows[0], attack.String())
		r, err := s.registry(s.clean, min(captureSegments, s.options.segments))
		if err != nil {
			return rag, meaning, err
		}
		losses, err := paraphrase.Capture(r, s.foreign, factories, attack, captureLevels,
			min(captureVictims, s.options.answers), s.options.seed)
		if errors.Is(err, plant.ErrTooSmall) {
			t.note("%v", err)
			t.print()
			return rag, meaning, nil
		} else if err != nil {
			return rag, meaning, err
		}
		for i := range cells {
			m, loss := all[i/len(captureLevels)], losses[i/len(captureLevels)][i%len(captureLevels)]
			cells[i] = append(cells[i], cell(loss.Thief)+"/"+cell(loss.Reached))
			if m.figures != nil {
				m.figures.note(attack, m.undeclared, Number(loss.Thief))
			}
		}
	}
	for _, row := range cells {
		t.add(row...)
	}
	t.note("Questions ask for the owner's rarest words; half of an answer is the owner's. Thief's share: of what he " +
		"and the owner are paid.")
	t.print()
	return rag, meaning, nil
}
