package influence

import (
	"math"
	"math/bits"
)

const (
	// Kappa is the largest part of a score for each token of the group, in bits.
	Kappa = 1
	// NoiseGroup is the number of groups up to which scores are lowered least. Beyond, each doubling lowers them more.
	NoiseGroup = 16
)

// Sketch is Size elements, each of which stands for itself times 2^-Exponent. The zero value has all elements 0.
type Sketch struct {
	Exponent int8
	// Packed has two elements a byte, whole numbers from -8 to 7 in two's complement, the first one in its lower half.
	Packed [Size / 2]byte
}

// Query is the sketch of an answer.
type Query struct{ Sketch }

const (
	// largest is the largest magnitude of an element that newSketch makes.
	largest = 7
	// finest is the highest exponent.
	finest = math.MaxInt8
	// tried is the number of exponents that newSketch tries after the one that cuts nothing off. The error may rise
	// before it falls, where few numbers are much larger than the others.
	tried = 12
)

// Score returns, in Q16 bits, how much of the answer comes from a group with this sketch and number of tokens, which is
// one of so many groups: the dot product of query and sketch, less the noise of such products, at least 0 and at most
// Kappa bits for each of the group's tokens. Package poa computes the same numbers.
func (q *Query) Score(sketch *Sketch, tokens uint32, groups int) uint64 {
	return q.score(sketch, tokens, noise(q.squares(), sketch.squares(), groups))
}

// score is Score, given the noise of products of query and sketch.
func (q *Query) score(sketch *Sketch, tokens uint32, noise int) uint64 {
	sum := 0
	for i, x := range sketch.Packed {
		y := q.Packed[i]
		sum += int(int8(x<<4))*int(int8(y<<4)) + int(int8(x&0xf0))*int(int8(y&0xf0))
	}
	if sum = sum>>8 - noise; sum <= 0 {
		return 0
	}
	score, most := uint64(sum), uint64(tokens)*Kappa<<16
	shift := 16 - int(sketch.Exponent) - int(q.Exponent)
	switch {
	case shift <= 0:
		return min(score>>-shift, most)
	case shift >= 64 || score > most>>shift:
		return most
	}
	return score << shift
}

// noise returns by how much the product of a query and a sketch is lowered, given their sums of squares and the number
// of groups. If query and sketch have nothing to do with each other, products have a standard deviation of √(query ·
// sketch / Size). The noise is √(2n) of these, rounded down, with n the number of binary digits of the number of groups
// over NoiseGroup, rounded up. So the scores of all such groups sum to about one deviation, however many there are.
func noise(query, sketch uint64, groups int) int {
	n := bits.Len64((uint64(groups) + NoiseGroup - 1) / NoiseGroup)
	return int(math.Sqrt(float64(2 * uint64(n) * query * sketch / Size))) // exact: the root of a number below 2^42
}

// squares returns the sum of the squares of the elements.
func (s *Sketch) squares() uint64 {
	sum := 0
	for _, x := range s.Packed {
		low, high := int(int8(x<<4)), int(int8(x&0xf0))
		sum += low*low + high*high
	}
	return uint64(sum) >> 8
}

// newSketch rounds a vector, with the exponent that leaves the least error. It may cut large numbers off to keep small
// ones.
func newSketch(v vector) Sketch {
	most := 0.0
	for _, x := range v {
		most = max(most, math.Abs(x))
	}
	if !(most > 0) || most > math.MaxFloat64 {
		return Sketch{}
	}
	_, bits := math.Frexp(most) // most < 2^bits
	exponent := max(math.MinInt8, min(finest, 2-bits))
	best, least := exponent, v.roundingError(exponent)
	for range tried {
		if exponent++; exponent > finest {
			break
		}
		if rest := v.roundingError(exponent); rest < least {
			best, least = exponent, rest
		}
	}
	s := Sketch{Exponent: int8(best)}
	factor := math.Ldexp(1, best)
	for i, x := range v {
		s.Packed[i/2] |= byte(rounded(x, factor)) & 15 << (4 * (i & 1))
	}
	return s
}

// rounded returns the element that is nearest to x times a power of two, halves up.
func rounded(x, factor float64) int8 {
	return int8(max(-largest, min(largest, math.Floor(float64(x*factor)+0.5))))
}

// roundingError returns the sum of the squared errors of rounding with an exponent.
func (v vector) roundingError(exponent int) float64 {
	sum, factor := 0.0, math.Ldexp(1, exponent)
	for _, x := range v {
		rest := x - float64(rounded(x, factor))/factor
		sum += float64(rest * rest)
	}
	return sum
}

// newQuery returns the query of an answer with this projected gradient and number of tokens: the gradient's direction,
// times tokens. The query of a gradient of 0 is 0.
func newQuery(g vector, tokens int) Query {
	norm := math.Sqrt(g.dot(g))
	if !(norm > 0) || norm > math.MaxFloat64 {
		return Query{}
	}
	v := make(vector, len(g))
	v.addScaled(g, float64(tokens)/norm)
	return Query{newSketch(v)}
}
