package main

import (
	"maps"
	"math"
	"slices"
	"strings"
)

// How near a relation of WordNet brings two words that have it in their commonest sense.
var nearness = map[string]float64{
	"+":  0.8, // derivation: treat, treatment
	"\\": 0.8, // what an adjective is about, or an adverb comes from: renal, kidney
	"<":  0.7, // participle
	"&":  0.5, // similar
	"$":  0.6, // verbs of one group
	"*":  0.3, // entailment
	">":  0.3, // cause
	"=":  0.5, // what an adjective is a value of
	"@":  0.3, // kind of
}

// A gloss says with other words what a word means, but each of its words is only a hint.
const (
	nearGloss    = 0.2
	glossWords   = 4
	glossesWith  = 300 // a word that more glosses have says little
	glossesLeast = 2

	leastPhrase = 0.4 // of phrases: a kind of a thing is no synonym of it
)

// pairs are weighted pairs of English words, or of phrases.
type pairs map[[2]string]float64

// add keeps the largest weight of a pair, both ways.
func (p pairs) add(a, b string, weight float64) {
	if a == b {
		return
	}
	weight = math.Min(weight, 1)
	for _, k := range [][2]string{{a, b}, {b, a}} {
		if p[k] < weight {
			p[k] = weight
		}
	}
}

// synonyms returns the pairs of words, and of phrases with at least one of several words, that share a meaning.
func (w *wordnet) synonyms() (near, phrases pairs) {
	near, phrases = pairs{}, pairs{}
	frequency := w.glossFrequency()
	for _, id := range slices.Sorted(maps.Keys(w.synsets)) {
		s := w.synsets[id]
		for i, a := range s.lemmas {
			for _, b := range s.lemmas[i+1:] {
				w.addPair(near, phrases, a.text, s, b.text, s, 1)
			}
		}
		for _, p := range s.pointers {
			t := w.synsets[p.id]
			if t == nil || nearness[p.symbol] == 0 {
				continue
			}
			for i, a := range s.lemmas {
				for k, b := range t.lemmas {
					if (p.from == 0 || p.from == i+1) && (p.to == 0 || p.to == k+1) {
						w.addPair(near, phrases, a.text, s, b.text, t, nearness[p.symbol])
					}
				}
			}
		}
		w.addGloss(near, s, frequency)
	}
	return near, phrases
}

// addPair adds two lemmas with the likelihood that both have the given senses.
func (w *wordnet) addPair(near, phrases pairs, a string, s *synset, b string, t *synset, weight float64) {
	weight *= math.Sqrt(w.shareOf(a, s) * w.shareOf(b, t))
	if x, ok := single(a); ok {
		if y, ok := single(b); ok {
			if x.stem != y.stem {
				near.add(x.text, y.text, weight)
			}
			return
		}
	}
	if weight >= leastPhrase && a != strings.ToUpper(a) && b != strings.ToUpper(b) {
		phrases.add(strings.ToLower(a), strings.ToLower(b), weight)
	}
}

// definition is a gloss without its examples and remarks.
func definition(gloss string) string {
	gloss, _, _ = strings.Cut(gloss, `"`)
	for {
		before, rest, found := strings.Cut(gloss, "(")
		_, after, closed := strings.Cut(rest, ")")
		if !found || !closed {
			return gloss
		}
		gloss = before + after
	}
}

// glossFrequency counts the glosses that have a word.
func (w *wordnet) glossFrequency() map[uint64]int {
	frequency := map[uint64]int{}
	for _, s := range w.synsets {
		seen := map[uint64]bool{}
		for _, x := range words(definition(s.gloss)) {
			if !seen[uint64(x.stem)] {
				seen[uint64(x.stem)] = true
				frequency[uint64(x.stem)]++
			}
		}
	}
	return frequency
}

// addGloss adds the rarest words of a gloss to those of its synset.
func (w *wordnet) addGloss(near pairs, s *synset, frequency map[uint64]int) {
	gloss := words(definition(s.gloss))
	slices.SortStableFunc(gloss, func(a, b word) int { return frequency[uint64(a.stem)] - frequency[uint64(b.stem)] })
	gloss = slices.DeleteFunc(gloss, func(x word) bool {
		return frequency[uint64(x.stem)] > glossesWith || frequency[uint64(x.stem)] < glossesLeast
	})
	if len(gloss) > glossWords {
		gloss = gloss[:glossWords]
	}
	for _, l := range s.lemmas {
		a, ok := single(l.text)
		if !ok {
			continue
		}
		for _, b := range gloss {
			if a.stem != b.stem {
				rare := 1 - math.Log(float64(frequency[uint64(b.stem)]))/math.Log(glossesWith+1)
				near.add(a.text, b.text, nearGloss*w.shareOf(l.text, s)*math.Sqrt(rare))
			}
		}
	}
}
