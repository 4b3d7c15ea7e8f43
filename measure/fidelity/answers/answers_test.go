package answers

import (
	"strings"
	"testing"

	"github.com/openledger/openledger/poa"
)

const sources = `{"id":"r/bread/0","author":"ann","text":"Rye bread rises slowly because sourdough ferments for eighteen hours in a cool cellar before the baker kneads it."}
{"id":"r/bread/1","author":"ann","text":"A baker keeps the oven at two hundred degrees until the crust turns dark brown and sounds hollow."}

{"id":"r/glass/0","author":"bob","text":"Molten glass is gathered on a pipe, blown into a bubble and cooled in an annealing kiln."}
`

const items = `{"id":"1","lang":"English","question":"bread?","retrieved":["r/bread/0"],"answer":[{"text":"Well. ","sources":[]},{"text":"Rye bread rises slowly because sourdough ferments for eighteen hours in a cool cellar.","sources":["r/bread/0"]}],"off_topic":false}
{"id":"2","lang":"Japanese","question":"?","retrieved":[],"answer":[{"text":"空は青い。","sources":[]}],"off_topic":true}
{"id":"3","lang":"French","question":"?","retrieved":["r/glass/0"],"answer":[{"text":"Le verre fondu est soufflé.","sources":["r/glass/0"]}],"off_topic":false}
`

func TestParse(t *testing.T) {
	s, err := Parse("set", "a", []byte(items), "s", []byte(sources))
	if err != nil || len(s.Passages) != 3 || len(s.Items) != 3 {
		t.Fatalf("%+v, %v", s, err)
	}
	for i, want := range []Group{English, Han, Latin} {
		if got := s.Items[i].Group(); got != want {
			t.Errorf("%d: %v, want %v", i, got, want)
		}
	}
	for _, c := range []struct{ name, items, sources, want string }{
		{"no JSON", "{", sources, "a:1: "},
		{"another type", "\n" + strings.Replace(items, `"1"`, "1", 1), sources, "a:2: "},
		{"unknown source", strings.Replace(items, `"sources":["r/glass/0"]`, `"sources":["r/glass/9"]`, 1), sources,
			`a:3: source "r/glass/9"`},
		{"unknown passage retrieved", strings.Replace(items, `"retrieved":["r/glass/0"]`, `"retrieved":["x"]`, 1), sources,
			`a:3: retrieved passage "x"`},
		{"retrieved twice", strings.Replace(items, `"retrieved":["r/glass/0"]`, `"retrieved":["r/glass/0","r/glass/0"]`, 1),
			sources, "a:3: "},
		{"no words", strings.Replace(items, "空は青い。", "...", 1), sources, "a:2: "},
		{"a long answer", strings.Replace(items, "Well. ", strings.Repeat("well ", poa.MaxAnswerTokens+1), 1), sources,
			"a:1: "},
		{"passage twice", items, strings.Replace(sources, "r/bread/1", "r/bread/0", 1), "s:2: "},
		{"passage without words", items, sources + `{"id":"x","text":""}`, "s:5: "},
		{"passage without id", items, `{"text":"x"}`, "s:1: "},
		{"not UTF-8", items, "{\"id\":\"x\",\"text\":\"\xff\"}", "s:1: "},
		{"no answers", "\n", sources, "a: no answers"},
		{"no passages", items, "", "s: no passages"},
	} {
		if _, err := Parse("set", "a", []byte(c.items), "s", []byte(c.sources)); err == nil ||
			!strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", c.name, err, c.want)
		}
	}
}

// All bits are counted once, and quotations reach their passage by every method.
func TestMeasure(t *testing.T) {
	s, err := Parse("set", "a", []byte(items), "s", []byte(sources))
	if err != nil {
		t.Fatal(err)
	}
	w, err := Register(s, 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range Methods {
		by, err := w.Measure(m)
		if err != nil {
			t.Fatal(err)
		}
		english := by[English]
		if english.Answers != 1 || english.Right < .99*english.Owed || english.Owed == 0 || english.Free == 0 ||
			english.OffTopic != 0 {
			t.Errorf("%s: %+v", m.Name, english)
		}
		if han := by[Han]; han.OffTopic == 0 || han.OffTopicPaid != 0 || han.Owed != 0 {
			t.Errorf("%s: %+v", m.Name, han)
		}
	}
	// The order of registration is a permutation that follows from the seed.
	other, err := Register(s, 1)
	if err != nil || len(other.order) != 3 {
		t.Fatal(err)
	}
	for i := range w.order {
		if w.order[i] != other.order[i] {
			t.Errorf("%v, then %v", w.order, other.order)
		}
	}
	notice, err := w.Notice()
	if err != nil || notice.Normal <= 0 || notice.Paid < notice.Normal/2 || notice.Paid > 2*notice.Normal {
		t.Errorf("%+v, %v", notice, err)
	}
}

// Glossaries look like prose, and hold every word once.
func TestGlossary(t *testing.T) {
	words := strings.Fields("rye sourdough cellar oven crust glass kiln pipe bubble")
	text := string(glossary(words))
	for _, w := range words {
		if strings.Count(text, w) != 1 {
			t.Errorf("%s in %q", w, text)
		}
	}
	if strings.Contains(text, "*") || poa.CheckSegment([]byte(text), poa.SegmentRules{}) != nil {
		t.Errorf("%q", text)
	}
	if got := contentWords("The Rye of the cellar"); len(got) != 2 || got[0] != "rye" {
		t.Errorf("%q", got)
	}
}
