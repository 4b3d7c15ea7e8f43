package main

import (
	"fmt"
	"math"
	"math/rand"
	"testing"

	"github.com/openledger/openledger/fidelity/corpus"
	"github.com/openledger/openledger/fidelity/paraphrase"
	"github.com/openledger/openledger/poa"
)

// library makes documents of one piece about a few topics, so that questions retrieve several of them.
func library(documents int) []corpus.Document {
	rng := rand.New(rand.NewSource(5))
	var out []corpus.Document
	for i := range documents {
		out = append(out, corpus.Document{Contributor: fmt.Sprint(i % 7), Name: fmt.Sprint(i), Pieces: [][]byte{[]byte(english(rng, 150))}})
	}
	return out
}

// A method that is set is measured, with figures for its worst level and for thieves.
func TestRAGMethodIsMeasured(t *testing.T) {
	silence(t)
	o := options{table: corpus.TableProtocol, seed: 1, segments: 150, answers: 10}
	c := corpus.Build("corpus", library(180), corpus.Shape{Registered: 600, HeldOut: 50, HeldOutPPM: 80_000}, poa.SegmentRules{}, 1)
	s, err := prepare(c, o)
	if err != nil {
		t.Fatal(err)
	}
	// The method of package poa loses next to nothing.
	figures, near, err := measureParaphrase(s)
	if err != nil || figures.Recall < 0.9 || figures.TV > 0.2 || near > 0.1 {
		t.Fatalf("%+v, near-copies take %v, %v", figures, near, err)
	}
	ragMethod = nil
	defer func() { ragMethod = newRAG }()
	figures, near, err = measureParaphrase(s)
	if err != nil || !math.IsNaN(float64(figures.Recall)) || !math.IsNaN(float64(near)) {
		t.Fatalf("without a method: %+v, %v, %v", figures, near, err)
	}
	ragMethod = paraphrase.Shapley
	figures, near, err = measureParaphrase(s)
	if err != nil {
		t.Fatal(err)
	}
	// The rejected method stands in: it finds most sources and loses most of the pay to near-copies.
	if figures.Recall < 0.5 || figures.TV < 0.1 || figures.TV > 0.7 || near < 0.5 {
		t.Errorf("%+v, near-copies take %v", figures, near)
	}
	again, nearAgain, err := measureParaphrase(s)
	if err != nil || again != figures || nearAgain != near {
		t.Errorf("%+v and %v, then %+v and %v, %v", figures, near, again, nearAgain, err)
	}
}
