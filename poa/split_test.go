package poa

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

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

// TestSplitKeepsBlocks: code and tables that fit a segment are not cut, larger ones are cut behind a line, items before their mark.
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
			if !strings.HasPrefix(line, "| ") && !strings.HasPrefix(line, "|---") || !strings.HasSuffix(strings.TrimSpace(line), "|") {
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
		"word ", "Ende. ", "。", "文字", "นาน ", "\n", "\n\n", "```\n", "~~~~\n", "    ", "\t", "| a |", "|---|", "- ", "1. ", "# ", "“", "(", "e.g. ", "Dr. ", "\xff",
		strings.Repeat("many words of prose without an end ", 12), strings.Repeat("文", 90),
	})
	rapid.Check(t, func(t *rapid.T) {
		document := []byte(strings.Join(rapid.SliceOfN(pieces, 0, 120).Draw(t, "pieces"), ""))
		var got []TokenID
		for _, s := range Split(document) {
			if len(s) > SplitBytes || countTokens(s) > SplitTokens || countTokens(s) == 0 {
				t.Fatalf("segment of %d bytes", len(s))
			}
			if utf8.Valid(document) && !utf8.Valid(s) {
				t.Fatalf("a character is cut: %q", s)
			}
			got = append(got, TokenIDs(s)...)
		}
		want := TokenIDs(Canonical(document))
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
