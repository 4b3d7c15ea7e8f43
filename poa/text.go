package poa

import (
	"crypto/sha256"
	"encoding/binary"
)

// TokenID is the first eight bytes, big endian, of SHA-256 of the folded token.
type TokenID uint64

// Token is one token of a text: text[Start:End] are its bytes as written.
type Token struct {
	ID         TokenID
	Start, End int
}

// maxMarks is how many marks a letter may carry, and maxHyphenBlanks how many blanks may stand around a line end within
// a word.
const (
	maxMarks        = 12
	maxHyphenBlanks = 64
)

// Tokenize cuts text into canonical tokens by the rules of NormVersion (README, section 1). A token is a run of
// letters, marks and numbers; in scripts that write no spaces between words each letter with its marks is one. It ends
// where Greek and Latin letters meet. A hyphen at the end of a line, between small letters, does not end it. Its id is
// that of the folded token: small letters in Unicode's form NFC, without what is not seen. Text that is not UTF-8
// separates.
func Tokenize(text []byte) []Token {
	return tokenize(text, NormVersion)
}

// TokenizeNorm is Tokenize by the rules of an earlier NormVersion; an unknown one stands for the latest.
func TokenizeNorm(norm uint8, text []byte) []Token { return tokenize(text, norm) }

func tokenize(text []byte, norm uint8) []Token {
	var tokens []Token
	h := tokenHasher{norm: norm}
	for start, end := h.next(text, 0); start < end; start, end = h.next(text, end) {
		tokens = append(tokens, Token{ID: h.id(text[start:end]), Start: start, End: end})
	}
	return tokens
}

// TokenIDs returns the ids of Tokenize(text).
func TokenIDs(text []byte) []TokenID {
	var ids []TokenID
	h := tokenHasher{}
	for start, end := h.next(text, 0); start < end; start, end = h.next(text, end) {
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

// Alphabets that end a token where they meet.
const (
	alphabetOther = iota
	alphabetLatin
	alphabetGreek
)

// nextToken returns the first token at or after from, or two equal offsets if there is none.
func nextToken(text []byte, from int) (start, end int) {
	for i := from; i < len(text); {
		if c := text[i]; c < 0x80 {
			if wordByte(c) {
				return i, wordEnd(text, i)
			}
			i++
			continue
		}
		c, size := decodeRune(text[i:])
		if size == 0 {
			i++
			continue
		}
		switch unicodeV2.of(c).class {
		case classWord:
			return i, wordEnd(text, i)
		case classAlone:
			return i, aloneEnd(text, i+size)
		}
		i += size
	}
	return len(text), len(text)
}

func wordByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

// wordEnd returns where the word that starts at i ends.
func wordEnd(text []byte, i int) int {
	end, alphabet, marks := i, alphabetOther, 0
	letter := false // the last is a letter, not a number
	for i < len(text) {
		c := text[i]
		if c < 0x80 {
			if wordByte(c) {
				if letter = c > '9'; letter {
					if alphabet == alphabetGreek {
						return end
					}
					alphabet = alphabetLatin
				}
				i++
				end, marks = i, 0
				continue
			}
			if c == '-' && letter {
				if next := overLineEnd(text, i+1); next > 0 {
					i = next
					continue
				}
			}
			return end
		}
		r, size := decodeRune(text[i:])
		if size == 0 {
			return end
		}
		switch unicodeV2.of(r).class {
		case classWord:
			if a := alphabetOf(r); a != alphabetOther {
				if alphabet != alphabetOther && a != alphabet {
					return end
				}
				alphabet = a
			}
			i += size
			end, marks, letter = i, 0, true
		case classMark, classStacker:
			if marks++; marks > maxMarks {
				return end
			}
			i += size
			end = i
		case classIgnorable, classJoiner, classVariant:
			if r == softHyphen && letter {
				if next := overLineEnd(text, i+size); next > 0 {
					i = next
					continue
				}
			}
			i += size // part of the token if a letter follows
		default:
			if r == hyphen && letter {
				if next := overLineEnd(text, i+size); next > 0 {
					i = next
					continue
				}
			}
			return end
		}
	}
	return end
}

const (
	softHyphen = 0x00AD
	hyphen     = 0x2010
)

// overLineEnd returns where a word goes on behind a hyphen at the end of a line, or 0 if it does not: one line end, few
// blanks around it, then a small letter.
func overLineEnd(text []byte, i int) int {
	lines, limit := 0, i+maxHyphenBlanks
	for ; i < len(text) && i < limit; i++ {
		switch c := text[i]; {
		case c == ' ' || c == '\t' || c == '\r':
		case c == '\n':
			if lines++; lines > 1 {
				return 0
			}
		case lines == 0:
			return 0
		case c < 0x80:
			if c >= 'a' && c <= 'z' {
				return i
			}
			return 0
		default:
			r, size := decodeRune(text[i:])
			if p := unicodeV2.of(r); size > 0 && p.class == classWord && p.flags&flagFolds == 0 {
				return i
			}
			return 0
		}
	}
	return 0
}

// aloneEnd returns where a token ends whose first letter, of a script without spaces, ends at i: behind its marks, the
// letters under it and the other letters of a Hangul syllable.
func aloneEnd(text []byte, i int) int {
	end, marks, stacked := i, 0, false
	for i < len(text) && text[i] >= 0x80 {
		r, size := decodeRune(text[i:])
		if size == 0 {
			return end
		}
		p := unicodeV2.of(r)
		switch {
		case p.class == classMark || p.class == classStacker:
			stacked = stacked || p.class == classStacker
		case p.class == classAlone && (stacked || p.flags&flagBack != 0):
			stacked = false
		case p.class == classIgnorable || p.class == classJoiner:
			i += size
			continue
		default:
			return end
		}
		if marks++; marks > maxMarks {
			return end
		}
		i += size
		end = i
	}
	return end
}

// alphabetOf tells Greek and Latin letters, in whatever form they are written.
func alphabetOf(c uint32) int {
	switch p := unicodeV2.of(c); {
	case p.flags&flagCleans != 0:
		c = unicodeV2.clean[c][0]
	case p.flags&flagNotForm != 0:
		c = unicodeV2.parts[c][0]
	}
	switch {
	case c < 0x80:
		if wordByte(byte(c)) && c > '9' {
			return alphabetLatin
		}
	case c == 0xB5 || c >= 0x0370 && c <= 0x03E1 || c >= 0x03F0 && c <= 0x03FF || c >= 0x1F00 && c <= 0x1FFF:
		return alphabetGreek
	case c >= 0xC0 && c <= 0x02AF && c != 0xD7 && c != 0xF7, c >= 0x1E00 && c <= 0x1EFF, c >= 0x2C60 && c <= 0x2C7F,
		c >= 0xA720 && c <= 0xA7FF:
		return alphabetLatin
	}
	return alphabetOther
}

// tokenHasher keeps the buffers that tokens are folded in. Its zero value is for NormVersion.
type tokenHasher struct {
	norm  uint8
	buf   []byte
	runes []uint32
}

// next returns the first token at or after from, by the hasher's rules.
func (h *tokenHasher) next(text []byte, from int) (start, end int) {
	if h.norm == NormVersion1 {
		return nextTokenV1(text, from)
	}
	return nextToken(text, from)
}

// id returns the id of a token, whose folded form stays in h.buf.
func (h *tokenHasher) id(token []byte) TokenID {
	h.fold(token)
	return hashToken(h.buf)
}

// fold puts the folded form of a token into h.buf.
func (h *tokenHasher) fold(token []byte) {
	h.buf = append(h.buf[:0], token...)
	plain := true
	for i, c := range h.buf {
		switch {
		case c >= 'A' && c <= 'Z':
			h.buf[i] = c + 'a' - 'A'
		case !wordByte(c):
			plain = false
		}
	}
	if plain || h.norm == NormVersion1 || h.folded() {
		return
	}
	h.runes = h.runes[:0]
	for i := 0; i < len(token); {
		c, size := decodeRune(token[i:])
		if size == 0 {
			i++
			continue
		}
		i += size
		p := unicodeV2.of(c)
		switch p.class {
		case classWord, classAlone, classMark, classStacker:
			h.runes = unicodeV2.appendFold(h.runes, c, p)
		}
	}
	h.runes = unicodeV2.compose(undot(h.runes))
	h.buf = h.buf[:0]
	for _, c := range h.runes {
		h.buf = appendRune(h.buf, c)
	}
}

// Fold returns the folded form of a token, which its id is of.
func Fold(token []byte) string {
	h := tokenHasher{}
	h.fold(token)
	return string(h.buf)
}

// folded reports that h.buf, whose ASCII letters are small, is a folded token already: letters without marks that have
// no other form.
func (h *tokenHasher) folded() bool {
	for i := 0; i < len(h.buf); {
		c := uint32(h.buf[i])
		size := 1
		if c >= 0x80 {
			if c, size = decodeRune(h.buf[i:]); size == 0 {
				return false
			}
			p := unicodeV2.of(c)
			if p.class != classWord && p.class != classAlone || p.flags&(flagFolds|flagNotForm|flagBack) != 0 {
				return false
			}
		} else if !wordByte(byte(c)) {
			return false
		}
		i += size
	}
	return true
}

// appendFold appends what a token has for c.
func (t *unicodeTables) appendFold(out []uint32, c uint32, p codePoint) []uint32 {
	if c >= 'A' && c <= 'Z' {
		return append(out, c+'a'-'A')
	}
	if p.flags&flagFolds != 0 {
		return append(out, t.fold[c]...)
	}
	return t.decompose(out, c)
}

// undot drops a dot that is not seen: that of an i or j that has one.
func undot(text []uint32) []uint32 {
	out, letter := text[:0], uint32(0)
	for _, c := range text {
		if unicodeV2.of(c).order == 0 {
			letter = c
		} else if c == 0x0307 && (letter == 'i' || letter == 'j') {
			continue
		}
		out = append(out, c)
	}
	return out
}

// hashToken returns the id of a folded token.
func hashToken(token []byte) TokenID {
	sum := sha256.Sum256(token)
	return TokenID(binary.BigEndian.Uint64(sum[:8]))
}
