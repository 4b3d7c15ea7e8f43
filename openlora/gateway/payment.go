package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/openledger/openledger/openlora/api"
	"github.com/openledger/openledger/openlora/x402"
	"github.com/openledger/openledger/poa"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
	modelstypes "github.com/openledger/openledger/x/models/types"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// The gateway also takes vouchers in the headers of x402. The payload of such a payment is the field "openledger" of a
// request, and a payment is settled when its voucher is on disk.

// byHeader reports whether a request pays by headers.
func byHeader(r *http.Request) bool { return len(r.Header.Values(x402.HeaderSignature)) > 0 }

// invalidPayment returns the error for a malformed payment header.
func invalidPayment(reason, format string, args ...any) *httpError {
	return &httpError{
		status: http.StatusBadRequest, code: reason, param: "PAYMENT-SIGNATURE",
		message: "PAYMENT-SIGNATURE: " + fmt.Sprintf(format, args...),
	}
}

// takePayment copies the voucher of a request that pays by headers into the field "openledger".
func (g *Gateway) takePayment(r *http.Request, request *api.Request) error {
	if !byHeader(r) {
		return nil
	}
	headers := r.Header.Values(x402.HeaderSignature)
	switch {
	case len(headers) > 1:
		return invalidPayment(x402.InvalidPayload, "it occurs %d times", len(headers))
	case request.OpenLedger != nil:
		return invalidPayment(x402.InvalidPayload, "the field \"openledger\" of the body pays as well: leave one of them out")
	}
	payment, err := x402.ParsePayment(headers[0])
	var unreadable *x402.Error
	if errors.As(err, &unreadable) {
		return invalidPayment(unreadable.Reason, "%s", unreadable.Message)
	}
	if err != nil {
		return err
	}
	if err := g.checkAccepted(payment.Accepted); err != nil {
		return err
	}
	var call *api.Call
	if err := api.Decode(payment.Payload, &call); err != nil || call == nil {
		return invalidPayment(x402.InvalidPayload, "the payload must be a voucher, as the field \"openledger\" is: %v", err)
	}
	if call.MaxFee != payment.Accepted.Amount {
		return invalidPayment(x402.InvalidPayload, "the voucher allows %q, accepted.amount is %q: they must be the same",
			call.MaxFee, payment.Accepted.Amount)
	}
	request.OpenLedger = call
	return nil
}

// checkAccepted compares what the client chose with what is offered. The client may choose the amount: with less than
// was asked for, the answer may end early.
func (g *Gateway) checkAccepted(accepted x402.Requirements) error {
	network := x402.Network(g.Node.ChainID)
	switch {
	case accepted.Scheme != x402.SchemeBatch:
		return invalidPayment(x402.InvalidScheme, "scheme %q, this is %s", accepted.Scheme, x402.SchemeBatch)
	case accepted.Network != network:
		return invalidPayment(x402.InvalidNetwork, "network %q, this is %s", accepted.Network, network)
	case accepted.Asset != rewardstypes.Denom:
		return invalidPayment(x402.InvalidRequirements, "asset %q, this is %s", accepted.Asset, rewardstypes.Denom)
	case accepted.PayTo != g.Provider.String():
		return invalidPayment(x402.InvalidRequirements, "payTo %q, this is %s", accepted.PayTo, g.Provider)
	}
	return nil
}

// refuse answers with an error. The headers of x402 say what payment is required, and why a payment by headers failed.
// request is nil if it could not be read.
func (g *Gateway) refuse(w http.ResponseWriter, r *http.Request, request *api.Request, err error) {
	known := g.known(err)
	if byHeader(r) {
		if strings.HasPrefix(known.param, "openledger") { // the voucher is readable, but does not pay
			paid := *known
			paid.status, known = http.StatusPaymentRequired, &paid
		}
		g.settle(w, g.unsettled(known, ""))
	}
	if known.status == http.StatusPaymentRequired && request != nil {
		g.require(w, r, request, known)
	}
	g.fail(w, known)
}

// unsettled returns the settlement of a payment that failed.
func (g *Gateway) unsettled(err *httpError, payer string) x402.Settlement {
	reason := err.code
	switch {
	case err.code == codeDeposit:
		reason = x402.InsufficientFunds
	case err.code == api.CodeInvalid && strings.HasPrefix(err.param, "openledger"):
		reason = x402.InvalidPayload
	case err.status >= http.StatusInternalServerError && err.gap:
		reason = x402.UnexpectedSettleError
	case err.status >= http.StatusInternalServerError:
		reason = x402.UnexpectedVerifyError
	}
	return x402.Settlement{ErrorReason: reason, Network: x402.Network(g.Node.ChainID), Payer: payer}
}

// settle writes a settlement to the headers.
func (g *Gateway) settle(w http.ResponseWriter, settlement x402.Settlement) {
	value, err := x402.Encode(settlement)
	if err != nil {
		g.Log.Error("no PAYMENT-RESPONSE", "err", err)
		return
	}
	w.Header().Set(x402.HeaderResponse, value)
}

// settled returns the settlement of a call's payment. The fee is not known before the answer.
func (x *exchange) settled(receipt, fee string) x402.Settlement {
	return x402.Settlement{
		Success: true, Transaction: receipt, Network: x402.Network(x.gateway.Node.ChainID), Payer: x.chain.Payer, Amount: fee,
	}
}

// settle writes the settlement of a call that pays by headers.
func (x *exchange) settle(w http.ResponseWriter, settlement x402.Settlement) {
	if x.byHeader {
		x.gateway.settle(w, settlement)
	}
}

// terms is what a client needs to know about a model to pay for its answers.
type terms struct {
	ModelID uint64 `json:"model_id"`
	Version uint32 `json:"version"`
	Fence   string `json:"fence,omitempty"`
	// InputPrice and OutputPrice are for 1,000 tokens, and Royalty is for an answer, all in aopen.
	InputPrice  string `json:"input_price"`
	OutputPrice string `json:"output_price"`
	Royalty     string `json:"royalty"`
	// Payload is the name of the payload's form, which is that of api.Call.
	Payload string `json:"payload"`

	price poa.Price
}

// payloadForm is the form of a payload: the field "openledger" of docs/dapp.md.
const payloadForm = "openledger-voucher/1"

const (
	// termsAge is the largest age of stored prices, and termsTimeout the longest wait for new ones. After a node fails to
	// return them, it is not asked for termsPause.
	termsAge, termsTimeout, termsPause = 15 * time.Second, 2 * time.Second, time.Second
	// maxAccepts bounds the number of models that are offered to a client that names none, to keep the header small.
	maxAccepts = 3
)

// pricing stores the terms of models. It is safe for concurrent use.
type pricing struct {
	mu    sync.Mutex
	known map[uint64]priced
}

type priced struct {
	terms terms
	err   error
	until time.Time
}

// termsOf returns the terms of a session with a model that is opened now.
func (g *Gateway) termsOf(ctx context.Context, id uint64) (terms, error) {
	g.pricing.mu.Lock()
	kept, known := g.pricing.known[id]
	g.pricing.mu.Unlock()
	if known && time.Now().Before(kept.until) {
		return kept.terms, kept.err
	}
	found, err := g.readTerms(ctx, id)
	age := termsAge
	if err != nil {
		age = termsPause
	}
	g.pricing.mu.Lock()
	defer g.pricing.mu.Unlock()
	if g.pricing.known == nil {
		g.pricing.known = make(map[uint64]priced)
	}
	g.pricing.known[id] = priced{found, err, time.Now().Add(age)}
	return found, err
}

// readTerms reads the offer of this gateway's provider from the node.
func (g *Gateway) readTerms(ctx context.Context, id uint64) (terms, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), termsTimeout)
	defer cancel()
	offered, err := g.Node.Models.Offer(ctx, &modelstypes.QueryOfferRequest{ModelId: id, Provider: g.Provider.String()})
	if err != nil {
		return terms{}, err
	}
	model, err := g.Node.Models.Model(ctx, &modelstypes.QueryModelRequest{ModelId: id})
	if err != nil {
		return terms{}, err
	}
	price := attributiontypes.Price{
		Input: offered.Offer.InputPrice, Output: offered.Offer.OutputPrice, Royalty: model.Version.Royalty,
	}
	found := terms{
		ModelID: id, Version: model.Version.Version, Fence: g.fenceID(), Payload: payloadForm,
		InputPrice: price.Input.String(), OutputPrice: price.Output.String(), Royalty: price.Royalty.String(),
	}
	found.price, err = price.Packed()
	return found, err
}

// require writes the header with the payment that a request requires. It leaves the header out if the node does not
// return the prices.
func (g *Gateway) require(w http.ResponseWriter, r *http.Request, request *api.Request, why *httpError) {
	wanted := g.Models[:min(len(g.Models), maxAccepts)]
	if request.Model != "" {
		id, err := g.served(r.Context(), request.Model)
		if err != nil {
			return
		}
		wanted = []uint64{id}
	}
	required := x402.Required{X402Version: x402.Version, Error: why.message, Resource: resource(r, request)}
	if !byHeader(r) && request.OpenLedger == nil {
		required.Error = "PAYMENT-SIGNATURE header is required"
	}
	for _, id := range wanted {
		requirement, err := g.requirement(r.Context(), id, request)
		if err != nil {
			g.Log.Warn("no price for PAYMENT-REQUIRED", "model", id, "err", err)
			return
		}
		required.Accepts = append(required.Accepts, requirement)
	}
	if len(required.Accepts) == 0 {
		return
	}
	if value, err := x402.Encode(required); err == nil {
		w.Header().Set(x402.HeaderRequired, value)
	}
}

// requirement returns how an answer of a model is paid: a reserve for the prompt and the longest answer.
func (g *Gateway) requirement(ctx context.Context, id uint64, request *api.Request) (x402.Requirements, error) {
	terms, err := g.termsOf(ctx, id)
	if err != nil {
		return x402.Requirements{}, err
	}
	longest := g.Limits.MaxTokens
	if request.MaxTokens > 0 {
		longest = min(longest, request.MaxTokens)
	}
	reserve, err := terms.price.Total(request.InputTokens(), uint32(longest))
	if err != nil {
		return x402.Requirements{}, err
	}
	extra, err := json.Marshal(terms)
	return x402.Requirements{
		Scheme: x402.SchemeBatch, Network: x402.Network(g.Node.ChainID), Amount: reserve.String(), Asset: rewardstypes.Denom,
		PayTo: g.Provider.String(), MaxTimeoutSeconds: int(g.Limits.AnswerTimeout / time.Second), Extra: extra,
	}, err
}

// resource names what is paid for, as the client addressed it.
func resource(r *http.Request, request *api.Request) x402.Resource {
	scheme, kind := "http", "application/json"
	if r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https" {
		scheme = "https"
	}
	if request.Stream {
		kind = "text/event-stream"
	}
	return x402.Resource{
		URL: scheme + "://" + r.Host + r.URL.Path, MimeType: kind,
		Description: "an answer, paid to the authors of its sources",
	}
}
