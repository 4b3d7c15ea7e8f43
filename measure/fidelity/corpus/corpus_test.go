package corpus

import (
	"fmt"
	"math/rand"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/openledger/openledger/poa"
)

// sentence returns words of which two in five are stop words.
func sentence(rng *rand.Rand, n int) string {
	stops := strings.Fields("the of and to in is that it for with")
	var words []string
	for range n {
		if rng.Intn(5) < 2 {
			words = append(words, stops[rng.Intn(len(stops))])
		} else {
			words = append(words, fmt.Sprintf("w%d", rng.Intn(5000)))
		}
	}
	return strings.Join(words, " ")
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestFolder(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "ann/one.txt", "This is the first text of the folder.")
	write(t, dir, "ann/deep/two", "And this is another text in it.")
	write(t, dir, "bob/three.md", "图书馆里有很多书。")
	write(t, dir, "bob/empty", "")
	write(t, dir, "bob/binary", "a\x00b")
	write(t, dir, "bob/latin1", "caf\xe9")
	write(t, dir, "loose", "A file beside the folders.")
	documents, notes, err := Folder(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, d := range documents {
		got = append(got, d.Contributor+" "+d.Name)
	}
	slices.Sort(got)
	if want := []string{". loose", "ann ann/deep/two", "ann ann/one.txt", "bob bob/three.md"}; !slices.Equal(got, want) {
		t.Errorf("%v", got)
	}
	if want := []string{"1 files skipped: empty", "2 files skipped: not UTF-8 text"}; !slices.Equal(notes, want) {
		t.Errorf("%v", notes)
	}
	if _, _, err := Folder(filepath.Join(dir, "none")); err == nil {
		t.Error("a folder that does not exist")
	}
}

func TestBuild(t *testing.T) {
	rng := rand.New(rand.NewSource(1))
	var documents []Document
	for i := range 40 {
		documents = append(
			documents, Document{Contributor: fmt.Sprint(i % 3), Name: fmt.Sprint(i),
				Pieces: [][]byte{[]byte(sentence(rng, 50)), []byte("letters of another alphabet on p\u0430per")}})
	}
	shape := Shape{Registered: 20, HeldOut: 100, HeldOutPPM: 100_000}
	drawn := poa.SegmentRules{AllowFewStopWords: true} // words without order are no prose
	build := func(seed int64) *Corpus { return Build("x", slices.Clone(documents), shape, drawn, seed) }
	c := build(1)
	if len(c.Registered) != 20 || len(c.HeldOut) != 4 || c.Documents != 20 || c.Contributors != 3 {
		t.Errorf("%d registered, %d held out, %d documents, %d contributors", len(c.Registered), len(c.HeldOut), c.Documents,
			c.Contributors)
	}
	for i, s := range c.Registered {
		if s.Document != i || s.Index != 0 || len(s.Tokens) != 50 {
			t.Fatalf("segment %d: %d, %d, %d tokens", i, s.Document, s.Index, len(s.Tokens))
		}
	}
	if !slices.EqualFunc(c.Registered, build(1).Registered, sameText) ||
		slices.EqualFunc(c.Registered, build(2).Registered, sameText) {
		t.Error("the order must follow the seed and nothing else")
	}
	if len(c.Notes) != 1 || !strings.Contains(c.Notes[0], "mixed_script") {
		t.Errorf("%v", c.Notes)
	}
}

func sameText(a, b Segment) bool { return string(a.Text) == string(b.Text) }

func TestDedupe(t *testing.T) {
	rng := rand.New(rand.NewSource(2))
	a, b := sentence(rng, 150), sentence(rng, 150)
	words := strings.Fields(a)
	edited := slices.Clone(words)
	for i := 5; i < len(edited); i += 10 {
		edited[i] = "changed"
	}
	fifth := strings.Join(words[:30], " ") + " " + sentence(rng, 120)
	half := strings.Join(words[:75], " ") + " " + sentence(rng, 75)
	v := NewVocabulary()
	var segments []Segment
	for i, text := range []string{a, b, a, strings.Join(edited, " "), fifth, half, half} {
		segments = append(segments, Segment{Document: i, Text: []byte(text), Tokens: v.InternAll(poa.TokenIDs([]byte(text)))})
	}
	r, err := NewRegistry(v, segments, TableProtocol)
	if err != nil {
		t.Fatal(err)
	}
	var kept []int
	for _, s := range Dedupe(r) {
		kept = append(kept, s.Document)
	}
	// One word in ten changed leaves half of the runs of five; a fifth of the words is below the limit of 30 %.
	if want := []int{0, 1, 4}; !slices.Equal(kept, want) {
		t.Errorf("kept %v, want %v", kept, want)
	}
	foreign := []Segment{segments[2], {Document: -1, Tokens: v.InternAll(poa.TokenIDs([]byte(sentence(rng, 150))))}}
	for len(r.Weight) < len(v.IDs) {
		r.Weight = append(r.Weight, r.Statistics.Surprisal(v.IDs[len(r.Weight)]))
	}
	if got := Foreign(r, foreign); len(got) != 1 || got[0].Document != -1 {
		t.Errorf("foreign text: %v", got)
	}
}

func TestOwnTable(t *testing.T) {
	v := NewVocabulary()
	id := func(s string) uint32 { return v.Intern(poa.TokenIDs([]byte(s))[0]) }
	a, b := id("a"), id("b")
	segments := []Segment{{Tokens: []uint32{a, a, a, b}}, {Document: 1, Tokens: []uint32{a, a, a, a}}}
	r, err := NewRegistry(v, segments, TableCorpus)
	if err != nil {
		t.Fatal(err)
	}
	// T is 8; a stands in two segments and b in one.
	if got, want := r.Weight[a], int32(poa.Log2Q16(9)-poa.Log2Q16(3)); got != want {
		t.Errorf("a weighs %d, want %d", got, want)
	}
	if got, want := r.Weight[b], int32(poa.Log2Q16(9)-poa.Log2Q16(2)); got != want {
		t.Errorf("b weighs %d, want %d", got, want)
	}
}

func TestCommentParagraphs(t *testing.T) {
	source := `// Copyright 2020 The Authors. All rights reserved. Use of this source code is governed by a licence.

// Package x has words that are long enough to be
// a paragraph of prose in the sense of this test.
//
//	code(that, is, not, prose)
//
//go:generate not the text of a sentence that is long enough
package x

/* This is a comment of the other kind, and it is as long as it has to be. */
var y int // short
`
	want := []string{
		"Package x has words that are long enough to be a paragraph of prose in the sense of this test.",
		"This is a comment of the other kind, and it is as long as it has to be.",
	}
	if got := commentParagraphs([]byte(source)); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}
