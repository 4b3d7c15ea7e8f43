package sentence_test

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/openledger/openledger/content/sentence"
)

func blocks(text string) []string {
	names := map[sentence.Kind]string{sentence.Prose: "prose", sentence.Heading: "heading", sentence.Item: "item",
		sentence.Code: "code", sentence.Table: "table"}
	var out []string
	for _, b := range sentence.Blocks([]byte(text)) {
		apart := ""
		if b.Apart {
			apart = "+"
		}
		out = append(out, apart+names[b.Kind]+" "+text[b.Start:b.End])
	}
	return out
}

func TestBlocks(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"paragraphs": {" a\nb \n \n\nc\n", []string{"+prose a\nb", "+prose c"}},
		"headings": {"# One\ntext\n## Two ##\n\nThree\n=====\nfour #5\n#tag",
			[]string{"+heading # One", "prose text", "heading ## Two ##", "+heading Three\n=====", "prose four #5\n#tag"}},
		"fences": {"a:\n```go\nx. Y\n\n- z\n```\nb",
			[]string{"+prose a:", "code ```go\nx. Y\n\n- z\n```", "prose b"}},
		"longer fences": {"````\n```\n````\n~~~\n```\n~~~ \nb",
			[]string{"+code ````\n```\n````", "code ~~~\n```\n~~~", "prose b"}},
		"never closed":   {"a\n```\nb\n\nc\n```x\nd", []string{"+prose a", "code ```\nb", "+prose c", "code ```x\nd"}},
		"code in a line": {"```a``` b\nc", []string{"+prose ```a``` b\nc"}},
		"indented": {"Run:\n\n    git rebase\n\n    git push\n\nDone.",
			[]string{"+prose Run:", "+code     git rebase\n\n    git push", "+prose Done."}},
		"first lines only": {"Once.\n\n    Upon a\ntime.", []string{"+prose Once.", "+prose Upon a\ntime."}},
		"all is indented":  {"    Once.\n\n    Upon a time.", []string{"+prose Once.", "+prose Upon a time."}},
		"behind an item":   {"- one\n\n    goes on\n\n- two", []string{"+item - one", "+prose goes on", "+item - two"}},
		"items": {"List:\n- a\n  b\n- c\n* d\n1) e\n2) f\n・九",
			[]string{"+prose List:", "item - a\n  b", "item - c", "item * d", "item 1) e", "item 2) f", "item ・九"}},
		"a year is no item": {"It was in\n984. And\n- that.", []string{"+prose It was in\n984. And", "item - that."}},
		"table": {"a\n| x | y |\n|---|---|\n| 1. A | 2 |\n\nb",
			[]string{"+prose a", "table | x | y |\n|---|---|\n| 1. A | 2 |", "+prose b"}},
		"table, bare": {"x | y\n--|--\n1 | 2", []string{"+table x | y\n--|--\n1 | 2"}},
		"a bar":       {"either | or\nnext", []string{"+prose either | or\nnext"}},
		"tabs":        {"drug\tdose\nA\t5\nend", []string{"+table drug\tdose\nA\t5", "prose end"}},
		"nothing":     {" \n\t", nil},
	} {
		if got := blocks(c.text); !slices.Equal(got, c.want) {
			t.Errorf("%s:\n got  %q\n want %q", name, got, c.want)
		}
	}
}

// TestBlocksLoseNothing: blocks are in order, and only white space is between them.
func TestBlocksLoseNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := drawn(t)
		at := 0
		for _, b := range sentence.Blocks([]byte(text)) {
			if b.Start < at || b.End <= b.Start || strings.TrimSpace(text[at:b.Start]) != "" {
				t.Fatalf("%v behind %d in %q", b, at, text)
			}
			at = b.End
		}
		if strings.TrimSpace(text[at:]) != "" {
			t.Fatalf("%q is lost of %q", text[at:], text)
		}
	})
}

// TestFencesTakeLinearTime: a text of many fences that nothing closes is not read again for each of them.
func TestFencesTakeLinearTime(t *testing.T) {
	text := strings.Repeat("```x\n", 200_000) // 200,000 squared lines would take minutes
	if got := sentence.Blocks([]byte(text)); len(got) == 0 {
		t.Fatal(got)
	}
	text = strings.Repeat("```x\n\n", 200_000)
	if got := sentence.Blocks([]byte(text)); len(got) != 200_000 {
		t.Fatal(len(got))
	}
}
