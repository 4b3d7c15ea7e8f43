package attestor_test

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openledger/openledger/attestor"
	"github.com/openledger/openledger/content"
	"github.com/openledger/openledger/poa"
	"github.com/openledger/openledger/testutil/chain"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
	modelstypes "github.com/openledger/openledger/x/models/types"
)

// heavyAnswer has a segment published that repeats one word, and returns an answer that does so too: almost as many
// pairs of equal words as an answer may have.
func heavyAnswer(s *chain.Scenario) string {
	rare := "q0x0 q0x1 q0x2 q0x3 q0x4 q0x5"
	s.Contribute(s.Stranger, rare+strings.Repeat(" the", poa.MaxSegmentTokens-6))
	s.Accept()
	s.AwaitHeld()
	s.Publish(modelstypes.ATTRIBUTION_METHOD_SPAN)
	s.Reindex()
	return rare + strings.Repeat(" the", poa.MaxAnswerTokens-6)
}

// silent has no validator say anything, so that items stay open.
func silent(s *chain.Scenario) {
	s.Voter = func(int, uint64, uint64) ([]attributiontypes.Verdict, bool) { return nil, true }
}

// competitor is the same scenario with another provider.
func competitor(s *chain.Scenario, by chain.Account) *chain.Scenario {
	other := *s
	other.Provider = by
	s.Send(by, &modelstypes.MsgRegisterProvider{Provider: by.String(), Name: "competitor",
		AnswerKey: s.AnswerKey.Public().(ed25519.PublicKey), Bond: chain.Coin(chain.Open(1_000))},
		&modelstypes.MsgSetOffer{Provider: by.String(), ModelId: s.ModelID, InputPrice: chain.InputPrice,
			OutputPrice: chain.OutputPrice})
	return &other
}

// hold puts all text of a scenario into the store of an attestor's home.
func hold(t *testing.T, s *chain.Scenario, home string) {
	t.Helper()
	store, err := content.Open(context.Background(), filepath.Join(home, "content"))
	require.NoError(t, err)
	for _, contribution := range s.Contributions {
		encoded, err := contribution.File.MarshalBinary()
		require.NoError(t, err)
		_, err = store.Put(context.Background(), encoded)
		require.NoError(t, err)
	}
	require.NoError(t, store.Close())
}

// happenings are what happens to batches, in order: verdicts, as the attestor logs them, and what a test adds.
type happenings struct {
	slog.Handler
	mu  sync.Mutex
	all []string
}

func (h *happenings) add(what string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.all = append(h.all, what)
}

// Handle implements slog.Handler.
func (h *happenings) Handle(_ context.Context, record slog.Record) error {
	var item uint64
	verdict := ""
	record.Attrs(func(attribute slog.Attr) bool {
		switch attribute.Key {
		case "item":
			item = attribute.Value.Uint64()
		case "verdict":
			verdict = attribute.Value.String()
		}
		return true
	})
	if record.Message == "verdict" && verdict == "valid" {
		h.add(fmt.Sprint(item))
	}
	return nil
}

// Enabled implements slog.Handler.
func (h *happenings) Enabled(context.Context, slog.Level) bool { return true }

// place returns how many things had happened before one, and whether it has happened.
func (h *happenings) place(what string) (int, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	place := slices.Index(h.all, what)
	return place, place >= 0
}

// TestHeavyBatchesDelayNobody: a provider has batches waiting that take as long as any may. The batch of another, which
// comes behind them, is decided before those that wait, with one judge for all.
func TestHeavyBatchesDelayNobody(t *testing.T) {
	s := scenario(t)
	s.SkipInvariants = true
	text := heavyAnswer(s)
	other := competitor(s, s.Bob)
	silent(s)
	bundles := make(map[string][]byte)
	submit := func(s *chain.Scenario, text string) attributiontypes.Batch {
		c := s.Open(chain.Open(100))
		c.Ask(text)
		msg, bundle, root := bundleOf(t, c)
		bundles["/v1/bundles/"+root.String()] = bundle
		_, id := c.Submit(msg)
		batch, err := s.App.AttributionKeeper.GetBatch(s.Ctx(), id)
		require.NoError(t, err)
		return batch
	}
	const heavyBatches, waiting = 6, 3
	var heavy []attributiontypes.Batch
	for range heavyBatches {
		heavy = append(heavy, submit(s, text))
		require.Greater(t, heavy[0].BundleWork, uint64(100_000_000))
	}
	heavyBundles := maps.Clone(bundles)
	honest := submit(other, question)
	require.Less(t, honest.BundleWork, uint64(1_000_000))

	// The honest bundle is given when some heavy ones have been: their batches wait for the judge then.
	happened := &happenings{Handler: slog.DiscardHandler}
	var served atomic.Int32
	enough := make(chan struct{})
	peer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		bundle, ok := bundles[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		if _, ok := heavyBundles[r.URL.Path]; ok {
			_, _ = w.Write(bundle)
			if served.Add(1) == waiting {
				close(enough)
			}
			return
		}
		select {
		case <-enough:
		case <-r.Context().Done():
			return
		}
		happened.add("served")
		_, _ = w.Write(bundle)
	}))
	defer peer.Close()
	home := t.TempDir()
	hold(t, s, home)
	a := start(t, s, home, func(c *attestor.Config) {
		c.Judges, c.Peers, c.Log = 1, []string{peer.URL}, slog.New(happened)
	})
	decided := func(batch attributiontypes.Batch) bool {
		_, decided := happened.place(fmt.Sprint(batch.Item))
		return decided
	}
	require.Eventually(t, func() bool {
		return decided(honest) && !slices.ContainsFunc(heavy, func(b attributiontypes.Batch) bool { return !decided(b) })
	}, 10*time.Minute, 10*time.Millisecond, "all are decided in the end: %+v", a.Status())
	came, _ := happened.place("served")
	done, _ := happened.place(fmt.Sprint(honest.Item))
	require.LessOrEqual(t, done-came, 2, "only the batch that is judged may be decided before it: %v", happened.all)
	require.Less(t, done, len(happened.all)-1, "some are decided behind it: %v", happened.all)
}

// TestMoreThanAnnouncedIsInvalid: what a provider announces is what validators do for it, exactly.
func TestMoreThanAnnouncedIsInvalid(t *testing.T) {
	s := scenario(t)
	silent(s)
	a := start(t, s, t.TempDir(), nil)
	for _, c := range s.Contributions {
		encoded, err := c.File.MarshalBinary()
		require.NoError(t, err)
		require.NoError(t, a.HoldText(context.Background(), encoded))
	}
	for name, test := range map[string]struct {
		less func(*attributiontypes.MsgSubmitReceipts)
		want attributiontypes.Verdict
	}{
		"as it is":       {func(*attributiontypes.MsgSubmitReceipts) {}, valid},
		"one unit less":  {func(m *attributiontypes.MsgSubmitReceipts) { m.BundleWork-- }, invalid},
		"one byte less":  {func(m *attributiontypes.MsgSubmitReceipts) { m.BundleBytes-- }, invalid},
		"more than that": {func(m *attributiontypes.MsgSubmitReceipts) { m.BundleBytes += 10; m.BundleWork += 10 }, valid},
	} {
		t.Run(name, func(t *testing.T) {
			c := s.Open(chain.Open(100))
			c.Ask(question + fmt.Sprintf(" number %d", len(name)))
			msg, bundle, root := bundleOf(t, c)
			test.less(msg)
			status, body := put(t, a.url+"/v1/bundles/"+root.String(), bundle)
			require.Equal(t, http.StatusNoContent, status, body)
			_, id := c.Submit(msg)
			batch, err := s.App.AttributionKeeper.GetBatch(s.Ctx(), id)
			require.NoError(t, err)
			a.says(t, batch.Item, test.want)
		})
	}
}

// TestOtherRulesAreUnknown: a batch of another version of the rules is not judged by these.
func TestOtherRulesAreUnknown(t *testing.T) {
	s := scenario(t)
	silent(s)
	c := s.Open(chain.Open(100))
	c.Ask(question)
	msg, bundle, root := bundleOf(t, c)
	_, id := c.Submit(msg)
	batch, err := s.App.AttributionKeeper.GetBatch(s.Ctx(), id)
	require.NoError(t, err)
	batch.PoaVersion++
	require.NoError(t, s.App.AttributionKeeper.Batches.Set(s.Ctx(), id, batch))
	home := t.TempDir()
	hold(t, s, home)
	a := start(t, s, home, nil)
	status, body := put(t, a.url+"/v1/bundles/"+root.String(), bundle)
	require.Equal(t, http.StatusNoContent, status, body)
	require.Eventually(t, func() bool {
		items := a.Status().Items
		return len(items) == 1 && strings.Contains(items[0].Reason, "version") && items[0].Verdict == uint32(unknown)
	}, patience, 10*time.Millisecond, "%+v", a.Status())
}
