// Package engine turns a question and retrieved passages into an answer.
package engine

import (
	"context"
	"errors"

	"github.com/openledger/openledger/openlora/api"
	"github.com/openledger/openledger/openlora/terms"
)

// Request is a question with what was retrieved for it.
type Request struct {
	Messages []api.Message
	// Passages that fit the question, best first.
	Passages [][]byte
	// Around holds each passage with what its contribution says before and after it, or is nil.
	Around [][]byte
	// Rarity says how rare a term is in the DataNets, in Q16 bits.
	Rarity func(terms.Term) int64
	// MaxTokens bounds the answer, in canonical tokens.
	MaxTokens int
}

// Question is the last message of the user.
func (r Request) Question() string {
	for i := len(r.Messages) - 1; i >= 0; i-- {
		if r.Messages[i].Role == "user" {
			return r.Messages[i].Content
		}
	}
	return ""
}

// ErrSilent is returned with a text that says that the sources say nothing about the question. It is no answer, and costs nothing.
var ErrSilent = errors.New("the sources say nothing about the question")

// Engine answers questions. It calls emit with each piece of the answer, in
// order, and returns the whole answer. What was emitted is attributed and billed,
// also when the engine fails then. With ErrSilent it emits nothing.
type Engine interface {
	Answer(ctx context.Context, request Request, emit func(piece string) error) (string, error)
}
