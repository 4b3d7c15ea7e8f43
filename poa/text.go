package poa

import (
	"crypto/sha256"
	"encoding/binary"
)

// TokenID is the first eight bytes, big endian, of SHA-256 of the lowered token.
type TokenID uint64

// Token is one token of a text: text[Start:End] are its bytes as written.
type Token struct {
	ID         TokenID
	Start, End int
}

// Tokenize cuts text into canonical tokens (ATTRIBUTION, section 1). ASCII letters are lowered. A token is a maximal run of
// a-z, 0-9 and bytes ≥ 0x80, except that each code point with a lead byte ≥ 0xE3 and each Thai code point (0xE0 0xB8–0xBB) is
// a token of its own. It is total: on invalid UTF-8 a code point is its lead byte and the continuation bytes that do follow.
func Tokenize(text []byte) []Token {
	var tokens []Token
	h := tokenHasher{}
	for start, end := nextToken(text, 0); start < end; start, end = nextToken(text, end) {
		tokens = append(tokens, Token{ID: h.id(text[start:end]), Start: start, End: end})
	}
	return tokens
}

// TokenIDs returns the ids of Tokenize(text).
func TokenIDs(text []byte) []TokenID {
	var ids []TokenID
	h := tokenHasher{}
	for start, end := nextToken(text, 0); start < end; start, end = nextToken(text, end) {
		ids = append(ids, h.id(text[start:end]))
	}
	return ids
}

// countTokens returns len(Tokenize(text)) without hashing.
func countTokens(text []byte) int {
	n := 0
	for start, end := nextToken(text, 0); start < end; start, end = nextToken(text, end) {
		n++
	}
	return n
}

// nextToken returns the first token at or after from, or two equal offsets if there is none.
func nextToken(text []byte, from int) (start, end int) {
	i := from
	for i < len(text) && !tokenByte(text[i]) {
		i++
	}
	start = i
	for i < len(text) && tokenByte(text[i]) {
		if n := standaloneLen(text, i); n > 0 {
			if i == start {
				return start, i + n
			}
			break
		}
		i++
	}
	return start, i
}

func tokenByte(c byte) bool {
	return c >= 0x80 || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

// standaloneLen returns the length of the code point at i if it is a token of its own, and 0 otherwise.
func standaloneLen(text []byte, i int) int {
	lead := text[i]
	want := 0
	switch {
	case lead >= 0xF8:
		want = 1
	case lead >= 0xF0:
		want = 4
	case lead >= 0xE3:
		want = 3
	case lead == 0xE0 && i+1 < len(text) && text[i+1] >= 0xB8 && text[i+1] <= 0xBB:
		want = 3
	default:
		return 0
	}
	n := 1
	for n < want && i+n < len(text) && text[i+n]&0xC0 == 0x80 {
		n++
	}
	return n
}

// tokenHasher keeps the buffer that tokens are lowered in.
type tokenHasher struct{ buf []byte }

func (h *tokenHasher) id(token []byte) TokenID {
	h.buf = append(h.buf[:0], token...)
	for i, c := range h.buf {
		if c >= 'A' && c <= 'Z' {
			h.buf[i] = c + 'a' - 'A'
		}
	}
	return hashToken(h.buf)
}

// hashToken returns the id of a lowered token.
func hashToken(token []byte) TokenID {
	sum := sha256.Sum256(token)
	return TokenID(binary.BigEndian.Uint64(sum[:8]))
}
