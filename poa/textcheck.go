package poa

import "fmt"

// CheckText returns nil if a text of any length keeps the rules of segments about encoding, code points and mixed scripts, and otherwise a *SegmentError for the first
// problem. Answers keep them too: text that breaks one looks like what it was made from and has other tokens.
func CheckText(text []byte) error { return checkCodePoints(text) }

// TextCheck is CheckText one code point after another. The zero value stands before the first.
type TextCheck struct {
	previous uint32
	script   int
}

// Next moves on to code point c. If c may not follow, it stays where it is and returns one of the Code constants, and what to do.
func (t *TextCheck) Next(c uint32) (code, detail string) {
	if reason, bad := forbiddenCode(t.previous, c); bad {
		return CodeForbiddenCodePoint, fmt.Sprintf("U+%04X: %s", c, reason)
	}
	script := t.script
	if !tokenCode(c) || standaloneCode(c) {
		script = scriptNone
	} else if s := scriptOf(c); s != scriptNone {
		if script != scriptNone && script != s {
			return CodeMixedScript, fmt.Sprintf("U+%04X looks like a letter of another alphabet in the same word; write the word in one alphabet", c)
		}
		script = s
	}
	t.previous, t.script = c, script
	return "", ""
}

// tokenCode is tokenByte of the first byte of c.
func tokenCode(c uint32) bool { return c >= 0x80 || tokenByte(byte(c)) }

// standaloneCode says whether c, in well-formed text, is a token of its own; see standaloneLen.
func standaloneCode(c uint32) bool { return c >= 0x3000 || c >= 0x0E00 && c <= 0x0EFF }

// checkCodePoints walks the content once. Scripts are compared inside a token: a character outside tokens, or one that is a
// token of its own, ends the comparison.
func checkCodePoints(content []byte) error {
	var check TextCheck
	for i := 0; i < len(content); {
		c, size := decodeRune(content[i:])
		if size == 0 {
			return &SegmentError{CodeInvalidUTF8, i, fmt.Sprintf("byte 0x%02X does not belong to UTF-8 text; convert the text to UTF-8", content[i])}
		}
		if code, detail := check.Next(c); code != "" {
			return &SegmentError{code, i, detail}
		}
		i += size
	}
	return nil
}
