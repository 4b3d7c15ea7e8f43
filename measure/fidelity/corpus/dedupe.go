package corpus

import (
	"slices"

	"github.com/openledger/openledger/measure/fidelity/grams"
	"github.com/openledger/openledger/measure/fidelity/parallel"
)

// What makes a segment a duplicate. It must not be what is measured: a rule that says itself which texts it would
// confuse is never confused.
const (
	// duplicateShare of its runs of duplicateGram tokens that stand in one earlier segment.
	duplicateShare = 0.30
	duplicateGram  = 5
	// Of a common run only the first gramTexts texts are looked at.
	gramTexts = 64
)

// Duplicates finds for a text the registered segments that hold a part of its runs.
type Duplicates struct {
	index *grams.Index
}

// NewDuplicates prepares a registry.
func NewDuplicates(r *Registry) *Duplicates {
	return &Duplicates{index: grams.NewIndex(Texts(r.Segments), grams.Fixed(duplicateGram))}
}

// Texts returns the tokens of all segments.
func Texts(segments []Segment) [][]uint32 {
	out := make([][]uint32, len(segments))
	for i := range segments {
		out[i] = segments[i].Tokens
	}
	return out
}

// of lists the segments before the given place that the text duplicates.
func (d *Duplicates) of(tokens []uint32, before int) []int {
	shared := map[int]int{}
	for p := range tokens {
		places, _ := d.index.At(tokens[p:])
		texts, last := 0, -1
		for _, at := range places {
			t := int(at.Text)
			if t >= before || texts == gramTexts {
				break
			}
			if t != last {
				shared[t]++
				last = t
				texts++
			}
		}
	}
	runs := max(1, len(tokens)-duplicateGram+1)
	var out []int
	for t, n := range shared {
		if float64(n) >= duplicateShare*float64(runs) {
			out = append(out, t)
		}
	}
	slices.Sort(out)
	return out
}

// Dedupe returns the segments of the registry that duplicate no kept earlier one.
func Dedupe(r *Registry) []Segment {
	d := NewDuplicates(r)
	found := make([][]int, len(r.Segments))
	parallel.Do(len(r.Segments), func() func(int) {
		return func(i int) { found[i] = d.of(r.Segments[i].Tokens, i) }
	})
	kept := make([]bool, len(r.Segments))
	var out []Segment
	for i := range r.Segments {
		kept[i] = !slices.ContainsFunc(found[i], func(j int) bool { return kept[j] })
		if kept[i] {
			out = append(out, r.Segments[i])
		}
	}
	return out
}

// Foreign returns the held-out segments that duplicate no registered one.
func Foreign(r *Registry, heldOut []Segment) []Segment {
	d := NewDuplicates(r)
	duplicate := make([]bool, len(heldOut))
	parallel.Do(len(heldOut), func() func(int) {
		return func(i int) { duplicate[i] = len(d.of(heldOut[i].Tokens, len(r.Segments))) > 0 }
	})
	var out []Segment
	for i := range heldOut {
		if !duplicate[i] {
			out = append(out, heldOut[i])
		}
	}
	return out
}
