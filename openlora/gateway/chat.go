package gateway

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/hdevalence/ed25519consensus"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/openledger/openledger/openlora/api"
	"github.com/openledger/openledger/openlora/engine"
	"github.com/openledger/openledger/openlora/outbox"
	"github.com/openledger/openledger/openlora/retrieval"
	"github.com/openledger/openledger/poa"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
)

// exchange is one call on its way.
type exchange struct {
	gateway *Gateway
	request api.ChatRequest
	chain   attributiontypes.Session
	state   outbox.Session
	call    outbox.Call
	price   poa.Price
	library *retrieval.Library
	may     func(context.Context) error // whether this gateway signs in the session; nil says yes
}

// chat answers POST /v1/chat/completions.
func (g *Gateway) chat(w http.ResponseWriter, r *http.Request) {
	var request api.ChatRequest
	if err := g.decode(w, r, &request); err != nil {
		g.fail(w, err)
		return
	}
	if err := g.checkRequest(request); err != nil {
		g.fail(w, err)
		return
	}
	id := request.OpenLedger.Session
	if !g.sessions.lock(r.Context(), id) {
		g.fail(w, &httpError{status: http.StatusConflict, code: "session_busy", message: "a call of this session is in flight: wait for its answer, or open another session to ask in parallel"})
		return
	}
	defer g.sessions.unlock(id)
	select {
	case g.slots <- struct{}{}:
		defer func() { <-g.slots }()
	default:
		g.fail(w, &httpError{status: http.StatusServiceUnavailable, code: "overloaded", message: "all slots are answering: try again"})
		return
	}
	x, repeated, err := g.begin(r.Context(), request)
	if err != nil {
		g.fail(w, err)
		return
	}
	if repeated != nil {
		g.replay(w, request, repeated)
		return
	}
	x.serve(r.Context(), w)
}

// checkRequest refuses what cannot be answered before anything is looked up.
func (g *Gateway) checkRequest(request api.ChatRequest) error {
	if len(request.Messages) == 0 {
		return badRequest("messages", "no messages: ask something")
	}
	if (engine.Request{Messages: request.Messages}).Question() == "" {
		return badRequest("messages", "no message of the user")
	}
	if request.OpenLedger == nil {
		return &httpError{
			status: http.StatusPaymentRequired, code: "voucher_required", param: "openledger",
			message: "this model is paid for each answer: open a session with `openledgerd tx attribution open-session` or `openlorad ask`, and send a signed voucher in the field \"openledger\" (docs/dapp.md)",
		}
	}
	return nil
}

// begin checks the voucher and stores the call before anything is answered. For
// a call that was answered before it returns the stored call.
func (g *Gateway) begin(ctx context.Context, request api.ChatRequest) (*exchange, *outbox.Call, error) {
	paid := request.OpenLedger
	x := &exchange{gateway: g, request: request}
	if err := x.load(ctx); err != nil {
		return nil, nil, err
	}
	query, err := api.QueryHash(paid.CallKey, request.Messages)
	if err != nil {
		return nil, nil, err
	}
	maxFee, err := outbox.ParseAmount(paid.MaxFee)
	if err != nil {
		return nil, nil, badRequest("openledger.max_fee", "%s", err)
	}
	call := poa.Call{QueryHash: query, MaxFee: maxFee}
	if paid.N == x.state.N && paid.N > 0 {
		stored, err := g.Outbox.Call(paid.Session, paid.N)
		if err == nil && stored.Hash == call.Hash() && len(stored.Response) > 0 {
			return nil, &stored, nil
		}
	}
	if err := x.mayAnswer(ctx); err != nil {
		return nil, nil, err
	}
	if err := x.checkVoucher(paid.N, call.Hash(), maxFee, paid.CumulativeMax, paid.Head, paid.Signature); err != nil {
		return nil, nil, err
	}
	x.call = outbox.Call{
		N: paid.N, Hash: call.Hash(), CallKey: paid.CallKey, QueryHash: query, MaxFee: maxFee, Started: true,
		CumulativeMax: x.state.Voucher.CumulativeMax, Signature: paid.Signature,
	}
	return x, nil, g.Outbox.Advance(x.state, x.call)
}

// mayAnswer refuses calls that another memory of the provider's calls may have answered, or may yet.
func (x *exchange) mayAnswer(ctx context.Context) error {
	g := x.gateway
	if g.holder == nil {
		return &httpError{status: http.StatusServiceUnavailable, code: "starting", message: "the gateway has not claimed its provider's fence yet: try again"}
	}
	x.may = func(ctx context.Context) error {
		return patiently(ctx, func(ctx context.Context) error { return g.fenced(g.holder.May(ctx, x.chain)) })
	}
	if x.chain.Calls > x.state.N {
		g.Log.Error("the chain has calls that the outbox does not know: was it restored? Start the gateway again", "session", x.state.ID, "recorded", x.chain.Calls, "known", x.state.N)
		return g.fenced(fmt.Errorf("%w: calls of it were answered that are not known here: close it and open another", outbox.ErrFenced))
	}
	return x.may(ctx)
}

// fenced turns outbox.ErrFenced into what clients understand.
func (g *Gateway) fenced(err error) error {
	if !errors.Is(err, outbox.ErrFenced) {
		return err
	}
	return &httpError{status: http.StatusConflict, code: api.CodeFenced, param: "openledger.session", message: err.Error()}
}

// load reads the session from the chain and from the outbox.
func (x *exchange) load(ctx context.Context) error {
	g, id := x.gateway, x.request.OpenLedger.Session
	var response *attributiontypes.QuerySessionResponse
	err := patiently(ctx, func(ctx context.Context) (err error) {
		response, err = g.Node.Attribution.Session(ctx, &attributiontypes.QuerySessionRequest{SessionId: id.String()})
		return err
	})
	switch code := status.Code(err); {
	case code == codes.NotFound || code == codes.InvalidArgument:
		return badRequest("openledger.session", "session %s: %s", id, err)
	case err != nil:
		return err
	}
	x.chain = response.Session
	if err := g.checkSession(x.chain, x.request.Model); err != nil {
		return err
	}
	if x.price, err = x.chain.Price.Packed(); err != nil {
		return err
	}
	if x.library, err = g.Library(x.chain.ModelId, x.chain.ModelVersion); err != nil {
		return err
	}
	x.state, err = g.sessionState(id, x.chain)
	return err
}

// checkSession refuses sessions that are not ours, closed, or for another model.
func (g *Gateway) checkSession(session attributiontypes.Session, model string) error {
	if session.Provider != g.Provider.String() {
		return badRequest("openledger.session", "the session is with %s, this is %s", session.Provider, g.Provider)
	}
	if session.Status != attributiontypes.SESSION_STATUS_OPEN {
		return &httpError{status: http.StatusPaymentRequired, code: "session_closed", param: "openledger.session", message: "the session is closing: open another"}
	}
	if string(session.AnswerKey) != string(g.AnswerKey.Public().(ed25519.PublicKey)) {
		return badRequest("openledger.session", "the session was opened for another answer key of this provider: open another")
	}
	if model != "" && model != ModelName(session.ModelId) {
		return &httpError{status: http.StatusNotFound, code: "model_not_found", param: "model", message: fmt.Sprintf("the session pays for %s, not for %q", ModelName(session.ModelId), model)}
	}
	return nil
}

// sessionState returns where the gateway is in a session; at first that is what
// the chain has recorded.
func (g *Gateway) sessionState(id poa.Hash, session attributiontypes.Session) (outbox.Session, error) {
	state, err := g.Outbox.Session(id)
	if err == nil && state.Broken != "" {
		return state, &httpError{status: http.StatusConflict, code: "session_broken", param: "openledger.session", message: "receipts of this session were refused: open another"}
	}
	if !errors.Is(err, outbox.ErrNotFound) {
		return state, err
	}
	state = outbox.Session{ID: id, ModelID: session.ModelId, ModelVersion: session.ModelVersion, N: session.Calls, Batched: session.Calls}
	if state.Head, err = poa.HashFromBytes(session.Head); err != nil {
		return state, err
	}
	if state.Last, err = session.Last.Packed(); err != nil {
		return state, err
	}
	state.Spent, err = poa.AmountFromBig(session.Spent.BigInt())
	return state, err
}

// checkVoucher checks the voucher of the next call and moves the state to it.
func (x *exchange) checkVoucher(n uint64, call poa.Hash, maxFee poa.Amount, cumulative string, head poa.Hash, signature []byte) error {
	state := &x.state
	if n != state.N+1 {
		return &httpError{status: http.StatusConflict, code: "call_out_of_order", param: "openledger.n", message: fmt.Sprintf("call %d, the next is %d: see GET /v1/openledger/sessions/%s", n, state.N+1, state.ID)}
	}
	if want := poa.NextHash(state.Head, call, state.Last); head != want {
		return &httpError{status: http.StatusConflict, code: "wrong_head", param: "openledger.head", message: fmt.Sprintf("head %s, these calls give %s: the voucher acknowledges another answer", head, want)}
	}
	allowed, err := outbox.ParseAmount(cumulative)
	if err != nil {
		return badRequest("openledger.cumulative_max", "%s", err)
	}
	if allowed.Big().BitLen() > attributiontypes.MaxAmountBits { // the chain would refuse the whole batch
		return badRequest("openledger.cumulative_max", "%s is more than there can be: the chain takes no such voucher", allowed)
	}
	needed, err := state.Spent.Add(maxFee)
	if err != nil || allowed.Cmp(needed) < 0 {
		return badRequest("openledger.cumulative_max", "%s is below what was spent and the maximum of this call, %s", allowed, needed)
	}
	deposit, err := poa.AmountFromBig(x.chain.Deposit.Add(x.chain.Spent).BigInt())
	if err != nil {
		return err
	}
	if needed.Cmp(deposit) > 0 {
		return &httpError{status: http.StatusPaymentRequired, code: "insufficient_deposit", param: "openledger.max_fee", message: fmt.Sprintf("spent and maximum are %s aopen, the deposit was %s: top up the session or lower max_fee", needed, deposit)}
	}
	voucher := poa.Voucher{
		ChainID: x.gateway.Node.ChainID, Session: state.ID, Provider: x.gateway.Provider.Address,
		ModelID: state.ModelID, ModelVersion: state.ModelVersion, Price: x.price, N: n, Head: head, CumulativeMax: allowed,
	}
	if !ed25519consensus.Verify(x.chain.SessionKey, voucher.SignBytes(), signature) {
		return badRequest("openledger.signature", "the signature is not of the session key over this voucher")
	}
	state.N, state.Head, state.Last = n, head, poa.Outcome{}
	state.Voucher = outbox.Voucher{N: n, Call: call, CumulativeMax: allowed, Signature: signature}
	return nil
}

// serve answers, streamed or not. A call that fails before anything was sent is recorded as a gap. Whatever the client does, what was sent
// is answered for: the voucher pays for it, and the client that lost it asks again.
func (x *exchange) serve(ctx context.Context, w http.ResponseWriter) {
	stream := newStream(w, x.request, x.id())
	// The client's connection does not end the work that it pays for; the time does.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), x.gateway.Limits.AnswerTimeout)
	defer cancel()
	answer, err := x.answer(ctx, stream)
	if errors.Is(err, engine.ErrSilent) {
		err = x.silent(w, stream, answer.text)
		if err == nil {
			return
		}
	}
	if err != nil {
		x.gateway.metrics.gaps.Add(1)
		x.call.Started, x.call.Gap = false, true
		if stored := x.gateway.Outbox.Advance(x.state, x.call); stored != nil {
			err = errors.Join(err, stored)
		}
		x.failed(w, stream, err)
		return
	}
	response := x.response(answer)
	if err := x.finish(answer, response); err != nil {
		x.failed(w, stream, err)
		return
	}
	x.gateway.metrics.answers.Add(1)
	x.gateway.metrics.tokens.Add(int64(answer.proof.OutputTokens))
	if x.request.Stream {
		stream.end(response)
		return
	}
	writeJSON(w, http.StatusOK, response)
}

// silent tells the client that the sources say nothing. The call is a gap: nothing is charged, so no royalty either, and nothing is signed. It
// is stored first, as an answer is, so that a client that lost it gets it again.
func (x *exchange) silent(w http.ResponseWriter, to *stream, text string) error {
	response := x.response(answered{text: text, finish: "stop", proof: &api.Answer{
		ReceiptID: x.id(), Session: x.state.ID, N: x.state.N, Fee: "0", Spans: []api.Span{}, Sources: []api.Source{}, Gap: true,
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
	if x.request.Stream {
		if to.piece(text) == nil {
			to.end(response)
		}
		return nil
	}
	writeJSON(w, http.StatusOK, response)
	return nil
}

func (x *exchange) failed(w http.ResponseWriter, stream *stream, err error) {
	var known *httpError
	if !errors.As(err, &known) {
		x.gateway.Log.Error("answer failed", "receipt", x.id(), "err", err)
		known = &httpError{status: http.StatusBadGateway, code: "answer_failed", message: "the answer could not be made; nothing is charged"}
	}
	known.gap = true
	if stream.started {
		x.gateway.metrics.errors.Add(1)
		stream.fail(known)
		return
	}
	x.gateway.fail(w, known)
}

func (x *exchange) id() string { return attributiontypes.ReceiptID(x.state.ID[:], x.state.N) }

// answered is an answer with its proof side.
type answered struct {
	text   string
	proof  *api.Answer
	finish string // why it ends: stop, or length
}

// answer retrieves, answers and attributes.
func (x *exchange) answer(ctx context.Context, to *stream) (answered, error) {
	input := api.InputTokens(x.request.Messages)
	maxTokens, err := x.affordable(input)
	if err != nil {
		return answered{}, err
	}
	question := engine.Request{Messages: x.request.Messages, Rarity: x.library.Rarity, MaxTokens: maxTokens}
	for _, segment := range x.library.Search(question.Question(), x.gateway.Limits.Passages) {
		question.Passages = append(question.Passages, segment.Text)
		question.Around = append(question.Around, x.library.Around(segment.Ref))
		x.call.Retrieved = append(x.call.Retrieved, segment.Ref)
	}
	said, finish, err := x.say(ctx, question, to)
	if err != nil {
		return answered{text: said}, err
	}
	if x.may != nil {
		// Another gateway may have started in the meantime. The time for answering may be over, but this one is signed for.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), mayTimeout)
		defer cancel()
		if err := x.may(ctx); err != nil {
			return answered{}, err
		}
	}
	out, err := x.prove(said, input)
	out.finish = finish
	return out, err
}

// mayTimeout bounds the question to the chain whether an answer may be signed.
const mayTimeout = 10 * time.Second

// say has the engine speak, and returns what it has said, cleaned, up to what is paid for. Of a stream that ends early, because the client
// is gone or the engine failed, what was sent is the answer. With engine.ErrSilent it returns what tells the client so.
func (x *exchange) say(ctx context.Context, question engine.Request, to *stream) (text, finish string, err error) {
	paid := bound{most: question.MaxTokens, send: func(string) error { return nil }}
	if x.request.Stream {
		paid.send = to.piece
	}
	var clean cleaner
	emit := func(piece string) error { return paid.emit(clean.add(piece)) }
	text, err = x.gateway.Engine.Answer(ctx, question, emit)
	if errors.Is(err, engine.ErrSilent) && paid.text.Len() == 0 {
		return clean.add(text) + clean.end(), "", err
	}
	if err == nil && paid.text.Len() == 0 {
		err = emit(text) // an engine that does not speak in pieces
	}
	if err == nil {
		err = paid.emit(clean.end())
	}
	text = paid.text.String()
	switch {
	case err == nil:
		return text, "stop", nil
	case errors.Is(err, errFull):
		return text, "length", nil
	case to.started && len(poa.TokenIDs([]byte(text))) > 0:
		x.gateway.Log.Info("the answer ends early: what was sent is charged", "receipt", x.id(), "err", err)
		return text, "length", nil
	}
	return "", "", err
}

// affordable returns how many tokens the answer may have for its maximum fee.
func (x *exchange) affordable(input uint32) (int, error) {
	least, err := x.price.Total(input, 1)
	if err != nil {
		return 0, err
	}
	if least.Cmp(x.call.MaxFee) > 0 {
		return 0, badRequest("openledger.max_fee", "%s aopen, the shortest answer costs %s", x.call.MaxFee, least)
	}
	most := x.gateway.Limits.MaxTokens
	if x.request.MaxTokens > 0 {
		most = min(most, x.request.MaxTokens)
	}
	low, high := 1, most
	for low < high {
		middle := (low + high + 1) / 2
		fee, err := x.price.Total(input, uint32(middle))
		if err == nil && fee.Cmp(x.call.MaxFee) <= 0 {
			low = middle
		} else {
			high = middle - 1
		}
	}
	return low, nil
}

// prove attributes an answer and signs its outcome.
func (x *exchange) prove(text string, input uint32) (answered, error) {
	tokens := poa.Tokenize([]byte(text))
	if len(tokens) == 0 {
		return answered{}, errors.New("the engine gave an empty answer")
	}
	ids := make([]poa.TokenID, len(tokens))
	for i, token := range tokens {
		ids[i] = token.ID
	}
	fee, err := x.price.Total(input, uint32(len(ids)))
	if err != nil {
		return answered{}, err
	}
	if fee.Cmp(x.call.MaxFee) > 0 {
		return answered{}, badRequest("openledger.max_fee", "the answer has %d tokens and costs %s aopen, above the maximum of %s", len(ids), fee, x.call.MaxFee)
	}
	attribution, err := x.library.Attribute([]byte(text), x.call.Retrieved)
	if err != nil {
		return answered{}, err
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
	return answered{text: text, proof: proof}, nil
}

// response is the whole answer in OpenAI's form.
func (x *exchange) response(a answered) api.ChatResponse {
	return api.ChatResponse{
		ID: "chatcmpl-" + x.id(), Object: "chat.completion", Created: time.Now().Unix(), Model: ModelName(x.state.ModelID),
		Choices: []api.Choice{{Message: &api.Message{Role: "assistant", Content: a.text}, FinishReason: &a.finish}},
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
	x.call.Started, x.call.Answer, x.call.Response = false, a.text, encoded
	x.state.Last = x.call.Outcome
	if x.state.Spent, err = x.state.Spent.Add(x.call.Outcome.Fee); err != nil {
		return err
	}
	return x.gateway.Outbox.Advance(x.state, x.call)
}

// replay answers a call again that was answered before: a client that lost the
// connection pays once.
func (g *Gateway) replay(w http.ResponseWriter, request api.ChatRequest, call *outbox.Call) {
	var response api.ChatResponse
	if err := json.Unmarshal(call.Response, &response); err != nil {
		g.fail(w, err)
		return
	}
	if !request.Stream {
		writeJSON(w, http.StatusOK, response)
		return
	}
	stream := newStream(w, request, response.OpenLedger.ReceiptID)
	if stream.piece(response.Choices[0].Message.Content) == nil {
		stream.end(response)
	}
}

// ModelName is how a model is named in the API.
func ModelName(id uint64) string { return "openledger/" + strconv.FormatUint(id, 10) }
