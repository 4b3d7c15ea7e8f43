package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// unicodeVersion is the version of Unicode that the rules of NormVersion 2 are frozen with.
const unicodeVersion = "15.0.0"

// writeUnicode writes the table of code points that package poa embeds:
//
//	class FIRST LAST C   what a code point is for the tokeniser; what no line names is forbidden
//	order FIRST LAST N   canonical combining class
//	whole A B C          A and B compose to C
//	parts C A …          full canonical decomposition of C
//	clean C A …          what C becomes in clean text, decomposed; an ignorable code point has no line
//	fold C A …           what C becomes in a token, clean, small and decomposed, where that is more than its parts
func writeUnicode(out string) error {
	if unicode.Version != unicodeVersion || norm.Version != unicodeVersion {
		return fmt.Errorf("tables of Unicode %s and %s, want %s: build with the toolchain that go.mod names", unicode.Version,
			norm.Version, unicodeVersion)
	}
	var b strings.Builder
	fmt.Fprintf(
		&b, "# Code points of NormVersion 2, Unicode %s. Written once by internal/gentable; this file is normative.\n",
		unicodeVersion)
	ranges(&b, "class", func(c rune) string { return class(c) })
	ranges(&b, "order", func(c rune) string {
		if n := norm.NFD.PropertiesString(string(c)).CCC(); n != 0 {
			return fmt.Sprint(n)
		}
		return ""
	})
	for c := rune(0); c <= unicode.MaxRune; c++ {
		if a, z, ok := composition(c); ok {
			fmt.Fprintf(&b, "whole %X %X %X\n", a, z, c)
		}
	}
	sequences(&b, "parts", func(c rune) []rune {
		if c >= 0xAC00 && c <= 0xD7A3 {
			return nil // by arithmetic
		}
		return decomposed([]rune{c})
	})
	sequences(&b, "clean", func(c rune) []rune {
		if to, ok := clean(c); ok {
			return decomposed(to)
		}
		return nil
	})
	sequences(&b, "fold", fold)
	return os.WriteFile(out, []byte(b.String()), 0o644)
}

func ranges(b *strings.Builder, name string, of func(rune) string) {
	first, value := rune(0), of(0)
	for c := rune(1); c <= unicode.MaxRune+1; c++ {
		next := ""
		if c <= unicode.MaxRune {
			next = of(c)
		}
		if next == value {
			continue
		}
		if value != "" {
			fmt.Fprintf(b, "%s %X %X %s\n", name, first, c-1, value)
		}
		first, value = c, next
	}
}

func sequences(b *strings.Builder, name string, of func(rune) []rune) {
	for c := rune(0x80); c <= unicode.MaxRune; c++ {
		if unicode.Is(unicode.Cs, c) {
			continue
		}
		to := of(c)
		if len(to) == 0 || len(to) == 1 && to[0] == c {
			continue
		}
		fmt.Fprintf(b, "%s %X", name, c)
		for _, r := range to {
			fmt.Fprintf(b, " %X", r)
		}
		b.WriteByte('\n')
	}
}

// class is a letter for each kind of code point; see poa.classes.
func class(c rune) string {
	switch {
	case c == '\t' || c == '\n' || c == ' ' || c == 0x3000:
		return "P"
	case c == 0x0B || c == 0x0C || c == 0x0D || c == 0x85 || c == 0x2028 || c == 0x2029:
		return "N"
	case c == 0x200C || c == 0x200D:
		return "J"
	case c == 0xFE0E || c == 0xFE0F:
		return "V"
	case c >= 0x180B && c <= 0x180F:
		return "F"
	case c == 0xFFFC || c == 0xFFFD, unicode.Is(unicode.Co, c) && !bullet(c),
		unicode.Is(unicode.Noncharacter_Code_Point, c), unicode.Is(unicode.Cs, c):
		return ""
	case bullet(c):
		return "B"
	case c < 0x20 || c >= 0x7F && c < 0xA0:
		return ""
	case unicode.Is(unicode.Zs, c):
		return "Z"
	case ignorable(c):
		return "I"
	case c == 0x17D2 || c == 0x1039 || c == 0x1A60 || c == 0x11133:
		return "G"
	case unicode.Is(unicode.M, c), c == 0xFF9E || c == 0xFF9F: // with the half-width signs of voice
		return "M"
	case c == 0x02BC || c == 0x02BB || c == 0x02BD || c == 0x055A: // letters that are drawn like an apostrophe
		return "P"
	case unicode.Is(unicode.L, c), unicode.Is(unicode.N, c):
		if unicode.IsOneOf(unspaced, c) {
			return "S"
		}
		return "L"
	case unicode.Is(unicode.P, c), unicode.Is(unicode.S, c):
		return "P"
	}
	return "" // unassigned
}

// unspaced are scripts that write no spaces between words, and Hangul, whose words carry particles.
var unspaced = []*unicode.RangeTable{
	unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Bopomofo, unicode.Yi, unicode.Nushu,
	unicode.Tangut,
	unicode.Khitan_Small_Script, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar, unicode.Tai_Le,
	unicode.New_Tai_Lue,
	unicode.Tai_Tham, unicode.Tai_Viet, unicode.Javanese, unicode.Balinese,
	// prolonged sound mark
	{R16: []unicode.Range16{{Lo: 0x30FC, Hi: 0x30FC, Stride: 1}, {Lo: 0xFF70, Hi: 0xFF70, Stride: 1}}, R32: nil},
}

// bullet reports whether word processors write a bullet with this private code point.
func bullet(c rune) bool {
	return c == 0xF0B7 || c == 0xF0A7 || c == 0xF0D8 || c == 0xF076 || c == 0xF0FC
}

// ignorable are characters that are not seen and that no script needs.
func ignorable(c rune) bool {
	return c == 0xAD || c == 0x34F || c == 0x61C || c == 0x115F || c == 0x1160 || c == 0x17B4 || c == 0x17B5 ||
		c == 0x200B || c == 0x200E || c == 0x200F ||
		c >= 0x202A && c <= 0x202E || c >= 0x2060 && c <= 0x2064 || c >= 0x2066 && c <= 0x206F || c == 0x3164 ||
		c >= 0xFE00 && c <= 0xFE0D || c == 0xFEFF ||
		c == 0xFFA0 || c >= 0xFFF9 && c <= 0xFFFB || c >= 0x1BCA0 && c <= 0x1BCA3 || c >= 0x1D173 && c <= 0x1D17A ||
		c == 0xE0001 || c >= 0xE0020 && c <= 0xE007F ||
		c >= 0xE0100 && c <= 0xE01EF
}

// clean returns what stands for c in clean text: forms of a letter that differ in looks only become the letter. Signs
// that people choose (superscripts, fractions, full-width punctuation) stay.
func clean(c rune) ([]rune, bool) {
	switch {
	case bullet(c):
		return []rune{'•'}, true
	case c == 0x0132:
		return []rune("IJ"), true
	case c == 0x0133:
		return []rune("ij"), true
	case c == 0x017F:
		return []rune{'s'}, true
	case c >= 0x1D400 && c <= 0x1D7FF, // letters of mathematics
		c >= 0x2160 && c <= 0x217F, c >= 0x24B6 && c <= 0x24E9, // Roman numerals, letters in circles
		c >= 0x3371 && c <= 0x33DF && c != 0x33C2 && c != 0x33D8, // units in a square
		c >= 0xFB00 && c <= 0xFDF9,                               // ligatures, forms of Hebrew and Arabic letters
		c >= 0xFE70 && c <= 0xFEFC,
		c >= 0xFF10 && c <= 0xFF19, c >= 0xFF21 && c <= 0xFF3A, c >= 0xFF41 && c <= 0xFF5A, c >= 0xFF66 && c <= 0xFFDC:
		if class(c) == "" || class(c) == "I" {
			return nil, false
		}
		to := []rune(norm.NFKC.String(string(c)))
		if len(to) == 1 && to[0] == c {
			return nil, false
		}
		if to[0] == ' ' { // a vowel sign that stands alone
			to = to[1:]
		}
		return to, true
	}
	return nil, false
}

func decomposed(s []rune) []rune { return []rune(norm.NFD.String(string(s))) }

// fold returns what a token has for c: clean, small, without the differences of one letter.
func fold(c rune) []rune {
	if k := class(c); k == "" || k == "I" || k == "P" || k == "N" || k == "Z" || k == "B" || k == "J" || k == "V" ||
		k == "F" {
		return nil
	}
	s := []rune{c}
	for range 4 {
		var next []rune
		for _, r := range s {
			if to, ok := clean(r); ok {
				next = append(next, to...)
			} else {
				next = append(next, r)
			}
		}
		next = decomposed(next)
		for i, r := range next {
			next[i] = small(r)
		}
		if slices.Equal(s, next) {
			break
		}
		s = next
	}
	if letter := class(c) == "L" || class(c) == "S"; letter && !strings.Contains("LS", class(s[0])) {
		return nil
	}
	if slices.Equal(s, decomposed([]rune{c})) ||
		slices.ContainsFunc(s, func(r rune) bool { return !strings.Contains("LMSG", class(r)) || class(r) == "" }) {
		return nil // what the decomposition says, or no letter
	}
	return s
}

func small(r rune) rune {
	switch r {
	case 0x00B5: // micro sign
		return 'μ'
	case 'ς':
		return 'σ'
	case 'ı':
		return 'i'
	case 'ȷ':
		return 'j'
	case 'ɑ':
		return 'a'
	case 'ɡ':
		return 'g'
	case 'ک': // Arabic letters of two languages that look the same in a word
		return 'ك'
	case 'ی', 'ى':
		return 'ي'
	}
	return unicode.ToLower(r)
}

// composition returns the two code points that compose to c.
func composition(c rune) (a, b rune, ok bool) {
	if c >= 0xAC00 && c <= 0xD7A3 {
		return 0, 0, false
	}
	all := decomposed([]rune{c})
	if len(all) < 2 || norm.NFC.String(string(c)) != string(c) {
		return 0, 0, false
	}
	last := len(all) - 1
	head := []rune(norm.NFC.String(string(all[:last])))
	if len(head) != 1 || norm.NFC.String(string([]rune{head[0], all[last]})) != string(c) {
		panic(fmt.Sprintf("U+%04X has no composition", c))
	}
	return head[0], all[last], true
}
