package main

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"golang.org/x/text/language"
)

// lexicon has for each word of a language the English words it is translated with, and how likely.
type lexicon map[string]map[string]float64

// most is how many translations a word keeps, and least the likelihood below which one is dropped. The likeliest may
// have half of it.
const (
	most  = 6
	least = 0.08
)

func (l lexicon) add(foreign, english string, weight float64) {
	if foreign == "" || english == "" || weight <= 0 {
		return
	}
	if l[foreign] == nil {
		l[foreign] = map[string]float64{}
	}
	l[foreign][english] += weight
}

// shares makes the weights of each word add up to one at most, and drops the least.
func (l lexicon) shares() {
	for foreign, english := range l {
		sum := 0.0
		for _, e := range slices.Sorted(maps.Keys(english)) {
			sum += english[e]
		}
		for e := range english {
			if sum > 1 {
				english[e] /= sum
			}
		}
		l.prune(foreign)
	}
}

// prune keeps the likeliest translations of a word.
func (l lexicon) prune(foreign string) {
	for i, e := range likeliest(l[foreign]) {
		if w := l[foreign][e]; i >= most || w < least/2 || w < least && i > 0 {
			delete(l[foreign], e)
		}
	}
	if len(l[foreign]) == 0 {
		delete(l, foreign)
	}
}

// likeliest returns the keys from the heaviest, and equally heavy ones by the alphabet.
func likeliest(weights map[string]float64) []string {
	keys := slices.Sorted(maps.Keys(weights))
	slices.SortStableFunc(keys, func(a, b string) int { return cmp.Compare(weights[b], weights[a]) })
	return keys
}

// join adds what other knows. Where both know a translation, it is likelier than either says: they do not depend on
// each other.
func (l lexicon) join(other lexicon, trust float64) {
	for foreign, english := range other {
		if l[foreign] == nil {
			l[foreign] = map[string]float64{}
		}
		for e, p := range english {
			p *= trust
			l[foreign][e] += p - l[foreign][e]*p
		}
	}
}

// languageOf returns the code that the lists have for a language: two letters where there are.
func languageOf(code string) string {
	code = strings.ReplaceAll(code, "_", "-")
	code, _, _ = strings.Cut(code, "@")
	code, _, _ = strings.Cut(code, ".")
	if code == "qcn" {
		code = "zh" // the tab files name the Chinese of Taiwan so
	}
	tag, err := language.All.Parse(code)
	if err != nil {
		return ""
	}
	base, _ := tag.Base()
	switch base.String() {
	case "und":
		return ""
	case "no":
		return "nb"
	}
	return base.String()
}
