package answers

import (
	"fmt"

	"github.com/openledger/openledger/measure/fidelity/methods"
	"github.com/openledger/openledger/poa"
)

// Score are bits of answers, by where they go.
type Score struct {
	Answers int
	// Owed are the bits of sentences with sources: Right is paid to one of them, Document to other passages of their
	// documents, Wrong to anybody else.
	Owed, Right, Document, Wrong float64
	// Free are the bits of sentences without sources in answers that have some, OffTopic those of answers about something
	// else.
	Free, FreePaid, OffTopic, OffTopicPaid float64
}

// Add adds another score.
func (s *Score) Add(other Score) {
	s.Answers += other.Answers
	s.Owed, s.Right, s.Document, s.Wrong = s.Owed+other.Owed, s.Right+other.Right, s.Document+other.Document,
		s.Wrong+other.Wrong
	s.Free, s.FreePaid, s.OffTopic, s.OffTopicPaid = s.Free+other.Free, s.FreePaid+other.FreePaid,
		s.OffTopic+other.OffTopic, s.OffTopicPaid+other.OffTopicPaid
}

// Method attributes an answer of which some places were retrieved.
type Method struct {
	Name      string
	Attribute func(r *methods.Registry, a poa.Answer, retrieved []int) (poa.Attribution, error)
}

// Methods are the methods of package poa. MEANING also looks at what the answer finds.
var Methods = []Method{
	{"SPAN", func(r *methods.Registry, a poa.Answer, _ []int) (poa.Attribution, error) { return r.Span(a) }},
	{"RAG", (*methods.Registry).RAG},
	{"MEANING", (*methods.Registry).Meaning},
}

// Measure pays all answers of the set by a method. Derivations pass nothing on here: a passage listed for a sentence is
// one of those that hold what it says.
func (w *World) Measure(m Method) (map[Group]Score, error) {
	out := map[Group]Score{}
	for i := range w.cases {
		c := &w.cases[i]
		att, err := m.Attribute(w.Registry, c.answer, c.retrieved)
		if err != nil {
			return nil, fmt.Errorf("%s, answer %s: %w", m.Name, c.item.ID, err)
		}
		score := out[c.item.Group()]
		score.Add(w.score(c, att))
		out[c.item.Group()] = score
	}
	return out, nil
}

func (w *World) score(c *prepared, att poa.Attribution) Score {
	owner := make([]int, len(c.bits))
	for i := range owner {
		owner[i] = -1
	}
	for _, row := range att.Rows {
		for p := row.Position; p < row.Position+row.Length; p++ {
			owner[p] = w.Registry.Place(row)
		}
	}
	out := Score{Answers: 1}
	for p, bits := range c.bits {
		item, sentence := c.item, c.sentence[p]
		switch paid := owner[p] >= 0; {
		case len(item.Sentences[sentence].Sources) > 0:
			if out.Owed += bits; paid {
				out.owed(w.kind(item, sentence, w.Passage(owner[p]).ID), bits)
			}
		case item.OffTopic:
			if out.OffTopic += bits; paid {
				out.OffTopicPaid += bits
			}
		default:
			if out.Free += bits; paid {
				out.FreePaid += bits
			}
		}
	}
	return out
}

// owed notes where a position of a sentence with sources goes.
func (s *Score) owed(to Kind, bits float64) {
	switch to {
	case Right:
		s.Right += bits
	case RightDocument:
		s.Document += bits
	default:
		s.Wrong += bits
	}
}
