package main

import "math"

// sample is the payoff of a group in one cohort, in OPEN, and the number of its seats.
type sample struct{ pay, seats float64 }

// group holds the samples of a group, one for each cohort.
type group []sample

// mean returns the payoff per seat, and the part of each cohort in its error.
func (g group) mean() (mean float64, parts []float64) {
	pay, seats := 0.0, 0.0
	for _, s := range g {
		pay, seats = pay+s.pay, seats+s.seats
	}
	parts = make([]float64, len(g))
	if seats == 0 {
		return math.NaN(), parts
	}
	mean = pay / seats
	for i, s := range g {
		parts[i] = (s.pay - mean*s.seats) / seats
	}
	return mean, parts
}

// difference returns the difference of two groups per seat, and its standard error. The cohorts of the groups are
// pairs: luck that both have does not count.
func difference(a, b group) (diff, se float64) {
	first, partsA := a.mean()
	second, partsB := b.mean()
	sum := 0.0
	for i := range partsA {
		sum += (partsA[i] - partsB[i]) * (partsA[i] - partsB[i])
	}
	return first - second, math.Sqrt(sum)
}
