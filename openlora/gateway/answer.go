package gateway

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"math"
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
	question := engine.Request{Messages: x.request.Messages, Options: x.request.Options, Rarity: x.library.Rarity, MaxTokens: x.most}
	for _, segment := range x.library.Search(question.Question(), x.gateway.Limits.Passages) {
		question.Passages = append(question.Passages, segment.Text)
		question.Around = append(question.Around, x.library.Around(segment.Ref))
		x.call.Retrieved = append(x.call.Retrieved, segment.Ref)
	}
	said, err := x.say(ctx, question, to)
	if err != nil {
		return said, err
	}
	if x.may != nil {
		// Another gateway may have started in the meantime. The time for answering may be over, but this one is signed for.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), mayTimeout)
		defer cancel()
		if err := x.may(ctx); err != nil {
			return answered{}, err
		}
	}
	said.proof, err = x.prove(said.message.Answered())
	return said, err
}

// mayTimeout bounds the question to the chain whether an answer may be signed.
const mayTimeout = 10 * time.Second

// say has the engine speak, and returns what it has said, cleaned, up to what is paid for. Of a stream that ends early, because the client
// is gone or the engine failed, what was sent is the answer. With engine.ErrSilent it returns what tells the client so.
func (x *exchange) say(ctx context.Context, question engine.Request, to *stream) (answered, error) {
	paid := bound{most: question.MaxTokens, send: func(string) error { return nil }}
	if x.request.Stream {
		paid.send = to.piece
	}
	var clean cleaner
	emit := func(piece string) error { return paid.emit(clean.add(piece)) }
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
		err = x.addCalls(&said, reply.ToolCalls, question.MaxTokens, to)
	}
	switch {
	case err == nil:
		return said, nil
	case errors.Is(err, errFull) && worded(said):
		said.finish = engine.FinishLength
		return said, nil
	case to.said && worded(said):
		x.gateway.Log.Info("the answer ends early: what was sent is charged", "receipt", x.id(), "err", err)
		said.finish = engine.FinishLength
		return said, nil
	case errors.Is(err, errFull):
		err = badRequest("max_tokens", "the tool call that the model wants is longer than %d tokens, which are asked and paid for: ask for more, and raise openledger.max_fee", question.MaxTokens)
	}
	return answered{}, err
}

func assistant(text, finish string) answered {
	return answered{message: api.Message{Role: "assistant", Content: text}, finish: finish}
}

// worded says that an answer has a word.
func worded(a answered) bool { return len(poa.TokenIDs([]byte(a.message.Answered()))) > 0 }

// functionName is how functions may be called.
var functionName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// addCalls adds tool calls to an answer and sends them, unless it has then more tokens than are paid for.
func (x *exchange) addCalls(to *answered, calls []api.ToolCall, most int, stream *stream) error {
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
	if !x.request.Stream {
		return nil
	}
	return stream.toolCalls(with.ToolCalls)
}

// affordable returns how many tokens the answer may have for its maximum fee.
func (x *exchange) affordable(maxFee poa.Amount) (int, error) {
	input := x.request.InputTokens()
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

// prove attributes an answer and signs its outcome.
func (x *exchange) prove(text string) (*api.Answer, error) {
	tokens := poa.Tokenize([]byte(text))
	if len(tokens) == 0 {
		return nil, errors.New("the engine gave an empty answer")
	}
	ids := make([]poa.TokenID, len(tokens))
	for i, token := range tokens {
		ids[i] = token.ID
	}
	input := x.request.InputTokens()
	fee, err := x.price.Total(input, uint32(len(ids)))
	if err != nil {
		return nil, err
	}
	if fee.Cmp(x.call.MaxFee) > 0 {
		return nil, badRequest("openledger.max_fee", "the answer has %d tokens and costs %s aopen, above the maximum of %s", len(ids), fee, x.call.MaxFee)
	}
	attribution, err := x.library.Attribute([]byte(text), x.call.Retrieved)
	if err != nil {
		return nil, err
	}
	x.library.Weigh(&attribution, math.MaxInt64) // as far as is known now; the batch is weighed when it is made
	x.call.Outcome = poa.Outcome{
		AnswerRoot: poa.TextRoot(x.call.CallKey, []byte(text), uint8(x.library.Version.Method)), InputTokens: input, OutputTokens: uint32(len(ids)), Fee: fee,
	}
	signed := poa.SignedAnswer{ChainID: x.gateway.Node.ChainID, Session: x.state.ID, N: x.state.N, Outcome: x.call.Outcome}
	proof := &api.Answer{
		ReceiptID: x.id(), Session: x.state.ID, N: x.state.N,
		AnswerRoot: x.call.Outcome.AnswerRoot, EvidenceRoot: attribution.Root(),
		InputTokens: input, OutputTokens: uint32(len(ids)), Fee: fee.String(),
		AnswerSignature: ed25519.Sign(x.gateway.AnswerKey, signed.SignBytes()), UnattributedPPM: attribution.UnattributedPPM,
		Spans: []api.Span{}, Sources: []api.Source{},
	}
	for _, row := range attribution.Rows {
		contribution, _ := x.library.Contribution(row.Rank)
		proof.Spans = append(proof.Spans, api.Span{
			Start: tokens[row.Position].Start, End: tokens[row.Position+row.Length-1].End,
			Contribution: row.Rank, Contributor: contribution.Contributor, DatanetID: contribution.DatanetId,
			Segment: row.Segment, Offset: row.Offset, ScoreBits: uint32(row.Score >> 16), Window: row.Window,
		})
	}
	for _, entry := range attribution.Entries {
		contribution, _ := x.library.Contribution(entry.Rank)
		proof.Sources = append(proof.Sources, api.Source{
			Contribution: entry.Rank, Contributor: contribution.Contributor, DatanetID: contribution.DatanetId,
			Title: contribution.Title, Licence: contribution.Licence, WeightPPM: entry.WeightPPM,
		})
	}
	return proof, nil
}
