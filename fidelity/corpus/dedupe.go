package corpus

import (
	"slices"

	"github.com/openledger/openledger/fidelity/grams"
	"github.com/openledger/openledger/fidelity/parallel"
)

// What makes a segment a duplicate.
const (
	// duplicateShare of the surprisal on alignments of duplicateBits with one earlier segment.
	duplicateShare = 0.30
	duplicateBits  = 160
	// Candidates are the earlier segments that share the most 6-grams, at least candidateShare of the text; of common grams only the
	// first gramTexts texts are looked at.
	candidateGram  = 6
	candidateShare = 0.08
	candidates     = 4
	gramTexts      = 64
)

// Duplicates finds for a text the registered segment that holds most of it. Candidates come from shared 6-grams and are then aligned
// by the written rule, so the only approximation is that duplicates without common runs of six tokens are missed.
type Duplicates struct {
	index  *grams.Index
	weight []int32
}

// NewDuplicates prepares a registry.
func NewDuplicates(r *Registry) *Duplicates {
	return &Duplicates{index: grams.NewIndex(Texts(r.Segments), grams.Fixed(candidateGram)), weight: r.Weight}
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
func (d *Duplicates) of(tokens []uint32, before int, a *grams.Aligner) []int {
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
	least := max(1, int(candidateShare*float64(len(tokens))))
	var near []int
	for t, n := range shared {
		if n >= least {
			near = append(near, t)
		}
	}
	slices.SortFunc(near, func(x, y int) int {
		if shared[x] != shared[y] {
			return shared[y] - shared[x]
		}
		return x - y
	})
	var out []int
	for _, t := range near[:min(candidates, len(near))] {
		if d.share(tokens, d.index.Texts[t], a) > duplicateShare {
			out = append(out, t)
		}
	}
	return out
}

// share returns the part of a text's surprisal that lies on alignments of at least 160 bits with another.
func (d *Duplicates) share(tokens, other []uint32, a *grams.Aligner) float64 {
	covered, all := int64(0), int64(0)
	for p, score := range a.Best(tokens, other) {
		g := int64(d.weight[tokens[p]])
		all += g
		if score >= duplicateBits<<16 {
			covered += g
		}
	}
	if all == 0 {
		return 0
	}
	return float64(covered) / float64(all)
}

// Dedupe returns the segments of the registry that duplicate no kept earlier one.
func Dedupe(r *Registry) []Segment {
	d := NewDuplicates(r)
	found := make([][]int, len(r.Segments))
	parallel.Do(len(r.Segments), func() func(int) {
		a := &grams.Aligner{Costs: grams.SpanCosts, Weight: r.Weight}
		return func(i int) { found[i] = d.of(r.Segments[i].Tokens, i, a) }
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
		a := &grams.Aligner{Costs: grams.SpanCosts, Weight: r.Weight}
		return func(i int) { duplicate[i] = len(d.of(heldOut[i].Tokens, len(r.Segments), a)) > 0 }
	})
	var out []Segment
	for i := range heldOut {
		if !duplicate[i] {
			out = append(out, heldOut[i])
		}
	}
	return out
}
