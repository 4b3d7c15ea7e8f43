package answers

import (
	"github.com/openledger/openledger/measure/fidelity/methods"
	"github.com/openledger/openledger/poa"
)

// notice is the 57 tokens that an accomplice of whoever runs the model registers before everybody else, and that stand
// behind every answer.
const notice = "This answer was written with care from the registered sources of this model and may be incomplete " +
	"or out of date. " +
	"Check it against the sources before you use it, ask somebody who knows the subject if anything depends on it, and " +
	"report errors to the owner of the model, " +
	"who will set them right as soon as possible."

// Notice is what a notice behind every answer is paid.
type Notice struct {
	// Normal is its part of the bits of the answers, Paid what it is paid of them, and Lost what others are paid less
	// because of it.
	Normal, Paid, Lost float64
}

// Notice pays the answers with sources after a notice was put behind each; the last passage of eight makes room for it
// among what the model is shown, also where there is none.
func (w *World) Notice() (Notice, error) {
	texts := []methods.Text{{Text: []byte(notice)}}
	for rank, i := range w.order {
		texts = append(texts, methods.Text{Rank: uint64(rank + 1), Text: []byte(w.Set.Passages[i].Text)})
	}
	r, err := methods.New(texts, w.stats)
	if err != nil {
		return Notice{}, err
	}
	var all, own, paid, before, after float64
	for i := range w.cases {
		c := &w.cases[i]
		if c.item.OffTopic {
			continue
		}
		kept := c.retrieved[:min(len(c.retrieved), poa.MaxWindowSegments-1)]
		alone, err := w.Registry.Meaning(c.answer, kept)
		if err != nil {
			return Notice{}, err
		}
		before += w.Registry.Rows(alone).Sum()
		retrieved := []int{0}
		for _, p := range kept {
			retrieved = append(retrieved, p+1)
		}
		a := methods.Answer([]byte(c.item.Text() + "\n\n" + notice))
		att, err := r.Meaning(a, retrieved)
		if err != nil {
			return Notice{}, err
		}
		rows := r.Rows(att)
		paid += rows[0]
		after += rows.Sum() - rows[0]
		for p, id := range a.Tokens {
			if all += w.bits(id); p >= len(c.answer.Tokens) {
				own += w.bits(id)
			}
		}
	}
	return Notice{own / all, paid / all, 1 - after/before}, nil
}
