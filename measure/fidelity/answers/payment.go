package answers

import (
	"cmp"
	"fmt"
	"slices"
)

// Kind says what a passage is for a sentence.
type Kind int

// The kinds.
const (
	Right         Kind = iota // it is listed for the sentence
	RightDocument             // another passage of a listed document
	Wrong                     // the sentence has other sources
	Unsourced                 // the sentence has no source, others of the answer have one
	OffTopic                  // no passage answers the question
)

// kind says what a passage is for a sentence of an answer.
func (w *World) kind(item *Item, sentence int, id string) Kind {
	sources := item.Sentences[sentence].Sources
	switch {
	case len(sources) == 0 && item.OffTopic:
		return OffTopic
	case len(sources) == 0:
		return Unsourced
	case slices.Contains(sources, id):
		return Right
	case slices.ContainsFunc(sources, func(source string) bool { return Document(source) == Document(id) }):
		return RightDocument
	}
	return Wrong
}

// Payment is what a sentence pays to a passage by method MEANING.
type Payment struct {
	Sentence int
	Passage  int // its place in the Registry
	Kind     Kind
	Bits     float64 // 0 if the passage was shown and is paid nothing
	// Meaning is what the sentence alone gives the passage alone by method MEANING, in bits.
	Meaning float64
}

// Paid is an answer with what its sentences pay to the passages that they pay, and to those that the model was shown.
type Paid struct {
	Item     *Item
	Payments []Payment // by sentence, then by passage
}

// Payments returns what the sentences of the answers of a group pay.
func (w *World) Payments(of Group) ([]Paid, error) {
	var out []Paid
	for i := range w.cases {
		c := &w.cases[i]
		if c.item.Group() != of {
			continue
		}
		att, err := w.Registry.Meaning(c.answer, c.retrieved)
		if err != nil {
			return nil, fmt.Errorf("answer %s: %w", c.item.ID, err)
		}
		paid := map[[2]int]float64{} // by sentence and place
		for s := range c.item.Sentences {
			for _, place := range c.retrieved {
				paid[[2]int{s, place}] = 0
			}
		}
		for _, row := range att.Rows {
			for p := row.Position; p < row.Position+row.Length; p++ {
				paid[[2]int{c.sentence[p], w.Registry.Place(row)}] += c.bits[p]
			}
		}
		one := Paid{Item: c.item}
		for at, bits := range paid {
			one.Payments = append(one.Payments, Payment{Sentence: at[0], Passage: at[1], Bits: bits,
				Kind: w.kind(c.item, at[0], w.Passage(at[1]).ID)})
		}
		slices.SortFunc(one.Payments, func(a, b Payment) int {
			return cmp.Or(cmp.Compare(a.Sentence, b.Sentence), cmp.Compare(a.Passage, b.Passage))
		})
		for k := range one.Payments {
			p := &one.Payments[k]
			if p.Meaning, err = w.Registry.Gives([]byte(c.item.Sentences[p.Sentence].Text), p.Passage); err != nil {
				return nil, err
			}
		}
		out = append(out, one)
	}
	return out, nil
}

// Passage returns the passage at a place of the Registry.
func (w *World) Passage(place int) *Passage { return &w.Set.Passages[w.order[place]] }
