package poa

import (
	_ "embed"
	"strings"
)

// orderText is the table of word order, written by internal/gentable. The file is normative.
//
//go:embed order_v2.txt
var orderText string

// Classes of words before those that a language lists.
const (
	orderEdge  = iota // the edge of a clause
	orderOther        // any other word
	orderFirst        // the first that is listed
)

// wordOrder is how often words of one language stand behind one another.
type wordOrder struct {
	name    string
	share   int // how many of a thousand tokens are listed words
	classes int
	parts   map[string]int // classes of other words, by their beginnings or endings
	first   bool           // by their beginnings
	values  []byte         // classes squared, row by row; 'h' is as often as by chance, a letter more half a bit more
}

// orderPlace is the class of a token in one language.
type orderPlace struct{ language, class uint16 }

// orders are all languages of the table, and by folded word where it is listed.
type orders struct {
	languages []wordOrder
	places    map[string][]orderPlace
}

var wordOrders = parseOrder(orderText)

// parseOrder reads the table. A language with a malformed line is passed over; the embedded table has none.
func parseOrder(text string) *orders {
	o := &orders{places: make(map[string][]orderPlace)}
	var language wordOrder
	var words []string
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		kind, rest, spaced := strings.Cut(line, " ")
		switch {
		case kind == "language":
			o.add(language, words)
			language, words = wordOrder{name: rest, parts: make(map[string]int)}, nil
		case kind == "share":
			language.share = int(parseCount(rest))
		case kind == "words":
			words = strings.Fields(rest)
			language.classes = len(words) + orderFirst
		case kind == "endings" || kind == "beginnings":
			language.first = kind == "beginnings"
			for _, e := range strings.Fields(rest) {
				language.parts[e] = language.classes
				language.classes++
			}
		case !spaced:
			language.values = append(language.values, line...)
		}
	}
	o.add(language, words)
	return o
}

func (o *orders) add(l wordOrder, words []string) {
	if len(words) == 0 || l.share == 0 || len(l.values) != l.classes*l.classes {
		return
	}
	language := uint16(len(o.languages))
	o.languages = append(o.languages, l)
	for i, w := range words {
		o.places[w] = append(o.places[w], orderPlace{language, uint16(i + orderFirst)})
	}
}

// language returns the language that lists most of the words, the first of several, and how many.
func (o *orders) language(words []string) (best, listed int) {
	counts := make([]int, len(o.languages))
	for _, w := range words {
		for _, p := range o.places[w] {
			counts[p.language]++
		}
	}
	for i, n := range counts {
		if n > listed {
			best, listed = i, n
		}
	}
	return best, listed
}

// class returns the class of a folded word in a language.
func (o *orders) class(language int, word string) int {
	for _, p := range o.places[word] {
		if int(p.language) == language {
			return int(p.class)
		}
	}
	l := &o.languages[language]
	if class, ok := l.parts[Part(word, l.first)]; ok {
		return class
	}
	return orderOther
}

// Part returns the first or last two code points of a folded word of at least four, which in many languages tell its form; of a Hangul
// word of at least two syllables one. It is "" of a shorter word.
func Part(word string, first bool) string {
	least, take := 4, 2
	if isHangul(word) {
		least, take = 2, 1
	}
	var starts []int
	for i := 0; i < len(word); i++ {
		if word[i]&0xC0 != 0x80 {
			starts = append(starts, i)
		}
	}
	switch {
	case len(starts) < least:
		return ""
	case first:
		return word[:starts[take]]
	}
	return word[starts[len(starts)-take]:]
}
