package pdf

import (
	"bytes"
	"strconv"
)

// kind of a token.
type kind int

const (
	end kind = iota
	number
	name
	text
	keyword // also [ ] << >>
)

// token is the smallest part of a content stream or a character map.
type token struct {
	kind  kind
	num   float64
	bytes []byte // of a name, a text or a keyword
}

func (t token) is(word string) bool { return t.kind == keyword && string(t.bytes) == word }

// lexer reads tokens. It reads any bytes to their end: what has no meaning becomes an unknown keyword.
type lexer struct {
	data []byte
	at   int
}

func isSpace(c byte) bool {
	return c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == '\f' || c == 0
}

func isDelimiter(c byte) bool {
	switch c {
	case '(', ')', '<', '>', '[', ']', '{', '}', '/', '%':
		return true
	}
	return false
}

func (l *lexer) next() token {
	for l.at < len(l.data) {
		c := l.data[l.at]
		if c == '%' {
			for l.at < len(l.data) && l.data[l.at] != '\n' && l.data[l.at] != '\r' {
				l.at++
			}
			continue
		}
		if !isSpace(c) {
			break
		}
		l.at++
	}
	if l.at >= len(l.data) {
		return token{}
	}
	switch c := l.data[l.at]; c {
	case '(':
		return token{kind: text, bytes: l.readLiteral()}
	case '/':
		return token{kind: name, bytes: l.readName()}
	case '<':
		if l.at+1 < len(l.data) && l.data[l.at+1] == '<' {
			return l.readSign(2)
		}
		return token{kind: text, bytes: l.readHex()}
	case '>':
		if l.at+1 < len(l.data) && l.data[l.at+1] == '>' {
			return l.readSign(2)
		}
		return l.readSign(1)
	case '[', ']', '{', '}', ')':
		return l.readSign(1)
	}
	start := l.at
	for l.at < len(l.data) && !isSpace(l.data[l.at]) && !isDelimiter(l.data[l.at]) {
		l.at++
	}
	word := l.data[start:l.at]
	if c := word[0]; c >= '0' && c <= '9' || c == '-' || c == '+' || c == '.' {
		if n, ok := parseNumber(word); ok {
			return token{kind: number, num: n}
		}
	}
	return token{kind: keyword, bytes: word}
}

// parseNumber reads a number. It also accepts forms that some programs write: --5, 5-3.
func parseNumber(word []byte) (float64, bool) {
	if len(word) > 40 {
		return 0, false
	}
	for len(word) > 1 && word[0] == '-' && word[1] == '-' {
		word = word[1:]
	}
	if i := bytes.LastIndexByte(word, '-'); i > 0 {
		word = word[:i]
	}
	for _, c := range word {
		if (c < '0' || c > '9') && c != '.' && c != '-' && c != '+' {
			return 0, false
		}
	}
	n, err := strconv.ParseFloat(string(word), 64)
	if err != nil || n > 1e9 || n < -1e9 {
		return 0, err == nil
	}
	return n, true
}

func (l *lexer) readSign(n int) token {
	word := l.data[l.at : l.at+n]
	l.at += n
	return token{kind: keyword, bytes: word}
}

func (l *lexer) readName() []byte {
	l.at++
	start := l.at
	for l.at < len(l.data) && !isSpace(l.data[l.at]) && !isDelimiter(l.data[l.at]) {
		l.at++
	}
	word := l.data[start:l.at]
	if bytes.IndexByte(word, '#') < 0 {
		return word
	}
	var out []byte
	for i := 0; i < len(word); i++ {
		if word[i] == '#' && i+2 < len(word) {
			if v, err := strconv.ParseUint(string(word[i+1:i+3]), 16, 8); err == nil {
				out = append(out, byte(v))
				i += 2
				continue
			}
		}
		out = append(out, word[i])
	}
	return out
}

// readLiteral reads (text). Brackets may be nested.
func (l *lexer) readLiteral() []byte {
	l.at++
	var out []byte
	for depth := 1; l.at < len(l.data); l.at++ {
		c := l.data[l.at]
		switch c {
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				l.at++
				return out
			}
		case '\\':
			l.at++
			if l.at >= len(l.data) {
				return out
			}
			var skip bool
			if c, skip = l.readEscape(); skip {
				continue
			}
		}
		out = append(out, c)
	}
	return out
}

// readEscape reads what follows a backslash, and stops on its last byte.
func (l *lexer) readEscape() (c byte, skip bool) {
	switch c := l.data[l.at]; c {
	case 'n':
		return '\n', false
	case 'r':
		return '\r', false
	case 't':
		return '\t', false
	case 'b':
		return '\b', false
	case 'f':
		return '\f', false
	case '\r':
		if l.at+1 < len(l.data) && l.data[l.at+1] == '\n' {
			l.at++
		}
		return 0, true
	case '\n':
		return 0, true
	default:
		if c < '0' || c > '7' {
			return c, false
		}
		v := int(c - '0')
		for range 2 {
			if l.at+1 >= len(l.data) || l.data[l.at+1] < '0' || l.data[l.at+1] > '7' {
				break
			}
			l.at++
			v = v*8 + int(l.data[l.at]-'0')
		}
		return byte(v), false
	}
}

// readHex reads <48656C6C6F>.
func (l *lexer) readHex() []byte {
	l.at++
	var out []byte
	half, high := false, byte(0)
	for ; l.at < len(l.data); l.at++ {
		c := l.data[l.at]
		if c == '>' {
			l.at++
			break
		}
		v, ok := hexDigit(c)
		switch {
		case !ok:
		case half:
			out, half = append(out, high<<4|v), false
		default:
			high, half = v, true
		}
	}
	if half {
		out = append(out, high<<4)
	}
	return out
}

func hexDigit(c byte) (byte, bool) {
	switch {
	case c >= '0' && c <= '9':
		return c - '0', true
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10, true
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10, true
	}
	return 0, false
}

// skipImage skips the bytes of an image among the operators.
func (l *lexer) skipImage() {
	for l.at < len(l.data) {
		i := bytes.Index(l.data[l.at:], []byte("EI"))
		if i < 0 {
			l.at = len(l.data)
			return
		}
		at := l.at + i
		l.at = at + 2
		before := at == 0 || isSpace(l.data[at-1])
		after := l.at == len(l.data) || isSpace(l.data[l.at])
		if before && after {
			return
		}
	}
}
