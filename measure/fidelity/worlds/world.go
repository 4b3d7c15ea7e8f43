// Package worlds searches for counter-examples: random registries on an alphabet of four tokens, so that everything
// overlaps, and answers made of their pieces. A rule is farm-proof only if no world shows a gain.
package worlds

import (
	"math/rand"
	"slices"

	"github.com/openledger/openledger/poa"
)

// The alphabet. Tokens alphabet … 2·alphabet-1 are the same tokens renamed, those above are unrelated text; all weigh 7
// to 10 bits.
const (
	alphabet  = 4
	unrelated = 8
	tokens    = 2*alphabet + unrelated
)

// tokenBits are the weights of the four tokens; with them 12 tokens in a row reach the 100 bits of method SPAN.
var tokenBits = [alphabet]uint32{8, 8, 9, 10}

// ID returns the canonical id of a token of the alphabet.
func ID(token uint32) poa.TokenID { return poa.TokenID(token)<<32 + 1 }

// Statistics returns a table with the weights of the alphabet, and the weights themselves in Q16 bits.
func Statistics() (*poa.Statistics, []int32, error) {
	var rows []poa.TokenCount
	for t := range uint32(tokens) {
		rows = append(rows, poa.TokenCount{ID: ID(t), DF: 1<<(20-tokenBits[t%alphabet]) - 1})
	}
	s, err := poa.NewStatistics(1, 1<<20-1, rows)
	if err != nil {
		return nil, nil, err
	}
	weight := make([]int32, tokens)
	for t := range weight {
		weight[t] = s.Surprisal(ID(uint32(t)))
	}
	return s, weight, nil
}

// Size bounds a world, in tokens.
type Size struct {
	MinSegment, MaxSegment int
	Answer                 int
	MinPiece               int
}

// Sizes of worlds for the real rule, whose alignments have 100 bits, and for the rejected ones with their thresholds
// scaled down.
var (
	RealSize  = Size{MinSegment: 12, MaxSegment: 30, Answer: 32, MinPiece: 4}
	SmallSize = Size{MinSegment: 6, MaxSegment: 14, Answer: 16, MinPiece: 3}
)

// World is a registry in the order of registration, and an answer.
type World struct {
	Segments [][]uint32
	Answer   []uint32
}

func random(rng *rand.Rand, n int) []uint32 {
	out := make([]uint32, n)
	for i := range out {
		out[i] = uint32(rng.Intn(alphabet))
	}
	return out
}

func piece(rng *rand.Rand, text []uint32, least int) []uint32 {
	if len(text) <= least {
		return text
	}
	from := rng.Intn(len(text) - least + 1)
	return text[from : from+least+rng.Intn(len(text)-from-least+1)]
}

// Draw makes a world of two to five segments, or, one time in six, of more than a seed admits. A segment may quote an
// earlier one, and the answer is made of pieces with noise between and sometimes inside them.
func Draw(rng *rand.Rand, size Size) World {
	var w World
	n := 2 + rng.Intn(4)
	if rng.Intn(6) == 0 {
		n += poa.MaxPostings
	}
	for range n {
		s := random(rng, size.MinSegment+rng.Intn(size.MaxSegment-size.MinSegment+1))
		if len(w.Segments) > 0 && rng.Intn(3) == 0 {
			copy(s, piece(rng, w.Segments[rng.Intn(len(w.Segments))], size.MinPiece))
		}
		w.Segments = append(w.Segments, s)
	}
	for len(w.Answer) < size.Answer {
		if rng.Intn(4) == 0 {
			w.Answer = append(w.Answer, random(rng, 1+rng.Intn(3))...)
			continue
		}
		p := slices.Clone(piece(rng, w.Segments[rng.Intn(len(w.Segments))], size.MinPiece))
		if rng.Intn(3) == 0 {
			p[rng.Intn(len(p))] = uint32(rng.Intn(alphabet))
		}
		w.Answer = append(w.Answer, p...)
	}
	return w
}

// thief returns a later segment meant to take what earlier ones earn: random text, a part of the answer, an earlier
// segment with the answer's next words, or two earlier segments glued.
func (w World) thief(rng *rand.Rand, size Size) []uint32 {
	pick := func() []uint32 { return w.Segments[rng.Intn(len(w.Segments))] }
	switch rng.Intn(4) {
	case 0:
		return random(rng, size.MinSegment)
	case 1:
		return slices.Clone(piece(rng, w.Answer, min(len(w.Answer), size.MinSegment)))
	case 2:
		from := rng.Intn(len(w.Answer))
		return slices.Concat(pick(), w.Answer[from:min(len(w.Answer), from+size.MinPiece)])
	default:
		return slices.Concat(piece(rng, pick(), size.MinPiece), piece(rng, pick(), size.MinPiece))
	}
}
