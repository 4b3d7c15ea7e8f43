package rules

import (
	"github.com/openledger/openledger/measure/fidelity/measure"
	"github.com/openledger/openledger/poa"
)

// Paid is what an attribution pays, in bits by rank.
type Paid struct {
	// All counts every position, Planted those where planted is true.
	All, Planted measure.Weights
}

// PaidBits sums the weights of the owned positions. owner gives the contribution that owns a position, or None.
func PaidBits(tokens []uint32, planted []bool, weight []int32, owner func(p int) int) Paid {
	out := Paid{measure.Weights{}, measure.Weights{}}
	for p, t := range tokens {
		o := owner(p)
		if o == None {
			continue
		}
		bits := float64(weight[t]) / 65536
		out.All[o] += bits
		if planted[p] {
			out.Planted[o] += bits
		}
	}
	return out
}

// Ranks returns the rank that owns each of n positions by the rows of an attribution, or None.
func Ranks(rows []poa.Row, n int) []int {
	out := unowned(n)
	for _, r := range rows {
		for p := r.Position; p < r.Position+r.Length; p++ {
			out[p] = int(r.Rank)
		}
	}
	return out
}
