package poa

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"
)

// TestStandaloneCodes: what a code point is does not depend on whether its bytes or its number are looked at.
func TestStandaloneCodes(t *testing.T) {
	for c := uint32(0); c <= utf8.MaxRune; c++ {
		if !utf8.ValidRune(rune(c)) {
			continue
		}
		encoded := []byte(string(rune(c)))
		if tokenByteV1(encoded[0]) != tokenCodeV1(c) || tokenCodeV1(c) &&
			(standaloneLenV1(encoded, 0) > 0) != standaloneCodeV1(c) {
			t.Fatalf("U+%04X", c)
		}
	}
}

// TestCheckText: it judges as CheckSegment does, at any length, and stays where it is at a code point that may not
// come.
func TestCheckText(t *testing.T) {
	long := strings.Repeat("The quick brown fox jumps over the lazy dog. ", 200)
	if err := CheckText([]byte(long)); err != nil {
		t.Fatal(err)
	}
	for text, code := range map[string]string{
		"":                 "",
		"IFN-γ and NF-κ B": "",
		"Привет, world":    "",
		"two\u00a0words":   CodeForbiddenCodePoint,
		"two\u202fwords":   CodeForbiddenCodePoint,
		"hid\u200bden":     CodeForbiddenCodePoint,
		"soft\u00adhyphen": CodeForbiddenCodePoint,
		"cafe\u0301":       CodeForbiddenCodePoint,
		"\ufffd":           CodeForbiddenCodePoint,
		"p\u0430ssword":    CodeMixedScript,
		"broken \xe2\x80":  CodeInvalidUTF8,
		long + "\u2060":    CodeForbiddenCodePoint,
	} {
		got := ""
		var refused *SegmentError
		if err := CheckText([]byte(text)); errors.As(err, &refused) {
			got = refused.Code
		} else if err != nil {
			t.Fatal(err)
		}
		if got != code {
			t.Errorf("%q: %q, want %q", text, got, code)
		}
	}
	var check TextCheck
	for _, c := range "a\u00a0\u0430b" { // the no-break space and the Cyrillic letter are left out
		code, detail := check.Next(uint32(c))
		if want := c != 'a' && c != 'b'; (code != "") != want || (detail != "") != want {
			t.Errorf("U+%04X: %q", c, code)
		}
	}
}
