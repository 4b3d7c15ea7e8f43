package paraphrase

import (
	"bytes"
	"fmt"
	"math/rand"
	"slices"
	"strings"

	"github.com/openledger/openledger/fidelity/bm25"
	"github.com/openledger/openledger/fidelity/corpus"
	"github.com/openledger/openledger/fidelity/measure"
	"github.com/openledger/openledger/fidelity/plant"
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
	b := &Bench{Registry: r, Retrieval: bm25.New(corpus.Texts(r.Segments))}
	documents := map[int]bool{}
	for i := range r.Segments {
		b.words = append(b.words, words(r.Segments[i].Text))
		if len(b.words[i]) >= minTokens {
			b.usable = append(b.usable, i)
			documents[r.Segments[i].Document] = true
		}
	}
	for i := range foreign {
		if w := words(foreign[i].Text); len(w) >= plant.MaxChunk {
			b.foreign = append(b.foreign, w)
		}
	}
	if len(documents) < sources || len(b.foreign) == 0 {
		return nil, fmt.Errorf("%w: paraphrases need %d documents with a segment of %d tokens and foreign text; there are %d and %d", plant.ErrTooSmall, sources, minTokens, len(documents), len(b.foreign))
	}
	return b, nil
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
}

// question returns the rarest words of a segment, as dense tokens.
func (b *Bench) question(place int) []uint32 {
	tokens := slices.Clone(b.Registry.Segments[place].Tokens)
	slices.Sort(tokens)
	tokens = slices.Compact(tokens)
	slices.SortStableFunc(tokens, func(x, y uint32) int { return b.Retrieval.DocumentFrequency(x) - b.Retrieval.DocumentFrequency(y) })
	return tokens[:min(questionWords, len(tokens))]
}

// retrieve asks the method if it retrieves itself, and BM25 otherwise.
func (b *Bench) retrieve(m Method, question []uint32) ([]int, error) {
	if r, ok := m.(Retriever); ok {
		return r.Retrieve(b.Registry.Vocabulary.Canonical(question), K)
	}
	return b.Retrieval.Top(question, K), nil
}

// Case draws a question about a random segment and an answer from three of the segments that plain BM25 retrieves. It returns false if
// no question retrieves three usable contributions.
func (b *Bench) Case(rng *rand.Rand, level Level) (Case, bool) {
	for range tries {
		about := b.usable[rng.Intn(len(b.usable))]
		top := b.Retrieval.Top(b.question(about), K)
		chosen, ok := b.choose(rng, top)
		if !ok {
			continue
		}
		c := Case{Sources: chosen}
		c.Answer.Retrieved = top
		c.Answer.Text, c.Owed = b.write(rng, chosen, level, func(place int) []string { return b.words[place] })
		c.Answer.Tokens = poa.TokenIDs(c.Answer.Text)
		return c, true
	}
	return Case{}, false
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

// write makes an answer of 300 words before paraphrasing: three fifths from the sources in 50/30/20, the rest foreign and left as it is.
func (b *Bench) write(rng *rand.Rand, chosen [sources]int, level Level, text func(place int) []string) ([]byte, measure.Weights) {
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
	for i := 0; i < len(planted); i++ {
		w := planted[i].words
		if level == Fused && i+1 < len(planted) && planted[i+1].source != planted[i].source {
			w = fuse(rng, w, planted[i+1].words)
			i++
		}
		parts = append(parts, Rewrite(rng, w, level))
	}
	for left := answerTokens - quota; left > 0; {
		w := b.foreign[rng.Intn(len(b.foreign))]
		n := min(left, plant.MinChunk+rng.Intn(plant.MaxChunk-plant.MinChunk+1))
		from := rng.Intn(len(w) - n + 1)
		parts = append(parts, w[from:from+n])
		left -= n
	}
	rng.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
	var all []string
	for _, p := range parts {
		all = append(all, p...)
	}
	return []byte(strings.Join(all, " ")), owed
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

// Quality is how well a method pays paraphrases.
type Quality struct {
	Recall, TV float64
	// Unused is the part of the pay that goes to segments that were not quoted.
	Unused float64
	// Cases is the number of answers.
	Cases int
}

// Measure pays answers of one level. The same seed gives every method the same answers. Weights are compared by contribution, both
// normalised to 1.
func (b *Bench) Measure(m Method, level Level, answers int, seed int64) (Quality, error) {
	var recall, tv, unused []float64
	for i := range answers {
		c, ok := b.Case(rand.New(rand.NewSource(seed<<20+int64(i))), level)
		if !ok {
			continue
		}
		byPlace, err := m.Attribute(c.Answer)
		if err != nil {
			return Quality{}, fmt.Errorf("%s: %w", m.Name(), err)
		}
		paid := measure.Weights{}
		stray := 0.0
		for _, place := range byPlace.Keys() {
			d := b.Registry.Segments[place].Document
			paid[d] += byPlace[place]
			if c.Owed[d] == 0 {
				stray += byPlace[place]
			}
		}
		recall, tv = append(recall, measure.Recall(c.Owed, paid, sources)), append(tv, measure.TV(c.Owed, paid))
		if all := paid.Sum(); all > 0 {
			unused = append(unused, stray/all)
		}
	}
	return Quality{measure.Mean(recall), measure.Mean(tv), measure.Mean(unused), len(recall)}, nil
}
