package pdf

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A page holds text that is read from the right in the order in which it is seen: the last letter of a line comes
// first. Pieces and lines keep this visual order until a line is complete; then it is put into the order of reading.

// rightToLeft reports whether r is a letter or mark that is read from the right.
func rightToLeft(r rune) bool {
	if r < 0x0590 {
		return false
	}
	return (r <= 0x08FF || r >= 0xFB1D && r <= 0xFDFF || r >= 0xFE70 && r <= 0xFEFC || r >= 0x10800 && r <= 0x10FFF ||
		r >= 0x1E800 && r <= 0x1EFFF) &&
		(unicode.IsLetter(r) || unicode.IsMark(r))
}

func firstRune(s string) rune {
	r, _ := utf8.DecodeRuneInString(s)
	return r
}

func hasRightToLeft(s string) bool { return strings.ContainsFunc(s, rightToLeft) }

// visual returns the letters of one sign in visual order. Files give them in the order of reading.
func visual(s string) string {
	if utf8.RuneCountInString(s) < 2 || !hasRightToLeft(s) {
		return s
	}
	return logical(s)
}

// logical returns a line in the order of reading. Applied twice it returns the line itself, except for brackets in
// lines that mix directions.
func logical(s string) string {
	left, right := 0, 0
	for _, r := range s {
		switch {
		case rightToLeft(r):
			right++
		case unicode.IsLetter(r):
			left++
		}
	}
	if right == 0 {
		return s
	}
	runes := []rune(s)
	if right >= left {
		reverse(runes)
		eachRun(runes, func(r rune) bool { return unicode.IsDigit(r) || unicode.IsLetter(r) && !rightToLeft(r) },
			reverse)
	} else {
		eachRun(runes, rightToLeft, reverse)
	}
	return string(runes)
}

// reverse reverses runes, and mirrors the brackets among them.
func reverse(runes []rune) {
	slices.Reverse(runes)
	for i, r := range runes {
		if at := strings.IndexRune("()[]{}<>«»‹›", r); at >= 0 {
			all := []rune("()[]{}<>«»‹›")
			runes[i] = all[slices.Index(all, r)^1]
		}
	}
}

// eachRun calls f with the longest runs that begin and end with a wanted rune and have, besides wanted runes, only
// signs. A space may not be between two digits.
func eachRun(runes []rune, wanted func(rune) bool, f func([]rune)) {
	for i := 0; i < len(runes); i++ {
		if !wanted(runes[i]) {
			continue
		}
		end := i + 1
		for j := end; j < len(runes); j++ {
			if wanted(runes[j]) {
				if unicode.IsDigit(runes[j]) && unicode.IsDigit(runes[end-1]) && slices.Contains(runes[end:j], ' ') {
					break
				}
				end = j + 1
			} else if unicode.IsLetter(runes[j]) || unicode.IsMark(runes[j]) || unicode.IsDigit(runes[j]) {
				break
			}
		}
		f(runes[i:end])
		i = end - 1
	}
}

// placed returns the signs of a line with their places. A line without signs is one sign.
func (l line) placed() []sign {
	if l.signs != nil {
		return l.signs
	}
	return []sign{{l.x0, l.x1, l.text}}
}

// reorderLines puts lines that are read from the right into the order of reading. The file may show their signs in any
// order: it often shows punctuation after the words between which it stands.
func reorderLines(spans []line) []line {
	var out []line
	for i := 0; i < len(spans); {
		first := spans[i]
		end, turned := i+1, first.signs != nil
		for end < len(spans) && math.Abs(spans[end].y-first.y) < 0.3*math.Max(spans[end].size, first.size) {
			turned = turned || spans[end].signs != nil
			end++
		}
		if turned {
			out = append(out, reorderLine(spans[i:end])...)
		} else {
			out = append(out, spans[i:end]...)
		}
		i = end
	}
	return out
}

// reorderLine reorders what is on one baseline. Parts that a wide gap divides stay apart, and the right one comes
// first.
func reorderLine(spans []line) []line {
	var signs []sign
	size := 0.0
	for _, s := range spans {
		own := slices.Clone(s.placed())
		for i := len(own) - 2; i >= 0; i-- { // a mark moves with its letter, which is after it
			if unicode.IsMark(firstRune(own[i].text)) {
				own[i].x0, own[i].x1 = own[i+1].x0, own[i+1].x0
			}
		}
		signs, size = append(signs, own...), math.Max(size, s.size)
	}
	slices.SortStableFunc(signs, func(a, b sign) int { return cmp.Compare(a.x0, b.x0) })
	var parts []line
	for _, s := range signs {
		n := len(parts)
		if n == 0 || s.x0-parts[n-1].x1 > wideGap*size {
			parts = append(parts, line{x0: s.x0, x1: s.x1, y: spans[0].y, size: size, text: s.text})
			continue
		}
		last := &parts[n-1]
		if s.x0-last.x1 > 0.15*size && !strings.HasPrefix(s.text, " ") && !strings.HasSuffix(last.text, " ") {
			last.text += " "
		}
		last.text += s.text
		last.x1 = math.Max(last.x1, s.x1)
	}
	slices.Reverse(parts)
	for i := range parts {
		parts[i].text = logical(parts[i].text)
	}
	return parts
}
