package connect

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
	honest   = ""
	lies     = "lies"     // it signs another text than it sends
	charges  = "charges"  // more than its price
	fails    = "fails"    // 502, recorded as a gap
	busy     = "busy"     // 503, not recorded
	refuses  = "refuses"  // 400, not recorded
	cuts     = "cuts"     // the connection, once, behind the first piece
	silences = "silences" // the sources say nothing
	rests    = "rests"    // before it answers
)

const (
	saying   = "Hair grows from the roots of the skin."
	inPrice  = 1_000_000
	outPrice = 2_000_000
	royalty  = 100_000
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

// standIn is a gateway with one model, which checks vouchers as a gateway does.
type standIn struct {
	t        *testing.T
	node     *chaintest.Node
	key      ed25519.PrivateKey
	provider string
	url      string

	mu       sync.Mutex
	behaves  string
	sessions map[poa.Hash]*ledgerOf
	answers  int // that were charged
	asked    []json.RawMessage
	together int // calls that are under way, and the most that were
	most     int
}

// newStandIn starts a gateway whose provider offers model 1 at some multiple of the price.
func newStandIn(t *testing.T, node *chaintest.Node, name string, times int64) *standIn {
	seed := sha256.Sum256([]byte("answer key of " + name))
	s := &standIn{
		t: t, node: node, key: ed25519.NewKeyFromSeed(seed[:]),
		provider: chain.NewSigner(secp256k1.GenPrivKeyFromSecret([]byte(name))).String(),
		sessions: make(map[poa.Hash]*ledgerOf),
	}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	s.url = server.URL
	node.Offers = append(node.Offers, chaintest.Offer{
		Model: modelstypes.Model{
			Id:      1,
			Name:    "hair",
			Version: 1,
		}, Royalty: math.NewInt(royalty), InputPer: math.NewInt(inPrice * times),
		OutputPer: math.NewInt(outPrice * times),
		Provider: modelstypes.Provider{
			Address:   s.provider,
			Name:      name,
			Endpoint:  s.url,
			AnswerKey: s.key.Public().(ed25519.PublicKey),
		},
	})
	return s
}

func (s *standIn) behave(how string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.behaves = how
}

// charged is how many answers were charged, and acknowledged.
func (s *standIn) charged() (answers, acknowledged int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, one := range s.sessions {
		acknowledged += one.acks
	}
	return s.answers, acknowledged
}

func (s *standIn) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.URL.Path == "/v1/models":
		writeJSON(
			w,
			http.StatusOK,
			api.ModelList{Object: "list", Data: []api.Model{{ID: "openledger/1", OpenLedger: &api.ModelInfo{
				ModelID: 1, Version: 1, Provider: s.provider, ChainID: chaintest.ChainID,
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

func (s *standIn) refuse(w http.ResponseWriter, status int, code string, gap bool) {
	kind := invalidRequest
	if status >= 500 {
		kind = "server_error"
	}
	writeJSON(w, status, api.ErrorBody{Error: api.Error{Message: "refused: " + code, Type: kind, Code: code, Gap: gap}})
}

func (s *standIn) status(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
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
func (s *standIn) check(
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
	provider, _ := sdk.AccAddressFromBech32(s.provider)
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

func (s *standIn) acknowledge(w http.ResponseWriter, r *http.Request) {
	var body api.Acknowledgement
	_ = json.NewDecoder(r.Body).Decode(&body)
	s.mu.Lock()
	defer s.mu.Unlock()
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

func (s *standIn) answer(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	request, err := api.ParseChat(body)
	if err != nil {
		s.refuse(w, http.StatusBadRequest, "invalid_value", false)
		return
	}
	paid := request.OpenLedger
	s.mu.Lock()
	s.asked = append(s.asked, body)
	how := s.behaves
	s.together++
	s.most = max(s.most, s.together)
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.together--
	}()
	if how == rests {
		time.Sleep(50 * time.Millisecond)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch how {
	case busy:
		s.refuse(w, http.StatusServiceUnavailable, "overloaded", false)
		return
	case refuses:
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
	one.response, one.gap = nil, how == fails || how == silences
	if how == fails {
		s.refuse(w, http.StatusBadGateway, "answer_failed", true)
		return
	}
	response := s.prove(request, one, how)
	one.response = &response
	s.deliver(w, request, response, how == cuts)
	if how == cuts {
		s.behaves = honest
	}
}

// prove makes an answer with its proof.
func (s *standIn) prove(request *api.Request, one *ledgerOf, how string) api.ChatResponse {
	paid, finish := request.OpenLedger, "stop"
	message := api.Message{Role: "assistant", Content: saying}
	receipt := attributiontypes.ReceiptID(paid.Session[:], paid.N)
	proof := &api.Answer{
		ReceiptID: receipt,
		Session:   paid.Session,
		N:         paid.N,
		Fee:       "0",
		Spans:     []api.Span{},
		Sources:   []api.Source{},
		Gap:       how == silences,
	}
	if how != silences {
		stored, _ := s.node.Session(paid.Session[:])
		price, _ := stored.Price.Packed()
		outcome := poa.Outcome{
			InputTokens:  request.InputTokens(),
			OutputTokens: uint32(len(poa.TokenIDs([]byte(saying)))),
		}
		outcome.Fee, _ = price.Total(outcome.InputTokens, outcome.OutputTokens)
		if how == charges {
			outcome.Fee, _ = outcome.Fee.Add(poa.NewAmount(1))
		}
		outcome.AnswerRoot = poa.TextRoot(paid.CallKey, []byte(saying), poa.MethodSPAN)
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
		if how == lies {
			message.Content = "Hair grows from money."
		}
	}
	return api.ChatResponse{
		ID: "chatcmpl-" + receipt, Object: "chat.completion",
		Choices: []api.Choice{{Message: &message, FinishReason: &finish}}, OpenLedger: proof,
	}
}

func (s *standIn) deliver(w http.ResponseWriter, request *api.Request, response api.ChatResponse, cut bool) {
	if !request.Stream {
		if cut {
			panic(http.ErrAbortHandler)
		}
		writeJSON(w, http.StatusOK, response)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	text := response.Choices[0].Message.Content
	for i, piece := range []string{text[:10], text[10:]} {
		encoded, _ := json.Marshal(api.ChatResponse{Choices: []api.Choice{{Delta: &api.Delta{Content: piece}}}})
		fmt.Fprintf(w, "data: %s\n\n", encoded)
		_ = http.NewResponseController(w).Flush()
		if i == 0 && cut {
			s.behaves = honest
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
