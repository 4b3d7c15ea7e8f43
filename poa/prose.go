package poa

import (
	"fmt"
	"slices"
)

// Clauses returns the folded words of a text, cut where punctuation, a line end, a symbol or, between letters of a
// script without spaces, a space stands between two of them. Hangul letters that stand together are one word.
func Clauses(text []byte) [][]string {
	var out [][]string
	for _, w := range wordsOf(text) {
		if w.edge {
			out = append(out, nil)
		}
		out[len(out)-1] = append(out[len(out)-1], w.word)
	}
	return out
}

// standsAlone reports whether the first letter of a token is one of a script without spaces.
func standsAlone(token []byte) bool {
	c, size := decodeRune(token)
	return size > 0 && c >= 0x80 && unicodeV2.of(c).class == classAlone
}

// breaks reports whether what stands between two tokens ends a clause; alone says that both are of a script without
// spaces.
func breaks(gap []byte, alone bool) bool {
	for i := 0; i < len(gap); {
		c, size := decodeRune(gap[i:])
		if size == 0 {
			return true
		}
		i += size
		switch {
		case c == ' ' || c == '\t':
			if alone {
				return true
			}
		case c == '\'' || c == 0x2019 || c == 0x02BC || c == '-' || c == 0x2010 || c == 0x2011 || c == 0x0F0B ||
			c == 0x0F0C || c == 0x1361:
			// within words, or like a space
		default:
			return true
		}
	}
	return false
}

// wordAt is a word of a text with what tells its place in a sentence.
type wordAt struct {
	word       string
	start, end int
	edge       bool // a clause starts with it
	sentence   bool // a sentence or line starts with it
	capital    bool // it starts with a capital letter or a figure
}

// wordsOf returns the words of a text.
func wordsOf(text []byte) []wordAt {
	var out []wordAt
	h := tokenHasher{}
	last, alone := -1, false
	for start, end := nextToken(text, 0); start < end; start, end = nextToken(text, end) {
		h.fold(text[start:end])
		w := wordAt{word: string(h.buf), start: start, end: end}
		now := standsAlone(text[start:])
		if isHangul(w.word) {
			if n := len(out); n > 0 && start == last && isHangul(out[n-1].word) {
				out[n-1].word, out[n-1].end, last = out[n-1].word+w.word, end, end
				continue
			}
			now = false
		}
		if last < 0 {
			w.edge, w.sentence = true, true
		} else if gap := text[last:start]; breaks(gap, alone && now) {
			w.edge, w.sentence = true, endsSentence(gap)
		}
		w.capital = isCapital(text[start:])
		out = append(out, w)
		last, alone = end, now
	}
	return out
}

// isHangul reports whether a word starts with a Hangul syllable.
func isHangul(word string) bool {
	return len(word) >= 3 && word[0] >= 0xEA && word[0] <= 0xED && string(word[:3]) >= "가" && string(word[:3]) <= "힣"
}

// isCapital reports whether a token starts with a capital letter or a figure.
func isCapital(token []byte) bool {
	c, _ := decodeRune(token)
	return c < 'a' || c >= 0x80 && unicodeV2.of(c).flags&flagFolds != 0
}

// endsSentence reports whether a sentence ends in what stands between two tokens.
func endsSentence(gap []byte) bool {
	for i := 0; i < len(gap); {
		c, size := decodeRune(gap[i:])
		if size == 0 {
			return false
		}
		i += size
		switch c {
		case '.', '!', '?', '\n', 0x0589, 0x061F, 0x06D4, 0x0964, 0x0F0D, 0x104B, 0x1362, 0x17D4, 0x3002, 0xFF01, 0xFF0E,
			0xFF1F:
			return true
		}
	}
	return false
}

// orderCase is what a sentence that starts with a capital letter counts, in half bits.
const orderCase = 4

// orderPowers are 256 times two to the power of half of -15 … 16.
var orderPowers = func() (out [32]int64) {
	roots := [2]int64{256, 362}
	for i := range out {
		v := i - 15
		k := v &^ 1 // even, towards minus infinity
		out[i] = roots[v&1] << 16 >> (16 - k/2)
	}
	return out
}()

// orderResult compares how the words of a text follow one another with how they would if they were shuffled. All are in
// the same unit.
type orderResult struct {
	language int
	listed   int   // words that the language lists
	common   int64 // and the same, each counted only as often as prose has it, in ten thousandths
	found    int64 // how much more the words follow one another as the language has it than if they were shuffled
	expected int64 // and how much more they would in prose of the language
	spread   int64 // the square of how far shuffled words come by chance
	words    int64
	hangul   bool // most words are Hangul: the script tells the language
}

// measureOrder compares the order of words with their language's.
func measureOrder(words []wordAt) orderResult {
	var r orderResult
	plain := make([]string, len(words))
	for i := range words {
		plain[i] = words[i].word
	}
	r.language, r.listed, r.common = wordOrders.language(plain)
	l := &wordOrders.languages[r.language]
	n := l.classes
	// A left class is a word's, or an edge, behind a sentence 0 and else orderFirst below; a right one is a word's, twice.
	left, right := make([]int64, n+1), make([]int64, 2*n)
	value := func(a, b int) int64 {
		from := a
		if a == n {
			from = orderEdge
		}
		v := int64(l.values[from*n+b/2]) - 'h'
		if a == n {
			v += orderCase * int64(2*(b&1)-1)
		}
		return v
	}
	found := int64(0)
	hangul, before := 0, orderEdge
	for _, w := range words {
		if isHangul(w.word) {
			hangul++
		}
		class := wordOrders.class(r.language, w.word)
		a, b := orderEdge, 2*class
		if w.capital {
			b++
		}
		switch {
		case w.sentence:
			a = n
		case !w.edge:
			a = before
		}
		before = class
		left[a]++
		right[b]++
		found += value(a, b)
	}
	sum, squares, likely, weight := int64(0), int64(0), int64(0), int64(0)
	for a, x := range left {
		if x == 0 {
			continue
		}
		for b, y := range right {
			if y == 0 {
				continue
			}
			v := value(a, b)
			sum += x * y * v
			squares += x * y * v * v
			weight += x * y * orderPowers[v+15]
			likely += x * y * orderPowers[v+15] * v
		}
	}
	m := int64(len(words))
	r.words, r.hangul = m, 2*hangul > len(words)
	r.found = m*found - sum
	r.expected = m*m*likely/max(weight, 1) - sum
	r.spread = (m*m*squares - sum*sum) / max(m, 1)
	return r
}

// shuffled reports whether the words of a text stand in an order that prose of their language does not have. It returns
// false for text whose language is not in the table, and for text with too few common words to tell.
func (r orderResult) shuffled() bool {
	l := &wordOrders.languages[r.language]
	usual := l.usual(r.words)
	common := r.common - 10_000*max(slackLeast, slackWords-r.words/slackPer)
	likely := common*100 >= usual*likelyPPC
	switch square := r.expected * r.expected; {
	case r.expected <= 0:
		return false
	case (common*100 >= usual*surePPC || l.alone && likely || r.hangul) && square >= 25*r.spread:
		return r.found*100 < r.expected*orderPPC
	case likely && square >= 36*r.spread:
		return r.found*200 < r.expected*orderPPC
	}
	return false
}

// Parameters of the test of prose; shares are in per cent. They were set on the development set (README.md, section 1).
const (
	surePPC   = 65 // of the common words of prose of a language: the language is certain
	likelyPPC = 50 // it is likely, and certain if no other language has its script
	// Of the common words of a text so many are left out, as another language may have them too: slackWords, less one for
	// each slackPer words of the text, and at least slackLeast.
	slackWords = 5
	slackPer   = 20
	slackLeast = 1

	orderPPC = 30 // of the order that prose has, below which words are shuffled

	listPPC       = 12 // of the common words that prose has, below which a text may be a list
	listFigures   = 10 // of the words of a list at most are figures
	listWords     = 6  // a list has at least so many words
	listSure      = 20 // below so many, one common word makes it none
	listGaps      = 97 // of the gaps of a list are of its two commonest kinds
	listClause    = 35 // tenths of a word in a clause of a list at most, if it has clauses
	listPlainGaps = 97 // of the gaps of a list without clauses are alike

	repeatWords    = 40 // a text that repeats itself has at least so many words
	repeatDistinct = 20 // of them at most are different
	repeatAlone    = 12 // in scripts without spaces
)

// checkProse refuses word lists, texts of few different words, and shuffled words.
func checkProse(content []byte) error {
	words := wordsOf(content)
	if at := lookAlikes(words); at >= 0 {
		return &SegmentError{CodeMixedScript, words[at].start,
			fmt.Sprintf("the word %q has only letters of another alphabet that look Latin; write it in Latin letters",
				words[at].word)}
	}
	r := measureOrder(words)
	switch {
	case repeats(words):
		return &SegmentError{CodeRepeatedWords, 0,
			"the text says few different words again and again; write what they mean once, in sentences"}
	case r.isList(content, words):
		return &SegmentError{
			CodeWordList, 0, "the text is a list of words; write sentences, or use a DataNet that accepts lists and tables"}
	case r.shuffled():
		return &SegmentError{CodeShuffledWords, 0,
			"the words stand in no order that sentences of their language have; write sentences"}
	}
	return nil
}

// repeats reports whether a text consists of few different words.
func repeats(words []wordAt) bool {
	if len(words) < repeatWords {
		return false
	}
	most, alone := repeatDistinct, 0
	distinct := make(map[string]struct{}, len(words))
	for i := range words {
		distinct[words[i].word] = struct{}{}
		if standsAlone([]byte(words[i].word)) {
			alone++
		}
	}
	if 2*alone > len(words) {
		most = repeatAlone
	}
	return len(distinct)*100 < len(words)*most
}

// isList reports whether a text is a list of words: it has hardly any of the common words of its language, few figures,
// and between its words stand always the same one or two signs.
func (r orderResult) isList(content []byte, words []wordAt) bool {
	n := int64(len(words))
	typical := wordOrders.languages[r.language].share * n
	if n < listWords || int64(r.listed)*10_000*100 >= typical*listPPC || n < listSure && r.listed > 0 {
		return false
	}
	figures, clauses := int64(0), int64(0)
	gaps := make([]string, 0, len(words))
	for i, w := range words {
		if hasFigure(w.word) {
			figures++
		}
		if w.edge {
			clauses++
		}
		if i > 0 {
			gaps = append(gaps, string(trimGap(content[words[i-1].end:w.start])))
		}
	}
	if figures*100 > n*listFigures {
		return false
	}
	first, second := twoMost(gaps)
	if first*100 >= (n-1)*listPlainGaps {
		return clauses*2 > n || !endsSentence(content[words[n-1].end:])
	}
	if n < listSure && 2*clauses <= n && endsSentence(content[words[n-1].end:]) {
		return false // a short sentence
	}
	return (first+second)*100 >= (n-1)*listGaps && n*10 <= clauses*listClause
}

// trimGap leaves one of several spaces or line ends.
func trimGap(gap []byte) []byte {
	for len(gap) > 1 && isSpace(gap[len(gap)-1]) && isSpace(gap[len(gap)-2]) {
		gap = gap[:len(gap)-1]
	}
	return gap
}

// twoMost returns how often the two commonest of some texts stand there. It sorts them.
func twoMost(texts []string) (first, second int64) {
	slices.Sort(texts)
	for i := 0; i < len(texts); {
		j := i
		for j < len(texts) && texts[j] == texts[i] {
			j++
		}
		switch n := int64(j - i); {
		case n > first:
			first, second = n, first
		case n > second:
			second = n
		}
		i = j
	}
	return first, second
}

func hasFigure(word string) bool {
	for i := 0; i < len(word); i++ {
		if word[i] >= '0' && word[i] <= '9' {
			return true
		}
	}
	return false
}

// lookAlikes returns the first word of several in a text of Latin letters that have only letters of another alphabet
// which look Latin, or -1. Where most words of that alphabet have letters of its own, they are words of its languages.
func lookAlikes(words []wordAt) int {
	latin, alike, other, first := 0, 0, 0, -1
	for i := range words {
		switch kind := alikeKind(words[i].word); kind {
		case alikeLatin:
			latin++
		case alikeAll:
			if alike++; first < 0 {
				first = i
			}
		case alikeOther:
			other++
		}
	}
	if alike >= 2 && alike > 2*other && latin > alike {
		return first
	}
	return -1
}

const (
	alikeNone = iota
	alikeLatin
	alikeAll
	alikeOther
)

// alikeKind distinguishes a word of Latin letters, a word of Cyrillic or Greek letters that all look Latin, and another
// word of Cyrillic or Greek letters.
func alikeKind(word string) int {
	kind, letters := alikeNone, 0
	for _, r := range word {
		c := uint32(r)
		switch scriptOf(c) {
		case scriptLatin:
			return alikeLatin
		case scriptCyrillic:
			letters += 2
		case scriptGreek:
			letters++
		default:
			continue
		}
		switch r {
		case 'а', 'е', 'о', 'р', 'с', 'у', 'х', 'і', 'ј', 'ѕ', 'ԁ', 'һ', 'ԛ', 'ԝ', 'ӏ', 'α', 'ε', 'η', 'ι', 'κ', 'ν', 'ο',
			'ρ', 'σ', 'τ', 'υ', 'χ', 'ω', 'γ':
			if kind == alikeNone {
				kind = alikeAll
			}
		default:
			kind = alikeOther
		}
	}
	if kind == alikeAll && letters < 2 {
		return alikeNone
	}
	return kind
}
