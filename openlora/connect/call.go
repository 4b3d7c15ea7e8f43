package connect

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"cosmossdk.io/math"

	sdkerrors "github.com/cosmos/cosmos-sdk/types/errors"

	"github.com/openledger/openledger/amount"
	"github.com/openledger/openledger/openlora/api"
	"github.com/openledger/openledger/openlora/chain"
	"github.com/openledger/openledger/openlora/session"
	"github.com/openledger/openledger/poa"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
)

const (
	// providerTries is the largest number of providers that are asked for one call.
	providerTries = 3
	// lostTries is the number of times that a lost answer is asked for at once; after that, the upkeep asks.
	lostTries = 4
	lostPause = 250 * time.Millisecond
)

// call is a client's request in progress.
type call struct {
	proxy   *Proxy
	key     Key
	request *api.Request
	body    map[string]json.RawMessage // the fields of the request, without the model
	query   []byte                     // canonical form of the request
	model   string                     // the name that the client gave
	take    func(session.Piece)        // nil means an answer in one piece
	end     func(answered)             // told of a checked answer while its session is written to disk; may be nil
	notes   bool                       // footnotes are appended to the answer

	from  uint64 // the model that answers, as soon as it is known
	shown int    // number of content bytes that were passed on
	tools bool
}

// piece returns a function that passes on only the part of an answer that was not passed on before: an answer that is
// asked for again comes from its beginning.
func (c *call) piece() func(session.Piece) {
	if c.take == nil {
		return nil
	}
	seen := 0
	return func(piece session.Piece) {
		begin := seen
		seen += len(piece.Content)
		if c.tools {
			piece.ToolCalls = nil
		}
		c.tools = c.tools || len(piece.ToolCalls) > 0
		piece.Content = piece.Content[min(max(c.shown-begin, 0), len(piece.Content)):]
		c.shown = max(c.shown, seen)
		if piece.Content != "" || len(piece.ToolCalls) > 0 {
			c.take(piece)
		}
	}
}

// answered is an answer with its provider.
type answered struct {
	*session.Answer
	model    uint64
	provider string
	call     *call
}

// ask finds a provider that answers, and pays. The returned answer has been checked.
func (c *call) ask(ctx context.Context) (answered, error) {
	p := c.proxy
	listed, err := p.market.find(ctx, p.alias(c.model))
	if err != nil {
		return answered{}, p.noModel(c.model, err)
	}
	c.body["model"] = encoded(modelName(listed.Model.Id))
	body := encoded(c.body)
	if c.query, err = api.Query(body); err != nil {
		return answered{}, err
	}
	if got, err := c.claim(ctx); got.Answer != nil || err != nil {
		return got, err
	}
	routes := p.market.standing(listed)
	if len(routes) == 0 {
		return answered{}, unavailable("no provider of the model gives answers that are right", nil)
	}
	affordable := 0
	var last error
	for _, route := range routes {
		if affordable == providerTries {
			break
		}
		least, wanted, err := c.cost(route)
		if err != nil {
			last = err
			continue
		}
		affordable++
		answer, err := c.askAt(ctx, route, body, least, wanted)
		if err == nil {
			return answered{answer, route.ModelID, route.Provider, c}, nil
		}
		last = err
		if c.shown > 0 || c.tools || ctx.Err() != nil || !p.another(route, err) {
			break
		}
	}
	return answered{}, last
}

// cost returns the fee of the shortest answer at a route and the largest fee that is paid there, in aopen.
func (c *call) cost(route Route) (least, most math.Int, err error) {
	input := c.request.InputTokens()
	shortest, err := route.Price.Total(input, 1)
	if err != nil {
		return least, most, err
	}
	least, most = math.NewIntFromBigInt(shortest.Big()), c.proxy.config.MaxFee
	if c.key.MaxFee != nil {
		most = math.MinInt(most, *c.key.MaxFee)
	}
	if c.request.MaxTokens > 0 {
		longest, err := route.Price.Total(input, uint32(c.request.MaxTokens))
		if err == nil {
			most = math.MinInt(most, math.NewIntFromBigInt(longest.Big()))
		}
	}
	if least.GT(most) {
		return least, most, &httpError{
			status: http.StatusPaymentRequired, code: "price_above_maximum",
			message: fmt.Sprintf(
				"the shortest answer costs %s, and an answer may cost %s: raise --max-fee, or max_tokens",
				amount.Format(least),
				amount.Format(most),
			),
		}
	}
	return least, most, nil
}

// askAt asks at one provider.
func (c *call) askAt(ctx context.Context, route Route, body []byte, least, wanted math.Int) (*session.Answer, error) {
	p := c.proxy
	fee, put, err := p.purse.take(c.key, least, wanted)
	if err != nil {
		return nil, err
	}
	defer func() { put() }()
	for range 2 { // the first session may turn out to be over
		patience, cancel := context.WithTimeout(ctx, p.config.Patience)
		one, err := p.pool.take(patience, route, fee)
		cancel()
		if errors.Is(err, errGone) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if one.client.MaxFee, err = poa.AmountFromBig(fee.BigInt()); err != nil {
			p.pool.back(one)
			return nil, err
		}
		if c.end != nil {
			one.client.Said = func(answer *session.Answer) {
				p.pool.end(one)
				c.end(answered{answer, route.ModelID, route.Provider, c})
			}
		}
		answer, err := c.askIn(ctx, one, func(take func(session.Piece)) (*session.Answer, error) {
			return one.client.Complete(ctx, body, c.key.Name, take)
		})
		one.client.Said = nil
		if asked := one.client.State.Pending; asked != nil { // the budget stays set aside until the question is settled
			one.put, put = put, func() {}
		}
		lied := errors.Is(err, session.ErrAnswer)
		switch {
		case lied:
			p.market.blame(route.Provider, true)
			p.lose(one, err.Error())
			return nil, err
		case session.Over(err) || codeOf(err) == "call_out_of_order" || codeOf(err) == "wrong_head":
			p.pool.drop(one)
			continue
		case codeOf(err) == "insufficient_deposit":
			one.funded = math.NewIntFromBigInt(one.client.State.Spent.Big()) // read again at the next top-up
			p.pool.back(one)
			continue
		}
		p.pool.give(one)
		if err == nil {
			p.market.works(route.Provider)
		}
		return answer, err
	}
	return nil, unavailable("sessions with the provider end before anything is asked", nil)
}

// askIn asks in a session. It asks again if the answer is lost and the client still waits.
func (c *call) askIn(
	ctx context.Context,
	one *pooled,
	first func(func(session.Piece)) (*session.Answer, error),
) (*session.Answer, error) {
	c.from = one.client.State.ModelID
	answer, err := first(c.piece())
	lost := func() bool {
		return one.client.State.Pending != nil && ctx.Err() == nil && !errors.Is(err, session.ErrAnswer)
	}
	for try := 1; try < lostTries && lost(); try++ {
		select {
		case <-ctx.Done():
			return nil, errors.Join(err, ctx.Err())
		case <-time.After(lostPause << try):
		}
		answer, err = one.client.Again(ctx, c.piece())
	}
	return answer, err
}

// claim answers a request whose answer an earlier run could not pass on: under the same voucher, so that it is paid
// once.
func (c *call) claim(ctx context.Context) (answered, error) {
	p := c.proxy
	one := p.pool.claim(func(asked session.Pending) bool {
		if nameOf(asked) != c.key.Name || asked.Asked.After(p.started) {
			return false
		}
		before, err := api.Query(asked.Body)
		return err == nil && bytes.Equal(before, c.query)
	})
	if one == nil {
		kept, err := p.config.Ledger.parcel(parcelKey(c.key.Name, c.query), p.started)
		if err != nil || kept == nil {
			return answered{}, err
		}
		c.from = kept.Model
		if take := c.piece(); take != nil {
			take(session.Piece{Content: kept.Message.Content, ToolCalls: kept.Message.ToolCalls})
		}
		return answered{kept.answer(), kept.Model, kept.Provider, c}, nil
	}
	state := one.client.State
	answer, err := c.askIn(
		ctx,
		one,
		func(take func(session.Piece)) (*session.Answer, error) { return one.client.Again(ctx, take) },
	)
	if errors.Is(err, session.ErrAnswer) {
		p.market.blame(state.Provider, true)
		p.lose(one, err.Error())
		return answered{}, err
	}
	p.pool.give(one)
	if err != nil && one.client.State.Pending == nil && c.shown == 0 && ctx.Err() == nil {
		return answered{}, nil // it was not answered: it is asked like any other
	}
	return answered{answer, state.ModelID, state.Provider, c}, err
}

// another reports whether another provider may be asked after an error, and remembers the failure of this one.
func (p *Proxy) another(route Route, err error) bool {
	var refused *session.GatewayError
	switch {
	case errors.Is(err, session.ErrAnswer): // remembered
		return true
	case overBudget(err), errors.Is(err, errFull), noFunds(err):
		return false
	case errors.As(err, &refused) && refused.Body.Type == invalidRequest && !refused.Passing() &&
		refused.Body.Code != "model_not_found":
		return false // the request itself is at fault
	}
	p.market.blame(route.Provider, false)
	return true
}

// codeOf returns the code of a gateway's error.
func codeOf(err error) string {
	var refused *session.GatewayError
	if errors.As(err, &refused) {
		return refused.Body.Code
	}
	return ""
}

// noFunds reports whether an error means that the account cannot pay a deposit or a fee.
func noFunds(err error) bool {
	var refused *chain.RefusedError
	return errors.As(err, &refused) && refused.Is(sdkerrors.ErrInsufficientFunds)
}

// nameOf returns the name of the key that a question was asked for. Questions of `openlorad ask` have none.
func nameOf(asked session.Pending) string {
	if asked.Label == "" {
		return Local
	}
	return asked.Label
}

// record writes a checked answer to the ledger, before its session continues from it.
func (p *Proxy) record(asked session.Pending, answer *session.Answer, client *session.Client) error {
	if answer.Proof.Gap {
		return nil
	}
	fee, ok := math.NewIntFromString(answer.Proof.Fee)
	if !ok {
		return fmt.Errorf("%w: a fee of %q", session.ErrAnswer, answer.Proof.Fee)
	}
	state := client.State
	query, err := api.Query(asked.Body)
	if err != nil {
		return err
	}
	kept := &parcel{
		Time: asked.Asked.UTC(), Model: state.ModelID, Provider: state.Provider, Message: answer.Message,
		Finish: answer.Finish, Proof: answer.Proof,
	}
	return p.config.Ledger.put(state.ID, asked.Call.N, Record{
		Receipt: answer.Proof.ReceiptID, Time: asked.Asked.UTC(), Key: nameOf(asked), Model: modelName(state.ModelID),
		Provider: state.Provider, Fee: fee,
		InputTokens: answer.Proof.InputTokens, OutputTokens: answer.Proof.OutputTokens, Sources: answer.Proof.Sources,
		Payment: paymentPending,
	}, parcelKey(nameOf(asked), query), kept)
}

// delivered records that the client has its answer.
func (c *call) delivered() { c.proxy.config.Ledger.delivered(parcelKey(c.key.Name, c.query)) }

// recordRefused writes an answer that is not acknowledged to the ledger, with the most that its provider can be paid
// for it.
func (p *Proxy) recordRefused(client *session.Client, asked session.Pending, why string) error {
	state := client.State
	return p.config.Ledger.Put(state.ID, asked.Call.N, Record{
		Receipt: attributiontypes.ReceiptID(
			state.ID[:],
			asked.Call.N,
		), Time: asked.Asked.UTC(), Key: nameOf(asked), Model: modelName(state.ModelID),
		Provider: state.Provider, Fee: math.NewIntFromBigInt(asked.MaxFee.Big()), Sources: []api.Source{}, Refused: why,
		Payment: paymentUnknown,
	})
}
