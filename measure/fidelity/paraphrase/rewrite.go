package paraphrase

import (
	"math"
	"math/rand"
	"slices"
)

// Level is how far an answer is from the words of its sources.
type Level int

// The levels. None quotes. Light replaces 60 % of the words in the table by synonyms, changes the ending of 20 % of the
// others and swaps 20 % of the function words. Heavy replaces all that the table has, also drops 10 % of the words,
// swaps the clauses of a sentence and shuffles groups of four words. Fused is Heavy on sentences that mix two sources.
const (
	None Level = iota
	Light
	Heavy
	Fused
)

// Levels lists all.
var Levels = []Level{None, Light, Heavy, Fused}

// String names the level.
func (l Level) String() string { return [...]string{"none", "light", "heavy", "fused"}[l] }

// Rates of the changes, in percent, of the words that the table of synonyms has. How many of all content words that
// changes depends on the text, and is measured: see Changed.
const (
	lightSynonyms = 60
	heavySynonyms = 100
	inflections   = 20
	functions     = 20
	drops         = 10
	group         = 4
)

// Rewrite paraphrases one sentence of lowered words. The result depends only on the words and the state of rng.
func Rewrite(rng *rand.Rand, words []string, level Level) []string {
	if level == None {
		return slices.Clone(words)
	}
	rate := lightSynonyms
	if level >= Heavy {
		rate = heavySynonyms
	}
	var out []string
	for _, w := range words {
		if level >= Heavy && rng.Intn(100) < drops {
			continue
		}
		out = append(out, reword(rng, w, rate))
	}
	if level >= Heavy && len(out) > 1 {
		middle := len(out) / 2
		out = slices.Concat(out[middle:], out[:middle])
		for from := 0; from < len(out); from += group {
			four := out[from:min(len(out), from+group)]
			rng.Shuffle(len(four), func(i, j int) { four[i], four[j] = four[j], four[i] })
		}
	}
	return out
}

// reword changes one word, or not.
func reword(rng *rand.Rand, word string, rate int) string {
	if others, ok := functionWords[word]; ok {
		if rng.Intn(100) < functions {
			return others[rng.Intn(len(others))]
		}
		return word
	}
	if b, ending, ok := base(word); ok && rng.Intn(100) < rate {
		return inflect(synonyms[b][rng.Intn(len(synonyms[b]))], ending)
	}
	if rng.Intn(100) < inflections {
		return reinflect(word, endings[rng.Intn(len(endings))])
	}
	return word
}

// fuse mixes two sentences by parts of three to six words.
func fuse(rng *rand.Rand, a, b []string) []string {
	var out []string
	for len(a) > 0 || len(b) > 0 {
		n := 3 + rng.Intn(4)
		k := min(n, len(a))
		out, a = append(out, a[:k]...), a[k:]
		a, b = b, a
	}
	return out
}

// Changed returns the part of the content words of some text that its paraphrase does not hold any more, as they were.
func Changed(before, after []string) float64 {
	left := map[string]int{}
	for _, w := range after {
		left[w]++
	}
	content, gone := 0, 0
	for _, w := range before {
		if _, function := functionWords[w]; function || len(w) < 2 {
			continue
		}
		content++
		if left[w] == 0 {
			gone++
			continue
		}
		left[w]--
	}
	if content == 0 {
		return math.NaN()
	}
	return float64(gone) / float64(content)
}
