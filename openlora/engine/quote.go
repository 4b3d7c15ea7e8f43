package engine

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/openledger/openledger/content/sentence"
	"github.com/openledger/openledger/poa"
)

const (
	// minQuoteTokens is the length of the shortest quote: attribution does not find shorter ones.
	minQuoteTokens = 8
	// maxQuoteWords bounds a sentence, and maxBlockWords a sentence with the code, table or list that it leads to.
	maxQuoteWords = 90
	maxBlockWords = 300
)

// quote is a part of a passage that can be said by itself.
type quote struct {
	text    string
	passage int
	place   int
	tokens  int
	last    int     // the place of the quote's last sentence
	of      []quote // all of its passage
	own     bool    // whether it has paragraphs of its own: code, a table, a list
	covered int64
	score   int64
}

// payable reports whether attribution finds a quote: its words weigh enough.
func (q quote) payable() bool {
	bits := int64(0)
	for _, id := range poa.TokenIDs([]byte(q.text)) {
		bits += int64(poa.ProtocolStatistics().Surprisal(id))
	}
	return bits >= poa.ThresholdBits<<16
}

// complete joins quotes that follow one another, and extends quotes by their neighbours until attribution finds them,
// so that every quoted author is paid. chosen must be in the order of passages. It adds at most left tokens.
func complete(chosen []quote, left int) []quote {
	var out []quote
	for i := 0; i < len(chosen); i++ {
		q := chosen[i]
		q.last = q.place
		before := -1 // where the quote before it ends
		if n := len(out); n > 0 && out[n-1].passage == q.passage {
			before = out[n-1].last
		}
		for !q.own {
			next := i+1 < len(chosen) && chosen[i+1].passage == q.passage && chosen[i+1].place == q.last+1 && !chosen[i+1].own
			switch {
			case next:
				i++
				q.last++
				q.text = joined(q.text, chosen[i].text)
			case q.payable():
			case q.last+1 < len(q.of) && !q.of[q.last+1].own && q.of[q.last+1].tokens <= left:
				q.last++
				left -= q.of[q.last].tokens
				q.text = joined(q.text, q.of[q.last].text)
				continue
			case q.place-1 > before && !q.of[q.place-1].own && q.of[q.place-1].tokens <= left:
				q.place--
				left -= q.of[q.place].tokens
				q.text = joined(q.of[q.place].text, q.text)
				continue
			}
			if !next {
				break
			}
		}
		if q.tokens = len(poa.TokenIDs([]byte(q.text))); q.tokens >= minQuoteTokens {
			out = append(out, q)
		}
	}
	return out
}

// joined returns two sentences that follow one another as one text.
func joined(a, b string) string {
	if last, _ := utf8.DecodeLastRuneInString(a); tight(last) && !thai(last) {
		return a + b
	}
	return a + " " + b
}

// thai reports whether r is of a script that has spaces between sentences only.
func thai(r rune) bool {
	return unicode.In(r, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar)
}

// quotes returns the sentences of a passage. Code, tables and lists are one with the sentence that leads to them;
// headings are left out.
func quotes(passage []byte) []quote {
	var out []quote
	add := func(text string, own bool) {
		out = append(out, quote{text: text, place: len(out), tokens: len(poa.TokenIDs([]byte(text))), own: own})
	}
	blocks := sentence.Blocks(passage)
	for i := 0; i < len(blocks); i++ {
		b := blocks[i]
		switch b.Kind {
		case sentence.Heading:
			continue
		case sentence.Code, sentence.Table:
			if text := string(passage[b.Start:b.End]); words(text) <= maxBlockWords {
				add(text, true)
			}
			continue
		}
		spans := b.Sentences(passage)
		if n := len(spans); n > 0 && leads(passage[spans[n-1].Start:spans[n-1].End]) {
			last := follows(blocks, i)
			if last > i {
				text := flat(passage[spans[n-1].Start:spans[n-1].End]) + "\n\n" +
					string(passage[lineStart(passage, blocks[i+1].Start):blocks[last].End])
				if words(text) <= maxBlockWords {
					for _, s := range spans[:n-1] {
						sentences(passage[s.Start:s.End], add)
					}
					add(text, true)
					i = last
					continue
				}
			}
			spans = spans[:n-1] // otherwise it would end with a colon
		}
		for _, s := range spans {
			sentences(passage[s.Start:s.End], add)
		}
	}
	return out
}

// sentences adds a sentence, in pieces if it is too long.
func sentences(text []byte, add func(text string, own bool)) {
	for len(text) > 0 {
		piece := text
		if end := longest(text); end < len(text) {
			piece = text[:sentence.Cut(text, end)]
		}
		add(flat(piece), false)
		text = text[len(piece):]
	}
}

// lineStart returns where the indentation of what begins at i starts.
func lineStart(text []byte, i int) int {
	for i > 0 && (text[i-1] == ' ' || text[i-1] == '\t') {
		i--
	}
	return i
}

// leads reports whether a sentence leads to what follows: it ends with a colon.
func leads(text []byte) bool {
	r, _ := utf8.DecodeLastRune([]byte(strings.TrimRight(string(text), " *_")))
	return r == ':' || r == '：'
}

// follows returns the last of the blocks that a sentence in block i leads to, or i.
func follows(blocks []sentence.Block, i int) int {
	last := i
	for j := i + 1; j < len(blocks); j++ {
		switch kind := blocks[j].Kind; {
		case kind == sentence.Item, j == i+1 && (kind == sentence.Code || kind == sentence.Table):
			last = j
			if kind != sentence.Item {
				return last
			}
		default:
			return last
		}
	}
	return last
}

// flat returns a sentence without the mark of a list's item and without line breaks. Between characters of scripts
// without spaces nothing takes the place of a line break.
func flat(text []byte) string {
	s := strings.TrimSpace(string(text))
	if r, size := utf8.DecodeRuneInString(s); strings.ContainsRune("-*+•‣◦●○■□◆◇▪・", r) {
		s = strings.TrimLeft(s[size:], " \t")
	}
	var out strings.Builder
	for line := range strings.Lines(s) {
		line = strings.TrimSpace(line)
		if before, _ := utf8.DecodeLastRuneInString(out.String()); out.Len() > 0 {
			if after, _ := utf8.DecodeRuneInString(line); !tight(before) || !tight(after) {
				out.WriteByte(' ')
			}
		}
		out.WriteString(line)
	}
	return out.String()
}

// tight reports whether r is written without spaces before and after it.
func tight(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer,
		unicode.Myanmar) ||
		r >= 0x3000 && r <= 0x303F || r >= 0xFF00 && r <= 0xFF65
}

// words estimates the number of words of a text. A character that is a token of its own counts as a third of a word.
func words(text string) int {
	n := 0
	for _, token := range poa.Tokenize([]byte(text)) {
		n += thirds(text[token.Start])
	}
	return n / 3
}

// thirds returns how many thirds of a word a token counts, by its first byte.
func thirds(lead byte) int {
	if lead >= 0xE0 {
		return 1
	}
	return 3
}

// longest returns the end of the longest beginning of a text that is not too long for a quote.
func longest(text []byte) int {
	n := 0
	for _, token := range poa.Tokenize(text) {
		if n += thirds(text[token.Start]); n > 3*maxQuoteWords {
			return token.Start
		}
	}
	return len(text)
}

// upTo returns the beginning of a quote with at most most tokens.
func (q quote) upTo(most int) quote {
	tokens := poa.Tokenize([]byte(q.text))
	if most <= 0 {
		return quote{}
	}
	if most < len(tokens) {
		q.text = strings.TrimSpace(q.text[:sentence.Cut([]byte(q.text), tokens[most].Start)])
	}
	return q
}
