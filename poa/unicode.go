package poa

import (
	_ "embed"
	"strings"
)

// unicodeText is the table of code points of NormVersion 2, written by internal/gentable from Unicode 15.0.0. The file
// is normative: no library decides what a token is.
//
//go:embed unicode_v2.txt
var unicodeText string

// Classes of code points. What has none is forbidden: controls, private use, non-characters, what Unicode 15.0.0 does
// not assign.
const (
	classForbidden = iota
	classWord      // letter or number of a script that separates words
	classAlone     // letter of a script that does not: a token of its own
	classMark      // goes with the letter before it
	classStacker   // a mark that puts the next letter under the one before
	classSeparator // punctuation, symbols, space
	classSpace     // a space that clean text writes as U+0020
	classLine      // a line end that clean text writes as LF
	classIgnorable // not seen, and needed by no script
	classJoiner    // U+200C, U+200D: see joinerMay
	classSelector  // U+FE0E, U+FE0F: see selectorMay
	classVariant   // Mongolian variation selectors
	classBullet    // private code points that word processors write bullets with
)

const classLetters = "LSMGPZNIJVFB" // in the order of the constants, from classWord

// codePoint is what the table says of one code point.
type codePoint struct {
	class uint8
	order uint8 // canonical combining class
	flags uint8
}

const (
	flagFolds   = 1 << iota // has an entry in fold
	flagCleans              // has an entry in clean
	flagParts               // has a decomposition
	flagBack                // may compose with what stands before it
	flagNotForm             // is not in clean text: it has a clean form or composes otherwise
)

// unicodeTables are the tables, by code point.
type unicodeTables struct {
	pages [0x1100]*[256]codePoint
	parts map[uint32][]uint32
	clean map[uint32][]uint32
	fold  map[uint32][]uint32
	whole map[[2]uint32]uint32
}

var unicodeV2 = parseUnicode(unicodeText)

// parseUnicode reads the table. A line that is malformed is passed over; the embedded table has none.
func parseUnicode(text string) *unicodeTables {
	t := &unicodeTables{
		parts: make(map[uint32][]uint32), clean: make(map[uint32][]uint32), fold: make(map[uint32][]uint32),
		whole: make(map[[2]uint32]uint32),
	}
	var numbers [32]uint32
	for line := range strings.Lines(text) {
		name, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		if name == "class" {
			n := len(rest) - 1
			if n < 4 {
				continue
			}
			v := parseHex(rest[:n-1], numbers[:0])
			if k := strings.IndexByte(classLetters, rest[n]); len(v) == 2 && k >= 0 {
				t.each(v[0], v[1], func(p *codePoint) { p.class = uint8(k + 1) })
			}
			continue
		}
		v := parseHex(rest, numbers[:0])
		if len(v) < 2 {
			continue
		}
		switch name {
		case "order":
			if len(v) == 3 {
				n := parseCount(rest[strings.LastIndexByte(rest, ' ')+1:])
				t.each(v[0], v[1], func(p *codePoint) { p.order = uint8(n) })
			}
		case "whole":
			if len(v) == 3 {
				t.whole[[2]uint32{v[0], v[1]}] = v[2]
				t.at(v[1]).flags |= flagBack
			}
		case "parts":
			t.parts[v[0]] = append([]uint32(nil), v[1:]...)
			t.at(v[0]).flags |= flagParts
		case "clean":
			t.clean[v[0]] = append([]uint32(nil), v[1:]...)
			t.at(v[0]).flags |= flagCleans | flagNotForm
		case "fold":
			t.fold[v[0]] = append([]uint32(nil), v[1:]...)
			t.at(v[0]).flags |= flagFolds
		}
	}
	t.finish()
	return t
}

// finish marks what the rest of the table implies: a code point whose parts do not compose to it is not in clean text,
// and Hangul letters compose by arithmetic.
func (t *unicodeTables) finish() {
	for _, page := range t.pages {
		if page == nil {
			continue
		}
		for i := range page {
			if page[i].order != 0 {
				page[i].flags |= flagBack
			}
		}
	}
	for i := uint32(0); i < hangulVowels+hangulTails; i++ {
		if i < hangulVowels {
			t.at(hangulVowel + i).flags |= flagBack
		} else {
			t.at(hangulTail + i - hangulVowels).flags |= flagBack
		}
	}
	var text []uint32
	for c := uint32(0); c < 0x110000; c++ {
		page := t.pages[c>>8]
		if page == nil {
			c |= 0xFF
			continue
		}
		if p := &page[c&0xFF]; p.flags&flagParts != 0 {
			if text = t.compose(append(text[:0], t.parts[c]...)); len(text) != 1 || text[0] != c {
				p.flags |= flagNotForm
			}
		}
	}
}

// at returns the entry of a code point below 0x110000.
func (t *unicodeTables) at(c uint32) *codePoint {
	page := t.pages[c>>8]
	if page == nil {
		page = new([256]codePoint)
		t.pages[c>>8] = page
	}
	return &page[c&0xFF]
}

func (t *unicodeTables) each(first, last uint32, set func(*codePoint)) {
	for c := first; c <= last && c < 0x110000; c++ {
		set(t.at(c))
	}
}

// of returns what the table says of a code point; the zero value is a forbidden one.
func (t *unicodeTables) of(c uint32) codePoint {
	if c < 0x110000 {
		if page := t.pages[c>>8]; page != nil {
			return page[c&0xFF]
		}
	}
	return codePoint{}
}

// parseHex reads hexadecimal numbers below 0x110000 that stand apart by one space, and nothing if there is anything
// else.
func parseHex(s string, out []uint32) []uint32 {
	n, digits := uint32(0), 0
	for i := 0; i <= len(s); i++ {
		if i == len(s) || s[i] == ' ' {
			if digits == 0 || n >= 0x110000 {
				return nil
			}
			out, n, digits = append(out, n), 0, 0
			continue
		}
		d := uint32(s[i])
		switch {
		case d >= '0' && d <= '9':
			d -= '0'
		case d >= 'A' && d <= 'F':
			d -= 'A' - 10
		default:
			return nil
		}
		if n, digits = n<<4|d, digits+1; digits > 6 {
			return nil
		}
	}
	return out
}

// Hangul syllables are composed by arithmetic, as Unicode says (section 3.12).
const (
	hangulFirst    = 0xAC00
	hangulLead     = 0x1100
	hangulVowel    = 0x1161
	hangulTail     = 0x11A7
	hangulLeads    = 19
	hangulVowels   = 21
	hangulTails    = 28
	hangulSyllable = hangulLeads * hangulVowels * hangulTails
)

// decompose appends the canonical decomposition of c, not reordered.
func (t *unicodeTables) decompose(out []uint32, c uint32) []uint32 {
	if c >= hangulFirst && c < hangulFirst+hangulSyllable {
		s := c - hangulFirst
		out = append(out, hangulLead+s/(hangulVowels*hangulTails), hangulVowel+s%(hangulVowels*hangulTails)/hangulTails)
		if tail := s % hangulTails; tail != 0 {
			out = append(out, hangulTail+tail)
		}
		return out
	}
	if t.of(c).flags&flagParts != 0 {
		return append(out, t.parts[c]...)
	}
	return append(out, c)
}

// compose turns decomposed text into Unicode's form NFC, in place. It sorts the marks behind each letter, of which
// clean text has at most maxMarks; the work is bounded by their square.
func (t *unicodeTables) compose(text []uint32) []uint32 {
	t.reorder(text)
	out, starter := text[:0], -1
	last := uint8(0) // order of what stands before, behind the starter
	for i := 0; i < len(text); i++ {
		c := text[i]
		order := t.of(c).order
		if starter >= 0 && (len(out)-1 == starter || last < order) {
			if whole, ok := t.pair(out[starter], c); ok {
				out[starter] = whole
				continue
			}
		}
		if order == 0 {
			starter = len(out)
		}
		last = order
		out = append(out, c)
	}
	return out
}

// reorder sorts each run of marks by their order; marks of one order keep their places.
func (t *unicodeTables) reorder(text []uint32) {
	for i := 1; i < len(text); i++ {
		order := t.of(text[i]).order
		if order == 0 {
			continue
		}
		for j := i; j > 0 && t.of(text[j-1]).order > order; j-- {
			text[j], text[j-1] = text[j-1], text[j]
		}
	}
}

// pair returns what two code points compose to.
func (t *unicodeTables) pair(a, b uint32) (uint32, bool) {
	switch {
	case a >= hangulLead && a < hangulLead+hangulLeads && b >= hangulVowel && b < hangulVowel+hangulVowels:
		return hangulFirst + ((a-hangulLead)*hangulVowels+b-hangulVowel)*hangulTails, true
	case a >= hangulFirst && a < hangulFirst+hangulSyllable && (a-hangulFirst)%hangulTails == 0 && b > hangulTail &&
		b < hangulTail+hangulTails:
		return a + b - hangulTail, true
	case t.of(b).flags&flagBack == 0:
		return 0, false
	}
	whole, ok := t.whole[[2]uint32{a, b}]
	return whole, ok
}

// appendRune appends the UTF-8 form of a code point.
func appendRune(b []byte, c uint32) []byte {
	switch {
	case c < 0x80:
		return append(b, byte(c))
	case c < 0x800:
		return append(b, byte(0xC0|c>>6), byte(0x80|c&0x3F))
	case c < 0x10000:
		return append(b, byte(0xE0|c>>12), byte(0x80|c>>6&0x3F), byte(0x80|c&0x3F))
	}
	return append(b, byte(0xF0|c>>18), byte(0x80|c>>12&0x3F), byte(0x80|c>>6&0x3F), byte(0x80|c&0x3F))
}
