// Package gatewaytest is a gateway for tests of who pays: it has one model, checks vouchers as a gateway does, and
// answers well or badly.
package gatewaytest

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hdevalence/ed25519consensus"

	"cosmossdk.io/math"

	"github.com/cosmos/cosmos-sdk/crypto/keys/secp256k1"
	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/openlora/api"
	"github.com/openledger/openledger/openlora/chain"
	"github.com/openledger/openledger/openlora/chain/chaintest"
	"github.com/openledger/openledger/poa"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
	modelstypes "github.com/openledger/openledger/x/models/types"
)

// How a stand-in answers.
const (
	Honest   = ""
	Lies     = "lies"     // it signs another text than it sends
	Charges  = "charges"  // more than its price
	Fails    = "fails"    // 502, recorded as a gap
	Busy     = "busy"     // 503, not recorded
	Refuses  = "refuses"  // 400, not recorded
	Cuts     = "cuts"     // the connection, once, behind the first piece
	Silences = "silences" // the sources say nothing
	Rests    = "rests"    // before it answers
)

// What it says, and its prices in aopen, of 1,000 tokens and an answer.
const (
	Saying      = "Hair grows from the roots of the skin."
	InputPrice  = 1_000_000
	OutputPrice = 2_000_000
	Royalty     = 100_000
)

// ledgerOf is where a stand-in is in a session.
type ledgerOf struct {
	n        uint64
	head     poa.Hash
	last     poa.Outcome
	spent    poa.Amount
	response *api.ChatResponse
	gap      bool
	acks     int
}

// Gateway is a gateway with one model, which checks vouchers as a gateway does.
type Gateway struct {
	t        *testing.T
	node     *chaintest.Node
	key      ed25519.PrivateKey
	Provider string // its address
	URL      string

	sync.Mutex
	behaves  string
	sessions map[poa.Hash]*ledgerOf
	answers  int // that were charged
	Asked    []json.RawMessage
	together int // calls that are under way
	Most     int // that were
	// Change, if there is one, changes answers before they are sent. What the gateway charges does not change.
	Change func(*api.ChatResponse)
}

// New starts a gateway whose provider offers model 1 at some multiple of the price.
func New(t *testing.T, node *chaintest.Node, name string, times int64) *Gateway {
	seed := sha256.Sum256([]byte("answer key of " + name))
	s := &Gateway{
		t: t, node: node, key: ed25519.NewKeyFromSeed(seed[:]),
		Provider: chain.NewSigner(secp256k1.GenPrivKeyFromSecret([]byte(name))).String(),
		sessions: make(map[poa.Hash]*ledgerOf),
	}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	s.URL = server.URL
	node.Offers = append(node.Offers, chaintest.Offer{
		Model: modelstypes.Model{
			Id:      1,
			Name:    "hair",
			Version: 1,
		}, Royalty: math.NewInt(Royalty), InputPer: math.NewInt(InputPrice * times),
		OutputPer: math.NewInt(OutputPrice * times),
		Provider: modelstypes.Provider{
			Address:   s.Provider,
			Name:      name,
			Endpoint:  s.URL,
			AnswerKey: s.key.Public().(ed25519.PublicKey),
		},
	})
	return s
}

// Behave sets how it answers from now on.
func (s *Gateway) Behave(how string) {
	s.Lock()
	defer s.Unlock()
	s.behaves = how
}

// Charged is how many answers were charged, and acknowledged.
func (s *Gateway) Charged() (answers, acknowledged int) {
	s.Lock()
	defer s.Unlock()
	for _, one := range s.sessions {
		acknowledged += one.acks
	}
	return s.answers, acknowledged
}

// ServeHTTP implements http.Handler.
func (s *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.URL.Path == "/v1/models":
		writeJSON(
			w,
			http.StatusOK,
			api.ModelList{Object: "list", Data: []api.Model{{ID: "openledger/1", OpenLedger: &api.ModelInfo{
				ModelID: 1, Version: 1, Provider: s.Provider, ChainID: chaintest.ChainID,
			}}}},
		)
	case r.URL.Path == "/v1/chat/completions":
		s.answer(w, r)
	case strings.HasSuffix(r.URL.Path, "/voucher"):
		s.acknowledge(w, r)
	case strings.Contains(r.URL.Path, "/sessions/"), strings.Contains(r.URL.Path, "/receipts/"):
		s.status(w, r)
	default:
		s.refuse(w, http.StatusNotFound, "unknown_url", false)
	}
}

func (s *Gateway) refuse(w http.ResponseWriter, status int, code string, gap bool) {
	kind := "invalid_request_error"
	if status >= 500 {
		kind = "server_error"
	}
	writeJSON(w, status, api.ErrorBody{Error: api.Error{Message: "refused: " + code, Type: kind, Code: code, Gap: gap}})
}

func (s *Gateway) status(w http.ResponseWriter, r *http.Request) {
	s.Lock()
	defer s.Unlock()
	for id, one := range s.sessions {
		if strings.HasSuffix(r.URL.Path, id.String()) {
			writeJSON(
				w,
				http.StatusOK,
				api.SessionStatus{
					Session: id,
					N:       one.n,
					Head:    one.head,
					Spent:   one.spent.String(),
					Gap:     one.last == (poa.Outcome{}),
				},
			)
			return
		}
		if strings.Contains(r.URL.Path, id.String()) {
			status := map[bool]string{true: "gap", false: "unacknowledged"}[one.gap]
			writeJSON(w, http.StatusOK, api.ReceiptStatus{Status: status})
			return
		}
	}
	s.refuse(w, http.StatusNotFound, "session_not_found", false)
}

// check moves a session on by a voucher.
func (s *Gateway) check(
	id poa.Hash,
	n uint64,
	call, head poa.Hash,
	cumulative string,
	signature []byte,
) (*ledgerOf, string) {
	stored, ok := s.node.Session(id[:])
	if !ok || stored.Status != attributiontypes.SESSION_STATUS_OPEN {
		return nil, api.CodeClosed
	}
	one := s.sessions[id]
	if one == nil {
		one = new(ledgerOf)
		s.sessions[id] = one
	}
	price, err := stored.Price.Packed()
	max, ok := math.NewIntFromString(cumulative)
	provider, _ := sdk.AccAddressFromBech32(s.Provider)
	most, _ := poa.AmountFromBig(max.BigInt())
	voucher := poa.Voucher{
		ChainID:       chaintest.ChainID,
		Session:       id,
		Provider:      provider,
		ModelID:       1,
		Price:         price,
		N:             n,
		Head:          head,
		CumulativeMax: most,
	}
	switch {
	case err != nil || !ok:
		return nil, "invalid_value"
	case n != one.n+1:
		return nil, "call_out_of_order"
	case head != poa.NextHash(one.head, call, one.last):
		return nil, "wrong_head"
	case max.GT(stored.Deposit):
		return nil, "insufficient_deposit"
	case !ed25519consensus.Verify(stored.SessionKey, voucher.SignBytes(), signature):
		return nil, "invalid_signature"
	}
	if one.last != (poa.Outcome{}) {
		one.acks++
	}
	one.n, one.head, one.last = n, head, poa.Outcome{}
	return one, ""
}

func (s *Gateway) acknowledge(w http.ResponseWriter, r *http.Request) {
	var body api.Acknowledgement
	_ = json.NewDecoder(r.Body).Decode(&body)
	s.Lock()
	defer s.Unlock()
	var id poa.Hash
	_ = id.UnmarshalText([]byte(strings.Split(r.URL.Path, "/")[4]))
	if one := s.sessions[id]; one != nil && one.n == body.N && one.head == body.Head {
		writeJSON(w, http.StatusOK, api.SessionStatus{})
		return
	}
	if _, code := s.check(id, body.N, poa.AckCall, body.Head, body.CumulativeMax, body.Signature); code != "" {
		s.refuse(w, http.StatusConflict, code, false)
		return
	}
	writeJSON(w, http.StatusOK, api.SessionStatus{})
}

func (s *Gateway) answer(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	request, err := api.ParseChat(body)
	if err != nil {
		s.refuse(w, http.StatusBadRequest, "invalid_value", false)
		return
	}
	paid := request.OpenLedger
	s.Lock()
	s.Asked = append(s.Asked, body)
	how := s.behaves
	s.together++
	s.Most = max(s.Most, s.together)
	s.Unlock()
	defer func() {
		s.Lock()
		defer s.Unlock()
		s.together--
	}()
	if how == Rests {
		time.Sleep(50 * time.Millisecond)
	}
	s.Lock()
	defer s.Unlock()
	switch how {
	case Busy:
		s.refuse(w, http.StatusServiceUnavailable, "overloaded", false)
		return
	case Refuses:
		s.refuse(w, http.StatusBadRequest, "unsupported_parameter", false)
		return
	}
	if one := s.sessions[paid.Session]; one != nil && one.n == paid.N && one.response != nil {
		s.deliver(w, request, *one.response, false) // again
		return
	}
	most, _ := math.NewIntFromString(paid.MaxFee)
	fee, _ := poa.AmountFromBig(most.BigInt())
	call := poa.Call{QueryHash: api.QueryHash(paid.CallKey, request.Query), MaxFee: fee}
	one, code := s.check(paid.Session, paid.N, call.Hash(), paid.Head, paid.CumulativeMax, paid.Signature)
	if code != "" {
		s.refuse(w, http.StatusConflict, code, false)
		return
	}
	one.response, one.gap = nil, how == Fails || how == Silences
	if how == Fails {
		s.refuse(w, http.StatusBadGateway, "answer_failed", true)
		return
	}
	response := s.prove(request, one, how)
	if s.Change != nil {
		s.Change(&response)
	}
	one.response = &response
	s.deliver(w, request, response, how == Cuts)
	if how == Cuts {
		s.behaves = Honest
	}
}

// prove makes an answer with its proof.
func (s *Gateway) prove(request *api.Request, one *ledgerOf, how string) api.ChatResponse {
	paid, finish := request.OpenLedger, "stop"
	message := api.Message{Role: "assistant", Content: Saying}
	receipt := attributiontypes.ReceiptID(paid.Session[:], paid.N)
	proof := &api.Answer{
		ReceiptID: receipt,
		Session:   paid.Session,
		N:         paid.N,
		Fee:       "0",
		Spans:     []api.Span{},
		Sources:   []api.Source{},
		Gap:       how == Silences,
	}
	if how != Silences {
		stored, _ := s.node.Session(paid.Session[:])
		price, _ := stored.Price.Packed()
		outcome := poa.Outcome{
			InputTokens:  request.InputTokens(),
			OutputTokens: uint32(len(poa.TokenIDs([]byte(Saying)))),
		}
		outcome.Fee, _ = price.Total(outcome.InputTokens, outcome.OutputTokens)
		if how == Charges {
			outcome.Fee, _ = outcome.Fee.Add(poa.NewAmount(1))
		}
		outcome.AnswerRoot = poa.TextRoot(paid.CallKey, []byte(Saying), poa.MethodSPAN)
		signed := poa.SignedAnswer{ChainID: chaintest.ChainID, Session: paid.Session, N: paid.N, Outcome: outcome}
		proof.AnswerRoot, proof.Fee = outcome.AnswerRoot, outcome.Fee.String()
		proof.InputTokens, proof.OutputTokens = outcome.InputTokens, outcome.OutputTokens
		proof.AnswerSignature = ed25519.Sign(s.key, signed.SignBytes())
		proof.UnattributedPPM = 250_000
		proof.Sources = []api.Source{
			{Contribution: 7, Contributor: "open1author", Title: "On hair", WeightPPM: 750_000},
		}
		one.last = outcome
		one.spent, _ = one.spent.Add(outcome.Fee)
		s.answers++
		if how == Lies {
			message.Content = "Hair grows from money."
		}
	}
	return api.ChatResponse{
		ID: "chatcmpl-" + receipt, Object: "chat.completion",
		Choices: []api.Choice{{Message: &message, FinishReason: &finish}}, OpenLedger: proof,
	}
}

func (s *Gateway) deliver(w http.ResponseWriter, request *api.Request, response api.ChatResponse, cut bool) {
	if !request.Stream {
		if cut {
			panic(http.ErrAbortHandler)
		}
		writeJSON(w, http.StatusOK, response)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	text := response.Choices[0].Message.Content
	begin := min(10, len(text))
	for i, piece := range []string{text[:begin], text[begin:]} {
		encoded, _ := json.Marshal(api.ChatResponse{Choices: []api.Choice{{Delta: &api.Delta{Content: piece}}}})
		fmt.Fprintf(w, "data: %s\n\n", encoded)
		_ = http.NewResponseController(w).Flush()
		if i == 0 && cut {
			s.behaves = Honest
			panic(http.ErrAbortHandler)
		}
	}
	last := api.ChatResponse{
		Choices:    []api.Choice{{Delta: &api.Delta{}, FinishReason: response.Choices[0].FinishReason}},
		OpenLedger: response.OpenLedger,
	}
	encoded, _ := json.Marshal(last)
	fmt.Fprintf(w, "data: %s\n\ndata: [DONE]\n\n", encoded)
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}
