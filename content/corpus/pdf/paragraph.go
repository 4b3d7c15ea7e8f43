package pdf

import (
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// paragraphsOf joins lines into paragraphs, across columns and pages.
func paragraphsOf(pages [][]line) []string {
	words := vocabulary(pages)
	var paragraphs []string
	var open []byte
	var last *line
	flush := func() {
		if s := strings.TrimSpace(strings.ReplaceAll(string(open), softHyphen, "")); s != "" {
			paragraphs = append(paragraphs, s)
		}
		open = open[:0]
	}
	for _, lines := range pages {
		leading, right := measure(lines)
		for i := range lines {
			next := &lines[i]
			if last != nil && goesOn(last, next, leading, right) {
				cut, between := joint(string(open[max(0, len(open)-maxWord):]), next.text, words)
				open = append(open[:len(open)-cut], between...)
			} else {
				flush()
			}
			open = append(open, next.text...)
			last = next
		}
	}
	flush()
	return paragraphs
}

// measure returns the usual distance of the lines of a page, in font sizes, and where its longest lines end.
func measure(lines []line) (leading, right float64) {
	var steps, ends []float64
	for i, l := range lines {
		ends = append(ends, l.x1)
		if i > 0 {
			step := lines[i-1].y - l.y
			if step > 0.7*l.size && step < 2.5*l.size {
				steps = append(steps, step/l.size)
			}
		}
	}
	leading = 1.2
	if len(steps) > 0 {
		slices.Sort(steps)
		leading = math.Min(steps[len(steps)/2], 2.2)
	}
	if len(ends) > 0 {
		slices.Sort(ends)
		right = ends[len(ends)*9/10]
	}
	return leading, right
}

// goesOn reports whether next is in the same paragraph as last. leading is in font sizes.
func goesOn(last, next *line, leading, right float64) bool {
	size := next.size
	if math.Abs(last.size-size) > 0.12*math.Max(last.size, size) || isItem(next.text) {
		return false
	}
	step := last.y - next.y
	if step <= 0.3*size || step > 12*size {
		// The line is in another column or page, where a sentence may continue.
		return !endsSentence(last.text) && beginsSmall(next.text)
	}
	if step > leading*size*1.25+0.1*size {
		return false
	}
	if !endsSentence(last.text) {
		return true
	}
	indent := next.x0 - last.x0
	if indent > 0.8*size && indent < 6*size && !isItem(last.text) {
		return false
	}
	return last.x1 > right-0.15*(right-math.Min(last.x0, next.x0))
}

// endsSentence reports whether a line ends like a sentence.
func endsSentence(s string) bool {
	s = strings.TrimRight(s, "\"'”’)]»")
	c, _ := utf8.DecodeLastRuneInString(s)
	switch c {
	case '.', '!', '?', ':', '。', '！', '？', '।', '؟', '…':
		return true
	}
	return false
}

func beginsSmall(s string) bool {
	c, _ := utf8.DecodeRuneInString(s)
	return unicode.IsLower(c)
}

// isItem reports whether a line begins an item of a list.
func isItem(s string) bool {
	first, _, more := strings.Cut(s, " ")
	if !more {
		return false
	}
	switch first {
	case "•", "◦", "▪", "‣", "–", "—", "-", "*", "·", "○", "●", "■", "\uF0B7", "\uF0A7":
		return true
	}
	body := strings.TrimRight(first, ".)")
	if body == first || len(body) == 0 || len(body) > 3 {
		return false
	}
	return strings.Trim(body, "0123456789") == ""
}

// vocabulary returns the words of a file that no line end divides. They decide whether a hyphen at the end of a line
// belongs to the word.
func vocabulary(pages [][]line) map[string]bool {
	words := make(map[string]bool)
	for _, lines := range pages {
		for _, l := range lines {
			fields := strings.Fields(l.text)
			for i, word := range fields {
				word = bareWord(word)
				if i == len(fields)-1 && strings.HasSuffix(word, "-") || word == "" {
					continue
				}
				if len(words) < 1<<20 {
					words[word] = true
				}
			}
		}
	}
	return words
}

func bareWord(word string) string {
	return strings.ToLower(
		strings.TrimFunc(word, func(c rune) bool { return c != '-' && !unicode.IsLetter(c) && !unicode.IsDigit(c) }))
}

// maxWord is the longest word that is joined, in bytes.
const maxWord = 200

// joint returns how to join two lines of a paragraph: how many bytes to cut off the first one, and what to put between
// them. A word that the line end divides is made whole. It keeps the hyphen if it has one elsewhere in the file, or if
// it could not have been divided there.
func joint(a, b string, words map[string]bool) (cut int, between string) {
	if strings.HasSuffix(a, softHyphen) {
		return len(softHyphen), ""
	}
	stem, ok := strings.CutSuffix(a, "-")
	if !ok {
		if stem, ok = strings.CutSuffix(a, "\u2010"); !ok {
			return 0, blank(a, b, words)
		}
	}
	head := stem[strings.LastIndexAny(stem, " \n")+1:]
	tail, _, _ := strings.Cut(b, " ")
	before, _ := utf8.DecodeLastRuneInString(head)
	switch {
	case unicode.IsDigit(before):
		return 0, "" // 10-
	case head == "" || !unicode.IsLower(before):
		return 0, " "
	case !beginsSmall(b) && !words[bareWord(head+tail)]:
		return 0, "" // Hailey-
	}
	if hyphenStays(head, tail, words) {
		return 0, ""
	}
	return len(a) - len(stem), ""
}

// blank returns what takes the place of a line end: a space, or nothing if the script has no spaces between words, or
// if the line end divides a Korean word that is whole elsewhere in the file.
func blank(a, b string, words map[string]bool) string {
	before, _ := utf8.DecodeLastRuneInString(a)
	after := firstRune(b)
	switch {
	case unspaced(before) && unspaced(after):
		return ""
	case unicode.Is(unicode.Hangul, before) && unicode.Is(unicode.Hangul, after):
		head := a[strings.LastIndexAny(a, " \n")+1:]
		tail, _, _ := strings.Cut(b, " ")
		if words[bareWord(head+tail)] {
			return ""
		}
	}
	return " "
}

// unspaced reports whether r belongs to a script without spaces between words, or is punctuation of one.
func unspaced(r rune) bool {
	return r >= 0x3000 && r <= 0x30FF || r >= 0xFF00 && r <= 0xFF65 ||
		unicode.In(r, unicode.Han, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar)
}

// hyphenStays reports whether a hyphen at the end of a line belongs to the word: the word has it elsewhere in the file,
// or both parts are words of the file and the whole is not.
func hyphenStays(head, tail string, words map[string]bool) bool {
	switch whole := bareWord(head + tail); {
	case words[whole]:
		return false
	case words[bareWord(head+"-"+tail)]:
		return true
	}
	head, tail = bareWord(head), bareWord(tail)
	return len(head) >= 4 && len(tail) >= 4 && words[head] && words[tail]
}

const softHyphen = "\u00AD"
