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
	joiner    = '\u200D' // joins two
	unknown   = '?'      // for what cannot be shown
	maxHeld   = 8        // of a letter and its marks
)

// cleaner makes what an engine says keep the rules of poa.CheckText, in whatever pieces it comes, so that clients
// acknowledge it. Language models emit no-break spaces, joiners and marks that are not seen; each of them would hide
// words from attribution. It changes how the text looks as little as possible:
//
//   - spaces of all kinds become a space, line ends a line feed;
//   - what is not seen goes, but for joiners between letters of scripts that need them;
//   - a letter and its marks become composed (Unicode form NFC), and ligatures and other forms of letters the letters;
//   - between letters of two alphabets in a word comes a space;
//   - what cannot be shown, such as bytes that are no text, becomes a question mark.
//
// Of text that keeps the rules only line ends and accents may change.
type cleaner struct {
	out   strings.Builder
	check poa.TextCheck
	rest  string // bytes of a character that is not complete

	held     []rune // a letter and its marks, which the next mark may go on
	apart    rune   // a joiner that came after it
	carriage bool   // the last was a carriage return
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
	case r == nonJoiner || r == joiner:
		c.apart = r
		return
	case r == '\uFE0E' || r == '\uFE0F':
		c.next(r)
		return
	}
	for _, r := range string(poa.Canonical([]byte(string(r)))) {
		c.next(r)
	}
}

// next takes a character in its clean form.
func (c *cleaner) next(r rune) {
	if c.apart != 0 && !c.joins(r) {
		c.apart = 0
	}
	if len(c.held) > 0 && len(c.held) < maxHeld && c.apart == 0 && !norm.NFC.PropertiesString(string(r)).BoundaryBefore() {
		c.held = []rune(norm.NFC.String(string(append(c.held, r))))
		return
	}
	c.release()
	if c.apart != 0 {
		c.write(c.apart)
		c.apart = 0
	}
	if unicode.IsLetter(r) {
		c.held = []rune{r}
		return
	}
	c.write(r)
}

// joins reports whether the joiner that came may stand between what was taken before it and r.
func (c *cleaner) joins(r rune) bool {
	trial := c.check
	for _, held := range c.held {
		if code, _ := trial.Next(uint32(held)); code != "" {
			return false
		}
	}
	if code, _ := trial.Next(uint32(c.apart)); code != "" {
		return false
	}
	code, _ := trial.Next(uint32(r))
	return code == ""
}

func (c *cleaner) release() {
	held := c.held
	c.held = nil
	for _, r := range held {
		c.write(r)
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
		c.out.WriteRune(r)
	}
}
