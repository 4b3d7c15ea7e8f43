package pdf

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Text that is read from the right stands in a page as it is seen: the last letter of a line comes first. Pieces and
// lines keep that order until a line is complete; then it is turned round.

// rightToLeft reports letters and marks that are read from the right.
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

// visual returns the letters of one sign, which a file gives in the order of reading, as they are seen.
func visual(s string) string {
	if utf8.RuneCountInString(s) < 2 || !hasRightToLeft(s) {
		return s
	}
	return logical(s)
}

// logical returns a line in the order of reading. Applied twice it gives the line back, but for brackets of lines that
// mix directions.
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
		turn(runes)
		eachRun(runes, func(r rune) bool { return unicode.IsDigit(r) || unicode.IsLetter(r) && !rightToLeft(r) },
			func(run []rune) { turn(run) })
	} else {
		eachRun(runes, rightToLeft, func(run []rune) { turn(run) })
	}
	return string(runes)
}

// turn reverses runes, and the brackets among them: they are seen from the other side.
func turn(runes []rune) {
	slices.Reverse(runes)
	for i, r := range runes {
		if at := strings.IndexRune("()[]{}<>«»‹›", r); at >= 0 {
			all := []rune("()[]{}<>«»‹›")
			runes[i] = all[slices.Index(all, r)^1]
		}
	}
}

// eachRun calls f with the longest runs that begin and end with what is wanted and in which nothing else stands but
// signs. Between figures no space may stand.
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

// placed returns the signs of a line with their places.
func (l line) placed() []sign {
	if l.signs != nil {
		return l.signs
	}
	return []sign{{l.x0, l.x1, l.text}}
}

// turnLines puts lines that are read from the right into the order of reading. Their signs may stand in any order in
// the file: signs of punctuation are often shown behind the words between which they stand.
func turnLines(spans []line) []line {
	var out []line
	for i := 0; i < len(spans); {
		first := spans[i]
		end, turned := i+1, first.signs != nil
		for end < len(spans) && math.Abs(spans[end].y-first.y) < 0.3*math.Max(spans[end].size, first.size) {
			turned = turned || spans[end].signs != nil
			end++
		}
		if turned {
			out = append(out, turnLine(spans[i:end])...)
		} else {
			out = append(out, spans[i:end]...)
		}
		i = end
	}
	return out
}

// turnLine turns what stands on one baseline. What a wide gap divides stays divided; the right part comes first.
func turnLine(spans []line) []line {
	var signs []sign
	size := 0.0
	for _, s := range spans {
		own := slices.Clone(s.placed())
		for i := len(own) - 2; i >= 0; i-- { // a mark goes where its letter does, which stands behind it
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
