package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/openledger/openledger/openlora/adapters"
	"github.com/openledger/openledger/openlora/api"
	"github.com/openledger/openledger/openlora/engine"
	"github.com/openledger/openledger/openlora/outbox"
	"github.com/openledger/openledger/openlora/retrieval"
	"github.com/openledger/openledger/poa"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
)

// exchange is one call while it is being answered.
type exchange struct {
	gateway  *Gateway
	request  *api.Request
	chain    attributiontypes.Session
	state    outbox.Session
	call     outbox.Call
	price    poa.Price
	library  *retrieval.Library
	input    uint32                      // canonical tokens of the question
	most     int                         // canonical tokens of the answer
	adapter  *adapters.Lease             // nil: the base alone
	may      func(context.Context) error // whether this gateway signs in the session; nil says yes
	byHeader bool                        // it is paid by the headers of x402
	arrived  time.Time                   // of the request
	began    time.Time                   // of the answer
	spoken   bool                        // the engine has said something

	asked func(attributiontypes.Session) error // what the chain is asked beside the session: who holds the fence
	// fresh waits for the session as the chain has it now, where chain is what it said for an earlier call; else nil.
	fresh    func() (attributiontypes.Session, error)
	recorded *recording // of the call
}

// chat answers POST /v1/chat/completions.
func (g *Gateway) chat(w http.ResponseWriter, r *http.Request) { g.complete(w, r, api.ParseChat) }

// prompt answers POST /v1/completions.
func (g *Gateway) prompt(w http.ResponseWriter, r *http.Request) { g.complete(w, r, api.ParsePrompt) }

func (g *Gateway) complete(w http.ResponseWriter, r *http.Request, parse func([]byte) (*api.Request, error)) {
	body, err := g.read(w, r)
	if err != nil {
		g.refuse(w, r, nil, err)
		return
	}
	request, err := parse(body)
	if err != nil {
		g.refuse(w, r, nil, err)
		return
	}
	if err = g.takePayment(r, request); err == nil {
		err = g.checkRequest(r.Context(), request)
	}
	if err != nil {
		g.refuse(w, r, request, err)
		return
	}
	x, err := g.newExchange(request)
	if err == nil {
		err = x.recognize(r.Context())
	}
	if err != nil {
		g.refuse(w, r, request, err)
		return
	}
	x.byHeader = byHeader(r)
	id := request.OpenLedger.Session
	if !g.sessions.lock(r.Context(), id) {
		g.refuse(w, r, request, &httpError{status: http.StatusConflict, code: "session_busy",
			message: "a call of this session is in flight: wait for its answer, or open another session to ask in parallel"})
		return
	}
	defer g.sessions.unlock(id)
	repeated, err := x.expect(r.Context())
	if err != nil {
		g.refuse(w, r, request, err)
		return
	}
	if repeated != nil {
		x.replay(w, repeated)
		return
	}
	place, err := g.turns.arrive(r.Context(), x.chain.ModelId)
	if err != nil {
		g.refuse(w, r, request, err)
		return
	}
	defer place.leave()
	leave, err := x.turn(r.Context(), place)
	if err != nil {
		g.refuse(w, r, request, place.refused(err))
		return
	}
	defer leave()
	repeated, err = x.begin(r.Context())
	if err != nil {
		g.refuse(w, r, request, err)
		return
	}
	defer x.adapter.Release()
	if repeated != nil {
		x.replay(w, repeated)
		return
	}
	if refused := x.serve(r.Context(), w); refused != nil {
		g.refuse(w, r, request, refused)
	}
}

// reloadAfter is the time that a request may wait before its session is read again.
const reloadAfter = 2 * time.Second

// turn loads the text and the adapter of a recognized call into memory, and waits for its turn. It fetches before it
// waits, so that a slow download does not delay other answers. leave ends the turn.
func (x *exchange) turn(ctx context.Context, place *place) (leave func(), err error) {
	if err := x.loadAll(place); err != nil {
		return nil, err
	}
	waiting, cancel := context.WithTimeout(place.ctx, x.gateway.Limits.AnswerTimeout)
	defer cancel()
	leave, _, err = x.gateway.turns.enter(waiting, x.chain.ModelId)
	if err != nil {
		return nil, err
	}
	if err := place.run(); err != nil {
		leave()
		return nil, err
	}
	if time.Since(x.arrived) > reloadAfter {
		x.asked = nil
		if err := x.reload(ctx); err != nil {
			leave()
			return nil, err
		}
	}
	return leave, nil
}

// loadAll loads the text and the adapter of a call into memory.
func (x *exchange) loadAll(place *place) error {
	if !x.gateway.inMemory(x.chain.ModelId, x.chain.ModelVersion) {
		loaded, err := place.load()
		if err != nil {
			return err
		}
		defer loaded()
	}
	if err := x.loadLibrary(place.ctx); err != nil {
		return err
	}
	x.prepare(place.ctx)
	return nil
}

// checkRequest refuses what cannot be answered before anything is looked up.
func (g *Gateway) checkRequest(ctx context.Context, request *api.Request) error {
	if len(request.Messages) == 0 {
		return badRequest("messages", "no messages: ask something")
	}
	if request.Question() == "" {
		return badRequest("messages", "no message of the user")
	}
	if request.Model != "" {
		if _, err := g.served(ctx, request.Model); err != nil {
			return err
		}
	}
	if err := g.Engine.Accepts(request.Options); err != nil {
		return err
	}
	if request.OpenLedger == nil {
		return &httpError{
			status: http.StatusPaymentRequired, code: "voucher_required", param: "openledger",
			message: "this model is paid for each answer: open a session with `openledgerd tx attribution open-session` or " +
				"`openlorad ask`, and send a signed voucher in the field \"openledger\" (docs/dapp.md) or in PAYMENT-SIGNATURE " +
				"(docs/x402.md)",
		}
	}
	return nil
}

// begin checks the rest of the voucher and has the call stored before anything is answered, so that every refusal comes
// before the answer. For a call that was answered before, it returns the stored call. A call that failed before is
// answered anew. The adapter of the call stays in memory until it is released.
func (x *exchange) begin(ctx context.Context) (repeated *outbox.Call, err error) {
	if x.fresh != nil {
		if began := x.beginKept(ctx); began {
			return nil, nil
		}
		if err := x.reload(ctx); err != nil {
			return nil, err
		}
	}
	if err = x.finishLast(ctx); err != nil {
		return nil, err
	}
	again, repeated := x.again()
	if repeated != nil {
		return repeated, nil
	}
	if err = x.mayAnswer(ctx); err != nil {
		return nil, err
	}
	if x.most, err = x.affordable(x.call.MaxFee); err != nil {
		return nil, err
	}
	if x.adapter, err = x.lease(ctx); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			x.adapter.Release()
		}
	}()
	if again {
		// The client repeats a call that failed, as OpenAI's clients do by themselves. The rest of its voucher was checked
		// the first time.
		x.call.CumulativeMax, x.call.Signature = x.state.Voucher.CumulativeMax, x.state.Voucher.Signature
		if err := x.gateway.Outbox.Reopen(x.state.ID, x.call); err == nil || !errors.Is(err, outbox.ErrBatched) {
			return nil, err
		}
	}
	if err = x.takeVoucher(); err != nil {
		return nil, err
	}
	return nil, x.gateway.Outbox.Advance(x.state, x.call)
}

// serve answers, streamed or not. A call that fails before anything was sent is recorded as a gap. An answer is
// completed even if the client leaves: the voucher pays for it, and a client that lost it can ask again. It returns an
// error if the call was not recorded: then nothing was sent, and the client is to be told.
func (x *exchange) serve(ctx context.Context, w http.ResponseWriter) (refused error) {
	x.began = time.Now()
	outcome := outcomeFailed
	defer func() {
		_ = x.recorded.wait() // the session is not left before
		x.gateway.metrics.answerSeconds.WithLabelValues(outcome).Observe(time.Since(x.began).Seconds())
	}()
	stream := newStream(w, x.request, x.id(), x.state.ModelID)
	// The work does not end with the client's connection, because the client pays for it. It ends with the time limit.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), x.gateway.Limits.AnswerTimeout)
	defer cancel()
	if x.request.Stream {
		x.settle(w, x.settled(x.id(), "")) // it goes out when the voucher is on disk, before the fee is known
		defer x.recorded.keepAlive(stream, x.gateway.Limits.KeepAlive)()
	}
	answer, err := x.answer(ctx, stream)
	if refused := x.recorded.wait(); refused != nil {
		return refused
	}
	if errors.Is(err, engine.ErrSilent) {
		err = x.silent(stream, answer.message.Content)
		if err == nil {
			outcome = outcomeSilent
			return nil
		}
	}
	if err != nil {
		x.gateway.metrics.gaps.Add(1)
		x.call.Started, x.call.Gap = false, true
		if stored := x.gateway.Outbox.Advance(x.state, x.call); stored != nil {
			x.abort(errors.Join(err, stored))
		}
		x.failed(stream, err)
		return nil
	}
	response := x.response(answer)
	if err := x.finish(answer, response); err != nil {
		x.abort(err)
	}
	outcome = outcomeAnswered
	x.gateway.metrics.answers.Add(1)
	x.gateway.metrics.tokens.Add(float64(answer.proof.OutputTokens))
	if x.adapter != nil {
		label := x.gateway.metrics.modelLabel(x.state.ModelID)
		x.gateway.metrics.adapters.tokens.WithLabelValues(label).Add(float64(answer.proof.OutputTokens))
	}
	// Tool calls are sent when they are signed for, like an answer that is not streamed.
	if !x.request.Stream || stream.toolCalls(answer.message.ToolCalls) == nil {
		x.deliver(stream, response)
	}
	return nil
}

// deliver ends the answer. An answer that is not streamed also states its cost in its headers.
func (x *exchange) deliver(to *stream, response api.ChatResponse) {
	if !x.request.Stream {
		x.settle(to.w, x.settled(x.id(), response.OpenLedger.Fee))
	}
	to.deliver(response)
}

// silent tells the client that the sources say nothing. The call is a gap: there is no charge, no royalty and no
// signature. It is stored first, as an answer is, so that a client that lost it gets it again.
func (x *exchange) silent(to *stream, text string) error {
	response := x.response(
		answered{message: api.Message{Role: "assistant", Content: text}, finish: engine.FinishStop, proof: &api.Answer{
			ReceiptID: x.id(), Session: x.state.ID, N: x.state.N, Fee: "0", Spans: []api.Span{}, Sources: []api.Source{},
			Gap: true,
		}})
	encoded, err := json.Marshal(response)
	if err != nil {
		return err
	}
	x.call.Started, x.call.Gap, x.call.Response, x.call.Retrieved = false, true, encoded, nil
	if err := x.gateway.Outbox.Advance(x.state, x.call); err != nil {
		return err
	}
	x.gateway.metrics.silences.Add(1)
	if !x.request.Stream || to.Piece(text) == nil {
		x.deliver(to, response)
	}
	return nil
}

// abort ends the connection of a call whose outcome could not be stored. The client must not take it for a gap, or for
// an answer: it asks again under its voucher, and then learns what is stored.
func (x *exchange) abort(err error) {
	x.gateway.metrics.errors.Add(1)
	x.gateway.Log.Error("the outcome of a call cannot be stored: is the disk full?", "receipt", x.id(), "err", err)
	panic(http.ErrAbortHandler)
}

// failed tells the client that the call is a gap.
func (x *exchange) failed(stream *stream, err error) {
	known := gapError(err)
	if known.status >= http.StatusInternalServerError {
		x.gateway.Log.Error("answer failed", "receipt", x.id(), "err", err)
	}
	if stream.Begun() {
		x.gateway.metrics.errors.Add(1)
		_ = stream.Fail(known.body())
		return
	}
	x.settle(stream.w, x.gateway.unsettled(known, x.chain.Payer))
	x.gateway.fail(stream.w, known)
}

// gapError returns the error that a client gets for a failed call. It tells the client whether it may repeat the call.
func gapError(err error) *httpError {
	var known *httpError
	var upstream *engine.UpstreamError
	var parameter *api.ParameterError
	const again = "; nothing is charged: the same request may be sent again, with the same voucher"
	switch {
	case errors.As(err, &known):
		copied := *known
		known = &copied
	case errors.As(err, &parameter):
		known = &httpError{status: http.StatusBadRequest, code: parameter.Code, param: parameter.Param,
			message: parameter.Error()}
	case errors.As(err, &upstream) && upstream.Refused:
		known = &httpError{status: http.StatusBadRequest, code: "upstream_refused",
			message: "the model server refused the request: " + upstream.Message}
	case errors.As(err, &upstream) && upstream.Busy:
		known = &httpError{status: http.StatusServiceUnavailable, code: "upstream_busy",
			message: "the model server takes no more requests for now" + again, retryAfter: upstream.RetryAfter}
	default:
		known = &httpError{status: http.StatusBadGateway, code: "answer_failed",
			message: "the answer could not be made" + again}
	}
	known.gap = true
	return known
}

func (x *exchange) id() string { return attributiontypes.ReceiptID(x.state.ID[:], x.state.N) }

// response is the whole answer in OpenAI's form.
func (x *exchange) response(a answered) api.ChatResponse {
	return api.ChatResponse{
		ID: "chatcmpl-" + x.id(), Object: "chat.completion", Created: time.Now().Unix(), Model: ModelName(x.state.ModelID),
		Choices: []api.Choice{{Message: &a.message, FinishReason: &a.finish}},
		Usage: &api.Usage{
			PromptTokens: a.proof.InputTokens, CompletionTokens: a.proof.OutputTokens,
			TotalTokens: a.proof.InputTokens + a.proof.OutputTokens,
		},
		OpenLedger: a.proof,
	}
}

// finish stores the outcome before the client learns it.
func (x *exchange) finish(a answered, response api.ChatResponse) error {
	encoded, err := json.Marshal(response)
	if err != nil {
		return err
	}
	x.call.Started, x.call.Answer, x.call.Response = false, a.message.Answered(), encoded
	x.state.Last, x.state.Gaps = x.call.Outcome, 0
	if x.state.Spent, err = x.state.Spent.Add(x.call.Outcome.Fee); err != nil {
		return err
	}
	return x.gateway.Outbox.Advance(x.state, x.call)
}

// replay repeats the stored answer of a call, so that a client that lost the connection pays once.
func (x *exchange) replay(w http.ResponseWriter, call *outbox.Call) {
	var response api.ChatResponse
	if err := json.Unmarshal(call.Response, &response); err != nil {
		x.gateway.fail(w, err)
		return
	}
	stream := newStream(w, x.request, x.id(), x.state.ModelID)
	if x.request.Stream {
		x.settle(w, x.settled(x.id(), response.OpenLedger.Fee))
	}
	message := response.Choices[0].Message
	if !x.request.Stream || stream.Piece(message.Content) == nil && stream.toolCalls(message.ToolCalls) == nil {
		x.deliver(stream, response)
	}
}

// ModelName returns the name of a model in the API.
func ModelName(id uint64) string { return "openledger/" + strconv.FormatUint(id, 10) }
