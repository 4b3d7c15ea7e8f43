package tokenizer

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// A pattern is one of the ways in which byte-level tokenizers split text into pieces before they merge. Each is a
// regular expression with a look-ahead in the files; here it is a function that returns the length of the first piece.
type pattern struct {
	name  string // of tokenizer.ggml.pre in GGUF files
	regex string // of tokenizer.json
	first func(text string) int
}

// The expressions of the split patterns as files of models write them.
const (
	GPT2Expression = `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`

	Llama3Expression = `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*` +
		`|\s*[\r\n]+|\s+(?!\S)|\s+`

	Qwen2Expression = `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*` +
		`|\s*[\r\n]+|\s+(?!\S)|\s+`

	TekkenExpression = `[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+` +
		`|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*` +
		`|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+`
)

var (
	gpt2   = &pattern{"gpt-2", GPT2Expression, firstGPT2}
	llama3 = &pattern{"llama-bpe", Llama3Expression, func(text string) int { return firstLlama(text, 3) }}
	qwen2  = &pattern{"qwen2", Qwen2Expression, func(text string) int { return firstLlama(text, 1) }}
	tekken = &pattern{"tekken", TekkenExpression, firstTekken}

	patterns = []*pattern{gpt2, llama3, qwen2, tekken}
)

// A class is what the patterns know of a character.
type class uint8

const (
	other  class = iota
	letter       // \p{L}
	number       // \p{N}
	space        // \s
)

var ascii = func() (table [utf8.RuneSelf]class) {
	for c := range table {
		table[c] = slowClass(rune(c))
	}
	return table
}()

func slowClass(r rune) class {
	switch {
	case unicode.IsLetter(r):
		return letter
	case unicode.IsNumber(r):
		return number
	case unicode.IsSpace(r):
		return space
	}
	return other
}

// next returns the class and width of the first character. A byte that is not UTF-8 is a character of class other.
func next(text string) (class, int) {
	if c := text[0]; c < utf8.RuneSelf {
		return ascii[c], 1
	}
	r, width := utf8.DecodeRuneInString(text)
	return slowClass(r), width
}

// run returns the length of the characters of one class at the beginning of text.
func run(text string, of class) int {
	n := 0
	for n < len(text) {
		c, width := next(text[n:])
		if c != of {
			break
		}
		n += width
	}
	return n
}

// firstGPT2 matches GPT2Expression.
func firstGPT2(text string) int {
	if n := contraction(text, false); n > 0 {
		return n
	}
	from := 0
	if text[0] == ' ' && len(text) > 1 {
		from = 1
	}
	c, _ := next(text[from:])
	if c == space {
		return blank(text)
	}
	return from + run(text[from:], c)
}

// contraction matches 's, 't, 're, 've, 'm, 'll and 'd.
func contraction(text string, anyCase bool) int {
	if text[0] != '\'' || len(text) < 2 {
		return 0
	}
	rest := text[1:min(len(text), 4)]
	if anyCase {
		if strings.HasPrefix(rest, "ſ") { // the long s is an s in any case
			return 1 + len("ſ")
		}
		rest = lowerASCII(rest)
	}
	switch rest[0] {
	case 's', 't', 'm', 'd':
		return 2
	}
	if len(rest) >= 2 && (rest[:2] == "re" || rest[:2] == "ve" || rest[:2] == "ll") {
		return 3
	}
	return 0
}

func lowerASCII(text string) string {
	var lower [3]byte
	n := copy(lower[:], text)
	for i, c := range lower[:n] {
		if c >= 'A' && c <= 'Z' {
			lower[i] = c + 'a' - 'A'
		}
	}
	return string(lower[:n])
}

// blank matches \s+(?!\S)|\s+ at a white space: all of it, but the last one where a word follows.
func blank(text string) int {
	n, last := 0, 0
	for n < len(text) {
		c, width := next(text[n:])
		if c != space {
			if last > 0 {
				return last
			}
			return n
		}
		last = n
		n += width
	}
	return n
}

// blankLines matches \s*[\r\n]+|\s+(?!\S)|\s+ at a white space.
func blankLines(text string) int {
	white := text[:run(text, space)]
	if end := strings.LastIndexAny(white, "\r\n"); end >= 0 {
		return end + 1
	}
	return blank(text)
}

// firstLlama matches Llama3Expression, and with digits 1 Qwen2Expression.
func firstLlama(text string, digits int) int {
	if n := contraction(text, true); n > 0 {
		return n
	}
	c, width := next(text)
	switch {
	case c == letter:
		return run(text, letter)
	case c == number:
		n := width
		for range digits - 1 {
			if n == len(text) {
				break
			}
			c, width := next(text[n:])
			if c != number {
				break
			}
			n += width
		}
		return n
	case text[0] != '\r' && text[0] != '\n' && width < len(text):
		if n := run(text[width:], letter); n > 0 {
			return width + n
		}
	}
	if n := punctuation(text, "\r\n"); n > 0 {
		return n
	}
	return blankLines(text)
}

// punctuation matches " ?[^\s\p{L}\p{N}]+" and what is in tail behind it.
func punctuation(text, tail string) int {
	n := 0
	if text[0] == ' ' {
		n = 1
	}
	length := run(text[n:], other)
	if length == 0 {
		return 0
	}
	n += length
	for n < len(text) && strings.IndexByte(tail, text[n]) >= 0 {
		n++
	}
	return n
}

// firstTekken matches TekkenExpression.
func firstTekken(text string) int {
	c, width := next(text)
	begins := []int{0}
	if c != letter && c != number && text[0] != '\r' && text[0] != '\n' {
		begins = []int{width, 0} // with a character before the word, then without
	}
	for _, from := range begins {
		if n := upperLower(text[from:]); n > 0 {
			return from + n
		}
	}
	for _, from := range begins {
		if upper := runOf(text[from:], isUpper); upper > 0 {
			return from + upper + runOf(text[from+upper:], isLower)
		}
	}
	if c == number {
		return width
	}
	if n := punctuation(text, "\r\n/"); n > 0 {
		return n
	}
	return blankLines(text)
}

// upperLower matches [\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+, where both classes share characters.
func upperLower(text string) int {
	upper, shared := 0, 0 // shared is the end of the last character that is of both classes
	for upper < len(text) {
		r, width := utf8.DecodeRuneInString(text[upper:])
		if !isUpper(r) {
			break
		}
		upper += width
		if isLower(r) {
			shared = upper
		}
	}
	if lower := runOf(text[upper:], isLower); lower > 0 {
		return upper + lower
	}
	return shared
}

func runOf(text string, is func(rune) bool) int {
	n := 0
	for n < len(text) {
		r, width := utf8.DecodeRuneInString(text[n:])
		if !is(r) {
			break
		}
		n += width
	}
	return n
}

func isUpper(r rune) bool {
	return unicode.In(r, unicode.Lu, unicode.Lt, unicode.Lm, unicode.Lo, unicode.M)
}
func isLower(r rune) bool { return unicode.In(r, unicode.Ll, unicode.Lm, unicode.Lo, unicode.M) }
