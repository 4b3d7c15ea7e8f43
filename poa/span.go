package poa

import (
	"cmp"
	"fmt"
)

// Parameters of method SPAN (README.md, section 4), frozen with MethodSPAN.
const (
	// MaxAnswerTokens is the longest answer that can be attributed, in canonical tokens.
	MaxAnswerTokens = 4096
	// ThresholdBits is the least score of an alignment that qualifies.
	ThresholdBits = 100
	// SkipBits is the cost of one skipped token; of the two sides the longer skip counts.
	SkipBits = 6
	// ShiftBits is the cost of a change of diagonal.
	ShiftBits = 16
	// MaxSkip is the largest number of tokens skipped between two matches, on either side.
	MaxSkip = 6
	// Band is the largest change of diagonal between two matches.
	Band = 2
	// SeedBits is the least surprisal of a seed.
	SeedBits = 36
	// MinSeedTokens and MaxSeedTokens bound the length of a seed.
	MinSeedTokens, MaxSeedTokens = 2, 6
	// AnchorReach is how far the alignment that anchors a segment reaches beyond its seed, in tokens.
	AnchorReach = 24
	// MaxPostings is the number of segments that one seed admits, the first in the order of rank and index.
	MaxPostings = 4

	seedQ16 int32 = SeedBits << 16
)

// Answer is an answer as far as it is opened.
type Answer struct {
	// Tokens has one id per position; the ids of hidden positions are ignored.
	Tokens []TokenID
	// Hidden marks positions that never match. Nil means that all are visible; otherwise it has one element per token.
	Hidden []bool
	// Stems are those of the words, 0 for stop words, as by the function Stems; only method RAG needs them. Nil, or one
	// per token.
	Stems []TokenID
	// Meanings are those of the words and Marks say where sentences start and end; only method MEANING needs them. Nil, or
	// one per token.
	Meanings []Meaning `json:",omitempty"`
	Marks    []uint8   `json:",omitempty"`
	// Weight is how much the answer says, as by the function Weight; only method MEANING needs it.
	Weight uint32 `json:",omitempty"`
}

// Segment is one segment of a contribution; NewSegment makes one from its text.
type Segment struct {
	// Rank is the global order of the contribution's commit; the lower one is earlier.
	Rank uint64
	// Index is the segment's place in its contribution.
	Index uint32
	// Tokens are at most MaxSegmentTokens ids.
	Tokens []TokenID
	// Stems are those of the words, 0 for stop words, as by the function Stems; only method RAG needs them.
	Stems []TokenID
	// Concepts are those of the words, by blocks of BlockStems words that are not stop words, as by Interpret, and Stemmed
	// the number of these words; only method MEANING needs them.
	Concepts [][]Sense `json:",omitempty"`
	Stemmed  int       `json:",omitempty"`
	// Derived says what part of the segment's pay belongs to earlier contributions.
	Derived []Derivation
}

// Derivation passes a part of what a segment earns to the contribution it was derived from.
type Derivation struct {
	Rank uint64
	// PPM of the segment's pay; at most TotalPPM over all derivations of a segment.
	PPM uint32
}

func compareSegments(a, b Segment) int {
	return cmp.Or(cmp.Compare(a.Rank, b.Rank), cmp.Compare(a.Index, b.Index))
}

func (a Answer) validate() error {
	if len(a.Tokens) > MaxAnswerTokens {
		return fmt.Errorf("%w: answer of %d tokens, at most %d are allowed", ErrOversize, len(a.Tokens), MaxAnswerTokens)
	}
	if a.Hidden != nil && len(a.Hidden) != len(a.Tokens) {
		return fmt.Errorf("%w: mask of %d positions for %d tokens", ErrAnswer, len(a.Hidden), len(a.Tokens))
	}
	if a.Stems != nil && len(a.Stems) != len(a.Tokens) {
		return fmt.Errorf("%w: %d stems for %d tokens", ErrAnswer, len(a.Stems), len(a.Tokens))
	}
	if (a.Meanings != nil || a.Marks != nil) && (len(a.Meanings) != len(a.Tokens) || len(a.Marks) != len(a.Tokens)) {
		return fmt.Errorf("%w: %d meanings and %d marks for %d tokens", ErrAnswer, len(a.Meanings), len(a.Marks),
			len(a.Tokens))
	}
	return nil
}

func (a Answer) hidden(position int) bool { return a.Hidden != nil && a.Hidden[position] }

// stem returns the stem at a position, 0 if it has none or it is not known.
func (a Answer) stem(position int) TokenID {
	if a.Stems == nil || a.hidden(position) {
		return 0
	}
	return a.Stems[position]
}

func (s Segment) validate() error {
	if len(s.Tokens) > MaxSegmentTokens {
		return fmt.Errorf("%w: segment %d of rank %d has %d tokens, at most %d are allowed", ErrOversize, s.Index, s.Rank,
			len(s.Tokens), MaxSegmentTokens)
	}
	if s.Stems != nil && len(s.Stems) != len(s.Tokens) {
		return fmt.Errorf("%w: segment %d of rank %d has %d stems for %d tokens", ErrAnswer, s.Index, s.Rank, len(s.Stems),
			len(s.Tokens))
	}
	total := uint64(0)
	for _, d := range s.Derived {
		total += uint64(d.PPM)
	}
	if total > TotalPPM {
		return fmt.Errorf("%w: derivations of segment %d of rank %d sum to %d ppm", ErrWeights, s.Index, s.Rank, total)
	}
	return nil
}
