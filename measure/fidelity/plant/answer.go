// Package plant writes answers of which it is known where every word comes from.
package plant

import (
	"errors"
	"fmt"
	"math/rand"
	"slices"

	"github.com/openledger/openledger/measure/fidelity/corpus"
	"github.com/openledger/openledger/measure/fidelity/grams"
	"github.com/openledger/openledger/measure/fidelity/measure"
)

// Shape of a planted answer.
const (
	// Sources is the number of segments an answer quotes; their parts are Parts, in percent of what is planted.
	Sources = 3
	// PlantedPercent of the answer is quoted, the rest is foreign.
	PlantedPercent = 60
	// MinChunk and MaxChunk bound the length of a quotation, in tokens.
	MinChunk, MaxChunk = 12, 25
	// minSource is the shortest segment that is quoted, in tokens.
	minSource = MaxChunk + 5
)

// Parts are the shares of the three sources in what is planted, in percent.
var Parts = [Sources]int{50, 30, 20}

// ErrTooSmall reports a corpus that planted answers cannot be made of.
var ErrTooSmall = errors.New("too small")

// Answer is a planted answer.
type Answer struct {
	// Tokens are dense ids.
	Tokens []uint32
	// Planted marks the positions that belong to a quotation.
	Planted []bool
	// Quoted are the places of the quoted segments in the registry, the largest part first.
	Quoted [Sources]int
	// Sampled and Rightful are what each contribution (Segment.Document) is owed, in bits of the quotations before any
	// noise: to the contribution quoted from, and to the earliest one that holds the whole quotation word for word.
	Sampled, Rightful measure.Weights
}

// Generator plants answers.
type Generator struct {
	Registry *corpus.Registry
	Foreign  []corpus.Segment
	// Grams finds the earliest segment with a quotation; it must index the registry's texts by grams of at most MinChunk
	// tokens.
	Grams *grams.Index
	// Source, if set, picks the first source; the others are random.
	Source func(rng *rand.Rand) int
	// Text, if set, replaces the text that is quoted from a source. The truth then counts every quotation for the source
	// alone.
	Text func(place int) []uint32

	usable []int
}

// NewGenerator checks that there is enough text.
func NewGenerator(r *corpus.Registry, foreign []corpus.Segment, index *grams.Index) (*Generator, error) {
	g := &Generator{Registry: r, Grams: index}
	documents := map[int]bool{}
	for i := range r.Segments {
		if len(r.Segments[i].Tokens) >= minSource {
			g.usable = append(g.usable, i)
			documents[r.Segments[i].Document] = true
		}
	}
	for _, s := range foreign {
		if len(s.Tokens) >= MaxChunk {
			g.Foreign = append(g.Foreign, s)
		}
	}
	if len(documents) < Sources {
		return nil, fmt.Errorf("%w: planted answers need %d registered documents with a segment of %d tokens, there are %d",
			ErrTooSmall, Sources, minSource, len(documents))
	}
	if len(g.Foreign) == 0 {
		return nil, fmt.Errorf("%w: no held-out text of %d tokens that is not registered as well", ErrTooSmall, MaxChunk)
	}
	return g, nil
}

// Usable returns the places of the segments long enough to be quoted.
func (g *Generator) Usable() []int { return g.usable }

// piece is one quotation, or foreign text if source is -1.
type piece struct {
	tokens []uint32
	source int // 0 … Sources-1
}

// Answer plants an answer of the given number of tokens.
func (g *Generator) Answer(rng *rand.Rand, tokens int) Answer {
	a := Answer{Quoted: g.pick(rng), Sampled: measure.Weights{}, Rightful: measure.Weights{}}
	planted := tokens * PlantedPercent / 100
	var pieces []piece
	left := planted
	for k, place := range a.Quoted {
		n := planted * Parts[k] / 100
		if k == Sources-1 {
			n = left
		}
		left -= n
		text := g.Registry.Segments[place].Tokens
		if g.Text != nil {
			text = g.Text(place)
		}
		for _, length := range chunks(rng, n) {
			length = min(length, len(text))
			from := rng.Intn(len(text) - length + 1)
			pieces = append(pieces, piece{text[from : from+length], k})
			g.owe(&a, place, text[from:from+length])
		}
	}
	pieces = append(pieces, g.foreign(rng, tokens-planted)...)
	rng.Shuffle(len(pieces), func(i, j int) { pieces[i], pieces[j] = pieces[j], pieces[i] })
	for _, p := range pieces {
		a.Tokens = append(a.Tokens, p.tokens...)
		for range p.tokens {
			a.Planted = append(a.Planted, p.source >= 0)
		}
	}
	return a
}

// ForeignAnswer returns an answer of foreign text only.
func (g *Generator) ForeignAnswer(rng *rand.Rand, tokens int) Answer {
	a := Answer{Sampled: measure.Weights{}, Rightful: measure.Weights{}}
	for _, p := range g.foreign(rng, tokens) {
		a.Tokens = append(a.Tokens, p.tokens...)
	}
	a.Planted = make([]bool, len(a.Tokens))
	return a
}

func (g *Generator) foreign(rng *rand.Rand, tokens int) []piece {
	var out []piece
	for _, length := range chunks(rng, tokens) {
		text := g.Foreign[rng.Intn(len(g.Foreign))].Tokens
		length = min(length, len(text))
		from := rng.Intn(len(text) - length + 1)
		out = append(out, piece{text[from : from+length], -1})
	}
	return out
}

// pick returns three segments of three contributions.
func (g *Generator) pick(rng *rand.Rand) [Sources]int {
	var out [Sources]int
	var documents []int
	for k := 0; k < Sources; {
		place := g.usable[rng.Intn(len(g.usable))]
		if k == 0 && g.Source != nil {
			place = g.Source(rng)
		}
		if d := g.Registry.Segments[place].Document; !slices.Contains(documents, d) {
			documents = append(documents, d)
			out[k] = place
			k++
		}
	}
	return out
}

// chunks cuts n tokens into lengths of 12 to 25; fewer than 12 tokens are one chunk.
func chunks(rng *rand.Rand, n int) []int {
	var out []int
	for n > 0 {
		length := MinChunk + rng.Intn(MaxChunk-MinChunk+1)
		if n <= MaxChunk {
			length = n
		} else if n-length < MinChunk {
			length = n - MinChunk
		}
		out = append(out, length)
		n -= length
	}
	return out
}

// owe books one quotation.
func (g *Generator) owe(a *Answer, place int, quotation []uint32) {
	bits := g.Registry.Bits(quotation)
	a.Sampled[g.Registry.Segments[place].Document] += bits
	owner := place
	if g.Text == nil {
		owner = Earliest(g.Grams, quotation, place)
	}
	a.Rightful[g.Registry.Segments[owner].Document] += bits
}

// Earliest returns the first text that holds the quotation word for word; fallback, which must hold it, if the
// quotation is shorter than the grams of the index.
func Earliest(x *grams.Index, quotation []uint32, fallback int) int {
	var best []grams.Place
	shift, found := 0, false
	for p := range quotation {
		places, n := x.At(quotation[p:])
		if n > 0 && (!found || len(places) < len(best)) {
			best, shift, found = places, p, true
		}
	}
	for _, at := range best {
		from := int(at.Offset) - shift
		text := x.Texts[at.Text]
		if int(at.Text) >= fallback {
			break
		}
		if from >= 0 && from+len(quotation) <= len(text) && slices.Equal(text[from:from+len(quotation)], quotation) {
			return int(at.Text)
		}
	}
	return fallback
}
