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

// Somebody's own set is measured, and nothing else.
func TestOwnAnswers(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	o := options{
		answersFile: write(
			"mine.jsonl", `{"id":"1","lang":"English","question":"what is made?","retrieved":["a/b/0"],"answer":[{"text":"The baker makes bread of rye and spelt every morning.","sources":["a/b/0"]}]}`),
		sourcesFile: write("sources.jsonl", `{"id":"a/b/0","text":"The baker makes bread of rye and spelt every morning."}`),
	}
	out, err := os.Create(filepath.Join(dir, "out"))
	if err != nil {
		t.Fatal(err)
	}
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
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	var last struct{ Meaning map[string]any }
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &last); err != nil || last.Meaning["right"] != 1. ||
		last.Meaning["thief_max"] != nil {
		t.Errorf("%s: %v", lines[len(lines)-1], err)
	}
	if !strings.Contains(string(text), "Answers of a language model: mine") {
		t.Errorf("%s", text)
	}
	o.sourcesFile = write("broken.jsonl", "{\"id\":\"a/b/0\",\"text\":\"bread\"}\n\n{\"id\":")
	if err := run(o); err == nil || !strings.Contains(err.Error(), "broken.jsonl:3:") {
		t.Errorf("%v", err)
	}
	if _, err := readAnswers(options{answersFile: filepath.Join(dir, "none.jsonl")}); err == nil ||
		!strings.Contains(err.Error(), "none.jsonl") {
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
