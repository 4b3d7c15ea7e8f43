package poa

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
)

const (
	// MaxSegmentBytes is the longest segment, in bytes.
	MaxSegmentBytes = 4096
	// MaxSegmentTokens is the longest segment, in tokens.
	MaxSegmentTokens = 512
	// NormVersion names the tokeniser, the code point tables and the stop words; it is part of every segment's leaf.
	NormVersion = 1
	// MinStopWordPPM is the least share of stop words among a segment's tokens, in parts per million.
	MinStopWordPPM = 200_000
)

// Codes of SegmentError, stable names for clients.
const (
	CodeEmpty              = "empty"
	CodeTooLong            = "too_long"
	CodeTooManyTokens      = "too_many_tokens"
	CodeInvalidUTF8        = "invalid_utf8"
	CodeForbiddenCodePoint = "forbidden_code_point"
	CodeMixedScript        = "mixed_script"
	CodeFewStopWords       = "few_stop_words"
)

// SegmentRules are the admission rules a DataNet may lift.
type SegmentRules struct {
	// AllowFewStopWords lifts MinStopWordPPM, for DataNets of code or tables.
	AllowFewStopWords bool
}

// SegmentError says why a segment is refused. It wraps ErrSegment.
type SegmentError struct {
	// Code is one of the Code constants.
	Code string
	// Offset is the byte in the content where the problem starts.
	Offset int
	// Detail says what to change.
	Detail string
}

// Error returns code, place and remedy in one line.
func (e *SegmentError) Error() string {
	return fmt.Sprintf("%s: %s at byte %d: %s", ErrSegment.Error(), e.Code, e.Offset, e.Detail)
}

// Unwrap returns ErrSegment.
func (e *SegmentError) Unwrap() error { return ErrSegment }

// CheckSegment returns nil if content may be registered, and otherwise a *SegmentError for the first problem: length, encoding
// and code points from left to right, mixed scripts within a token, number of tokens, share of stop words.
func CheckSegment(content []byte, rules SegmentRules) error {
	_, err := checkSegment(content, rules)
	return err
}

// checkSegment is CheckSegment and returns the content's token ids.
func checkSegment(content []byte, rules SegmentRules) ([]TokenID, error) {
	if len(content) > MaxSegmentBytes {
		return nil, &SegmentError{CodeTooLong, MaxSegmentBytes, fmt.Sprintf("%d bytes; split the text into segments of at most %d bytes", len(content), MaxSegmentBytes)}
	}
	if err := checkCodePoints(content); err != nil {
		return nil, err
	}
	tokens := make([]TokenID, 0, MaxSegmentTokens)
	stops := 0
	h := tokenHasher{}
	for start, end := nextToken(content, 0); start < end; start, end = nextToken(content, end) {
		if len(tokens) == MaxSegmentTokens {
			return nil, &SegmentError{CodeTooManyTokens, start, fmt.Sprintf("split the text here: a segment has at most %d tokens", MaxSegmentTokens)}
		}
		id := h.id(content[start:end])
		if isStopWord(id) {
			stops++
		}
		tokens = append(tokens, id)
	}
	if len(tokens) == 0 {
		return nil, &SegmentError{CodeEmpty, 0, "the text has no words; leave the segment out"}
	}
	if !rules.AllowFewStopWords && uint64(stops)*1_000_000 < uint64(len(tokens))*MinStopWordPPM {
		return nil, &SegmentError{CodeFewStopWords, 0, fmt.Sprintf("%d of %d words are common ones, at least %d %% must be; write whole sentences instead of word lists, or use a DataNet that accepts code and tables", stops, len(tokens), MinStopWordPPM/10_000)}
	}
	return tokens, nil
}

// NewSegment returns a segment with tokens and stems of its text.
func NewSegment(rank uint64, index uint32, content []byte) Segment {
	s := Segment{Rank: rank, Index: index}
	h := tokenHasher{}
	for start, end := nextToken(content, 0); start < end; start, end = nextToken(content, end) {
		id := h.id(content[start:end])
		s.Tokens = append(s.Tokens, id)
		s.Stems = append(s.Stems, h.stemOf(id))
	}
	return s
}

// SegmentLeaf returns the leaf of a segment in its contribution's tree:
// SHA-256(0x00 ‖ be32 index ‖ len8 contributor ‖ contributor ‖ NormVersion ‖ be32 length ‖ SHA-256(content)).
// contributor is the account's raw address of at most 254 bytes (appendShort describes longer ones).
func SegmentLeaf(index uint32, contributor []byte, content []byte) Hash {
	sum := sha256.Sum256(content)
	b := make([]byte, 0, 4+1+len(contributor)+1+4+len(sum))
	b = binary.BigEndian.AppendUint32(b, index)
	b = appendShort(b, contributor)
	b = append(b, NormVersion)
	b = binary.BigEndian.AppendUint32(b, uint32(len(content)))
	b = append(b, sum[:]...)
	return LeafHash(b)
}

// CommitHash returns what a contributor commits to before revealing a contribution with the given root:
// SHA-256("openledger/commit/v1" ‖ root ‖ len8 contributor ‖ contributor ‖ len8 salt ‖ salt).
func CommitHash(root Hash, contributor, salt []byte) Hash {
	b := append([]byte("openledger/commit/v1"), root[:]...)
	b = appendShort(b, contributor)
	b = appendShort(b, salt)
	return hashConcat(b)
}
