// Package terms finds out what a text is about. It reduces a text, in any script, to terms that distinguish it from
// other texts, and ranks texts by them. Retrieval and the extractive engine use it. No receipt depends on it: package
// poa computes what an answer owes, from its tokens.
//
// The terms of a script with spaces are its words, in small letters without accents, cut to stems by short lists of
// endings. Stop words and words that ask are left out. The terms of a script without spaces are pairs of characters, or
// triples in Thai, Lao, Khmer and Burmese; a character alone is a term if it stands between common characters.
package terms

import (
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/openledger/openledger/poa"
)

// Term is the hash of a stem, or of neighbouring characters.
type Term uint64

// Word is a word of a text, or a character of a script without spaces.
type Word struct {
	// Terms of the word: a text that has one of them has the word.
	Terms []Term
	// Worth is how much it counts, in eighths of a word. Names, which begin with a capital letter, and numbers count more
	// than a word.
	Worth int64
}

const (
	// WholeWord is the worth of a word.
	WholeWord = 8
	name      = 12
	// latinRunes and stemRunes bound the length of a stem. That of Latin letters is higher, because long words in them
	// often begin alike.
	latinRunes = 8
	stemRunes  = 6
)

// Words returns the words that say what a text is about, each once.
func Words(text string) []Word {
	var out []Word
	seen := make(map[Term]bool)
	start := true // a capital letter there does not mean a name
	each(normal(text), func(p part) {
		if p.kind == word {
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
		var fresh []Term
		g := p.grams()
		for i, common := range g.common {
			if common {
				continue
			}
			w := Word{Worth: p.worth()}
			known := true
			for _, term := range g.holding(i) {
				w.Terms = append(w.Terms, term)
				known = known && seen[term]
			}
			fresh = append(fresh, w.Terms...)
			if !known {
				out = append(out, w)
			}
		}
		for _, term := range fresh {
			seen[term] = true
		}
	})
	return out
}

// Of returns the terms of a text in order, with repetitions.
func Of(text string) []Term {
	var out []Term
	each(normal(text), func(p part) {
		if p.kind == word {
			if term, ok := stem(p.text); ok {
				out = append(out, term)
			}
			return
		}
		g := p.grams()
		for from := range g.runes {
			if term, ok := g.term(from); ok {
				out = append(out, term)
			}
			if term, ok := g.single(from); ok {
				out = append(out, term)
			}
		}
	})
	return out
}

// kind is the kind of a part of a text: how its script separates words.
type kind uint8

const (
	none     kind = iota
	word          // between spaces; in Japanese, a run of katakana
	han           // by pairs of characters
	hiragana      // by pairs: mostly endings
	hangul        // by pairs inside of what spaces separate, because of particles
	triples       // Thai, Lao, Khmer, Burmese
)

// part is a word, or a run of characters of one script.
type part struct {
	text string
	kind kind
}

// each calls f with the parts of a text.
func each(text string, f func(part)) {
	start, current := -1, none
	for i, r := range text {
		k := kindOf(r)
		if start >= 0 && k != current {
			if k == word && unicode.IsMark(r) { // a mark belongs to the part before it
				continue
			}
			f(part{text[start:i], current})
			start = -1
		}
		if k != none && start < 0 {
			start, current = i, k
		}
		if k == word && current == word && katakana(r) != katakanaAt(text[start:]) {
			f(part{text[start:i], current})
			start = i
		}
	}
	if start >= 0 {
		f(part{text[start:], current})
	}
}

func katakana(r rune) bool { return unicode.Is(unicode.Katakana, r) || r == 'ー' }

func katakanaAt(text string) bool {
	r, _ := utf8.DecodeRuneInString(text)
	return katakana(r)
}

func kindOf(r rune) kind {
	switch {
	case r < utf8.RuneSelf:
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return word
		}
		return none
	case unicode.In(r, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar):
		if unicode.IsLetter(r) || unicode.IsMark(r) {
			return triples
		}
		return none
	case katakana(r):
		return word
	case unicode.Is(unicode.Han, r):
		return han
	case unicode.Is(unicode.Hiragana, r):
		return hiragana
	case unicode.Is(unicode.Hangul, r):
		return hangul
	case unicode.IsLetter(r), unicode.IsMark(r), unicode.IsDigit(r), r == '\u200C', r == '\u200D':
		return word
	}
	return none
}

// grams are the terms of a run of characters.
type grams struct {
	runes  []rune
	common []bool // of common characters, and of characters in phrases that ask
	size   int
	alone  bool // whether a character between common ones is a term
}

func (p part) grams() grams {
	g := grams{runes: []rune(p.text), size: 2, alone: p.kind == han || p.kind == hangul}
	if p.kind == triples {
		g.size = 3
	}
	g.common = make([]bool, len(g.runes))
	if p.kind != triples {
		set := commonRunes()
		for i, r := range g.runes {
			g.common[i] = set[r]
		}
	}
	for i := 0; i < len(g.runes); {
		longest := 0
		for _, phrase := range phrases[g.runes[i]] {
			if len(phrase) > longest && hasPrefix(g.runes[i:], phrase) {
				longest = len(phrase)
			}
		}
		for j := range longest {
			g.common[i+j] = true
		}
		i += max(longest, 1)
	}
	return g
}

func hasPrefix(runes, prefix []rune) bool {
	return len(runes) >= len(prefix) && string(runes[:len(prefix)]) == string(prefix)
}

// term returns the term that begins at a character, unless all of its characters are common. A run that is shorter than
// a term is a term itself.
func (g grams) term(from int) (Term, bool) {
	end := from + g.size
	if end > len(g.runes) {
		if from > 0 {
			return 0, false
		}
		end = len(g.runes)
	}
	for i := from; i < end; i++ {
		if !g.common[i] {
			return hash(string(g.runes[from:end])), true
		}
	}
	return 0, false
}

// single returns the term of a character alone, if it stands between common ones.
func (g grams) single(i int) (Term, bool) {
	if !g.alone || len(g.runes) < 2 || g.common[i] || i > 0 && !g.common[i-1] || i+1 < len(g.runes) && !g.common[i+1] {
		return 0, false
	}
	return hash(string(g.runes[i])), true
}

// holding returns the terms that hold a character.
func (g grams) holding(i int) []Term {
	var out []Term
	for from := max(0, i-g.size+1); from <= i; from++ {
		if term, ok := g.term(from); ok {
			out = append(out, term)
		}
	}
	if term, ok := g.single(i); ok {
		out = append(out, term)
	}
	return out
}

// worth returns the worth of a character.
func (p part) worth() int64 {
	if p.kind == triples {
		return WholeWord / 4
	}
	return WholeWord / 2
}

// stem returns the term of a word, or false for a stop word or a word that asks.
func stem(text string) (Term, bool) {
	lower := strings.ToLower(text)
	folded := fold(text)
	runes := []rune(folded)
	switch {
	case len(runes) < 2 && (len(runes) == 0 || !unicode.IsDigit(runes[0])), askingWords[folded],
		poa.CommonWord([]byte(lower)), text != lower && poa.CommonWord([]byte(text)):
		return 0, false
	}
	switch {
	case unicode.Is(unicode.Latin, runes[0]):
		if !strings.HasSuffix(folded, "ss") && !strings.HasSuffix(folded, "us") && !strings.HasSuffix(folded, "is") {
			folded = cut(folded, latinPlurals, 3)
		}
		if short := cut(folded, latinEndings, 4); short != folded {
			folded = short
		} else {
			folded = cut(folded, latinShort, 3)
		}
		folded = trunc(folded, latinRunes)
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
	case katakana(runes[0]):
		folded = strings.TrimRight(folded, "ー")
	case unicode.IsLetter(runes[0]): // in the languages of India, endings are vowel signs
		end := len(runes)
		for end > 2 && unicode.IsMark(runes[end-1]) {
			end--
		}
		folded = string(runes[:end])
	}
	return hash(folded), true
}

// cut removes the first of the endings that the word has, if at least so many letters are left.
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

// normal replaces forms of characters that look the same by one form.
func normal(text string) string { return norm.NFKC.String(text) }

// fold returns a word in small letters, without the accents of its script.
func fold(word string) string {
	word = strings.ToLower(word)
	if first, _ := utf8.DecodeRuneInString(word); !unicode.In(first, unicode.Latin, unicode.Greek, unicode.Cyrillic,
		unicode.Arabic, unicode.Hebrew) {
		return word
	}
	if ascii(word) {
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

func ascii(text string) bool {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// hash is FNV-1a.
func hash(text string) Term {
	h := uint64(14695981039346656037)
	for i := range len(text) {
		h = (h ^ uint64(text[i])) * 1099511628211
	}
	return Term(h)
}

// commonRunes returns the stop words of a single character in scripts without spaces.
var commonRunes = sync.OnceValue(func() map[rune]bool {
	set := make(map[rune]bool)
	for _, block := range [][2]rune{{0x3000, 0x30FF}, {0x4E00, 0x9FFF}, {0xAC00, 0xD7A3}} {
		for r := block[0]; r <= block[1]; r++ {
			if poa.CommonWord([]byte(string(r))) {
				set[r] = true
			}
		}
	}
	return set
})
