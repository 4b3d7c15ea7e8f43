package segment

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/openledger/openledger/poa"
)

func countTokens(text []byte) int { return len(poa.TokenIDs(text)) }

// TestSplitEndsSentences: a paragraph that is too long for a segment is cut where a sentence ends, in every script.
func TestSplitEndsSentences(t *testing.T) {
	for name, one := range map[string]string{
		"English":    "The gland of the skin, e.g. of the scalp, opens at 3.5 mm into the follicle. ",
		"German":     "Die Drüse der Haut, z. B. am Kopf, mündet lt. Dr. Weber am 3. Mai in den Follikel. ",
		"Russian":    "Железа кожи, т. е. сальная, открывается в волосяной фолликул на рис. 5. ",
		"Greek":      "Πού ανοίγει ο αδένας του δέρματος που βλέπουμε εδώ; ",
		"Chinese":    "皮脂腺开口于毛囊的上部，并且分泌皮脂来保护皮肤。",
		"Japanese":   "皮脂腺は毛包の上部に開口し、皮膚を守る皮脂を分泌します。",
		"Korean":     "피지샘은 모낭의 위쪽으로 열려 있고 피부를 보호한다. ",
		"Arabic":     "أين تفتح الغدة الدهنية في الجلد وما الذي تفرزه؟ ",
		"Urdu":       "جلد کا غدود بالوں کی جڑ میں کھلتا ہے۔ ",
		"Hindi":      "त्वचा की ग्रंथि बालों की जड़ में खुलती है और त्वचा की रक्षा करती है। ",
		"Armenian":   "Մաշկի գեղձը բացվում է մազի արմատի մեջ։ ",
		"Amharic":    "የቆዳ እጢ ወደ ፀጉር ሥር ይከፈታል። ",
		"Burmese":    "အရေပြားဂလင်းသည်ဆံပင်အမြစ်သို့ပွင့်သည်။ ",
		"Khmer":      "ក្រពេញស្បែកបើកទៅឫសសក់។ ",
		"Thai":       "ต่อมไขมันของผิวหนังเปิดเข้าสู่รูขุมขนส่วนบนและหลั่งไขมันออกมาปกป้องผิว ",
		"quotations": "He said: “It opens. It closes.” ",
	} {
		whole := strings.TrimSpace(one)
		segments := Split([]byte(strings.Repeat(one, 80)))
		if len(segments) < 3 {
			t.Errorf("%s: %d segments", name, len(segments))
		}
		for _, s := range segments {
			if rest := strings.TrimSpace(strings.ReplaceAll(string(s), whole, "")); rest != "" {
				t.Errorf("%s: %q is cut out of %q", name, rest, s)
			}
		}
	}
}

// TestSplitKeepsBlocks: code and tables that fit a segment are not cut, larger ones are cut behind a line, items before
// their mark.
func TestSplitKeepsBlocks(t *testing.T) {
	prose := strings.Repeat("This is a sentence of some words. ", 25)
	code := "```go\nfunc f() {\n\n\tif a. B {\n\t\tg()\n\t}\n\n\treturn\n}\n```"
	rows := func(n int) string {
		table := "| drug | dose |\n|---|---|\n"
		for i := range n {
			table += fmt.Sprintf("| drug%d | the dose of it is 50 mg. and it is taken twice |\n", i)
		}
		return table
	}
	holds := func(name, document, part string) {
		t.Helper()
		for _, s := range Split([]byte(document)) {
			if strings.Contains(string(s), part) {
				return
			}
		}
		t.Errorf("%s: %q is cut", name, part)
	}
	holds("code behind a paragraph", prose+"\n"+prose+"\n"+code+"\n"+prose, code)
	holds("code apart", prose+"\n\n"+prose+"\n\n"+code+"\n\n"+prose, code)
	holds("a table behind a paragraph", prose+"\n"+rows(8)+prose, strings.TrimSpace(rows(8)))
	holds("indented code", "Run this:\n\n    first\n\n        second\n\n"+prose, "    first\n\n        second")
	for _, s := range Split([]byte(rows(60))) {
		for line := range strings.Lines(string(s)) {
			if !strings.HasPrefix(line, "| ") && !strings.HasPrefix(line, "|---") ||
				!strings.HasSuffix(strings.TrimSpace(line), "|") {
				t.Errorf("row %q is cut", line)
			}
		}
	}
	for _, s := range Split([]byte(strings.Repeat("- an item that ends without a mark\n", 100))) {
		for line := range strings.Lines(string(s)) {
			if strings.TrimSpace(line) != "- an item that ends without a mark" {
				t.Errorf("item %q is cut", line)
			}
		}
	}
	for _, s := range Split([]byte(strings.Repeat("# a comment of a script\n", 100))) {
		for line := range strings.Lines(string(s)) {
			if strings.TrimSpace(line) != "# a comment of a script" {
				t.Errorf("heading %q is cut", line)
			}
		}
	}
	long := Split([]byte("```\n" + strings.Repeat("\tcall(one, two)\n", 200) + "```"))
	for i, s := range long {
		for j, line := range bytes.Split(s, []byte("\n")) {
			if text := string(line); text != "\tcall(one, two)" && text != "```" {
				t.Errorf("line %d of piece %d: %q", j, i, text)
			}
		}
	}
}

// TestSplitLosesNothing: all words are in the segments, in order and whole, whatever blocks a document is made of.
func TestSplitLosesNothing(t *testing.T) {
	pieces := rapid.SampledFrom([]string{
		"word ", "Ende. ", "。", "文字", "นาน ", "\n", "\n\n", "```\n", "~~~~\n", "    ", "\t", "| a |", "|-|", "- ", "1. ",
		"# ", "“", "(", "e.g. ", "Dr. ", "\xff",
		strings.Repeat("many words of prose without an end ", 12), strings.Repeat("文", 90),
	})
	rapid.Check(t, func(t *rapid.T) {
		document := []byte(strings.Join(rapid.SliceOfN(pieces, 0, 120).Draw(t, "pieces"), ""))
		var got []poa.TokenID
		for _, s := range Split(document) {
			if len(s) > SplitBytes || countTokens(s) > SplitTokens || countTokens(s) == 0 {
				t.Fatalf("segment of %d bytes", len(s))
			}
			if utf8.Valid(document) && !utf8.Valid(s) {
				t.Fatalf("a character is cut: %q", s)
			}
			got = append(got, poa.TokenIDs(s)...)
		}
		want := poa.TokenIDs(poa.Canonical(document))
		if len(got) != len(want) {
			t.Fatalf("%d of %d words", len(got), len(want))
		}
		for i := range got {
			if got[i] != want[i] {
				t.Fatalf("word %d differs", i)
			}
		}
	})
}

func TestSplit(t *testing.T) {
	for document, want := range map[string][]string{
		"":                        nil,
		"\r\n \n":                 nil,
		"...":                     nil,
		"one\r\ntwo\r\n\r\nthree": {"one\ntwo\n\nthree"},
		"\ufeffa\u00a0b":          {"a b"},
		" a \n\t\n\n b ":          {"a\n\nb"},
		strings.Repeat("word ", 205): {strings.TrimSpace(strings.Repeat("word ", 200)),
			strings.TrimSpace(strings.Repeat("word ", 5))},
		"First one. " + strings.Repeat("word ", 197) +
			"end! Then more.": {"First one. " + strings.Repeat("word ", 197) + "end!", "Then more."},
	} {
		var got []string
		for _, s := range Split([]byte(document)) {
			got = append(got, string(s))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q: %q", document, got)
		}
	}
	long := Split(bytes.Repeat([]byte("x"), 5000))
	if len(long) != 5 || len(long[0]) != SplitBytes {
		t.Errorf("%d pieces", len(long))
	}
	for _, s := range Split([]byte(strings.Repeat("文字", 300))) {
		if !utf8.Valid(s) || countTokens(s) > SplitTokens {
			t.Errorf("%q", s)
		}
	}
}

func TestSplitProperties(t *testing.T) {
	piece := rapid.SampledFrom(
		[]string{"word", "Ende.", " ", "\n", "\n\n", "\r\n", "文。", "\u00a0", "\xff", "longer-words-here", "é", "\f"})
	rapid.Check(t, func(t *rapid.T) {
		document := []byte(strings.Join(rapid.SliceOfN(piece, 0, 1500).Draw(t, "pieces"), ""))
		segments := Split(document)
		var got []poa.TokenID
		for _, s := range segments {
			if len(s) > SplitBytes || countTokens(s) > SplitTokens || countTokens(s) == 0 {
				t.Fatalf("segment of %d bytes", len(s))
			}
			got = append(got, poa.TokenIDs(s)...)
		}
		if longest(poa.Canonical(document)) < 500 && !slices.Equal(got, poa.TokenIDs(poa.Canonical(document))) {
			t.Fatal("tokens were lost or cut")
		}
	})
}

func longest(text []byte) int {
	n := 0
	for _, t := range poa.Tokenize(text) {
		n = max(n, t.End-t.Start)
	}
	return n
}

// TestSplitVector is the vector that poa had while Split was a part of it.
func TestSplitVector(t *testing.T) {
	if got := fmt.Sprintf(
		"%q", Split([]byte("\ufeffOne.\r\n\r\nTwo\u00a0is here.\n \nThree."))); got != `["One.\n\nTwo is here.\n\nThree."]` {
		t.Error(got)
	}
}

// TestSplitTakesLinearTime: each byte is looked at a few times, however long a paragraph is. Sentences count their own
// steps.
func TestSplitTakesLinearTime(t *testing.T) {
	for name, one := range map[string]string{
		"no break": "x", "ideographs": "文", "Thai": "นาน", "words": "word ", "sentences": "A word. ", "short forms": "e.g. ",
		"dots": ".", "blanks": " ", "Thai and blanks": "น    ",
		"quotation marks": "“", "brackets": "(a ", "closing": ".)", "lines": "a\n", "items": "- a\n", "headings": "# a\n",
		"fences": "```\n", "rows": "| a | b |\n", "dashes": "|---|\n",
		"tabs": "a\tb\n", "marks on a letter": "\u0301", "hyphens": "ab-\n", "soft hyphens": "a\u00ad",
	} {
		document := []byte(strings.Repeat(one, 1<<20/len(one)))
		s := splitter{}
		s.document(document)
		if s.looked > 8*len(document) {
			t.Errorf("%s: %d bytes are looked at for %d", name, s.looked, len(document))
		}
	}
}

func FuzzSplit(f *testing.F) {
	for _, s := range []string{"", "Hello, World", "日本語 ไทย", "\xe3", "a\xffb", "| a |\n|---|\n| b |", "```\n\n```"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, s := range Split(text) {
			if len(s) > poa.MaxSegmentBytes || countTokens(s) == 0 || countTokens(s) > poa.MaxSegmentTokens {
				t.Fatalf("segment of %d bytes", len(s))
			}
		}
	})
}
