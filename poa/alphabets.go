package poa

// scriptOf returns the alphabet of c for the test of mixed alphabets. Scripts whose letters look like no others have
// none.
func scriptOf(c uint32) int {
	switch {
	case alphabetOf(c) == alphabetLatin:
		return scriptLatin
	case c != 0xB5 && alphabetOf(c) == alphabetGreek:
		return scriptGreek
	case c >= 0x0400 && c <= 0x052F, c >= 0x1C80 && c <= 0x1C8F, c >= 0x2DE0 && c <= 0x2DFF, c >= 0xA640 && c <= 0xA69F:
		return scriptCyrillic
	case c >= 0x0531 && c <= 0x058A:
		return scriptArmenian
	case c >= 0x13A0 && c <= 0x13FF, c >= 0xAB70 && c <= 0xABBF:
		return scriptCherokee
	case c >= 0x2C80 && c <= 0x2CFF, c >= 0x03E2 && c <= 0x03EF:
		return scriptCoptic
	}
	return scriptNone
}

// Kinds of Greek letters beside Latin ones.
const (
	greekSign   = iota // looks like no Latin letter: Δ, λ, Ω …
	greekLike          // a small letter that looks like a Latin one: α, γ, ν …
	greekLetter        // in no symbol of a gene or unit: capitals that look Latin, ο, letters with accents
)

func greekKind(c uint32) int {
	switch c {
	case 'α', 'γ', 'ε', 'η', 'ι', 'κ', 'ν', 'ρ', 'σ', 'τ', 'χ', 'ω':
		return greekLike
	case 'Γ', 'Δ', 'Θ', 'Λ', 'Ξ', 'Π', 'Σ', 'Φ', 'Ψ', 'Ω', 'β', 'δ', 'ζ', 'θ', 'λ', 'μ', 'ξ', 'π', 'φ', 'ψ', 'ϑ', 'ϕ', 'ϵ',
		'ϰ', 'ϱ', 'ϖ':
		return greekSign
	}
	return greekLetter
}

// greekHeads are words that a Greek letter is written behind, and greekTails what is written behind one.
var (
	greekHeads = []string{"cronbach", "interferon", "integrin", "casein", "kinase", "fc", "tocopherol", "amyloid",
		"thalassemia", "methyl", "receptor"}
	greekTails = []string{
		"max", "min", "eff", "obs", "rel", "ref", "crit", "abs", "syn", "synuclein", "actin", "tubulin", "globulin",
		"catenin", "tocopherol", "carotene",
		"helix", "terpinene", "casein", "ketoglutarate", "fetoprotein", "linolenic", "p", "r", "s", "x", "y", "z", "n", "k",
	}
)

// Kinds of what stands in a word.
const (
	kindStart = iota
	kindDigit
	kindSmall
	kindCapital
	kindGreek
)

// maxGreek is how many Greek letters may stand among Latin ones, and maxGreekRun how many in a row.
const (
	maxGreek    = 3
	maxGreekRun = 2
)

// wordAlphabets follows the alphabets of one word. Latin and Greek letters may stand together where names of genes,
// proteins and units have Greek letters: at the ends, beside capitals or figures, but not in the place of a small Latin
// letter.
type wordAlphabets struct {
	script   uint8
	greek    uint8 // Greek letters so far
	run      uint8 // of them in a row, up to here
	letters  bool  // a Greek letter that no symbol has
	like     bool  // the last run has one that looks Latin
	before   uint8 // the kind of what stood before the last run
	last     uint8
	capitals bool      // there was a Latin capital
	latin    [14]uint8 // the Latin letters before here, small
	length   uint8     // of latin; 15 is more than that
	smalls   uint8     // small Latin letters in a row up to here
}

// next moves on to c, and reports whether it may stand in the word.
func (w *wordAlphabets) next(c uint32, p codePoint) bool {
	switch p.class {
	case classMark, classStacker, classJoiner, classSelector, classVariant:
		return true
	case classWord:
	default:
		*w = wordAlphabets{}
		return true
	}
	script := scriptOf(c)
	switch {
	case script == scriptNone:
		w.other(c)
		return true
	case w.script == scriptNone || int(w.script) == script:
		w.script = uint8(script)
	case script == scriptGreek && w.script == scriptLatin || script == scriptLatin && w.script == scriptGreek:
		w.script = scriptLatin // from here on both
		if script == scriptLatin && (w.letters || w.greek > maxGreek || w.run > maxGreekRun) {
			return false
		}
	default:
		return false
	}
	if script == scriptGreek {
		return w.greekNext(c, w.script == scriptLatin)
	}
	if script == scriptLatin {
		return w.latinNext(c, p)
	}
	return true
}

func (w *wordAlphabets) other(c uint32) {
	if c >= '0' && c <= '9' {
		w.last = kindDigit
	}
	w.run, w.length, w.smalls, w.like = 0, 0, 0, false
}

// greekNext takes a Greek letter; mixed says that the word has Latin ones.
func (w *wordAlphabets) greekNext(c uint32, mixed bool) bool {
	kind := greekKind(c)
	if w.run == 0 {
		w.before, w.like = w.last, false
	}
	if w.greek < 255 {
		w.greek++
	}
	if w.run < 255 {
		w.run++
	}
	w.letters = w.letters || kind == greekLetter
	w.like = w.like || kind == greekLike
	defer func() { w.last, w.smalls = kindGreek, 0 }()
	if !mixed {
		return true
	}
	if w.letters || w.greek > maxGreek || w.run > maxGreekRun {
		return false
	}
	return kind != greekLike || w.before != kindSmall || w.smalls == 1 && w.capitals || w.run > 1 ||
		w.listed(greekHeads, false)
}

// latinNext takes a Latin letter.
func (w *wordAlphabets) latinNext(c uint32, p codePoint) bool {
	small := c >= 'a' && c <= 'z' || c >= 0x80 && p.flags&flagFolds == 0
	afterGreek := w.greek > 0 && w.like
	if w.last == kindGreek {
		w.length, w.smalls = 0, 0
	}
	if n := int(w.length); n < len(w.latin) && c < 0x80 {
		w.latin[n] = uint8(c) | 0x20
	}
	w.length = min(w.length+1, 15)
	w.run = 0
	if !small {
		w.last, w.smalls, w.capitals, w.like = kindCapital, 0, true, false
		return true
	}
	w.smalls = min(w.smalls+1, 15)
	w.last = kindSmall
	switch {
	case !afterGreek:
		return true
	case w.before == kindStart:
		return w.listed(greekTails, true)
	case w.before == kindSmall:
		return false
	}
	return w.smalls <= 1
}

// listed reports whether the Latin letters before here are a word of the list, or the start of one.
func (w *wordAlphabets) listed(list []string, prefix bool) bool {
	if int(w.length) > len(w.latin) {
		return false
	}
	word := string(w.latin[:w.length])
	for _, l := range list {
		if l == word || prefix && len(l) > len(word) && l[:len(word)] == word {
			return true
		}
	}
	return false
}
