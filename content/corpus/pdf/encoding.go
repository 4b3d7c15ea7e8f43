package pdf

import (
	"strconv"
	"strings"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/unicode/norm"
)

// Encodings of simple fonts: the text of each code.
var (
	winEncoding      = fromCharmap(charmap.Windows1252)
	macEncoding      = fromCharmap(charmap.Macintosh)
	standardEncoding = makeStandard()
	symbolEncoding   = makeSymbol()
)

func fromCharmap(m *charmap.Charmap) (encoding [256]string) {
	for code := ' '; code < 256; code++ {
		if c := m.DecodeByte(byte(code)); c != '\uFFFD' && c >= ' ' && (c < 0x7F || c > 0x9F) {
			encoding[code] = string(c)
		}
	}
	return encoding
}

// makeStandard returns Adobe's StandardEncoding (PDF 32000-1, annex D.2).
func makeStandard() (encoding [256]string) {
	for code := ' '; code < 0x7F; code++ {
		encoding[code] = string(code)
	}
	encoding['\''], encoding['`'] = "’", "‘"
	set := func(from int, signs ...string) {
		for i, sign := range signs {
			encoding[from+i] = sign
		}
	}
	set(0xA1, "¡", "¢", "£", "⁄", "¥", "ƒ", "§", "¤", "'", "“", "«", "‹", "›", "ﬁ", "ﬂ", "", "–", "†", "‡", "·", "", "¶",
		"•", "‚", "„", "”", "»", "…", "‰", "", "¿")
	set(0xC1, "`", "´", "ˆ", "˜", "¯", "˘", "˙", "¨", "", "˚", "¸", "", "˝", "˛", "ˇ", "—")
	set(0xE1, "Æ", "", "ª", "", "", "", "", "Ł", "Ø", "Œ", "º")
	set(0xF1, "æ", "", "", "", "ı", "", "", "ł", "ø", "œ", "ß")
	return encoding
}

// makeSymbol returns the part of the encoding of the standard font Symbol (annex D.5) that texts use.
func makeSymbol() (encoding [256]string) {
	for code := ' '; code < '@'; code++ {
		encoding[code] = string(code)
	}
	set := func(from int, signs string) {
		for i, sign := range []rune(signs) {
			if sign != ' ' {
				encoding[from+i] = string(sign)
			}
		}
	}
	set('"', "∀")
	set('$', "∃")
	set('\'', "∋")
	set('*', "∗")
	set('-', "−")
	set('@', "≅ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ[∴]⊥_")
	set('a', "αβχδεφγηιϕκλμνοπθρστυϖωξψζ{|}∼")
	set(0xA1, "ϒ′≤⁄∞ƒ♣♦♥♠↔←↑→↓°±″≥×∝∂•÷≠≡≈…")
	set(0xC0, "ℵℑℜ℘⊗⊕∅∩∪⊃⊇⊄⊂⊆∈∉∠∇®©™∏√⋅¬∧∨⇔⇐⇑⇒⇓◊")
	return encoding
}

// glyphNames are the names of characters that are not a letter with an accent: the part of the Adobe Glyph List that
// text fonts use.
var glyphNames = makeGlyphNames()

func makeGlyphNames() map[string]string {
	const list = `exclam ! quotedbl " numbersign # dollar $ percent % ampersand & quotesingle ' parenleft ( parenright )
asterisk * plus + comma , hyphen - period . slash / zero 0 one 1 two 2 three 3 four 4 five 5 six 6 seven 7 eight 8 nine 9
colon : semicolon ; less < equal = greater > question ? at @ bracketleft [ backslash \ bracketright ] asciicircum ^
underscore _ grave ` + "`" + ` braceleft { bar | braceright } asciitilde ~ quoteright ’ quoteleft ‘ quotedblleft “ quotedblright ”
quotesinglbase ‚ quotedblbase „ guillemotleft « guillemotright » guilsinglleft ‹ guilsinglright › endash – emdash — figuredash ‒
bullet • ellipsis … dagger † daggerdbl ‡ section § paragraph ¶ degree ° registered ® copyright © trademark ™ cent ¢ sterling £
yen ¥ euro € Euro € currency ¤ florin ƒ exclamdown ¡ questiondown ¿ periodcentered · middot · brokenbar ¦ ordfeminine ª
ordmasculine º onehalf ½ onequarter ¼ threequarters ¾ onesuperior ¹ twosuperior ² threesuperior ³ plusminus ± multiply × divide ÷
minus − lessequal ≤ greaterequal ≥ notequal ≠ approxequal ≈ infinity ∞ logicalnot ¬ mu µ mu1 µ fraction ⁄ perthousand ‰
arrowright → arrowleft ← arrowup ↑ arrowdown ↓ arrowboth ↔ radical √ summation ∑ product ∏ integral ∫ partialdiff ∂ element ∈
intersection ∩ union ∪ similar ∼ proportional ∝ equivalence ≡ prime ′ second ″ asteriskmath ∗ dotmath ⋅ circleplus ⊕ angle ∠
gradient ∇ emptyset ∅ lozenge ◊ ae æ AE Æ oe œ OE Œ oslash ø Oslash Ø germandbls ß eth ð Eth Ð thorn þ Thorn Þ dotlessi ı
dotlessj ȷ lslash ł Lslash Ł dcroat đ Dcroat Đ hbar ħ Hbar Ħ fi fi fl fl ff ff ffi ffi ffl ffl alpha α beta β gamma γ delta δ
epsilon ε epsilon1 ϵ zeta ζ eta η theta θ theta1 ϑ iota ι kappa κ lambda λ nu ν xi ξ omicron ο pi π rho ρ sigma σ sigma1 ς tau τ
upsilon υ phi φ phi1 ϕ chi χ psi ψ omega ω Alpha Α Beta Β Gamma Γ Delta Δ Epsilon Ε Zeta Ζ Eta Η Theta Θ Iota Ι Kappa Κ Lambda Λ
Mu Μ Nu Ν Xi Ξ Omicron Ο Pi Π Rho Ρ Sigma Σ Tau Τ Upsilon Υ Phi Φ Chi Χ Psi Ψ Omega Ω Ohm Ω acute ´ circumflex ˆ tilde ˜
copyrightserif © copyrightsans © registerserif ® registersans ® trademarkserif ™ trademarksans ™ minute ′ sharp ♯ flat ♭
arrowdblright ⇒ arrowdblleft ⇐ arrowdblboth ⇔ trianglerightsld • triangleright • square • filledsquare • bulletmath •
macron ¯ breve ˘ dotaccent ˙ dieresis ¨ ring ˚ cedilla ¸ hungarumlaut ˝ ogonek ˛ caron ˇ`
	fields := strings.Fields(list)
	m := map[string]string{"space": " ", "nbspace": " ", "nonbreakingspace": " ", "visiblespace": " ",
		"sfthyphen": "\u00AD", "softhyphen": "\u00AD", ".notdef": ""}
	for i := 0; i+1 < len(fields); i += 2 {
		m[fields[i]] = fields[i+1]
	}
	return m
}

// accents are the combining marks of names such as eacute.
var accents = map[string]string{
	"grave": "\u0300", "acute": "\u0301", "circumflex": "\u0302", "tilde": "\u0303", "macron": "\u0304", "breve": "\u0306",
	"dotaccent": "\u0307", "dieresis": "\u0308", "ring": "\u030A", "hungarumlaut": "\u030B", "caron": "\u030C",
	"cedilla": "\u0327", "commaaccent": "\u0326", "ogonek": "\u0328",
}

// glyphText returns the text that a glyph's name means, or "".
func glyphText(name string) string {
	if s, ok := glyphNames[name]; ok {
		return s
	}
	if base, _, ok := strings.Cut(name, "."); ok && base != "" {
		return glyphText(base) // a.sc is a small capital a
	}
	if len(name) == 1 && name[0] > ' ' && name[0] < 0x7F {
		return name
	}
	if hex, ok := strings.CutPrefix(name, "uni"); ok && len(hex) >= 4 && len(hex)%4 == 0 && len(hex) <= 32 {
		var b []byte
		for i := 0; i+1 < len(hex); i += 2 {
			high, ok1 := hexDigit(hex[i])
			low, ok2 := hexDigit(hex[i+1])
			if !ok1 || !ok2 {
				return ""
			}
			b = append(b, high<<4|low)
		}
		return utf16Text(b)
	}
	if hex, ok := strings.CutPrefix(name, "u"); ok && len(hex) >= 4 && len(hex) <= 6 {
		if c, err := strconv.ParseUint(hex, 16, 32); err == nil && c <= 0x10FFFF {
			return string(rune(c))
		}
	}
	if first, rest, ok := strings.Cut(name, "_"); ok && first != "" && rest != "" && len(name) < 100 {
		a, b := glyphText(first), glyphText(rest) // f_i is a ligature
		if a != "" && b != "" {
			return a + b
		}
	}
	if len(name) > 1 {
		if accent, ok := accents[name[1:]]; ok && (name[0]|0x20 >= 'a' && name[0]|0x20 <= 'z') {
			return norm.NFC.String(name[:1] + accent)
		}
	}
	return ""
}
