package poa

// Attribute applies method SPAN (ATTRIBUTION, section 3) to an answer and a set of segments.
//
// A match of answer position p with an equal token of segment s adds the token's surprisal. An alignment is a sequence of matches
// of one segment that moves forward on both sides; between two matches at most MaxSkip tokens are skipped on either side, the
// longer skip costs SkipBits per token, and if the two skips differ, by at most Band, the change of diagonal costs ShiftBits. s
// qualifies at p if p is matched on an alignment of at least ThresholdBits. p belongs to the qualified segment of lowest (rank,
// index) and pays it the surprisal of its token; every other position, hidden or not, weighs HiddenBits and is unattributed.
//
// The order of segments does not matter; two with the same rank and index are ErrDuplicateSegment. Answers above
// MaxAnswerTokens and segments above MaxSegmentTokens are ErrOversize. Work and memory grow with the number of pairs of equal
// tokens, at most 512 · 4096 per segment (16 bytes each, freed for the next segment).
func Attribute(a Answer, segments []Segment, stats *Statistics) (Attribution, error) {
	if err := a.validate(); err != nil {
		return Attribution{}, err
	}
	l, err := newLibrary(stats)
	if err != nil {
		return Attribution{}, err
	}
	for p, id := range a.Tokens {
		if !a.hidden(p) {
			l.intern(id)
		}
	}
	l.closed = true
	list := make([]int, len(segments))
	for i, s := range segments {
		if err := l.add(s); err != nil {
			return Attribution{}, err
		}
		list[i] = i
	}
	return l.attribute(&workspace{}, a, list), nil
}
