package main

import (
	"bufio"
	"cmp"
	"fmt"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/openledger/openledger/poa"
)

// counts are how many windows of the statistics hold a word of a concept or of a family, and the commonest word.
type counts struct {
	concept, family map[string]float64
	most            float64
}

func readCounts(path string) (*counts, error) {
	c := &counts{concept: map[string]float64{}, family: map[string]float64{}}
	err := readLines(path, " ", 2, func(f []string) error {
		n, err := strconv.ParseFloat(f[0], 64)
		if err != nil {
			return err
		}
		c.most = max(c.most, n)
		if poa.CommonWord([]byte(f[1])) {
			return nil
		}
		name := poa.ConceptName([]byte(f[1]))
		c.concept[name] += n
		if family := familyOf(name); family != "" {
			c.family[family] += n
		}
		return nil
	})
	return c, err
}

// rarity returns the bits of a match that so many windows give by chance.
func (c *counts) rarity(n float64) float64 { return math.Log2(c.most+1) - math.Log2(n+1) }

func familyOf(name string) string {
	for i := range len(name) {
		if name[i] < 'a' || name[i] > 'z' {
			return ""
		}
	}
	if len(name) < 5 {
		return ""
	}
	return "~" + name[:5]
}

// lexicon lists by concept what else it may mean, in the order in which concepts were met first.
type lexicon struct {
	english, foreign relation
	known            map[string]bool // concepts of English words
}

// relation has weights by two names.
type relation struct {
	weights map[string]map[string]float64
	names   []string
}

func (r *relation) add(a, b string, weight float64) {
	m := r.weights[a]
	if m == nil {
		m = map[string]float64{}
		r.weights[a] = m
		r.names = append(r.names, a)
	}
	m[b] = max(m[b], weight)
}

// of returns the names beside one, the heaviest first.
func (r *relation) of(name string) []weighted {
	var out []weighted
	for other, weight := range r.weights[name] {
		out = append(out, weighted{other, weight})
	}
	slices.SortFunc(
		out, func(a, b weighted) int { return cmp.Or(cmp.Compare(b.weight, a.weight), cmp.Compare(a.name, b.name)) })
	return out
}

type weighted struct {
	name   string
	weight float64
}

func newLexicon() *lexicon {
	return &lexicon{english: relation{weights: map[string]map[string]float64{}},
		foreign: relation{weights: map[string]map[string]float64{}}, known: map[string]bool{}}
}

// Lists are cut at these weights: what is below is as often wrong as right.
const (
	leastSynonym     = 0.25
	leastTranslation = 0.1
)

func (l *lexicon) readSynonyms(path string) error {
	return readLines(path, "\t", 3, func(f []string) error {
		weight, err := strconv.ParseFloat(f[2], 64)
		if err != nil {
			return err
		}
		if !single(f[0]) || !single(f[1]) {
			return nil
		}
		a, b := poa.ConceptName([]byte(f[0])), poa.ConceptName([]byte(f[1]))
		l.known[a], l.known[b] = true, true
		if a != b && weight >= leastSynonym {
			l.english.add(a, b, weight)
			l.english.add(b, a, weight)
		}
		return nil
	})
}

func (l *lexicon) readTranslations(path string) error {
	return readLines(path, "\t", 4, func(f []string) error {
		weight, err := strconv.ParseFloat(f[3], 64)
		if err != nil {
			return err
		}
		word, ok := foreignName(f[1])
		if !ok || weight < leastTranslation || !single(f[2]) {
			return nil
		}
		// What English does not know is a name, which other languages mostly spell alike.
		if to := poa.ConceptName([]byte(f[2])); word != to && !l.known[word] && l.known[to] {
			l.foreign.add(word, to, weight)
		}
		return nil
	})
}

// single reports whether a word is one token that is not a stop word.
func single(word string) bool {
	tokens := poa.Tokenize([]byte(word))
	return len(tokens) == 1 && poa.Fold([]byte(word)) == word && !poa.CommonWord([]byte(word))
}

// foreignName returns the concept of a word, which may be up to four letters of a script without spaces.
func foreignName(word string) (string, bool) {
	tokens := poa.Tokenize([]byte(word))
	switch {
	case len(tokens) == 1:
		return poa.ConceptName([]byte(poa.Fold([]byte(word)))), !poa.CommonWord([]byte(word))
	case len(tokens) == 0 || len(tokens) > 4:
		return "", false
	}
	name := ""
	for _, t := range tokens {
		letter := poa.Fold([]byte(word[t.Start:t.End]))
		if letter[0] < 0x80 || len([]rune(letter)) > 3 {
			return "", false
		}
		name += letter
	}
	return name, name == poa.Fold([]byte(word)) || len(name) == len(word)
}

func readLines(path, separator string, fields int, each func(f []string) error) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	scanner := bufio.NewScanner(file)
	for n := 1; scanner.Scan(); n++ {
		f := strings.Split(scanner.Text(), separator)
		if len(f) != fields {
			continue
		}
		if err := each(f); err != nil {
			return fmt.Errorf("%s, line %d: %w", path, n, err)
		}
	}
	return scanner.Err()
}
