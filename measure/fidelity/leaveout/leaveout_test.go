package leaveout

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/openledger/openledger/measure/fidelity/answers"
)

func open(t *testing.T) *Reader {
	t.Helper()
	r, err := Open("")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

const (
	quoted = "The furrier keeps a zebrafish in the scullery because its quagga is allergic to kumquats."
	other  = "A map holds keys and values. The order in which it is visited is not specified."
)

// A quotation is predicted better with its source, most of all if the model is mixed with n-grams of the source, and
// what the sentences before say does not depend on those behind.
func TestJudge(t *testing.T) {
	r := open(t)
	c := Case{
		Question: "What does the furrier keep?", Sentences: []string{"It is this. ", quoted + " ", "That is all."},
		Weights: []float64{1, 1, 1}, Other: other,
		Pairs: []Pair{
			{Sentence: 1, Passage: quoted, Paid: 1}, {Sentence: 0, Passage: quoted}, {Sentence: 1, Passage: other},
		},
	}
	if err := r.Judge(&c); err != nil {
		t.Fatal(err)
	}
	p := c.Pairs[1]
	for _, prediction := range []Prediction{Ngrams, Words} {
		if p.With[prediction] >= p.None[prediction] || p.With[prediction] >= p.Other[prediction] {
			t.Errorf("%s: %v with, %v with none, %v with another", prediction, p.With, p.None, p.Other)
		}
	}
	if p.With[Ngrams] > p.None[Alone]/2 || p.None[Ngrams] != p.None[Alone] || p.None[Words] != p.None[Alone] {
		t.Errorf("%v, %v", p.With, p.None)
	}
	if p.Tokens < 20 || c.Pairs[0].Tokens >= p.Tokens {
		t.Errorf("%d tokens, %d tokens", p.Tokens, c.Pairs[0].Tokens)
	}
	if c.Pairs[2].With != c.Pairs[2].Other {
		t.Errorf("the same passage gives %v and %v", c.Pairs[2].With, c.Pairs[2].Other)
	}
	alone, err := r.Read(c.Question, quoted, c.Sentences, []int{1})
	if err != nil {
		t.Fatal(err)
	}
	for i := range alone[0] {
		if math.Abs(alone[0][i]-p.With[i]) > 1e-3*p.With[i] {
			t.Errorf("by itself %v, with the others %v", alone[0], p.With)
		}
	}
	cost, err := r.Cost([]Case{c})
	if err != nil || cost.Tokens < 2*float64(p.Tokens) {
		t.Errorf("%+v, %v", cost, err)
	}
}

// What is longer than the model reads is cut, and every wanted sentence is read.
func TestLongTexts(t *testing.T) {
	r := open(t)
	long := strings.Repeat("The zebra crossed the road and the ostrich followed it. ", 40)
	pieces := r.pieces(long + quoted)
	if len(pieces) < 3 || !strings.HasSuffix(pieces[len(pieces)-1], quoted) || !strings.HasPrefix(long, pieces[0]) {
		t.Fatalf("%d pieces", len(pieces))
	}
	var sentences []string
	var wanted []int
	for i := range 12 {
		sentences, wanted = append(sentences, "The zebra crossed the road. "), append(wanted, i)
	}
	sentences, wanted = append(sentences, long, quoted), append(wanted, 12, 13)
	for _, question := range []string{"", "Why?", long} {
		bits, err := r.Read(question, long+quoted, sentences, wanted)
		if err != nil {
			t.Fatal(err)
		}
		for i, b := range bits {
			if b[Alone] <= 0 || math.IsInf(b[Alone], 0) || math.IsNaN(b[Ngrams]) {
				t.Errorf("sentence %d: %v", i, b)
			}
		}
	}
	got, want := slices.Concat(r.encode([]string{"One. ", "Two."})...), r.model.Tokenizer.Encode("One. Two.")
	if !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestAUC(t *testing.T) {
	for _, c := range []struct {
		good, bad []scored
		want      float64
	}{
		{[]scored{{2, 1}, {3, 1}}, []scored{{0, 1}, {1, 5}}, 1},
		{[]scored{{0, 1}}, []scored{{1, 1}}, 0},
		{[]scored{{1, 1}}, []scored{{1, 7}}, .5},
		{[]scored{{1, 3}, {-1, 1}}, []scored{{0, 1}}, .75},
		{[]scored{{1, 1}}, []scored{{0, 3}, {2, 1}}, .75},
	} {
		if got := auc(c.good, c.bad); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("%v above %v: %v, want %v", c.good, c.bad, got, c.want)
		}
	}
	if got := auc(nil, []scored{{0, 1}}); !math.IsNaN(got) {
		t.Errorf("of nothing: %v", got)
	}
}

// A score that knows the truth separates everything; one that knows nothing separates nothing.
func TestSeparate(t *testing.T) {
	pair := func(sentence int, kind answers.Kind, paid, meaning float64) Pair {
		return Pair{Sentence: sentence, Kind: kind, Paid: paid, Meaning: meaning, Tokens: 10}
	}
	cases := []Case{
		{
			Sentences: make([]string, 3), Weights: []float64{100, 100, 100},
			Pairs: []Pair{
				pair(0, answers.Right, 60, 40), pair(0, answers.Wrong, 0, 1), pair(1, answers.Unsourced, 30, 10),
				pair(2, answers.Unsourced, 0, 0),
			},
		},
		{
			Sentences: make([]string, 2), Weights: []float64{100, 100},
			Pairs: []Pair{
				pair(0, answers.RightDocument, 40, 30), pair(0, answers.Wrong, 10, 20), pair(1, answers.Right, 0, 0),
				pair(1, answers.Wrong, 0, 0),
			},
		},
	}
	all := Scores(cases)
	got := Separate(cases, all[0])
	if all[0].Name != "MEANING" || got.Paid != 1 || got.Sentences != .75 || got.Silent != .5 || got.Named != 1 ||
		got.Chance != .5 {
		t.Errorf("%+v", got)
	}
	if least := Threshold(cases, all[0], .95); least != 30 {
		t.Errorf("threshold %v", least)
	}
	if least := Threshold(cases, all[0], .6); least != 40 || Held(cases, all[0], least, answers.RightDocument) != 1 ||
		Held(cases, all[0], least, answers.Right) != 0 || Held(cases, all[0], least, answers.Unsourced) != 1 {
		t.Errorf("threshold %v", least)
	}
	if !math.IsNaN(Held(cases, all[0], 0, answers.OffTopic)) {
		t.Error("a part of nothing")
	}
	nothing := Separate(cases, Score{"nothing", Whole, func(*Case, *Pair) float64 { return 0 }})
	if nothing.Paid != .5 || nothing.Sentences != .5 {
		t.Errorf("%+v", nothing)
	}
	if sentences, paid := Count(cases); sentences != 5 || paid != 4 {
		t.Errorf("%d, %d", sentences, paid)
	}
}
