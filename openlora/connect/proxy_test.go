package connect

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"cosmossdk.io/math"

	"github.com/cosmos/cosmos-sdk/crypto/keys/secp256k1"

	"github.com/openledger/openledger/openlora/api"
	"github.com/openledger/openledger/openlora/chain"
	"github.com/openledger/openledger/openlora/chain/chaintest"
	"github.com/openledger/openledger/openlora/session/gatewaytest"
)

// fee of the stand-in's answer to the question of ask: 1 + 8 tokens, and the royalty.
const fee = 1_000 + 8*2_000 + gatewaytest.Royalty

// place is a proxy on a chain with gateways.
type place struct {
	*Proxy
	t    *testing.T
	node *chaintest.Node
	url  string
	dir  string
	stop func()
}

// newPlace starts a proxy in a folder; without one it is a new one.
func newPlace(t *testing.T, node *chaintest.Node, dir string, change ...func(*Config)) *place {
	t.Helper()
	if dir == "" {
		dir = t.TempDir()
	}
	ledger, err := OpenLedger(filepath.Join(dir, "ledger.db"))
	require.NoError(t, err)
	keys, err := OpenKeys(filepath.Join(dir, "keys.json"))
	require.NoError(t, err)
	config := Config{
		Node: node.Dial(
			t,
		), Payer: chain.NewSigner(secp256k1.GenPrivKeyFromSecret([]byte("payer"))), Dir: filepath.Join(dir, "sessions"),
		Ledger: ledger, Keys: keys,
		AllowPrivate: true, Budget: mustAllow("1OPEN/day"), MaxFee: math.NewInt(1_000_000),
		Deposit: math.NewInt(10_000_000), Sessions: 4,
		AckAfter: time.Hour, CloseAfter: time.Hour, Patience: 20 * time.Second, AnswerTimeout: 20 * time.Second,
		Log: slog.New(slog.DiscardHandler), Secret: "secret",
	}
	for _, c := range change {
		c(&config)
	}
	p := &place{t: t, node: node, dir: dir}
	p.Proxy, err = New(config)
	require.NoError(t, err)
	require.NoError(t, p.Start(t.Context()))
	server := httptest.NewServer(p.Handler())
	p.url = server.URL
	ctx, cancel := context.WithCancel(context.Background())
	over := make(chan struct{})
	go func() {
		defer close(over)
		p.Run(ctx)
	}()
	p.stop = sync.OnceFunc(func() {
		server.Close()
		cancel()
		<-over
		ledger.Close()
	})
	t.Cleanup(p.stop)
	return p
}

func mustAllow(text string) Allowance {
	allowance, err := ParseAllowance(text)
	if err != nil {
		panic(err)
	}
	return allowance
}

// reply is what came back.
type reply struct {
	status int
	header http.Header
	text   string
	error  api.Error
	proof  *api.Answer
}

// post sends a body and reads the answer, streamed or not.
func (p *place) post(path, body string, header ...string) reply {
	request, err := http.NewRequest(http.MethodPost, p.url+path, strings.NewReader(body))
	if !assert.NoError(p.t, err) {
		return reply{}
	}
	for i := 0; i+1 < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	response, err := http.DefaultClient.Do(request)
	if !assert.NoError(p.t, err) {
		return reply{}
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	assert.NoError(p.t, err)
	got := reply{status: response.StatusCode, header: response.Header}
	take := func(data []byte) {
		var chunk struct {
			api.ChatResponse
			Error *api.Error `json:"error"`
		}
		assert.NoError(p.t, json.Unmarshal(data, &chunk), "%s", data)
		if chunk.Error != nil {
			got.error = *chunk.Error
		}
		for _, choice := range chunk.Choices {
			switch {
			case choice.Message != nil:
				got.text += choice.Message.Content
			case choice.Delta != nil:
				got.text += choice.Delta.Content
			case choice.Text != nil:
				got.text += *choice.Text
			}
		}
		if chunk.OpenLedger != nil {
			got.proof = chunk.OpenLedger
		}
	}
	if response.Header.Get("Content-Type") == "text/event-stream" {
		assert.NoError(p.t, api.ReadEvents(bytes.NewReader(content), func(data string) (bool, error) {
			if data == api.Done {
				return true, nil
			}
			take([]byte(data))
			return false, nil
		}))
		return got
	}
	take(content)
	return got
}

const (
	question = `{"model":"openledger/1","messages":[{"role":"user","content":"Why?"}]}`
	streamed = `{"model":"openledger/1","stream":true,"messages":[{"role":"user","content":"Why?"}]}`
)

func (p *place) ask(body string, header ...string) reply {
	return p.post("/v1/chat/completions", body, header...)
}

func (p *place) spent() math.Int {
	p.t.Helper()
	usage, err := p.Usage(Key{Name: everybody}, 100)
	require.NoError(p.t, err)
	return usage.Spent.Day
}

func TestAnswers(t *testing.T) {
	node := chaintest.Start(t)
	gateway := gatewaytest.New(t, node, "one", 1)
	p := newPlace(t, node, "")
	got := p.ask(question)
	require.Equal(t, http.StatusOK, got.status, got.error)
	require.Equal(t, gatewaytest.Saying, got.text)
	require.Equal(t, got.proof.ReceiptID, got.header.Get("OpenLedger-Receipt"))
	require.Equal(t, gateway.Provider, got.header.Get("OpenLedger-Provider"))
	require.Equal(t, `7;ppm=750000;contributor="open1author"`, got.header.Get("OpenLedger-Sources"))
	require.Equal(t, got.proof.Fee, got.header.Get("OpenLedger-Fee"))
	require.EqualValues(t, fee, p.spent().Int64())

	got = p.ask(streamed)
	require.Equal(t, gatewaytest.Saying, got.text)
	require.EqualValues(t, 2, got.proof.N, "in the same session")
	require.EqualValues(t, 2*fee, p.spent().Int64())

	for _, body := range []string{`{"prompt":"Why?","model":"hair"}`, `{"prompt":["Why?"],"stream":true}`} {
		got = p.post("/v1/completions", body)
		require.Equal(t, gatewaytest.Saying, got.text, got.error)
	}
	require.Equal(t, 1, node.Sessions())
	require.EqualValues(t, 4*fee, p.spent().Int64())

	gateway.Behave(gatewaytest.Silences)
	got = p.ask(question)
	require.True(t, got.proof.Gap)
	require.EqualValues(t, 4*fee, p.spent().Int64(), "silence costs nothing")
	gateway.Behave(gatewaytest.Honest)
	require.Equal(t, gatewaytest.Saying, p.ask(question).text)
}

func TestModels(t *testing.T) {
	node := chaintest.Start(t)
	gatewaytest.New(t, node, "dear", 3)
	cheap := gatewaytest.New(t, node, "cheap", 1)
	p := newPlace(t, node, "", func(c *Config) { c.Aliases = map[string]string{"gpt-4o": "openledger/1"} })
	for _, path := range []string{"", "/openledger/1", "/hair", "/gpt-4o"} {
		response, err := http.Get(p.url + "/v1/models" + path)
		require.NoError(t, err)
		var got struct {
			modelOnOffer
			Data []modelOnOffer `json:"data"`
		}
		require.NoError(t, json.NewDecoder(response.Body).Decode(&got))
		response.Body.Close()
		if path == "" {
			got.modelOnOffer = got.Data[0]
		}
		require.Equal(t, "openledger/1", got.ID)
		require.Equal(t, "1000000", got.OpenLedger.Price.InputPer1K)
		require.Len(t, got.OpenLedger.Providers, 2)
		require.Equal(t, cheap.Provider, got.OpenLedger.Providers[0].Provider, "the cheapest first")
	}
	for _, name := range []string{"openledger/2", "openledger/01", "bald"} {
		got := p.ask(strings.Replace(question, "openledger/1", name, 1))
		require.Equal(t, http.StatusNotFound, got.status)
		require.Equal(t, "model_not_found", got.error.Code)
	}
	require.Equal(t, gatewaytest.Saying, p.ask(strings.Replace(question, "openledger/1", "gpt-4o", 1)).text)
}

// TestProvidersAreChanged when one fails, and not when the request is at fault.
func TestProvidersAreChanged(t *testing.T) {
	for how, c := range map[string]struct {
		moved   bool // to the other
		charged int  // at the first
		spent   int64
	}{
		gatewaytest.Fails: {moved: true}, gatewaytest.Busy: {moved: true}, "gone": {moved: true}, gatewaytest.Refuses: {},
		gatewaytest.Lies:    {moved: true, charged: 1, spent: 1_000_000},
		gatewaytest.Charges: {moved: true, charged: 1, spent: 1_000_000},
	} {
		for _, body := range []string{question, streamed} {
			t.Run(how+map[bool]string{true: " streamed"}[body == streamed], func(t *testing.T) {
				node := chaintest.Start(t)
				first, second := gatewaytest.New(t, node, "first", 1), gatewaytest.New(t, node, "second", 2)
				p := newPlace(t, node, "")
				first.Behave(how)
				if how == "gone" {
					node.Offers[0].Provider.Endpoint = "http://127.0.0.1:1"
				}
				got := p.ask(body)
				cheap, _ := first.Charged()
				dear, _ := second.Charged()
				require.Equal(t, c.charged, cheap)
				if !c.moved {
					require.Zero(t, dear)
					require.Equal(t, http.StatusBadRequest, got.status)
					require.Equal(t, "unsupported_parameter", got.error.Code)
					require.True(t, p.spent().IsZero())
					return
				}
				if body == streamed && c.charged > 0 { // what was shown cannot be taken back, and is not acknowledged
					require.Equal(t, "answer_refused", got.error.Code)
					require.Nil(t, got.proof)
					require.Equal(t, c.spent, p.spent().Int64(), "what the provider can have taken counts as spent")
				} else {
					require.Equal(t, gatewaytest.Saying, got.text, got.error)
					require.Equal(t, 1, dear)
					require.EqualValues(t, c.spent+gatewaytest.Royalty+2*(fee-gatewaytest.Royalty), p.spent().Int64())
				}
				_, acknowledged := first.Charged()
				require.Zero(t, acknowledged)
				first.Behave(gatewaytest.Honest)
				if c.charged > 0 {
					p.ask(question)
					again, _ := first.Charged()
					require.Equal(t, c.charged, again, "who lies is not asked again")
				}
			})
		}
	}
}

// TestLostAnswersArePaidOnce: the same voucher brings the same answer, and a stream goes on where it was.
func TestLostAnswersArePaidOnce(t *testing.T) {
	for _, body := range []string{question, streamed} {
		node := chaintest.Start(t)
		gateway := gatewaytest.New(t, node, "one", 1)
		p := newPlace(t, node, "")
		gateway.Behave(gatewaytest.Cuts)
		got := p.ask(body)
		require.Equal(t, gatewaytest.Saying, got.text, got.error)
		answers, _ := gateway.Charged()
		require.Equal(t, 1, answers)
		require.EqualValues(t, fee, p.spent().Int64())
	}
}

// TestParallelCallsUseSeveralSessions, as many as there may be.
func TestParallelCallsUseSeveralSessions(t *testing.T) {
	node := chaintest.Start(t)
	gateway := gatewaytest.New(t, node, "one", 1)
	gateway.Behave(gatewaytest.Rests)
	p := newPlace(t, node, "")
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() { assert.Equal(t, gatewaytest.Saying, p.ask(question).text) })
	}
	all.Wait()
	require.LessOrEqual(t, node.Sessions(), 4)
	gateway.Lock()
	require.Greater(t, gateway.Most, 1)
	gateway.Unlock()
	answers, _ := gateway.Charged()
	require.Equal(t, 16, answers)
	require.EqualValues(t, 16*fee, p.spent().Int64())
}

// TestBudgets: neither a key nor all together spend more than they may, however many ask at once.
func TestBudgets(t *testing.T) {
	node := chaintest.Start(t)
	gatewaytest.New(t, node, "one", 1)
	p := newPlace(
		t,
		node,
		"",
		func(c *Config) { c.Budget, c.MaxFee = Allowance{math.NewInt(5*fee + 10), "day"}, math.NewInt(2*fee) },
	)
	editor, err := p.config.Keys.Add("editor", Allowance{math.NewInt(2 * fee), "day"}, nil)
	require.NoError(t, err)
	other, err := p.config.Keys.Add("other", Allowance{math.NewInt(100 * fee), "month"}, nil)
	require.NoError(t, err)
	small := math.NewInt(fee / 2)
	poor, err := p.config.Keys.Add("poor", Allowance{math.NewInt(100 * fee), "month"}, &small)
	require.NoError(t, err)

	got := p.ask(question)
	require.Equal(t, http.StatusUnauthorized, got.status)
	require.Equal(t, "invalid_api_key", got.error.Code)
	got = p.ask(question, "Authorization", "Bearer "+poor)
	require.Equal(t, http.StatusPaymentRequired, got.status)
	require.Equal(t, "price_above_maximum", got.error.Code)

	for _, secret := range []string{editor, other} {
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				got := p.ask(question, "Authorization", "Bearer "+secret)
				if got.status == http.StatusTooManyRequests {
					assert.Contains(t, []string{"insufficient_quota"}, got.error.Code)
					assert.Equal(t, "false", got.header.Get("X-Should-Retry"))
				}
			})
		}
		all.Wait()
		for p.ask(question, "Authorization", "Bearer "+secret).status == http.StatusOK { // until there is nothing left
			continue
		}
	}
	usage, err := p.Usage(Key{Name: everybody}, 100)
	require.NoError(t, err)
	require.EqualValues(t, 5*fee, usage.Spent.Day.Int64(), "five answers, and no sixth")
	spent := make(map[string]int64)
	for _, key := range usage.Keys {
		spent[key.Name] = key.Spent.Day.Int64()
	}
	require.Equal(t, map[string]int64{"editor": 2 * fee, "other": 3 * fee, "poor": 0}, spent)

	for secret, names := range map[string]int{editor: 1, "secret": 3} {
		request, err := http.NewRequest(http.MethodGet, p.url+"/usage", nil)
		require.NoError(t, err)
		request.Header.Set("Authorization", "Bearer "+secret)
		response, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		var shown Usage
		require.NoError(t, json.NewDecoder(response.Body).Decode(&shown))
		response.Body.Close()
		require.Len(t, shown.Keys, names, "a key sees what is its own")
		require.Len(t, shown.Answers, map[int]int{1: 2, 3: 5}[names])
	}
}

// TestDepositsAreToppedUp when too little is left for an answer.
func TestDepositsAreToppedUp(t *testing.T) {
	node := chaintest.Start(t)
	gatewaytest.New(t, node, "one", 1)
	p := newPlace(
		t,
		node,
		"",
		func(c *Config) { c.MaxFee, c.Deposit, c.Sessions = math.NewInt(2*fee), math.NewInt(3*fee), 1 },
	)
	for range 7 {
		require.Equal(t, gatewaytest.Saying, p.ask(question).text)
	}
	require.Equal(t, 1, node.Sessions())
}

// TestDepositsAreToppedUpAhead: a session of which little is left is filled up while nobody waits for that.
func TestDepositsAreToppedUpAhead(t *testing.T) {
	node := chaintest.Start(t)
	gatewaytest.New(t, node, "one", 1)
	p := newPlace(t, node, "", func(c *Config) { c.MaxFee, c.Deposit, c.Sessions = math.NewInt(fee), math.NewInt(5*fee), 1 })
	for range 4 {
		require.Equal(t, gatewaytest.Saying, p.ask(question).text)
	}
	one := slices.Collect(maps.Values(p.pool.all))[0]
	require.Eventually(t, func() bool {
		p.pool.mu.Lock()
		defer p.pool.mu.Unlock()
		return !one.filling && one.left().Equal(p.pool.deposit)
	}, 10*time.Second, 10*time.Millisecond)
	for range 20 { // more than all that was deposited
		require.Equal(t, gatewaytest.Saying, p.ask(question).text)
	}
	require.Equal(t, 1, node.Sessions())
}

// TestIdleSessions: their answers are acknowledged, and they are closed when nobody uses them.
func TestIdleSessions(t *testing.T) {
	node := chaintest.Start(t)
	gateway := gatewaytest.New(t, node, "one", 1)
	p := newPlace(t, node, "", func(c *Config) { c.AckAfter, c.CloseAfter = time.Millisecond, time.Second })
	require.Equal(t, gatewaytest.Saying, p.ask(question).text)
	require.Eventually(t, func() bool {
		_, acknowledged := gateway.Charged()
		return acknowledged == 1
	}, 20*time.Second, 10*time.Millisecond)
	require.Eventually(t, func() bool {
		p.pool.mu.Lock()
		defer p.pool.mu.Unlock()
		return len(p.pool.all) == 0 && p.pool.leaving == 0
	}, 20*time.Second, 10*time.Millisecond)
	require.Equal(t, gatewaytest.Saying, p.ask(question).text, "another is opened")
	require.Equal(t, 2, node.Sessions())
}

// TestTheEndAcknowledges: a proxy that is stopped acknowledges its last answers, and the next run goes on in its
// sessions.
func TestTheEndAcknowledges(t *testing.T) {
	node := chaintest.Start(t)
	gateway := gatewaytest.New(t, node, "one", 1)
	p := newPlace(t, node, "")
	require.Equal(t, gatewaytest.Saying, p.ask(question).text)
	p.stop()
	_, acknowledged := gateway.Charged()
	require.Equal(t, 1, acknowledged)
	again := newPlace(t, node, p.dir)
	require.Equal(t, gatewaytest.Saying, again.ask(question).text)
	require.Equal(t, 1, node.Sessions())
	require.EqualValues(t, 2*fee, again.spent().Int64(), "what was spent is known")
}

// TestRepetitionsArePaidOnce: a client that gave up waiting and says that it repeats its request gets the answer that
// was paid.
func TestRepetitionsArePaidOnce(t *testing.T) {
	for _, header := range [][]string{{"X-Stainless-Retry-Count", "1"}, {"Idempotency-Key", "a"}} {
		node := chaintest.Start(t)
		gateway := gatewaytest.New(t, node, "one", 1)
		p := newPlace(t, node, "")
		gateway.Behave(gatewaytest.Rests)
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		request, err := http.NewRequestWithContext(
			ctx,
			http.MethodPost,
			p.url+"/v1/chat/completions",
			strings.NewReader(question),
		)
		require.NoError(t, err)
		request.Header.Set("Idempotency-Key", "a")
		_, err = http.DefaultClient.Do(request)
		cancel()
		require.Error(t, err)
		require.Equal(t, gatewaytest.Saying, p.ask(question, header...).text)
		answers, _ := gateway.Charged()
		require.Equal(t, 1, answers)
		require.Equal(t, gatewaytest.Saying, p.ask(question).text, "the next is another question")
		answers, _ = gateway.Charged()
		require.Equal(t, 2, answers)
	}
}

// TestPagesDoNotSpend: scripts of web pages ask from the origins that are named alone, and without keys by an address
// of this machine.
func TestPagesDoNotSpend(t *testing.T) {
	node := chaintest.Start(t)
	gatewaytest.New(t, node, "one", 1)
	p := newPlace(t, node, "", func(c *Config) { c.Origins = []string{"http://localhost:3000"} })
	for _, c := range []struct {
		origin, host string
		status       int
	}{
		{"", "", http.StatusOK}, {"http://localhost:3000", "", http.StatusOK},
		{"https://evil.example", "", http.StatusForbidden},
		{"null", "", http.StatusForbidden}, {"", "rebound.example:11435", http.StatusForbidden},
		{"", "localhost:11435", http.StatusOK},
	} {
		request, err := http.NewRequest(http.MethodPost, p.url+"/v1/chat/completions", strings.NewReader(question))
		require.NoError(t, err)
		if request.Host = c.host; c.origin != "" {
			request.Header.Set("Origin", c.origin)
		}
		response, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		response.Body.Close()
		require.Equal(t, c.status, response.StatusCode, c)
	}
}

// TestPrivateAddressesAreNotAsked unless the user says so: the chain's providers write what they like.
func TestPrivateAddressesAreNotAsked(t *testing.T) {
	node := chaintest.Start(t)
	gateway := gatewaytest.New(t, node, "one", 1)
	p := newPlace(t, node, "", func(c *Config) { c.AllowPrivate = false })
	require.Equal(t, http.StatusBadGateway, p.ask(question).status)
	require.Zero(t, node.Sessions())
	named := newPlace(t, node, "", func(c *Config) { c.AllowPrivate, c.Gateways = false, []string{gateway.URL + "/"} })
	require.Equal(t, gatewaytest.Saying, named.ask(question).text)
}

func TestFootnotes(t *testing.T) {
	node := chaintest.Start(t)
	gateway := gatewaytest.New(t, node, "one", 1)
	p := newPlace(t, node, "", func(c *Config) { c.Footnotes = true })
	noted := gatewaytest.Saying + footnotesMark + "[1] On hair, 75.00 % by open1author"
	for _, body := range []string{question, streamed} {
		require.Equal(t, noted, p.ask(body).text)
	}
	history, err := json.Marshal(map[string]any{"messages": []api.Message{
		{Role: "user", Content: "Why?"}, {Role: "assistant", Content: noted}, {Role: "user", Content: "And then?"},
	}})
	require.NoError(t, err)
	require.Equal(t, noted, p.ask(string(history)).text)
	gateway.Lock()
	last := string(gateway.Asked[len(gateway.Asked)-1])
	gateway.Unlock()
	require.NotContains(t, last, "paid by this answer", "what was appended is not asked")
	require.Contains(t, last, gatewaytest.Saying)
	require.Equal(
		t,
		gatewaytest.Saying,
		p.ask(`{"response_format":{"type":"json_object"},"messages":[{"role":"user","content":"Why?"}]}`).text,
		"JSON stays JSON",
	)
}

func TestRefusals(t *testing.T) {
	node := chaintest.Start(t)
	gatewaytest.New(t, node, "one", 1)
	p := newPlace(t, node, "")
	for body, code := range map[string]string{
		`{`: "invalid_json", `{"messages":[]}`: "invalid_value",
		`{"messages":[{"role":"user","content":"Why?"}],"hm":1}`:          "unsupported_parameter",
		`{"messages":[{"role":"user","content":"Why?"}],"openledger":{}}`: "unsupported_parameter",
	} {
		got := p.ask(body)
		require.Equal(t, http.StatusBadRequest, got.status)
		require.Equal(t, code, got.error.Code)
	}
	require.Equal(t, http.StatusNotFound, p.post("/v1/embeddings", "{}").status)
	require.Zero(t, node.Sessions())
}

// TestStreamsNameTheModel from their first chunk on, also for clients that name none.
func TestStreamsNameTheModel(t *testing.T) {
	node := chaintest.Start(t)
	gatewaytest.New(t, node, "gateway", 1)
	p := newPlace(t, node, "", func(c *Config) { c.Aliases = map[string]string{"gpt-4o": "openledger/1"} })
	for _, named := range []string{"", `"model":"gpt-4o",`} {
		response, err := http.Post(p.url+"/v1/chat/completions", "application/json",
			strings.NewReader(`{`+named+`"stream":true,"messages":[{"role":"user","content":"Why?"}]}`))
		require.NoError(t, err)
		defer response.Body.Close()
		chunks := 0
		for lines := bufio.NewScanner(response.Body); lines.Scan(); {
			data, ok := strings.CutPrefix(lines.Text(), "data: {")
			if !ok {
				continue
			}
			var chunk api.ChatResponse
			require.NoError(t, json.Unmarshal([]byte("{"+data), &chunk))
			require.Equal(t, "openledger/1", chunk.Model)
			chunks++
		}
		require.Greater(t, chunks, 1)
	}
}

// TestUsageHasWhatWasRead: a client that has read a stream to its end finds the answer in GET /usage, although the
// ledger is written behind that end.
func TestUsageHasWhatWasRead(t *testing.T) {
	node := chaintest.Start(t)
	gatewaytest.New(t, node, "gateway", 1)
	p := newPlace(t, node, "")
	require.Equal(t, gatewaytest.Saying, p.ask(question).text) // a session is open
	usage := func() (usage Usage) {
		response, err := http.Get(p.url + "/usage")
		if !assert.NoError(t, err) {
			return usage
		}
		defer response.Body.Close()
		assert.NoError(t, json.NewDecoder(response.Body).Decode(&usage))
		return usage
	}
	require.Len(t, usage().Answers, 1)

	slow, err := p.config.Ledger.db.Begin(true) // nothing is written before it is over
	require.NoError(t, err)
	response, err := http.Post(p.url+"/v1/chat/completions", "application/json", strings.NewReader(streamed))
	require.NoError(t, err)
	defer response.Body.Close()
	require.NoError(t, api.ReadEvents(response.Body, func(data string) (bool, error) { return data == api.Done, nil }))
	require.Len(t, usage().Answers, 1, "it waits for a time")
	found := make(chan Usage)
	go func() { found <- usage() }()
	time.Sleep(50 * time.Millisecond)
	require.NoError(t, slow.Rollback())
	require.Len(t, (<-found).Answers, 2)
	require.Empty(t, p.endings.open)
}
