package app_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openledger/openledger/content"
	"github.com/openledger/openledger/content/artifact"
	"github.com/openledger/openledger/content/fetch"
	"github.com/openledger/openledger/openlora/adapters"
	"github.com/openledger/openledger/openlora/api"
	openlorachain "github.com/openledger/openledger/openlora/chain"
	"github.com/openledger/openledger/openlora/engine"
	"github.com/openledger/openledger/openlora/gateway"
	"github.com/openledger/openledger/openlora/outbox"
	"github.com/openledger/openledger/poa"
	"github.com/openledger/openledger/slm/adapter/adaptertest"
	"github.com/openledger/openledger/slm/base"
	"github.com/openledger/openledger/slm/chat"
	"github.com/openledger/openledger/testutil/chain"
	modelstypes "github.com/openledger/openledger/x/models/types"
)

// register registers a model of the scenario's owner, and returns its id.
func register(s *chain.Scenario, msg modelstypes.MsgRegisterModel) uint64 {
	s.T.Helper()
	msg.Owner, msg.Royalty = s.Owner.String(), chain.Royalty
	msg.Manifest = []modelstypes.ManifestEntry{{DatanetId: s.DatanetID, Version: s.Version}}
	msg.Method = modelstypes.ATTRIBUTION_METHOD_SPAN
	var response modelstypes.MsgRegisterModelResponse
	require.NoError(s.T, chain.Decode(s.Send(s.Owner, &msg), &response))
	return response.ModelId
}

// adapterGateway is a gateway of the scenario's provider that serves adapters of the chain, and an owner's server that
// has their artifact.
type adapterGateway struct {
	*chain.Scenario
	engine    *engine.Embedded
	shelf     *adapters.Shelf
	box       *outbox.Outbox
	gateway   *gateway.Gateway
	url       string
	artifact  []byte
	owner     string       // URL of the artifact
	downloads atomic.Int32 // of the artifact
	slow      func()       // called before the artifact is sent; may be nil
	root      uint64       // the base
}

// serveAdapters runs a gateway that is configured for no model.
func serveAdapters(t *testing.T, change ...func(*gateway.Config)) *adapterGateway {
	t.Helper()
	s := newScenario(t)
	g := &adapterGateway{Scenario: s}
	var err error
	g.engine, err = engine.NewEmbedded("", chat.Options{Threads: 1})
	require.NoError(t, err)
	t.Cleanup(func() { _ = g.engine.Close() })
	file := filepath.Join(t.TempDir(), "adapter.safetensors")
	require.NoError(t, adaptertest.Random(t, base.Config(), 4, 0.5, 1).WriteFile(file, base.Config(), base.Name))
	g.artifact, err = os.ReadFile(file)
	require.NoError(t, err)
	owner := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		g.downloads.Add(1)
		if g.slow != nil {
			g.slow()
		}
		_, _ = w.Write(g.artifact)
	}))
	t.Cleanup(owner.Close)
	g.owner = owner.URL

	folder := t.TempDir()
	store, err := content.Open(t.Context(), filepath.Join(folder, "content"))
	require.NoError(t, err)
	t.Cleanup(func() { _ = store.Close() })
	for _, contribution := range s.Contributions {
		encoded, err := contribution.File.MarshalBinary()
		require.NoError(t, err)
		_, err = store.Put(t.Context(), encoded)
		require.NoError(t, err)
	}
	artifacts, err := artifact.Open(filepath.Join(folder, "artifacts"))
	require.NoError(t, err)
	node := queries(s)
	limits := adapters.FetchLimits(true)
	limits.Budget = fetch.Budget{}
	g.shelf, err = adapters.New(adapters.Config{
		Models: node.Models, Host: g.engine, Provider: s.Provider.String(), Store: artifacts, Fetch: fetch.New(limits),
		Folder: filepath.Join(folder, "adapters"), Memory: 1 << 20, MaxBytes: 1 << 20, Patience: 30 * time.Second,
		Log: slog.New(slog.DiscardHandler),
	})
	require.NoError(t, err)
	g.box, err = outbox.Open(filepath.Join(folder, "outbox.db"))
	require.NoError(t, err)
	t.Cleanup(func() { _ = g.box.Close() })
	config := gateway.Config{
		Node: node, Provider: openlorachain.NewSigner(s.Provider.Key), AnswerKey: s.AnswerKey, Content: store,
		Outbox: g.box, Engine: g.engine, Adapters: g.shelf, Artifacts: artifacts, Limits: gateway.DefaultLimits(),
		Log: slog.New(slog.DiscardHandler),
	}
	for _, c := range change {
		c(&config)
	}
	g.gateway, err = gateway.New(t.Context(), config)
	require.NoError(t, err)
	require.NoError(t, g.gateway.Claim(t.Context(), nodeOf(s)))
	server := httptest.NewServer(g.gateway.Handler())
	t.Cleanup(server.Close)
	g.url = server.URL
	pinned, err := hex.DecodeString(base.Pinned)
	require.NoError(t, err)
	g.root = register(s, modelstypes.MsgRegisterModel{Name: "base", Kind: modelstypes.MODEL_KIND_BASE, Digest: pinned})
	return g
}

// publish registers an adapter with a digest, whose address is the owner's server.
func (g *adapterGateway) publish(name string, digest [32]byte) uint64 {
	return register(g.Scenario, modelstypes.MsgRegisterModel{Name: name, Kind: modelstypes.MODEL_KIND_ADAPTER,
		ParentId: g.root, Digest: digest[:], Uri: g.owner})
}

// offer offers a model on chain.
func (g *adapterGateway) offer(id uint64) {
	g.Send(g.Provider, &modelstypes.MsgSetOffer{Provider: g.Provider.String(), ModelId: id,
		InputPrice: chain.InputPrice, OutputPrice: chain.OutputPrice})
}

// TestAdaptersOfTheChain registers a base and two adapters while a gateway runs, offers them, and asks. The gateway,
// which is not configured for them, fetches the good adapter from its URI on chain, answers with it, and is paid. The
// other adapter, whose file is not what was registered, costs neither the client nor the gateway anything.
func TestAdaptersOfTheChain(t *testing.T) {
	world := serveAdapters(t)
	s, shelf, box, g := world.Scenario, world.shelf, world.box, world.gateway
	get := func(path string) (int, string) {
		response, err := http.Get(world.url + path)
		require.NoError(t, err)
		defer response.Body.Close()
		var body json.RawMessage
		require.NoError(t, json.NewDecoder(response.Body).Decode(&body))
		return response.StatusCode, string(body)
	}

	digest := sha256.Sum256(world.artifact)
	good := world.publish("specialist", digest)
	bad := world.publish("imposter", sha256.Sum256([]byte("another file")))
	status, _ := get("/v1/models/" + gateway.ModelName(good))
	require.Equal(t, http.StatusNotFound, status, "it is not offered")
	for _, id := range []uint64{good, bad} {
		world.offer(id)
	}
	require.NoError(t, shelf.Look(t.Context()))
	status, listed := get("/v1/models")
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, listed, `"specialist"`, "an offer is served without a restart")

	s.ModelID = good
	c := s.Open(chain.Open(50))
	asks := clientOf(t, c, world.url)
	answer, err := asks.Ask(t.Context(), "What directs the growth of hair?", nil)
	require.NoError(t, err)
	require.NotEmpty(t, answer.Text)
	names, err := world.engine.Loaded(t.Context())
	require.NoError(t, err)
	require.Len(t, names, 1)
	require.NoError(t, asks.Acknowledge(t.Context()))
	sender := g.Sender()
	sender.Node = nodeOf(s)
	require.NoError(t, sender.Round(t.Context()))
	_, refused, err := box.Counts()
	require.NoError(t, err)
	require.Zero(t, refused)
	c.Refresh(c.Session.Id)
	require.True(t, c.Session.Spent.IsPositive(), "the answer is paid")

	response, err := http.Get(artifact.Location(world.url, digest))
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, http.StatusOK, response.StatusCode, "other gateways find it here")

	response, err = http.Get(world.url + "/metrics")
	require.NoError(t, err)
	figures, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	for _, line := range []string{
		fmt.Sprintf(`openlorad_adapter_cold_loads_total{from="elsewhere",model="%d"} 1`, good),
		fmt.Sprintf(`openlorad_adapter_output_tokens_total{model="%d"} `, good), "openlorad_adapters_ready 1\n",
	} {
		require.Contains(t, string(figures), line)
	}

	s.ModelID = bad
	c = s.Open(chain.Open(50))
	_, err = clientOf(t, c, world.url).Ask(t.Context(), "What directs the growth of hair?", nil)
	require.ErrorContains(t, err, "cannot be fetched")
	var id [32]byte
	copy(id[:], c.Session.Id)
	_, err = box.Session(id)
	require.ErrorIs(t, err, outbox.ErrNotFound, "no voucher was taken")
	status, _ = get("/v1/models")
	require.Equal(t, http.StatusOK, status, "the gateway runs on")
}

// TestStrangersLoadNothing: a request for somebody's open session without a voucher of the session's key, or with one
// that is not for the next call, has nothing fetched, indexed or loaded.
func TestStrangersLoadNothing(t *testing.T) {
	world := serveAdapters(t)
	id := world.publish("specialist", sha256.Sum256(world.artifact))
	world.offer(id)
	world.ModelID = id
	c := world.Open(chain.Open(50))
	asks := clientOf(t, c, world.url)
	var paid api.Call
	send := func(change func(*api.Call)) (int, string) {
		altered := paid
		change(&altered)
		body, err := json.Marshal(map[string]any{"openledger": altered,
			"messages": []map[string]string{{"role": "user", "content": "What directs the growth of hair?"}}})
		require.NoError(t, err)
		response, err := http.Post(world.url+"/v1/chat/completions", "application/json", bytes.NewReader(body))
		require.NoError(t, err)
		defer response.Body.Close()
		var refused api.ErrorBody
		require.NoError(t, json.NewDecoder(response.Body).Decode(&refused))
		return response.StatusCode, refused.Error.Code
	}
	signed := func(n uint64) {
		copy(paid.Session[:], c.Session.Id)
		paid.N, paid.MaxFee, paid.CumulativeMax = n, "2000000000000000000", "2000000000000000000"
		paid.Signature = c.Voucher(n, paid.Head, amount(t, paid.CumulativeMax))
	}
	loaded := func() bool {
		response, err := http.Get(world.url + "/v1/models/" + gateway.ModelName(id))
		require.NoError(t, err)
		defer response.Body.Close()
		var model api.Model
		require.NoError(t, json.NewDecoder(response.Body).Decode(&model))
		return model.OpenLedger.Segments > 0 || world.downloads.Load() > 0 || world.shelf.Ready() > 0
	}
	signed(1)
	status, _ := send(func(c *api.Call) { c.Signature = make([]byte, ed25519.SignatureSize) })
	require.Equal(t, http.StatusBadRequest, status)
	status, _ = send(func(c *api.Call) { c.CumulativeMax = "3" + c.CumulativeMax })
	require.Equal(t, http.StatusBadRequest, status)
	require.False(t, loaded(), "the signature is not of the session's key")
	signed(2)
	status, code := send(func(*api.Call) {})
	require.Equal(t, http.StatusConflict, status)
	require.Equal(t, "call_out_of_order", code)
	require.False(t, loaded(), "a voucher of another call")
	acknowledged, err := json.Marshal(api.Acknowledgement{N: 1, CumulativeMax: "1",
		Signature: make([]byte, ed25519.SignatureSize)})
	require.NoError(t, err)
	response, err := http.Post(world.url+"/v1/openledger/sessions/"+hex.EncodeToString(c.Session.Id)+"/voucher",
		"application/json", bytes.NewReader(acknowledged))
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, http.StatusBadRequest, response.StatusCode)
	require.False(t, loaded(), "an acknowledgement of somebody else")

	_, err = asks.Ask(t.Context(), "What directs the growth of hair?", nil)
	require.NoError(t, err)
	require.True(t, loaded())
}

// TestStrangersHoldNoSession: while a download is slow, a stranger's request with the payer's session does not keep the
// payer from asking.
func TestStrangersHoldNoSession(t *testing.T) {
	world := serveAdapters(t)
	id := world.publish("specialist", sha256.Sum256(world.artifact))
	world.offer(id)
	world.ModelID = id
	c := world.Open(chain.Open(50))
	world.slow = func() { time.Sleep(3 * time.Second) } // longer than a call waits for its session
	body, err := json.Marshal(map[string]any{
		"openledger": map[string]any{"session": hex.EncodeToString(c.Session.Id), "call_key": strings.Repeat("00", 32),
			"n": 1, "max_fee": "1", "cumulative_max": "1", "head": strings.Repeat("00", 32), "signature": make([]byte, 64)},
		"messages": []map[string]string{{"role": "user", "content": "What directs the growth of hair?"}}})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var stranger sync.WaitGroup
	stranger.Go(func() {
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, world.url+"/v1/chat/completions",
			bytes.NewReader(body))
		if err == nil {
			if response, err := http.DefaultClient.Do(request); err == nil {
				_ = response.Body.Close()
			}
		}
	})
	time.Sleep(100 * time.Millisecond)
	_, err = clientOf(t, c, world.url).Ask(t.Context(), "What directs the growth of hair?", nil)
	require.NoError(t, err)
	cancel()
	stranger.Wait()
}

// TestFailedDownloadsAreRemembered: an influence file that nobody has is not looked for at each call.
func TestFailedDownloadsAreRemembered(t *testing.T) {
	world := serveAdapters(t, func(c *gateway.Config) { c.Attested, c.AllowPrivate = true, true })
	rows := opposites(world.Scenario)
	digest, sketches, table := sha256.Sum256(world.artifact), poa.SketchRoot(rows), poa.TableRoot(rows)
	pinned, err := hex.DecodeString(base.Pinned)
	require.NoError(t, err)
	var registered modelstypes.MsgRegisterModelResponse
	require.NoError(t, chain.Decode(world.Send(world.Owner, &modelstypes.MsgRegisterModel{
		Owner: world.Owner.String(), Name: "specialist", Kind: modelstypes.MODEL_KIND_ADAPTER, ParentId: world.root,
		Digest: digest[:], Uri: world.owner + "/adapter", Royalty: chain.Royalty,
		Manifest: []modelstypes.ManifestEntry{{DatanetId: world.DatanetID, Version: world.Version}},
		Method:   modelstypes.ATTRIBUTION_METHOD_LORA, Training: &modelstypes.TrainingRecord{
			BaseDigest: pinned, Settings: "{}", EngineVersion: 1, SketchRoot: sketches[:], TableRoot: table[:], Rows: 2,
			InfluenceDigest: digest[:], InfluenceUri: world.owner + "/influence"},
	}), &registered))
	world.offer(registered.ModelId)
	world.ModelID = registered.ModelId
	world.artifact = []byte("something else")
	ask := func() {
		_, err := clientOf(t, world.Open(chain.Open(50)), world.url).Ask(t.Context(), "What directs the growth of hair?", nil)
		require.Error(t, err)
	}
	ask()
	asked := world.downloads.Load()
	require.Positive(t, asked)
	ask()
	require.Equal(t, asked, world.downloads.Load())
}

// TestCrowdsLeaveRoom: calls that wait for a popular model's slow download, or for those of several models, do not keep
// callers of another model from their answers.
func TestCrowdsLeaveRoom(t *testing.T) {
	world := serveAdapters(t, func(c *gateway.Config) { c.Limits.Concurrent, c.Limits.Waiting = 1, 3 })
	publish := func(digest [32]byte) uint64 {
		id := world.publish("specialist", digest)
		world.offer(id)
		return id
	}
	warm := publish(sha256.Sum256(world.artifact))
	var cold []uint64
	for i := range byte(3) {
		cold = append(cold, publish(sha256.Sum256([]byte{i})))
	}
	ask := func(model uint64) (ended chan error) {
		world.ModelID = model
		asks := clientOf(t, world.Open(chain.Open(50)), world.url)
		ended = make(chan error, 1)
		go func() {
			_, err := asks.Ask(t.Context(), "What directs the growth of hair?", nil)
			ended <- err
		}()
		return ended
	}
	require.NoError(t, <-ask(warm))
	proceed := make(chan struct{})
	finish := sync.OnceFunc(func() { close(proceed) })
	defer finish()
	world.slow = func() { <-proceed }
	var waiting []chan error
	for range 4 {
		waiting = append(waiting, ask(cold[0]))
	}
	time.Sleep(100 * time.Millisecond)
	require.NoError(t, <-ask(warm), "a crowd waits for another model")
	waiting = append(waiting, ask(cold[1]))
	time.Sleep(100 * time.Millisecond)
	require.ErrorContains(t, <-ask(cold[2]), "overloaded", "two models are being loaded")
	require.NoError(t, <-ask(warm))
	finish()
	refused := 0
	for _, ended := range waiting {
		err := <-ended
		require.Error(t, err)
		if strings.Contains(err.Error(), "overloaded") {
			refused++
		}
	}
	require.Equal(t, 2, refused, "the last ones of the crowd")
}
