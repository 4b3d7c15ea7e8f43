package gateway

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/hdevalence/ed25519consensus"

	"github.com/openledger/openledger/openlora/api"
	"github.com/openledger/openledger/openlora/outbox"
	"github.com/openledger/openledger/poa"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
)

// ask begins to ask the chain whether this gateway holds the fence, unless it has just said so.
func (x *exchange) ask(ctx context.Context) {
	if holder := x.gateway.holder; holder != nil && !holder.Sure() {
		x.asked = holder.Ask(ctx)
	}
}

// mayAsk has the chain say later whether this gateway may sign in the session. It needs to have claimed the fence.
func (x *exchange) mayAsk() error {
	g, session := x.gateway, x.chain
	if g.holder == nil {
		return &httpError{status: http.StatusServiceUnavailable, code: "starting",
			message: "the gateway has not claimed its provider's fence yet: try again"}
	}
	x.may = func(ctx context.Context) error {
		if g.holder.Sure() && g.holder.Pins(session) {
			return nil
		}
		return patiently(ctx, func(ctx context.Context) error { return g.fenced(g.holder.May(ctx, session)) })
	}
	return nil
}

// mayAnswer refuses calls that another memory of the provider's calls may have answered, or may yet.
func (x *exchange) mayAnswer(ctx context.Context) error {
	g := x.gateway
	if err := x.mayAsk(); err != nil {
		return err
	}
	if x.chain.Calls > x.state.N {
		g.Log.Error("the chain has calls that the outbox does not know: was it restored? Start the gateway again", "session",
			x.state.ID, "recorded", x.chain.Calls, "known", x.state.N)
		return g.fenced(
			fmt.Errorf("%w: calls of it were answered that are not known here: close it and open another", outbox.ErrFenced))
	}
	if x.asked == nil {
		return x.may(ctx)
	}
	err := g.fenced(x.asked(x.chain))
	if unreachable(err) {
		return x.may(ctx)
	}
	return err
}

// fenced turns outbox.ErrFenced into what clients understand.
func (g *Gateway) fenced(err error) error {
	if !errors.Is(err, outbox.ErrFenced) {
		return err
	}
	return &httpError{status: http.StatusConflict, code: api.CodeFenced, param: "openledger.session", message: err.Error()}
}

// newExchange returns a call that has not been looked up yet.
func (g *Gateway) newExchange(request *api.Request) (*exchange, error) {
	paid := request.OpenLedger
	maxFee, err := outbox.ParseAmount(paid.MaxFee)
	if err != nil {
		return nil, badRequest("openledger.max_fee", "%s", err)
	}
	query := api.QueryHash(paid.CallKey, request.Query)
	call := poa.Call{QueryHash: query, MaxFee: maxFee}
	return &exchange{gateway: g, request: request, input: request.InputTokens(), arrived: time.Now(),
		call: outbox.Call{N: paid.N, Hash: call.Hash(), CallKey: paid.CallKey, QueryHash: query, MaxFee: maxFee,
			Started: true}}, nil
}

// recognize checks that the call's voucher is signed by the key of an open session of this gateway. It takes the
// session as the chain said it for an earlier call, if there was one, and begins to ask what the chain says now.
// Everybody can send requests up to here, so it loads nothing and holds no session.
func (x *exchange) recognize(ctx context.Context) error {
	x.ask(ctx)
	paid := x.request.OpenLedger
	kept, ok := x.gateway.kept.get(paid.Session)
	if ok && x.take(kept) == nil && x.gateway.checkOpen(kept, x.request.Model) == nil {
		fresh := sync.OnceValues(func() (attributiontypes.Session, error) {
			return x.gateway.readSession(ctx, paid.Session)
		})
		go func() { _, _ = fresh() }()
		x.fresh = fresh
	} else if err := x.gateway.admit(func() error { return x.load(ctx) }); err != nil {
		return err
	}
	return x.checkSignature(paid.N, paid.CumulativeMax, paid.Head, paid.Signature)
}

// admit reads the session of a request that nobody has paid for yet. It bounds how many are read at a time.
func (g *Gateway) admit(read func() error) error {
	select {
	case g.reading <- struct{}{}:
		defer func() { <-g.reading }()
		return read()
	default:
		return overloaded()
	}
}

// load reads the session from the chain, and refuses one in which nothing is answered any more.
func (x *exchange) load(ctx context.Context) error {
	if err := x.read(ctx); err != nil {
		return err
	}
	return x.gateway.checkOpen(x.chain, x.request.Model)
}

// reload reads a session again, because the stored copy does not fit the call. The caller holds the session.
func (x *exchange) reload(ctx context.Context) error {
	x.fresh = nil
	if err := x.load(ctx); err != nil {
		return err
	}
	return x.resume()
}

// read reads a session of this gateway from the chain.
func (x *exchange) read(ctx context.Context) error {
	session, err := x.gateway.readSession(ctx, x.request.OpenLedger.Session)
	if err != nil {
		return err
	}
	return x.take(session)
}

// take goes on from a session of this gateway as the chain has it.
func (x *exchange) take(session attributiontypes.Session) (err error) {
	x.chain = session
	if err := x.gateway.checkOurs(x.chain); err != nil {
		return err
	}
	x.price, err = x.chain.Price.Packed()
	return err
}

// resume reads from the outbox where the gateway is in the session. The caller holds the session.
func (x *exchange) resume() (err error) {
	x.state, err = x.gateway.sessionState(x.request.OpenLedger.Session, x.chain)
	return err
}

// expect refuses a call that is neither the next one of its session nor its last one again. It returns the last one if
// that was answered. The caller holds the session.
func (x *exchange) expect(ctx context.Context) (answered *outbox.Call, err error) {
	if err := x.resume(); err != nil {
		return nil, err
	}
	again, answered := x.again()
	if again || x.checkNext(x.call.N) == nil {
		return answered, nil
	}
	// The session may go on elsewhere: at another gateway of the provider, or in an outbox that was replaced. A client
	// must know that, not the next number.
	if err := x.reload(ctx); err != nil {
		return nil, err
	}
	if err := x.mayAnswer(ctx); err != nil {
		return nil, err
	}
	return nil, x.checkNext(x.call.N)
}

// again reports whether the call is the last one of its session, and returns that if it was answered.
func (x *exchange) again() (again bool, answered *outbox.Call) {
	if x.call.N != x.state.N || x.call.N == 0 {
		return false, nil
	}
	stored, err := x.gateway.Outbox.Call(x.state.ID, x.call.N)
	if err != nil || stored.Hash != x.call.Hash {
		return false, nil
	}
	if len(stored.Response) == 0 {
		return true, nil
	}
	return true, &stored
}

// loadLibrary loads the text of the session's model version, if it is not in memory.
func (x *exchange) loadLibrary(ctx context.Context) (err error) {
	x.library, err = x.gateway.libraryFor(ctx, x.chain.ModelId, x.chain.ModelVersion)
	return err
}

// checkOurs refuses sessions in which this gateway cannot sign.
func (g *Gateway) checkOurs(session attributiontypes.Session) error {
	if session.Provider != g.Provider.String() {
		return badRequest("openledger.session", "the session is with %s, this is %s", session.Provider, g.Provider)
	}
	if string(session.AnswerKey) != string(g.AnswerKey.Public().(ed25519.PublicKey)) {
		return &httpError{status: http.StatusConflict, code: api.CodeAnswerKey, param: "openledger.session",
			message: "the session was opened for another answer key of this provider: open another"}
	}
	return nil
}

// checkOpen refuses sessions that are closing, or for another model.
func (g *Gateway) checkOpen(session attributiontypes.Session, model string) error {
	if session.Status != attributiontypes.SESSION_STATUS_OPEN {
		return &httpError{status: http.StatusPaymentRequired, code: api.CodeClosed, param: "openledger.session",
			message: "the session is closing: open another"}
	}
	if model != "" && model != ModelName(session.ModelId) {
		return &httpError{status: http.StatusNotFound, code: "model_not_found", param: "model",
			message: fmt.Sprintf("the session pays for %s, not for %q", ModelName(session.ModelId), model)}
	}
	return nil
}

// sessionState returns where the gateway is in a session; at first that is what
// the chain has recorded.
func (g *Gateway) sessionState(id poa.Hash, session attributiontypes.Session) (outbox.Session, error) {
	state, err := g.Outbox.Session(id)
	if err == nil && state.Broken != "" {
		return state, &httpError{status: http.StatusConflict, code: api.CodeBroken, param: "openledger.session",
			message: "receipts of this session were refused: open another"}
	}
	if !errors.Is(err, outbox.ErrNotFound) {
		return state, err
	}
	state = outbox.Session{ID: id, ModelID: session.ModelId, ModelVersion: session.ModelVersion, N: session.Calls,
		Batched: session.Calls}
	if state.Head, err = poa.HashFromBytes(session.Head); err != nil {
		return state, err
	}
	if state.Last, err = session.Last.Packed(); err != nil {
		return state, err
	}
	state.Spent, err = poa.AmountFromBig(session.Spent.BigInt())
	return state, err
}

// maxGaps bounds the calls without an answer, one after another, that a session may have: each of them is recorded, and
// nobody pays for it.
const maxGaps = 256

const codeDeposit = "insufficient_deposit"

// takeVoucher checks the voucher that came with the call.
func (x *exchange) takeVoucher() error {
	paid := x.request.OpenLedger
	err := x.checkVoucher(x.call.N, x.call.Hash, x.call.MaxFee, paid.CumulativeMax, paid.Head, paid.Signature)
	if err != nil {
		return err
	}
	x.call.CumulativeMax, x.call.Signature = x.state.Voucher.CumulativeMax, paid.Signature
	return nil
}

// covered refuses a call whose maximum is more than what is left of the deposit.
func (x *exchange) covered(maxFee poa.Amount) error {
	needed, err := x.state.Spent.Add(maxFee)
	if err != nil {
		return err
	}
	deposit, err := poa.AmountFromBig(x.chain.Deposit.Add(x.chain.Spent).BigInt())
	if err != nil {
		return err
	}
	if needed.Cmp(deposit) > 0 {
		return &httpError{status: http.StatusPaymentRequired, code: codeDeposit, param: "openledger.max_fee",
			message: fmt.Sprintf("spent and maximum are %s aopen, the deposit was %s: top up the session or lower max_fee",
				needed, deposit)}
	}
	return nil
}

// checkNext refuses a call that is not the next one of its session.
func (x *exchange) checkNext(n uint64) error {
	if n == x.state.N+1 {
		return nil
	}
	return &httpError{status: http.StatusConflict, code: "call_out_of_order", param: "openledger.n",
		message: fmt.Sprintf("call %d, the next is %d: see GET /v1/openledger/sessions/%s", n, x.state.N+1, x.state.ID)}
}

// checkSignature checks that the session key signed a voucher. It needs nothing but the session on chain.
func (x *exchange) checkSignature(n uint64, cumulative string, head poa.Hash, signature []byte) error {
	allowed, err := outbox.ParseAmount(cumulative)
	if err != nil {
		return badRequest("openledger.cumulative_max", "%s", err)
	}
	voucher := poa.Voucher{
		ChainID: x.gateway.Node.ChainID, Session: x.request.OpenLedger.Session, Provider: x.gateway.Provider.Address,
		ModelID: x.chain.ModelId, ModelVersion: x.chain.ModelVersion, Price: x.price, N: n, Head: head,
		CumulativeMax: allowed,
	}
	if !ed25519consensus.Verify(x.chain.SessionKey, voucher.SignBytes(), signature) {
		return badRequest("openledger.signature", "the signature is not of the session key over this voucher")
	}
	return nil
}

// checkVoucher checks the voucher of the next call, whose signature was checked before, and moves the state to it.
func (x *exchange) checkVoucher(n uint64, call poa.Hash, maxFee poa.Amount, cumulative string, head poa.Hash,
	signature []byte) error {
	state := &x.state
	if err := x.checkNext(n); err != nil {
		return err
	}
	if state.Gaps >= maxGaps {
		return &httpError{status: http.StatusConflict, code: api.CodeTooManyGap, param: "openledger.session",
			message: fmt.Sprintf(
				"the last %d calls of this session have no answer: close it, which returns the deposit, and open another",
				state.Gaps)}
	}
	if want := poa.NextHash(state.Head, call, state.Last); head != want {
		return &httpError{status: http.StatusConflict, code: "wrong_head", param: "openledger.head",
			message: fmt.Sprintf("head %s, these calls give %s: the voucher acknowledges another answer", head, want)}
	}
	allowed, err := outbox.ParseAmount(cumulative)
	if err != nil {
		return badRequest("openledger.cumulative_max", "%s", err)
	}
	if allowed.Big().BitLen() > attributiontypes.MaxAmountBits { // the chain would refuse the whole batch
		return badRequest("openledger.cumulative_max", "%s is more than there can be: the chain takes no such voucher",
			allowed)
	}
	needed, err := state.Spent.Add(maxFee)
	if err != nil || allowed.Cmp(needed) < 0 {
		return badRequest("openledger.cumulative_max", "%s is below what was spent and the maximum of this call, %s", allowed,
			needed)
	}
	if err := x.covered(maxFee); err != nil {
		return err
	}
	state.N, state.Head, state.Last, state.Gaps = n, head, poa.Outcome{}, state.Gaps+1
	state.Voucher = outbox.Voucher{N: n, Call: call, CumulativeMax: allowed, Signature: signature}
	return nil
}
