package engine

import (
	"math/bits"
	"slices"
)

// mixtureOne is a whole share.
const mixtureOne = 1 << 16

// mix adds the tokens of the request's mixture to the model's candidates, which are in order of tokens. With a share s
// and a sum of weights w, the model's candidates get w·(1-s), and the mixture's tokens get w·s, in proportion to their
// counts.
func (s *sampler) mix(candidates []candidate, allowed *mask) []candidate {
	if s.request.Mixture == nil {
		return candidates
	}
	share, next, barred := s.request.Mixture.Next(s.request.Prompt, s.answer)
	share = min(share, mixtureOne)
	candidates = slices.DeleteFunc(candidates, func(c candidate) bool { return slices.Contains(barred, c.token) })
	next = slices.DeleteFunc(slices.Clone(next), func(c Count) bool {
		return c.Token < 0 || c.Token >= len(s.scratch) || !allowed.has(c.Token) || slices.Contains(barred, c.Token)
	})
	var sum, counts uint64
	for _, c := range candidates {
		sum += c.weight
	}
	for i := range next {
		next[i].Count = min(next[i].Count, 1<<32) // so that the sum fits
		counts += next[i].Count
	}
	if counts == 0 || share == 0 {
		return candidates
	}
	if sum == 0 {
		sum = one // no candidate of the model is allowed
	}
	for i, c := range candidates {
		candidates[i].weight = part(c.weight, uint64(mixtureOne-share), mixtureOne)
	}
	whole := part(sum, uint64(share), mixtureOne)
	for _, c := range next {
		weight := part(whole, c.Count, counts)
		at, found := slices.BinarySearchFunc(candidates, c.Token, func(c candidate, token int) int { return c.token - token })
		if found {
			candidates[at].weight += weight
		} else {
			candidates = slices.Insert(candidates, at, candidate{c.Token, weight})
		}
	}
	return slices.DeleteFunc(candidates, func(c candidate) bool { return c.weight == 0 })
}

// part returns value·of/whole, rounded down; of is at most whole.
func part(value, of, whole uint64) uint64 {
	high, low := bits.Mul64(value, of)
	quotient, _ := bits.Div64(high, low, whole)
	return quotient
}

// heaviest returns the candidate with the largest weight, and the lowest token among equals. It returns otherwise if
// there is no candidate.
func heaviest(candidates []candidate, otherwise int) int {
	best := candidate{token: otherwise}
	for _, c := range candidates {
		if c.weight > best.weight {
			best = c
		}
	}
	return best.token
}
