package paraphrase

import (
	"bytes"
	"fmt"
	"math/rand"
	"slices"
	"strings"

	"github.com/openledger/openledger/measure/fidelity/bm25"
	"github.com/openledger/openledger/measure/fidelity/corpus"
	"github.com/openledger/openledger/measure/fidelity/measure"
	"github.com/openledger/openledger/measure/fidelity/plant"
	"github.com/openledger/openledger/poa"
)

// Shape of a question and its answer.
const (
	// K segments are retrieved for a question of questionWords rare words of one segment.
	K             = 8
	questionWords = 6
	answerTokens  = 300
	sources       = plant.Sources
	// minTokens is the shortest segment that is asked about or quoted.
	minTokens = 40
	tries     = 200
)

// Bench asks questions to a registry and writes paraphrased answers.
type Bench struct {
	Registry  *corpus.Registry
	Retrieval *bm25.Index
	words     [][]string // by segment: its tokens as lowered text
	foreign   [][]string
	usable    []int
}

// NewBench checks that there is enough text.
func NewBench(r *corpus.Registry, foreign []corpus.Segment) (*Bench, error) {
	b := newBench(r)
	documents := map[int]bool{}
	for _, i := range b.usable {
		documents[r.Segments[i].Document] = true
	}
	for i := range foreign {
		if w := words(foreign[i].Text); len(w) >= plant.MaxChunk {
			b.foreign = append(b.foreign, w)
		}
	}
	if len(documents) < sources || len(b.foreign) == 0 {
		return nil, fmt.Errorf(
			"%w: paraphrases need %d documents with a segment of %d tokens and foreign text; there are %d and %d",
			plant.ErrTooSmall, sources, minTokens, len(documents), len(b.foreign))
	}
	return b, nil
}

func newBench(r *corpus.Registry) *Bench {
	b := &Bench{Registry: r, Retrieval: bm25.New(corpus.Texts(r.Segments))}
	for i := range r.Segments {
		b.words = append(b.words, words(r.Segments[i].Text))
		if len(b.words[i]) >= minTokens {
			b.usable = append(b.usable, i)
		}
	}
	return b
}

// words returns the tokens of a text as lowered strings.
func words(text []byte) []string {
	tokens := poa.Tokenize(text)
	out := make([]string, len(tokens))
	for i, t := range tokens {
		out[i] = string(bytes.ToLower(text[t.Start:t.End]))
	}
	return out
}

// Case is one question with its answer and what is owed.
type Case struct {
	Answer Answer
	// Owed is what every contribution (Segment.Document) is owed, in bits of the text before it was paraphrased.
	Owed measure.Weights
	// Sources are the places of the quoted segments, the largest part first.
	Sources [sources]int
	// Changed is the part of the sources' content words that the answer does not use.
	Changed float64
}

// question returns the rarest words of a segment, as dense tokens.
func (b *Bench) question(place int) []uint32 { return b.rarest(place, questionWords) }

// rarest returns the n rarest words of a segment, as dense tokens.
func (b *Bench) rarest(place, n int) []uint32 {
	tokens := slices.Clone(b.Registry.Segments[place].Tokens)
	slices.Sort(tokens)
	tokens = slices.Compact(tokens)
	slices.SortStableFunc(
		tokens, func(x, y uint32) int { return b.Retrieval.DocumentFrequency(x) - b.Retrieval.DocumentFrequency(y) })
	return tokens[:min(n, len(tokens))]
}

// retrieve asks the method if it retrieves itself, and BM25 otherwise.
func (b *Bench) retrieve(m Method, query []poa.TokenID) ([]int, error) {
	if r, ok := m.(Retriever); ok {
		return r.Retrieve(query, K)
	}
	return b.Retrieval.Top(known(b.Registry.Vocabulary, query), K), nil
}

// Retrieval is how what an answer came from and what its attribution looks at belong together.
type Retrieval int

// Given: the sources are among the segments that plain BM25 finds for the question, and those are looked at. Nothing
// can be missed. Asked: the sources are among the pool best, as for a model that was trained on the text or shown more
// of it, and what is looked at is what a search for the question finds. Searched: the same sources, and a search for
// the answer's own words.
const (
	Given Retrieval = iota
	Asked
	Searched
)

// Retrievals lists all.
var Retrievals = []Retrieval{Given, Asked, Searched}

// String names how it is retrieved.
func (r Retrieval) String() string {
	return [...]string{"sources among the 8 shown", "searched by the question", "searched by the answer"}[r]
}

// pool is how many of the best segments for a question the sources are drawn from where they need not be shown.
const pool = 32

// Case draws a question about a random segment and an answer from three of the segments that plain BM25 retrieves. It
// returns false if no question retrieves three usable contributions. The method decides only what is looked at, so that
// every method is asked the same.
func (b *Bench) Case(rng *rand.Rand, m Method, level Level, retrieval Retrieval) (Case, bool, error) {
	for range tries {
		about := b.usable[rng.Intn(len(b.usable))]
		question := b.question(about)
		top := b.Retrieval.Top(question, K)
		among := top
		if retrieval != Given {
			among = b.Retrieval.Top(question, pool)
		}
		chosen, ok := b.choose(rng, among)
		if !ok {
			continue
		}
		c := Case{Sources: chosen}
		var written written
		written, c.Owed = b.write(rng, chosen, level, func(place int) []string { return b.words[place] })
		c.Answer.Text, c.Changed = written.text, written.changed
		c.Answer.Tokens = poa.TokenIDs(c.Answer.Text)
		c.Answer.Retrieved = top
		query := c.Answer.Tokens
		if retrieval == Asked {
			query = b.Registry.Vocabulary.Canonical(question)
		}
		var err error
		if retrieval != Given {
			c.Answer.Retrieved, err = b.retrieve(m, query)
		}
		return c, true, err
	}
	return Case{}, false, nil
}

// choose picks three of the retrieved segments, of different contributions.
func (b *Bench) choose(rng *rand.Rand, top []int) ([sources]int, bool) {
	var out [sources]int
	var documents []int
	for _, i := range rng.Perm(len(top)) {
		d := b.Registry.Segments[top[i]].Document
		if len(documents) == sources || len(b.words[top[i]]) < minTokens || slices.Contains(documents, d) {
			continue
		}
		out[len(documents)] = top[i]
		documents = append(documents, d)
	}
	return out, len(documents) == sources
}

// written is the text of an answer, and what part of its sources' content words it does not use.
type written struct {
	text    []byte
	changed float64
}

// write makes an answer of 300 words before paraphrasing: three fifths from the sources in 50/30/20, the rest foreign
// and left as it is.
func (b *Bench) write(rng *rand.Rand, chosen [sources]int, level Level,
	text func(place int) []string) (written, measure.Weights) {
	type sentence struct {
		words  []string
		source int
	}
	owed := measure.Weights{}
	var planted []sentence
	quota := answerTokens * plant.PlantedPercent / 100
	for k, place := range chosen {
		for left := quota * plant.Parts[k] / 100; left > 0; {
			w := text(place)
			n := min(left, plant.MinChunk+rng.Intn(plant.MaxChunk-plant.MinChunk+1), len(w))
			from := rng.Intn(len(w) - n + 1)
			planted = append(planted, sentence{w[from : from+n], k})
			owed[b.Registry.Segments[place].Document] += b.bits(w[from : from+n])
			left -= n
		}
	}
	rng.Shuffle(len(planted), func(i, j int) { planted[i], planted[j] = planted[j], planted[i] })
	var parts [][]string
	var before, after []string
	for i := 0; i < len(planted); i++ {
		w := planted[i].words
		if level == Fused && i+1 < len(planted) && planted[i+1].source != planted[i].source {
			w = fuse(rng, w, planted[i+1].words)
			i++
		}
		rewritten := Rewrite(rng, w, level)
		before, after = append(before, w...), append(after, rewritten...)
		parts = append(parts, rewritten)
	}
	parts = append(parts, b.unregistered(rng, answerTokens-quota)...)
	rng.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
	return written{join(parts), Changed(before, after)}, owed
}

// unregistered returns pieces of n words of foreign text.
func (b *Bench) unregistered(rng *rand.Rand, n int) [][]string {
	var out [][]string
	for n > 0 {
		w := b.foreign[rng.Intn(len(b.foreign))]
		length := min(n, plant.MinChunk+rng.Intn(plant.MaxChunk-plant.MinChunk+1))
		from := rng.Intn(len(w) - length + 1)
		out = append(out, w[from:from+length])
		n -= length
	}
	return out
}

// join writes each part as a sentence.
func join(parts [][]string) []byte {
	var sentences []string
	for _, p := range parts {
		if len(p) > 0 {
			sentences = append(sentences, strings.Join(p, " ")+".")
		}
	}
	return []byte(strings.Join(sentences, " "))
}

// Foreign returns what part of its weight an answer of foreign text pays on average. Searched, the segments that are
// looked at are those that its own words find: the worst that a search can do. Asked, they are those that its rarest
// words find, as a question would have them.
func (b *Bench) Foreign(m Method, retrieval Retrieval, answers int, seed int64) (float64, error) {
	paid := make([]float64, answers)
	for i := range paid {
		a, err := b.ForeignAnswer(m, retrieval, seed, i)
		if err != nil {
			return 0, err
		}
		payment, err := m.Attribute(a)
		if err != nil {
			return 0, fmt.Errorf("%s: %w", m.Name(), err)
		}
		paid[i] = payment.Part
	}
	return measure.Mean(paid), nil
}

// ForeignAnswer returns the answer of this number among those of foreign text.
func (b *Bench) ForeignAnswer(m Method, retrieval Retrieval, seed int64, number int) (Answer, error) {
	rng := rand.New(rand.NewSource(seed<<20 + 1<<19 + int64(number)))
	a := Answer{Text: join(b.unregistered(rng, answerTokens))}
	a.Tokens = poa.TokenIDs(a.Text)
	query := a.Tokens
	if retrieval == Asked {
		query = b.rarestOf(a.Tokens, questionWords)
	}
	var err error
	a.Retrieved, err = b.retrieve(m, query)
	return a, err
}

// rarestOf returns the n rarest of the tokens that the registry has.
func (b *Bench) rarestOf(tokens []poa.TokenID, n int) []poa.TokenID {
	frequency := func(id poa.TokenID) int {
		d, _ := b.Registry.Vocabulary.Lookup(id)
		return b.Retrieval.DocumentFrequency(d)
	}
	out := slices.Clone(tokens)
	slices.Sort(out)
	out = slices.DeleteFunc(slices.Compact(out), func(id poa.TokenID) bool {
		_, ok := b.Registry.Vocabulary.Lookup(id)
		return !ok || frequency(id) == 0
	})
	slices.SortStableFunc(out, func(x, y poa.TokenID) int { return frequency(x) - frequency(y) })
	return out[:min(n, len(out))]
}

func (b *Bench) bits(words []string) float64 {
	sum := 0.0
	for _, w := range words {
		for _, id := range poa.TokenIDs([]byte(w)) {
			sum += float64(b.Registry.Statistics.Surprisal(id)) / 65536
		}
	}
	return sum
}

// Quality is how well a method pays paraphrases, on average.
type Quality struct {
	Recall, TV float64
	// Reached is the part of the owed bits that the rightful owners are paid.
	Reached float64
	// Unused is the part of the pay that goes to contributions that were not quoted.
	Unused float64
	// Found is the part of the sources that is among the segments looked at.
	Found float64
	// Changed is the part of the sources' content words that the answers do not use.
	Changed float64
	// Cases is the number of answers.
	Cases int
}

// Measure pays answers of one level. The same seed gives every method the same answers. Weights are compared by
// contribution; for TV both are normalised to 1.
func (b *Bench) Measure(m Method, level Level, retrieval Retrieval, answers int, seed int64) (Quality, error) {
	var recall, tv, reached, unused, found, changed []float64
	for i := range answers {
		c, ok, err := b.Case(rand.New(rand.NewSource(seed<<20+int64(i))), m, level, retrieval)
		if err != nil {
			return Quality{}, fmt.Errorf("%s: %w", m.Name(), err)
		}
		if !ok {
			continue
		}
		payment, err := m.Attribute(c.Answer)
		if err != nil {
			return Quality{}, fmt.Errorf("%s: %w", m.Name(), err)
		}
		paid := payment.Document(b.Registry)
		stray, shown := 0.0, 0
		for _, d := range paid.Keys() {
			if c.Owed[d] == 0 {
				stray += paid[d]
			}
		}
		for _, place := range c.Sources {
			if slices.Contains(c.Answer.Retrieved, place) {
				shown++
			}
		}
		recall, tv, reached = append(recall, measure.Recall(c.Owed, paid, sources)), append(tv, measure.TV(c.Owed, paid)),
			append(reached, measure.Reached(c.Owed, paid))
		found, changed = append(found, float64(shown)/sources), append(changed, c.Changed)
		if all := paid.Sum(); all > 0 {
			unused = append(unused, stray/all)
		}
	}
	return Quality{
		measure.Mean(recall), measure.Mean(tv), measure.Mean(reached), measure.Mean(unused), measure.Mean(found),
		measure.Mean(changed), len(recall),
	}, nil
}

// Changed returns what part of their sources' content words the answers of a level do not use.
func (b *Bench) Changed(level Level, answers int, seed int64) float64 {
	var out []float64
	for i := range answers {
		if c, ok, err := b.Case(rand.New(rand.NewSource(seed<<20+int64(i))), nil, level, Given); ok && err == nil {
			out = append(out, c.Changed)
		}
	}
	return measure.Mean(out)
}
