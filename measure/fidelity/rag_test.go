package main

import (
	"fmt"
	"math"
	"math/rand"
	"testing"

	"github.com/openledger/openledger/measure/fidelity/corpus"
	"github.com/openledger/openledger/measure/fidelity/paraphrase"
	"github.com/openledger/openledger/poa"
)

// library makes documents of one piece about a few topics, so that questions retrieve several of them.
func library(documents int) []corpus.Document {
	rng := rand.New(rand.NewSource(5))
	var out []corpus.Document
	for i := range documents {
		out = append(
			out, corpus.Document{Contributor: fmt.Sprint(i % 7), Name: fmt.Sprint(i),
				Pieces: [][]byte{[]byte(english(rng, 150))}})
	}
	return out
}

// A method that is set is measured, with figures for its worst level and for thieves.
func TestRAGMethodIsMeasured(t *testing.T) {
	silence(t)
	meaningMethod = nil
	defer func() { meaningMethod = newMeaning }()
	o := options{table: corpus.TableProtocol, seed: 1, segments: 150, answers: 10}
	// drawn words are no prose
	c := corpus.Build("corpus", library(180), corpus.Shape{Registered: 600, HeldOut: 50, HeldOutPPM: 80_000},
		poa.SegmentRules{AllowFewStopWords: true}, 1)
	s, err := prepare(c, o)
	if err != nil {
		t.Fatal(err)
	}
	// The method of package poa loses next to nothing.
	got, err := measureParaphrase(s)
	figures, thieves := got.rag, got.capture
	if err != nil || figures.Recall < 0.9 || figures.TV > 0.2 || thieves.Near > 0.1 {
		t.Fatalf("%+v, thieves take %+v, %v", figures, thieves, err)
	}
	// What reaches the owners is less than what TV lets one think.
	if figures.Reached < 0.2 || figures.Reached > 1 || figures.ReachedSearched < 0.2 || figures.ReachedSearched > 1 ||
		math.IsNaN(float64(figures.ForeignPaid)) {
		t.Errorf("%+v", figures)
	}
	foreign := figures.ForeignPaid
	ragMethod = nil
	defer func() { ragMethod = newRAG }()
	got, err = measureParaphrase(s)
	figures, thieves = got.rag, got.capture
	if err != nil || !math.IsNaN(float64(figures.Recall)) || !math.IsNaN(float64(thieves.Near)) {
		t.Fatalf("without a method: %+v, %+v, %v", figures, thieves, err)
	}
	ragMethod = paraphrase.Shapley
	got, err = measureParaphrase(s)
	figures, thieves = got.rag, got.capture
	if err != nil {
		t.Fatal(err)
	}
	// The rejected method stands in: it finds most sources and loses most of the pay to near-copies.
	if figures.Recall < 0.5 || figures.TV < 0.1 || figures.TV > 0.7 || thieves.Near < 0.5 {
		t.Errorf("%+v, thieves take %+v", figures, thieves)
	}
	// It pays foreign text as if it came from somewhere, which a method that is allowed to be silent does not.
	if figures.ForeignPaid < 3*foreign {
		t.Errorf("foreign text is paid %v, and %v by method RAG", figures.ForeignPaid, foreign)
	}
	again, err := measureParaphrase(s)
	if err != nil || again.rag != figures || again.capture != thieves {
		t.Errorf("%+v and %+v, then %+v and %+v, %v", figures, thieves, again.rag, again.capture, err)
	}
}

// Method MEANING is measured beside RAG.
func TestMeaningMethodIsMeasured(t *testing.T) {
	silence(t)
	ragMethod = nil
	attacks := paraphrase.Attacks
	paraphrase.Attacks = []paraphrase.Attack{{Copies: 1}, {Copies: 1, Paraphrased: true}}
	defer func() { ragMethod, paraphrase.Attacks = newRAG, attacks }()
	o := options{table: corpus.TableProtocol, seed: 1, segments: 150, answers: 5}
	c := corpus.Build("corpus", library(180), corpus.Shape{Registered: 600, HeldOut: 50, HeldOutPPM: 80_000},
		poa.SegmentRules{AllowFewStopWords: true}, 1)
	s, err := prepare(c, o)
	if err != nil {
		t.Fatal(err)
	}
	got, err := measureParaphrase(s)
	if err != nil {
		t.Fatal(err)
	}
	f, thieves := got.meaning, got.meaningCapture
	if f.Reached[paraphrase.None] < .3 || math.IsNaN(float64(f.Reached[paraphrase.Fused])) || f.ForeignPaid > .5 ||
		math.IsNaN(float64(f.TV)) {
		t.Errorf("%+v", f)
	}
	if thieves.Near > .2 || math.IsNaN(float64(thieves.ParaphrasedUndeclared)) || !math.IsNaN(float64(thieves.Stuffed)) ||
		!math.IsNaN(float64(got.rag.Recall)) {
		t.Errorf("%+v, %+v", thieves, got.rag)
	}
	r := noMeaningFigures()
	r.capture(thieves)
	r.capture(noCaptureFigures())
	if r.ThiefMax != larger(thieves.Near, thieves.Paraphrased) {
		t.Errorf("%+v", r)
	}
}
