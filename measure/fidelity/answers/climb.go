package answers

import (
	"cmp"
	"maps"
	"math/rand"
	"slices"
	"strings"

	"github.com/openledger/openledger/measure/fidelity/measure"
	"github.com/openledger/openledger/measure/fidelity/methods"
	"github.com/openledger/openledger/measure/fidelity/parallel"
	"github.com/openledger/openledger/measure/fidelity/paraphrase"
	"github.com/openledger/openledger/poa"
)

// Climb is what one segment takes from others, of their pay, after changes that were kept if they took more: Seen from
// the answers that it was changed for, Taken from others, that come later; with the derivations that validators
// compute. Undeclared is Taken without any.
type Climb struct {
	Start                   string
	Taken, Undeclared, Seen float64
	// Kept is how many of the changes were.
	Kept int
}

// Climb changes texts, registered last, some words at a time to words of answers that were seen, where the DataNet
// would take the text. They are considered for every answer, whether a search finds them or not. Half of the answers
// are seen.
func (w *World) Climb(steps int, seed int64) ([]Climb, error) {
	var cases [2][]climbing // seen, and others
	var words []string
	for i := range w.cases {
		c := &w.cases[i]
		if c.item.OffTopic {
			continue
		}
		found := w.Registry.Search.Found(c.answer.Tokens, c.retrieved)
		found = found[:min(len(found), poa.MaxMeaningSegments-poa.MaxWindowSegments-1)]
		one := climbing{c, w.Registry.Interpret(c.retrieved), w.Registry.Interpret(found), nil}
		att, err := w.Registry.MeaningOf(c.answer, one.asked, one.found)
		if err != nil {
			return nil, err
		}
		one.paid = w.Registry.Rows(att)
		if cases[i%2] = append(cases[i%2], one); i%2 == 0 {
			words = append(words, contentWords(c.item.Text())...)
		}
	}
	if len(cases[0]) == 0 || len(cases[1]) == 0 || len(words) == 0 {
		return nil, nil
	}
	var out []Climb
	for _, s := range w.starts(cases[0], words, seed) {
		rng := rand.New(rand.NewSource(seed))
		c, text := Climb{Start: s.name}, s.words
		best, err := w.takes(cases[0], text)
		if err != nil {
			return nil, err
		}
		for range steps {
			changed := change(rng, text, words)
			if poa.CheckSegment([]byte(strings.Join(changed, " ")), poa.SegmentRules{}) != nil {
				continue
			}
			taken, err := w.takes(cases[0], changed)
			if err != nil {
				return nil, err
			}
			if taken.thief > best.thief {
				best, text = taken, changed
				c.Kept++
			}
		}
		later, err := w.takes(cases[1], text)
		if err != nil {
			return nil, err
		}
		passed, err := w.passed(text)
		if err != nil {
			return nil, err
		}
		c.Seen, c.Undeclared, c.Taken = best.part(passed), later.part(0), later.part(passed)
		out = append(out, c)
	}
	return out, nil
}

// change puts up to four neighbouring words of answers in the place of others.
func change(rng *rand.Rand, text, words []string) []string {
	out := slices.Clone(text)
	from, at := rng.Intn(len(words)), rng.Intn(len(out))
	for k := range 1 + rng.Intn(4) {
		if at+k < len(out) && from+k < len(words) {
			out[at+k] = words[from+k]
		}
	}
	return out
}

// climbing is an answer with what is considered for it.
type climbing struct {
	*prepared
	asked, found []poa.Segment
	paid         measure.Weights
}

// start is a text that changes start from.
type start struct {
	name  string
	words []string
}

// climbWords is how long the texts are, in words.
const climbWords = 240

// starts returns the passage that is paid most, rewritten; sentences of the commonest words of the answers; and pieces
// of the answers, rewritten.
func (w *World) starts(cases []climbing, words []string, seed int64) []start {
	var out []start
	paid := measure.Weights{}
	for i := range cases {
		for _, p := range cases[i].paid.Keys() {
			paid[p] += cases[i].paid[p]
		}
	}
	if top := paid.Top(1); len(top) > 0 {
		text := paraphrase.Copies(w.corpus(), top, paraphrase.Attack{Copies: 1, Paraphrased: true}, seed)[0][0]
		out = append(out, start{"a rewritten passage", strings.Fields(string(text))})
	}
	counts := map[string]int{}
	for _, word := range words {
		counts[word]++
	}
	common := slices.Sorted(maps.Keys(counts))
	slices.SortStableFunc(common, func(a, b string) int { return cmp.Compare(counts[b], counts[a]) })
	out = append(
		out, start{"common words in sentences", strings.Fields(string(glossary(common[:min(len(common), climbWords/2)])))})

	rng := rand.New(rand.NewSource(seed))
	var pieces []string
	for len(pieces) < climbWords {
		all := strings.Fields(cases[rng.Intn(len(cases))].item.Text())
		from := rng.Intn(len(all))
		pieces = append(pieces, paraphrase.Rewrite(rng, all[from:min(from+20, len(all))], paraphrase.Light)...)
	}
	return append(out, start{"pieces of answers", pieces})
}

// pay is what answers pay before a thief comes, and then to others and to him.
type pay struct{ before, others, thief float64 }

// part is what others lose, if the thief passes on a part of his pay.
func (p pay) part(passed float64) float64 { return 1 - (p.others+p.thief*passed)/p.before }

// takes pays answers after the words were registered last.
func (w *World) takes(cases []climbing, words []string) (pay, error) {
	text := []byte(strings.Join(words, " "))
	s := poa.NewSegment(uint64(len(w.order)+1), 0, text)
	s.Interpret(text)
	paid, errs := make([]pay, len(cases)), make([]error, len(cases))
	parallel.Do(len(cases), func() func(int) {
		return func(i int) {
			c := &cases[i]
			paid[i].before = c.paid.Sum()
			att, err := w.Registry.MeaningOf(c.answer, c.asked, slices.Concat(c.found, []poa.Segment{s}))
			errs[i] = err
			for _, row := range att.Rows {
				to := &paid[i].others
				if row.Rank == s.Rank {
					to = &paid[i].thief
				}
				*to += float64(row.Bits) / 65536
			}
		}
	})
	var all pay
	for i, p := range paid {
		if errs[i] != nil {
			return all, errs[i]
		}
		all = pay{all.before + p.before, all.others + p.others, all.thief + p.thief}
	}
	return all, nil
}

// passed returns the part of its pay that a text passes on, as validators compute it.
func (w *World) passed(words []string) (float64, error) {
	r, err := w.Registry.With([]methods.Text{{Rank: uint64(len(w.order) + 1), Text: []byte(strings.Join(words, " "))}})
	if err != nil {
		return 0, err
	}
	all := 0.0
	for _, d := range r.Derived(len(w.order)) {
		all += float64(d.PPM) / poa.TotalPPM
	}
	return all, nil
}
