package poa

import (
	"encoding/binary"
	"fmt"
)

const (
	// MaxEvidenceBytes is the largest encoded evidence of one batch.
	MaxEvidenceBytes = 1 << 20
	// MaxPathLength is the longest Merkle path of a segment in its contribution.
	MaxPathLength = 32

	// maxWord is the longest token that is disclosed as text, in bytes.
	maxWord = 255

	evidenceMagic = "OLEVD1\n"
)

// Opening discloses one token of an answer.
type Opening struct {
	// Position is the token's place in the answer, from 0.
	Position uint32
	Token    TokenID
	// Word is the lowered token itself, at most maxWord bytes; nil discloses the id only, and then the token has no stem.
	Word []byte
	// Salt is PositionSalt of the call key.
	Salt Salt
	// Marks are committed with the token by method MEANING.
	Marks uint8 `json:",omitempty"`
}

// leaf returns the opening's leaf in the answer's tree.
func (o Opening) leaf() Hash { return AnswerLeaf(markedPosition(o.Position, o.Marks), o.Token, o.Salt) }

// SegmentProof is a segment's text and its path in the contribution.
type SegmentProof struct {
	// Rank is the contribution's commit rank, Index the segment's place in it.
	Rank  uint64
	Index uint32
	// Content is the text as registered.
	Content []byte
	// Path leads from SegmentLeaf to the contribution's root.
	Path []Hash
}

// AnswerEvidence opens the attributed positions of one answer.
type AnswerEvidence struct {
	// Count is the number of tokens of the answer.
	Count uint32
	// Weight is how much the answer says (the function Weight). Methods MEANING and LORA commit it; it is 0 for other
	// methods.
	Weight uint32 `json:",omitempty"`
	// Openings are strictly increasing by position.
	Openings []Opening
	// Proof is the multiproof of the openings' leaves.
	Proof []Hash
	// Segments are the segments that own positions, as strictly increasing indices into Evidence.Segments.
	Segments []uint32
	// Seeds are, for each of Segments, the answer position of the seed that anchors it; Count if it owns through windows
	// only.
	Seeds []uint32
	// Windows are those of Segments that own positions through local windows (method RAG), or that are considered for what
	// words mean (method MEANING), whether they own positions or not.
	Windows []uint32
	// Query is the query of the influence file for method LORA. It is nil for other methods, and if the part by influence
	// follows from the influence table alone.
	Query *LoraQuery `json:",omitempty"`
}

// Evidence is everything needed to recompute the attributions of one batch, and everything a dispute may use.
type Evidence struct {
	// Segments are strictly increasing by (Rank, Index).
	Segments []SegmentProof
	// Answers has one element per receipt that is not a gap, in the receipts' order.
	Answers []AnswerEvidence
}

// Validate checks order and caps; failures wrap ErrEvidenceEncoding.
func (e Evidence) Validate() error {
	for i, s := range e.Segments {
		switch {
		case len(s.Content) == 0 || len(s.Content) > MaxSegmentBytes:
			return fmt.Errorf("%w: segment %d has %d bytes; use 1 to %d", ErrEvidenceEncoding, i, len(s.Content),
				MaxSegmentBytes)
		case len(s.Path) > MaxPathLength:
			return fmt.Errorf("%w: segment %d has a path of %d hashes, at most %d are allowed", ErrEvidenceEncoding, i,
				len(s.Path), MaxPathLength)
		case i > 0 && !segmentBefore(&e.Segments[i-1], &s):
			return fmt.Errorf("%w: segment %d is out of order; sort by rank and index and list each once", ErrEvidenceEncoding,
				i)
		}
	}
	for i := range e.Answers {
		if err := e.Answers[i].validate(len(e.Segments)); err != nil {
			return fmt.Errorf("answer %d: %w", i, err)
		}
	}
	return nil
}

func segmentBefore(a, b *SegmentProof) bool {
	return a.Rank < b.Rank || a.Rank == b.Rank && a.Index < b.Index
}

func (a AnswerEvidence) validate(segments int) error {
	if a.Count > MaxAnswerTokens {
		return fmt.Errorf("%w: answer of %d tokens, at most %d are allowed", ErrEvidenceEncoding, a.Count, MaxAnswerTokens)
	}
	if a.Weight > 2*a.Count {
		return fmt.Errorf("%w: weight %d of %d tokens", ErrEvidenceEncoding, a.Weight, a.Count)
	}
	if len(a.Proof) > int(a.Count)+1 {
		return fmt.Errorf("%w: multiproof of %d hashes for %d tokens", ErrEvidenceEncoding, len(a.Proof), a.Count)
	}
	for i, o := range a.Openings {
		if o.Position >= a.Count || i > 0 && o.Position <= a.Openings[i-1].Position {
			return fmt.Errorf("%w: opening %d at position %d is out of order or range", ErrEvidenceEncoding, i, o.Position)
		}
		if o.Marks > MarkStarts|MarkEnds {
			return fmt.Errorf("%w: opening %d has marks %d", ErrEvidenceEncoding, i, o.Marks)
		}
		if o.Word != nil && (!isWord(o.Word) || hashToken(o.Word) != o.Token) {
			return fmt.Errorf("%w: opening %d does not hold one lowered token, or not that of its id", ErrEvidenceEncoding, i)
		}
	}
	for i, s := range a.Segments {
		if uint64(s) >= uint64(segments) || i > 0 && s <= a.Segments[i-1] {
			return fmt.Errorf("%w: segment reference %d to %d is out of order or range", ErrEvidenceEncoding, i, s)
		}
	}
	if len(a.Seeds) != len(a.Segments) {
		return fmt.Errorf("%w: %d seeds for %d segments", ErrEvidenceEncoding, len(a.Seeds), len(a.Segments))
	}
	for i, p := range a.Seeds {
		if p > a.Count {
			return fmt.Errorf("%w: seed %d at position %d of %d", ErrEvidenceEncoding, i, p, a.Count)
		}
	}
	return a.validateWindows()
}

// validateWindows checks that the windows are a subset of the segments, in order.
func (a AnswerEvidence) validateWindows() error {
	if len(a.Windows) > MaxMeaningSegments {
		return fmt.Errorf("%w: %d segments with windows, at most %d are allowed", ErrEvidenceEncoding, len(a.Windows),
			MaxMeaningSegments)
	}
	next := 0
	for i, s := range a.Windows {
		for next < len(a.Segments) && a.Segments[next] != s {
			next++
		}
		if next == len(a.Segments) {
			return fmt.Errorf("%w: window reference %d to %d is out of order or not among the answer's segments",
				ErrEvidenceEncoding, i, s)
		}
		next++
	}
	return nil
}

// isWord reports whether b is exactly one folded token, short enough to be disclosed, by the rules of some NormVersion:
// an encoding does not say by which, and a word under others hashes to the same token.
func isWord(b []byte) bool {
	if len(b) == 0 || len(b) > maxWord {
		return false
	}
	if smallWord(b) {
		return true
	}
	h := tokenHasher{}
	if start, end := nextToken(b, 0); start == 0 && end == len(b) {
		if h.fold(b); string(h.buf) == string(b) {
			return true
		}
	}
	return isWordV1(b)
}

// smallWord reports whether b has nothing but small ASCII letters and digits, which all rules leave as they are.
func smallWord(b []byte) bool {
	for _, c := range b {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			return false
		}
	}
	return true
}

// isWordV1 is isWord of NormVersion 1.
func isWordV1(b []byte) bool {
	for _, c := range b {
		if c >= 'A' && c <= 'Z' {
			return false
		}
	}
	start, end := nextTokenV1(b, 0)
	return start == 0 && end == len(b)
}

// MarshalBinary returns the canonical encoding (see evidence_codec.go). It needs valid evidence and returns ErrOversize
// above MaxEvidenceBytes.
func (e Evidence) MarshalBinary() ([]byte, error) {
	if err := e.Validate(); err != nil {
		return nil, err
	}
	b := appendEvidence(nil, e)
	if len(b) > MaxEvidenceBytes {
		return nil, fmt.Errorf("%w: evidence of %d bytes, at most %d are allowed; send fewer receipts per batch", ErrOversize,
			len(b), MaxEvidenceBytes)
	}
	return b, nil
}

// Root returns the bundle root: SHA-256(0x04 ‖ be32 segments ‖ be32 answers ‖ Merkle root), where the leaves are
// LeafHash of the encoding of every segment, then of every answer.
func (e Evidence) Root() Hash {
	return bundleRoot(uint32(len(e.Segments)), uint32(len(e.Answers)), MerkleRoot(e.leaves()))
}

func bundleRoot(segments, answers uint32, tree Hash) Hash {
	b := []byte{domainEvidence}
	b = binary.BigEndian.AppendUint32(b, segments)
	b = binary.BigEndian.AppendUint32(b, answers)
	return hashConcat(b, tree[:])
}

func (e Evidence) leaves() []Hash {
	leaves := make([]Hash, 0, len(e.Segments)+len(e.Answers))
	var buf []byte
	for i := range e.Segments {
		buf = appendSegmentProof(buf[:0], &e.Segments[i])
		leaves = append(leaves, LeafHash(buf))
	}
	for i := range e.Answers {
		buf = appendAnswerEvidence(buf[:0], &e.Answers[i])
		leaves = append(leaves, LeafHash(buf))
	}
	return leaves
}
