// Package methods pays answers by the methods of package poa over one registry, with the retrieval and the derivations
// of package poa.
package methods

import (
	"bytes"

	"github.com/openledger/openledger/measure/fidelity/measure"
	"github.com/openledger/openledger/poa"
)

// Registry is a list of segments, known by their place, with everything that the methods need of it. It is not safe for
// concurrent use but for Span, RAG and Meaning of segments that were interpreted before.
type Registry struct {
	Segments []poa.Segment
	Search   *poa.Search

	texts  [][]byte
	stats  *poa.Statistics
	index  *poa.Index
	places map[place]int
	ranks  map[uint64]int // the first place of each rank
}

type place struct {
	rank    uint64
	segment uint32
}

// Text is what is registered under a rank and an index.
type Text struct {
	Rank  uint64
	Index uint32
	Text  []byte
}

// New registers texts, in increasing order of rank and index.
func New(texts []Text, stats *poa.Statistics) (*Registry, error) {
	return (&Registry{stats: stats}).With(texts)
}

// With returns the registry with texts besides, of higher ranks.
func (r *Registry) With(texts []Text) (*Registry, error) {
	out := &Registry{
		Segments: append([]poa.Segment(nil), r.Segments...), texts: append([][]byte(nil), r.texts...), stats: r.stats,
		index:  poa.NewIndex(r.stats),
		places: map[place]int{}, ranks: map[uint64]int{},
	}
	for _, t := range texts {
		out.Segments, out.texts = append(out.Segments, poa.NewSegment(t.Rank, t.Index, t.Text)), append(out.texts, t.Text)
	}
	for i, s := range out.Segments {
		out.places[place{s.Rank, s.Index}] = i
		if _, known := out.ranks[s.Rank]; !known {
			out.ranks[s.Rank] = i
		}
	}
	if err := out.derive(); err != nil {
		return nil, err
	}
	var err error
	if out.Search, err = poa.NewSearch(out.Segments, func(place int) []byte { return out.texts[place] }); err != nil {
		return nil, err
	}
	return out, out.index.Add(out.Segments...)
}

// Interpret returns the segments at places, with their concepts.
func (r *Registry) Interpret(places []int) []poa.Segment {
	out := make([]poa.Segment, len(places))
	for i, p := range places {
		if r.Segments[p].Concepts == nil {
			r.Segments[p].Interpret(r.texts[p])
		}
		out[i] = r.Segments[p]
	}
	return out
}

// Answer returns a text as all methods take it.
func Answer(text []byte) poa.Answer {
	a := poa.InterpretAnswer(text)
	a.Stems = poa.Stems(text)
	return a
}

// Span applies method SPAN.
func (r *Registry) Span(a poa.Answer) (poa.Attribution, error) { return r.index.Attribute(a) }

// RAG applies method RAG to the segments that were retrieved.
func (r *Registry) RAG(a poa.Answer, retrieved []int) (poa.Attribution, error) {
	segments := make([]poa.Segment, len(retrieved))
	for i, p := range retrieved {
		segments[i] = r.Segments[p]
	}
	return r.index.AttributeRAG(a, segments)
}

// Meaning applies method MEANING to the segments that were retrieved, and to those that the answer finds.
func (r *Registry) Meaning(a poa.Answer, retrieved []int) (poa.Attribution, error) {
	return r.MeaningOf(a, r.Interpret(retrieved), r.Interpret(r.Search.Found(a.Tokens, retrieved)))
}

// MeaningOf applies method MEANING to interpreted segments, which need not be registered.
func (r *Registry) MeaningOf(a poa.Answer, retrieved, found []poa.Segment) (poa.Attribution, error) {
	return r.index.AttributeMeaning(a, retrieved, found)
}

// Gives returns what a text of its own gives the segment at a place by method MEANING, in bits: the bits that SPAN pays
// and the sums of the stretches.
func (r *Registry) Gives(text []byte, at int) (float64, error) {
	att, err := r.MeaningOf(Answer(text), r.Interpret([]int{at}), nil)
	if err != nil {
		return 0, err
	}
	sum, counted := 0.0, map[[2]uint32]bool{}
	for _, row := range att.Rows {
		switch stretch := [2]uint32{row.Offset, row.Seed}; {
		case r.Place(row) != at:
		case !row.Window:
			sum += float64(row.Bits) / 65536
		case !counted[stretch]:
			counted[stretch] = true
			sum += float64(row.Score) / 65536
		}
	}
	return sum, nil
}

// Lora applies method LORA to the segments of Meaning, with the rows of an influence file and the query of the answer.
// The entries of the attribution are those of a receipt.
func (r *Registry) Lora(a poa.Answer, retrieved []int, influence []poa.InfluenceRow, query *poa.LoraQuery) (
	poa.Attribution, error,
) {
	return r.index.AttributeLora(a, r.Interpret(retrieved), r.Interpret(r.Search.Found(a.Tokens, retrieved)), influence,
		query)
}

// Place returns the place of a row's owner.
func (r *Registry) Place(row poa.Row) int { return r.places[place{row.Rank, row.Segment}] }

// Rows returns what places are paid, in bits, if nobody says what derives from what.
func (r *Registry) Rows(att poa.Attribution) measure.Weights {
	paid := measure.Weights{}
	for _, row := range att.Rows {
		paid[r.Place(row)] += float64(row.Bits) / 65536
	}
	return paid
}

// PassOn returns the same weights after what derives from earlier contributions has passed its part on to them.
func (r *Registry) PassOn(paid measure.Weights) measure.Weights {
	out := measure.Weights{}
	for _, p := range paid.Keys() {
		left := paid[p]
		for _, d := range r.Derived(p) {
			passed := paid[p] * float64(d.PPM) / poa.TotalPPM
			out[r.ranks[d.Rank]] += passed
			left -= passed
		}
		out[p] += left
	}
	return out
}

// Derived returns what the segment at a place derives from, as validators compute it.
func (r *Registry) Derived(p int) []poa.Derivation { return r.Segments[p].Derived }

// derive sets what segments derive from.
func (r *Registry) derive() error {
	earlier := poa.NewProvenance()
	known := lastDerived.common(r.Segments, r.texts)
	for i := range r.Segments {
		s := &r.Segments[i]
		if i < known {
			s.Derived = lastDerived.segments[i].Derived
		} else {
			var err error
			if s.Derived, err = earlier.Of(s.Rank, r.texts[i], r.ranks[s.Rank]); err != nil {
				return err
			}
		}
		if err := earlier.Add(s.Rank, s.Index, r.texts[i], s.Derived); err != nil {
			return err
		}
	}
	lastDerived = derivedTexts{r.Segments, r.texts}
	return nil
}

// derivedTexts are texts of which is known what they derive from. lastDerived are those of the last registry: the next
// one often begins with the same.
type derivedTexts struct {
	segments []poa.Segment
	texts    [][]byte
}

var lastDerived derivedTexts

// common returns how many of the first texts are the same.
func (d derivedTexts) common(segments []poa.Segment, texts [][]byte) int {
	n := 0
	for n < min(len(d.texts), len(texts)) && d.segments[n].Rank == segments[n].Rank &&
		d.segments[n].Index == segments[n].Index &&
		bytes.Equal(d.texts[n], texts[n]) {
		n++
	}
	return n
}
