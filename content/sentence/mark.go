package sentence

import "unicode"

// The tables in this file name code points instead of Unicode properties, so that no library upgrade moves the end of a
// sentence.

type runeRange struct{ first, last rune }

func inRanges(table []runeRange, r rune) bool {
	lo, hi := 0, len(table)
	for lo < hi {
		m := (lo + hi) / 2
		switch {
		case r < table[m].first:
			hi = m
		case r > table[m].last:
			lo = m + 1
		default:
			return true
		}
	}
	return false
}

// fullMarks end a sentence whatever follows. Scripts that use them write no space after them, or do not need it to be
// clear. They are sorted.
var fullMarks = []runeRange{
	{0x0589, 0x0589},                                     // Armenian ։
	{0x061D, 0x061F},                                     // Arabic ؟
	{0x06D4, 0x06D4},                                     // Urdu ۔
	{0x0700, 0x0702},                                     // Syriac
	{0x07F9, 0x07F9},                                     // N'Ko
	{0x0837, 0x0837}, {0x0839, 0x0839}, {0x083D, 0x083E}, // Samaritan
	{0x0964, 0x0965},                   // danda । and double danda ॥ of the scripts of India
	{0x104B, 0x104B},                   // Burmese ။
	{0x1362, 0x1362}, {0x1367, 0x1368}, // Ethiopic ።
	{0x166E, 0x166E},                   // Canadian syllabics
	{0x1735, 0x1736},                   // Philippine scripts
	{0x17D4, 0x17D5},                   // Khmer ។
	{0x1803, 0x1803}, {0x1809, 0x1809}, // Mongolian
	{0x1944, 0x1945},                                     // Limbu
	{0x1AA8, 0x1AAB},                                     // Tai Tham
	{0x1B5A, 0x1B5B}, {0x1B5E, 0x1B5F}, {0x1B7D, 0x1B7E}, // Balinese
	{0x1C3B, 0x1C3C}, // Lepcha
	{0x1C7E, 0x1C7F}, // Ol Chiki
	{0x2E3C, 0x2E3C},
	{0x3002, 0x3002},                   // 。
	{0xA4FF, 0xA4FF},                   // Lisu
	{0xA60E, 0xA60F},                   // Vai
	{0xA6F3, 0xA6F3}, {0xA6F7, 0xA6F7}, // Bamum
	{0xA876, 0xA877},                   // Phags-pa
	{0xA8CE, 0xA8CF},                   // Saurashtra
	{0xA92F, 0xA92F},                   // Kayah Li
	{0xA9C8, 0xA9C9},                   // Javanese
	{0xAA5D, 0xAA5F},                   // Cham
	{0xAAF0, 0xAAF1}, {0xABEB, 0xABEB}, // Meetei Mayek
	{0xFE52, 0xFE52}, {0xFE56, 0xFE57}, // small forms
	{0xFF01, 0xFF01}, {0xFF0E, 0xFF0E}, {0xFF1F, 0xFF1F}, {0xFF61, 0xFF61}, // full-width ！．？ and half-width ｡
	{0x10A56, 0x10A57}, {0x10F55, 0x10F59}, {0x10F86, 0x10F89}, {0x11047, 0x11048}, {0x110BE, 0x110C1}, {0x11141, 0x11143},
	{0x111C5, 0x111C6}, {0x111CD, 0x111CD}, {0x111DE, 0x111DF}, {0x11238, 0x11239}, {0x1123B, 0x1123C}, {0x112A9, 0x112A9},
	{0x1144B, 0x1144C}, {0x115C2, 0x115C3}, {0x115C9, 0x115D7}, {0x11641, 0x11642}, {0x1173C, 0x1173E}, {0x11944, 0x11944},
	{0x11946, 0x11946}, {0x11A42, 0x11A43}, {0x11A9B, 0x11A9C}, {0x11C41, 0x11C42}, {0x11EF7, 0x11EF8}, {0x11F43, 0x11F44},
	{0x16A6E, 0x16A6F}, {0x16AF5, 0x16AF5}, {0x16B37, 0x16B38}, {0x16B44, 0x16B44}, {0x16E98, 0x16E98}, {0x1BC9F, 0x1BC9F},
	{0x1DA88, 0x1DA88},
}

// spacedMarks end a sentence if white space or the end of the text follows. They are sorted.
var spacedMarks = []runeRange{
	{'!', '!'}, {'.', '.'}, {'?', '?'}, {0x037E, 0x037E}, // the Greek question mark, if not written as a semicolon
	{0x0F0D, 0x0F0E}, // Tibetan shad
	{0x2026, 0x2026}, // …
	{0x203C, 0x203D}, {0x2047, 0x2049}, {0x2E2E, 0x2E2E}, {0x2E53, 0x2E54},
}

// mark is the class of a character that may end a sentence.
type mark uint8

const (
	noMark mark = iota
	fullMark
	spacedMark
)

// markAt returns the class of r, given the character before it. A semicolon after a Greek letter is a question mark.
// Two Ethiopic word spaces are a full stop.
func markAt(before, r rune) mark {
	switch {
	case r < utf8Self && r != '!' && r != '.' && r != '?' && r != ';':
		return noMark
	case r == ';':
		if unicode.Is(unicode.Greek, before) {
			return spacedMark
		}
		return noMark
	case r == 0x1361:
		if before == 0x1361 {
			return fullMark
		}
		return noMark
	case inRanges(spacedMarks, r):
		return spacedMark
	case inRanges(fullMarks, r):
		return fullMark
	}
	return noMark
}

const utf8Self = 0x80

// closes reports whether r may be between the mark and the end of the sentence: a quotation mark, a bracket, or
// emphasis.
func closes(r rune) bool {
	switch r {
	case '"', '\'', ')', ']', '}', '*', '_', '`', '»', '«', '›', '‹', '”', '“', '’', '‘', '⟩',
		'」', '』', '】', '）', '］', '｝', '〉', '》', '〕', '〗', '〙', '〛', '＂', '＇', '｣':
		return true
	}
	return false
}

// leads reports whether r may be before the first letter of a sentence.
func leads(r rune) bool {
	switch r {
	case '(', '[', '{', '¿', '¡', '„', '‚', '「', '『', '【', '（', '［', '〈', '《', '〔', '｢', '-', '–', '—', '#':
		return true
	}
	return closes(r)
}

// closerOf returns the character that closes r, if r is a bracket or quotation mark inside of which no sentence ends,
// or else 0.
func closerOf(r rune) rune {
	switch r {
	case '(':
		return ')'
	case '[':
		return ']'
	case '“', '„':
		return '”'
	case '「':
		return '」'
	case '『':
		return '』'
	case '【':
		return '】'
	case '（':
		return '）'
	case '［':
		return '］'
	case '《':
		return '》'
	case '〈':
		return '〉'
	}
	return 0
}

// clauseMark reports whether a clause may end with r; what follows decides.
func clauseMark(r rune) bool {
	switch r {
	case ',', ';', ':', '、', '，', '；', '：', '،', '؛', '՝', '፣', '፤', '၊', '·', '—', '–', '､':
		return true
	}
	return false
}

// unspaced reports whether r is of a script without spaces between words, or, as Korean, of one in which sentences need
// no space after a mark.
func unspaced(r rune) bool {
	return r >= 0x0E00 && r <= 0x0EFF || r >= 0x1000 && r <= 0x109F || r >= 0x1780 && r <= 0x17FF ||
		r >= 0x3040 && r <= 0x30FF || r >= 0x3400 && r <= 0x9FFF || r >= 0xAC00 && r <= 0xD7A3 || r >= 0xF900 &&
		r <= 0xFAFF || r >= 0x20000 && r <= 0x3FFFF
}

// markless reports whether r is of a script that ends sentences with a space and no mark: Thai and Lao.
func markless(r rune) bool { return r >= 0x0E00 && r <= 0x0EFF }
