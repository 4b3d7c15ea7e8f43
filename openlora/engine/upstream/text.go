package upstream

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// fragment is the bytes of a JSON string. A server that cuts text at tokens may cut a character: encoding/json would
// replace each half by U+FFFD.
type fragment []byte

// UnmarshalJSON implements json.Unmarshaler. A half of a surrogate pair becomes the three bytes that UTF-8 would have
// for it; joiner joins two halves.
func (f *fragment) UnmarshalJSON(text []byte) error {
	*f = nil
	if string(text) == "null" {
		return nil
	}
	if len(text) < 2 || text[0] != '"' {
		return fmt.Errorf("a text is %.40s", text)
	}
	out := make([]byte, 0, len(text))
	for text = text[1 : len(text)-1]; len(text) > 0; {
		if text[0] != '\\' {
			out = append(out, text[0])
			text = text[1:]
			continue
		}
		if text[1] != 'u' {
			out = append(out, unescaped(text[1]))
			text = text[2:]
			continue
		}
		unit, err := strconv.ParseUint(string(text[2:6]), 16, 16)
		if err != nil {
			return err
		}
		out = appendUnit(out, rune(unit))
		text = text[6:]
	}
	*f = out
	return nil
}

// unescaped returns the meaning of a backslash and a letter in JSON. The caller has checked the letter.
func unescaped(letter byte) byte {
	switch letter {
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	}
	return letter
}

// appendUnit appends a UTF-16 unit, even half a pair.
func appendUnit(out []byte, unit rune) []byte {
	if !utf16.IsSurrogate(unit) {
		return utf8.AppendRune(out, unit)
	}
	return append(out, 0xe0|byte(unit>>12), 0x80|byte(unit>>6)&0x3f, 0x80|byte(unit)&0x3f)
}

// joiner joins fragments to text. It holds the beginning of a character back until the rest has come.
type joiner struct {
	text strings.Builder
	held []byte
}

// add appends a fragment.
func (j *joiner) add(f fragment) {
	j.held = append(j.held, f...)
	j.move(false)
}

// end ends the text: half a character becomes U+FFFD.
func (j *joiner) end() { j.move(true) }

// String returns the text so far.
func (j *joiner) String() string { return j.text.String() }

// move moves whole characters from the held bytes to the text. With all it moves everything.
func (j *joiner) move(all bool) {
	rest := j.held
	for len(rest) > 0 {
		r, size := character(rest, all)
		if size == 0 {
			break
		}
		j.text.WriteRune(r)
		rest = rest[size:]
	}
	j.held = append(j.held[:0], rest...)
}

// character decodes the first character of a text, and returns its size, or 0 if the rest may still come; all says that
// nothing more comes.
func character(text []byte, all bool) (r rune, size int) {
	if high, ok := surrogate(text); ok && high < 0xdc00 {
		if low, ok := surrogate(text[3:]); ok && low >= 0xdc00 {
			return utf16.DecodeRune(high, low), 6
		}
		if !all && begins(text[3:]) {
			return 0, 0
		}
		return utf8.RuneError, 3
	} else if ok {
		return utf8.RuneError, 3
	}
	if !all && (!utf8.FullRune(text) || len(text) < 3 && text[0] == 0xed) {
		return 0, 0
	}
	return utf8.DecodeRune(text)
}

// begins reports whether a text may be the beginning of the second half of a pair.
func begins(text []byte) bool {
	switch len(text) {
	case 0:
		return true
	case 1:
		return text[0] == 0xed
	case 2:
		return text[0] == 0xed && text[1]&0xf0 == 0xb0
	}
	return false
}

// surrogate decodes the three bytes of half a pair.
func surrogate(text []byte) (unit rune, ok bool) {
	if len(text) < 3 || text[0] != 0xed || text[1]&0xe0 != 0xa0 || text[2]&0xc0 != 0x80 {
		return 0, false
	}
	return 0xd000 | rune(text[1]&0x3f)<<6 | rune(text[2]&0x3f), true
}
