package main

import (
	"github.com/openledger/openledger/fidelity/corpus"
	"github.com/openledger/openledger/fidelity/measure"
	"github.com/openledger/openledger/fidelity/paraphrase"
	"github.com/openledger/openledger/poa"
)

// ragMethod makes the RAG method for a registry; a test puts another one in its place. ragUndeclared makes it for a registry of which nobody
// says what derives from what.
var (
	ragMethod     paraphrase.Factory = newRAG
	ragUndeclared paraphrase.Factory = newUndeclaredRAG
)

// RAGFigures are the figures of the RAG method on paraphrased answers: those of the worst level.
type RAGFigures struct {
	Recall  Number `json:"recall3_paraphrase"`
	TV      Number `json:"tv_paraphrase"`
	Reached Number `json:"reached_paraphrase"`
	// Searched are the same figures where the sources need not be among the segments that are looked at; the better of both searches.
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

// rag is method RAG of package poa with its own retrieval, and with provenance that is computed for every segment, or for none.
type rag struct {
	undeclared bool

	registry *corpus.Registry
	segments []poa.Segment
	index    *poa.Index
	search   *poa.Search
	earlier  *poa.Provenance
	derived  map[int][]poa.Derivation
	places   map[uint64]map[uint32]int // by rank and index
	ranks    map[uint64]int            // a place of each rank
}

func newRAG(r *corpus.Registry) (paraphrase.Method, error) {
	m := &rag{registry: r, index: poa.NewIndex(r.Statistics), derived: map[int][]poa.Derivation{}, places: map[uint64]map[uint32]int{}, ranks: map[uint64]int{}}
	for i := range r.Segments {
		s := poa.NewSegment(uint64(r.Segments[i].Document), uint32(r.Segments[i].Index), r.Segments[i].Text)
		m.segments = append(m.segments, s)
		if m.places[s.Rank] == nil {
			m.places[s.Rank] = map[uint32]int{}
			m.ranks[s.Rank] = i
		}
		m.places[s.Rank][s.Index] = i
	}
	var err error
	if m.search, err = poa.NewSearch(m.segments, r.Statistics); err != nil {
		return nil, err
	}
	if m.earlier, err = poa.NewProvenance(r.Statistics); err != nil {
		return nil, err
	}
	if err := m.earlier.Add(m.segments...); err != nil {
		return nil, err
	}
	return m, m.index.Add(m.segments...)
}

func newUndeclaredRAG(r *corpus.Registry) (paraphrase.Method, error) {
	m, err := newRAG(r)
	if err == nil {
		m.(*rag).undeclared = true
	}
	return m, err
}

// Name implements paraphrase.Method.
func (m *rag) Name() string {
	if m.undeclared {
		return "method RAG, provenance of nothing"
	}
	return "method RAG, provenance computed"
}

// Retrieve implements paraphrase.Retriever.
func (m *rag) Retrieve(question []poa.TokenID, k int) ([]int, error) {
	return m.search.Retrieve(question, k), nil
}

// Attribute implements paraphrase.Method.
func (m *rag) Attribute(a paraphrase.Answer) (paraphrase.Payment, error) {
	var retrieved []poa.Segment
	for _, place := range a.Retrieved {
		s := m.segments[place]
		derived, err := m.provenance(place)
		if err != nil {
			return paraphrase.Payment{}, err
		}
		s.Derived = derived
		retrieved = append(retrieved, s)
	}
	att, err := m.index.AttributeRAG(poa.Answer{Tokens: a.Tokens, Stems: poa.Stems(a.Text)}, retrieved)
	if err != nil {
		return paraphrase.Payment{}, err
	}
	paid := paraphrase.Payment{Bits: measure.Weights{}, Part: float64(poa.TotalPPM-att.UnattributedPPM) / poa.TotalPPM}
	for _, row := range att.Rows {
		place := m.places[row.Rank][row.Segment]
		left := float64(row.Bits) / 65536
		derived, err := m.provenance(place)
		if err != nil {
			return paraphrase.Payment{}, err
		}
		for _, d := range derived {
			passed := float64(row.Bits) / 65536 * float64(d.PPM) / poa.TotalPPM
			paid.Bits[m.ranks[d.Rank]] += passed
			left -= passed
		}
		paid.Bits[place] += left
	}
	return paid, nil
}

// provenance returns what a segment derives from.
func (m *rag) provenance(place int) ([]poa.Derivation, error) {
	if m.undeclared {
		return nil, nil
	}
	derived, known := m.derived[place]
	if !known {
		var err error
		if derived, err = m.earlier.Of(m.segments[place], len(m.segments)); err != nil {
			return nil, err
		}
		m.derived[place] = derived
	}
	return derived, nil
}
