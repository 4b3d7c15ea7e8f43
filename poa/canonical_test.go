package poa

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"
)

// someRune draws code points that go wrong together: letters and marks of many scripts, invisible ones, forms.
func someRune() *rapid.Generator[rune] {
	return rapid.OneOf(
		rapid.Rune(),
		rapid.SampledFrom(
			[]rune("aEiJo\u0301\u0308\u0323\u0307\u0345αςΑώ\u03b9йиҐاکي\u200c\u200d\u094dकन\u093c한\u1112\u1161\u11abがかｶﾞ\u3099ﬁＡⅣ𝐛İıĳµ \n\t-\u00ad\u200b\ufeff\u2028\u00a0😀\ufe0f\U0001f469\ufffd\ue000\uf0b7\u17d2ខម1９₂")),
		rapid.RuneFrom(nil, unicode.Mn, unicode.Hangul, unicode.Greek, unicode.Arabic),
	)
}

func TestCanonical(t *testing.T) {
	for text, want := range map[string]string{
		"":                                      "",
		"plain text\n":                          "plain text\n",
		"one\r\ntwo\rthree\u2028four\vfive":     "one\ntwo\nthree\nfour\nfive",
		"\ufeffa\u00a0b\u2009c\u202fd\u3000e":   "a b c d\u3000e",
		"hypersensi\u00adtivity":                "hypersensitivity",
		"hypersensi\u00ad\n  tivity":            "hypersensitivity",
		"hypersensi-\ntivity":                   "hypersensi-\ntivity",
		"zero\u200bwidth \u2060joined":          "zerowidth joined",
		"\u202eright\u202c \u200fto left":       "right to left",
		"cafe\u0301 Ελληνικα\u0301 й и\u0306":   "café Ελληνικά й й",
		"\u1112\u1161\u11ab\u1100\u116e\u11a8":  "한국",
		"a\u0301\u0323":                         "ạ\u0301",
		"ﬁbrosis ﬂuid ĳs ſo":                    "fibrosis fluid ijs so",
		"ＴＮＦ－α，ﾊﾝｶｸ ｶﾞ":                         "TNF－α，ハンカク ガ",
		"𝐛𝐨𝐥𝐝 Ⅳ ㎎":                              "bold IV mg",
		"ﻣﺮﺣﺒﺎ":                                 "مرحبا",
		"می\u200cکرد":                           "می\u200cکرد",
		"می\u200c کرد":                          "می کرد",
		"a\u200cb \u200dc":                      "ab c",
		"ක්\u200dෂ क्\u200d":                    "ක්\u200dෂ क्\u200d",
		"👩\u200d🌾 ☀\ufe0f a\ufe0f":              "👩\u200d🌾 ☀\ufe0f a",
		"• \uf0b7 item":                         "• • item",
		"lost \ufffd, \x00 and \ue000":          "lost \ufffd, \x00 and \ue000",
		"\xff broken \xe2\x80":                  "\xff broken \xe2\x80",
		"CO₂, 10⁻⁶, ½, ①, “quotes” – dash…, µg": "CO₂, 10⁻⁶, ½, ①, “quotes” – dash…, µg",
	} {
		if got := string(Canonical([]byte(text))); got != want {
			t.Errorf("%q: %q instead of %q", text, got, want)
		}
		if changes := Changes([]byte(text), 100); (len(changes) > 0) != (text != want) {
			t.Errorf("%q: changes %+v", text, changes)
		}
		checkClean(t, []byte(text))
	}
}

// checkClean: the clean form is clean, has the same tokens, is what the changes say, and is what CheckText asks for.
func checkClean(t interface{ Fatalf(string, ...any) }, text []byte) {
	clean := Canonical(text)
	if again := Canonical(clean); !bytes.Equal(again, clean) {
		t.Fatalf("the clean form of %q is %q, whose clean form is %q", text, clean, again)
	}
	built, at := []byte{}, 0
	for _, c := range Changes(text, len(text)+1) {
		if c.Offset < at || !strings.HasPrefix(string(text[c.Offset:]), c.From) || c.From == c.To {
			t.Fatalf("%q: change %+v", text, c)
		}
		built = append(append(built, text[at:c.Offset]...), c.To...)
		at = c.Offset + len(c.From)
	}
	if built = append(built, text[at:]...); !bytes.Equal(built, clean) {
		t.Fatalf("%q: changes give %q, not %q", text, built, clean)
	}
	var refused *SegmentError
	switch err := CheckText(text); {
	case err == nil && !bytes.Equal(clean, text):
		t.Fatalf("%q passes, but its clean form is %q", text, clean)
	case err != nil && !errors.As(err, &refused):
		t.Fatalf("%v", err)
	case err != nil && (refused.Offset < 0 || refused.Offset > len(text)):
		t.Fatalf("%v", err)
	}
	if err := CheckText(clean); errors.As(err, &refused) && refused.Code == CodeForbiddenCodePoint {
		c, _ := decodeRune(clean[refused.Offset:])
		if p := unicodeV2.of(c); p.class != classForbidden && !strings.Contains(refused.Detail, "marks") {
			t.Fatalf("clean form %q of %q: %v", clean, text, err)
		}
	}
}

// libraryIsRight leaves out what golang.org/x/text normalises wrongly: code points above U+FFFF, which it composes by
// their lower 16 bits, and half-width Hangul letters, which do not keep it from composing what stands before and behind
// them.
func libraryIsRight(r rune) bool {
	return r <= 0xFFFF && (r < 0xFFA0 || r > 0xFFDC) && unicodeV2.of(uint32(r)).class != classForbidden
}

func TestCanonicalProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		checkClean(t, []byte(rapid.StringOf(someRune()).Draw(t, "any text")))
		text := []byte(rapid.StringOf(someRune().Filter(libraryIsRight)).Draw(t, "text"))
		if a, b := TokenIDs(norm.NFD.Bytes(text)), TokenIDs(norm.NFC.Bytes(text)); !slices.Equal(a, b) {
			t.Fatalf("%+q decomposed has other tokens", text)
		}
	})
}

// TestComposeAgreesWithTheLibrary: form NFC from the frozen tables is that of golang.org/x/text, as long as that has
// the same Unicode.
func TestComposeAgreesWithTheLibrary(t *testing.T) {
	compose := func(s string) string {
		var runes []uint32
		for _, r := range s {
			runes = unicodeV2.decompose(runes, uint32(r))
		}
		var out []byte
		for _, c := range unicodeV2.compose(runes) {
			out = appendRune(out, c)
		}
		return string(out)
	}
	// Normalisation of what is assigned never changes, so newer libraries agree on it.
	for c := rune(0); c <= unicode.MaxRune; c++ {
		if p := unicodeV2.of(uint32(c)); p.class == classForbidden || !utf8.ValidRune(c) {
			continue
		}
		texts := []string{string(c), "a" + string(c), string(c) + "\u0301", string(c) + "\u0323\u0307"}
		if c > 0xFFFF { // the library composes U+10041 and an accent as if it were U+0041
			texts = texts[:1]
		}
		for _, s := range texts {
			if got, want := compose(s), norm.NFC.String(s); got != want {
				t.Fatalf("%+q: %+q instead of %+q", s, got, want)
			}
		}
		if got, want := unicodeV2.of(uint32(c)).order, norm.NFC.PropertiesString(string(c)).CCC(); got != want {
			t.Fatalf("U+%04X has order %d instead of %d", c, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringOf(someRune().Filter(libraryIsRight)).Draw(t, "text")
		if got, want := compose(s), norm.NFC.String(s); got != want {
			t.Fatalf("%+q: %+q instead of %+q", s, got, want)
		}
	})
}

// TestClassesAgreeWithTheLibrary: the classes are those of the runtime's tables, while these are of the same Unicode.
func TestClassesAgreeWithTheLibrary(t *testing.T) {
	if unicode.Version != "15.0.0" {
		t.Skipf("the runtime has Unicode %s", unicode.Version)
	}
	counts := map[uint8]int{}
	for c := rune(0x80); c <= unicode.MaxRune; c++ {
		p := unicodeV2.of(uint32(c))
		counts[p.class]++
		letter := unicode.IsLetter(c) || unicode.IsNumber(c)
		switch p.class {
		case classWord, classAlone:
			if !letter {
				t.Fatalf("U+%04X is no letter", c)
			}
		case classMark, classStacker:
			if !unicode.IsMark(c) && c != 0xFF9E && c != 0xFF9F {
				t.Fatalf("U+%04X is no mark", c)
			}
		case classForbidden:
			if (letter || unicode.IsMark(c) || unicode.IsPunct(c) || unicode.IsSymbol(c)) && c != 0xFFFC && c != 0xFFFD {
				t.Fatalf("U+%04X is forbidden", c)
			}
		}
	}
	if counts[classWord] < 17_000 || counts[classAlone] < 100_000 || counts[classMark] < 2_000 ||
		counts[classSeparator] < 7_000 {
		t.Errorf("%v", counts)
	}
}

func TestGreekBesideLatin(t *testing.T) {
	for text, refused := range map[string]bool{
		"TNFα": false, "IFNγ": false, "NFκB": false, "IκBα": false, "PPARγ": false, "PGF2α": false, "HIF1α": false,
		"αSMA": false, "FcγRIIa": false, "νmax": false,
		"Cronbachα": false, "β-blocker": false, "µg": false, "μg": false, "IL-1β": false, "βhCG": false, "β2m": false,
		"γδ": false, "ΔF508": false, "χ2": false, "λmax": false,
		"kΩ": false, "Δt": false, "λx": false, "RORγt": false, "Gαs": false, "PI3Kγ": false, "αβγ": false, "ηp2": false,
		"αs1": false, "5μm": false, "τmax": false, "PKCι": false, "ERα": false,
		"pαper": true, "mαtrix": true, "νitamin": true, "κeratin": true, "wοrd": true, "Pαtient": true, "αnd": true,
		"thαn": true, "Αthens": true, "TNFΑ": true, "αβγδword": true,
		"inflαmmαtion": true, "υsed": true, "ρain": true, "ἀrt": true, "λόγοςx": true, "xλόγος": true, "drugο": true,
		"formulα": true, "ανd": true,
		"pаypal": true, "ҏq": true, "հello": true, "Ꭺpple": true, "ⲟk": true, "ßа": true,
		"рубль": false, "straße": false, "a文α": false, "a-α": false, "Привет": false, "λόγος": false, "ΔΙΑΒΗΤΗΣ": false,
	} {
		err := CheckText([]byte("x " + text + " y"))
		var e *SegmentError
		if got := errors.As(err, &e) && e.Code == CodeMixedScript; got != refused || err != nil && !got {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// TestProposal: a refusal shows the place and the clean form of the word, and no more.
func TestProposal(t *testing.T) {
	text := strings.Repeat("The skin is dry. ", 50) + "It is hypersensi\u00adtivity. " +
		strings.Repeat("The skin is dry. ", 50)
	err := CheckSegment([]byte(text), SegmentRules{})
	var e *SegmentError
	if !errors.As(err, &e) || e.Offset != strings.IndexRune(text, '\u00ad') ||
		!strings.Contains(e.Detail, `"hypersensitivity."`) || len(e.Error()) > 300 {
		t.Error(err)
	}
}
