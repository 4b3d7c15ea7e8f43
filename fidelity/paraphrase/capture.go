package paraphrase

import (
	"fmt"
	"math"
	"math/rand"
	"slices"

	"github.com/openledger/openledger/fidelity/corpus"
	"github.com/openledger/openledger/fidelity/measure"
	"github.com/openledger/openledger/poa"
)

// Attack is what a thief registers last to crowd an owner out of retrieval.
type Attack struct {
	// Copies is the number of segments per victim.
	Copies int
	// Shuffled copies have the owner's words in a random order, paraphrased ones are rewritten (Heavy); others have one word in forty
	// replaced, which overlap of 5-grams does not notice. Stuffed ones replace it by one of the rarest words of the text, which puts the
	// copy before the owner in BM25.
	Shuffled, Paraphrased, Stuffed bool
}

// Attacks are those that near_retrieval_max is the largest loss of; a paraphrasing thief is reported beside them.
var Attacks = []Attack{{Copies: 1}, {Copies: 3}, {Copies: 7}, {Copies: 15}, {Copies: 15, Stuffed: true}, {Copies: 7, Shuffled: true}, {Copies: 7, Paraphrased: true}}

const editRate = 40

// String names the attack.
func (a Attack) String() string {
	switch {
	case a.Shuffled:
		return fmt.Sprintf("%d shuffled copies", a.Copies)
	case a.Paraphrased:
		return fmt.Sprintf("%d paraphrased copies", a.Copies)
	case a.Stuffed:
		return fmt.Sprintf("%d near-copies that repeat rare words", a.Copies)
	default:
		return fmt.Sprintf("%d near-copies (1 edit in %d)", a.Copies, editRate)
	}
}

// Loss is what a thief takes in retrieval: his part of what he and the owner are paid, and the owner's part of all pay.
type Loss struct{ Thief, Owner float64 }

// Capture measures an attack on the given number of victims. Questions ask for the rare words of the victim, the model is shown what
// is retrieved, and its answer has half of its quotations from the victim's text, wherever the model found it. Copies keep off the words of
// the question.
func Capture(r *corpus.Registry, foreign []corpus.Segment, make Factory, attack Attack, victims int, seed int64) (Loss, error) {
	b, err := NewBench(r, foreign)
	if err != nil {
		return Loss{}, err
	}
	rng := rand.New(rand.NewSource(seed))
	chosen := rng.Perm(len(b.usable))
	chosen = chosen[:min(victims, len(chosen))]
	attacked := &corpus.Registry{Vocabulary: r.Vocabulary, Segments: slices.Clone(r.Segments), Statistics: r.Statistics, Weight: r.Weight}
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
		return Loss{}, err
	}
	m, err := make(attacked)
	if err != nil {
		return Loss{}, err
	}
	var thief, owner []float64
	for v, c := range chosen {
		place := b.usable[c]
		loss, err := after.rob(rand.New(rand.NewSource(seed<<20+int64(v))), m, place, first+v)
		if err != nil {
			return Loss{}, err
		}
		thief, owner = append(thief, loss.Thief), append(owner, loss.Owner)
	}
	return Loss{measure.Mean(thief), measure.Mean(owner)}, nil
}

// steal returns the words of one copy.
func (b *Bench) steal(rng *rand.Rand, place int, attack Attack) []string {
	w := slices.Clone(b.words[place])
	switch {
	case attack.Shuffled:
		rng.Shuffle(len(w), func(i, j int) { w[i], w[j] = w[j], w[i] })
	case attack.Paraphrased:
		w = Rewrite(rng, w, Heavy)
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
func (b *Bench) rob(rng *rand.Rand, m Method, victim, thief int) (Loss, error) {
	top, err := b.retrieve(m, b.question(victim))
	if err != nil {
		return Loss{}, err
	}
	// Half comes from the victim; the others are what else was retrieved and is not a copy, or else random.
	chosen := [sources]int{victim}
	taken := []int{b.Registry.Segments[victim].Document}
	rest := append(slices.Clone(top), b.usable[rng.Intn(len(b.usable))], b.usable[rng.Intn(len(b.usable))], b.usable[rng.Intn(len(b.usable))])
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
	a := Answer{Retrieved: top}
	a.Text, _ = b.write(rng, chosen, None, func(place int) []string { return b.words[place] })
	a.Tokens = poa.TokenIDs(a.Text)
	byPlace, err := m.Attribute(a)
	if err != nil {
		return Loss{}, err
	}
	paid := measure.Weights{}
	for _, place := range byPlace.Keys() {
		paid[b.Registry.Segments[place].Document] += byPlace[place]
	}
	mine, his := paid[taken[0]], paid[thief]
	if mine+his == 0 {
		return Loss{math.NaN(), math.NaN()}, nil
	}
	return Loss{his / (mine + his), mine / paid.Sum()}, nil
}
