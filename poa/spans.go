package poa

import "slices"

// Span is a maximal run of answer tokens that stands word for word in registered text, for people to look at; nothing
// is paid by it.
type Span struct {
	// Position is the first answer position, Length the number of tokens.
	Position, Length uint32
	// Bits is the surprisal of the run, Q16.
	Bits int64
	// Sources hold the run, in the order of rank and index; at most MaxPostings of those that a seed in it admits.
	Sources []SpanSource
}

// SpanSource is one place where a span stands.
type SpanSource struct {
	Rank            uint64
	Segment, Offset uint32
}

// Spans returns the maximal spans of an answer of at least minBits (Q16), by position: none lies inside another, and
// none can be made longer in any of its sources. Spans shorter than a seed are not found.
func (x *Index) Spans(a Answer, minBits int64) ([]Span, error) {
	if x.stats == nil {
		return nil, errNoStatistics
	}
	if err := a.validate(); err != nil {
		return nil, err
	}
	s := x.borrow()
	defer x.scratch.Put(s)
	s.work.open(a, x.stats)
	defer s.work.close()
	x.find(s, a.Tokens)
	var runs []Span
	for _, g := range s.groups {
		segment := x.Segment(g.segment)
		s.work.chained = false
		s.work.chain(segment.Tokens)
		for _, h := range s.hits[g.from:g.to] {
			runs = s.work.runs(runs, segment, uint32(h&0xFFFF))
		}
	}
	return maximal(runs, minBits), nil
}

// runs appends the exact runs of the segment through the seed at a position.
func (w *workspace) runs(spans []Span, s Segment, position uint32) []Span {
	c, length := w.seedAt(position)
	for q := w.heads[w.claims[c].slot]; length > 0 && q != 0; q = w.next[q-1] {
		off := int(q - 1)
		left, right := 0, 0
		for c-left > 0 && off-left > 0 && int(w.claims[c-left-1].pos) == int(position)-left-1 &&
			w.tokens[c-left-1] == s.Tokens[off-left-1] {
			left++
		}
		bits := int64(0)
		for c+right < len(w.claims) && off+right < len(s.Tokens) && int(w.claims[c+right].pos) == int(position)+right &&
			w.tokens[c+right] == s.Tokens[off+right] {
			right++
		}
		if right < length {
			continue
		}
		for i := c - left; i < c+right; i++ {
			bits += int64(w.weight[w.claims[i].slot])
		}
		spans = append(spans, Span{
			Position: position - uint32(left), Length: uint32(left + right), Bits: bits,
			Sources: []SpanSource{{s.Rank, s.Index, uint32(off - left)}},
		})
	}
	return spans
}

// maximal joins the sources of equal runs and drops runs inside others.
func maximal(runs []Span, minBits int64) []Span {
	// By position, longest first, otherwise in the order of the sources.
	slices.SortStableFunc(runs, func(a, b Span) int {
		if a.Position != b.Position {
			return int(a.Position) - int(b.Position)
		}
		return int(b.Length) - int(a.Length)
	})
	var out []Span
	end := uint32(0)
	for _, r := range runs {
		last := len(out) - 1
		switch {
		case last >= 0 && out[last].Position == r.Position && out[last].Length == r.Length:
			l := &out[last]
			if len(l.Sources) < MaxPostings && !slices.Contains(l.Sources, r.Sources[0]) {
				l.Sources = append(l.Sources, r.Sources[0])
			}
		case r.Bits >= minBits && r.Position+r.Length > end:
			out = append(out, r)
			end = r.Position + r.Length
		}
	}
	return out
}
