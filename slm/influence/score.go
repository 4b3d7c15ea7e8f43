package influence

import "math"

const (
	// Shift is the fixed point of a sketch: an element x stands for x · 2^-Shift.
	Shift = 15
	// Kappa is the largest part of a score for each token of the group, in bits.
	Kappa = 1
)

// Query is the sketch of an answer: element x stands for x · 2^-Exponent.
type Query struct {
	Exponent int8
	Values   [Size]int16
}

// Score returns, in Q16 bits, how much of the answer comes from a group with this sketch and number of tokens. It is at
// least 0 and at most Kappa bits for each of the group's tokens.
func (q *Query) Score(sketch *[Size]int16, tokens uint32) uint64 {
	sum := int64(0)
	for i, x := range sketch {
		sum += int64(x) * int64(q.Values[i])
	}
	if sum <= 0 {
		return 0
	}
	score, most := uint64(sum), uint64(tokens)*Kappa<<16
	shift := 16 - Shift - int(q.Exponent)
	switch {
	case shift <= 0:
		return min(score>>-shift, most)
	case shift >= 64 || score > most>>shift:
		return most
	}
	return score << shift
}

// quantise rounds to the nearest integer, halves up, and limits the result to ±math.MaxInt16.
func quantise(x float64) int16 {
	return int16(max(-math.MaxInt16, min(math.MaxInt16, math.Floor(x+0.5))))
}

// newQuery returns the query of an answer with this projected gradient and number of tokens: the gradient's direction,
// times tokens, times gain. The query of a gradient of 0 is 0.
func newQuery(g *vector, tokens int) Query {
	norm := math.Sqrt(g.dot(g))
	if !(norm > 0) || norm > math.MaxFloat64 {
		return Query{}
	}
	factor := float64(tokens) * gain / norm
	most := 0.0
	for _, x := range g {
		most = max(most, math.Abs(float64(x*factor)))
	}
	_, exponent := math.Frexp(most) // most < 2^exponent
	q := Query{Exponent: int8(max(-100, min(100, 15-exponent)))}
	scale := math.Ldexp(1, int(q.Exponent))
	for i, x := range g {
		q.Values[i] = quantise(float64(float64(x*factor) * scale))
	}
	return q
}
