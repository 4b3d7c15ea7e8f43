package poa

// The tables in this file are frozen with NormVersion 1. They name code points instead of Unicode properties, so that
// no library upgrade can change which text is accepted.

type codeRange struct{ first, last uint32 }

// forbiddenRangesV1 are sorted: controls, invisible and directional characters, spaces that glue words together,
// private use and non-characters. All of them change the tokens of a text that looks the same.
var forbiddenRangesV1 = []codeRange{
	{0x0000, 0x0008}, {0x000B, 0x000C}, {0x000E, 0x001F}, {0x007F, 0x00A0}, // controls, no-break space
	{0x00AD, 0x00AD},                       // soft hyphen
	{0x034F, 0x034F},                       // combining grapheme joiner
	{0x061C, 0x061C},                       // Arabic letter mark
	{0x115F, 0x1160},                       // Hangul fillers
	{0x1680, 0x1680},                       // Ogham space
	{0x17B4, 0x17B5},                       // Khmer inherent vowels
	{0x180B, 0x180F},                       // Mongolian selectors
	{0x2000, 0x200F},                       // spaces, zero width, direction marks
	{0x2028, 0x202F},                       // separators, bidi embeddings, narrow no-break space
	{0x205F, 0x206F},                       // invisible operators, bidi isolates
	{0x3164, 0x3164},                       // Hangul filler
	{0xE000, 0xF8FF},                       // private use
	{0xFDD0, 0xFDEF},                       // non-characters
	{0xFE00, 0xFE0D},                       // variation selectors (U+FE0E and U+FE0F: see symbolBefore)
	{0xFEFF, 0xFEFF},                       // byte order mark
	{0xFFA0, 0xFFA0},                       // half-width Hangul filler
	{0xFFF0, 0xFFFF},                       // specials, replacement character, non-characters
	{0x1BCA0, 0x1BCA3}, {0x1D173, 0x1D17A}, // invisible format controls
	{0xE0000, 0x10FFFF}, // tags, private use planes
}

// symbolRanges are sorted: what an emoji variation selector (U+FE0E, U+FE0F) may follow.
var symbolRanges = []codeRange{
	{0x0023, 0x0023}, {0x002A, 0x002A}, {0x0030, 0x0039}, {0x00A9, 0x00A9}, {0x00AE, 0x00AE}, {0x203C, 0x203C},
	{0x2049, 0x2049}, {0x2122, 0x2122}, {0x2139, 0x2139}, {0x2190, 0x2BFF}, {0x3030, 0x3030}, {0x303D, 0x303D},
	{0x3297, 0x3297}, {0x3299, 0x3299}, {0x1F000, 0x1FAFF},
}

func inRanges(table []codeRange, c uint32) bool {
	lo, hi := 0, len(table)
	for lo < hi {
		m := int(uint(lo+hi) >> 1)
		switch {
		case c < table[m].first:
			hi = m
		case c > table[m].last:
			lo = m + 1
		default:
			return true
		}
	}
	return false
}

// forbiddenCodeV1 reports whether c may not follow previous (0 at the start) in a segment, and what to do about it.
func forbiddenCodeV1(previous, c uint32) (reason string, forbidden bool) {
	switch {
	case c == 0xFE0E || c == 0xFE0F:
		if !inRanges(symbolRanges, previous) {
			return "remove it: a variation selector may only follow a symbol", true
		}
	case spaceCodeV1(c):
		return "write an ordinary space instead", true
	case inRanges(forbiddenRangesV1, c):
		return "remove it: it is invisible, a control or private", true
	case composesV1(previous, c):
		return "write the letter and its accent as one character (Unicode form NFC)", true
	}
	return "", false
}

// spaceCodeV1 reports the space characters outside ASCII that Split replaces by a space.
func spaceCodeV1(c uint32) bool {
	return c == 0xA0 || c == 0x1680 || c >= 0x2000 && c <= 0x200A || c == 0x202F || c == 0x205F
}

// composesV1 reports whether an ASCII letter and a combining mark exist as one character. The decomposed form looks the
// same and has other tokens. Marks without a composed form, which some languages need, are allowed.
func composesV1(letter, mark uint32) bool {
	if mark < 0x0300 || mark > 0x0328 || letter < 'A' || letter > 'z' {
		return false
	}
	letters := ""
	switch mark {
	case 0x0300: // grave
		letters = "aeinouwy"
	case 0x0301: // acute
		letters = "acegiklmnoprsuwyz"
	case 0x0302: // circumflex
		letters = "aceghijosuwyz"
	case 0x0303: // tilde
		letters = "aeinouvy"
	case 0x0304: // macron
		letters = "aegiouy"
	case 0x0306: // breve
		letters = "aegiou"
	case 0x0307: // dot above
		letters = "abcdefghmnoprstwxyz"
	case 0x0308: // diaeresis
		letters = "aehiouwxy"
	case 0x030A: // ring
		letters = "auwy"
	case 0x030B: // double acute
		letters = "ou"
	case 0x030C: // caron
		letters = "acdeghijklnorsuz"
	case 0x0323: // dot below
		letters = "abdehiklmnorstuvwyz"
	case 0x0327: // cedilla
		letters = "cdeghklnrst"
	case 0x0328: // ogonek
		letters = "aeiou"
	}
	lower := byte(letter) | 0x20
	for i := 0; i < len(letters); i++ {
		if letters[i] == lower {
			return true
		}
	}
	return false
}

// script classes that have letters looking like those of another class.
const (
	scriptNone = iota
	scriptLatin
	scriptGreek
	scriptCyrillic
	scriptArmenian
	scriptCherokee
	scriptCoptic
)

// scriptOfV1 returns the class of c for the mixed-script test. Greek letters that do not look Latin (Δ, λ, Ω, π …) are
// signs of mathematics and units and have no class, as have all characters that are tokens of their own.
func scriptOfV1(c uint32) int {
	switch {
	case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z', c >= 0x00C0 && c <= 0x02AF && c != 0x00D7 && c != 0x00F7,
		c >= 0x1E00 && c <= 0x1EFF, c >= 0x2C60 && c <= 0x2C7F:
		return scriptLatin
	case c >= 0x0370 && c <= 0x03FF:
		if latinLikeGreekV1(c) {
			return scriptGreek
		}
	case c >= 0x0400 && c <= 0x052F, c >= 0x1C80 && c <= 0x1C8F, c >= 0x2DE0 && c <= 0x2DFF:
		return scriptCyrillic
	case c >= 0x0531 && c <= 0x058A:
		return scriptArmenian
	case c >= 0x13A0 && c <= 0x13FF:
		return scriptCherokee
	case c >= 0x2C80 && c <= 0x2CFF:
		return scriptCoptic
	case c >= 0x1F00 && c <= 0x1FFF:
		return scriptGreek
	}
	return scriptNone
}

func latinLikeGreekV1(c uint32) bool {
	switch c {
	case 'Α', 'Β', 'Ε', 'Ζ', 'Η', 'Ι', 'Κ', 'Μ', 'Ν', 'Ο', 'Ρ', 'Τ', 'Υ', 'Χ', 'α', 'γ', 'ι', 'κ', 'ν', 'ο', 'ρ', 'υ', 'χ',
		'ά', 'ί', 'ό', 'ύ', 'ϊ', 'ϋ', 'ΐ', 'ΰ', 'ϲ', 'ϳ', 'Ϲ', 'Ϳ', 'Ά', 'Έ', 'Ή', 'Ί', 'Ό', 'Ύ', 'Ϊ', 'Ϋ', 'ϱ':
		return true
	}
	return false
}
