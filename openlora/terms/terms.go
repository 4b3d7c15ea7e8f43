// Package terms says what a text is about: it reduces a text to the words that tell it from others, in every script, and ranks texts by
// them. Retrieval and the extractive engine use it. No receipt depends on it: what an answer owes is computed by poa from its tokens.
//
// Words are folded (letters without accents, small) and cut to stems by short lists of endings. Stop words and words that ask are left out.
// Where words are not told apart by spaces, pairs of characters stand for them, and in Thai and its like, triples.
package terms

import (
	"hash/fnv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/openledger/openledger/poa"
)

// Term is a hash of a stem, or of neighbouring characters.
type Term uint64

// Word is a word of a text, or a character of a script without spaces.
type Word struct {
	// Terms stand for it: a text that has one of them has the word.
	Terms []Term
	// Worth is how much of a word it is, in eighths of one; names, which begin with a capital letter, and numbers count more than one.
	Worth int64
}

const (
	// WholeWord is the worth of a word.
	WholeWord = 8
	name      = 12
	// stemRunes is the most that is left of a word with many endings.
	stemRunes = 6
)

// Words returns the words of a text that say what it is about, each once.
func Words(text string) []Word {
	var out []Word
	seen := make(map[Term]bool)
	start := true // a capital letter means nothing at the start
	each(normal(text), func(p part) {
		if p.gram == 0 {
			capital := unicode.IsUpper([]rune(p.text)[0]) && !start
			start = false
			term, ok := stem(p.text)
			if !ok || seen[term] {
				return
			}
			seen[term] = true
			w := Word{Terms: []Term{term}, Worth: WholeWord}
			if capital || strings.ContainsFunc(p.text, unicode.IsDigit) {
				w.Worth = name
			}
			out = append(out, w)
			return
		}
		start = false
		runes := []rune(p.text)
		common := p.common(runes)
		for i := range runes {
			if common[i] {
				continue
			}
			w := Word{Worth: p.worth()}
			fresh := false
			for from := max(0, i-p.gram+1); from <= i; from++ {
				if term, ok := p.term(runes, common, from); ok {
					w.Terms = append(w.Terms, term)
					fresh = fresh || !seen[term]
				}
			}
			if fresh {
				out = append(out, w)
			}
		}
		for from := range runes {
			if term, ok := p.term(runes, common, from); ok {
				seen[term] = true
			}
		}
	})
	return out
}

// Of returns the terms of a text in order, with repetitions.
func Of(text string) []Term {
	var out []Term
	each(normal(text), func(p part) {
		if p.gram == 0 {
			if term, ok := stem(p.text); ok {
				out = append(out, term)
			}
			return
		}
		runes := []rune(p.text)
		common := p.common(runes)
		for from := range runes {
			if term, ok := p.term(runes, common, from); ok {
				out = append(out, term)
			}
		}
	})
	return out
}

// part is a word of a script with spaces, or a run of characters of one without.
type part struct {
	text string
	gram int // how many characters make a term, 0 for words
}

// each calls f with the parts of a text.
func each(text string, f func(part)) {
	start, gram := -1, 0
	for i, r := range text {
		g, letter := class(r)
		if start >= 0 && (!letter || g != gram) {
			if letter && unicode.IsMark(r) { // belongs to what it stands on
				continue
			}
			f(part{text[start:i], gram})
			start = -1
		}
		if letter && start < 0 {
			start, gram = i, g
		}
	}
	if start >= 0 {
		f(part{text[start:], gram})
	}
}

// class returns how many characters make a term of the script of r, and whether r is part of words.
func class(r rune) (gram int, letter bool) {
	switch {
	case r < 0x80:
		return 0, r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
	case unicode.In(r, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar):
		return 3, unicode.IsLetter(r) || unicode.IsMark(r)
	case unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul) || r == 'ー':
		return 2, true
	}
	return 0, unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsDigit(r) || r == '\u200C' || r == '\u200D'
}

// worth is how much of a word a character is.
func (p part) worth() int64 {
	if p.gram == 3 {
		return WholeWord / 4
	}
	return WholeWord / 2
}

// common marks the characters that are common by themselves, and those of phrases that ask.
func (p part) common(runes []rune) []bool {
	out := make([]bool, len(runes))
	for i, r := range runes {
		if p.gram == 2 && poa.CommonWord([]byte(string(r))) {
			out[i] = true
		}
	}
	for i := 0; i < len(runes); {
		longest := 0
		for _, phrase := range phrases[runes[i]] {
			if len(phrase) > longest && hasPrefix(runes[i:], phrase) {
				longest = len(phrase)
			}
		}
		for j := range longest {
			out[i+j] = true
		}
		i += max(longest, 1)
	}
	return out
}

func hasPrefix(runes, prefix []rune) bool {
	return len(runes) >= len(prefix) && string(runes[:len(prefix)]) == string(prefix)
}

// term returns the term that begins at a character, unless all of it is common. A run that is shorter is one term.
func (p part) term(runes []rune, common []bool, from int) (Term, bool) {
	end := from + p.gram
	if end > len(runes) {
		if from > 0 {
			return 0, false
		}
		end = len(runes)
	}
	for i := from; i < end; i++ {
		if !common[i] {
			return hash(string(runes[from:end])), true
		}
	}
	return 0, false
}

// stem returns the term of a word, or none for words that say nothing.
func stem(word string) (Term, bool) {
	lower := strings.ToLower(word)
	folded := fold(word)
	runes := []rune(folded)
	switch {
	case len(runes) < 2 && (len(runes) == 0 || !unicode.IsDigit(runes[0])), askingWords[folded], poa.CommonWord([]byte(lower)), poa.CommonWord([]byte(word)):
		return 0, false
	}
	switch {
	case unicode.Is(unicode.Latin, runes[0]):
		folded = trunc(cut(cut(folded, latinEndings, 4), latinEndings, 4), stemRunes)
	case unicode.Is(unicode.Cyrillic, runes[0]):
		folded = trunc(cut(folded, cyrillicEndings, 3), stemRunes)
	case unicode.Is(unicode.Greek, runes[0]):
		folded = trunc(cut(folded, greekEndings, 3), stemRunes)
	case unicode.Is(unicode.Arabic, runes[0]):
		for _, before := range arabicBefore {
			if rest, ok := strings.CutPrefix(folded, before); ok && len([]rune(rest)) >= 3 {
				if askingWords[rest] {
					return 0, false
				}
				folded = rest
				break
			}
		}
		folded = cut(folded, arabicBehind, 3)
	case unicode.IsLetter(runes[0]): // vowel signs at the end are what changes in the languages of India
		end := len(runes)
		for end > 2 && unicode.IsMark(runes[end-1]) {
			end--
		}
		folded = string(runes[:end])
	}
	return hash(folded), true
}

// cut removes an ending if so many letters are left.
func cut(word string, endings []string, least int) string {
	for _, ending := range endings {
		if rest, ok := strings.CutSuffix(word, ending); ok && len([]rune(rest)) >= least {
			return rest
		}
	}
	return word
}

func trunc(word string, most int) string {
	if runes := []rune(word); len(runes) > most {
		return string(runes[:most])
	}
	return word
}

// normal makes forms of characters that look the same the same.
func normal(text string) string { return norm.NFKC.String(text) }

// fold returns a word in small letters, in scripts with accents without them.
func fold(word string) string {
	word = strings.ToLower(word)
	if first, _ := utf8.DecodeRuneInString(word); !unicode.In(first, unicode.Latin, unicode.Greek, unicode.Cyrillic, unicode.Arabic, unicode.Hebrew) {
		return word
	}
	var out strings.Builder
	for _, r := range norm.NFD.String(word) {
		if !unicode.Is(unicode.Mn, r) && r != '\u200C' && r != '\u200D' {
			out.WriteRune(r)
		}
	}
	return arabicLetters.Replace(latinLetters.Replace(out.String()))
}

func hash(text string) Term {
	h := fnv.New64a()
	h.Write([]byte(text))
	return Term(h.Sum64())
}
