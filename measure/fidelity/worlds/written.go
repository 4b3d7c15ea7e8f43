package worlds

import (
	"slices"

	"github.com/openledger/openledger/measure/fidelity/rules"
	"github.com/openledger/openledger/poa"
)

// pair is a match of answer position p with place q of a segment.
type pair struct{ p, q int }

// written pays an answer by the rule of method SPAN as its specification says it, with all pairs and all predecessors.
func written(segments [][]uint32, answer []uint32, weight []int32) []int {
	owners := make([]int, len(answer))
	for p := range owners {
		owners[p] = rules.None
	}
	for s, text := range segments {
		pairs := matches(answer, text, 0, len(answer), 0, len(text))
		if !anchored(segments[:s], answer, text, weight, owners) {
			continue
		}
		before, after := scores(pairs, answer, weight)
		for i, m := range pairs {
			if owners[m.p] == rules.None && before[i]+after[i]-weight[answer[m.p]] >= poa.ThresholdBits<<16 {
				owners[m.p] = s
			}
		}
	}
	return owners
}

// anchored reports whether a seed of the answer that admits the text and has a free position lies on a qualifying
// alignment within reach of it.
func anchored(earlier [][]uint32, answer, text []uint32, weight []int32, owners []int) bool {
	for p := range answer {
		n := seedLength(answer[p:], weight)
		if n == 0 || !slices.Contains(owners[p:p+n], rules.None) || holders(earlier, answer[p:p+n]) >= poa.MaxPostings {
			continue
		}
		for q := 0; q+n <= len(text); q++ {
			if !slices.Equal(answer[p:p+n], text[q:q+n]) {
				continue
			}
			box := matches(answer, text, p-poa.AnchorReach, p+n+poa.AnchorReach, q-poa.AnchorReach, q+n+poa.AnchorReach)
			before, after := scores(box, answer, weight)
			score := before[slices.Index(box, pair{p, q})] + after[slices.Index(box, pair{p + n - 1, q + n - 1})]
			for _, t := range answer[p+1 : p+n-1] {
				score += weight[t]
			}
			if score >= poa.ThresholdBits<<16 {
				return true
			}
		}
	}
	return false
}

// holders returns how many texts hold a seed.
func holders(texts [][]uint32, seed []uint32) int {
	n := 0
	for _, text := range texts {
		for q := 0; q+len(seed) <= len(text); q++ {
			if slices.Equal(text[q:q+len(seed)], seed) {
				n++
				break
			}
		}
	}
	return n
}

func seedLength(text []uint32, weight []int32) int {
	bits := int32(0)
	for i, t := range text[:min(len(text), poa.MaxSeedTokens)] {
		if bits += weight[t]; i+1 >= poa.MinSeedTokens && bits >= poa.SeedBits<<16 {
			return i + 1
		}
	}
	return 0
}

// matches lists the pairs of a box, by position, then place.
func matches(answer, text []uint32, fromP, toP, fromQ, toQ int) []pair {
	var out []pair
	for p := max(0, fromP); p < min(len(answer), toP); p++ {
		for q := max(0, fromQ); q < min(len(text), toQ); q++ {
			if answer[p] == text[q] {
				out = append(out, pair{p, q})
			}
		}
	}
	return out
}

// scores returns the best alignments that end and that start at every pair.
func scores(pairs []pair, answer []uint32, weight []int32) (before, after []int32) {
	before, after = make([]int32, len(pairs)), make([]int32, len(pairs))
	for i, m := range pairs {
		for j, k := range pairs[:i] {
			if cost, ok := step(k, m); ok {
				before[i] = max(before[i], before[j]-cost)
			}
		}
		before[i] += weight[answer[m.p]]
	}
	for i := len(pairs) - 1; i >= 0; i-- {
		for j := i + 1; j < len(pairs); j++ {
			if cost, ok := step(pairs[i], pairs[j]); ok {
				after[i] = max(after[i], after[j]-cost)
			}
		}
		after[i] += weight[answer[pairs[i].p]]
	}
	return before, after
}

func step(from, to pair) (int32, bool) {
	a, b := to.p-from.p-1, to.q-from.q-1
	if a < 0 || b < 0 || a > poa.MaxSkip || b > poa.MaxSkip || a-b > poa.Band || b-a > poa.Band {
		return 0, false
	}
	cost := int32(max(a, b)) * poa.SkipBits << 16
	if a != b {
		cost += poa.ShiftBits << 16
	}
	return cost, true
}
