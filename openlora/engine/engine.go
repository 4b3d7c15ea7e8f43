// Package engine turns a question and retrieved passages into an answer.
package engine

import (
	"context"
	"errors"
	"fmt"
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
	// Around returns a passage with the segments before and after it in its contribution. A nil Around means that nothing
	// stands around passages.
	Around func(passage int) []byte
	// Manifest is all text of the model's manifest; the zero value stands for none.
	Manifest Texts
	// Rarity returns the rarity of a term in the DataNets, in Q16 bits.
	Rarity func(terms.Term) int64
	// MaxTokens bounds the answer, in canonical tokens.
	MaxTokens int
	// Scope names the payer's session. An engine may reuse work on a prompt only for requests of the same scope:
	// otherwise, the speed of an answer would tell what others asked.
	Scope string
	// Adapter is the adapter that answers, with its whole lineage; nil stands for the base alone. Only engines that are a
	// Host know adapters.
	Adapter *Adapter
}

// Question returns the last message of the user.
func (r Request) Question() string { return (&api.Request{Messages: r.Messages}).Question() }

const instruction = "Answer the question from the numbered sources only. Quote their wording where it is exact. " +
	"If they do not contain the answer, say so."

// WithSources returns the conversation with the passages before it, for models that are told to answer from them.
func (r Request) WithSources() []api.Message {
	system := append(make([]byte, 0, len(instruction)+r.passageBytes()), instruction...)
	for i, passage := range r.Passages {
		system = fmt.Appendf(system, "\n\n[%d] %s", i+1, passage)
	}
	return append([]api.Message{{Role: "system", Content: string(system)}}, r.Messages...)
}

// passageBytes returns about how many bytes the passages take with their numbers.
func (r Request) passageBytes() (n int) {
	for _, passage := range r.Passages {
		n += len(passage) + len("\n\n[10] ")
	}
	return n
}

// Reply is an answer.
type Reply struct {
	Text string
	// Finish is the reason for which the answer ends: one of the constants below.
	Finish string
	// ToolCalls are the calls that the model asks for. They are not emitted.
	ToolCalls []api.ToolCall
}

// Reasons for which an answer ends, with OpenAI's names.
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

// UpstreamError says how the server behind an engine failed. It wraps ErrUpstream.
type UpstreamError struct {
	Code    int    // the status of the response, 0 without one
	Refused bool   // the request is at fault: it would fail again
	Busy    bool   // the server works, but accepts no more requests now
	Status  string // status line of the response, if there is one
	Message string // of the server
	// RetryAfter is the time that the server asks clients to wait, 0 if it does not say.
	RetryAfter time.Duration
}

// Error implements error.
func (e *UpstreamError) Error() string {
	if e.Status == "" {
		return ErrUpstream.Error() + ": " + e.Message
	}
	return ErrUpstream.Error() + ": " + e.Status + ": " + e.Message
}

// Unwrap returns ErrUpstream.
func (e *UpstreamError) Unwrap() error { return ErrUpstream }

// Engine answers questions.
type Engine interface {
	// Accepts refuses options that the engine cannot honour, with an api.ParameterError that names one.
	Accepts(options api.Options) error
	// Answer calls emit with each piece of the answer's text, in order, and returns the whole answer. What was emitted is
	// attributed and billed, even if the engine fails afterwards. If Answer returns ErrSilent, it has emitted nothing.
	Answer(ctx context.Context, request Request, emit func(piece string) error) (Reply, error)
}
