package main

import (
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// collect gathers all pairs of texts and writes those of each language to a file.
func (s sources) collect(folder string) error {
	t := texts{}
	var manuals, documents []string
	for _, source := range s {
		for _, path := range source.paths {
			var err error
			switch source.kind {
			case "catalogues":
				err = t.addCatalogues(path)
			case "manuals":
				manuals = append(manuals, path)
			case "documents":
				documents = append(documents, path)
			case "records":
				err = t.addRecords(path)
			case "memory":
				err = t.addMemory(path)
			case "glossary":
				err = t.addGlossary(path)
			case "table":
				err = t.addRows(path, source.rest)
			}
			if err != nil {
				return fmt.Errorf("%s: %w", path, err)
			}
		}
	}
	if err := t.addManuals(manuals); err != nil {
		return err
	}
	if err := t.addDocuments(documents); err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	for _, lang := range slices.Sorted(maps.Keys(t)) {
		pairs := slices.SortedFunc(maps.Keys(t[lang]), func(a, b [2]string) int { return slices.Compare(a[:], b[:]) })
		err := writeFile(folder, lang+".tsv", func(out io.Writer) {
			for _, p := range pairs {
				fmt.Fprintf(out, "%s\t%s\n", p[0], p[1])
			}
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// addRows adds a table that a line of the list describes as: language, English column, foreign column, [column word].
func (t texts) addRows(path string, rest []string) error {
	if len(rest) < 3 {
		return fmt.Errorf("a table needs a language and two columns")
	}
	english, err := strconv.Atoi(rest[1])
	if err != nil {
		return err
	}
	foreign, err := strconv.Atoi(rest[2])
	if err != nil {
		return err
	}
	where, is := 0, ""
	if len(rest) > 4 {
		if where, err = strconv.Atoi(rest[3]); err != nil {
			return err
		}
		is = strings.Join(rest[4:], " ")
	}
	return t.addTable(path, rest[0], english, foreign, where, is)
}

// leastPairs is how many pairs of texts a language needs to be aligned.
const leastPairs = 3000

// lists makes the lists of words from the dictionaries among the sources and from the texts that collect has gathered.
func (s sources) lists(out, only string) error {
	var w *wordnet
	tabs := map[string][]map[string][]string{}
	characters := lexicon{}
	near, phrases := pairs{}, pairs{}
	addTerm := func(a, b string, weight float64) { phrases.add(strings.ToLower(a), strings.ToLower(b), weight) }
	for _, source := range s {
		for _, path := range source.paths {
			var err error
			switch source.kind {
			case "wordnet":
				if w, err = readWordNet(path); err == nil {
					near, phrases = w.synonyms()
				}
			case "tab":
				lang, lemmas, err2 := readTab(path)
				tabs[lang], err = append(tabs[lang], lemmas), err2
			case "index":
				lemmas, err2 := readIndexes(path)
				lang := source.rest[0]
				tabs[lang], err = append(tabs[lang], lemmas), err2
			case "characters":
				err = readCharacters(path, characters)
			case "terms":
				err = terms(path, addTerm)
			case "synonyms":
				err = synonymTable(path, source.rest, addTerm)
			}
			if err != nil {
				return fmt.Errorf("%s: %w", path, err)
			}
		}
	}
	alignTerms(phrases, near)
	if err := writeFile(out, "synonyms.tsv", func(o io.Writer) { writePairs(o, near, 0.03, 24) }); err != nil {
		return err
	}
	err := writeFile(out, "phrases.tsv", func(o io.Writer) { writePairs(o, longOnes(phrases), leastPhrase, 24) })
	if err != nil {
		return err
	}
	languages := map[string]bool{}
	for lang := range tabs {
		languages[lang] = true
	}
	files, err := filepath.Glob(filepath.Join(out, "texts", "*.tsv"))
	if err != nil {
		return err
	}
	for _, f := range files {
		languages[strings.TrimSuffix(filepath.Base(f), ".tsv")] = true
	}
	parts := filepath.Join(out, "languages")
	if err := os.MkdirAll(parts, 0o755); err != nil {
		return err
	}
	order := slices.Sorted(maps.Keys(languages))
	if only != "" {
		order = strings.Split(only, ",")
	}
	for _, lang := range order {
		if lang == "" || lang == "en" || !languages[lang] {
			continue
		}
		l, err := translations(lang, w, tabs[lang], filepath.Join(out, "texts", lang+".tsv"), characters)
		if err != nil {
			return err
		}
		if err := writeFile(parts, lang+".tsv", func(o io.Writer) { writeLexicon(o, lang, l) }); err != nil {
			return err
		}
		fmt.Printf("%s\t%d words\n", lang, len(l))
	}
	return nil
}

// How far the kinds of sources are believed.
const (
	trustDictionary = 0.9
	trustTexts      = 0.9
	trustCharacters = 0.4
)

// translations joins all that is known of a language.
func translations(lang string, w *wordnet, tabs []map[string][]string, file string,
	characters lexicon) (lexicon, error) {
	out := lexicon{}
	a := newAligner()
	type phrase struct{ english, foreign string }
	var list []phrase
	for _, lemmas := range tabs {
		l := lexicon{}
		w.translate(lemmas, l, func(foreign, english string) { list = append(list, phrase{english, foreign}) })
		l.shares()
		out.join(l, trustDictionary)
	}
	if _, err := os.Stat(file); err == nil {
		err := eachLine(file, func(line string) error {
			if english, foreign, ok := strings.Cut(line, "\t"); ok {
				list = append(list, phrase{english, foreign})
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	slices.SortFunc(
		list, func(a, b phrase) int { return strings.Compare(a.english+"\t"+a.foreign, b.english+"\t"+b.foreign) })
	if len(list) >= leastPairs {
		runs := map[string]int{}
		for _, p := range list {
			if !unspaced(p.foreign) {
				continue
			}
			for _, x := range words(p.foreign) {
				if unspaced(x.text) {
					runs[x.text]++
				}
			}
		}
		var s *splitter
		if len(runs) > 1000 {
			s = learnSplitter(runs)
		}
		var j *joiner
		if lang == "vi" {
			j = newJoiner()
			for _, p := range list {
				j.learn(words(p.foreign))
			}
		}
		for _, p := range list {
			foreign := words(p.foreign)
			switch {
			case s != nil:
				foreign = s.units(foreign)
			case j != nil:
				foreign = j.join(foreign)
			}
			a.add(words(p.english), foreign)
		}
		out.join(a.lexicon(), trustTexts)
	}
	if lang == "zh" || lang == "ja" {
		for c := range characters {
			if len(out[c]) == 0 {
				out.join(lexicon{c: characters[c]}, trustCharacters)
			}
		}
	}
	for foreign := range out {
		if x, ok := single(foreign); ok && out[foreign][x.text] > 0.3 {
			delete(out[foreign], x.text) // the same word: the table needs no line for it
		}
		out.prune(foreign)
	}
	return out, nil
}
