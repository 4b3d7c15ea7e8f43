package poa

import (
	"encoding/binary"
	"fmt"
)

// Parameters of method SPAN (ATTRIBUTION, section 3), frozen with MethodSPAN.
const (
	// MaxAnswerTokens is the longest answer that can be attributed, in canonical tokens.
	MaxAnswerTokens = 4096
	// ThresholdBits is the least score of an alignment that qualifies.
	ThresholdBits = 90
	// SkipBits is the cost of one skipped token; of the two sides the longer skip counts.
	SkipBits = 6
	// ShiftBits is the cost of a change of diagonal.
	ShiftBits = 16
	// MaxSkip is the largest number of tokens skipped between two matches, on either side.
	MaxSkip = 6
	// Band is the largest change of diagonal between two matches.
	Band = 2
)

// Answer is an answer as far as it is opened.
type Answer struct {
	// Tokens has one id per position; the ids of hidden positions are ignored.
	Tokens []TokenID
	// Hidden marks positions that never match. Nil means that all are visible; otherwise it has one element per token.
	Hidden []bool
}

// Segment is one segment of a contribution.
type Segment struct {
	// Rank is the global order of the contribution's commit; the lower one is earlier.
	Rank uint64
	// Index is the segment's place in its contribution.
	Index uint32
	// Tokens are at most MaxSegmentTokens ids.
	Tokens []TokenID
}

// Row is a maximal run of answer positions owned by one segment on one diagonal.
type Row struct {
	// Position is the first answer position, Length the number of positions.
	Position, Length uint32
	// Rank and Segment name the owner, Offset is its token at Position.
	Rank            uint64
	Segment, Offset uint32
	// Score is that of the best alignment through the run, in Q16 bits.
	Score int32
}

// Attribution is the result for one answer.
type Attribution struct {
	// Rows are ordered by position and do not overlap.
	Rows []Row
	// Entries are at most MaxEntries, by descending weight, ties by ascending rank.
	Entries []Entry
	// UnattributedPPM is the rest: entries and rest sum to exactly 1,000,000.
	UnattributedPPM uint32
}

// RowsRoot returns the evidence root: the Merkle root over
// LeafHash(be32 position ‖ be32 length ‖ be64 rank ‖ be32 segment ‖ be32 offset ‖ be32 score).
func RowsRoot(rows []Row) Hash {
	leaves := make([]Hash, len(rows))
	for i, r := range rows {
		b := make([]byte, 0, 28)
		b = binary.BigEndian.AppendUint32(b, r.Position)
		b = binary.BigEndian.AppendUint32(b, r.Length)
		b = binary.BigEndian.AppendUint64(b, r.Rank)
		b = binary.BigEndian.AppendUint32(b, r.Segment)
		b = binary.BigEndian.AppendUint32(b, r.Offset)
		b = binary.BigEndian.AppendUint32(b, uint32(r.Score))
		leaves[i] = LeafHash(b)
	}
	return MerkleRoot(leaves)
}

func (a Answer) validate() error {
	if len(a.Tokens) > MaxAnswerTokens {
		return fmt.Errorf("%w: answer of %d tokens, at most %d are allowed", ErrOversize, len(a.Tokens), MaxAnswerTokens)
	}
	if a.Hidden != nil && len(a.Hidden) != len(a.Tokens) {
		return fmt.Errorf("%w: mask of %d positions for %d tokens", ErrAnswer, len(a.Hidden), len(a.Tokens))
	}
	return nil
}

func (a Answer) hidden(position int) bool { return a.Hidden != nil && a.Hidden[position] }
