package app_test

import (
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
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openledger/openledger/content"
	"github.com/openledger/openledger/content/artifact"
	"github.com/openledger/openledger/content/fetch"
	"github.com/openledger/openledger/openlora/adapters"
	openlorachain "github.com/openledger/openledger/openlora/chain"
	"github.com/openledger/openledger/openlora/engine"
	"github.com/openledger/openledger/openlora/gateway"
	"github.com/openledger/openledger/openlora/outbox"
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

// TestAdaptersOfTheChain registers a base and two adapters while a gateway runs, offers them, and asks. The gateway,
// which is not configured for them, fetches the good adapter from its URI on chain, answers with it, and is paid. The
// other adapter, whose file is not what was registered, costs neither the client nor the gateway anything.
func TestAdaptersOfTheChain(t *testing.T) {
	s := newScenario(t)
	embedded, err := engine.NewEmbedded("", chat.Options{Threads: 1})
	require.NoError(t, err)
	defer embedded.Close()
	file := filepath.Join(t.TempDir(), "adapter.safetensors")
	require.NoError(t, adaptertest.Random(t, base.Config(), 4, 0.5, 1).WriteFile(file, base.Config(), base.Name))
	trained, err := os.ReadFile(file)
	require.NoError(t, err)
	owner := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(trained) }))
	defer owner.Close()

	folder := t.TempDir()
	store, err := content.Open(t.Context(), filepath.Join(folder, "content"))
	require.NoError(t, err)
	defer store.Close()
	for _, contribution := range s.Contributions {
		encoded, err := contribution.File.MarshalBinary()
		require.NoError(t, err)
		_, err = store.Put(t.Context(), encoded)
		require.NoError(t, err)
	}
	artifacts, err := artifact.Open(filepath.Join(folder, "artifacts"))
	require.NoError(t, err)
	node := queries(s)
	shelf, err := adapters.New(adapters.Config{
		Models: node.Models, Host: embedded, Provider: s.Provider.String(), Store: artifacts,
		Fetch: fetch.New(adapters.FetchLimits(true)), Folder: filepath.Join(folder, "adapters"), Memory: 1 << 20,
		MaxBytes: 1 << 20, Patience: 30 * time.Second, Log: slog.New(slog.DiscardHandler),
	})
	require.NoError(t, err)
	box, err := outbox.Open(filepath.Join(folder, "outbox.db"))
	require.NoError(t, err)
	defer box.Close()
	g, err := gateway.New(t.Context(), gateway.Config{
		Node: node, Provider: openlorachain.NewSigner(s.Provider.Key), AnswerKey: s.AnswerKey, Content: store, Outbox: box,
		Engine: embedded, Adapters: shelf, Artifacts: artifacts, Limits: gateway.DefaultLimits(),
		Log: slog.New(slog.DiscardHandler),
	})
	require.NoError(t, err)
	require.NoError(t, g.Claim(t.Context(), nodeOf(s)))
	server := httptest.NewServer(g.Handler())
	defer server.Close()
	get := func(path string) (int, string) {
		response, err := http.Get(server.URL + path)
		require.NoError(t, err)
		defer response.Body.Close()
		var body json.RawMessage
		require.NoError(t, json.NewDecoder(response.Body).Decode(&body))
		return response.StatusCode, string(body)
	}

	pinned, err := hex.DecodeString(base.Pinned)
	require.NoError(t, err)
	root := register(s, modelstypes.MsgRegisterModel{Name: "base", Kind: modelstypes.MODEL_KIND_BASE, Digest: pinned})
	digest, other := sha256.Sum256(trained), sha256.Sum256([]byte("another file"))
	good := register(s, modelstypes.MsgRegisterModel{Name: "specialist", Kind: modelstypes.MODEL_KIND_ADAPTER,
		ParentId: root, Digest: digest[:], Uri: owner.URL})
	bad := register(s, modelstypes.MsgRegisterModel{Name: "imposter", Kind: modelstypes.MODEL_KIND_ADAPTER, ParentId: root,
		Digest: other[:], Uri: owner.URL})
	status, _ := get("/v1/models/" + gateway.ModelName(good))
	require.Equal(t, http.StatusNotFound, status, "it is not offered")
	for _, id := range []uint64{good, bad} {
		s.Send(s.Provider, &modelstypes.MsgSetOffer{Provider: s.Provider.String(), ModelId: id,
			InputPrice: chain.InputPrice, OutputPrice: chain.OutputPrice})
	}
	require.NoError(t, shelf.Look(t.Context()))
	status, listed := get("/v1/models")
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, listed, `"specialist"`, "an offer is served without a restart")

	s.ModelID = good
	c := s.Open(chain.Open(50))
	asks := clientOf(t, c, server.URL)
	answer, err := asks.Ask(t.Context(), "What directs the growth of hair?", nil)
	require.NoError(t, err)
	require.NotEmpty(t, answer.Text)
	names, err := embedded.Loaded(t.Context())
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

	response, err := http.Get(artifact.Location(server.URL, digest))
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, http.StatusOK, response.StatusCode, "other gateways find it here")

	response, err = http.Get(server.URL + "/metrics")
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
	_, err = clientOf(t, c, server.URL).Ask(t.Context(), "What directs the growth of hair?", nil)
	require.ErrorContains(t, err, "cannot be fetched")
	var id [32]byte
	copy(id[:], c.Session.Id)
	_, err = box.Session(id)
	require.ErrorIs(t, err, outbox.ErrNotFound, "no voucher was taken")
	status, _ = get("/v1/models")
	require.Equal(t, http.StatusOK, status, "the gateway runs on")
}
