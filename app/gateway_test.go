package app_test

import (
	"cmp"
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	gogogrpc "github.com/cosmos/gogoproto/grpc"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"

	"github.com/cosmos/cosmos-sdk/baseapp"
	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/content"
	"github.com/openledger/openledger/openlora/api"
	openlorachain "github.com/openledger/openledger/openlora/chain"
	"github.com/openledger/openledger/openlora/engine"
	"github.com/openledger/openledger/openlora/gateway"
	"github.com/openledger/openledger/openlora/outbox"
	"github.com/openledger/openledger/openlora/session"
	"github.com/openledger/openledger/poa"
	"github.com/openledger/openledger/testutil/chain"
	attributionkeeper "github.com/openledger/openledger/x/attribution/keeper"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
	datanetkeeper "github.com/openledger/openledger/x/datanet/keeper"
	datanettypes "github.com/openledger/openledger/x/datanet/types"
	modelskeeper "github.com/openledger/openledger/x/models/keeper"
	modelstypes "github.com/openledger/openledger/x/models/types"
)

// fenceNode is crashingNode that claims fences. A claim may fail before it is sent, and after it is in a block.
type fenceNode struct {
	crashingNode
	claimBefore, claimAfter bool
	takeover                time.Duration // that claims wait
}

func nodeOf(s *chain.Scenario) *fenceNode {
	return &fenceNode{crashingNode: crashingNode{Chain: s.Chain, provider: s.Provider}}
}

func (n *fenceNode) Provider(context.Context) (modelstypes.Provider, error) {
	return n.App.ModelsKeeper.GetProvider(n.Ctx(), n.provider.Address)
}

func (n *fenceNode) ClaimFence(_ context.Context, msg *modelstypes.MsgClaimFence) error {
	if n.claimBefore {
		n.claimBefore = false
		return errCrash
	}
	result := n.Block(chain.Tx{Signer: n.provider, Msgs: []sdk.Msg{msg}})[0]
	if n.claimAfter {
		n.claimAfter = false
		return errCrash
	}
	if result.Code != 0 {
		return &openlorachain.RefusedError{Codespace: result.Codespace, Code: result.Code, Log: result.Log}
	}
	return nil
}

// speaker is an engine that speaks in pieces, and may fail.
type speaker struct {
	pieces []string
	fails  error  // behind the pieces
	waits  bool   // behind the pieces, until its time is over
	killed func() // the gateway ends behind the pieces
	atOnce bool   // returns the answer and passes on no pieces
	finish string
	calls  []api.ToolCall
}

func (s *speaker) Accepts(api.Options) error { return nil }

func (s *speaker) Answer(ctx context.Context, _ engine.Request, emit func(string) error) (engine.Reply, error) {
	for _, piece := range s.pieces {
		if s.atOnce {
			break
		}
		if err := emit(piece); err != nil {
			return engine.Reply{}, err
		}
	}
	if s.killed != nil {
		s.killed()
		return engine.Reply{}, context.Canceled
	}
	if s.waits {
		<-ctx.Done()
		return engine.Reply{}, ctx.Err()
	}
	return engine.Reply{Text: strings.Join(s.pieces, ""), Finish: cmp.Or(s.finish, engine.FinishStop), ToolCalls: s.calls},
		s.fails
}

func hundred() []string {
	pieces := strings.Fields(chain.Texts[0][0] + " " + chain.Texts[1][0])
	for i := len(pieces); i < 100; i++ {
		pieces = append(pieces, fmt.Sprintf("word%d", i))
	}
	for i := range pieces {
		pieces[i] += " "
	}
	return pieces[:100]
}

// provider runs a gateway of the scenario's provider on an outbox.
type provider struct {
	*chain.Scenario
	node    *fenceNode
	box     *outbox.Outbox
	gateway *gateway.Gateway
	url     string
	// cut ends the connection of answers after so many writes, if it is not negative. alter changes requests before they
	// arrive.
	cut   int
	alter func(*http.Request) *http.Request
}

// cutWriter is a connection that the other side has closed after some writes.
type cutWriter struct {
	http.ResponseWriter
	left int
}

func (w *cutWriter) Write(b []byte) (int, error) {
	if w.left == 0 {
		return 0, errors.New("connection reset by peer")
	}
	w.left--
	return w.ResponseWriter.Write(b)
}

func (w *cutWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// live answers queries from the state of the last block.
type live struct {
	gogogrpc.ClientConn
	*chain.Scenario
}

func (l live) Invoke(ctx context.Context, method string, args, reply any, _ ...grpc.CallOption) error {
	helper := baseapp.NewQueryServerTestHelper(l.Ctx(), l.App.InterfaceRegistry())
	attributiontypes.RegisterQueryServer(helper, attributionkeeper.NewQueryServer(l.App.AttributionKeeper))
	datanettypes.RegisterQueryServer(helper, datanetkeeper.NewQueryServer(l.App.DatanetKeeper))
	modelstypes.RegisterQueryServer(helper, modelskeeper.NewQueryServer(l.App.ModelsKeeper))
	return helper.Invoke(ctx, method, args, reply)
}

func queries(s *chain.Scenario) *openlorachain.Client {
	conn := live{Scenario: s}
	return &openlorachain.Client{
		ChainID: chain.ID, Attribution: attributiontypes.NewQueryClient(conn), Datanet: datanettypes.NewQueryClient(conn),
		Models: modelstypes.NewQueryClient(conn),
	}
}

func serveGateway(t *testing.T, s *chain.Scenario, node *fenceNode, path string, with engine.Engine,
	change ...func(*gateway.Limits)) *provider {
	t.Helper()
	store, err := content.Open(t.Context(), t.TempDir())
	require.NoError(t, err)
	t.Cleanup(func() { store.Close() })
	for _, contribution := range s.Contributions {
		encoded, err := contribution.File.MarshalBinary()
		require.NoError(t, err)
		_, err = store.Put(t.Context(), encoded)
		require.NoError(t, err)
	}
	limits := gateway.DefaultLimits()
	for _, c := range change {
		c(&limits)
	}
	p := &provider{Scenario: s, node: node, cut: -1}
	p.box, err = outbox.Open(path)
	require.NoError(t, err)
	p.gateway, err = gateway.New(t.Context(), gateway.Config{
		Node: queries(s), Provider: openlorachain.NewSigner(s.Provider.Key), AnswerKey: s.AnswerKey, Content: store,
		Outbox: p.box,
		Engine: with, Models: []uint64{s.ModelID}, Limits: limits, Log: slog.New(slog.DiscardHandler),
	})
	require.NoError(t, err)
	p.box.Takeover = node.takeover
	require.NoError(t, p.gateway.Claim(t.Context(), node))
	handler := p.gateway.Handler()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/completions") {
			if p.alter != nil {
				r = p.alter(r)
			}
			if p.cut >= 0 {
				w = &cutWriter{w, p.cut}
				p.cut = -1
			}
		}
		handler.ServeHTTP(w, r)
	}))
	p.url = server.URL
	t.Cleanup(func() {
		server.Close()
		p.box.Close()
	})
	return p
}

// clientOf goes on in a session of the chain.
func clientOf(t *testing.T, c *chain.Conversation, gateway string) *session.Client {
	t.Helper()
	state := session.State{
		ChainID: chain.ID, Gateway: gateway, Seed: c.Key.Seed(), Provider: c.Session.Provider, ModelID: c.Session.ModelId,
		ModelVersion: c.Session.ModelVersion,
		AnswerKey:    c.Session.AnswerKey, Price: chain.Price(c.Session.Price),
	}
	copy(state.ID[:], c.Session.Id)
	encoded, err := json.Marshal(state)
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "session.json")
	require.NoError(t, os.WriteFile(path, encoded, 0o600))
	loaded, err := session.Load(path)
	require.NoError(t, err)
	loaded.MaxFee = amount(t, "2000000000000000000")
	return loaded
}

func amount(t *testing.T, text string) poa.Amount {
	t.Helper()
	a, err := outbox.ParseAmount(text)
	require.NoError(t, err)
	return a
}

// submit gets what was acknowledged to the chain.
func (p *provider) submit(t *testing.T) {
	t.Helper()
	sender := p.gateway.Sender()
	sender.Node = p.node
	require.NoError(t, sender.Round(t.Context()))
	_, refused, err := p.box.Counts()
	require.NoError(t, err)
	require.Zero(t, refused)
}

// stored is what the outbox knows of a call.
func (p *provider) stored(t *testing.T, c *chain.Conversation, n uint64) outbox.Call {
	t.Helper()
	var id poa.Hash
	copy(id[:], c.Session.Id)
	call, err := p.box.Call(id, n)
	require.NoError(t, err)
	return call
}

// TestNoAnswerIsFree plays the client that reads a stream and hangs up before the end, in each call of a session: what
// was sent is charged. A client that lost the connection against its will gets what it pays for by asking again,
// acknowledges it, and contributors are paid.
func TestNoAnswerIsFree(t *testing.T) {
	s := newScenario(t)
	p := serveGateway(t, s, nodeOf(s), filepath.Join(t.TempDir(), "outbox.db"), &speaker{pieces: hundred()})
	for _, read := range []int{0, 1, 50, 99, 100, 101, 102} {
		c := s.Open(chain.Open(50))
		asks := clientOf(t, c, p.url)
		p.cut = read
		shown := 0
		answer, err := asks.Ask(t.Context(), "What directs the growth of hair?", func(string) { shown++ })
		require.NoError(t, err, "after %d writes", read)
		call := p.stored(t, c, 1)
		require.False(t, call.Gap)
		require.False(t, call.Started)
		require.True(t, call.Outcome.Fee.Cmp(poa.Amount{}) > 0)
		words := min(read+1, 100) // the piece whose writing failed may have arrived
		require.Len(t, strings.Fields(call.Answer), words, "after %d writes", read)
		require.Equal(t, call.Answer, answer.Text)
		require.LessOrEqual(t, shown, words)
		t.Logf("hung up after %d of 100 pieces: %d words charged at %s aopen", read, words, call.Outcome.Fee)

		require.NoError(t, asks.Acknowledge(t.Context()))
		p.submit(t)
		c.Refresh(c.Session.Id)
		require.Equal(t, call.Outcome.Fee.Big(), c.Session.Spent.BigInt())
		require.False(t, c.Session.Unacknowledged)
		require.Equal(t, asks.State.Spent, call.Outcome.Fee)
	}
}

// unstreamed asks for an answer in one piece.
func unstreamed(t *testing.T) func(r *http.Request) *http.Request {
	return func(r *http.Request) *http.Request {
		body, err := io.ReadAll(r.Body)
		require.NoError(t, err)
		r.Body = io.NopCloser(strings.NewReader(strings.Replace(string(body), `"stream":true`, `"stream":false`, 1)))
		return r
	}
}

// TestGapsAreFailuresBeforeTheFirstPiece, and no others.
func TestGapsAreFailuresBeforeTheFirstPiece(t *testing.T) {
	s := newScenario(t)
	broken := errors.New("the model server failed")
	said := &speaker{}
	p := serveGateway(t, s, nodeOf(s), filepath.Join(t.TempDir(), "outbox.db"), said,
		func(l *gateway.Limits) { l.AnswerTimeout = 300 * time.Millisecond })
	plain := unstreamed(t)
	gone := func(r *http.Request) *http.Request { // the client has hung up before the answer begins
		ctx, cancel := context.WithCancel(r.Context())
		cancel()
		return plain(r).WithContext(ctx)
	}
	for name, c := range map[string]struct {
		engine speaker
		alter  func(*http.Request) *http.Request
		gap    bool
		words  int
		finish string
	}{
		"fails before it says anything": {engine: speaker{fails: broken}, gap: true},
		"says nothing in time":          {engine: speaker{waits: true}, gap: true},
		"says nothing":                  {engine: speaker{}, gap: true},
		"says what has no words": {engine: speaker{pieces: []string{" ", "... "}, fails: broken},
			gap: true},
		"fails in the middle": {engine: speaker{pieces: []string{"one ", "two "}, fails: broken},
			words: 2, finish: "length"},
		"its time is over in the middle": {engine: speaker{pieces: []string{"one ", "two "}, waits: true},
			words: 2, finish: "length"},
		"says all at once": {engine: speaker{pieces: []string{"one ", "two"}, atOnce: true},
			words: 2, finish: "stop"},
		"fails in the middle, not streamed": {engine: speaker{pieces: []string{"one ", "two "}, fails: broken},
			alter: plain, gap: true},
		"answers who has hung up, not streamed": {engine: speaker{pieces: []string{"one ", "two"}}, alter: gone,
			words: 2, finish: "stop"},
		"ends with a letter that an accent may follow": {engine: speaker{pieces: []string{"caf", "e"}}, words: 1,
			finish: "stop"},
	} {
		t.Run(name, func(t *testing.T) {
			*said = c.engine
			conversation := s.Open(chain.Open(50))
			asks := clientOf(t, conversation, p.url)
			p.alter = c.alter
			answer, err := asks.Ask(t.Context(), "What?", nil)
			p.alter = nil
			call := p.stored(t, conversation, 1)
			require.Equal(t, c.gap, call.Gap)
			require.False(t, call.Started)
			if c.gap {
				var refused *session.GatewayError
				require.ErrorAs(t, err, &refused)
				require.True(t, refused.Body.Gap)
				require.Equal(t, poa.Outcome{}, call.Outcome)
			} else {
				if err != nil { // the response was not a stream
					answer, err = asks.Recover(t.Context())
				}
				require.NoError(t, err)
				require.Len(t, strings.Fields(call.Answer), c.words)
				require.Equal(t, call.Answer, answer.Text)
				var response api.ChatResponse
				require.NoError(t, json.Unmarshal(call.Response, &response))
				require.Equal(t, c.finish, *response.Choices[0].FinishReason)
			}
			// Either way the session goes on, and what there is reaches the chain.
			*said = speaker{pieces: []string{"next"}}
			answer, err = asks.Ask(t.Context(), "And then?", nil)
			require.NoError(t, err)
			require.Equal(t, "next", answer.Text)
			require.NoError(t, asks.Acknowledge(t.Context()))
			p.submit(t)
			conversation.Refresh(conversation.Session.Id)
			require.EqualValues(t, 2, conversation.Session.Calls)
		})
	}
}

// TestSentWordsSurviveTheGateway kills the gateway behind some pieces of a stream: nothing that it stores afterwards
// reaches the outbox. When it runs again, what was sent is signed for, once, and the client gets it for the same
// voucher.
func TestSentWordsSurviveTheGateway(t *testing.T) {
	for name, play := range map[string]func(t *testing.T, p *provider, c *chain.Conversation, asks *session.Client){
		"the gateway signs by itself": func(t *testing.T, p *provider, c *chain.Conversation, _ *session.Client) {
			require.NoError(t, p.gateway.FinishAll(t.Context()))
			require.False(t, p.stored(t, c, 1).Started)
		},
		"the client is faster": func(*testing.T, *provider, *chain.Conversation, *session.Client) {},
		"the client only looks": func(t *testing.T, p *provider, _ *chain.Conversation, asks *session.Client) {
			late, err := asks.Settle(t.Context(), 0)
			require.NoError(t, err)
			require.NotNil(t, late, "a call that may have an outcome yet is no gap")
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScenario(t)
			path := filepath.Join(t.TempDir(), "outbox.db")
			said := &speaker{pieces: hundred()[:30]}
			p := serveGateway(t, s, nodeOf(s), path, said)
			said.killed = func() { p.box.Close() }
			c := s.Open(chain.Open(50))
			asks := clientOf(t, c, p.url)
			shown := ""
			_, err := asks.Ask(t.Context(), "What directs the growth of hair?", func(piece string) { shown += piece })
			require.Error(t, err)
			require.NotEmpty(t, shown)

			*said = speaker{pieces: []string{"something ", "else"}}
			p = serveGateway(t, s, p.node, path, said)
			asks.State.Gateway = p.url
			require.True(t, p.stored(t, c, 1).Started)
			play(t, p, c, asks)
			answer, err := asks.Recover(t.Context())
			require.NoError(t, err)
			call := p.stored(t, c, 1)
			require.False(t, call.Gap)
			require.Equal(t, strings.Join(hundred()[:30], ""), call.Answer)
			if answer != nil {
				require.Equal(t, call.Answer, answer.Text)
			}
			require.True(t, strings.HasPrefix(call.Answer, shown))
			require.EqualValues(t, 30, call.Outcome.OutputTokens)
			unfinished, err := p.box.AllUnfinished()
			require.NoError(t, err)
			require.Empty(t, unfinished)

			// The session goes on, and its authors are paid.
			_, err = asks.Ask(t.Context(), "And then?", nil)
			require.NoError(t, err)
			require.NoError(t, asks.Acknowledge(t.Context()))
			p.submit(t)
			c.Refresh(c.Session.Id)
			require.Equal(t, asks.State.Spent.Big(), c.Session.Spent.BigInt())
			require.EqualValues(t, 2, c.Session.Calls)
		})
	}
}

// TestSentWordsOfClosedSessions: who reads a stream, has the gateway killed and closes the session pays for what came.
// Without a word there is nothing to pay.
func TestSentWordsOfClosedSessions(t *testing.T) {
	for _, words := range []int{0, 1, 30} {
		s := newScenario(t)
		path := filepath.Join(t.TempDir(), "outbox.db")
		said := &speaker{pieces: hundred()[:words]}
		p := serveGateway(t, s, nodeOf(s), path, said)
		said.killed = func() { p.box.Close() }
		c := s.Open(chain.Open(50))
		asks := clientOf(t, c, p.url)
		_, err := asks.Ask(t.Context(), "What directs the growth of hair?", nil)
		require.Error(t, err)
		result := s.Block(
			chain.Tx{Signer: s.Payer, Msgs: []sdk.Msg{
				&attributiontypes.MsgCloseSession{Signer: s.Payer.String(), SessionId: c.Session.Id}}})[0]
		require.Zero(t, result.Code, result.Log)

		p = serveGateway(t, s, p.node, path, said)
		require.NoError(t, p.gateway.FinishAll(t.Context()))
		call := p.stored(t, c, 1)
		require.False(t, call.Started)
		require.Equal(t, words == 0, call.Gap)
		p.submit(t)
		c.Refresh(c.Session.Id)
		require.Equal(t, call.Outcome.Fee.String(), c.Session.Spent.String(), "%d words", words)
		require.Equal(t, words > 0, call.Outcome.Fee.Cmp(poa.Amount{}) > 0)
	}
}

// TestClientsFindLostAnswers: a client that ends between question and answer, or whose acknowledgement is lost, goes on
// where it was.
func TestClientsFindLostAnswers(t *testing.T) {
	s := newScenario(t)
	p := serveGateway(t, s, nodeOf(s), filepath.Join(t.TempDir(), "outbox.db"), &speaker{pieces: hundred()})
	c := s.Open(chain.Open(50))
	asks := clientOf(t, c, p.url)

	// Its process ends while the answer comes: nothing of it is kept but the state.
	ctx, cancel := context.WithCancel(t.Context())
	p.cut = 30
	_, err := asks.Ask(ctx, "The first?", func(string) { cancel() })
	require.Error(t, err)
	require.NotNil(t, asks.State.Pending)
	answer, err := asks.Ask(t.Context(), "The second?", nil)
	require.NoError(t, err)
	require.Len(t, strings.Fields(answer.Text), 100)
	require.NotNil(t, asks.Late)
	require.Equal(t, "The first?", asks.Late.Question)
	require.Equal(t, p.stored(t, c, 1).Answer, asks.Late.Text)
	require.NoError(t, asks.Acknowledge(t.Context()))

	// A question that never arrived is asked when it is looked for.
	p.alter = func(r *http.Request) *http.Request { panic(http.ErrAbortHandler) }
	_, err = asks.Ask(t.Context(), "The third?", nil)
	require.Error(t, err)
	p.alter = nil
	answer, err = asks.Recover(t.Context())
	require.NoError(t, err)
	require.Equal(t, "The third?", answer.Question)
	again, err := asks.Recover(t.Context())
	require.NoError(t, err)
	require.Nil(t, again)

	// The gateway has the acknowledgement, the client does not know.
	before := asks.State
	require.NoError(t, asks.Acknowledge(t.Context()))
	asks.State = before
	_, err = asks.Ask(t.Context(), "The fourth?", nil)
	require.NoError(t, err)
	require.NoError(t, asks.Acknowledge(t.Context()))
	p.submit(t)
	c.Refresh(c.Session.Id)
	require.Equal(t, asks.State.N, c.Session.Calls+1, "the last leaf acknowledges, and is not recorded")
	require.Equal(t, asks.State.Spent.Big(), c.Session.Spent.BigInt())
}

// TestInvisibleCharactersHideNothing: the spaces and marks of language models are cleaned before they are sent and
// signed, so that the words between them are found as ever; and a client acknowledges no answer with characters that
// look like nothing, whoever signs it.
func TestInvisibleCharactersHideNothing(t *testing.T) {
	s := newScenario(t)
	said := &speaker{}
	p := serveGateway(t, s, nodeOf(s), filepath.Join(t.TempDir(), "outbox.db"), said)
	unattributed := func(text string) uint32 {
		t.Helper()
		said.pieces = strings.SplitAfter(text, "\u00a0")
		c := s.Open(chain.Open(50))
		answer, err := clientOf(t, c, p.url).Ask(t.Context(), "What directs the growth of hair?", nil)
		require.NoError(t, err)
		require.NoError(t, poa.CheckText([]byte(answer.Text)))
		return answer.Proof.UnattributedPPM
	}
	text := chain.Texts[0][0]
	honest := unattributed(text)
	require.Zero(t, honest)
	for _, disguise := range []*strings.Replacer{
		strings.NewReplacer(" ", "\u00a0"), strings.NewReplacer(" ", "\u202f"), strings.NewReplacer("e", "e\u200b"),
		strings.NewReplacer("e", "\u00ade"), strings.NewReplacer("a", "a\u2060"),
	} {
		require.Equal(t, honest, unattributed(disguise.Replace(text)))
	}

	for _, hidden := range []string{"no\u00a0break", "zero\u200bwidth", "soft\u00adhyphen", "cafe\u0301",
		"p\u0430ssword"} {
		c := s.Open(chain.Open(50))
		liar := httptest.NewServer(signs(t, s, c, hidden))
		asks := clientOf(t, c, liar.URL)
		_, err := asks.Ask(t.Context(), "What?", nil)
		require.ErrorIs(t, err, session.ErrAnswer, hidden)
		require.ErrorContains(t, err, "hides words", hidden)
		require.Equal(t, poa.Outcome{}, asks.State.Last)
		require.NoError(t, asks.Acknowledge(t.Context()), "there is nothing that it acknowledges")
		_, err = asks.Ask(t.Context(), "And then?", nil)
		require.ErrorIs(t, err, session.ErrAnswer, "not by its next question either")
		liar.Close()
	}
	// The same server is believed when it says what can be seen.
	c := s.Open(chain.Open(50))
	server := httptest.NewServer(signs(t, s, c, "plain words"))
	defer server.Close()
	_, err := clientOf(t, c, server.URL).Ask(t.Context(), "What?", nil)
	require.NoError(t, err)
}

// signs answers with a text, whatever it is, and a right proof.
func signs(t *testing.T, s *chain.Scenario, c *chain.Conversation, text string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		request, err := api.ParseChat(body)
		if err != nil || request.OpenLedger == nil {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		tokens := poa.TokenIDs([]byte(text))
		input := request.InputTokens()
		fee, err := chain.Price(c.Session.Price).Total(input, uint32(len(tokens)))
		if err != nil {
			t.Error(err)
		}
		outcome := poa.Outcome{AnswerRoot: poa.AnswerRoot(request.OpenLedger.CallKey, tokens), InputTokens: input,
			OutputTokens: uint32(len(tokens)), Fee: fee}
		signed := poa.SignedAnswer{ChainID: chain.ID, Session: request.OpenLedger.Session, N: request.OpenLedger.N,
			Outcome: outcome}
		response := api.ChatResponse{
			Choices: []api.Choice{{Delta: &api.Delta{Content: text}}},
			OpenLedger: &api.Answer{
				Session: signed.Session, N: signed.N, AnswerRoot: outcome.AnswerRoot, InputTokens: input,
				OutputTokens: outcome.OutputTokens, Fee: fee.String(),
				AnswerSignature: ed25519.Sign(s.AnswerKey, signed.SignBytes()),
			},
		}
		encoded, err := json.Marshal(response)
		if err != nil {
			t.Error(err)
		}
		fmt.Fprintf(w, "data: %s\n\ndata: [DONE]\n\n", encoded)
	}
}

// TestOneMemorySigns plays the client that asks the same call of a session wherever the provider's key answers: at a
// second gateway, at one whose outbox was copied, restored or lost. It gets one signature.
func TestOneMemorySigns(t *testing.T) {
	const name = "outbox.db"
	said := &speaker{pieces: []string{"first"}}
	ask := func(t *testing.T, c *chain.Conversation, p *provider, from session.State, text string) error {
		t.Helper()
		said.pieces = []string{text}
		asks := clientOf(t, c, p.url)
		if from.N > 0 {
			gateway := asks.State.Gateway
			asks.State = from
			asks.State.Gateway = gateway
		}
		_, err := asks.Ask(t.Context(), "What?", nil)
		return err
	}
	fenced := func(t *testing.T, c *chain.Conversation, p *provider, from session.State, text string) {
		t.Helper()
		err := ask(t, c, p, from, text)
		require.True(t, session.Over(err), "%v", err)
		require.ErrorContains(t, err, api.CodeFenced)
		require.ErrorContains(t, err, "open another", "it says what to do")
	}

	t.Run("two gateways", func(t *testing.T) {
		s := newScenario(t)
		node := nodeOf(s)
		node.takeover = outbox.TakeoverWait
		one := serveGateway(t, s, node, filepath.Join(t.TempDir(), name), said)
		a := s.Open(chain.Open(10))
		require.NoError(t, ask(t, a, one, session.State{}, "one"))
		two := serveGateway(t, s, node, filepath.Join(t.TempDir(), name), said)
		fenced(t, a, two, session.State{}, "two")
		fenced(t, s.Open(chain.Open(10)), one, session.State{}, "the first one is replaced")
		b := s.Open(chain.Open(10))
		require.NoError(t, ask(t, b, two, session.State{}, "two"))
		fenced(t, b, one, session.State{}, "one")
		fenced(t, a, one, session.State{}, "nobody goes on")
		require.Equal(t, "one", one.stored(t, a, 1).Answer)
	})

	t.Run("a restart goes on", func(t *testing.T) {
		s := newScenario(t)
		node, path := nodeOf(s), filepath.Join(t.TempDir(), name)
		a := s.Open(chain.Open(10))
		first := serveGateway(t, s, node, path, said)
		fenced(t, a, first, session.State{}, "opened before there was a fence")
		a = s.Open(chain.Open(10))
		asks := clientOf(t, a, first.url)
		_, err := asks.Ask(t.Context(), "What?", nil)
		require.NoError(t, err)
		for range 10 {
			require.NoError(t, first.box.Close())
			first = serveGateway(t, s, node, path, said)
		}
		asks.State.Gateway = first.url
		_, err = asks.Ask(t.Context(), "And then?", nil)
		require.NoError(t, err)
	})

	for kind, c := range map[string]struct {
		again   bool // the gateway starts once more after the backup was made
		submits bool // the chain has calls that the backup does not know
		inPlace bool // the backup is written over the file, which stays the same for the disk
	}{
		"a backup from before the last start": {again: true, inPlace: true},
		"a backup that is behind the chain":   {submits: true, inPlace: true},
		"a copy of the newest state":          {},
	} {
		t.Run(kind, func(t *testing.T) {
			s := newScenario(t)
			node, path := nodeOf(s), filepath.Join(t.TempDir(), name)
			p := serveGateway(t, s, node, path, said)
			a := s.Open(chain.Open(10))
			asks := clientOf(t, a, p.url)
			_, err := asks.Ask(t.Context(), "What?", nil)
			require.NoError(t, err)
			atBackup := asks.State
			backup, err := os.ReadFile(path)
			require.NoError(t, err)
			if c.again {
				require.NoError(t, p.box.Close())
				p = serveGateway(t, s, node, path, said)
				asks.State.Gateway = p.url
			}
			said.pieces = []string{"signed once"}
			_, err = asks.Ask(t.Context(), "And then?", nil)
			require.NoError(t, err)
			require.NoError(t, asks.Acknowledge(t.Context()))
			if c.submits {
				p.submit(t)
			}
			require.NoError(t, p.box.Close())
			if !c.inPlace {
				path = filepath.Join(t.TempDir(), name)
			}
			require.NoError(t, os.WriteFile(path, backup, 0o600))
			restored := serveGateway(t, s, node, path, said)
			fenced(t, a, restored, atBackup, "signed twice")
			b := s.Open(chain.Open(10))
			require.NoError(t, ask(t, b, restored, session.State{}, "a new session"))
			// What the backup knows is still submitted, once.
			restored.submit(t)
			a.Refresh(a.Session.Id)
			require.LessOrEqual(t, a.Session.Calls, uint64(2))
		})
	}

	t.Run("a lost outbox", func(t *testing.T) {
		s := newScenario(t)
		node, path := nodeOf(s), filepath.Join(t.TempDir(), name)
		p := serveGateway(t, s, node, path, said)
		a := s.Open(chain.Open(10))
		require.NoError(t, ask(t, a, p, session.State{}, "signed once"))
		require.NoError(t, p.box.Close())
		require.NoError(t, os.Remove(path))
		fenced(t, a, serveGateway(t, s, node, path, said), session.State{}, "signed twice")
	})

	t.Run("copies that start at once", func(t *testing.T) {
		s := newScenario(t)
		node, path := nodeOf(s), filepath.Join(t.TempDir(), name)
		p := serveGateway(t, s, node, path, said)
		a := s.Open(chain.Open(10))
		asks := clientOf(t, a, p.url)
		_, err := asks.Ask(t.Context(), "What?", nil)
		require.NoError(t, err)
		require.NoError(t, p.box.Close())
		same, err := os.ReadFile(path)
		require.NoError(t, err)
		// A clone that nothing tells from the file starts and ends, and the file, which is older by now, starts.
		clone := serveGateway(t, s, node, path, said)
		require.NoError(t, ask(t, a, clone, asks.State, "signed once"))
		require.NoError(t, clone.box.Close())
		require.NoError(t, os.WriteFile(path, same, 0o600))
		fenced(t, a, serveGateway(t, s, node, path, said), asks.State, "signed twice")
	})
}

// TestFenceSurvivesCrashes between the claim and its use.
func TestFenceSurvivesCrashes(t *testing.T) {
	s := newScenario(t)
	node, path := nodeOf(s), filepath.Join(t.TempDir(), "outbox.db")
	log := slog.New(slog.DiscardHandler)
	claim := func() ([]byte, error) {
		box, err := outbox.Open(path)
		require.NoError(t, err)
		defer box.Close()
		box.Takeover = 0
		holder, err := box.Claim(t.Context(), node, log)
		if err != nil {
			return nil, err
		}
		return holder.ID(), nil
	}
	node.claimBefore = true
	_, err := claim()
	require.ErrorIs(t, err, errCrash)
	node.claimAfter = true
	_, err = claim()
	require.ErrorIs(t, err, errCrash)
	provider, err := node.Provider(t.Context())
	require.NoError(t, err)
	id, err := claim()
	require.NoError(t, err)
	require.Equal(t, provider.Fence, id, "the claim that reached the chain is its own")
	for range 20 {
		node.claimBefore = !node.claimBefore
		node.claimAfter = true
		_, err = claim()
		require.ErrorIs(t, err, errCrash)
		node.claimBefore, node.claimAfter = false, false
		again, err := claim()
		require.NoError(t, err)
		require.Equal(t, id, again)
	}
}
