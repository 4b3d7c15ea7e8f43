package app_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openledger/openledger/openlora/api"
	"github.com/openledger/openledger/openlora/gateway"
	"github.com/openledger/openledger/openlora/x402"
	"github.com/openledger/openledger/poa"
	"github.com/openledger/openledger/testutil/chain"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
)

// headerClient pays for answers by the headers of x402 alone. It knows the session, and what the specification says.
type headerClient struct {
	t    *testing.T
	of   *chain.Conversation
	url  string
	n    uint64
	head poa.Hash
	last poa.Outcome
	paid poa.Amount
}

const asked = `{"model":"openledger/1",` +
	`"messages":[{"role":"user","content":"What directs the growth of hair?"}],"max_tokens":50}`

// send sends a body with a payment, or without one.
func (c *headerClient) send(body string, payments ...string) (*http.Response, []byte) {
	c.t.Helper()
	request, err := http.NewRequest(http.MethodPost, c.url+"/v1/chat/completions", strings.NewReader(body))
	require.NoError(c.t, err)
	for _, payment := range payments {
		request.Header.Add("PAYMENT-SIGNATURE", payment)
	}
	response, err := http.DefaultClient.Do(request)
	require.NoError(c.t, err)
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	require.NoError(c.t, err)
	return response, content
}

// wanted is what the gateway wants for a body.
func (c *headerClient) wanted(body string) x402.Requirements {
	c.t.Helper()
	response, content := c.send(body)
	require.Equal(c.t, http.StatusPaymentRequired, response.StatusCode)
	require.Contains(c.t, string(content), "voucher_required")
	var required x402.Required
	require.NoError(c.t, x402.Decode(response.Header.Get("PAYMENT-REQUIRED"), &required))
	require.Less(c.t, len(response.Header.Get("PAYMENT-REQUIRED")), 2048, "proxies take so much")
	require.Equal(c.t, x402.Version, required.X402Version)
	require.Equal(c.t, "PAYMENT-SIGNATURE header is required", required.Error)
	require.Equal(c.t, c.url+"/v1/chat/completions", required.Resource.URL)
	require.Len(c.t, required.Accepts, 1)
	return required.Accepts[0]
}

// payment signs for a body at what is wanted for it, and returns the state after the answer is acknowledged.
func (c *headerClient) payment(body string, accepted x402.Requirements) (x402.Payment, *api.Call) {
	c.t.Helper()
	key := poa.LeafHash([]byte(body), []byte{byte(c.n)})
	query, err := api.Query([]byte(body))
	require.NoError(c.t, err)
	most := amount(c.t, accepted.Amount)
	call := &api.Call{CallKey: key, N: c.n + 1, MaxFee: accepted.Amount}
	copy(call.Session[:], c.of.Session.Id)
	hash := poa.Call{QueryHash: api.QueryHash(key, query), MaxFee: most}.Hash()
	call.Head = poa.NextHash(c.head, hash, c.last)
	most, err = c.paid.Add(most)
	require.NoError(c.t, err)
	call.CumulativeMax = most.String()
	voucher := poa.Voucher{
		ChainID: chain.ID, Session: call.Session, Provider: c.of.Provider.Address, ModelID: c.of.Session.ModelId,
		ModelVersion: c.of.Session.ModelVersion, Price: chain.Price(c.of.Session.Price), N: call.N, Head: call.Head,
		CumulativeMax: most,
	}
	call.Signature = ed25519.Sign(c.of.Key, voucher.SignBytes())
	payload, err := json.Marshal(call)
	require.NoError(c.t, err)
	return x402.Payment{X402Version: x402.Version, Accepted: accepted, Payload: payload}, call
}

// take goes on from an answer.
func (c *headerClient) take(call *api.Call, proof *api.Answer) {
	c.t.Helper()
	c.n, c.head = call.N, call.Head
	c.last = poa.Outcome{
		AnswerRoot: proof.AnswerRoot, InputTokens: proof.InputTokens, OutputTokens: proof.OutputTokens,
		Fee: amount(c.t, proof.Fee),
	}
	var err error
	c.paid, err = c.paid.Add(c.last.Fee)
	require.NoError(c.t, err)
}

func paymentHeader(t *testing.T, value any) string {
	t.Helper()
	encoded, err := x402.Encode(value)
	require.NoError(t, err)
	return encoded
}

// settlement is what became of a payment.
func settlement(t *testing.T, response *http.Response) x402.Settlement {
	t.Helper()
	var out x402.Settlement
	require.NoError(t, x402.Decode(response.Header.Get("PAYMENT-RESPONSE"), &out))
	require.Equal(t, x402.Network(chain.ID), out.Network)
	return out
}

// TestPayingByHeaders asks in a session by the headers of x402 alone: in one piece, again, and streamed. It pays the
// authors.
func TestPayingByHeaders(t *testing.T) {
	s := newScenario(t)
	p := serveGateway(t, s, nodeOf(s), filepath.Join(t.TempDir(), "outbox.db"), &speaker{pieces: hundred()})
	c := &headerClient{t: t, of: s.Open(chain.Open(50)), url: p.url}
	accepted := c.wanted(asked)
	require.Equal(t, "batch-settlement", accepted.Scheme)
	require.Equal(t, "cosmos:"+chain.ID, accepted.Network)
	require.Equal(t, "aopen", accepted.Asset)
	require.Equal(t, s.Provider.Address.String(), accepted.PayTo)
	require.Positive(t, accepted.MaxTimeoutSeconds)
	request, err := api.ParseChat([]byte(asked))
	require.NoError(t, err)
	reserve, err := chain.Price(c.of.Session.Price).Total(request.InputTokens(), 50)
	require.NoError(t, err)
	require.Equal(t, reserve.String(), accepted.Amount, "the reserve for the prompt and max_tokens")

	payment, call := c.payment(asked, accepted)
	var whole api.ChatResponse
	for range 2 { // the second time it is the same answer
		response, content := c.send(asked, paymentHeader(t, payment))
		require.Equal(t, http.StatusOK, response.StatusCode, string(content))
		require.NoError(t, json.Unmarshal(content, &whole))
		require.Equal(t, x402.Settlement{
			Success: true, Transaction: attributiontypes.ReceiptID(c.of.Session.Id, 1), Network: "cosmos:" + chain.ID,
			Payer: c.of.Session.Payer, Amount: whole.OpenLedger.Fee,
		}, settlement(t, response))
		require.EqualValues(t, 50, whole.OpenLedger.OutputTokens)
	}
	c.take(call, whole.OpenLedger)

	streamed := strings.Replace(asked, `"max_tokens"`, `"stream":true,"max_tokens"`, 1)
	payment, call = c.payment(streamed, c.wanted(streamed))
	response, content := c.send(streamed, paymentHeader(t, payment))
	require.Equal(t, http.StatusOK, response.StatusCode, string(content))
	require.Equal(t, "text/event-stream", response.Header.Get("Content-Type"))
	settled := settlement(t, response)
	require.Equal(t, attributiontypes.ReceiptID(c.of.Session.Id, 2), settled.Transaction)
	require.Empty(t, settled.Amount, "it is not known before the answer")
	var proof *api.Answer
	require.NoError(t, api.ReadEvents(bytes.NewReader(content), func(data string) (bool, error) {
		var chunk api.ChatResponse
		if data == api.Done {
			return true, nil
		}
		if err := json.Unmarshal([]byte(data), &chunk); chunk.OpenLedger != nil || err != nil {
			proof = chunk.OpenLedger
			return false, err
		}
		return false, nil
	}))
	require.NotNil(t, proof)
	c.take(call, proof)

	p.submit(t) // the first answer, which the second voucher acknowledges
	c.of.Refresh(c.of.Session.Id)
	require.Equal(t, whole.OpenLedger.Fee, c.of.Session.Spent.String())
}

// TestHostilePaymentHeaders refuses what is not a payment for this request, and remembers nothing of it.
func TestHostilePaymentHeaders(t *testing.T) {
	s := newScenario(t)
	p := serveGateway(t, s, nodeOf(s), filepath.Join(t.TempDir(), "outbox.db"), &speaker{pieces: hundred()},
		func(l *gateway.Limits) { l.Burst = 1000 })
	c := &headerClient{t: t, of: s.Open(chain.Open(50)), url: p.url}
	other := s.Open(chain.Open(50))
	accepted := c.wanted(asked)
	first, call := c.payment(asked, accepted)
	response, content := c.send(asked, paymentHeader(t, first))
	require.Equal(t, http.StatusOK, response.StatusCode)
	var whole api.ChatResponse
	require.NoError(t, json.Unmarshal(content, &whole))
	c.take(call, whole.OpenLedger)
	good, call := c.payment(asked, accepted)
	before := func() (states []any) {
		sessions, err := p.box.Sessions()
		require.NoError(t, err)
		return append(states, sessions, p.stored(t, c.of, 1))
	}
	state := before()

	altered := func(alter func(*x402.Payment)) string {
		payment := good
		alter(&payment)
		return paymentHeader(t, payment)
	}
	signed := func(alter func(*api.Call)) string {
		changed := *call
		alter(&changed)
		payload, err := json.Marshal(changed)
		require.NoError(t, err)
		return altered(func(p *x402.Payment) { p.Payload, p.Accepted.Amount = payload, changed.MaxFee })
	}
	anotherQuestion := strings.Replace(asked, "growth", "colour", 1)
	type payments = []string
	accepting := func(alter func(*x402.Requirements)) payments {
		return payments{altered(func(p *x402.Payment) { alter(&p.Accepted) })}
	}
	inOther := func(c *api.Call) { copy(c.Session[:], other.Session.Id); c.N = 1 }
	vouching := func(alter func(*api.Call)) payments { return payments{signed(alter)} }
	exact := json.RawMessage(`{"signature":"0x2d6a","authorization":{"from":"0x85"}}`)
	both := strings.Replace(asked, `{"model"`, `{"openledger":{"n":1},"model"`, 1)
	const (
		payload      = "invalid_payload"
		version      = "invalid_x402_version"
		wrongHead    = "wrong_head"
		requirements = "invalid_payment_requirements"
	)
	for name, h := range map[string]struct {
		body     string
		payments payments
		status   int
		reason   string
	}{
		"not base64":        {"", payments{"%%%"}, 400, payload},
		"not JSON":          {"", payments{base64.StdEncoding.EncodeToString([]byte("x"))}, 400, payload},
		"empty":             {"", payments{""}, 400, payload},
		"huge":              {"", payments{strings.Repeat("A", 100_000)}, 400, payload},
		"twice":             {"", payments{paymentHeader(t, good), paymentHeader(t, good)}, 400, payload},
		"version 1":         {"", payments{altered(func(p *x402.Payment) { p.X402Version = 1 })}, 400, version},
		"another scheme":    {"", accepting(func(r *x402.Requirements) { r.Scheme = "exact" }), 400, "invalid_scheme"},
		"another network":   {"", accepting(func(r *x402.Requirements) { r.Network = "cosmos:hub" }), 400, "invalid_network"},
		"another asset":     {"", accepting(func(r *x402.Requirements) { r.Asset = "uatom" }), 400, requirements},
		"another payee":     {"", accepting(func(r *x402.Requirements) { r.PayTo = "open1x" }), 400, requirements},
		"another amount":    {"", accepting(func(r *x402.Requirements) { r.Amount = "1" }), 400, payload},
		"no payload":        {"", payments{altered(func(p *x402.Payment) { p.Payload = nil })}, 400, payload},
		"payload of exact":  {"", payments{altered(func(p *x402.Payment) { p.Payload = exact })}, 400, payload},
		"in the body too":   {both, payments{paymentHeader(t, good)}, 400, payload},
		"another question":  {anotherQuestion, payments{paymentHeader(t, good)}, 402, wrongHead},
		"replayed":          {anotherQuestion, payments{paymentHeader(t, first)}, 402, "call_out_of_order"},
		"a later call":      {"", vouching(func(c *api.Call) { c.N += 5 }), 402, payload}, // the signature is of another one
		"another session's": {"", vouching(inOther), 402, payload},
		"unknown session":   {"", vouching(func(c *api.Call) { c.Session[0]++ }), 402, payload},
		"forged":            {"", vouching(func(c *api.Call) { c.Signature = bytes.Repeat([]byte{1}, 64) }), 402, payload},
		"unsigned":          {"", vouching(func(c *api.Call) { c.Signature = nil }), 402, payload},
		"too little":        {"", vouching(func(c *api.Call) { c.MaxFee = "1" }), 402, payload},
		"no amount":         {"", vouching(func(c *api.Call) { c.MaxFee = "-5" }), 402, payload},
	} {
		t.Run(name, func(t *testing.T) {
			body := h.body
			if body == "" {
				body = asked
			}
			for _, stream := range []bool{false, true} {
				if stream {
					body = strings.Replace(body, `"max_tokens"`, `"stream":true,"max_tokens"`, 1)
				}
				response, content := c.send(body, h.payments...)
				require.Equal(t, h.status, response.StatusCode, string(content))
				settled := settlement(t, response)
				require.False(t, settled.Success)
				require.Equal(t, h.reason, settled.ErrorReason)
				require.Empty(t, settled.Transaction)
				require.Equal(t, h.status == http.StatusPaymentRequired, response.Header.Get("PAYMENT-REQUIRED") != "")
				var refused api.ErrorBody
				require.NoError(t, json.Unmarshal(content, &refused))
				require.NotEmpty(t, refused.Error.Code)
			}
			require.Equal(t, state, before())
		})
	}
	response, content = c.send(asked, paymentHeader(t, good)) // it goes on
	require.Equal(t, http.StatusOK, response.StatusCode, string(content))
}

// TestFailedAnswersAreNotSettled says in the header that nothing is charged.
func TestFailedAnswersAreNotSettled(t *testing.T) {
	s := newScenario(t)
	p := serveGateway(t, s, nodeOf(s), filepath.Join(t.TempDir(), "outbox.db"), &speaker{fails: io.ErrUnexpectedEOF})
	for _, body := range []string{asked, strings.Replace(asked, `"max_tokens"`, `"stream":true,"max_tokens"`, 1)} {
		c := &headerClient{t: t, of: s.Open(chain.Open(50)), url: p.url}
		payment, _ := c.payment(body, c.wanted(body))
		response, content := c.send(body, paymentHeader(t, payment))
		require.Equal(t, http.StatusBadGateway, response.StatusCode, string(content))
		require.Equal(t, x402.Settlement{
			ErrorReason: "unexpected_settle_error", Network: "cosmos:" + chain.ID, Payer: c.of.Session.Payer,
		}, settlement(t, response))
		require.True(t, p.stored(t, c.of, 1).Gap)
	}
}
