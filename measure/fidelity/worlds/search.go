package worlds

import (
	"math/rand"
	"slices"

	"github.com/openledger/openledger/measure/fidelity/parallel"
)

// Owner returns the place of the owning segment for every position of the answer, or -1. The segments are in the order
// of registration.
type Owner func(segments [][]uint32, answer []uint32) []int

// Counts are the worlds in which a property fails.
type Counts struct {
	Worlds int
	// Theft: a later segment lowered what an earlier one earns. Copy: an exact copy earned or took something. Split: the
	// pieces of a segment earned more than the whole.
	Theft, Copy, Split int
	// Rename: other tokens of the same weights changed an owner. Unrelated: segments of other words did. Later: the order
	// of later registrations changed what an earlier one earns.
	Rename, Unrelated, Later int
	// Disagree: two implementations of the rule gave different results.
	Disagree int
}

// Violations returns the sum of all kinds.
func (c Counts) Violations() int {
	return c.Theft + c.Copy + c.Split + c.Rename + c.Unrelated + c.Later + c.Disagree
}

func (c *Counts) add(d Counts) {
	c.Worlds += d.Worlds
	c.Theft += d.Theft
	c.Copy += d.Copy
	c.Split += d.Split
	c.Rename += d.Rename
	c.Unrelated += d.Unrelated
	c.Later += d.Later
	c.Disagree += d.Disagree
}

// Search draws n worlds by the seed and tests every property in each. rule makes an owner for one goroutine; agree, if
// not nil, reports whether other implementations give the same result for a world.
func Search(n int, seed int64, size Size, weight []int32, rule func() Owner, agree func() func(World) bool) Counts {
	results := make([]Counts, n)
	parallel.Do(n, func() func(int) {
		own, same := rule(), func(World) bool { return true }
		if agree != nil {
			same = agree()
		}
		return func(i int) {
			rng := rand.New(rand.NewSource(seed<<32 + int64(i)))
			results[i] = try(rng, size, weight, own, same)
		}
	})
	var sum Counts
	for _, r := range results {
		sum.add(r)
	}
	return sum
}

// try draws one world and counts every property that fails.
func try(rng *rand.Rand, size Size, weight []int32, own Owner, same func(World) bool) Counts {
	c := Counts{Worlds: 1}
	w := Draw(rng, size)
	k := len(w.Segments)
	owners := own(w.Segments, w.Answer)
	base := earnings(owners, w.Answer, weight, k)

	later := append(slices.Clone(w.Segments), w.thief(rng, size))
	after := earnings(own(later, w.Answer), w.Answer, weight, k+1)
	if lower(base, after) {
		c.Theft++
	}

	victim := rng.Intn(k)
	copied := append(slices.Clone(w.Segments), w.Segments[victim])
	after = earnings(own(copied, w.Answer), w.Answer, weight, k+1)
	if after[k] > 0 || !slices.Equal(after[:k], base) {
		c.Copy++
	}

	v := w.Segments[victim]
	cut := 1 + rng.Intn(len(v)-1)
	split := slices.Insert(slices.Clone(w.Segments), victim, v[:cut:cut])
	split[victim+1] = v[cut:]
	after = earnings(own(split, w.Answer), w.Answer, weight, k+1)
	if after[victim]+after[victim+1] > base[victim] {
		c.Split++
	}

	if renamed := w.rename(); !slices.Equal(own(renamed.Segments, renamed.Answer), owners) {
		c.Rename++
	}
	if !w.ignoresUnrelated(rng, own, owners) {
		c.Unrelated++
	}
	first := rng.Intn(k) // this one and those before stay
	shuffled := slices.Clone(w.Segments)
	rng.Shuffle(k-first-1, func(i, j int) {
		i, j = i+first+1, j+first+1
		shuffled[i], shuffled[j] = shuffled[j], shuffled[i]
	})
	after = earnings(own(shuffled, w.Answer), w.Answer, weight, k)
	if !slices.Equal(after[:first+1], base[:first+1]) {
		c.Later++
	}
	if !same(w) || !same(World{later, w.Answer}) {
		c.Disagree++
	}
	return c
}

// earnings sums the weights of the positions of each segment, in Q16 bits.
func earnings(owners []int, answer []uint32, weight []int32, segments int) []int64 {
	out := make([]int64, segments)
	for p, o := range owners {
		if o >= 0 {
			out[o] += int64(weight[answer[p]])
		}
	}
	return out
}

func lower(before, after []int64) bool {
	for s := range before {
		if after[s] < before[s] {
			return true
		}
	}
	return false
}

// rename replaces every token by its twin of the same weight.
func (w World) rename() World {
	twin := func(text []uint32) []uint32 {
		out := make([]uint32, len(text))
		for i, t := range text {
			out[i] = t + alphabet
		}
		return out
	}
	out := World{Answer: twin(w.Answer)}
	for _, s := range w.Segments {
		out.Segments = append(out.Segments, twin(s))
	}
	return out
}

// ignoresUnrelated adds segments of other words between the registered ones; every position must keep its owner.
func (w World) ignoresUnrelated(rng *rand.Rand, own Owner, owners []int) bool {
	var segments [][]uint32
	var place []int // by place in segments: the place in the world, or -1
	for i, s := range w.Segments {
		if rng.Intn(2) == 0 {
			other := random(rng, len(s))
			for j := range other {
				other[j] = 2*alphabet + uint32(rng.Intn(unrelated))
			}
			segments, place = append(segments, other), append(place, -1)
		}
		segments, place = append(segments, s), append(place, i)
	}
	for p, o := range own(segments, w.Answer) {
		if o >= 0 {
			o = place[o]
		}
		if o != owners[p] {
			return false
		}
	}
	return true
}
