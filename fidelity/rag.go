package main

import "github.com/openledger/openledger/fidelity/paraphrase"

// ragMethod makes the RAG method for a registry; nil means that there is none to measure, and its figures are null. To measure one,
// set it here to a function that returns a paraphrase.Method.
var ragMethod paraphrase.Factory

// RAGFigures are the figures of the RAG method on paraphrased answers: those of the worst level.
type RAGFigures struct {
	Recall Number `json:"recall3_paraphrase"`
	TV     Number `json:"tv_paraphrase"`
}
