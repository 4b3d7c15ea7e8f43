package answers

import (
	"fmt"
	"math/rand"

	"github.com/openledger/openledger/measure/fidelity/methods"
	"github.com/openledger/openledger/poa"
)

// World is a set whose passages are registered, each as a contribution of its own, in an order that the seed decides.
type World struct {
	Set      *Set
	Registry *methods.Registry

	order []int          // by place: the passage
	place map[string]int // by id
	cases []prepared
	stats *poa.Statistics
}

// prepared is an answer as methods take it.
type prepared struct {
	item      *Item
	answer    poa.Answer
	bits      []float64 // by position
	sentence  []int     // by position
	retrieved []int
}

// Register registers the passages of a set.
func Register(s *Set, seed int64) (*World, error) {
	w := &World{Set: s, order: rand.New(rand.NewSource(seed)).Perm(len(s.Passages)), place: map[string]int{},
		stats: poa.ProtocolStatistics()}
	texts := make([]methods.Text, len(w.order))
	for rank, i := range w.order {
		texts[rank] = methods.Text{Rank: uint64(rank + 1), Text: []byte(s.Passages[i].Text)}
		w.place[s.Passages[i].ID] = rank
	}
	var err error
	if w.Registry, err = methods.New(texts, w.stats); err != nil {
		return nil, fmt.Errorf("%s: %w", s.Name, err)
	}
	for i := range s.Items {
		w.cases = append(w.cases, w.prepare(&s.Items[i]))
	}
	return w, nil
}

func (w *World) prepare(item *Item) prepared {
	text := []byte(item.Text())
	c := prepared{item: item, answer: methods.Answer(text)}
	for _, id := range item.Retrieved {
		c.retrieved = append(c.retrieved, w.place[id])
	}
	ends, at := 0, -1
	for _, token := range poa.Tokenize(text) {
		for token.Start >= ends {
			at++
			ends += len(item.Sentences[at].Text)
		}
		c.sentence = append(c.sentence, at)
	}
	for _, id := range c.answer.Tokens {
		c.bits = append(c.bits, w.bits(id))
	}
	return c
}

func (w *World) bits(id poa.TokenID) float64 { return float64(w.stats.Surprisal(id)) / 65536 }
