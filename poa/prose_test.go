package poa

import (
	"flag"
	"fmt"
	"math/rand"
	"os"
	"slices"
	"strings"
	"testing"
)

// writeTable makes TestTextsOfPeople rewrite the table of docs/contributor.md.
var writeTable = flag.Bool("write-table", false,
	"rewrite the table of accepted and refused text in docs/contributor.md")

// proseSet is one file of testdata/prose: by heading, its blocks of lines.
type proseSet struct {
	names  []string
	blocks map[string][][]string
}

func readProse(t testing.TB, name string) proseSet {
	data, err := os.ReadFile("testdata/prose/" + name)
	if err != nil {
		t.Fatal(err)
	}
	s := proseSet{blocks: make(map[string][][]string)}
	current := ""
	for line := range strings.Lines(string(data)) {
		line = strings.TrimSuffix(line, "\n")
		switch {
		case strings.HasPrefix(line, "#"):
		case strings.HasPrefix(line, "== "):
			current = line[3:]
			s.names = append(s.names, current)
			s.blocks[current] = [][]string{nil}
		case line == "--":
			s.blocks[current] = append(s.blocks[current], nil)
		default:
			b := s.blocks[current]
			b[len(b)-1] = append(b[len(b)-1], line)
		}
	}
	return s
}

// runs returns every run of neighbouring lines of every block as a text, and all blocks together.
func (s proseSet) runs(name, join string) []string {
	var out []string
	var all []string
	for _, b := range s.blocks[name] {
		for i := range b {
			for j := i + 1; j <= len(b); j++ {
				out = append(out, strings.Join(b[i:j], join))
			}
		}
		all = append(all, strings.Join(b, join))
	}
	return append(out, strings.Join(all, "\n\n"))
}

// whole returns all text under a heading.
func (s proseSet) whole(name string) string {
	var all []string
	for _, b := range s.blocks[name] {
		all = append(all, strings.Join(b, " "))
	}
	return strings.Join(all, " ")
}

// row is a row of the table: how many of its texts are as they should be.
type row struct {
	name     string
	good, of int
	wrong    []string
}

func (r *row) add(ok bool, text string) {
	r.of++
	if ok {
		r.good++
	} else if len(r.wrong) < 3 {
		r.wrong = append(r.wrong, text)
	}
}

func (r row) share() float64 { return float64(r.good) / float64(max(r.of, 1)) }

func accepted(text string) bool { return CheckSegment([]byte(text), SegmentRules{}) == nil }

// shuffle puts the words of a text, with what is written on to them, in any order. Scripts without spaces are taken
// letter by letter, but for Hangul, which has words.
func shuffle(rng *rand.Rand, text string) string {
	var words []string
	space := " "
	if tokens := Tokenize([]byte(text)); !isHangul(text) && 2*aloneTokens(text) > len(tokens) {
		space = ""
		for i, tok := range tokens {
			end := len(text)
			if i+1 < len(tokens) {
				end = tokens[i+1].Start
			}
			words = append(words, text[tok.Start:end])
		}
	} else {
		words = strings.Fields(text)
	}
	rng.Shuffle(len(words), func(i, j int) { words[i], words[j] = words[j], words[i] })
	return strings.TrimSpace(strings.Join(words, space))
}

func aloneTokens(text string) int {
	n := 0
	for _, tok := range Tokenize([]byte(text)) {
		if standsAlone([]byte(text[tok.Start:])) {
			n++
		}
	}
	return n
}

// rareWords returns the distinct words of a text that no language lists, longest first dropped: what a glossary holds.
func rareWords(text string) []string {
	var out []string
	for _, w := range wordsOf([]byte(text)) {
		if len(wordOrders.places[w.word]) == 0 && !hasFigure(w.word) && !slices.Contains(out, w.word) {
			out = append(out, w.word)
		}
	}
	return out
}

// hardToTell are languages of the test which leave most to endings and beginnings, or have no capital letters. Each has
// a row of its own.
var hardToTell = []string{"Arabic", "Hebrew", "Bengali", "Tamil", "Swahili"}

// replaced puts other letters in the place of some, or behind some, in every word.
func replaced(text string, pairs ...string) string {
	return strings.NewReplacer(pairs...).Replace(text)
}

// TestTextsOfPeople measures what is accepted and refused, on texts that the rules were not set on, and compares it
// with the table of docs/contributor.md.
func TestTextsOfPeople(t *testing.T) {
	languages, genres := readProse(t, "languages.txt"), readProse(t, "genres.txt")
	rng := rand.New(rand.NewSource(20))
	var good, bad []row
	for _, name := range languages.names {
		r := row{name: name[strings.IndexByte(name, ' ')+1:]}
		for _, text := range languages.runs(name, " ") {
			r.add(accepted(text), text)
		}
		good = append(good, r)
	}
	for _, name := range genres.names {
		r := row{name: name}
		for _, text := range genres.runs(name, "\n") {
			r.add(accepted(text), text)
		}
		good = append(good, r)
	}
	lists := map[string]*row{}
	refuse := func(name, text string) {
		r := lists[name]
		if r == nil {
			r = &row{name: name}
			lists[name] = r
			bad = append(bad, row{name: name})
		}
		r.add(!accepted(text), text)
	}
	for _, name := range languages.names {
		language, text := name[strings.IndexByte(name, ' ')+1:], languages.whole(name)
		words := rareWords(text)
		if len(words) > 25 && !standsAlone([]byte(words[0])) {
			for separator, kind := range map[string]string{" ": "Word lists, spaces", ", ": "Word lists, commas",
				"\n": "Word lists, lines"} {
				for range 3 {
					rng.Shuffle(len(words), func(i, j int) { words[i], words[j] = words[j], words[i] })
					refuse(kind, strings.Join(words[:25], separator))
				}
			}
		}
		var keys []string
		for range 4 {
			keys = append(keys, words[rng.Intn(len(words))])
		}
		for range 3 {
			var stuffed []string
			for range 60 {
				stuffed = append(stuffed, keys[rng.Intn(len(keys))])
			}
			refuse("Keyword stuffing", strings.Join(stuffed, " "))
			refuse("Keyword stuffing", strings.Join(stuffed, ", ")+".")
		}
		kind, times := "Shuffled words", 10
		if slices.Contains(hardToTell, language) {
			kind, times = "Shuffled words: "+language, 50
		}
		for range times {
			refuse(kind, shuffle(rng, text))
		}
		for _, run := range languages.runs(name, " ") {
			if latin := strings.ContainsAny(run, "aeo"); latin {
				refuse("Homoglyphs: Cyrillic for Latin", replaced(run, "a", "а", "e", "е", "o", "о", "p", "р", "c", "с"))
				refuse("Homoglyphs: Greek for Latin", replaced(run, "a", "α", "o", "ο", "v", "ν", "u", "υ"))
				refuse("Homoglyphs: mathematical letters", replaced(run, "a", "𝐚", "e", "𝐞", "o", "𝐨"))
				refuse("Homoglyphs: full-width letters", replaced(run, "a", "ａ", "e", "ｅ", "o", "ｏ"))
			}
			middle := func(mark string) string {
				var b strings.Builder
				last := 0
				for _, tok := range Tokenize([]byte(run)) {
					b.WriteString(run[last:tok.End] + mark)
					last = tok.End
				}
				return b.String() + run[last:]
			}
			refuse("Invisible: zero-width space", middle("\u200b"))
			refuse("Invisible: word joiner", middle("\u2060"))
			refuse("Invisible: soft hyphen", middle("\u00ad"))
			refuse("Invisible: joiners where none belong", middle("\u200c")+"\u200d")
			refuse("Invisible: override of direction", "\u202e"+run+"\u202c")
			refuse("Invisible: tags", middle("\U000e0061"))
			refuse("Invisible: variation selectors", middle("\ufe0f"))
		}
	}
	for i := range bad {
		bad[i] = *lists[bad[i].name]
	}
	slices.SortFunc(bad, func(a, b row) int { return strings.Compare(a.name, b.name) })
	for _, r := range slices.Concat(good, bad) {
		if r.share() < 0.97 {
			t.Errorf("%s: %d of %d", r.name, r.good, r.of)
		}
		for _, text := range r.wrong {
			t.Logf("%s: %v %q", r.name, CheckSegment([]byte(text), SegmentRules{}), text)
		}
	}
	compareTable(t, good, bad)
}

const tableStart, tableEnd = "<!-- table of texts: go test ./poa -run TextsOfPeople -args -write-table -->",
	"<!-- end of table -->"

// compareTable compares the measured rows with the table in docs/contributor.md.
func compareTable(t *testing.T, good, bad []row) {
	t.Helper()
	var b strings.Builder
	b.WriteString("| prose | accepted | | trick | refused |\n|---|---|---|---|---|\n")
	for i := range max(len(good), len(bad)) {
		cell := func(rows []row) string {
			if i >= len(rows) {
				return " | "
			}
			return fmt.Sprintf("%s | %d of %d", rows[i].name, rows[i].good, rows[i].of)
		}
		fmt.Fprintf(&b, "| %s | | %s |\n", cell(good), cell(bad))
	}
	const path = "../docs/contributor.md"
	page := string(must(os.ReadFile(path)))
	before, rest, ok := strings.Cut(page, tableStart+"\n")
	_, after, ok2 := strings.Cut(rest, tableEnd)
	if !ok || !ok2 {
		t.Fatalf("%s has no place for the table", path)
	}
	if want := before + tableStart + "\n" + b.String() + tableEnd + after; want != page {
		if *writeTable {
			if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
				t.Fatal(err)
			}
			return
		}
		t.Errorf("the table of %s is not what is measured; run the command that stands above it", path)
	}
}

func TestPartsOfWords(t *testing.T) {
	for word, want := range map[string][]string{
		"":       nil,
		"the":    {"t-", "-e"},
		"reads":  {"-ads", "-ds", "-s", "r-", "re-", "rea-"},
		"الكلية": {"-كلية", "-لية", "-ية", "-ة", "ا-", "ال-", "الك-", "الكل-"},
		"나라에서":   {"-라에서", "-에서", "-서", "나-", "나라-", "나라에-"},
	} {
		got := Parts(word)
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("the parts of %q are %q, want %q", word, got, want)
		}
		for _, p := range got {
			if part := newOrderPart("1:" + p); !part.is(word) || part.is("x") {
				t.Errorf("%q is no part of %q", p, word)
			}
		}
	}
}

// TestOrderTable checks that every language of the table can be read, and how long common words count.
func TestOrderTable(t *testing.T) {
	if n := strings.Count(orderText, "language "); n != len(wordOrders.languages) {
		t.Errorf("%d of %d languages were read", len(wordOrders.languages), n)
	}
	for i := range wordOrders.languages {
		l := &wordOrders.languages[i]
		if l.share <= 0 || l.share > 9_000 || l.usual(100) <= 0 || l.usual(100) >= 100*l.share {
			t.Errorf("%s lists %d of 10,000 words, usually %d", l.name, l.share, l.usual(100))
		}
	}
	words := strings.Fields("la la la la la la la la la la de y el")
	if _, listed, common := wordOrders.language(words); listed < 10 || common >= int64(listed)*10_000 {
		t.Errorf("a repeated word counts %d of %d", common, listed)
	}
}
