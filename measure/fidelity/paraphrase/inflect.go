package paraphrase

import "strings"

// endings of inflected English words, longest first.
var endings = []string{"ing", "ed", "es", "s"}

// base returns a likely base form in the synonym table, and the ending that was cut off.
func base(word string) (string, string, bool) {
	if _, ok := synonyms[word]; ok {
		return word, "", true
	}
	for _, e := range endings {
		stem, cut := strings.CutSuffix(word, e)
		if !cut || len(stem) < 3 {
			continue
		}
		candidates := []string{stem, stem + "e"}
		if n := len(stem); stem[n-1] == stem[n-2] {
			candidates = append(candidates, stem[:n-1]) // stopped: stop
		}
		if s, ok := strings.CutSuffix(stem, "i"); ok {
			candidates = append(candidates, s+"y") // copied: copy
		}
		for _, c := range candidates {
			if _, ok := synonyms[c]; ok {
				return c, e, true
			}
		}
	}
	return "", "", false
}

// inflect puts an ending on a base form.
func inflect(word, ending string) string {
	if ending == "" {
		return word
	}
	n := len(word)
	vowel := func(i int) bool { return strings.ContainsRune("aeiou", rune(word[i])) }
	switch ending {
	case "s", "es":
		if n > 2 && word[n-1] == 'y' && !vowel(n-2) {
			return word[:n-1] + "ies"
		}
		for _, hiss := range []string{"s", "x", "ch", "sh"} {
			if strings.HasSuffix(word, hiss) {
				return word + "es"
			}
		}
		return word + "s"
	case "ed":
		if n > 2 && word[n-1] == 'y' && !vowel(n-2) {
			return word[:n-1] + "ied"
		}
	}
	if n > 2 && word[n-1] == 'e' {
		return word[:n-1] + ending
	}
	return word + ending
}

// reinflect changes the ending of a word of at least four letters a-z: walks, walked, walking.
func reinflect(word, ending string) string {
	if len(word) < 4 || strings.ContainsFunc(word, func(r rune) bool { return r < 'a' || r > 'z' }) {
		return word
	}
	if b, _, ok := base(word); ok {
		return inflect(b, ending)
	}
	for _, e := range endings {
		if stem, cut := strings.CutSuffix(word, e); cut && len(stem) >= 4 && !strings.HasSuffix(word, "ss") {
			return inflect(stem, ending)
		}
	}
	return inflect(word, ending)
}

func joinWords(words []string) string { return strings.Join(words, " ") }
