package tokenizer

import (
	"strings"
	"unicode/utf8"
)

// A Decoder turns a stream of tokens into text. The zero Decoder cannot be used; see [Tokenizer.Decoder].
type Decoder struct {
	tokenizer   *Tokenizer
	withSpecial bool
	strip       int
	pending     []byte // the beginning of a character, at most three bytes
}

// Decoder returns a decoder of a text from its beginning. It leaves out special tokens unless withSpecial is set.
func (t *Tokenizer) Decoder(withSpecial bool) *Decoder {
	return &Decoder{tokenizer: t, withSpecial: withSpecial, strip: t.stripBegin}
}

// Clone returns a decoder that continues from the same place.
func (d *Decoder) Clone() *Decoder {
	clone := *d
	clone.pending = append([]byte(nil), d.pending...)
	return &clone
}

// Add returns the text that a token completes: whole characters of valid UTF-8, often none. A byte that no character
// can have there becomes U+FFFD. A token that does not exist gives nothing.
func (d *Decoder) Add(token int) string {
	t := d.tokenizer
	if token < 0 || token >= t.Len() || t.Special(token) && !d.withSpecial {
		return ""
	}
	out := t.output(token)
	for d.strip > 0 && out != "" {
		if out[0] != ' ' {
			d.strip = 0
			break
		}
		out = out[1:]
		d.strip--
	}
	d.pending = append(d.pending, out...)
	text, rest := validText(d.pending)
	d.pending = append(d.pending[:0], rest...)
	return text
}

// Flush ends the text: it returns U+FFFD if a character is not whole, and otherwise nothing.
func (d *Decoder) Flush() string {
	if len(d.pending) == 0 {
		return ""
	}
	d.pending = d.pending[:0]
	return string(utf8.RuneError)
}

// Bytes returns what a token adds to a text, which may be a part of a character; nil for special tokens and those that
// do not exist. The result must not be changed. A Decoder also leaves out the space that some tokenizers put before a
// text.
func (t *Tokenizer) Bytes(token int) []byte {
	if token < 0 || token >= t.Len() || t.Special(token) {
		return nil
	}
	return []byte(t.output(token))
}

// Decode returns the text of tokens. It leaves out special tokens unless withSpecial is set.
func (t *Tokenizer) Decode(tokens []int, withSpecial bool) string {
	d := t.Decoder(withSpecial)
	var out strings.Builder
	for _, token := range tokens {
		out.WriteString(d.Add(token))
	}
	out.WriteString(d.Flush())
	return out.String()
}

// validText returns data as valid UTF-8, with U+FFFD for each longest part that no character begins with, and the rest:
// the beginning of a character that may still become whole.
func validText(data []byte) (string, []byte) {
	if utf8.Valid(data) {
		return string(data), nil
	}
	var out strings.Builder
	for len(data) > 0 {
		r, width := utf8.DecodeRune(data)
		if r == utf8.RuneError && width == 1 {
			if !utf8.FullRune(data) {
				return out.String(), data
			}
			width = brokenWidth(data)
		}
		out.WriteRune(r)
		data = data[width:]
	}
	return out.String(), nil
}

// brokenWidth is the length of the longest beginning of a character at the beginning of data, which is no character: at
// least 1.
func brokenWidth(data []byte) int {
	n := 1
	for n < len(data) && n < utf8.UTFMax && !utf8.FullRune(data[:n]) {
		if utf8.FullRune(data[:n+1]) {
			break // data[n] does not continue the character
		}
		n++
	}
	return n
}
