package paraphrase

import (
	"fmt"
	"math"
	"math/rand"
	"slices"

	"github.com/openledger/openledger/measure/fidelity/corpus"
	"github.com/openledger/openledger/measure/fidelity/measure"
	"github.com/openledger/openledger/poa"
)

// Attack is what a thief registers last to crowd an owner out of retrieval.
type Attack struct {
	// Copies is the number of segments per victim.
	Copies int
	// Shuffled copies have the owner's words in a random order, paraphrased ones are rewritten (Heavy); others have one
	// word in forty replaced, which overlap of 5-grams does not notice. Stuffed ones replace it by one of the rarest words
	// of the text, which puts the copy before the owner in BM25. Paraphrased ones that are stuffed have the rarest words
	// of the owner's text put back in.
	Shuffled, Paraphrased, Stuffed bool
}

// putBack is how many of the owner's rarest words a stuffed paraphrase repeats.
const putBack = 16

// Attacks are those that near_retrieval_max is the largest loss of; a paraphrasing thief is reported beside them.
var Attacks = []Attack{
	{Copies: 1}, {Copies: 3}, {Copies: 7}, {Copies: 15}, {Copies: 15, Stuffed: true}, {Copies: 7, Shuffled: true},
	{Copies: 1, Paraphrased: true}, {Copies: 7, Paraphrased: true}, {Copies: 15, Paraphrased: true},
	{Copies: 1, Paraphrased: true, Stuffed: true},
}

const editRate = 40

// String names the attack.
func (a Attack) String() string {
	switch {
	case a.Shuffled:
		return fmt.Sprintf("%d shuffled", a.Copies)
	case a.Paraphrased && a.Stuffed:
		return fmt.Sprintf("%d paraphrased with %d rare words", a.Copies, putBack)
	case a.Paraphrased:
		return fmt.Sprintf("%d paraphrased", a.Copies)
	case a.Stuffed:
		return fmt.Sprintf("%d near, rare words repeated", a.Copies)
	default:
		return fmt.Sprintf("%d near (1 edit in %d)", a.Copies, editRate)
	}
}

// Loss is what a thief takes in retrieval: his part of what he and the owner are paid, and the part of what the owner
// is owed that reaches the owner.
type Loss struct{ Thief, Reached float64 }

// Capture measures an attack on the given number of victims, by method and level of the answers. Questions ask for the
// rare words of the victim, the model is shown what is retrieved, and its answer has half of its sentences from the
// victim's text, wherever the model found it. Copies keep off the words of the question, unless they are stuffed with
// them.
func Capture(r *corpus.Registry, foreign []corpus.Segment, methods []Factory, attack Attack, levels []Level,
	victims int, seed int64) ([][]Loss, error) {
	b, err := NewBench(r, foreign)
	if err != nil {
		return nil, err
	}
	rng := rand.New(rand.NewSource(seed))
	chosen := rng.Perm(len(b.usable))
	chosen = chosen[:min(victims, len(chosen))]
	attacked := &corpus.Registry{Vocabulary: r.Vocabulary, Segments: slices.Clone(r.Segments), Statistics: r.Statistics,
		Weight: r.Weight}
	first := 0
	for i := range r.Segments {
		first = max(first, r.Segments[i].Document+1)
	}
	for v, c := range chosen {
		place := b.usable[c]
		for k := range attack.Copies {
			text := []byte(joinWords(b.steal(rng, place, attack)))
			attacked.Segments = append(attacked.Segments, corpus.Segment{
				Document: first + v, Index: k, Text: text, Tokens: r.Vocabulary.InternAll(poa.TokenIDs(text)),
			})
		}
	}
	for len(r.Weight) < len(r.Vocabulary.IDs) { // paraphrases may use new words
		r.Weight = append(r.Weight, r.Statistics.Surprisal(r.Vocabulary.IDs[len(r.Weight)]))
	}
	attacked.Weight = r.Weight
	after, err := NewBench(attacked, foreign)
	if err != nil {
		return nil, err
	}
	out := make([][]Loss, len(methods))
	for n, factory := range methods {
		m, err := factory(attacked)
		if err != nil {
			return nil, err
		}
		for _, level := range levels {
			var thief, reached []float64
			for v, c := range chosen {
				place := b.usable[c]
				loss, err := after.rob(rand.New(rand.NewSource(seed<<20+int64(v))), m, level, place, first+v)
				if err != nil {
					return nil, err
				}
				thief, reached = append(thief, loss.Thief), append(reached, loss.Reached)
			}
			out[n] = append(out[n], Loss{measure.Mean(thief), measure.Mean(reached)})
		}
	}
	return out, nil
}

// Copies returns what a thief registers of some segments, by segment.
func Copies(r *corpus.Registry, places []int, attack Attack, seed int64) [][][]byte {
	b, rng := newBench(r), rand.New(rand.NewSource(seed))
	out := make([][][]byte, len(places))
	for v, place := range places {
		for range attack.Copies {
			out[v] = append(out[v], []byte(joinWords(b.steal(rng, place, attack))))
		}
	}
	return out
}

// steal returns the words of one copy.
func (b *Bench) steal(rng *rand.Rand, place int, attack Attack) []string {
	w := slices.Clone(b.words[place])
	switch {
	case attack.Shuffled:
		rng.Shuffle(len(w), func(i, j int) { w[i], w[j] = w[j], w[i] })
	case attack.Paraphrased:
		w = Rewrite(rng, w, Heavy)
		if attack.Stuffed {
			for _, token := range b.rarest(place, putBack) {
				word := b.words[place][slices.Index(b.Registry.Segments[place].Tokens, token)]
				w = slices.Insert(w, rng.Intn(len(w)+1), word)
			}
		}
	default:
		asked := b.question(place)
		for i := rng.Intn(editRate); i < len(w); i += editRate {
			if slices.Contains(asked, b.Registry.Segments[place].Tokens[i]) {
				continue
			}
			if attack.Stuffed {
				at := slices.Index(b.Registry.Segments[place].Tokens, asked[rng.Intn(len(asked))])
				w[i] = b.words[place][at]
				continue
			}
			other := b.words[b.usable[rng.Intn(len(b.usable))]]
			w[i] = other[rng.Intn(len(other))]
		}
	}
	return w
}

// rob asks about the victim and pays the answer.
func (b *Bench) rob(rng *rand.Rand, m Method, level Level, victim, thief int) (Loss, error) {
	top, err := b.retrieve(m, b.Registry.Vocabulary.Canonical(b.question(victim)))
	if err != nil {
		return Loss{}, err
	}
	// Half comes from the victim; the others are what else was retrieved and is not a copy, or else random.
	chosen := [sources]int{victim}
	taken := []int{b.Registry.Segments[victim].Document}
	rest := append(slices.Clone(top), b.usable[rng.Intn(len(b.usable))], b.usable[rng.Intn(len(b.usable))],
		b.usable[rng.Intn(len(b.usable))])
	for _, place := range rest {
		d := b.Registry.Segments[place].Document
		if len(taken) < sources && d != thief && len(b.words[place]) >= minTokens && !slices.Contains(taken, d) {
			chosen[len(taken)] = place
			taken = append(taken, d)
		}
	}
	if len(taken) < sources {
		return Loss{math.NaN(), math.NaN()}, nil
	}
	written, owed := b.write(rng, chosen, level, func(place int) []string { return b.words[place] })
	payment, err := m.Attribute(Answer{Text: written.text, Tokens: poa.TokenIDs(written.text), Retrieved: top})
	if err != nil {
		return Loss{}, err
	}
	paid := payment.Document(b.Registry)
	mine, his := paid[taken[0]], paid[thief]
	reached := min(mine, owed[taken[0]]) / owed[taken[0]]
	if mine+his == 0 {
		return Loss{math.NaN(), reached}, nil
	}
	return Loss{his / (mine + his), reached}, nil
}
