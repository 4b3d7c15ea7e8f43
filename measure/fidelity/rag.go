package main

import (
	"github.com/openledger/openledger/measure/fidelity/corpus"
	"github.com/openledger/openledger/measure/fidelity/methods"
	"github.com/openledger/openledger/measure/fidelity/paraphrase"
	"github.com/openledger/openledger/poa"
)

// ragMethod makes the RAG method for a registry; a test puts another one in its place. ragUndeclared makes it for a
// registry of which nobody says what derives from what.
var (
	ragMethod     paraphrase.Factory = newRAG
	ragUndeclared paraphrase.Factory = newUndeclaredRAG
)

// RAGFigures are the figures of the RAG method on paraphrased answers: those of the worst level.
type RAGFigures struct {
	Recall  Number `json:"recall3_paraphrase"`
	TV      Number `json:"tv_paraphrase"`
	Reached Number `json:"reached_paraphrase"`
	// Searched are the same figures where the sources need not be among the segments that are looked at; the better of
	// both searches.
	RecallSearched  Number `json:"recall3_searched"`
	TVSearched      Number `json:"tv_searched"`
	ReachedSearched Number `json:"reached_searched"`
	// Changed is the part of the content words that the heaviest level changes.
	Changed Number `json:"content_words_changed"`
	// ForeignPaid is the share of the weight paid on answers of foreign text.
	ForeignPaid Number `json:"foreign_paid"`
}

func noRAGFigures() RAGFigures {
	return RAGFigures{missing, missing, missing, missing, missing, missing, missing, missing}
}

// rag is method RAG of package poa with its own retrieval, and with provenance that is computed for every segment, or
// for none.
type rag struct {
	undeclared bool
	registry   *methods.Registry
}

func newRAG(r *corpus.Registry) (paraphrase.Method, error) {
	registry, err := registered(r)
	return &rag{registry: registry}, err
}

func newUndeclaredRAG(r *corpus.Registry) (paraphrase.Method, error) {
	registry, err := registered(r)
	return &rag{undeclared: true, registry: registry}, err
}

// lastRegistry is the last one that was registered: several methods in turn pay from the same.
var lastRegistry struct {
	of *corpus.Registry
	is *methods.Registry
}

// registered makes a registry that the methods of package poa pay.
func registered(r *corpus.Registry) (*methods.Registry, error) {
	if lastRegistry.of == r {
		return lastRegistry.is, nil
	}
	texts := make([]methods.Text, len(r.Segments))
	for i, s := range r.Segments {
		texts[i] = methods.Text{Rank: uint64(s.Document), Index: uint32(s.Index), Text: s.Text}
	}
	out, err := methods.New(texts, r.Statistics)
	if err == nil {
		lastRegistry.of, lastRegistry.is = r, out
	}
	return out, err
}

// Name implements paraphrase.Method.
func (m *rag) Name() string { return "method RAG, " + provenanceName(m.undeclared) }

func provenanceName(undeclared bool) string {
	if undeclared {
		return "provenance of nothing"
	}
	return "provenance computed"
}

// Retrieve implements paraphrase.Retriever.
func (m *rag) Retrieve(question []poa.TokenID, k int) ([]int, error) {
	return m.registry.Search.Retrieve(question, k), nil
}

// Attribute implements paraphrase.Method.
func (m *rag) Attribute(a paraphrase.Answer) (paraphrase.Payment, error) {
	att, err := m.registry.RAG(poa.Answer{Tokens: a.Tokens, Stems: poa.Stems(a.Text)}, a.Retrieved)
	if err != nil {
		return paraphrase.Payment{}, err
	}
	return payment(m.registry, att, m.undeclared)
}

// payment is what an attribution pays.
func payment(r *methods.Registry, att poa.Attribution, undeclared bool) (paraphrase.Payment, error) {
	paid := paraphrase.Payment{Bits: r.Rows(att), Part: float64(poa.TotalPPM-att.UnattributedPPM) / poa.TotalPPM}
	if !undeclared {
		paid.Bits = r.PassOn(paid.Bits)
	}
	return paid, nil
}
