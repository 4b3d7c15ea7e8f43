package template

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxSource is the longest template that is read, in bytes.
const maxSource = 1 << 18

// A kind is the kind of a token.
type kind uint8

const (
	endOfSource kind = iota
	data             // text between tags
	begin            // {{ or {%
	end              // }} or %}
	name
	number
	quoted
	operator
)

type token struct {
	kind kind
	text string // of quoted strings: their value
	line int
}

// lexer cuts a template into tokens, with Jinja's settings trim_blocks and lstrip_blocks.
type lexer struct {
	source string
	at     int
	line   int
	tokens []token
	// lineStart reports whether what was read last ends with a line break, so that white space before a block is dropped.
	lineStart bool
}

func lex(source string) ([]token, error) {
	if len(source) > maxSource {
		return nil, fmt.Errorf("the chat template has %d bytes; at most %d are read", len(source), maxSource)
	}
	if !utf8.ValidString(source) {
		return nil, fmt.Errorf("the chat template is not valid UTF-8")
	}
	source = strings.ReplaceAll(strings.ReplaceAll(source, "\r\n", "\n"), "\r", "\n")
	l := &lexer{source: strings.TrimSuffix(source, "\n"), line: 1, lineStart: true}
	for l.at < len(l.source) {
		if err := l.next(); err != nil {
			return nil, fmt.Errorf("chat template, line %d: %w", l.line, err)
		}
	}
	return append(l.tokens, token{kind: endOfSource, line: l.line}), nil
}

func (l *lexer) add(k kind, text string) { l.tokens = append(l.tokens, token{k, text, l.line}) }

// take reads n bytes and counts the lines in them.
func (l *lexer) take(n int) string {
	text := l.source[l.at : l.at+n]
	l.line += strings.Count(text, "\n")
	l.at += n
	return text
}

// next reads the text up to a tag, and the tag.
func (l *lexer) next() error {
	rest := l.source[l.at:]
	open := -1
	for i := 0; i+1 < len(rest); i++ {
		if rest[i] == '{' && (rest[i+1] == '{' || rest[i+1] == '%' || rest[i+1] == '#') {
			open = i
			break
		}
	}
	if open < 0 {
		l.add(data, rest)
		l.take(len(rest))
		return nil
	}
	text := rest[:open]
	tag := rest[open+1]
	sign := byte(0)
	if open+2 < len(rest) {
		sign = rest[open+2]
	}
	switch {
	case sign == '-':
		text = strings.TrimRightFunc(text, isSpace)
	case sign != '+' && tag != '{':
		text = l.dropIndent(text)
	}
	if text != "" {
		l.add(data, text)
	}
	l.take(open + 2)
	if sign == '-' || sign == '+' && tag != '{' {
		l.take(1)
	}
	switch tag {
	case '#':
		return l.comment()
	case '%':
		if done, err := l.raw(); done || err != nil {
			return err
		}
	}
	return l.tag(tag)
}

// dropIndent takes white space off the end of text if nothing else is before the tag in its line.
func (l *lexer) dropIndent(text string) string {
	from := strings.LastIndexByte(text, '\n') + 1
	if (from > 0 || l.lineStart) && strings.TrimLeftFunc(text[from:], isSpace) == "" {
		return text[:from]
	}
	return text
}

func isSpace(r rune) bool { return unicode.IsSpace(r) || r >= 0x1c && r <= 0x1f }

// close reads the end of a tag that is at hand: white space behind it is dropped after a minus, and the line break
// behind a block or a comment unless there is a plus.
func (l *lexer) close(sign byte, trim bool) {
	n := 2
	if sign != 0 {
		n++
	}
	rest := l.source[l.at+n:]
	switch {
	case sign == '-':
		n += len(rest) - len(strings.TrimLeftFunc(rest, isSpace))
	case trim && sign != '+' && strings.HasPrefix(rest, "\n"):
		n++
	}
	l.lineStart = strings.HasSuffix(l.take(n), "\n")
}

func (l *lexer) comment() error {
	length := strings.Index(l.source[l.at:], "#}")
	if length < 0 {
		return fmt.Errorf("a comment has no end")
	}
	sign := byte(0)
	if length > 0 {
		if c := l.source[l.at+length-1]; c == '-' || c == '+' {
			sign = c
			length--
		}
	}
	l.take(length)
	l.close(sign, true)
	return nil
}

// raw reads {% raw %}…{% endraw %}, whose text is not looked at.
func (l *lexer) raw() (bool, error) {
	after, ok := cutWord(l.source[l.at:], "raw")
	if !ok {
		return false, nil
	}
	l.at = len(l.source) - len(after)
	sign := byte(0)
	if after[0] == '-' {
		sign = '-'
	}
	l.close(sign, false)
	rest := l.source[l.at:]
	for i := 0; ; i++ {
		next := strings.Index(rest[i:], "{%")
		if next < 0 {
			return false, fmt.Errorf("raw has no endraw")
		}
		i += next
		inner := rest[i+2:]
		strip := strings.HasPrefix(inner, "-")
		if strip || strings.HasPrefix(inner, "+") {
			inner = inner[1:]
		}
		after, ok := cutWord(inner, "endraw")
		if !ok {
			continue
		}
		text := rest[:i]
		if strip {
			text = strings.TrimRightFunc(text, isSpace)
		} else {
			text = l.dropIndent(text)
		}
		l.add(data, text)
		l.take(len(rest) - len(after))
		sign := byte(0)
		if after[0] == '-' || after[0] == '+' {
			sign = after[0]
		}
		l.close(sign, true)
		return true, nil
	}
}

// cutWord reports whether text is a word between white space and the end of a block, and returns the text from that end
// on.
func cutWord(text, word string) (string, bool) {
	rest, ok := strings.CutPrefix(strings.TrimLeftFunc(text, isSpace), word)
	rest = strings.TrimLeftFunc(rest, isSpace)
	for _, end := range []string{"%}", "-%}", "+%}"} {
		if ok && strings.HasPrefix(rest, end) {
			return rest, true
		}
	}
	return "", false
}

// operators, longest first.
var operators = []string{
	"==", "!=", ">=", "<=", "//", "**", "+", "-", "*", "/", "%", "~", "|", "(", ")", "[", "]", "{", "}", ",", ":", ".",
	"=", ">", "<",
}

// tag reads an expression or a statement up to its end.
func (l *lexer) tag(open byte) error {
	closing := "}}"
	if open == '%' {
		closing = "%}"
	}
	l.add(begin, string(open))
	var brackets []byte
	for l.at < len(l.source) {
		rest := l.source[l.at:]
		if len(brackets) == 0 {
			sign := byte(0)
			if rest[0] == '-' || rest[0] == '+' && open == '%' {
				sign = rest[0]
			}
			if strings.HasPrefix(rest, closing) || sign != 0 && strings.HasPrefix(rest[1:], closing) {
				if strings.HasPrefix(rest, closing) {
					sign = 0
				}
				l.add(end, closing)
				l.close(sign, open == '%')
				return nil
			}
		}
		r, width := utf8.DecodeRuneInString(rest)
		switch {
		case isSpace(r):
			l.take(width)
		case r == '\'' || r == '"':
			if err := l.quoted(byte(r)); err != nil {
				return err
			}
		case r >= '0' && r <= '9':
			l.number()
		case r == '_' || unicode.IsLetter(r):
			n := strings.IndexFunc(rest, func(r rune) bool {
				return r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r)
			})
			if n < 0 {
				n = len(rest)
			}
			l.add(name, rest[:n])
			l.take(n)
		default:
			op := ""
			for _, candidate := range operators {
				if strings.HasPrefix(rest, candidate) {
					op = candidate
					break
				}
			}
			switch op {
			case "":
				return fmt.Errorf("unexpected %q", r)
			case "(", "[", "{":
				brackets = append(brackets, map[string]byte{"(": ')', "[": ']', "{": '}'}[op])
			case ")", "]", "}":
				if len(brackets) == 0 || brackets[len(brackets)-1] != op[0] {
					return fmt.Errorf("unexpected %q", op)
				}
				brackets = brackets[:len(brackets)-1]
			}
			l.add(operator, op)
			l.take(len(op))
		}
	}
	return fmt.Errorf("a tag has no end")
}

func (l *lexer) number() {
	rest := l.source[l.at:]
	digits := func(from int) int {
		for from < len(rest) && (rest[from] >= '0' && rest[from] <= '9' || rest[from] == '_') {
			from++
		}
		return from
	}
	n := digits(0)
	if n+1 < len(rest) && rest[n] == '.' && rest[n+1] >= '0' && rest[n+1] <= '9' {
		n = digits(n + 1)
	}
	if n+1 < len(rest) && (rest[n] == 'e' || rest[n] == 'E') {
		at := n + 1
		if rest[at] == '+' || rest[at] == '-' {
			at++
		}
		if end := digits(at); end > at {
			n = end
		}
	}
	l.add(number, strings.ReplaceAll(rest[:n], "_", ""))
	l.take(n)
}

// quoted reads a string and resolves its escapes as Python does.
func (l *lexer) quoted(quote byte) error {
	rest := l.source[l.at+1:]
	var out strings.Builder
	for i := 0; i < len(rest); i++ {
		switch c := rest[i]; c {
		case quote:
			l.add(quoted, out.String())
			l.take(i + 2)
			return nil
		case '\\':
			n := escape(&out, rest[i+1:])
			if n == 0 {
				return fmt.Errorf("a string ends with a backslash, or an escape is not whole")
			}
			i += n
		default:
			out.WriteByte(c)
		}
	}
	return fmt.Errorf("a string has no end")
}

// escape writes what is behind a backslash and returns its length, or 0 for an error.
func escape(out *strings.Builder, rest string) int {
	if rest == "" {
		return 0
	}
	if i := strings.IndexByte(`\'"abfnrtv`, rest[0]); i >= 0 {
		out.WriteByte("\\'\"\a\b\f\n\r\t\v"[i])
		return 1
	}
	length := map[byte]int{'x': 2, 'u': 4, 'U': 8}[rest[0]]
	switch {
	case rest[0] == '\n':
		return 1
	case length == 0:
		out.WriteByte('\\')
		_, width := utf8.DecodeRuneInString(rest)
		out.WriteString(rest[:width])
		return width
	case len(rest) <= length:
		return 0
	}
	var r rune
	for _, c := range []byte(rest[1 : 1+length]) {
		digit := strings.IndexByte("0123456789abcdef", c|0x20)
		if digit < 0 || r > unicode.MaxRune {
			return 0
		}
		r = r<<4 | rune(digit)
	}
	out.WriteRune(r)
	return 1 + length
}
