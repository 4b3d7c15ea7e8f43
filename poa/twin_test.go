package poa

import (
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"
)

// dresses are ways in which the same text comes out of a PDF, a word processor or the web.
var dresses = map[string]func(string) string{
	"decomposed": norm.NFD.String,
	"full width": func(s string) string {
		return strings.Map(func(r rune) rune {
			if r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || strings.ContainsRune(".,;:!?()", r) {
				return r + 0xFEE0
			}
			return r
		}, s)
	},
	"ligatures": strings.NewReplacer("ffi", "ﬃ", "ffl", "ﬄ", "fi", "ﬁ", "fl", "ﬂ", "ff", "ﬀ", "եւ", "ﬓ", "لا",
		"ﻻ").Replace,
	"no-break space": func(s string) string { return strings.ReplaceAll(s, " ", "\u00a0") },
	"narrow space":   func(s string) string { return strings.ReplaceAll(s, " ", "\u202f") },
	"other quotes":   strings.NewReplacer("’", "'", "'", "’", " – ", " - ", "“", "\"", "”", "\"", "\"", "“").Replace,
	"soft hyphens":   func(s string) string { return hyphenate(s, "\u00ad") },
	"hyphenated":     func(s string) string { return hyphenate(s, "-\n") },
	"invisible":      func(s string) string { return "\ufeff" + strings.ReplaceAll(s, " ", "\u200b \u200e") },
	"joiners":        func(s string) string { return strings.ReplaceAll(s, "\u200c", "") },
	"capitals":       strings.ToUpper,
}

// hyphenate breaks every third long word of a text at a letter behind which no mark stands.
func hyphenate(s, with string) string {
	words := strings.Split(s, " ")
	n := 0
	for i, w := range words {
		runes := []rune(w)
		if len(runes) < 8 || standsAlone([]byte(w)) {
			continue
		}
		if n++; n%3 != 0 {
			continue
		}
		for at := 4; at < len(runes)-2; at++ {
			if a, b := unicodeV2.of(uint32(runes[at-1])), unicodeV2.of(uint32(runes[at])); a.class == classWord &&
				b.class == classWord {
				words[i] = string(runes[:at]) + with + string(runes[at:])
				break
			}
		}
	}
	return strings.Join(words, " ")
}

// passages cuts a text in clean form into parts of so many tokens that each is a segment.
func passages(document []byte) (out [][]byte) {
	const most = 150
	text, start := Canonical(document), 0
	for i, token := range Tokenize(text) {
		if i > 0 && i%most == 0 {
			out, start = append(out, text[start:token.Start]), token.Start
		}
	}
	return append(out, text[start:])
}

// TestTwins: a text in another dress is found as a duplicate, and an answer in it is attributed as the plain one is.
func TestTwins(t *testing.T) {
	texts := map[string]string{}
	languages := readProse(t, "languages.txt")
	for _, name := range languages.names {
		texts[name] = languages.whole(name)
	}
	more := readProse(t, "scripts.txt")
	for _, name := range more.names {
		texts[name] = more.whole(name)
	}
	stats := ProtocolStatistics()
	scripts := map[int]bool{}
	for name, text := range texts {
		text = norm.NFC.String(text)
		r, _ := decodeRune([]byte(text))
		scripts[int(r>>7)] = true
		plain := segmentTokens(NormVersion, Canonical([]byte(text)))
		index := NewIndex(stats)
		segments := passages([]byte(text))
		for i, s := range segments {
			if err := index.Add(NewSegment(1, uint32(i), s)); err != nil {
				t.Fatal(err)
			}
		}
		want := must(index.Attribute(Answer{Tokens: TokenIDs([]byte(text))}))
		for dress, put := range dresses {
			twin := put(text)
			got := must(index.Attribute(Answer{Tokens: TokenIDs([]byte(twin))}))
			if d := int(got.UnattributedPPM) - int(want.UnattributedPPM); d > 20_000 || d < -20_000 {
				t.Errorf("%s, %s: %d ppm unattributed instead of %d", name, dress, got.UnattributedPPM, want.UnattributedPPM)
			}
			for _, s := range passages([]byte(twin)) {
				if err := CheckText(s); err != nil {
					t.Errorf("%s, %s: %v", name, dress, err)
				}
				best := uint32(0)
				for _, of := range segments {
					best = max(best, must(CopiedPPM(SegmentTokens(s), SegmentTokens(of), stats)))
				}
				if best < DuplicatePPM && len(SegmentTokens(s)) > 20 {
					t.Errorf("%s, %s: %d ppm copied", name, dress, best)
				}
			}
		}
		if len(plain) == 0 || want.UnattributedPPM > 100_000 {
			t.Errorf("%s: %d ppm of a copy are unattributed", name, want.UnattributedPPM)
		}
	}
	if len(scripts) < 20 {
		t.Errorf("only %d scripts", len(scripts))
	}
}

// TestTwinsOfVersion1: what TestTwins shows is new. By the tokens of version 1 a decomposed Greek text is another text.
func TestTwinsOfVersion1(t *testing.T) {
	text := readProse(t, "languages.txt").whole("el Greek")
	ids := func(s string) (out []TokenID) {
		for _, tok := range TokenizeNorm(NormVersion1, []byte(s)) {
			out = append(out, tok.ID)
		}
		return out
	}
	if ppm := must(CopiedPPM(ids(norm.NFD.String(text)), ids(text), ProtocolStatisticsV1())); ppm >= DuplicatePPM {
		t.Errorf("%d ppm", ppm)
	}
}
