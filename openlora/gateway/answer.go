package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/openledger/openledger/openlora/api"
	"github.com/openledger/openledger/openlora/engine"
	"github.com/openledger/openledger/poa"
)

// answered is an answer with its attribution.
type answered struct {
	message api.Message
	proof   *api.Answer
	finish  string // the reason for which it ends
}

// answer retrieves, answers and attributes.
func (x *exchange) answer(ctx context.Context, to *stream) (answered, error) {
	question := engine.Request{
		Messages: x.request.Messages, Options: x.request.Options, Rarity: x.library.Rarity, MaxTokens: x.most,
		Scope: x.state.ID.String(), Manifest: x.library.Texts(),
	}
	for _, segment := range x.library.Search(question.Question(), x.gateway.Limits.Passages) {
		question.Passages = append(question.Passages, segment.Text)
		x.call.Retrieved = append(x.call.Retrieved, segment.Ref)
	}
	found := x.call.Retrieved
	question.Around = func(passage int) []byte { return x.library.Around(found[passage]) }
	if x.adapter != nil {
		question.Adapter = x.adapter.Adapter
		if !x.retrieves() { // retrieved passages are compared with the answer, but not shown to the model
			question.Passages, question.Around = nil, nil
		}
	}
	said, err := x.say(ctx, question, to)
	if err != nil {
		return said, err
	}
	if x.may == nil {
		err = x.prove(context.WithoutCancel(ctx), &said, nil)
		return said, err
	}
	// Another gateway may have started meanwhile. The answer is signed even if the time for answering is over.
	patient, cancel := context.WithTimeout(context.WithoutCancel(ctx), saidPatience)
	defer cancel()
	allowed := make(chan error, 1)
	go func() { allowed <- x.maySign(patient, to) }() // while the answer is attributed
	err = x.prove(patient, &said, func() error { return <-allowed })
	return said, err
}

// saidPatience is the longest time that an answer that was sent waits for the node, to be signed when the node is back.
const saidPatience = 5 * time.Minute

// maySign asks the chain whether the answer may be signed. If the client already has words of the answer, it waits
// while the node does not respond.
func (x *exchange) maySign(ctx context.Context, to *stream) error {
	for {
		err := x.may(ctx)
		var known *httpError
		if !to.Said() || ctx.Err() != nil || !errors.As(err, &known) || known.code != codeNodeUnavailable {
			return err
		}
		x.gateway.Log.Error("an answer waits for the node before it can be signed", "receipt", x.id(), "err", err)
	}
}

// say has the engine answer, and returns the cleaned text, at most as long as is paid for. If a stream ends early,
// because the client is gone or the engine failed, what was sent is the answer. With engine.ErrSilent it returns the
// text that tells the client so.
func (x *exchange) say(ctx context.Context, question engine.Request, to *stream) (answered, error) {
	paid := bound{most: question.MaxTokens, send: func(string) error { return nil }}
	if x.request.Stream {
		words := x.gateway.Outbox.Words(x.state.ID, x.state.N, x.input, x.call.Retrieved)
		defer words.Close()
		paid.send = func(piece string) error {
			if err := words.Add(piece); err != nil {
				return fmt.Errorf("keep what is sent: %w", err)
			}
			return to.Piece(piece)
		}
	}
	var clean cleaner
	emit := func(piece string) error {
		if err := x.recorded.wait(); err != nil {
			return err
		}
		x.speak()
		if x.gateway.holder != nil {
			x.gateway.holder.Renew()
		}
		return paid.emit(clean.add(piece))
	}
	reply, err := x.gateway.Engine.Answer(ctx, question, emit)
	if errors.Is(err, engine.ErrSilent) && paid.text.Len() == 0 {
		return assistant(clean.add(reply.Text)+clean.end(), ""), err
	}
	if err == nil && paid.text.Len() == 0 {
		err = emit(reply.Text) // an engine that does not emit pieces
	}
	if err == nil {
		err = paid.emit(clean.end())
	}
	said := assistant(paid.text.String(), reply.Finish)
	if err == nil && len(reply.ToolCalls) > 0 {
		err = addCalls(&said, reply.ToolCalls, question.MaxTokens)
	}
	switch {
	case err == nil:
		return said, nil
	case errors.Is(err, errFull) && worded(said):
		said.finish = engine.FinishLength
		return said, nil
	case to.Said() && worded(said):
		x.gateway.Log.Info("the answer ends early: what was sent is charged", "receipt", x.id(), "err", err)
		said.finish = engine.FinishLength
		return said, nil
	case errors.Is(err, errFull):
		err = badRequest(
			"max_tokens", "the tool call that the model wants is longer than %d tokens, which are asked and paid for: ask "+
				"for more, and raise openledger.max_fee", question.MaxTokens)
	}
	return answered{}, err
}

// speak records the time of the engine's first word.
func (x *exchange) speak() {
	if !x.spoken {
		x.spoken = true
		x.gateway.metrics.firstWordSeconds.Observe(time.Since(x.began).Seconds())
	}
}

func assistant(text, finish string) answered {
	return answered{message: api.Message{Role: "assistant", Content: text}, finish: finish}
}

// worded reports whether an answer has a word.
func worded(a answered) bool { return len(poa.TokenIDs([]byte(a.message.Answered()))) > 0 }

// functionName matches the allowed names of functions.
var functionName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// addCalls adds tool calls to an answer, unless it would then have more tokens than are paid for.
func addCalls(to *answered, calls []api.ToolCall, most int) error {
	with := to.message
	for _, call := range calls {
		var clean cleaner
		call.Function.Arguments = clean.add(call.Function.Arguments) + clean.end()
		if !functionName.MatchString(call.Function.Name) || !json.Valid([]byte(call.Function.Arguments)) {
			return &engine.UpstreamError{Message: "a tool call has no name, or arguments that are no JSON"}
		}
		with.ToolCalls = append(with.ToolCalls, call)
	}
	if len(poa.Tokenize([]byte(with.Answered()))) > most {
		return errFull
	}
	to.message = with
	return nil
}

// affordable returns the largest number of tokens that the maximum fee pays for.
func (x *exchange) affordable(maxFee poa.Amount) (int, error) {
	input := x.input
	least, err := x.price.Total(input, 1)
	if err != nil {
		return 0, err
	}
	if least.Cmp(maxFee) > 0 {
		return 0, badRequest("openledger.max_fee", "%s aopen, the shortest answer to this question costs %s", maxFee, least)
	}
	most := x.gateway.Limits.MaxTokens
	if x.request.MaxTokens > 0 {
		most = min(most, x.request.MaxTokens)
	}
	low, high := 1, most
	for low < high {
		middle := (low + high + 1) / 2
		fee, err := x.price.Total(input, uint32(middle))
		if err == nil && fee.Cmp(maxFee) <= 0 {
			low = middle
		} else {
			high = middle - 1
		}
	}
	return low, nil
}
