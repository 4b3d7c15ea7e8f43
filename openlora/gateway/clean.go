package gateway

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/openledger/openledger/poa"
)

const (
	nonJoiner = '\u200C' // keeps two letters apart
	unknown   = '?'      // for what cannot be shown
)

// cleaner makes what an engine says keep the rules of poa.CheckText, in whatever pieces it comes, so that clients acknowledge it. Language
// models emit no-break spaces, joiners and marks that are not seen; each of them would hide words from attribution. It changes how the text
// looks as little as possible:
//
//   - spaces of all kinds become a space, line ends a line feed;
//   - what is not seen goes; between letters of Arabic script, which a non-joiner keeps apart, a space stands for it;
//   - a letter and its accent become one character where there is one;
//   - between letters of two alphabets in a word comes a space;
//   - what cannot be shown, such as bytes that are no text, becomes a question mark.
//
// Of text that keeps the rules only line ends and accents may change.
type cleaner struct {
	out   strings.Builder
	check poa.TextCheck
	rest  string // bytes of a character that is not complete

	held     rune // an ASCII letter that the next mark may go on
	last     rune // before it what was written last
	apart    bool // a non-joiner came after it
	carriage bool // the last was a carriage return
}

// add takes the next piece, and returns what can be said by now.
func (c *cleaner) add(piece string) string {
	text := c.rest + piece
	c.rest = ""
	for len(text) > 0 {
		if !utf8.FullRuneInString(text) {
			c.rest = text
			break
		}
		r, size := utf8.DecodeRuneInString(text)
		text = text[size:]
		c.take(r)
	}
	return c.said()
}

// end returns what was kept back.
func (c *cleaner) end() string {
	for range len(c.rest) {
		c.take(utf8.RuneError)
	}
	c.rest = ""
	c.release()
	return c.said()
}

func (c *cleaner) said() string {
	defer c.out.Reset()
	return c.out.String()
}

func (c *cleaner) take(r rune) {
	after := c.carriage
	c.carriage = r == '\r'
	switch {
	case r == '\n' && after:
		return
	case r == '\r', r == '\f', r == '\v', r == '\u0085', r == '\u2028', r == '\u2029':
		r = '\n'
	case r == utf8.RuneError, unicode.Is(unicode.Co, r), r >= 0xE000 && unicode.Is(unicode.Noncharacter_Code_Point, r):
		r = unknown
	case r != '\u3000' && unicode.Is(unicode.Zs, r):
		r = ' '
	case r == nonJoiner:
		c.apart = true
		return
	}
	if mark := c.held; mark != 0 && unicode.Is(unicode.Mn, r) {
		if whole := []rune(norm.NFC.String(string([]rune{mark, r}))); len(whole) == 1 {
			c.held = 0
			r = whole[0]
		}
	}
	if seen := (&poa.TextCheck{}); r != '\uFE0E' && r != '\uFE0F' {
		if code, _ := seen.Next(uint32(r)); code != "" {
			return
		}
	}
	if c.apart && arabic(r) && arabic(c.before()) {
		c.release()
		c.write(' ')
	}
	c.apart = false
	c.release()
	if r < utf8.RuneSelf && unicode.IsLetter(r) {
		c.held = r
		return
	}
	c.write(r)
}

// before is the character that the next one follows.
func (c *cleaner) before() rune {
	if c.held != 0 {
		return c.held
	}
	return c.last
}

func (c *cleaner) release() {
	if c.held != 0 {
		held := c.held
		c.held = 0
		c.write(held)
	}
}

// write appends a character, apart from one of another alphabet before it. One that may not follow goes.
func (c *cleaner) write(r rune) {
	code, _ := c.check.Next(uint32(r))
	if code == poa.CodeMixedScript {
		c.write(' ')
		code, _ = c.check.Next(uint32(r))
	}
	if code == "" {
		c.last = r
		c.out.WriteRune(r)
	}
}

func arabic(r rune) bool { return unicode.Is(unicode.Arabic, r) }
