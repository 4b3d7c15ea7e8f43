package poa

// nextTokenV1 returns the first token of NormVersion 1 at or after from, or two equal offsets if there is none. ASCII
// letters are lowered. A token is a maximal run of a-z, 0-9 and bytes ≥ 0x80, except that each code point with a lead
// byte ≥ 0xE3 and each Thai one (0xE0 0xB8–0xBB) is a token of its own.
func nextTokenV1(text []byte, from int) (start, end int) {
	i := from
	for i < len(text) && !tokenByteV1(text[i]) {
		i++
	}
	start = i
	for i < len(text) && tokenByteV1(text[i]) {
		if n := standaloneLenV1(text, i); n > 0 {
			if i == start {
				return start, i + n
			}
			break
		}
		i++
	}
	return start, i
}

func tokenByteV1(c byte) bool {
	return c >= 0x80 || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

// standaloneLenV1 returns the length of the code point at i if it is a token of its own, and 0 otherwise.
func standaloneLenV1(text []byte, i int) int {
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
