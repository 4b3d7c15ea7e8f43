package poa

// decodeRune returns the first code point of b and its length, or length 0 if b is empty or does not start with
// well-formed UTF-8 (RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF).
func decodeRune(b []byte) (code uint32, size int) {
	if len(b) == 0 {
		return 0, 0
	}
	lead := b[0]
	var lowest uint32
	switch {
	case lead < 0x80:
		return uint32(lead), 1
	case lead >= 0xC2 && lead <= 0xDF:
		code, size, lowest = uint32(lead&0x1F), 2, 0x80
	case lead >= 0xE0 && lead <= 0xEF:
		code, size, lowest = uint32(lead&0x0F), 3, 0x800
	case lead >= 0xF0 && lead <= 0xF4:
		code, size, lowest = uint32(lead&0x07), 4, 0x10000
	default:
		return 0, 0
	}
	if len(b) < size {
		return 0, 0
	}
	for _, c := range b[1:size] {
		if c&0xC0 != 0x80 {
			return 0, 0
		}
		code = code<<6 | uint32(c&0x3F)
	}
	if code < lowest || code > 0x10FFFF || code >= 0xD800 && code <= 0xDFFF {
		return 0, 0
	}
	return code, size
}
