// Package stolen measures what a thief who registers after the owner takes from him under method SPAN.
package stolen

import (
	"fmt"
	"math"
	"math/rand"

	"github.com/openledger/openledger/measure/fidelity/corpus"
	"github.com/openledger/openledger/measure/fidelity/grams"
	"github.com/openledger/openledger/measure/fidelity/measure"
	"github.com/openledger/openledger/measure/fidelity/plant"
	"github.com/openledger/openledger/measure/fidelity/rules"
	"github.com/openledger/openledger/poa"
)

// Pieces is the number of parts of a split, Copies the number of exact copies.
const (
	Pieces = 8
	Copies = 16
	// answerTokens is the length of the answers.
	answerTokens = 300
	// victimTokens is the shortest segment that is stolen from or split.
	victimTokens = 60
)

// EditRates are the near-copies: one token in so many is changed.
var EditRates = []int{12, 8, 6, 5, 4, 3}

// Loss is the outcome of one attack, averaged over the victims.
type Loss struct {
	Attack string
	// Thief is the thief's part of what he and the owner are paid, from 0 to 1.
	Thief float64
	// Kept is what the owner is paid, relative to the same answer without the thief. It is NaN where the answer alone pays
	// him nothing.
	Kept float64
	// MaxThief is the largest Thief of one victim.
	MaxThief float64
}

// Split is the gain from registering pieces instead of the whole: pay of the pieces over pay of the whole, less 1. Mean
// and largest.
type Split struct{ Gain, MaxGain float64 }

// Bench holds a registry to steal from.
type Bench struct {
	Registry *corpus.Registry
	Foreign  []corpus.Segment
	Seed     int64

	generator *plant.Generator
	victims   []int
	thiefRank int
}

// New picks the victims: segments with at least 60 tokens.
func New(r *corpus.Registry, foreign []corpus.Segment, victims int, seed int64) (*Bench, error) {
	g, err := plant.NewGenerator(r, foreign, grams.NewIndex(corpus.Texts(r.Segments), grams.Fixed(5)))
	if err != nil {
		return nil, err
	}
	b := &Bench{Registry: r, Foreign: foreign, Seed: seed, generator: g}
	rng := rand.New(rand.NewSource(seed))
	for _, i := range rng.Perm(len(r.Segments)) {
		if len(r.Segments[i].Tokens) >= victimTokens && len(b.victims) < victims {
			b.victims = append(b.victims, i)
		}
	}
	for i := range r.Segments {
		b.thiefRank = max(b.thiefRank, r.Segments[i].Document+1)
	}
	if len(b.victims) == 0 {
		return nil, fmt.Errorf("%w: no segment of %d tokens to steal from", plant.ErrTooSmall, victimTokens)
	}
	return b, nil
}

// Copied measures sixteen exact copies; the answers quote the owner.
func (b *Bench) Copied() (Loss, error) {
	return b.attack(fmt.Sprintf("%d exact copies", Copies), false, func(_ *rand.Rand, text []uint32) [][]uint32 {
		var out [][]uint32
		for range Copies {
			out = append(out, text)
		}
		return out
	})
}

// NearCopied measures a copy with one token in rate replaced; the answers quote the copy.
func (b *Bench) NearCopied(rate int) (Loss, error) {
	return b.attack(fmt.Sprintf("near-copy 1/%d, the answer quotes the copy", rate), true,
		func(rng *rand.Rand, text []uint32) [][]uint32 {
			return [][]uint32{Edited(rng, text, rate, b.generator.RandomToken)}
		})
}

// Edited replaces one token in rate, at regular distances from a random start, by another token.
func Edited(rng *rand.Rand, text []uint32, rate int, random func(*rand.Rand) uint32) []uint32 {
	out := append([]uint32(nil), text...)
	for i := rng.Intn(rate); i < len(out); i += rate {
		for tries := 0; out[i] == text[i] && tries < 100; tries++ {
			out[i] = random(rng)
		}
	}
	return out
}

// attack registers the thief's segments of all victims behind everything else and pays one answer per victim.
func (b *Bench) attack(name string, quoteThief bool, thief func(*rand.Rand, []uint32) [][]uint32) (Loss, error) {
	loss := Loss{Attack: name}
	honest, err := b.Registry.Index()
	if err != nil {
		return loss, err
	}
	attacked, err := b.Registry.Index()
	if err != nil {
		return loss, err
	}
	rng := rand.New(rand.NewSource(b.Seed + 1))
	stolen := make([][][]uint32, len(b.victims))
	for v, place := range b.victims {
		stolen[v] = thief(rng, b.Registry.Segments[place].Tokens)
		for i, text := range stolen[v] {
			s := poa.Segment{Rank: uint64(b.thiefRank + v), Index: uint32(i), Tokens: b.Registry.Vocabulary.Canonical(text)}
			if err := attacked.Add(s); err != nil {
				return loss, err
			}
		}
	}
	var shares, kept []float64
	loss.MaxThief = math.NaN()
	for v, place := range b.victims {
		g := *b.generator
		g.Source = func(*rand.Rand) int { return place }
		if quoteThief {
			g.Text = func(p int) []uint32 {
				if p == place {
					return stolen[v][0]
				}
				return b.Registry.Segments[p].Tokens
			}
		}
		answer := g.Answer(rand.New(rand.NewSource(b.Seed<<20+int64(v))), answerTokens)
		before, err := b.pay(honest, answer.Tokens)
		if err != nil {
			return loss, err
		}
		after, err := b.pay(attacked, answer.Tokens)
		if err != nil {
			return loss, err
		}
		owner := b.Registry.Segments[place].Document
		mine, his := after[owner], after[b.thiefRank+v]
		if mine+his > 0 {
			shares = append(shares, his/(mine+his))
			if m := his / (mine + his); !(loss.MaxThief >= m) {
				loss.MaxThief = m
			}
		}
		if before[owner] > 0 {
			kept = append(kept, mine/before[owner])
		}
	}
	loss.Thief, loss.Kept = measure.Mean(shares), measure.Mean(kept)
	return loss, nil
}

// pay returns the bits paid by rank.
func (b *Bench) pay(x *poa.Index, tokens []uint32) (measure.Weights, error) {
	a, err := x.Attribute(poa.Answer{Tokens: b.Registry.Vocabulary.Canonical(tokens)})
	if err != nil {
		return nil, err
	}
	owners := rules.Ranks(a.Rows, len(tokens))
	return rules.PaidBits(tokens, make([]bool, len(tokens)), b.Registry.Weight, func(p int) int { return owners[p] }).All,
		nil
}

// Split8 registers every victim as eight pieces at its own place in the order instead of as a whole. The rank of a
// piece is that of the whole, its index lies between those of its neighbours.
func (b *Bench) Split8() (Split, error) {
	victim := map[int]bool{}
	for _, place := range b.victims {
		victim[place] = true
	}
	whole, pieces := poa.NewIndex(b.Registry.Statistics), poa.NewIndex(b.Registry.Statistics)
	for i := range b.Registry.Segments {
		s := b.Registry.Segment(i)
		s.Index *= Pieces
		if err := whole.Add(s); err != nil {
			return Split{}, err
		}
		if !victim[i] {
			if err := pieces.Add(s); err != nil {
				return Split{}, err
			}
			continue
		}
		for k := range Pieces {
			from, to := k*len(s.Tokens)/Pieces, (k+1)*len(s.Tokens)/Pieces
			if err := pieces.Add(poa.Segment{Rank: s.Rank, Index: s.Index + uint32(k), Tokens: s.Tokens[from:to]}); err != nil {
				return Split{}, err
			}
		}
	}
	out := Split{MaxGain: math.NaN()}
	var gains []float64
	for v, place := range b.victims {
		g := *b.generator
		g.Source = func(*rand.Rand) int { return place }
		answer := g.Answer(rand.New(rand.NewSource(b.Seed<<20+int64(v))), answerTokens)
		before, err := b.segmentPay(whole, answer.Tokens, place)
		if err != nil {
			return out, err
		}
		after, err := b.segmentPay(pieces, answer.Tokens, place)
		if err != nil {
			return out, err
		}
		if before > 0 {
			gain := after/before - 1
			gains = append(gains, gain)
			if !(out.MaxGain >= gain) {
				out.MaxGain = gain
			}
		}
	}
	out.Gain = measure.Mean(gains)
	return out, nil
}

// segmentPay returns the bits paid to the segment at a place, or to its pieces.
func (b *Bench) segmentPay(x *poa.Index, tokens []uint32, place int) (float64, error) {
	a, err := x.Attribute(poa.Answer{Tokens: b.Registry.Vocabulary.Canonical(tokens)})
	if err != nil {
		return 0, err
	}
	s := &b.Registry.Segments[place]
	bits := 0.0
	for _, r := range a.Rows {
		if int(r.Rank) == s.Document && int(r.Segment)/Pieces == s.Index {
			bits += b.Registry.Bits(tokens[r.Position : r.Position+r.Length])
		}
	}
	return bits, nil
}
