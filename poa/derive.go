package poa

import (
	"cmp"
	"slices"
)

// Parameters of provenance, which says what a segment is derived from. Bits are counted in sixteenths.
const (
	// DerivedPPM is the explained share of a segment above which its pay passes through.
	DerivedPPM = 250_000
	// MaxNeighbours is the largest number of earlier segments, the nearest ones, that a new one is compared with.
	MaxNeighbours = 8
	// MaxSources is the largest number of contributions that a segment passes pay on to: those with the largest shares.
	MaxSources = 8
	// DerivedTexts is the least number of texts that the rarity of a word is computed with, however few the DataNet has.
	// RareLess is deducted from the rarity.
	DerivedTexts = 256
	RareLess     = 52
	// OwnPart is in sixteenths: nobody gives this part of what a text gives itself.
	OwnPart = 1
	// A source must give more than nobody: SourceBits more, or SourcePart (in 64ths) of what the whole text gives itself,
	// whichever is larger. A 64th of that is added for each halving of the DataNet below DerivedTexts, because few texts
	// do not tell which words all texts of a field have, and SourceGrowth for each doubling above SourceTexts, because the
	// nearest of more texts is nearer by chance. The total is at most half of what the text gives itself.
	SourceBits   = 25 * 16
	SourcePart   = 8
	SourceGrowth = 4 * 16
	SourceTexts  = 2048
	// derivedSentence is the number of tokens after which a new sentence of the segment begins, so that text without full
	// stops is compared, too.
	derivedSentence = 32
	// derivedBits is the least that some stretch must give a part of an earlier segment. derivedChange is the cost of a
	// change of the part between two sentences. derivedEarlier is in sixteenths: an earlier segment that gives at least
	// this part of a stretch's sum owns the stretch.
	derivedBits    = 128
	derivedChange  = 16
	derivedEarlier = 14
	// derivedMiss is the cost of a word that the other text does not hold. derivedStrange is the cost if the table of
	// meaning does not list the word: who copies a text in other words keeps its names.
	derivedMiss    = 1
	derivedStrange = 16
)

var derivedRule = pathRule{least: derivedBits, sentence: derivedChange, earlier: derivedEarlier, single: true,
	once: true}

// subject is a segment whose sources are looked for among earlier segments.
type subject struct {
	answer Answer
	sum    []int32 // by position, and one more: the sum of what the positions before give the text itself
	texts  int     // the number of texts among which sources are looked for
}

// newSubject reads a segment's text. rarest returns the largest value of a match of a token in one of its senses.
func newSubject(content []byte, rarest func(token TokenID, concept uint32) int32) subject {
	ids, words := folded(NormVersion, content, MaxSegmentTokens)
	a := Answer{Tokens: ids, Marks: shortSentences(marks(NormVersion, content)[:len(ids)])}
	a.Meanings = newInterpreter(NormVersion).answer(ids, words, a.Marks)
	for p := range a.Meanings {
		senses := slices.Clone(a.Meanings[p].Senses) // the cache shares them with others
		for i := range senses {
			// A word that many texts hold says nothing, and does not cost what one costs that is not held.
			senses[i].Bits = max(0, min(senses[i].Bits, rarest(ids[p], senses[i].Concept)))
		}
		a.Meanings[p].Senses = senses
		switch a.Meanings[p].Cost {
		case missCost:
			a.Meanings[p].Cost = derivedMiss
		case strangeCost:
			a.Meanings[p].Cost = derivedStrange
		}
	}
	return subject{answer: a, sum: ownSums(a)}
}

// rarestMatch returns the largest value, in sixteenths of a bit, of a match of what stands in some of n texts.
func rarestMatch(n, some int) int32 {
	return int32(Log2Q16(uint64(2*max(n, DerivedTexts)+2))-Log2Q16(uint64(2*some+1)))>>12 - RareLess
}

// shortSentences cuts sentences that are longer than derivedSentence.
func shortSentences(marks []uint8) []uint8 {
	started := 0
	for i := range marks {
		if marks[i]&MarkStarts != 0 {
			started = i
		} else if i-started >= derivedSentence {
			marks[i-1] |= MarkEnds
			marks[i] |= MarkStarts
			started = i
		}
	}
	return marks
}

// ownSums returns the running sum of what the positions of a text give the text itself. A concept counts once.
func ownSums(a Answer) []int32 {
	sum := make([]int32, len(a.Tokens)+1)
	seen := make(map[uint32]struct{})
	for p, m := range a.Meanings {
		var best Sense
		for _, s := range m.Senses {
			if s.Bits > best.Bits {
				best = s
			}
		}
		if _, again := seen[best.Concept]; again {
			best.Bits = 0
		} else if best.Bits > 0 {
			seen[best.Concept] = struct{}{}
		}
		sum[p+1] = sum[p] + best.Bits
	}
	return sum
}

// derivations compares a text of a contribution with earlier segments, by the sums of method MEANING, and returns what
// part of it each of their contributions explains. It returns nil if together they explain DerivedPPM or less. An
// earlier segment with Derived passes its part on, so that a copy of a copy pays the author.
//
// The path differs from the path of an answer: nobody gives OwnPart of what the text gives itself, and a new source
// must give SourceBits more. So words of the same subject that are scattered over a text explain nothing.
func (s subject) derivations(rank uint64, earlier []considered) []Derivation {
	total := uint64(s.sum[len(s.answer.Tokens)])
	explained := uint64(0)
	var shares []share
	for _, t := range s.explained(earlier) {
		own, source := uint64(s.sum[t.to]-s.sum[t.from]), &earlier[t.place]
		explained += own
		for _, d := range source.Derived {
			if d.Rank != Nobody {
				shares = append(shares, share{rank: d.Rank, bits: d.part(own)})
			}
		}
		shares = append(shares, share{rank: source.Rank, bits: kept(own, source.Derived)})
	}
	if total == 0 || explained*TotalPPM <= total*DerivedPPM {
		return nil
	}
	var out []Derivation
	for _, m := range mergeByRank(shares) {
		if ppm := uint32(m.bits * TotalPPM / total); ppm > 0 && m.rank != rank {
			out = append(out, Derivation{Rank: m.rank, PPM: ppm})
		}
	}
	slices.SortFunc(
		out, func(a, b Derivation) int { return cmp.Or(cmp.Compare(b.PPM, a.PPM), cmp.Compare(a.Rank, b.Rank)) })
	return out[:min(len(out), MaxSources)]
}

// explained returns the stretches of a text that come from earlier segments.
func (s subject) explained(earlier []considered) []taken {
	m := &meter{}
	m.unbound() // the work is bounded by the sizes of the segments
	x := &meaningWorkspace{pathRule: derivedRule}
	x.open(s.answer)
	var sources []source
	for i := range earlier {
		sources, _ = x.parts(m, int32(i), earlier[i].Concepts, 0, sources)
	}
	if len(sources) == 0 {
		return nil
	}
	var out []taken
	for _, t := range x.derivedPath(sources, s.sum, s.toll()) {
		owner := x.earliest(sources, t)
		out = append(out, taken{from: t.from, to: t.to, place: sources[owner].segment})
	}
	return out
}

// toll returns what a source must give more than nobody, in sixteenths of a bit.
func (s subject) toll() int32 {
	own := s.sum[len(s.sum)-1]
	toll := max(SourceBits, own*SourcePart/64)
	if s.texts < DerivedTexts {
		halvings := Log2Q16(DerivedTexts) - Log2Q16(uint64(max(s.texts, 1)))
		toll += int32(uint64(own) * uint64(halvings) >> 22)
	}
	if s.texts > SourceTexts {
		toll += int32(uint64(Log2Q16(uint64(s.texts))-Log2Q16(SourceTexts)) * SourceGrowth >> 16)
	}
	return min(toll, own/2)
}

// derivedPath returns the stretches of the path with the largest sum. own is what the text gives itself, and enter is
// the cost of a new source. A change between parts of one segment costs the same as in an answer, and a change to
// another segment costs enter. Ties are broken as in an answer.
func (x *meaningWorkspace) derivedPath(sources []source, own []int32, enter int32) []stretch {
	n, k := len(x.cost), len(sources)
	value, before := make([]int32, k+1), make([]int32, k+1) // nobody is the last
	for s := range k {
		value[s] = -enter
	}
	inSegment := make([]int, sources[k-1].segment+1) // the best state of each
	from := make([]uint16, n*(k+1))                  // the state before each
	for p := range n {
		before, value = value, before
		best := k
		for i := range inSegment {
			inSegment[i] = k
		}
		for s := range k {
			if before[s] > before[best] {
				best = s
			}
			if b := &inSegment[sources[s].segment]; *b == k || before[s] > before[*b] {
				*b = s
			}
		}
		change := x.change(p)
		for s := range k {
			v, state := before[s], s
			if b := inSegment[sources[s].segment]; before[b]-change > v {
				v, state = before[b]-change, b
			}
			if before[best]-enter > v {
				v, state = before[best]-enter, best
			}
			value[s], from[p*(k+1)+s] = v+sources[s].sum[p+1]-sources[s].sum[p], uint16(state)
		}
		v, state := before[k], k
		if before[best] > v {
			v, state = before[best], best
		}
		value[k], from[p*(k+1)+k] = v+(own[p+1]-own[p])*OwnPart/16, uint16(state)
	}
	state := k
	for s := range k {
		if value[s] > value[state] {
			state = s
		}
	}
	return stretches(from, n, k, state)
}
