// Package paraphrase measures methods that attribute answers whose words are not those of their sources.
package paraphrase

import (
	"github.com/openledger/openledger/measure/fidelity/corpus"
	"github.com/openledger/openledger/measure/fidelity/measure"
	"github.com/openledger/openledger/poa"
)

// Answer is what a method is given.
type Answer struct {
	// Text is the answer, words separated by spaces and a full stop behind each sentence; Tokens are its canonical tokens.
	Text   []byte
	Tokens []poa.TokenID
	// Retrieved are the places, in the registry, of the segments the model was shown, best first.
	Retrieved []int
}

// Method pays an answer to segments of the registry it was made for.
type Method interface {
	// Name is printed in tables.
	Name() string
	// Attribute returns what every segment is paid. Nobody else is paid.
	Attribute(a Answer) (Payment, error)
}

// Payment is what an answer pays.
type Payment struct {
	// Bits are what segments are paid, by their place in the registry, in bits of surprisal.
	Bits measure.Weights
	// Part of the answer's weight that is paid to anybody.
	Part float64
}

// Document returns what every contribution is paid, in bits.
func (p Payment) Document(r *corpus.Registry) measure.Weights {
	out := measure.Weights{}
	for _, place := range p.Bits.Keys() {
		out[r.Segments[place].Document] += p.Bits[place]
	}
	return out
}

// Factory makes a method for a registry. It sees the registry in the order of registration and may index it or compute
// the share every segment owes to earlier ones.
type Factory func(r *corpus.Registry) (Method, error)

// Retriever is a Method that also chooses what the model is shown, for instance one segment per cluster of near-copies.
// Without it plain BM25 does.
type Retriever interface {
	// Retrieve returns the places of at most k segments for a question, best first.
	Retrieve(question []poa.TokenID, k int) ([]int, error)
}
