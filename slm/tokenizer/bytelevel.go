package tokenizer

import "unicode/utf8"

// Byte-level vocabularies write each byte as one printable character: those that are printable in Latin-1 stand for
// themselves, the other 68 for U+0100 and up, in order.
var (
	byteChars [256]rune
	charBytes [256 + 68]int16 // the byte that a character stands for, or -1
)

func init() {
	for i := range charBytes {
		charBytes[i] = -1
	}
	shifted := rune(256)
	for b := range 256 {
		r := rune(b)
		if !(r >= '!' && r <= '~' || r >= '¡' && r <= '¬' || r >= '®' && r <= 'ÿ') {
			r = shifted
			shifted++
		}
		byteChars[b], charBytes[r] = r, int16(b)
	}
}

// fromByteLevel returns the bytes of a token of a byte-level vocabulary, and whether all of its characters stand for
// one; if not, the token as it is.
func fromByteLevel(token string) (string, bool) {
	out, ok := appendFromByteLevel(make([]byte, 0, len(token)), []byte(token))
	if !ok {
		return token, false
	}
	return string(out), true
}

// appendFromByteLevel appends the bytes that a token stands for to out, and says whether all of its characters stand
// for one.
func appendFromByteLevel(out, token []byte) ([]byte, bool) {
	for len(token) > 0 {
		r, width := utf8.DecodeRune(token)
		if int(r) >= len(charBytes) || charBytes[r] < 0 {
			return out, false
		}
		out, token = append(out, byte(charBytes[r])), token[width:]
	}
	return out, true
}

// toByteLevel writes bytes as a token of a byte-level vocabulary.
func toByteLevel(bytes string) string {
	out := make([]byte, 0, 2*len(bytes))
	for i := range len(bytes) {
		out = utf8.AppendRune(out, byteChars[bytes[i]])
	}
	return string(out)
}
