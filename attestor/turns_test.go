package attestor_test

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
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

// TestHeavyBatchesDelayNobody: a provider has batches waiting that take as long as any may. The batch of another, which
// comes behind them all, is decided before they are, with one judge for all.
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
	const heavyBatches = 6
	var heavy []attributiontypes.Batch
	for range heavyBatches {
		heavy = append(heavy, submit(s, text))
		require.Greater(t, heavy[0].BundleWork, uint64(100_000_000))
	}
	honest := submit(other, question)
	require.Less(t, honest.BundleWork, uint64(1_000_000))

	peer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if bundle, ok := bundles[r.URL.Path]; ok {
			_, _ = w.Write(bundle)
			return
		}
		http.NotFound(w, r)
	}))
	defer peer.Close()
	home := t.TempDir()
	hold(t, s, home)
	a := start(t, s, home, func(c *attestor.Config) { c.Judges, c.Peers = 1, []string{peer.URL} })
	said := func(batch attributiontypes.Batch) attributiontypes.Verdict {
		verdicts, _ := a.Verdicts(batch.Item, batch.Item+1)
		if len(verdicts) == 0 {
			return unknown
		}
		return verdicts[0]
	}
	require.Eventually(t, func() bool { return said(honest) == valid }, 5*time.Minute, time.Millisecond, "%+v", a.Status())
	waiting := 0
	for _, batch := range heavy {
		if said(batch) == unknown {
			waiting++
		}
	}
	// One is judged before it, and on a busy machine some more until its bundle is here and its verdict is seen.
	require.GreaterOrEqual(t, waiting, heavyBatches/2, "the other provider's batches take longer")
	require.Eventually(t, func() bool {
		for _, batch := range heavy {
			if said(batch) != valid {
				return false
			}
		}
		return true
	}, 5*time.Minute, 10*time.Millisecond, "they are decided too: %+v", a.Status())
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
