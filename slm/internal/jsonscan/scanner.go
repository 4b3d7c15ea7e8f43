// Package jsonscan reads JSON in one pass without building a tree: the headers and vocabularies of model files are
// large, come from strangers, and must not take more memory than what is kept of them.
//
// It is strict: the caller sees every member in order, also keys that occur twice; strings are valid UTF-8; nesting is
// bounded.
package jsonscan

import (
	"fmt"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
	"unsafe"
)

// MaxDepth is the deepest nesting of arrays and objects that is read.
const MaxDepth = 64

// A Scanner reads one JSON value from a byte slice. The first error ends the reading: every later call returns it.
type Scanner struct {
	data  []byte
	pos   int
	depth int
	err   error
}

// New returns a scanner over data, which must not change while it is used.
func New(data []byte) *Scanner { return &Scanner{data: data} }

// Offset is the number of bytes that were read.
func (s *Scanner) Offset() int { return s.pos }

func (s *Scanner) fail(format string, args ...any) error {
	if s.err == nil {
		s.err = fmt.Errorf("JSON at byte %d: %s", s.pos, fmt.Sprintf(format, args...))
	}
	return s.err
}

func (s *Scanner) space() {
	for s.pos < len(s.data) {
		switch s.data[s.pos] {
		case ' ', '\t', '\n', '\r':
			s.pos++
		default:
			return
		}
	}
}

// A Kind tells what value comes next by its first byte.
type Kind byte

// The kinds of values. Invalid is also the end of the text.
const (
	Invalid Kind = iota
	Object
	Array
	String
	Number
	Bool
	Null
)

// Peek reports the kind of the next value without reading it.
func (s *Scanner) Peek() Kind {
	s.space()
	if s.err != nil || s.pos >= len(s.data) {
		return Invalid
	}
	switch c := s.data[s.pos]; {
	case c == '{':
		return Object
	case c == '[':
		return Array
	case c == '"':
		return String
	case c == '-' || c >= '0' && c <= '9':
		return Number
	case c == 't' || c == 'f':
		return Bool
	case c == 'n':
		return Null
	}
	return Invalid
}

func (s *Scanner) accept(c byte) bool {
	s.space()
	if s.err != nil || s.pos >= len(s.data) || s.data[s.pos] != c {
		return false
	}
	s.pos++
	return true
}

// Object reads an object. It calls member for each key, in order; member must read the value with one call to s.
func (s *Scanner) Object(member func(key string) error) error {
	return s.Members(func(key []byte) error { return member(string(key)) })
}

// Members is Object without a copy of the keys: a key is valid until member returns.
func (s *Scanner) Members(member func(key []byte) error) error {
	return s.nested('{', '}', func() error {
		key, err := s.Text(nil)
		if err != nil {
			return err
		}
		if !s.accept(':') {
			return s.fail("want ':' behind the key")
		}
		return member(key)
	})
}

// Array reads an array. It calls element before each element; element must read it with one call to s.
func (s *Scanner) Array(element func() error) error { return s.nested('[', ']', element) }

func (s *Scanner) nested(open, end byte, element func() error) error {
	if !s.accept(open) {
		return s.fail("want %q", open)
	}
	if s.depth++; s.depth > MaxDepth {
		return s.fail("nested deeper than %d", MaxDepth)
	}
	defer func() { s.depth-- }()
	if s.accept(end) {
		return nil
	}
	for {
		before := s.pos
		if err := element(); err != nil {
			if s.err == nil {
				s.err = err
			}
			return s.err
		}
		if s.err != nil {
			return s.err
		}
		if s.pos == before {
			return s.fail("the value was not read")
		}
		switch {
		case s.accept(end):
			return nil
		case !s.accept(','):
			return s.fail("want ',' or %q", end)
		}
	}
}

// String reads a string. The result is a copy.
func (s *Scanner) String() (string, error) {
	text, err := s.Text(nil)
	return string(text), err
}

// Text reads a string without a copy where it can: the result is a part of the scanned bytes, or is appended to buffer
// if the string has escapes. It is valid until either changes.
func (s *Scanner) Text(buffer []byte) ([]byte, error) {
	if !s.accept('"') {
		return nil, s.fail("want a string")
	}
	start := s.pos
	for s.pos < len(s.data) {
		switch c := s.data[s.pos]; {
		case c == '"':
			text := s.data[start:s.pos]
			if !utf8.Valid(text) {
				return nil, s.fail("a string is not valid UTF-8")
			}
			s.pos++
			return text, nil
		case c == '\\':
			return s.escaped(append(buffer[:0], s.data[start:s.pos]...))
		case c < ' ':
			return nil, s.fail("control character in a string")
		}
		s.pos++
	}
	return nil, s.fail("a string has no end")
}

var escapes = map[byte]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

// escaped reads the rest of a string whose first escape is next, and appends it to text.
func (s *Scanner) escaped(text []byte) ([]byte, error) {
	for s.pos < len(s.data) {
		c := s.data[s.pos]
		s.pos++
		switch {
		case c == '"':
			if !utf8.Valid(text) {
				return nil, s.fail("a string is not valid UTF-8")
			}
			return text, nil
		case c < ' ':
			return nil, s.fail("control character in a string")
		case c != '\\':
			text = append(text, c)
			continue
		}
		if s.pos >= len(s.data) {
			break
		}
		c = s.data[s.pos]
		s.pos++
		if c != 'u' {
			plain, ok := escapes[c]
			if !ok {
				return nil, s.fail("unknown escape \\%c", c)
			}
			text = append(text, plain)
			continue
		}
		r, err := s.hex4()
		if err != nil {
			return nil, err
		}
		if utf16.IsSurrogate(r) {
			if s.pos+2 > len(s.data) || s.data[s.pos] != '\\' || s.data[s.pos+1] != 'u' {
				return nil, s.fail("half of a surrogate pair")
			}
			s.pos += 2
			low, err := s.hex4()
			if err != nil {
				return nil, err
			}
			if r = utf16.DecodeRune(r, low); r == utf8.RuneError {
				return nil, s.fail("half of a surrogate pair")
			}
		}
		text = utf8.AppendRune(text, r)
	}
	return nil, s.fail("a string has no end")
}

func (s *Scanner) hex4() (rune, error) {
	if s.pos+4 > len(s.data) {
		return 0, s.fail("a string has no end")
	}
	var r rune
	for _, c := range s.data[s.pos : s.pos+4] {
		switch {
		case c >= '0' && c <= '9':
			r = r<<4 | rune(c-'0')
		case c >= 'a' && c <= 'f':
			r = r<<4 | rune(c-'a'+10)
		case c >= 'A' && c <= 'F':
			r = r<<4 | rune(c-'A'+10)
		default:
			return 0, s.fail("\\u needs four hexadecimal digits")
		}
	}
	s.pos += 4
	return r, nil
}

// number reads the text of a number. It checks JSON's grammar.
func (s *Scanner) number() (string, error) {
	s.space()
	start, pos, data := s.pos, s.pos, s.data
	digits := func() bool {
		from := pos
		for pos < len(data) && data[pos] >= '0' && data[pos] <= '9' {
			pos++
		}
		return pos > from
	}
	if pos < len(data) && data[pos] == '-' {
		pos++
	}
	if pos < len(data) && data[pos] == '0' {
		pos++
	} else if !digits() {
		return "", s.fail("want a number")
	}
	if pos < len(data) && data[pos] == '.' {
		if pos++; !digits() {
			return "", s.fail("want digits behind the point")
		}
	}
	if pos < len(data) && (data[pos] == 'e' || data[pos] == 'E') {
		if pos++; pos < len(data) && (data[pos] == '+' || data[pos] == '-') {
			pos++
		}
		if !digits() {
			return "", s.fail("want digits of an exponent")
		}
	}
	s.pos = pos
	return unsafe.String(&data[start], pos-start), nil
}

// Int reads a whole number without a fraction or exponent.
func (s *Scanner) Int() (int64, error) {
	if s.err != nil {
		return 0, s.err
	}
	text, err := s.number()
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, s.fail("want a whole number of 64 bits")
	}
	return n, nil
}

// Float reads a number.
func (s *Scanner) Float() (float64, error) {
	if s.err != nil {
		return 0, s.err
	}
	text, err := s.number()
	if err != nil {
		return 0, err
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return 0, s.fail("the number is too large")
	}
	return f, nil
}

// Bool reads true or false.
func (s *Scanner) Bool() (bool, error) {
	switch {
	case s.word("true"):
		return true, nil
	case s.word("false"):
		return false, nil
	}
	return false, s.fail("want true or false")
}

// Null reads null and reports whether it was there; otherwise it reads nothing.
func (s *Scanner) Null() bool { return s.word("null") }

func (s *Scanner) word(word string) bool {
	s.space()
	if s.err != nil || len(s.data)-s.pos < len(word) || string(s.data[s.pos:s.pos+len(word)]) != word {
		return false
	}
	s.pos += len(word)
	return true
}

// Skip reads the next value and forgets it.
func (s *Scanner) Skip() error {
	switch s.Peek() {
	case Object:
		return s.Members(func([]byte) error { return s.Skip() })
	case Array:
		return s.Array(s.Skip)
	case String:
		_, err := s.Text(nil)
		return err
	case Number:
		_, err := s.number()
		return err
	case Bool:
		_, err := s.Bool()
		return err
	}
	if s.Null() {
		return nil
	}
	return s.fail("want a value")
}

// Raw reads the next value and returns its text, which is a part of the scanned bytes.
func (s *Scanner) Raw() ([]byte, error) {
	s.space()
	start := s.pos
	if err := s.Skip(); err != nil {
		return nil, err
	}
	return s.data[start:s.pos], nil
}

// End returns an error unless only white space is left.
func (s *Scanner) End() error {
	s.space()
	if s.err == nil && s.pos < len(s.data) {
		return s.fail("text behind the value")
	}
	return s.err
}
