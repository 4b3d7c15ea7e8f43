package app_test

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openledger/openledger/attestor"
	"github.com/openledger/openledger/content"
	"github.com/openledger/openledger/content/artifact"
	"github.com/openledger/openledger/content/fetch"
	"github.com/openledger/openledger/openlora/adapters"
	"github.com/openledger/openledger/openlora/api"
	openlorachain "github.com/openledger/openledger/openlora/chain"
	"github.com/openledger/openledger/openlora/engine"
	"github.com/openledger/openledger/openlora/gateway"
	"github.com/openledger/openledger/openlora/outbox"
	"github.com/openledger/openledger/openlora/reexecute"
	"github.com/openledger/openledger/openlora/session"
	"github.com/openledger/openledger/poa"
	"github.com/openledger/openledger/slm/adapter/adaptertest"
	"github.com/openledger/openledger/slm/base"
	"github.com/openledger/openledger/slm/chat"
	"github.com/openledger/openledger/testutil/chain"
	modelstypes "github.com/openledger/openledger/x/models/types"
)

// opposites returns the rows of an influence file whose sketches are each other's negative, so that a query gives at
// most one of them a score.
func opposites(s *chain.Scenario) []poa.InfluenceRow {
	rows := make([]poa.InfluenceRow, 2)
	for i := range rows {
		c := s.Contributions[i]
		rows[i].Rank, rows[i].Tokens, rows[i].SharePPM = c.Rank, uint32(c.File.Tokens()), 500_000
		rows[i].Sketch.Exponent = 5
		for j := range poa.SketchSize {
			rows[i].Sketch.Set(j, (j*7919%15-7)*(1-2*i))
		}
	}
	return rows
}

// TestAnswersByInfluence: an adapter with a training record answers, and the gateway computes the query. Attestors
// fetch evidence and influence file from the gateway and recompute the batch, and the payer computes the query again.
// The part by influence is paid. A gateway with inline evidence does not serve such a model.
func TestAnswersByInfluence(t *testing.T) {
	s := attested(t)
	embedded, err := engine.NewEmbedded("", chat.Options{Threads: 1})
	require.NoError(t, err)
	defer embedded.Close()
	folder := t.TempDir()
	file := filepath.Join(folder, "adapter.safetensors")
	require.NoError(t, adaptertest.Random(t, base.Config(), 4, 0.5, 1).WriteFile(file, base.Config(), base.Name))
	trained, err := os.ReadFile(file)
	require.NoError(t, err)
	digest := sha256.Sum256(trained)
	rows := opposites(s)
	influence, err := poa.MarshalInfluence(rows)
	require.NoError(t, err)
	influenceFile := filepath.Join(folder, "influence.bin")
	require.NoError(t, os.WriteFile(influenceFile, influence, 0o600))

	artifacts, err := artifact.Open(filepath.Join(folder, "artifacts"))
	require.NoError(t, err)
	for _, path := range []string{file, influenceFile} {
		_, _, err := artifacts.PutFile(t.Context(), path, 1<<20)
		require.NoError(t, err)
	}
	store, err := content.Open(t.Context(), filepath.Join(folder, "content"))
	require.NoError(t, err)
	defer store.Close()
	var texts [][]byte
	for _, contribution := range s.Contributions {
		encoded, err := contribution.File.MarshalBinary()
		require.NoError(t, err)
		texts = append(texts, encoded)
		_, err = store.Put(t.Context(), encoded)
		require.NoError(t, err)
	}

	pinned, err := hex.DecodeString(base.Pinned)
	require.NoError(t, err)
	root := register(s, modelstypes.MsgRegisterModel{Name: "base", Kind: modelstypes.MODEL_KIND_BASE, Digest: pinned})
	sketches, table, influenceDigest := poa.SketchRoot(rows), poa.TableRoot(rows), sha256.Sum256(influence)
	var registered modelstypes.MsgRegisterModelResponse
	require.NoError(t, chain.Decode(s.Send(s.Owner, &modelstypes.MsgRegisterModel{
		Owner: s.Owner.String(), Name: "specialist", Kind: modelstypes.MODEL_KIND_ADAPTER, ParentId: root, Digest: digest[:],
		Manifest: []modelstypes.ManifestEntry{{DatanetId: s.DatanetID, Version: s.Version}}, Royalty: chain.Royalty,
		Method: modelstypes.ATTRIBUTION_METHOD_LORA, Training: &modelstypes.TrainingRecord{
			BaseDigest: pinned, Settings: "{}", EngineVersion: 1, SketchRoot: sketches[:], TableRoot: table[:], Rows: 2,
			InfluenceDigest: influenceDigest[:]},
	}), &registered))
	s.ModelID = registered.ModelId

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
	config := gateway.Config{
		Node: node, Provider: openlorachain.NewSigner(s.Provider.Key), AnswerKey: s.AnswerKey, Content: store, Outbox: box,
		Engine: embedded, Adapters: shelf, Artifacts: artifacts, Limits: gateway.DefaultLimits(), Models: []uint64{s.ModelID},
		Log: slog.New(slog.DiscardHandler), AllowPrivate: true,
	}
	_, err = gateway.New(t.Context(), config)
	require.ErrorContains(t, err, "--evidence attested")
	config.Attested = true
	g, err := gateway.New(t.Context(), config)
	require.NoError(t, err)
	require.NoError(t, g.Claim(t.Context(), nodeOf(s)))
	server := httptest.NewServer(g.Handler())
	defer server.Close()
	s.Send(s.Provider, &modelstypes.MsgUpdateProvider{Provider: s.Provider.String(), Name: "provider",
		Endpoint: server.URL, AnswerKey: s.AnswerKey.Public().(ed25519.PublicKey)},
		&modelstypes.MsgSetOffer{Provider: s.Provider.String(), ModelId: s.ModelID, InputPrice: chain.InputPrice,
			OutputPrice: chain.OutputPrice})

	c := s.Open(chain.Open(50))
	asks := clientOf(t, c, server.URL)
	var call reexecute.Call
	asks.Note = func(asked session.Pending, answer *session.Answer) error {
		call = reexecute.CallOf(asked, answer)
		return nil
	}
	answer, err := asks.Ask(t.Context(), "What directs the growth of hair?", nil)
	require.NoError(t, err)
	shown := modelShown(t, server.URL, s.ModelID)
	require.Equal(t, api.Training{BaseDigest: base.Pinned, Rows: 2, Reproductions: []api.Reproduction{}}, *shown)
	s.Send(s.Provider, &modelstypes.MsgRecordReproduction{Sender: s.Provider.String(), ModelId: s.ModelID, Version: 1,
		Digest: digest[:], InfluenceDigest: influenceDigest[:], Note: "amd64"})
	shown = modelShown(t, server.URL, s.ModelID)
	require.EqualValues(t, 1, shown.Matching)
	require.Equal(t, s.Provider.String(), shown.Reproductions[0].Provider)
	require.True(t, shown.Reproductions[0].Matches)

	lora := uint32(0)
	for _, source := range answer.Proof.Sources {
		require.LessOrEqual(t, source.LoraPPM, source.WeightPPM)
		lora += source.LoraPPM
	}
	require.Positive(t, lora, "%+v", answer.Proof)
	require.LessOrEqual(t, lora, uint32(poa.LoraPartPPM+1))
	require.NoError(t, asks.Acknowledge(t.Context()))
	sender := g.Sender()
	sender.Node = nodeOf(s)
	require.NoError(t, sender.Round(t.Context()))
	_, refused, err := box.Counts()
	require.NoError(t, err)
	require.Zero(t, refused)
	items := s.OpenItems()
	require.Len(t, items, 1)
	batch := batchOf(t, s, items[0].BatchId)

	// An attestor that holds the text fetches the rest from the gateway.
	settings := attestor.DefaultConfig(filepath.Join(folder, "attestor"))
	settings.AllowPrivate, settings.Poll, settings.Log = true, 20*time.Millisecond, slog.New(slog.DiscardHandler)
	ctx, stop := context.WithCancel(t.Context())
	a, err := attestor.New(ctx, settings, chain.ID, live{Scenario: s})
	require.NoError(t, err)
	for _, text := range texts {
		require.NoError(t, a.HoldText(ctx, text))
	}
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	require.Eventually(t, func() bool {
		verdicts, alive := a.Verdicts(items[0].Number, items[0].Number+1)
		return alive && len(verdicts) == 1 && verdicts[0] == valid
	}, 30*time.Second, 20*time.Millisecond, "%+v", a.Status())
	stop()
	require.NoError(t, <-ended)
	require.NoError(t, a.Close())

	response, err := http.Get(server.URL + "/v1/bundles/" + hex.EncodeToString(batch.EvidenceRoot))
	require.NoError(t, err)
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	bundle, err := poa.UnmarshalBundle(raw, 10)
	require.NoError(t, err)
	names, err := embedded.Loaded(t.Context())
	require.NoError(t, err)
	require.Len(t, names, 1)
	query := bundle.Evidence.Answers[0].Query
	require.NotNil(t, query)
	claim := poa.Claim{Record: poa.Record{Method: poa.MethodLora}, QueryHash: bundle.Receipts[0].QueryHash,
		AnswerRoot: bundle.Receipts[0].AnswerRoot}
	adapter := &engine.Adapter{Name: names[0]}
	outcome, err := reexecute.Run(t.Context(), call, claim, query, embedded, adapter)
	require.NoError(t, err)
	require.Equal(t, reexecute.Equal, outcome)
	query.Packed[0]++
	outcome, err = reexecute.Run(t.Context(), call, claim, query, embedded, adapter)
	require.NoError(t, err)
	require.Equal(t, reexecute.Different, outcome)

	s.Blocks(4)
	c.Refresh(c.Session.Id)
	require.True(t, c.Session.Spent.IsPositive(), "the answer is paid")
	found, err := s.Receipt(call.Receipt)
	require.NoError(t, err)
	recorded := uint32(0)
	for _, entry := range found.Receipt.Entries {
		recorded += entry.LoraPpm
	}
	require.Equal(t, lora, recorded)
}

// modelShown returns what a gateway shows of the training of a model.
func modelShown(t *testing.T, url string, id uint64) *api.Training {
	t.Helper()
	response, err := http.Get(url + "/v1/models/" + gateway.ModelName(id))
	require.NoError(t, err)
	defer response.Body.Close()
	require.Equal(t, http.StatusOK, response.StatusCode)
	var shown api.Model
	require.NoError(t, json.NewDecoder(response.Body).Decode(&shown))
	require.NotNil(t, shown.OpenLedger.Training)
	return shown.OpenLedger.Training
}
