package poa

import "fmt"

// textCheckV1 is the check of NormVersion 1, one code point after another. The zero value stands before the first.
type textCheckV1 struct {
	previous uint32
	script   int
}

// Next moves on to code point c. If c may not follow, it stays where it is and returns one of the Code constants, and
// what to do.
func (t *textCheckV1) Next(c uint32) (code, detail string) {
	if reason, bad := forbiddenCodeV1(t.previous, c); bad {
		return CodeForbiddenCodePoint, fmt.Sprintf("U+%04X: %s", c, reason)
	}
	script := t.script
	if !tokenCodeV1(c) || standaloneCodeV1(c) {
		script = scriptNone
	} else if s := scriptOfV1(c); s != scriptNone {
		if script != scriptNone && script != s {
			return CodeMixedScript, fmt.Sprintf(
				"U+%04X looks like a letter of another alphabet in the same word; write the word in one alphabet", c)
		}
		script = s
	}
	t.previous, t.script = c, script
	return "", ""
}

// tokenCodeV1 is tokenByteV1 of the first byte of c.
func tokenCodeV1(c uint32) bool { return c >= 0x80 || tokenByteV1(byte(c)) }

// standaloneCodeV1 reports whether c, in well-formed text, is a token of its own; see standaloneLenV1.
func standaloneCodeV1(c uint32) bool { return c >= 0x3000 || c >= 0x0E00 && c <= 0x0EFF }

// checkCodePointsV1 walks the content once. Scripts are compared inside a token: a character outside tokens, or one
// that is a token of its own, ends the comparison.
func checkCodePointsV1(content []byte) error {
	var check textCheckV1
	for i := 0; i < len(content); {
		c, size := decodeRune(content[i:])
		if size == 0 {
			return &SegmentError{CodeInvalidUTF8, i,
				fmt.Sprintf("byte 0x%02X does not belong to UTF-8 text; convert the text to UTF-8", content[i])}
		}
		if code, detail := check.Next(c); code != "" {
			return &SegmentError{code, i, detail}
		}
		i += size
	}
	return nil
}
