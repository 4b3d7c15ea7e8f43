package influence

import (
	"context"
	"errors"
	"time"

	"github.com/openledger/openledger/slm/adapter"
	"github.com/openledger/openledger/slm/chat"
	"github.com/openledger/openledger/slm/model"
	"github.com/openledger/openledger/slm/train"
)

// Now is the time that chat templates see while influence is computed: a template that writes the date must write the
// same date each time.
var Now = time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)

// Of returns the query of an answer that an adapter of the model gave. It takes the loss of the answer's tokens after
// the conversation, in the model's chat template and without retrieved passages. If conversation and answer are longer
// than the model reads, the beginning is left out. The result depends only on base, adapter, messages and answer, so
// everybody computes the same query. Of takes about three times as long as reading the conversation and the answer. An
// answer without tokens is an error.
func Of(ctx context.Context, m *chat.Model, a *adapter.Adapter, messages []chat.Message, answer string) (Query, error) {
	prompt, err := m.PromptAt(ctx, messages, Now)
	if err != nil {
		return Query{}, err
	}
	said := m.Tokenizer.Encode(answer)
	if len(said) == 0 {
		return Query{}, errors.New("the answer has no tokens: there is nothing to ask about")
	}
	lowRank, err := Open(m.Model, a)
	if err != nil {
		return Query{}, err
	}
	return OfExample(ctx, lowRank, answered(prompt, said, m.Positions()))
}

// answered returns a conversation and its answer as an example, of which the answer is learned. It keeps the last
// tokens, as many as the model reads.
func answered(prompt, said []int, positions int) train.Example {
	tokens := append(append([]int(nil), prompt...), said...)
	from := len(prompt)
	if over := len(tokens) - positions - 1; over > 0 {
		tokens, from = tokens[over:], max(0, from-over)
	}
	return train.Example{Tokens: tokens, From: from}
}

// OfExample is Of for tokens: the learned tokens of the example are the answer.
func OfExample(ctx context.Context, a Adapter, e train.Example) (Query, error) {
	g, err := a.gradients()
	if err != nil {
		return Query{}, err
	}
	if err := ctx.Err(); err != nil {
		return Query{}, err
	}
	v, learned, err := projected(g, e)
	if err != nil {
		return Query{}, err
	}
	return newQuery(v, learned), ctx.Err()
}

// Open returns an adapter for its base. The caller must keep a open while it uses the result. It is an error if the
// adapter does not fit the base.
func Open(base *model.Model, a *adapter.Adapter) (Adapter, error) {
	targets, err := a.For(base.Config())
	if err != nil {
		return Adapter{}, err
	}
	out := Adapter{Base: base, Scale: a.Scale}
	for _, t := range targets {
		out.Changes = append(out.Changes, model.LowRank{Layer: t.Layer, Projection: t.Projection, A: t.A, B: t.B})
	}
	return out, nil
}
