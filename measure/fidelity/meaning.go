package main

import (
	"github.com/openledger/openledger/measure/fidelity/corpus"
	"github.com/openledger/openledger/measure/fidelity/methods"
	"github.com/openledger/openledger/measure/fidelity/paraphrase"
	"github.com/openledger/openledger/poa"
)

// meaningMethod and meaningUndeclared make method MEANING for a registry, with provenance that is computed and of
// nothing; a test leaves them out.
var (
	meaningMethod     paraphrase.Factory = newMeaning
	meaningUndeclared paraphrase.Factory = newUndeclaredMeaning
)

// meaning is method MEANING of package poa: the segments that were retrieved, and those that the answer finds by
// itself.
type meaning struct {
	undeclared bool
	registry   *methods.Registry
}

func newMeaning(r *corpus.Registry) (paraphrase.Method, error) {
	registry, err := registered(r)
	return &meaning{registry: registry}, err
}

func newUndeclaredMeaning(r *corpus.Registry) (paraphrase.Method, error) {
	registry, err := registered(r)
	return &meaning{undeclared: true, registry: registry}, err
}

// Name implements paraphrase.Method.
func (m *meaning) Name() string { return "method MEANING, " + provenanceName(m.undeclared) }

// Retrieve implements paraphrase.Retriever.
func (m *meaning) Retrieve(question []poa.TokenID, k int) ([]int, error) {
	return m.registry.Search.Retrieve(question, k), nil
}

// Attribute implements paraphrase.Method.
func (m *meaning) Attribute(a paraphrase.Answer) (paraphrase.Payment, error) {
	att, err := m.registry.Meaning(methods.Answer(a.Text), a.Retrieved)
	if err != nil {
		return paraphrase.Payment{}, err
	}
	return payment(m.registry, att, m.undeclared)
}
