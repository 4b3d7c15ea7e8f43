// Package engine turns a question and retrieved passages into an answer.
package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/openledger/openledger/openlora/api"
	"github.com/openledger/openledger/openlora/terms"
)

// Request is a question with what was retrieved for it.
type Request struct {
	Messages []api.Message
	// Options that the engine accepts.
	Options api.Options
	// Passages that fit the question, best first.
	Passages [][]byte
	// Around holds each passage with what its contribution says before and after it, or is nil.
	Around [][]byte
	// Manifest is all text that the model answers from; the zero value is none.
	Manifest Texts
	// Rarity says how rare a term is in the DataNets, in Q16 bits.
	Rarity func(terms.Term) int64
	// MaxTokens bounds the answer, in canonical tokens.
	MaxTokens int
	// Scope names who asks. What an engine remembers of one prompt speeds up others of the same scope alone: how fast an
	// answer comes would tell what others have asked.
	Scope string
	// Adapter that answers, with its whole lineage; nil is the base alone. Engines that are no Host know none.
	Adapter *Adapter
}

// Question is the last message of the user.
func (r Request) Question() string { return (&api.Request{Messages: r.Messages}).Question() }

const instruction = "Answer the question from the numbered sources only. Quote their wording where it is exact. " +
	"If they do not contain the answer, say so."

// WithSources returns the conversation with the passages before it, for models that are told to answer from them.
func (r Request) WithSources() []api.Message {
	var system strings.Builder
	system.WriteString(instruction)
	for i, passage := range r.Passages {
		fmt.Fprintf(&system, "\n\n[%d] %s", i+1, passage)
	}
	return append([]api.Message{{Role: "system", Content: system.String()}}, r.Messages...)
}

// Reply is an answer.
type Reply struct {
	Text string
	// Finish says why it ends: one of the reasons below.
	Finish string
	// ToolCalls that the model wants to have made; they are not emitted.
	ToolCalls []api.ToolCall
}

// Reasons for which an answer ends, as OpenAI names them.
const (
	FinishStop      = "stop"
	FinishLength    = "length"
	FinishFilter    = "content_filter"
	FinishToolCalls = "tool_calls"
)

// ErrSilent is returned with a text that says that the sources say nothing about the question. It is no answer, and
// costs nothing.
var ErrSilent = errors.New("the sources say nothing about the question")

// ErrUpstream is a failure of the server behind an engine.
var ErrUpstream = errors.New("the model server failed")

// UpstreamError says how the server behind an engine failed. It is an ErrUpstream.
type UpstreamError struct {
	Code    int    // the status of the response, 0 without one
	Refused bool   // the request is at fault: the same one fails again
	Busy    bool   // the server is there, and takes no more for now
	Status  string // of the response, if it has one that says it
	Message string // of the server
	// RetryAfter is how long the server wants to be left alone, 0 if it does not say.
	RetryAfter time.Duration
}

// Error implements error.
func (e *UpstreamError) Error() string {
	if e.Status == "" {
		return ErrUpstream.Error() + ": " + e.Message
	}
	return ErrUpstream.Error() + ": " + e.Status + ": " + e.Message
}

// Unwrap makes it an ErrUpstream.
func (e *UpstreamError) Unwrap() error { return ErrUpstream }

// Engine answers questions.
type Engine interface {
	// Accepts refuses options that the engine cannot honour, with an api.ParameterError that names one.
	Accepts(options api.Options) error
	// Answer calls emit with each piece of the answer's text, in order, and returns the whole answer. What was emitted is
	// attributed and billed, also when the engine fails then. With ErrSilent it emits nothing.
	Answer(ctx context.Context, request Request, emit func(piece string) error) (Reply, error)
}
