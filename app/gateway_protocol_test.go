package app_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openledger/openledger/openlora/api"
	"github.com/openledger/openledger/openlora/engine"
	"github.com/openledger/openledger/openlora/gateway"
	"github.com/openledger/openledger/poa"
	"github.com/openledger/openledger/testutil/chain"
)

// dapp is a client of its own: it sends any body, with a right voucher.
type dapp struct {
	*provider
	c     *chain.Conversation
	n     uint64
	head  poa.Hash
	last  poa.Outcome
	spent poa.Amount
	fee   string // maximum
}

func newDapp(p *provider) *dapp {
	return &dapp{provider: p, c: p.Open(chain.Open(50)), fee: "2000000000000000000"}
}

// pay adds a voucher to the fields of a body, and moves on to the call.
func (d *dapp) pay(t *testing.T, fields string) string {
	t.Helper()
	query, err := api.Query([]byte("{" + fields + "}"))
	require.NoError(t, err)
	var key, session poa.Hash
	_, _ = rand.Read(key[:])
	copy(session[:], d.c.Session.Id)
	d.n++
	d.head = poa.NextHash(d.head, poa.Call{QueryHash: api.QueryHash(key, query), MaxFee: amount(t, d.fee)}.Hash(), d.last)
	d.last = poa.Outcome{}
	most, err := d.spent.Add(amount(t, d.fee))
	require.NoError(t, err)
	voucher := poa.Voucher{
		ChainID: chain.ID, Session: session, Provider: d.Provider.Address, ModelID: d.c.Session.ModelId,
		ModelVersion: d.c.Session.ModelVersion,
		Price:        chain.Price(d.c.Session.Price), N: d.n, Head: d.head, CumulativeMax: most,
	}
	encoded, err := json.Marshal(api.Call{
		Session: session, CallKey: key, N: d.n, MaxFee: d.fee, CumulativeMax: most.String(), Head: d.head,
		Signature: ed25519.Sign(d.c.Key, voucher.SignBytes()),
	})
	require.NoError(t, err)
	return "{" + fields + `,"openledger":` + string(encoded) + "}"
}

func (d *dapp) post(t *testing.T, path, body string) (*http.Response, string) {
	t.Helper()
	response, err := http.Post(d.url+path, "application/json", strings.NewReader(body))
	require.NoError(t, err)
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response, string(content)
}

// refused is the error that a body gets.
func (d *dapp) refused(t *testing.T, body string) (*http.Response, api.Error) {
	t.Helper()
	response, content := d.post(t, "/v1/chat/completions", body)
	var out api.ErrorBody
	require.NoError(t, json.Unmarshal([]byte(content), &out), content)
	require.NotEmpty(t, out.Error.Code, content)
	return response, out.Error
}

// answer is the answer that a body gets, which the next call acknowledges.
func (d *dapp) answer(t *testing.T, path, body string) api.ChatResponse {
	t.Helper()
	response, content := d.post(t, path, body)
	require.Equal(t, http.StatusOK, response.StatusCode, content)
	var out api.ChatResponse
	require.NoError(t, json.Unmarshal([]byte(content), &out), content)
	d.took(t, out.OpenLedger)
	return out
}

func (d *dapp) took(t *testing.T, proof *api.Answer) {
	t.Helper()
	require.NotNil(t, proof)
	require.Equal(t, d.n, proof.N)
	d.last = poa.Outcome{AnswerRoot: proof.AnswerRoot, InputTokens: proof.InputTokens, OutputTokens: proof.OutputTokens,
		Fee: amount(t, proof.Fee)}
	var err error
	d.spent, err = d.spent.Add(d.last.Fee)
	require.NoError(t, err)
}

// chunks are the events of a stream as they were written.
func chunks(t *testing.T, stream string) []map[string]any {
	t.Helper()
	var all []map[string]any
	ended := false
	require.NoError(t, api.ReadEvents(strings.NewReader(stream), func(data string) (bool, error) {
		if ended = data == api.Done; ended {
			return true, nil
		}
		var chunk map[string]any
		require.NoError(t, json.Unmarshal([]byte(data), &chunk))
		all = append(all, chunk)
		return false, nil
	}))
	require.True(t, ended)
	return all
}

const why = `"model":"openledger/1","messages":[{"role":"user","content":"Is p<0.05 & R&D > 1\u2028in disease?"}]`

// TestStreamsAreOpenAIs: no chunk says what it does not know, each has a choice unless usage was asked for, and the
// proof comes with the reason.
func TestStreamsAreOpenAIs(t *testing.T) {
	s := newScenario(t)
	said := &speaker{pieces: []string{"one ", "two "}, finish: engine.FinishFilter}
	p := serveGateway(t, s, nodeOf(s), filepath.Join(t.TempDir(), "outbox.db"), said)
	d := newDapp(p)
	name := gateway.ModelName(s.ModelID)
	for _, usage := range []bool{false, true} {
		fields := strings.Replace(why, "openledger/1", name, 1) + `,"stream":true`
		if usage {
			fields += `,"stream_options":{"include_usage":true}`
		}
		response, content := d.post(t, "/v1/chat/completions", d.pay(t, fields))
		require.Equal(t, "text/event-stream", response.Header.Get("Content-Type"))
		require.Equal(t, "no", response.Header.Get("X-Accel-Buffering"))
		all := chunks(t, content)
		if usage {
			last := all[len(all)-1]
			require.Empty(t, last["choices"])
			require.NotNil(t, last["usage"])
			all = all[:len(all)-1]
		}
		require.Len(t, all, 3, content)
		deltas := []map[string]any{{"role": "assistant", "content": "one "}, {"content": "two "}, {}}
		for i, chunk := range all {
			require.Equal(t, name, chunk["model"])
			require.NotContains(t, chunk, "usage")
			choice := chunk["choices"].([]any)[0].(map[string]any)
			require.Equal(t, deltas[i], choice["delta"])
		}
		require.Equal(t, "content_filter", all[2]["choices"].([]any)[0].(map[string]any)["finish_reason"])
		encoded, err := json.Marshal(all[2]["openledger"])
		require.NoError(t, err)
		var proof api.Answer
		require.NoError(t, json.Unmarshal(encoded, &proof))
		d.took(t, &proof)
	}

	whole := d.answer(t, "/v1/completions", d.pay(t, `"prompt":"Why?"`))
	require.Equal(t, "text_completion", whole.Object)
	require.Equal(t, "one two ", *whole.Choices[0].Text)
	_, content := d.post(t, "/v1/completions", d.pay(t, `"prompt":"Why?","stream":true`))
	for _, chunk := range chunks(t, content) {
		require.Equal(t, "text_completion", chunk["object"])
		require.Contains(t, chunk["choices"].([]any)[0], "text")
	}
}

// TestSilenceInAStream: a client and the proxies before it hear something while the model reads.
func TestSilenceInAStream(t *testing.T) {
	s := newScenario(t)
	p := serveGateway(t, s, nodeOf(s), filepath.Join(t.TempDir(), "outbox.db"), &speaker{waits: true},
		func(l *gateway.Limits) { l.KeepAlive, l.AnswerTimeout = 10*time.Millisecond, 200*time.Millisecond })
	d := newDapp(p)
	response, content := d.post(t, "/v1/chat/completions", d.pay(t, why[len(`"model":"openledger/1",`):]+`,"stream":true`))
	require.Equal(t, http.StatusOK, response.StatusCode)
	require.GreaterOrEqual(t, strings.Count(content, ": the answer is being made\n\n"), 3)
	failed := chunks(t, content)
	require.Equal(t, true, failed[0]["error"].(map[string]any)["openledger_gap"])
	require.True(t, p.stored(t, d.c, 1).Gap)
}

// TestToolCallsArePaidFor: name and arguments are what the model has said.
func TestToolCallsArePaidFor(t *testing.T) {
	s := newScenario(t)
	call := api.ToolCall{ID: "c1", Type: "function",
		Function: api.Function{Name: "weather", Arguments: `{"city": "Bern"}`}}
	said := &speaker{calls: []api.ToolCall{call}, finish: engine.FinishToolCalls}
	p := serveGateway(t, s, nodeOf(s), filepath.Join(t.TempDir(), "outbox.db"), said)
	d := newDapp(p)
	const fields = `"messages":[{"role":"user","content":"Weather?"}],"tools":[{"type":"function","function":{"name":"weather"}}]`
	out := d.answer(t, "/v1/chat/completions", d.pay(t, fields))
	require.Equal(t, []api.ToolCall{call}, out.Choices[0].Message.ToolCalls)
	require.Equal(t, engine.FinishToolCalls, *out.Choices[0].FinishReason)
	require.EqualValues(t, 3, out.OpenLedger.OutputTokens)
	require.Greater(t, out.OpenLedger.InputTokens, uint32(5))

	_, content := d.post(t, "/v1/chat/completions", d.pay(t, fields+`,"stream":true`))
	all := chunks(t, content)
	require.Len(t, all, 2)
	delta := all[0]["choices"].([]any)[0].(map[string]any)["delta"].(map[string]any)
	require.Equal(t, "assistant", delta["role"])
	require.Equal(t, "weather", delta["tool_calls"].([]any)[0].(map[string]any)["function"].(map[string]any)["name"])
	require.Equal(t, "weather {\"city\": \"Bern\"}", p.stored(t, d.c, 2).Answer)

	d = newDapp(p)
	_, refused := d.refused(t, d.pay(t, fields+`,"max_tokens":2`))
	require.Equal(t, "max_tokens", *refused.Param)
	require.True(t, refused.Gap)
}

// TestFailuresSayWhetherToRepeat: what was refused for good is 400 with the server's words, the rest may be sent again
// as it is, and is answered then and paid once.
func TestFailuresSayWhetherToRepeat(t *testing.T) {
	s := newScenario(t)
	said := &speaker{}
	p := serveGateway(t, s, nodeOf(s), filepath.Join(t.TempDir(), "outbox.db"), said)
	for name, c := range map[string]struct {
		fails  error
		status int
		after  string
		says   string
	}{
		"refused": {&engine.UpstreamError{Refused: true, Message: "context is 4096 tokens"}, http.StatusBadRequest, "",
			"context is 4096 tokens"},
		"busy": {&engine.UpstreamError{Busy: true, Message: "sk-secret", RetryAfter: 7 * time.Second},
			http.StatusServiceUnavailable, "7", "same voucher"},
		"broken": {&engine.UpstreamError{Message: "sk-secret"}, http.StatusBadGateway, "1", "same voucher"},
		"late":   {context.DeadlineExceeded, http.StatusBadGateway, "1", "same voucher"},
	} {
		t.Run(name, func(t *testing.T) {
			*said = speaker{fails: c.fails}
			d := newDapp(p)
			body := d.pay(t, `"messages":[{"role":"user","content":"Why?"}]`)
			for range 3 {
				response, refused := d.refused(t, body)
				require.Equal(t, c.status, response.StatusCode)
				require.Equal(t, c.after, response.Header.Get("Retry-After"))
				require.Contains(t, refused.Message, c.says)
				require.NotContains(t, refused.Message, "secret")
				require.True(t, refused.Gap)
				p.submit(t)
			}
			*said = speaker{pieces: []string{"at last"}}
			first := d.answer(t, "/v1/chat/completions", body)
			_, again := d.post(t, "/v1/chat/completions", body)
			require.Contains(t, again, first.OpenLedger.AnswerRoot.String())
			d.answer(t, "/v1/chat/completions", d.pay(t, `"messages":[{"role":"user","content":"And?"}]`))
			p.submit(t)
			d.c.Refresh(d.c.Session.Id)
			require.Equal(t, first.OpenLedger.Fee, d.c.Session.Spent.String())
		})
	}
}

// TestRefusedBeforeItIsRecorded: what can be known before costs the provider nothing and uses no voucher.
func TestRefusedBeforeItIsRecorded(t *testing.T) {
	s := newScenario(t)
	p := serveGateway(t, s, nodeOf(s), filepath.Join(t.TempDir(), "outbox.db"), engine.Extractive{})
	d := newDapp(p)
	for fields, want := range map[string]struct {
		status      int
		code, param string
	}{
		`"messages":[{"role":"user","content":"Why?"}],"model":"gpt-4"`: {http.StatusNotFound, "model_not_found",
			"model"},
		`"messages":[{"role":"user","content":"Why?"}],"temperature":0.7`: {http.StatusBadRequest,
			"unsupported_parameter", "temperature"},
		`"messages":[{"role":"user","content":"Why?"}],"tools":[{"a":1}]`: {http.StatusBadRequest,
			"unsupported_parameter", "tools"},
		`"messages":[{"role":"user","content":"Why?"}],"n":3`: {http.StatusBadRequest,
			"unsupported_parameter", "n"},
		`"messages":[{"role":"user","content":[{"type":"image_url"}]}]`: {http.StatusBadRequest,
			"unsupported_parameter", "messages.0.content.0.type"},
		`"messages":[{"role":"user","content":"Why?"}],"max_tokens":"plenty"`: {http.StatusBadRequest, "invalid_value",
			"max_tokens"},
	} {
		for _, body := range []string{"{" + fields + "}", d.pay(t, fields)} {
			response, refused := d.refused(t, body)
			require.Equal(t, want.status, response.StatusCode, fields)
			require.Equal(t, want.code, refused.Code)
			require.Equal(t, want.param, *refused.Param)
			require.False(t, refused.Gap)
		}
		d = newDapp(p)
	}
	d.fee = "1"
	response, refused := d.refused(t, d.pay(t, `"messages":[{"role":"user","content":"Why?"}]`))
	require.Equal(t, http.StatusBadRequest, response.StatusCode)
	require.Equal(t, "openledger.max_fee", *refused.Param)
	require.False(t, refused.Gap)
	sessions, err := p.box.Sessions()
	require.NoError(t, err)
	require.Empty(t, sessions, "none of it was recorded")
}

// TestGapsHaveAnEnd: a session in which nothing is answered any more is not gone on in.
func TestGapsHaveAnEnd(t *testing.T) {
	s := newScenario(t)
	said := &speaker{fails: &engine.UpstreamError{}}
	p := serveGateway(t, s, nodeOf(s), filepath.Join(t.TempDir(), "outbox.db"), said,
		func(l *gateway.Limits) { l.PerSecond, l.Burst = 1e6, 1e6 })
	d := newDapp(p)
	for range 256 {
		d.refused(t, d.pay(t, `"messages":[{"role":"user","content":"Why?"}]`))
	}
	_, refused := d.refused(t, d.pay(t, `"messages":[{"role":"user","content":"Why?"}]`))
	require.Equal(t, "too_many_gaps", refused.Code)
	require.False(t, refused.Gap)
	p.submit(t)
	d.c.Refresh(d.c.Session.Id)
	require.Zero(t, d.c.Session.Calls, "gaps alone cost no transaction")
}

func TestModelsByName(t *testing.T) {
	s := newScenario(t)
	p := serveGateway(t, s, nodeOf(s), filepath.Join(t.TempDir(), "outbox.db"), engine.Extractive{})
	for _, name := range []string{"openledger/%d", "openledger%%2F%d"} {
		response, err := http.Get(p.url + "/v1/models/" + fmt.Sprintf(name, s.ModelID))
		require.NoError(t, err)
		var model api.Model
		require.NoError(t, json.NewDecoder(response.Body).Decode(&model))
		response.Body.Close()
		require.Equal(t, gateway.ModelName(s.ModelID), model.ID)
	}
	response, err := http.Get(p.url + "/v1/models/gpt-4")
	require.NoError(t, err)
	response.Body.Close()
	require.Equal(t, http.StatusNotFound, response.StatusCode)
}
