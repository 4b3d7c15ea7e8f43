package grams

// Costs are the parameters of an alignment, in Q16 bits and tokens.
type Costs struct {
	Skip, Shift   int32
	MaxSkip, Band int
}

// SpanCosts are the costs of method SPAN (poa/README.md, section 4).
var SpanCosts = Costs{Skip: 6 << 16, Shift: 16 << 16, MaxSkip: 6, Band: 2}

// Aligner scores local alignments by plain dynamic programming over pairs of equal tokens: each pair looks at every
// pair that may come before it. It follows the written rule and knows none of package poa's short cuts. Its buffers are
// reused.
type Aligner struct {
	Costs  Costs
	Weight []int32 // by token, Q16 bits

	places   map[uint32][]int32 // of the text under way
	pos, off []int32            // of the pairs, by position, then offset
	starts   []int32            // by position: the first pair
	forward  []int32
	backward []int32
	best     []int32
}

// Best returns for every position of the answer the score of the best alignment with the text through it, in Q16 bits;
// 0 where the token is not in the text. The result stays valid until the next call.
func (a *Aligner) Best(answer, text []uint32) []int32 {
	a.match(answer, text)
	a.best = append(a.best[:0], make([]int32, len(answer))...)
	if len(a.pos) == 0 {
		return a.best
	}
	for i := range a.pos {
		reach := int32(0)
		p, q := int(a.pos[i]), int(a.off[i])
		for from := max(0, p-1-a.Costs.MaxSkip); from < p; from++ {
			for j := a.after(from, q-1-a.Costs.MaxSkip); j < a.starts[from+1] && int(a.off[j]) < q; j++ {
				if cost, ok := a.cost(p-from-1, q-int(a.off[j])-1); ok {
					reach = max(reach, a.forward[j]-cost)
				}
			}
		}
		a.forward[i] = reach + a.Weight[answer[p]]
	}
	for i := len(a.pos) - 1; i >= 0; i-- {
		reach := int32(0)
		p, q := int(a.pos[i]), int(a.off[i])
		for to := min(len(answer)-1, p+1+a.Costs.MaxSkip); to > p; to-- {
			for j := a.after(to, q+1); j < a.starts[to+1] && int(a.off[j]) <= q+1+a.Costs.MaxSkip; j++ {
				if cost, ok := a.cost(to-p-1, int(a.off[j])-q-1); ok {
					reach = max(reach, a.backward[j]-cost)
				}
			}
		}
		g := a.Weight[answer[p]]
		a.backward[i] = reach + g
		a.best[p] = max(a.best[p], a.forward[i]+a.backward[i]-g)
	}
	return a.best
}

// after returns the first pair of position p whose offset is not below the given one.
func (a *Aligner) after(p, offset int) int32 {
	from, to := a.starts[p], a.starts[p+1]
	for to-from > 4 {
		if m := (from + to) / 2; int(a.off[m]) < offset {
			from = m + 1
		} else {
			to = m
		}
	}
	for from < to && int(a.off[from]) < offset {
		from++
	}
	return from
}

// cost returns what a step with the given skips on the two sides costs, and whether it is allowed.
func (a *Aligner) cost(skipAnswer, skipText int) (int32, bool) {
	d := skipAnswer - skipText
	if skipText < 0 || skipText > a.Costs.MaxSkip || d > a.Costs.Band || -d > a.Costs.Band {
		return 0, false
	}
	c := int32(max(skipAnswer, skipText)) * a.Costs.Skip
	if d != 0 {
		c += a.Costs.Shift
	}
	return c, true
}

// match lists the pairs of equal tokens.
func (a *Aligner) match(answer, text []uint32) {
	if a.places == nil {
		a.places = make(map[uint32][]int32)
	}
	clear(a.places)
	for q, t := range text {
		a.places[t] = append(a.places[t], int32(q))
	}
	a.pos, a.off, a.starts = a.pos[:0], a.off[:0], a.starts[:0]
	for p, t := range answer {
		a.starts = append(a.starts, int32(len(a.pos)))
		for _, q := range a.places[t] {
			a.pos, a.off = append(a.pos, int32(p)), append(a.off, q)
		}
	}
	a.starts = append(a.starts, int32(len(a.pos)))
	if n := len(a.pos); len(a.forward) < n {
		a.forward, a.backward = make([]int32, 2*n), make([]int32, 2*n)
	}
}
