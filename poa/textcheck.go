package poa

import "fmt"

// CheckText returns nil if a text of any length keeps the rules of segments about encoding, clean form and mixed
// alphabets, and otherwise a *SegmentError for the first problem. Answers keep them too: text that breaks one looks
// like what it was made from and reads otherwise.
func CheckText(text []byte) error {
	var check TextCheck
	for i := 0; i < len(text); {
		c, size := decodeRune(text[i:])
		if size == 0 {
			return invalidByte(text, i)
		}
		if code, detail := check.Next(c); code != "" {
			return &SegmentError{code, i, detail + proposal(text, i)}
		}
		i += size
	}
	if check.joined != 0 {
		return &SegmentError{CodeForbiddenCodePoint, len(text) - 3, joinsNothing(check.joined) + proposal(text, len(text)-3)}
	}
	return nil
}

func invalidByte(text []byte, i int) error {
	return &SegmentError{CodeInvalidUTF8, i,
		fmt.Sprintf("byte 0x%02X does not belong to UTF-8 text; convert the text to UTF-8", text[i])}
}

// maxProposal is how many bytes around a problem an error shows.
const maxProposal = 40

// proposal shows the clean form of what stands around byte i, if that is all it needs.
func proposal(text []byte, i int) string {
	from, to := i, i
	for from > 0 && i-from < maxProposal && !isSpace(text[from-1]) {
		from--
	}
	for to < len(text) && to-i < maxProposal && (to == i || !isSpace(text[to])) {
		to++
	}
	for from < i && text[from]&0xC0 == 0x80 {
		from++
	}
	for to < len(text) && text[to]&0xC0 == 0x80 {
		to++
	}
	clean := Canonical(text[from:to])
	var check TextCheck
	for k := 0; k < len(clean); {
		c, size := decodeRune(clean[k:])
		if size == 0 {
			return ""
		}
		if code, _ := check.Next(c); code != "" {
			return ""
		}
		k += size
	}
	if check.joined != 0 {
		return ""
	}
	return fmt.Sprintf("; the clean form of %+q is %q", text[from:to], clean)
}

// TextCheck is CheckText one code point after another. The zero value stands before the first.
type TextCheck struct {
	previous uint32
	joined   uint32               // a joiner that waits for its second letter
	first    uint32               // what stands before it
	run      [maxMarks + 3]uint32 // the last letter and its marks, composed
	length   int
	word     wordAlphabets
}

// Next moves on to code point c. If c may not follow, it stays where it is and returns one of the Code constants, and
// what to do.
func (t *TextCheck) Next(c uint32) (code, detail string) {
	p := unicodeV2.of(c)
	if reason := t.refuse(c, p); reason != "" {
		return CodeForbiddenCodePoint, fmt.Sprintf("U+%04X: %s", c, reason)
	}
	word := t.word
	if !word.next(c, p) {
		return CodeMixedScript, fmt.Sprintf(
			"U+%04X looks like a letter of another alphabet in the same word; write the word in one alphabet", c)
	}
	t.word = word
	t.joined = 0
	if p.class == classJoiner && unicodeV2.of(t.previous).order != orderVirama {
		t.joined, t.first = c, t.previous
	}
	if p.flags&flagBack != 0 && t.length > 0 {
		t.run[t.length] = c
		t.length++
	} else {
		t.run[0], t.length = c, 1
	}
	t.previous = c
	return "", ""
}

// refuse says why c may not follow, or "".
func (t *TextCheck) refuse(c uint32, p codePoint) string {
	if t.joined != 0 && !joins(t.first, c) {
		return joinsNothing(t.joined)
	}
	switch p.class {
	case classForbidden:
		return "remove it: it is a control, private, or no character of Unicode 15.0"
	case classLine:
		return "write a line feed instead"
	case classSpace:
		return "write an ordinary space instead"
	case classIgnorable:
		return "remove it: it is not seen"
	case classBullet:
		return "write a bullet (U+2022) instead: it is private"
	case classJoiner, classSelector, classVariant:
		if t.joined != 0 || !mayFollow(t.previous, c) {
			return "remove it: it may stand only where a script or a symbol needs it"
		}
	}
	switch {
	case p.flags&flagNotForm != 0:
		return "write the plain letter that it is a form of"
	case p.flags&flagBack == 0 || t.length == 0:
		return ""
	case t.length >= maxMarks+1:
		return fmt.Sprintf("a letter has at most %d marks", maxMarks)
	case !t.composed(c):
		return "write the letter and its marks composed (Unicode form NFC)"
	}
	return ""
}

// composed reports that the last letter with its marks and c is in form NFC.
func (t *TextCheck) composed(c uint32) bool {
	var buffer [4 * (maxMarks + 3)]uint32
	whole := buffer[:0]
	for _, r := range t.run[:t.length] {
		whole = unicodeV2.decompose(whole, r)
	}
	whole = unicodeV2.compose(unicodeV2.decompose(whole, c))
	if len(whole) != t.length+1 || whole[t.length] != c {
		return false
	}
	for i, r := range t.run[:t.length] {
		if whole[i] != r {
			return false
		}
	}
	return true
}

func joinsNothing(c uint32) string {
	return fmt.Sprintf("U+%04X before it joins nothing; remove it", c)
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\t' }
