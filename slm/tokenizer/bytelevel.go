package tokenizer

import "unicode/utf8"

// Byte-level vocabularies write each byte as one printable character: those that are printable in Latin-1 stand for
// themselves, the other 68 for U+0100 and up, in order.
var (
	byteChars [256]rune
	charBytes = make(map[rune]byte, 256)
)

func init() {
	shifted := rune(256)
	for b := range 256 {
		r := rune(b)
		if !(r >= '!' && r <= '~' || r >= '¡' && r <= '¬' || r >= '®' && r <= 'ÿ') {
			r = shifted
			shifted++
		}
		byteChars[b], charBytes[r] = r, byte(b)
	}
}

// fromByteLevel returns the bytes of a token of a byte-level vocabulary, and whether all of its characters stand for
// one.
func fromByteLevel(token string) (string, bool) {
	out := make([]byte, 0, len(token))
	for _, r := range token {
		b, ok := charBytes[r]
		if !ok {
			return token, false
		}
		out = append(out, b)
	}
	return string(out), true
}

// toByteLevel writes bytes as a token of a byte-level vocabulary.
func toByteLevel(bytes string) string {
	out := make([]byte, 0, 2*len(bytes))
	for i := range len(bytes) {
		out = utf8.AppendRune(out, byteChars[bytes[i]])
	}
	return string(out)
}
