package main

import (
	"strings"
	"unicode"

	"github.com/openledger/openledger/poa"
)

// word is a folded token with the id of its stem.
type word struct {
	text string
	stem poa.TokenID
}

// words returns the words of a text that are no stop words of package poa, folded. Numbers and single ASCII letters are
// left out. Letters of scripts without spaces stay together in one word, as long as they stand together.
func words(text string) []word {
	b := []byte(text)
	var out []word
	var run strings.Builder
	end := -1 // of the run
	flush := func() {
		if run.Len() > 0 {
			out = append(out, word{text: run.String(), stem: runStem(run.String())})
			run.Reset()
		}
	}
	for _, t := range poa.Tokenize(b) {
		w := lookUp(b[t.Start:t.End])
		if w.run {
			if t.Start != end {
				flush()
			}
			run.WriteString(w.text)
			end = t.End
			continue
		}
		flush()
		if w.stem != 0 {
			out = append(out, w.word)
		}
	}
	flush()
	return out
}

// entry is what is known of a token: its word, without a stem if it carries no meaning, or a letter of a run.
type entry struct {
	word
	run bool
}

var known = map[string]entry{}

// lookUp folds a token.
func lookUp(token []byte) entry {
	if e, ok := known[string(token)]; ok {
		return e
	}
	e := entry{word: word{text: unpointed(poa.Fold(token))}}
	e.run = unspaced(e.text)
	if stems := poa.Stems([]byte(e.text)); !e.run && len(stems) == 1 && worthy(e.text) {
		e.stem = stems[0]
	}
	known[string(token)] = e
	return e
}

// unpointed is a word without the vowel points of Hebrew and Arabic, which dictionaries have and other texts have not.
func unpointed(s string) string {
	return strings.Map(func(c rune) rune {
		if c >= 0x591 && c <= 0x5c7 || c >= 0x64b && c <= 0x652 || c == 0x670 || c == 0x640 {
			return -1
		}
		return c
	}, s)
}

// worthy reports that a token carries meaning that can be translated.
func worthy(folded string) bool {
	letters := 0
	for _, c := range folded {
		switch {
		case unicode.IsLetter(c) || unicode.IsMark(c):
			letters++
		case unicode.IsDigit(c):
			return false
		}
	}
	return letters > 1
}

// unspaced reports that a token is of a script of which package poa makes each letter a token, and whose words are runs
// of letters.
func unspaced(folded string) bool {
	for _, c := range folded {
		return unicode.In(c, unicode.Han, unicode.Hangul, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao,
			unicode.Khmer, unicode.Myanmar) || c == 'ー'
	}
	return false
}

// runStem is the id of a word of a script without spaces.
func runStem(run string) poa.TokenID {
	const offset, prime = 14695981039346656037, 1099511628211
	h := uint64(offset)
	for i := 0; i < len(run); i++ {
		h = (h ^ uint64(run[i])) * prime
	}
	return poa.TokenID(h)
}

// single returns the only word of a text, if it is one word and nothing else.
func single(text string) (word, bool) {
	if strings.ContainsAny(text, " _") {
		return word{}, false
	}
	if w := words(text); len(w) == 1 && len(poa.Tokenize([]byte(text))) <= len([]rune(w[0].text)) {
		return w[0], true
	}
	return word{}, false
}
