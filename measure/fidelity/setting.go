package main

import (
	"fmt"

	"github.com/openledger/openledger/measure/fidelity/corpus"
	"github.com/openledger/openledger/poa"
)

// setting is one corpus ready to be measured.
type setting struct {
	name string
	pool *corpus.Corpus
	// raw and clean are the registered segments as they come and without duplicates; foreign the held-out ones without
	// duplicates of registered text.
	raw, clean, foreign []corpus.Segment
	options             options
	notes               []string
}

// growth is the size of the largest registry, as a multiple of --segments.
const growth = 4

// surplus is how many segments are read for each one wanted: real text is full of duplicates.
const surplus = 1.6

// settings loads the corpora of the run.
func settings(o options) ([]*setting, error) {
	shape := corpus.Shape{Registered: int(surplus * growth * float64(o.segments)), HeldOut: 3000, HeldOutPPM: 80_000}
	if o.corpus != "" {
		documents, notes, err := corpus.Folder(o.corpus)
		if err != nil {
			return nil, err
		}
		lift := !corpus.LooksLikeProse(documents)
		if lift {
			notes = append(
				notes, "most segments have few stop words: measured as a DataNet of code or tables, which lifts that rule")
		}
		shape.HeldOutPPM = 150_000 // a small folder needs more to draw foreign text from
		s, err := prepare(corpus.Build("corpus", documents, shape, poa.SegmentRules{AllowFewStopWords: lift}, o.seed), o)
		if err != nil {
			return nil, err
		}
		s.notes = append(notes, s.notes...)
		return []*setting{s}, nil
	}
	progress("reading prose")
	// A fifth more than wanted: some is held out and some refused.
	documents := corpus.Prose(shape.Registered + shape.Registered/5 + 2*shape.HeldOut)
	prose, err := prepare(corpus.Build("prose", documents, shape, poa.SegmentRules{}, o.seed), o)
	if err != nil {
		return nil, err
	}
	progress("reading code")
	code, err := prepare(corpus.Build("code", corpus.Code(), shape, poa.SegmentRules{AllowFewStopWords: true}, o.seed), o)
	if err != nil {
		return nil, err
	}
	return []*setting{prose, code}, nil
}

// prepare removes duplicates.
func prepare(c *corpus.Corpus, o options) (*setting, error) {
	s := &setting{name: c.Name, pool: c, raw: c.Registered, options: o, notes: c.Notes}
	if len(c.Registered) == 0 {
		s.notes = append(s.notes, fmt.Sprintf("%s: no segment could be registered: nothing is measured on it", c.Name))
		return s, nil
	}
	progress("%s: %d segments, %d tokens, %d documents, %d contributors; looking for duplicates", c.Name,
		len(c.Registered), corpus.Tokens(c.Registered), c.Documents, c.Contributors)
	whole, err := corpus.NewRegistry(c.Vocabulary, c.Registered, o.table)
	if err != nil {
		return nil, err
	}
	s.clean, s.foreign = corpus.Dedupe(whole), corpus.Foreign(whole, c.HeldOut)
	return s, nil
}

// registry returns the first n segments of a list as a registry of its own.
func (s *setting) registry(segments []corpus.Segment, n int) (*corpus.Registry, error) {
	return corpus.NewRegistry(s.pool.Vocabulary, segments[:min(n, len(segments))], s.options.table)
}

// describe prints what is measured on.
func describe(all []*setting) {
	t := newTable("Corpora", "corpus", "contributors", "documents", "segments", "tokens", "without duplicates",
		"foreign segments", "of these kept")
	for _, s := range all {
		t.add(s.name, fmt.Sprint(s.pool.Contributors), fmt.Sprint(s.pool.Documents), fmt.Sprint(len(s.raw)),
			fmt.Sprint(corpus.Tokens(s.raw)),
			fmt.Sprint(len(s.clean)), fmt.Sprint(len(s.pool.HeldOut)), fmt.Sprint(len(s.foreign)))
		for _, n := range s.notes {
			t.note("%s", n)
		}
	}
	t.note("A duplicate has 30 %% of its runs of five tokens in one kept earlier segment. The rule that is measured " +
		"has no part in saying so.")
	t.print()
}
