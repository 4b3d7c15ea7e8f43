package answers

import (
	"fmt"
	"slices"

	"github.com/openledger/openledger/measure/fidelity/corpus"
	"github.com/openledger/openledger/measure/fidelity/measure"
	"github.com/openledger/openledger/measure/fidelity/methods"
	"github.com/openledger/openledger/measure/fidelity/paraphrase"
	"github.com/openledger/openledger/poa"
)

// Loss is what thieves take of what they and the owners are paid, with the derivations that validators compute and
// without any, and the part of what is owed that reaches passages listed for a sentence, without an attack and with
// one.
type Loss struct {
	Thief, Undeclared float64
	Before, After     float64
}

// stolen is what a thief registers against some passages.
type stolen struct {
	owners []int
	texts  [][]byte
}

// victims are the places of all passages that a sentence of an answer has for a source.
func (w *World) victims() []int {
	var out []int
	for i := range w.Set.Items {
		for _, s := range w.Set.Items[i].Sentences {
			for _, id := range s.Sources {
				out = append(out, w.place[id])
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Copied registers what an attack makes of every passage that answers come from, one thief for each, and pays the
// answers.
func (w *World) Copied(attack paraphrase.Attack, seed int64) (Loss, error) {
	victims := w.victims()
	var thefts []stolen
	for v, texts := range paraphrase.Copies(w.corpus(), victims, attack, seed) {
		thefts = append(thefts, stolen{victims[v : v+1], texts})
	}
	return w.rob(thefts)
}

// corpus returns the passages as the generator of paraphrases takes them.
func (w *World) corpus() *corpus.Registry {
	v := corpus.NewVocabulary()
	r := &corpus.Registry{Vocabulary: v, Statistics: w.stats}
	for rank, i := range w.order {
		text := []byte(w.Set.Passages[i].Text)
		r.Segments = append(
			r.Segments, corpus.Segment{Document: rank + 1, Text: text, Tokens: v.InternAll(poa.TokenIDs(text))})
	}
	return r
}

// rob registers what thieves have, a contribution each, and pays the answers with sources. The model is shown what was
// retrieved and what thieves registered against that, in the order in which a search for the question ranks them, as
// Search.Distinct chooses.
func (w *World) rob(thefts []stolen) (Loss, error) {
	first := len(w.order)
	var texts []methods.Text
	against := map[int][]int{} // by owner: places of thieves
	for v, s := range thefts {
		for i, text := range s.texts {
			for _, owner := range s.owners {
				against[owner] = append(against[owner], first+len(texts))
			}
			texts = append(texts, methods.Text{Rank: uint64(first + v + 1), Index: uint32(i), Text: text})
		}
	}
	r, err := w.Registry.With(texts)
	if err != nil {
		return Loss{}, fmt.Errorf("%s: %w", w.Set.Name, err)
	}
	paid, passed := measure.Weights{}, measure.Weights{}
	var before, after Score
	for i := range w.cases {
		c := &w.cases[i]
		if c.item.OffTopic {
			continue
		}
		att, err := w.Registry.Meaning(c.answer, shown(w.Registry, c, nil))
		if err != nil {
			return Loss{}, err
		}
		before.Add(w.score(c, att))
		attacked, err := r.Meaning(c.answer, shown(r, c, against))
		if err != nil {
			return Loss{}, fmt.Errorf("answer %s: %w", c.item.ID, err)
		}
		honest := attacked
		honest.Rows = slices.DeleteFunc(slices.Clone(attacked.Rows), func(row poa.Row) bool { return r.Place(row) >= first })
		after.Add(w.score(c, honest))
		rows := r.Rows(attacked)
		left := r.PassOn(rows)
		for _, p := range rows.Keys() {
			paid[p] += rows[p]
		}
		for _, p := range left.Keys() {
			passed[p] += left[p]
		}
	}
	return Loss{
		thiefShare(passed, against, first), thiefShare(paid, against, first), before.Right / before.Owed,
		after.Right / after.Owed,
	}, nil
}

// shown returns the places that a model is shown of what was retrieved and what is registered against it.
func shown(r *methods.Registry, c *prepared, against map[int][]int) []int {
	pool := slices.Clone(c.retrieved)
	for _, p := range c.retrieved {
		for _, thief := range against[p] {
			if !slices.Contains(pool, thief) {
				pool = append(pool, thief)
			}
		}
	}
	ranked := slices.DeleteFunc(r.Search.Rank(poa.TokenIDs([]byte(c.item.Question)), len(r.Segments)),
		func(p int) bool { return !slices.Contains(pool, p) })
	for _, p := range pool {
		if !slices.Contains(ranked, p) {
			ranked = append(ranked, p)
		}
	}
	return r.Search.Distinct(ranked, poa.MaxWindowSegments)
}

// thiefShare returns what places from first on are paid, as a part of that and of what the owners are paid whom they
// rob.
func thiefShare(paid measure.Weights, against map[int][]int, first int) float64 {
	thieves, owners := 0.0, 0.0
	for _, p := range paid.Keys() {
		if _, robbed := against[p]; robbed {
			owners += paid[p]
		}
		if p >= first {
			thieves += paid[p]
		}
	}
	if thieves == 0 {
		return 0
	}
	return thieves / (thieves + owners)
}
