//go:build faults

package attestor_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openledger/openledger/attestor"
	"github.com/openledger/openledger/testutil/chain"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
)

// TestFaults: the damage of a misbehaving attestor is bounded.
func TestFaults(t *testing.T) {
	s := scenario(t)
	c := s.Open(chain.Open(100))
	c.Ask(question)
	msg, bundle, root := bundleOf(t, c)
	s.Voter = func(int, uint64, uint64) ([]attributiontypes.Verdict, bool) { return nil, true }
	_, id := c.Submit(msg)
	batch, err := s.App.AttributionKeeper.GetBatch(s.Ctx(), id)
	require.NoError(t, err)
	for fault, want := range map[attestor.Fault]attributiontypes.Verdict{attestor.NoFault: valid, attestor.Lie: invalid,
		attestor.Stall: unknown, attestor.Panic: unknown} {
		a := start(t, s, t.TempDir(), func(c *attestor.Config) { c.Fault = fault })
		a.holdTexts(t, s)
		status, body := put(t, a.url+"/v1/bundles/"+root.String(), bundle)
		require.Equal(t, http.StatusNoContent, status, body)
		a.says(t, batch.Item, want)
		a.stop()
	}
	flood := start(t, s, t.TempDir(), func(c *attestor.Config) { c.Fault = attestor.Flood })
	require.Eventually(t, func() bool {
		verdicts, alive := flood.Verdicts(batch.Item, batch.Item+10*attributiontypes.MaxWindow)
		return alive && len(verdicts) == attributiontypes.MaxWindow
	}, patience, 10*time.Millisecond)
}
