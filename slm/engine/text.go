package engine

import (
	"bytes"
	"unicode/utf8"
)

// textStream turns the bytes of tokens into whole characters, up to the first stop string.
type textStream struct {
	stops   []string
	pending []byte // not returned yet
	done    bool   // a stop string was found
}

// add adds a token's bytes, and returns the text that later tokens cannot change.
func (t *textStream) add(token []byte) string {
	if t.done {
		return ""
	}
	t.pending = append(t.pending, token...)
	end, cut := len(t.pending), false
	for _, stop := range t.stops {
		if at := bytes.Index(t.pending, []byte(stop)); at >= 0 && at < end {
			end, cut = at, true
		}
	}
	if cut {
		t.done = true
		t.pending = t.pending[:end]
		return t.flush()
	}
	for _, stop := range t.stops {
		end = min(end, len(t.pending)-begun(t.pending, stop))
	}
	return t.take(whole(t.pending[:end]))
}

// flush returns what is left.
func (t *textStream) flush() string { return t.take(len(t.pending)) }

func (t *textStream) take(n int) string {
	text := string([]rune(string(t.pending[:n]))) // what is no UTF-8 becomes U+FFFD
	t.pending = t.pending[:copy(t.pending, t.pending[n:])]
	return text
}

// begun returns how many bytes at the end of text may be the beginning of stop.
func begun(text []byte, stop string) int {
	for n := min(len(stop)-1, len(text)); n > 0; n-- {
		if string(text[len(text)-n:]) == stop[:n] {
			return n
		}
	}
	return 0
}

// whole returns how many bytes of text end with a whole character, or with what can never become one.
func whole(text []byte) int {
	for back := 1; back < utf8.UTFMax && back <= len(text); back++ {
		at := len(text) - back
		if utf8.RuneStart(text[at]) {
			if !utf8.FullRune(text[at:]) {
				return at
			}
			break
		}
	}
	return len(text)
}
