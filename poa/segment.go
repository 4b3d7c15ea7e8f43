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
	// NormVersion names the rules of text: tokeniser, code point tables, clean form and what counts as prose. It is part
	// of the leaf of every new segment.
	NormVersion = 2
	// NormVersion1 names the first rules. Segments whose leaf has it are admitted by these rules. The rules of the answer
	// decide how a segment is cut into tokens, whatever its leaf says.
	NormVersion1 = 1
	// MinStopWordPPM is the least share of stop words among a segment's tokens in NormVersion 1, in parts per million.
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
	CodeFewStopWords       = "few_stop_words" // NormVersion 1 only
	CodeWordList           = "word_list"
	CodeRepeatedWords      = "repeated_words"
	CodeShuffledWords      = "shuffled_words"
)

// SegmentRules are the admission rules a DataNet may lift.
type SegmentRules struct {
	// AllowFewStopWords lifts the rules about prose, for DataNets of code, tables or word lists. (In version 1 it was one
	// rule, about stop words.)
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

// CheckSegment returns nil if content may be registered, and otherwise a *SegmentError for the first problem: length,
// encoding, clean form and mixed alphabets from left to right, number of tokens, whether it is prose.
func CheckSegment(content []byte, rules SegmentRules) error {
	if err := checkLength(content); err != nil {
		return err
	}
	if err := CheckText(content); err != nil {
		return err
	}
	tokens := 0
	for start, end := nextToken(content, 0); start < end; start, end = nextToken(content, end) {
		if tokens == MaxSegmentTokens {
			return tooManyTokens(start)
		}
		tokens++
	}
	if tokens == 0 {
		return noTokens()
	}
	if rules.AllowFewStopWords {
		return nil
	}
	return checkProse(content)
}

func checkLength(content []byte) error {
	if len(content) > MaxSegmentBytes {
		return &SegmentError{CodeTooLong, MaxSegmentBytes,
			fmt.Sprintf("%d bytes; split the text into segments of at most %d bytes", len(content), MaxSegmentBytes)}
	}
	return nil
}

func tooManyTokens(at int) error {
	return &SegmentError{CodeTooManyTokens, at,
		fmt.Sprintf("split the text here: a segment has at most %d tokens", MaxSegmentTokens)}
}

func noTokens() error {
	return &SegmentError{CodeEmpty, 0, "the text has no words; leave the segment out"}
}

// CheckSegmentNorm is CheckSegment by the rules of an earlier NormVersion; an unknown one stands for the latest.
func CheckSegmentNorm(norm uint8, content []byte, rules SegmentRules) error {
	if norm == NormVersion1 {
		return checkSegmentV1(content, rules)
	}
	return CheckSegment(content, rules)
}

// checkSegment checks a segment of evidence by the rules norm, and returns its token ids by the rules that the answer
// is cut with. Whether text of version 2 is prose has been decided once, by the validators who hold it: nothing else is
// payable.
func checkSegment(norm uint8, content []byte, rules SegmentRules, answer uint8) ([]TokenID, error) {
	if norm != NormVersion1 {
		rules.AllowFewStopWords = true
	}
	if err := CheckSegmentNorm(norm, content, rules); err != nil {
		return nil, err
	}
	return segmentTokens(answer, content), nil
}

// SegmentTokens returns the tokens of a segment, the first MaxSegmentTokens: text that NormVersion 1 admitted may have
// more.
func SegmentTokens(content []byte) []TokenID { return segmentTokens(NormVersion, content) }

func segmentTokens(norm uint8, content []byte) []TokenID {
	tokens := make([]TokenID, 0, min(len(content)/4+1, MaxSegmentTokens))
	h := tokenHasher{norm: norm}
	for start, end := h.next(content, 0); start < end && len(tokens) < MaxSegmentTokens; start,
		end = h.next(content, end) {
		tokens = append(tokens, h.id(content[start:end]))
	}
	return tokens
}

// NewSegment returns a segment with tokens and stems of its text, the first MaxSegmentTokens.
func NewSegment(rank uint64, index uint32, content []byte) Segment {
	return newSegment(NormVersion, rank, index, content)
}

func newSegment(norm uint8, rank uint64, index uint32, content []byte) Segment {
	s := Segment{Rank: rank, Index: index}
	h := tokenHasher{norm: norm}
	for start, end := h.next(content, 0); start < end && len(s.Tokens) < MaxSegmentTokens; start,
		end = h.next(content, end) {
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
	return SegmentLeafNorm(NormVersion, index, contributor, content)
}

// SegmentLeafNorm is SegmentLeaf of a segment that was registered under another NormVersion. 0 stands for the latest.
func SegmentLeafNorm(norm uint8, index uint32, contributor []byte, content []byte) Hash {
	if norm == 0 {
		norm = NormVersion
	}
	sum := sha256.Sum256(content)
	b := make([]byte, 0, 4+1+len(contributor)+1+4+len(sum))
	b = binary.BigEndian.AppendUint32(b, index)
	b = appendShort(b, contributor)
	b = append(b, norm)
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
