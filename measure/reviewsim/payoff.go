package main

import "math"

// sample is what a group had in one cohort: OPEN and seats.
type sample struct{ pay, seats float64 }

// group is the samples of a group, one for each cohort.
type group []sample

// mean returns the payoff per seat, and how much of its error each cohort has.
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

// difference of two groups per seat, with its standard error. Their cohorts are
// pairs: luck that both have is none.
func difference(a, b group) (diff, se float64) {
	first, partsA := a.mean()
	second, partsB := b.mean()
	sum := 0.0
	for i := range partsA {
		sum += (partsA[i] - partsB[i]) * (partsA[i] - partsB[i])
	}
	return first - second, math.Sqrt(sum)
}
