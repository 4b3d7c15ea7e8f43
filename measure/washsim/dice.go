package main

import (
	"hash/fnv"
	"math/rand/v2"

	"cosmossdk.io/math"
)

// dice is a source of random numbers that depends only on seed, flow and case.
type dice struct{ *rand.Rand }

func newDice(seed uint64, flow string, n int) dice {
	name := fnv.New64a()
	name.Write([]byte(flow))
	return dice{rand.New(rand.NewPCG(seed, name.Sum64()+uint64(n)))}
}

// chance returns true with a probability in percent.
func (d dice) chance(percent int) bool { return d.IntN(100) < percent }

// between draws a number from low to high, both included.
func (d dice) between(low, high int) int { return low + d.IntN(high-low+1) }

// ppm draws a number up to a limit, often 0, the limit, or close to 0.
func (d dice) ppm(limit uint32) uint32 {
	switch {
	case limit == 0 || d.chance(20):
		return 0
	case d.chance(25):
		return limit
	case d.chance(25):
		return min(limit, 1+d.Uint32N(20))
	}
	return d.Uint32N(limit + 1)
}

// amount draws an amount of aopen below 2^bits, often zero or dust.
func (d dice) amount(bits int) math.Int {
	switch {
	case d.chance(10):
		return math.ZeroInt()
	case d.chance(25):
		return math.NewInt(int64(d.between(1, 100)))
	}
	drawn := math.OneInt()
	for range d.between(1, bits-1) {
		drawn = drawn.MulRaw(2).AddRaw(int64(d.IntN(2)))
	}
	return drawn
}

// part draws an amount up to a limit, often the limit.
func (d dice) part(limit math.Int) math.Int {
	if d.chance(60) {
		return limit
	}
	return limit.MulRaw(int64(d.between(0, 1_000_000))).QuoRaw(1_000_000)
}

// pick draws one of several values.
func pick[T any](d dice, of ...T) T { return of[d.IntN(len(of))] }
