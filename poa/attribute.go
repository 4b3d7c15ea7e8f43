package poa

import (
	"fmt"
	"slices"
)

var errNoStatistics = fmt.Errorf("%w: none given; use ProtocolStatistics", ErrStatistics)

// Attribute applies method SPAN (README.md, section 4) to an answer and all segments of a manifest.
//
// A match of answer position p with an equal token of segment s adds the token's surprisal. An alignment is a sequence
// of matches of one segment that moves forward on both sides; between two matches at most MaxSkip tokens are skipped on
// either side, the longer skip costs SkipBits per token, and if the two skips differ, by at most Band, the change of
// diagonal costs ShiftBits.
//
// A seed is the shortest run of MinSeedTokens to MaxSeedTokens tokens of at least SeedBits. A seed of the answer admits
// the MaxPostings segments of lowest (rank, index) that hold a seed with the same print; it anchors a segment if its
// tokens lie in one run on an alignment of at least ThresholdBits. s qualifies at p if a seed admits and anchors s, and
// p is matched on an alignment of at least ThresholdBits. p belongs to the qualified segment of lowest (rank, index)
// and pays it the surprisal of its token; every other position, hidden or not, weighs HiddenBits and is unattributed.
//
// The order of segments does not matter; two with the same rank and index are ErrDuplicateSegment. Answers above
// MaxAnswerTokens and segments above MaxSegmentTokens are ErrOversize. Work and memory grow with the number of pairs of
// equal tokens (20 bytes each, freed for the next segment); an answer that would take more than MaxAnswerPairs is
// ErrWork, for whoever attributes or verifies it. Use an Index to attribute several answers.
func Attribute(a Answer, segments []Segment, stats *Statistics) (Attribution, error) {
	return AttributeRAG(a, segments, nil, stats)
}

// AttributeRAG applies method RAG (README.md, section 4a): SPAN over all segments, and then local windows over those
// that were retrieved, at most MaxWindowSegments, for the positions that SPAN leaves.
//
// Content words are those that are not stop words; words match if their stems are equal. Around a match of answer
// position p with content word j of segment s the score is the IDF of the answer's content words within WindowTokens of
// p whose stem the segment holds within WindowWords content words of j. p belongs to the segment with the best score,
// if that is at least WindowBits; ties go to the lower (rank, index), then to the earlier word. Answer and retrieved
// segments need Stems.
func AttributeRAG(a Answer, segments, retrieved []Segment, stats *Statistics) (Attribution, error) {
	x := NewIndex(stats)
	if err := x.Add(segments...); err != nil {
		return Attribution{}, err
	}
	return x.AttributeRAG(a, retrieved)
}

// finish applies the windows, if there are any, and returns the result, or why the work was ended.
func (w *workspace) finish(a Answer, retrieved []Segment) (Attribution, error) {
	var support []bool
	if len(retrieved) > 0 {
		support = (&windowWorkspace{}).attribute(w, a, retrieved)
	}
	if w.meter.err != nil {
		return Attribution{}, w.meter.err
	}
	result := w.result()
	for c, needed := range support {
		if needed && !w.claims[c].owned {
			result.Support = append(result.Support, uint32(w.claims[c].pos))
		}
	}
	return result, nil
}

// checkWindows returns valid retrieved segments in the order of rank and index.
func checkWindows(segments []Segment) ([]Segment, error) {
	if len(segments) > MaxWindowSegments {
		return nil, fmt.Errorf("%w: %d retrieved segments, at most %d are compared", ErrOversize, len(segments),
			MaxWindowSegments)
	}
	segments = slices.Clone(segments)
	slices.SortFunc(segments, compareSegments)
	for i, s := range segments {
		if err := s.validate(); err != nil {
			return nil, err
		}
		if i > 0 && compareSegments(segments[i-1], s) == 0 {
			return nil, fmt.Errorf("%w: rank %d, segment %d", ErrDuplicateSegment, s.Rank, s.Index)
		}
	}
	return segments, nil
}
