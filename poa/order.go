package poa

import (
	_ "embed"
	"slices"
	"strings"
	"unicode/utf8"
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
	blocks  []uint32    // where each listed word starts
	rates   []int64     // of the listed words: how many of ten thousand tokens each is
	share   int64       // their sum
	parts   []orderPart // by which other words are told apart; their classes are the last
	classes int
	alone   bool   // no other language of the table is written in its script
	values  []byte // classes squared, row by row; 'h' is as often as by chance, a letter more half a bit more
}

// orderPlace is the class of a token in one language, and how many of ten thousand tokens it is.
type orderPlace struct{ language, class, rate uint16 }

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
			language, words = wordOrder{name: rest}, nil
		case kind == "words":
			words = strings.Fields(rest)
			language.classes = len(words) + orderFirst
		case kind == "parts":
			for _, p := range strings.Fields(rest) {
				language.parts = append(language.parts, newOrderPart(p))
				language.classes++
			}
		case !spaced:
			language.values = append(language.values, line...)
		}
	}
	o.add(language, words)
	o.tellScripts()
	return o
}

// tellScripts finds the languages most of whose common words start in a block of 128 code points where those of no
// other language do.
func (o *orders) tellScripts() {
	const several = -1
	owners := make(map[uint32]int)
	for i := range o.languages {
		for _, b := range o.languages[i].blocks {
			if owner, ok := owners[b]; ok && owner != i {
				owners[b] = several
			} else {
				owners[b] = i
			}
		}
	}
	for i := range o.languages {
		l := &o.languages[i]
		own := 0
		for _, b := range l.blocks {
			if owners[b] == i {
				own++
			}
		}
		l.alone = 2*own > len(l.blocks)
	}
}

func (o *orders) add(l wordOrder, words []string) {
	for _, w := range words {
		word, rate, _ := strings.Cut(w, ":")
		first, _ := decodeRune([]byte(word))
		l.blocks = append(l.blocks, first>>7)
		l.rates = append(l.rates, int64(min(parseCount(rate), 10_000)))
		l.share += l.rates[len(l.rates)-1]
	}
	if l.share == 0 || len(l.values) != l.classes*l.classes {
		return
	}
	language := uint16(len(o.languages))
	o.languages = append(o.languages, l)
	for i, w := range words {
		word, _, _ := strings.Cut(w, ":")
		o.places[word] = append(o.places[word], orderPlace{language, uint16(i + orderFirst), uint16(l.rates[i])})
	}
}

// language returns the language whose common words the words of a text are: as often as it has each of them, at most,
// in ten thousandths of a word. It is the first of several. listed is how many words the language lists.
func (o *orders) language(words []string) (best, listed int, common int64) {
	sorted := slices.Clone(words)
	slices.Sort(sorted)
	commons := make([]int64, len(o.languages))
	counts := make([]int, len(o.languages))
	for i := 0; i < len(sorted); {
		j := i
		for j < len(sorted) && sorted[j] == sorted[i] {
			j++
		}
		for _, p := range o.places[sorted[i]] {
			commons[p.language] += min(int64(j-i)*10_000, int64(p.rate)*int64(len(words)))
			counts[p.language] += j - i
		}
		i = j
	}
	for i, n := range commons {
		if n > common {
			best, common = i, n
		}
	}
	return best, counts[best], common
}

// usual returns what orders.language counts on average in prose of the language of so many words: as numbers vary, of a
// word that should stand there x times about x*x/(x+1).
func (l *wordOrder) usual(words int64) int64 {
	sum := int64(0)
	for _, rate := range l.rates {
		x := rate * words
		sum += x * x / (x + 10_000)
	}
	return sum
}

// class returns the class of a folded word in a language.
func (o *orders) class(language int, word string) int {
	for _, p := range o.places[word] {
		if int(p.language) == language {
			return int(p.class)
		}
	}
	class := orderOther
	l := &o.languages[language]
	for i := range l.parts {
		if p := &l.parts[i]; p.of == class && p.is(word) {
			class = l.classes - len(l.parts) + i
		}
	}
	return class
}

// orderPart tells some words of a class apart: those that begin or end with a text are a class of their own, or one
// word is.
type orderPart struct {
	of         int // the class
	text       string
	begin, end bool
}

// newOrderPart reads a part as the table writes it: the class, and re-, -er or a whole word.
func newOrderPart(text string) (p orderPart) {
	class, text, _ := strings.Cut(text, ":")
	p.of = int(parseCount(class))
	if p.text, p.begin = strings.CutSuffix(text, "-"); !p.begin {
		p.text, p.end = strings.CutPrefix(text, "-")
	}
	return p
}

func (p *orderPart) is(word string) bool {
	switch {
	case p.begin:
		return strings.HasPrefix(word, p.text) && leavesPart(word[len(p.text):])
	case p.end:
		return strings.HasSuffix(word, p.text) && leavesPart(word[:len(word)-len(p.text)])
	}
	return word == p.text
}

// leavesPart reports whether what a beginning or ending leaves of a word is long enough: two code points, or a Hangul
// syllable.
func leavesPart(rest string) bool {
	points := 0
	for i := 0; i < len(rest) && points < 2; i++ {
		if rest[i]&0xC0 != 0x80 {
			points++
		}
	}
	return points == 2 || isHangul(rest)
}

// maxPart is how many code points a beginning or ending has at most.
const maxPart = 4

// Parts returns the beginnings and endings of a folded word by which the table may tell it from others, as it writes
// them: re- and -er.
func Parts(word string) []string {
	var out []string
	for i := range word {
		begin, end := word[:i], word[i:]
		if i > 0 && leavesPart(end) && utf8.RuneCountInString(begin) <= maxPart {
			out = append(out, begin+"-")
		}
		if i > 0 && leavesPart(begin) && utf8.RuneCountInString(end) <= maxPart {
			out = append(out, "-"+end)
		}
	}
	return out
}
