// Package sentence finds where sentences end, in every script, and where code, tables, items of lists and headings are.
// Segments are cut with it, and the extractive engine quotes with it, so that both mean the same by a sentence and by a
// table.
//
// It uses marks and short tables, knows no grammar, and gives the same result everywhere. No receipt depends on it.
package sentence

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Span is a part of a text, from Start to before End, in bytes.
type Span struct{ Start, End int }

const (
	// bracketBytes is the length up to which a bracket or quotation with sentences in it is not cut.
	bracketBytes = 400
	// blankLetters is the number of letters, without the marks on them, after which a space ends a sentence of a script
	// without marks.
	blankLetters = 30
)

// Sentences returns the sentences of prose, without the white space around them. A line break is a space.
func Sentences(text []byte) []Span {
	var out []Span
	for from := 0; from < len(text); {
		end := End(text, from, len(text))
		if span := trim(text, Span{from, end}); span.Start < span.End {
			out = append(out, span)
		}
		from = end
	}
	return out
}

// End returns the end of the sentence that starts at byte from: the place after its mark and the quotation marks and
// brackets that belong to it. It returns limit if the sentence does not end before. It looks at the text after limit.
func End(text []byte, from, limit int) int {
	s := scanner{text: text, from: from, limit: min(limit, len(text))}
	return s.end()
}

// end returns what End does.
func (s *scanner) end() int {
	text, limit := s.text, s.limit
	before := rune(0)
	for i := s.from; i < limit; {
		s.steps++
		r, size := utf8.DecodeRune(text[i:])
		s.noteBracket(i, r)
		switch kind := markAt(before, r); {
		case kind != noMark:
			end := s.endOfMarks(i + size)
			if len(s.open) == 0 && s.ends(kind, i, end) {
				return min(end, limit)
			}
			before, _ = utf8.DecodeLastRune(text[:end])
			i = end
			continue
		case (r == ' ' || r == '\n') && s.spaceEnds(i, before, r):
			return i
		case markless(r) && unicode.IsLetter(r):
			s.letters++
		}
		if r != ' ' || !markless(before) {
			before = r
		}
		i += size
	}
	return limit
}

// scanner looks for the end of one sentence.
type scanner struct {
	text    []byte
	from    int
	limit   int
	steps   int    // characters that were looked at, for tests
	capital int8   // -1 if the sentence begins with a small letter, 1 if not, 0 if that was not checked
	open    []rune // the characters that close the open brackets
	opened  int    // place of the first open bracket
	letters int    // letters of scripts without marks, so far
}

// noteBracket notes a bracket or quotation mark. It forgets one that stays open for long.
func (s *scanner) noteBracket(i int, r rune) {
	if n := len(s.open); n > 0 {
		if r == s.open[n-1] || s.open[n-1] == '”' && r == '“' {
			s.open = s.open[:n-1]
			return
		}
		if i-s.opened > bracketBytes {
			s.open = s.open[:0]
		}
	}
	if closer := closerOf(r); closer != 0 && len(s.open) < 8 {
		if len(s.open) == 0 {
			s.opened = i
		}
		s.open = append(s.open, closer)
	}
}

// endOfMarks returns the end of the marks at i, and of what closes after them. After the limit their end does not
// matter.
func (s *scanner) endOfMarks(i int) int {
	before := rune(0)
	for i < len(s.text) && i <= s.limit {
		s.steps++
		r, size := utf8.DecodeRune(s.text[i:])
		if markAt(before, r) == noMark && !closes(r) {
			break
		}
		// A quotation mark that opens directly after the mark belongs to the next sentence.
		if r == '“' && !s.quoted('”') && !s.spaceAt(i+size) {
			break
		}
		s.noteBracket(i, r)
		before = r
		i += size
	}
	for _, spaced := range []string{" »", "\u00a0»", "\u202f»"} { // as French writes it
		if strings.HasPrefix(string(s.text[i:min(i+8, len(s.text))]), spaced) {
			return i + len(spaced)
		}
	}
	return i
}

func (s *scanner) quoted(closer rune) bool { return len(s.open) > 0 && s.open[len(s.open)-1] == closer }

// spaceAt reports whether white space or the end of the text is at i.
func (s *scanner) spaceAt(i int) bool {
	if i >= len(s.text) {
		return true
	}
	r, _ := utf8.DecodeRune(s.text[i:])
	return unicode.IsSpace(r)
}

// ends reports whether the mark at i ends the sentence. end is the end of the mark and what belongs to it.
func (s *scanner) ends(kind mark, i, end int) bool {
	r, size := utf8.DecodeRune(s.text[i:])
	before, _ := utf8.DecodeLastRune(s.text[s.from:i])
	after, _ := utf8.DecodeRune(s.text[end:])
	if end == len(s.text) {
		return true
	}
	last, _ := utf8.DecodeLastRune(s.text[:end])
	if kind == fullMark {
		switch {
		case r == '．' && unicode.IsDigit(before) && unicode.IsDigit(after):
			return false
		case closes(last) && (after == 'と' || after == 'っ' || after == 'の'): // a quotation, and the verb of saying
			return false
		}
		return true
	}
	if !unicode.IsSpace(after) {
		return r != '…' && unspaced(before) && unspaced(after) && end == i+size
	}
	next := s.next(end)
	if next == "" {
		return true
	}
	first, _ := utf8.DecodeRuneInString(next)
	if unicode.IsLower(first) && s.capitalised() {
		if r == '.' || r == '…' || closes(last) {
			return false
		}
	}
	if r != '.' || end > i+size && s.text[i+size] == '.' { // or the first of several
		return true
	}
	return s.fullStopEnds(i, next)
}

// next returns the first word from i on, without the characters that lead it.
func (s *scanner) next(i int) string {
	for i < len(s.text) {
		s.steps++
		r, size := utf8.DecodeRune(s.text[i:])
		if !unicode.IsSpace(r) && !leads(r) {
			break
		}
		i += size
	}
	end := i
	for end < len(s.text) && end-i < 64 {
		r, size := utf8.DecodeRune(s.text[end:])
		if !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsDigit(r) {
			if end == i {
				end += size // it is a sign, not a word
			}
			break
		}
		end += size
	}
	return string(s.text[i:end])
}

// capitalised reports whether the sentence does not begin with a small letter. In text without capitals, a small letter
// after a mark says nothing.
func (s *scanner) capitalised() bool {
	if s.capital != 0 {
		return s.capital > 0
	}
	s.capital = 1
	for i := s.from; i < len(s.text); {
		s.steps++
		r, size := utf8.DecodeRune(s.text[i:])
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			if unicode.IsLower(r) {
				s.capital = -1
			}
			break
		}
		i += size
	}
	return s.capital > 0
}

// fullStopEnds reports whether the full stop at i, which white space and the word next follow, ends a sentence. It may
// also belong to an abbreviation, an initial or the number of a day.
func (s *scanner) fullStopEnds(i int, next string) bool {
	word := s.wordBefore(i)
	if word == "" {
		return true
	}
	lower := strings.ToLower(word)
	first, _ := utf8.DecodeRuneInString(next)
	capital := !unicode.IsLower(first) && !unicode.IsDigit(first)
	previous := strings.ToLower(strings.TrimSuffix(s.wordBefore(s.skipBack(i-len(word))), "."))
	switch {
	case digits(word):
		return len(word) > 3 || !months[strings.ToLower(next)] && s.skipBack(i-len(word)) > s.from
	case outer[lower], outer[previous+"."+lower]:
		return capital
	case inner[lower]:
		return false
	case strings.Contains(word, "."): // e.g., i.e., U.S., z.B., т.е.
		return !dotted(word) || unicode.IsUpper([]rune(word)[0]) && capital && starters[strings.ToLower(next)]
	case letters(word) == 1:
		if unicode.IsDigit(rune(word[0])) {
			return true
		}
		return capital && (lettered[previous] || starters[strings.ToLower(next)] && unicode.IsUpper([]rune(word)[0]))
	}
	return true
}

// wordBefore returns the word that ends before byte i. It may have full stops inside.
func (s *scanner) wordBefore(i int) string {
	start := i
	for start > s.from {
		r, size := utf8.DecodeLastRune(s.text[s.from:start])
		if !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsDigit(r) && r != '.' || i-start > 64 {
			break
		}
		start -= size
	}
	return strings.TrimLeft(string(s.text[start:i]), ".")
}

func (s *scanner) skipBack(i int) int {
	for i > s.from {
		s.steps++
		r, size := utf8.DecodeLastRune(s.text[s.from:i])
		if !unicode.IsSpace(r) && !leads(r) {
			break
		}
		i -= size
	}
	return i
}

// spaceEnds reports whether the white space at i ends a sentence of a script without marks: it does after enough
// letters, and at the end of a line.
func (s *scanner) spaceEnds(i int, before, r rune) bool {
	if !markless(before) || r == ' ' && i > s.from && s.text[i-1] == ' ' { // the first of several spaces decides
		return false
	}
	for i+1 < len(s.text) && s.text[i+1] == ' ' {
		s.steps++
		i++
	}
	after, _ := utf8.DecodeRune(s.text[i+1:])
	return markless(after) && unicode.IsLetter(after) && len(s.open) == 0 && (s.letters >= blankLetters || r == '\n')
}

func digits(word string) bool {
	return strings.IndexFunc(word, func(r rune) bool { return !unicode.IsDigit(r) }) < 0
}

// letters counts the characters that are not marks on others.
func letters(word string) int {
	n := 0
	for _, r := range word {
		if !unicode.IsMark(r) {
			n++
		}
	}
	return n
}

// dotted reports whether a word is made of parts of at most two letters with full stops between them.
func dotted(word string) bool {
	for part := range strings.SplitSeq(word, ".") {
		if letters(part) > 2 || digits(part) {
			return false
		}
	}
	return true
}

// Cut returns where to cut text that is one sentence and longer than limit: after the last clause in the second half of
// limit, or else after the last space, or else at limit. The result is above 0.
func Cut(text []byte, limit int) int {
	if limit >= len(text) {
		return len(text)
	}
	clause, space := 0, 0
	for i := 0; i < limit; {
		r, size := utf8.DecodeRune(text[i:])
		end := i + size
		if end > limit {
			break
		}
		after, _ := utf8.DecodeRune(text[end:])
		switch {
		case r == ' ' || r == '\n' || r == '\t':
			space = end
		case clauseMark(r) && (unicode.IsSpace(after) || unspaced(after) && r >= utf8Self):
			clause = end
		}
		if (after == ' ' || after == '\n' || after == '\t') && end <= limit {
			space = end
		}
		i = end
	}
	switch {
	case clause > limit/2:
		return clause
	case space > 0:
		return space
	}
	return max(limit, 1)
}

func trim(text []byte, s Span) Span {
	for s.Start < s.End && white(text[s.Start]) {
		s.Start++
	}
	for s.End > s.Start && white(text[s.End-1]) {
		s.End--
	}
	return s
}

func white(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }
