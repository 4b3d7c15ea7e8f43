package poa

// Change is one place where clean text differs from a text.
type Change struct {
	// Offset is the byte of the text where the difference starts.
	Offset int
	// From and To are what stands there, and what should.
	From, To string
	// Reason says why, in a few words.
	Reason string
}

// Canonical returns the clean form of a text, which is what segments and answers must be in: line ends are LF and
// spaces U+0020; letters and their marks are composed (Unicode's form NFC); ligatures, full-width letters and other
// forms that differ in looks only are plain letters; what is not seen is gone, but for joiners and selectors where a
// script or a symbol needs them. It changes no word. What has no clean form (bytes that are no text, controls, private
// use) stays, and is refused by CheckText.
func Canonical(text []byte) []byte {
	if isClean(text) {
		return append([]byte(nil), text...)
	}
	c := textCleaner{out: make([]byte, 0, len(text)+len(text)/16)}
	c.add(text)
	return c.out
}

// Changes returns at most limit places where Canonical(text) differs from text, in order.
func Changes(text []byte, limit int) []Change {
	var out []Change
	EachChange(text, func(c Change) bool {
		if len(out) < limit {
			out = append(out, c)
		}
		return len(out) < limit
	})
	return out
}

// EachChange calls visit with the places where Canonical(text) differs from text, in order, until visit returns false.
func EachChange(text []byte, visit func(Change) bool) {
	if isClean(text) {
		return
	}
	c := textCleaner{out: make([]byte, 0, len(text)), source: text, visit: visit}
	c.add(text)
}

// isClean is a quick look: ASCII without carriage returns, or letters that have one form.
func isClean(text []byte) bool {
	for i := 0; i < len(text); {
		if c := text[i]; c < 0x80 {
			if c == '\r' || c == '\v' || c == '\f' {
				return false
			}
			i++
			continue
		}
		c, size := decodeRune(text[i:])
		if size == 0 {
			return false
		}
		if p := unicodeV2.of(c); p.class != classWord && p.class != classAlone && p.class != classSeparator ||
			p.flags&(flagNotForm|flagBack) != 0 {
			return false
		}
		i += size
	}
	return true
}

// textCleaner writes clean text. A letter and its marks stay in run until the next letter.
type textCleaner struct {
	out []byte
	run []uint32 // decomposed
	raw int      // where the run starts in the text

	parts []uint32 // of the last code point

	dropped bool // something in the run was left out

	previous uint32 // the last code point of clean text, 0 at the start

	source []byte // for changes
	visit  func(Change) bool
	ended  bool // nobody wants to see more changes
}

// maxRun bounds the marks that are sorted at once.
const maxRun = 4 * maxMarks

func (t *textCleaner) add(text []byte) {
	for i := 0; i < len(text) && !t.ended; {
		c, size := decodeRune(text[i:])
		if size == 0 {
			t.flush(i)
			t.out = append(t.out, text[i])
			t.previous = 0
			i++
			continue
		}
		p := unicodeV2.of(c)
		switch p.class {
		case classLine:
			t.flush(i)
			if c == '\r' && i+1 < len(text) && text[i+1] == '\n' {
				size = 2
			}
			t.put(i, i+size, '\n', "line end")
		case classSpace:
			t.flush(i)
			t.put(i, i+size, ' ', "space")
		case classIgnorable:
			end := i + size
			if c == softHyphen {
				end = softEnd(text, end)
			}
			t.drop(i, end)
			size = end - i
		case classJoiner, classSelector, classVariant:
			if t.mayStand(text[i+size:], c) {
				t.flush(i)
				t.put(i, i+size, c, "")
			} else {
				t.drop(i, i+size)
			}
		case classForbidden:
			t.flush(i)
			t.put(i, i+size, c, "")
		default:
			t.take(i, c, p)
		}
		i += size
	}
	t.flush(len(text))
}

// softEnd returns the end of a soft hyphen that has broken a line: blanks and one line end behind it go too.
func softEnd(text []byte, i int) int {
	if next := overLineEnd(text, i); next > 0 {
		return next
	}
	return i
}

// take adds a code point to the run, after the run before it where one starts.
func (t *textCleaner) take(at int, c uint32, p codePoint) {
	if p.flags&flagCleans != 0 {
		t.parts = append(t.parts[:0], unicodeV2.clean[c]...)
	} else {
		t.parts = unicodeV2.decompose(t.parts[:0], c)
	}
	if unicodeV2.of(t.parts[0]).flags&flagBack == 0 || len(t.run) >= maxRun {
		t.flush(at)
	}
	if len(t.run) == 0 {
		t.raw = at
	}
	t.run = append(t.run, t.parts...)
}

// drop leaves text[from:to] out. Marks behind it go with the letter before it.
func (t *textCleaner) drop(from, to int) {
	if len(t.run) == 0 {
		t.note(from, to, len(t.out), reasonUnseen)
	} else {
		t.dropped = true
	}
}

const reasonUnseen = "not seen"

// before returns the last code point of clean text so far.
func (t *textCleaner) before() uint32 {
	if len(t.run) == 0 {
		return t.previous
	}
	var buffer [maxRun + 32]uint32
	run := unicodeV2.compose(append(buffer[:0], t.run...))
	return run[len(run)-1]
}

// flush writes the run, which ends before byte end of the text.
func (t *textCleaner) flush(end int) {
	if len(t.run) == 0 {
		return
	}
	from := len(t.out)
	t.run = unicodeV2.compose(t.run)
	for _, c := range t.run {
		t.out = appendRune(t.out, c)
		t.previous = c
	}
	reason := "form of a letter"
	if t.dropped {
		reason = reasonUnseen
	}
	t.run, t.dropped = t.run[:0], false
	t.note(t.raw, end, from, reason)
}

// put writes one code point in place of text[from:to].
func (t *textCleaner) put(from, to int, c uint32, reason string) {
	start := len(t.out)
	t.out = appendRune(t.out, c)
	t.previous = c
	t.note(from, to, start, reason)
}

// note shows a difference between text[from:to] and what was written from byte start on, if somebody asked.
func (t *textCleaner) note(from, to, start int, reason string) {
	if t.visit == nil || t.ended || string(t.source[from:to]) == string(t.out[start:]) {
		return
	}
	t.ended = !t.visit(Change{from, string(t.source[from:to]), string(t.out[start:]), reason})
}

// mayStand reports whether a joiner or selector is needed between the clean text so far and rest.
func (t *textCleaner) mayStand(rest []byte, c uint32) bool {
	previous := t.before()
	if !mayFollow(previous, c) {
		return false
	}
	if c != zeroJoiner && c != zeroNonJoiner || unicodeV2.of(previous).order == orderVirama {
		return true
	}
	for i := 0; i < len(rest); {
		next, size := decodeRune(rest[i:])
		if size == 0 {
			return false
		}
		switch unicodeV2.of(next).class {
		case classIgnorable, classJoiner, classVariant: // dropped, or refused in turn
			i += size
			if i > maxRun {
				return false
			}
			continue
		}
		if unicodeV2.of(next).flags&flagCleans != 0 {
			next = unicodeV2.clean[next][0]
		}
		return joins(previous, next)
	}
	return false
}

const (
	zeroNonJoiner = 0x200C
	zeroJoiner    = 0x200D
	orderVirama   = 9
)

// joinerRanges are sorted: scripts whose spelling needs U+200C or U+200D.
var joinerRanges = []codeRange{
	{0x0600, 0x074F}, {0x0750, 0x077F}, {0x07C0, 0x07FF}, {0x0840, 0x08FF}, // Arabic, Syriac, N'Ko, Mandaic
	// scripts of India, Tibetan, Myanmar, Khmer, Mongolian, Tai Tham
	{0x0900, 0x0DFF}, {0x0F00, 0x109F}, {0x1780, 0x18AF}, {0x1A20, 0x1AAF},
	{0x1B00, 0x1C4F}, {0xA840, 0xA87F}, {0xA8E0, 0xA8FF}, {0xA980, 0xA9FF}, {0xAA60, 0xAA7F}, {0x10A00, 0x10FFF},
	{0x11000, 0x11FFF}, {0x1E900, 0x1E95F},
}

// mayFollow reports whether a joiner or selector c may stand behind previous, whatever comes after.
func mayFollow(previous, c uint32) bool {
	switch c {
	case 0xFE0E, 0xFE0F:
		return inRanges(symbolRanges, previous)
	case zeroJoiner:
		return previous == 0xFE0F || previous >= 0x2190 && inRanges(symbolRanges, previous) || scriptLetter(previous)
	case zeroNonJoiner:
		return scriptLetter(previous)
	}
	return previous >= 0x1800 && previous <= 0x18AF // Mongolian selectors
}

// joins reports whether a joiner may stand between two code points of which the first lets it follow.
func joins(previous, next uint32) bool {
	if scriptLetter(previous) {
		return scriptLetter(next)
	}
	return next >= 0x2190 && inRanges(symbolRanges, next)
}

// scriptLetter reports letters and marks of scripts that need joiners.
func scriptLetter(c uint32) bool {
	if !inRanges(joinerRanges, c) {
		return false
	}
	class := unicodeV2.of(c).class
	return class == classWord || class == classAlone || class == classMark || class == classStacker
}
