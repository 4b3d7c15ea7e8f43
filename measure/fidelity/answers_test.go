package main

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/openledger/openledger/measure/fidelity/answers"
	"github.com/openledger/openledger/measure/fidelity/paraphrase"
)

// The sets of testdata are whole, and method MEANING pays far more of them than it takes.
func TestAnswersAreMeasured(t *testing.T) {
	silence(t)
	worlds, err := registerAnswers(options{})
	if err != nil {
		t.Fatal(err)
	}
	if len(worlds) != 2 || len(worlds[0].Set.Items) != 56 || len(worlds[1].Set.Items) != 56 {
		t.Fatalf("%d sets", len(worlds))
	}
	f, err := measureAnswers(worlds)
	if err != nil {
		t.Fatal(err)
	}
	if f.Right < .5 || f.RightDocument < f.Right || f.Wrong > .2 || f.UnsourcedPaid > .8 || f.OffTopicPaid > .2 ||
		f.OtherLanguagesRight < .1 {
		t.Errorf("%+v", f)
	}
	again, err := measureAnswers(worlds)
	if first, second := line(t, f), line(t, again); err != nil || first != second {
		t.Errorf("%s, then %s, %v", first, second, err)
	}
	thieves, err := measureThieves(worlds[:1],
		[]paraphrase.Attack{{Copies: 3}, {Copies: 1, Paraphrased: true, Stuffed: true}}, 5)
	if err != nil || math.IsNaN(float64(thieves.thiefMax())) || thieves.Near > .2 || thieves.Notice > 1.2 {
		t.Errorf("%+v, %v", thieves, err)
	}
	whole := noMeaningFigures()
	whole.answers(f, thieves)
	if whole.ThiefMax != thieves.thiefMax() || whole.Right != f.Right {
		t.Errorf("%+v", whole)
	}
}

// line returns figures as the report has them.
func line(t *testing.T, f MeaningFigures) string {
	t.Helper()
	b, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// file writes a file of the test's own.
func file(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// printed returns what a run prints.
func printed(t *testing.T, o options) string {
	t.Helper()
	out, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	stdout := os.Stdout
	os.Stdout = out
	err = run(o)
	os.Stdout = stdout
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(out.Name())
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(text))
}

// Somebody's own set is measured, and nothing else.
func TestOwnAnswers(t *testing.T) {
	o := options{
		answersFile: file(
			t, "mine.jsonl", `{"id":"1","lang":"English","question":"what is made?","retrieved":["a/b/0"],"answer":[{"text":"The baker makes bread of rye and spelt every morning.","sources":["a/b/0"]}]}`),
		sourcesFile: file(t, "sources.jsonl", `{"id":"a/b/0","text":"The baker makes bread of rye and spelt every morning."}`),
	}
	text := printed(t, o)
	lines := strings.Split(text, "\n")
	var last struct{ Meaning map[string]any }
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &last); err != nil || last.Meaning["right"] != 1. ||
		last.Meaning["thief_max"] != nil {
		t.Errorf("%s: %v", lines[len(lines)-1], err)
	}
	if !strings.Contains(text, "Answers of a language model: mine") {
		t.Errorf("%s", text)
	}
	o.sourcesFile = file(t, "broken.jsonl", "{\"id\":\"a/b/0\",\"text\":\"bread\"}\n\n{\"id\":")
	if err := run(o); err == nil || !strings.Contains(err.Error(), "broken.jsonl:3:") {
		t.Errorf("%v", err)
	}
	if _, err := readAnswers(options{answersFile: filepath.Join(t.TempDir(), "none.jsonl")}); err == nil ||
		!strings.Contains(err.Error(), "none.jsonl") {
		t.Errorf("%v", err)
	}
}

// Each score has a row, and the last line is JSON.
func TestLeaveOut(t *testing.T) {
	o := options{leaveOut: true, answers: 2, seed: 1}
	o.answersFile = file(t, "mine.jsonl", `{"id":"1","lang":"English","question":"what is made?",`+
		`"retrieved":["a/b/0","a/c/0"],"answer":[{"text":"A quick word. "},`+
		`{"text":"The baker makes bread of rye and spelt every morning. ","sources":["a/b/0"]},{"text":"Well."}]}`+"\n"+
		`{"id":"2","lang":"English","question":"what else?","retrieved":["a/c/0"],"off_topic":true,`+
		`"answer":[{"text":"Glass is cooled in an annealing kiln, nobody says for whom."}]}`)
	o.sourcesFile = file(t, "sources.jsonl",
		`{"id":"a/b/0","text":"The baker makes bread of rye and spelt every morning."}`+"\n"+
			`{"id":"a/c/0","text":"Molten glass is gathered on a pipe, blown and cooled in an annealing kiln."}`+"\n"+
			`{"id":"a/d/0","text":"Bees winter in a tight cluster around their stores."}`)
	text := printed(t, o)
	var last struct {
		LeaveOut []struct {
			Score, Unit string
			Sentences   *float64 `json:"auc_sentences"`
			Foreign     *float64 `json:"held_foreign_code"`
		} `json:"leave_out"`
		Model  string
		Tokens float64
	}
	lines := strings.Split(text, "\n")
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &last); err != nil {
		t.Fatal(err)
	}
	if len(last.LeaveOut) < 20 || last.Model == "" || last.Tokens < 50 {
		t.Fatalf("%+v", last)
	}
	for _, f := range last.LeaveOut {
		if f.Sentences == nil || *f.Sentences < .5 && strings.Contains(f.Score, "n-grams") || f.Foreign != nil {
			t.Errorf("%s, %s: %v, %v", f.Score, f.Unit, f.Sentences, f.Foreign)
		}
	}
	if !strings.Contains(text, "2 English answers, 4 sentences") {
		t.Error(text)
	}
	o.model = filepath.Join(t.TempDir(), "none")
	if err := run(o); err == nil || !strings.Contains(err.Error(), "none") {
		t.Errorf("%v", err)
	}
}

func TestAnswersOption(t *testing.T) {
	var o options
	if err := o.setAnswers("7"); err != nil || o.answers != 7 || o.answersFile != "" {
		t.Errorf("%+v, %v", o, err)
	}
	if err := o.setAnswers("mine.jsonl"); err != nil || o.answersFile != "mine.jsonl" {
		t.Errorf("%+v, %v", o, err)
	}
	if n := len(answers.Methods); n != 3 {
		t.Errorf("%d methods", n)
	}
}
