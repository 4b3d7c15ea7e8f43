package pdf

import (
	"unicode/utf16"
)

// maxMappings bounds the characters that one map translates.
const maxMappings = 1 << 17

// charMap translates codes of a font to text: a ToUnicode map.
type charMap struct {
	chars map[uint32]string
	one   bool // codes of one byte exist
	two   bool // codes of two bytes exist
}

// parseCharMap reads a ToUnicode map. It ignores what it does not understand.
func parseCharMap(data []byte) *charMap {
	m := &charMap{chars: make(map[uint32]string)}
	l := lexer{data: data}
	for t := l.next(); t.kind != end; t = l.next() {
		switch {
		case t.is("begincodespacerange"):
			m.readCodespace(&l)
		case t.is("beginbfchar"):
			m.readChars(&l)
		case t.is("beginbfrange"):
			m.readRanges(&l)
		}
	}
	return m
}

func (m *charMap) readCodespace(l *lexer) {
	for t := l.next(); t.kind == text; t = l.next() {
		switch len(t.bytes) {
		case 1:
			m.one = true
		case 2:
			m.two = true
		}
	}
}

func (m *charMap) readChars(l *lexer) {
	for t := l.next(); t.kind == text; t = l.next() {
		to := l.next()
		if to.kind == text {
			m.set(codeOf(t.bytes), utf16Text(to.bytes))
		}
	}
}

func (m *charMap) readRanges(l *lexer) {
	for t := l.next(); t.kind == text; t = l.next() {
		high, to := l.next(), l.next()
		first, last := codeOf(t.bytes), codeOf(high.bytes)
		switch {
		case to.is("["):
			code := first
			for t := l.next(); t.kind == text; t = l.next() {
				m.set(code, utf16Text(t.bytes))
				code++
			}
		case to.kind == text && len(to.bytes) >= 1:
			start := append([]byte(nil), to.bytes...)
			for code := first; code <= last && code-first < 1<<16; code++ {
				m.set(code, utf16Text(start))
				for i := len(start) - 1; i >= 0; i-- {
					if start[i]++; start[i] != 0 {
						break
					}
				}
			}
		}
	}
}

func (m *charMap) set(code uint32, to string) {
	if len(m.chars) < maxMappings && to != "" {
		m.chars[code] = to
	}
}

func codeOf(b []byte) uint32 {
	v := uint32(0)
	for _, c := range b[:min(len(b), 4)] {
		v = v<<8 | uint32(c)
	}
	return v
}

// utf16Text decodes big-endian UTF-16; a single byte is a character.
func utf16Text(b []byte) string {
	if len(b) == 1 {
		return string(rune(b[0]))
	}
	units := make([]uint16, 0, 8)
	for i := 0; i+1 < len(b) && len(units) < 64; i += 2 {
		units = append(units, uint16(b[i])<<8|uint16(b[i+1]))
	}
	if len(units) == 0 || len(units) == 1 && units[0] == 0 {
		return ""
	}
	return string(utf16.Decode(units))
}
