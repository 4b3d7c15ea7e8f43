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

// answered is an answer with its proof side.
type answered struct {
	message api.Message
	proof   *api.Answer
	finish  string // why it ends
}

// answer retrieves, answers and attributes.
func (x *exchange) answer(ctx context.Context, to *stream) (answered, error) {
	question := engine.Request{
		Messages: x.request.Messages, Options: x.request.Options, Rarity: x.library.Rarity, MaxTokens: x.most,
		Scope: x.state.ID.String(), Manifest: x.library.Texts(),
	}
	for _, segment := range x.library.Search(question.Question(), x.gateway.Limits.Passages) {
		question.Passages = append(question.Passages, segment.Text)
		question.Around = append(question.Around, x.library.Around(segment.Ref))
		x.call.Retrieved = append(x.call.Retrieved, segment.Ref)
	}
	if x.adapter != nil {
		question.Adapter = x.adapter.Adapter
		if !x.retrieves() { // what was retrieved is compared with the answer, and not shown to the model
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
	// Another gateway may have started in the meantime. The time for answering may be over, but this one is signed for.
	patient, cancel := context.WithTimeout(context.WithoutCancel(ctx), saidPatience)
	defer cancel()
	allowed := make(chan error, 1)
	go func() { allowed <- x.maySign(patient, to) }() // while the answer is attributed
	err = x.prove(patient, &said, func() error { return <-allowed })
	return said, err
}

// saidPatience is how long an answer that was sent waits for a node that does not answer: it is signed for when the
// node is back.
const saidPatience = 5 * time.Minute

// maySign asks whether the answer may be signed. While the node does not answer, an answer of which the client has
// words waits.
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

// say has the engine speak, and returns what it has said, cleaned, up to what is paid for. Of a stream that ends early,
// because the client is gone or the engine failed, what was sent is the answer. With engine.ErrSilent it returns what
// tells the client so.
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
		x.speak()
		return paid.emit(clean.add(piece))
	}
	reply, err := x.gateway.Engine.Answer(ctx, question, emit)
	if errors.Is(err, engine.ErrSilent) && paid.text.Len() == 0 {
		return assistant(clean.add(reply.Text)+clean.end(), ""), err
	}
	if err == nil && paid.text.Len() == 0 {
		err = emit(reply.Text) // an engine that does not speak in pieces
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

// speak notes when the engine says its first word.
func (x *exchange) speak() {
	if !x.spoken {
		x.spoken = true
		x.gateway.metrics.firstWordSeconds.Observe(time.Since(x.began).Seconds())
	}
}

func assistant(text, finish string) answered {
	return answered{message: api.Message{Role: "assistant", Content: text}, finish: finish}
}

// worded says that an answer has a word.
func worded(a answered) bool { return len(poa.TokenIDs([]byte(a.message.Answered()))) > 0 }

// functionName is how functions may be called.
var functionName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// addCalls adds tool calls to an answer, unless it has then more tokens than are paid for.
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

// affordable returns how many tokens the answer may have for its maximum fee.
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
