package attestor_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	gogogrpc "github.com/cosmos/gogoproto/grpc"

	"github.com/openledger/openledger/attestor"
	"github.com/openledger/openledger/attestor/api"
	"github.com/openledger/openledger/attestor/client"
	"github.com/openledger/openledger/content/manifest"
	"github.com/openledger/openledger/poa"
	"github.com/openledger/openledger/testutil/chain"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
	datanettypes "github.com/openledger/openledger/x/datanet/types"
)

const (
	valid   = attributiontypes.VerdictValid
	invalid = attributiontypes.VerdictInvalid
	unknown = attributiontypes.VerdictUnknown

	patience = 10 * time.Second
)

// scenario is a chain whose validators say what an attestor says.
func scenario(t *testing.T) *chain.Scenario {
	t.Helper()
	return chain.NewScenario(func(accounts []chain.Account) *chain.Chain {
		c := chain.NewWithValidators(t, 4, accounts, chain.Attest(true))
		c.Voter = chain.AllSay(valid)
		return c
	})
}

// node serves the queries of a chain over a real connection.
func node(t *testing.T, s *chain.Scenario) gogogrpc.ClientConn {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server := grpc.NewServer(grpc.ForceServerCodec(api.Codec()))
	s.RegisterQueries(server)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	connection, err := grpc.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.ForceCodec(api.Codec())))
	require.NoError(t, err)
	t.Cleanup(func() { _ = connection.Close() })
	return connection
}

type running struct {
	*attestor.Attestor
	url  string
	stop func()
}

func start(t *testing.T, s *chain.Scenario, home string, edit func(*attestor.Config)) running {
	t.Helper()
	config := attestor.DefaultConfig(home)
	config.AllowPrivate, config.Poll, config.Log = true, 20*time.Millisecond, slog.New(slog.DiscardHandler)
	if edit != nil {
		edit(&config)
	}
	ctx, cancel := context.WithCancel(context.Background())
	a, err := attestor.New(ctx, config, chain.ID, node(t, s))
	require.NoError(t, err)
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	server := httptest.NewServer(a.Handler())
	stopped := false
	r := running{Attestor: a, url: server.URL, stop: func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		require.NoError(t, <-ended)
		server.Close()
		require.NoError(t, a.Close())
	}}
	t.Cleanup(r.stop)
	return r
}

// says waits until the attestor says something of an item.
func (r running) says(t *testing.T, item uint64, want attributiontypes.Verdict) {
	t.Helper()
	require.Eventually(t, func() bool {
		verdicts, alive := r.Verdicts(item, item+1)
		return alive && len(verdicts) == 1 && verdicts[0] == want
	}, patience, 10*time.Millisecond, "%+v", r.Status())
}

// holdTexts gives the attestor all text of the scenario.
func (r running) holdTexts(t *testing.T, s *chain.Scenario) {
	t.Helper()
	for _, c := range s.Contributions {
		encoded, err := c.File.MarshalBinary()
		require.NoError(t, err)
		require.NoError(t, r.HoldText(t.Context(), encoded))
	}
}

// settle makes blocks until nothing is asked that the attestor does not answer.
func (r running) settle(t *testing.T, s *chain.Scenario) {
	t.Helper()
	for s.Blocks(1); len(s.OpenItems()) > 0; s.Blocks(1) {
		number := s.OpenItems()[0].Number
		require.Eventually(t, func() bool {
			verdicts, alive := r.Verdicts(number, number+1)
			return alive && len(verdicts) == 1 && verdicts[0] != unknown
		}, patience, 10*time.Millisecond, "%+v", r.Status())
	}
}

func put(t *testing.T, location string, data []byte) (int, string) {
	t.Helper()
	request, err := http.NewRequest(http.MethodPut, location, bytes.NewReader(data))
	require.NoError(t, err)
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	body, _ := io.ReadAll(response.Body)
	return response.StatusCode, string(body)
}

// bundleOf turns a batch into one that attestors fetch, and returns its bundle.
func bundleOf(t *testing.T, c *chain.Conversation) (*attributiontypes.MsgSubmitReceipts, []byte, poa.Hash) {
	t.Helper()
	msg := c.Acknowledged()
	bundle, err := poa.MarshalBundle(msg.Receipts, msg.Evidence)
	require.NoError(t, err)
	msg = c.Attested(msg)
	root, err := poa.HashFromBytes(msg.BundleRoot)
	require.NoError(t, err)
	return msg, bundle, root
}

const question = "In short: The dermal papilla directs the growth of the hair by sending signals to the cells of " +
	"the matrix, which divide faster than almost any other cells of the body."

// pushText gives an attestor all text of the scenario.
func pushText(t *testing.T, s *chain.Scenario, base string) {
	t.Helper()
	for _, contribution := range s.Contributions {
		encoded, err := contribution.File.MarshalBinary()
		require.NoError(t, err)
		found, err := s.App.DatanetKeeper.GetContribution(s.Ctx(), contribution.Rank)
		require.NoError(t, err)
		hash, err := poa.HashFromBytes(found.ContentHash)
		require.NoError(t, err)
		status, body := put(t, base+"/v1/content/"+hash.String(), encoded)
		require.Equal(t, http.StatusNoContent, status, body)
	}
}

// TestAttestorFromTextToVerdict: an attestor asks for text, takes it, holds the version, and judges a batch whose
// bundle is pushed; another one gets everything from the first.
func TestAttestorFromTextToVerdict(t *testing.T) {
	s := scenario(t)
	s.Voter = func(int, uint64, uint64) ([]attributiontypes.Verdict, bool) { return nil, true }
	s.Contribute(
		s.Stranger, "Nails grow from a matrix under the proximal fold; the plate slides over its bed for about six months "+
			"before it reaches the free edge of the finger.")
	s.Accept()
	item := s.OpenItems()[0]
	first := start(t, s, t.TempDir(), nil)
	second := start(t, s, t.TempDir(), func(c *attestor.Config) { c.Peers = []string{first.url} })
	first.says(t, item.Number, unknown)
	require.Eventually(t, func() bool { return len(first.Status().Items) == 1 && first.Status().Items[0].Reason != "" },
		patience, 10*time.Millisecond)
	require.Contains(t, first.Status().Items[0].Reason, "3 of 3 contributions are not held")
	status, body := put(t, first.url+"/v1/content/"+poa.LeafHash([]byte("other")).String(), []byte("other"))
	require.Equal(t, http.StatusNotFound, status, body)
	pushText(t, s, first.url)
	first.says(t, item.Number, valid)
	second.says(t, item.Number, valid)
	s.Voter = chain.AllSay(valid)
	s.Blocks(3)

	c := s.Open(chain.Open(100))
	c.Ask(question)
	msg, bundle, root := bundleOf(t, c)
	status, body = put(t, first.url+"/v1/bundles/"+root.String(), bundle)
	require.Equal(t, http.StatusNoContent, status, body)
	s.Voter = func(int, uint64, uint64) ([]attributiontypes.Verdict, bool) { return nil, true }
	_, id := c.Submit(msg)
	batch, err := s.App.AttributionKeeper.GetBatch(s.Ctx(), id)
	require.NoError(t, err)
	first.says(t, batch.Item, valid)
	second.says(t, batch.Item, valid)
	require.EqualValues(t, 1, second.Status().Bundles, "it serves others in turn")
	require.EqualValues(t, 1, first.Status().Receipts)
}

// TestVerdictsSurviveARestart: the chain counts the first verdict, so that another one later would be lost.
func TestVerdictsSurviveARestart(t *testing.T) {
	s := scenario(t)
	home := t.TempDir()
	a := start(t, s, home, nil)
	c := s.Open(chain.Open(100))
	c.Ask(question)
	msg, bundle, root := bundleOf(t, c)
	s.Voter = func(int, uint64, uint64) ([]attributiontypes.Verdict, bool) { return nil, true }
	_, id := c.Submit(msg)
	batch, err := s.App.AttributionKeeper.GetBatch(s.Ctx(), id)
	require.NoError(t, err)
	status, body := put(t, a.url+"/v1/bundles/"+root.String(), bundle)
	require.Equal(t, http.StatusNoContent, status, body)
	a.says(t, batch.Item, unknown) // the text is missing: the version was held by others
	a.holdTexts(t, s)
	a.says(t, batch.Item, valid)
	a.stop()
	require.NoError(t, os.RemoveAll(filepath.Join(home, "bundles")))
	again := start(t, s, home, nil)
	again.says(t, batch.Item, valid) // from the verdict store: the bundle is gone
	require.Zero(t, again.Status().Bundles)
}

// TestMirrorRefuses what is not asked for, too large or not what it says.
func TestMirrorRefuses(t *testing.T) {
	s := scenario(t)
	a := start(t, s, t.TempDir(), func(c *attestor.Config) { c.BundleBytes = 10 })
	hash := poa.LeafHash([]byte("x"))
	for name, test := range map[string]struct {
		path string
		data []byte
		want int
	}{
		"no hash":   {"/v1/bundles/xyz", nil, http.StatusBadRequest},
		"no bundle": {"/v1/bundles/" + hash.String(), []byte("junk"), http.StatusUnprocessableEntity},
		"bundle too long": {"/v1/bundles/" + hash.String(), make([]byte, poa.MaxBundleBytes+1),
			http.StatusRequestEntityTooLarge},
		"unwanted text": {"/v1/content/" + hash.String(), []byte("text"), http.StatusNotFound},
	} {
		status, body := put(t, a.url+test.path, test.data)
		require.Equal(t, test.want, status, "%s: %s", name, body)
		require.Contains(t, body, `"error"`, name)
	}
	for _, path := range []string{"/v1/bundles/" + hash.String(), "/v1/content/" + hash.String()} {
		response, err := http.Get(a.url + path)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		require.Equal(t, http.StatusNotFound, response.StatusCode)
	}
	c := s.Open(chain.Open(100))
	c.Ask(question)
	_, bundle, root := bundleOf(t, c)
	status, body := put(t, a.url+"/v1/bundles/"+root.String(), bundle)
	require.Equal(t, http.StatusInsufficientStorage, status, body)
	for path, want := range map[string]int{"/healthz": http.StatusNoContent, "/metrics": http.StatusOK} {
		require.Eventually(t, func() bool {
			response, err := http.Get(a.url + path)
			require.NoError(t, err)
			require.NoError(t, response.Body.Close())
			return response.StatusCode == want
		}, patience, 10*time.Millisecond, path)
	}
	limited := false
	for range 200 {
		response, err := http.Get(a.url + "/healthz")
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		limited = limited || response.StatusCode == http.StatusTooManyRequests
	}
	require.True(t, limited)
}

// TestSocket: the node's client has the verdicts in memory, and says nothing when the attestor is gone.
func TestSocket(t *testing.T) {
	s := scenario(t)
	c := s.Open(chain.Open(100))
	c.Ask(question)
	msg, bundle, root := bundleOf(t, c)
	s.Voter = func(int, uint64, uint64) ([]attributiontypes.Verdict, bool) { return nil, true }
	_, id := c.Submit(msg)
	batch, err := s.App.AttributionKeeper.GetBatch(s.Ctx(), id)
	require.NoError(t, err)
	a := start(t, s, t.TempDir(), nil)
	a.holdTexts(t, s)
	status, body := put(t, a.url+"/v1/bundles/"+root.String(), bundle)
	require.Equal(t, http.StatusNoContent, status, body)

	socket := filepath.Join(t.TempDir(), "a.sock")
	connection, err := client.New(socket, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- connection.Run(ctx) }()
	_, alive := connection.Verdicts(1, 2)
	require.False(t, alive, "there is no attestor yet")
	serving, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- a.ServeSocket(serving, socket) }()
	require.Eventually(t, func() bool {
		verdicts, alive := connection.Verdicts(batch.Item, batch.Item+1)
		return alive && verdicts[0] == valid
	}, patience, 10*time.Millisecond)
	stop()
	require.NoError(t, <-served)
	require.Eventually(t, func() bool { _, alive := connection.Verdicts(1, 2); return !alive }, client.Stale+patience,
		50*time.Millisecond)
	cancel()
	require.NoError(t, <-ended)
}

// TestOneFileBricksNoDataNet: text that has the registered hash and other statistics is left out by the attestors'
// verdict, and what is accepted behind it enters; the next manifest is without it.
func TestOneFileBricksNoDataNet(t *testing.T) {
	s := scenario(t)
	a := start(t, s, t.TempDir(), nil)
	s.Voter = func(_ int, base, next uint64) ([]attributiontypes.Verdict, bool) { return a.Verdicts(base, next) }
	file := poa.SegmentFile{
		Segments: [][]byte{
			[]byte("The lunula is the pale part of the nail that is seen near the fold and it is the end of the matrix of the nail.")}}
	item, hash := chain.RevealItem(s.DatanetID, s.Bob, file)
	item.StatisticsRoot = append([]byte{item.StatisticsRoot[0] ^ 1}, item.StatisticsRoot[1:]...)
	result := s.Send(
		s.Bob, &datanettypes.MsgCommitContributions{Contributor: s.Bob.String(),
			Items: []datanettypes.CommitItem{{Hash: hash[:], Deposit: chain.Coin(chain.Open(1))}}})
	var committed datanettypes.MsgCommitContributionsResponse
	require.NoError(t, chain.Decode(result, &committed))
	item.Rank = committed.Ranks[0]
	s.Blocks(1)
	s.Send(s.Bob, &datanettypes.MsgRevealContributions{Contributor: s.Bob.String(),
		Items: []datanettypes.RevealItem{item}})
	s.Contributions = append(s.Contributions, chain.Contribution{Rank: item.Rank, Contributor: s.Bob, File: file})
	good := s.Contribute(
		s.Alice, "Nails grow from a matrix under the proximal fold and the plate slides over its bed for about six months "+
			"before it reaches the free edge of the finger.")
	a.holdTexts(t, s)
	s.Accept()
	a.settle(t, s)
	bad, err := s.App.DatanetKeeper.GetContribution(s.Ctx(), item.Rank)
	require.NoError(t, err)
	require.Equal(t, datanettypes.CONTRIBUTION_STATUS_INVALID, bad.Status)
	require.True(t, bad.Deposit.IsZero())
	datanet, err := s.App.DatanetKeeper.GetDataNet(s.Ctx(), s.DatanetID)
	require.NoError(t, err)
	require.Equal(t, s.Version, datanet.HeldVersion)
	listed, err := manifest.List(t.Context(), datanettypes.NewQueryClient(node(t, s)), s.DatanetID, s.Version)
	require.NoError(t, err)
	var ranks []uint64
	for _, c := range listed {
		ranks = append(ranks, c.Rank)
	}
	require.Equal(t, []uint64{1, 2, good.Rank}, ranks)
}

// TestStartPrunesIndexes that were not used for longer than is configured.
func TestStartPrunesIndexes(t *testing.T) {
	home := t.TempDir()
	folder := func(name string, age time.Duration) string {
		path := filepath.Join(home, "index", name)
		require.NoError(t, os.MkdirAll(path, 0o755))
		require.NoError(t, os.Chtimes(path, time.Now().Add(-age), time.Now().Add(-age)))
		return path
	}
	old, young := folder("model-98-v1", 49*time.Hour), folder("model-99-v1", 47*time.Hour)
	start(t, scenario(t), home, func(c *attestor.Config) { c.IndexKeep = 48 * time.Hour })
	require.Eventually(t, func() bool {
		_, err := os.Stat(old)
		return os.IsNotExist(err)
	}, patience, 10*time.Millisecond)
	require.DirExists(t, young)
}
