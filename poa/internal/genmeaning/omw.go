package main

import (
	"strings"
)

// readTab reads a tab file of the Open Multilingual Wordnet: for each lemma of another language the synsets it is in.
func readTab(name string) (lang string, lemmas map[string][]string, err error) {
	lemmas = map[string][]string{}
	err = eachLine(name, func(line string) error {
		f := strings.Split(line, "\t")
		if strings.HasPrefix(line, "#") && lang == "" && len(f) > 1 {
			lang = languageOf(f[1]) // "# DanNet	dan	…"
		}
		if strings.HasPrefix(line, "#") || len(f) < 3 || f[1] != "lemma" && !strings.HasSuffix(f[1], ":lemma") {
			return nil
		}
		value := f[2]
		id := strings.Replace(f[0], "-s", "-a", 1)
		value = strings.ReplaceAll(strings.ReplaceAll(value, "+", ""), "_", " ")
		lemmas[value] = append(lemmas[value], id)
		return nil
	})
	return lang, lemmas, err
}

// translate turns the synsets of a language's lemmas into translations, and those of several words into pairs of
// phrases.
func (w *wordnet) translate(lemmas map[string][]string, out lexicon, phrase func(foreign, english string)) {
	for text, ids := range lemmas {
		x, ok := single(text)
		total := 0.0
		for _, id := range ids {
			total += w.use(w.synsets[id])
		}
		for _, id := range ids {
			s := w.synsets[id]
			if s == nil {
				continue
			}
			share := w.use(s) / total
			best := w.best(s)
			if phrase != nil && best != "" && (!ok || strings.Contains(best, " ")) {
				phrase(text, best)
			}
			if ok {
				w.translateSense(x.text, s, share, out)
			}
		}
	}
}

// use is how often the marked texts have a synset.
func (w *wordnet) use(s *synset) float64 {
	if s == nil {
		return 0
	}
	n := 0.5
	for _, l := range s.lemmas {
		n += float64(l.count)
	}
	return n
}

// best is the lemma that names a synset best.
func (w *wordnet) best(s *synset) string {
	text, most := "", 0.0
	for _, l := range s.lemmas {
		if n := w.weight(l, s); n > most {
			text, most = l.text, n
		}
	}
	return text
}

// translateSense shares a sense out to the lemmas of its synset, by how well they name it. The words of a lemma of
// several share its part.
func (w *wordnet) translateSense(foreign string, s *synset, share float64, out lexicon) {
	sum := 0.0
	for _, l := range s.lemmas {
		sum += w.weight(l, s)
	}
	for _, l := range s.lemmas {
		p := share * w.weight(l, s) / sum
		if x, ok := single(l.text); ok {
			out.add(foreign, x.text, p)
			continue
		}
		parts := words(l.text)
		for _, x := range parts {
			out.add(foreign, x.text, p/float64(len(parts)))
		}
	}
}
