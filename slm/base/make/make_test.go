package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/openledger/openledger/slm/base"
	"github.com/openledger/openledger/slm/tokenizer"
)

const source = `// Package tea makes tea.
//
//	tea.Brew(3)
//
// It needs water.
package tea

// Cup holds tea. It is made of clay and holds a quarter of a litre when it is full.
type Cup struct{}

// Drink empties the cup. It returns how much tea was in it, in millilitres.
func (c *Cup) Drink() int { return 0 }

// Brew makes tea of leaves.
func Brew(leaves int) {}

const (
	// Hot is how tea is served.
	Hot = 1
	Cold = 2
)
`

func sample(t *testing.T) []entry {
	t.Helper()
	root := t.TempDir()
	folder := filepath.Join(root, "src", "tea")
	if err := os.MkdirAll(filepath.Join(folder, "testdata"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"tea.go": source, "tea_test.go": "package tea\n\n// Test is no documentation.\nfunc Test() {}\n",
		"testdata/x.go": "// Package x is no documentation.\npackage x\n",
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	entries, err := documentation(root)
	if err != nil {
		t.Fatal(err)
	}
	return entries
}

func TestDocumentation(t *testing.T) {
	var names []string
	for _, e := range sample(t) {
		names = append(names, e.name)
	}
	if got, want := strings.Join(names, " "), "tea tea.Cup tea.Cup.Drink tea.Brew tea.Hot"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestProse(t *testing.T) {
	got := prose(sample(t)[0].text)
	if len(got) != 2 || got[0] != "Package tea makes tea." || got[1] != "It needs water." {
		t.Errorf("%q", got)
	}
}

func TestAnswer(t *testing.T) {
	for text, want := range map[string]string{
		"Drink empties the cup. It returns how much tea was in it, in millilitres.": "Drink empties the cup. It returns how " +
			"much tea was in it, in millilitres.",
		"Too short.": "", "No end of a sentence is here, however long it goes on": "",
		strings.Repeat("A sentence of forty bytes is this one. ", 12): strings.TrimSpace(
			strings.Repeat("A sentence of forty bytes is this one. ", 10)),
	} {
		if got, ok := answer(text); ok != (want != "") || ok && got != want {
			t.Errorf("%q: %q %v", text, got, ok)
		}
	}
}

// TestExamples: what is learned of a conversation is the answer, and texts fit into the context.
func TestExamples(t *testing.T) {
	entries := sample(t)
	vocabulary, err := tokenizer.Train([]string{source}, tokenizer.Recipe{
		Tokens: 300, Special: base.Special(), BOS: base.Begin, EOS: base.End, Split: tokenizer.SplitSmolLM,
	})
	if err != nil {
		t.Fatal(err)
	}
	talks := talkExamples(vocabulary, shuffled(entries))
	if len(talks) == 0 {
		t.Fatal("no conversation")
	}
	for _, e := range talks {
		text := vocabulary.Decode(e.Tokens[e.From:], true)
		if len(e.Tokens) > base.Positions || !strings.HasSuffix(text, base.End) ||
			!strings.HasSuffix(vocabulary.Decode(e.Tokens[:e.From], true), base.Assistant) {
			t.Errorf("%q, learned from %d: %q", vocabulary.Decode(e.Tokens, true), e.From, text)
		}
	}
	for _, e := range plainExamples(vocabulary, shuffled(entries)) {
		if len(e.Tokens) > base.Positions || e.From != 1 {
			t.Errorf("%d tokens from %d", len(e.Tokens), e.From)
		}
	}
}
