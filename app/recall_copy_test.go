package app_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openledger/openledger/testutil/chain"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
	datanettypes "github.com/openledger/openledger/x/datanet/types"
	modelstypes "github.com/openledger/openledger/x/models/types"
)

// TestRecallDoesNotEnrichACopy: the second who registered the same words earns nothing by them, before the first
// recalls his and after.
func TestRecallDoesNotEnrichACopy(t *testing.T) {
	s := newScenario(t)
	s.Contribute(s.Stranger, chain.Texts[0]...) // what Alice has
	s.Accept()
	s.Publish(modelstypes.ATTRIBUTION_METHOD_SPAN)
	s.Reindex()
	c := s.Open(chain.Open(100))
	alice, _, before := paidOnce(t, s, c)
	require.True(t, alice.IsPositive())
	require.True(t, s.Earned(s.Stranger).IsZero())
	rank := s.Contributions[0].Rank
	s.Send(s.Alice, &datanettypes.MsgRecallContribution{Signer: s.Alice.String(), Rank: rank,
		Reason: "it names a patient"})
	again, _, after := paidOnce(t, s, c)
	require.True(t, again.IsZero())
	require.True(t, s.Earned(s.Stranger).IsZero(),
		"the copy is in the manifest and accepted, and the recalled text blocks it")
	require.True(t, after.BountyPool.GT(before.BountyPool))

	// A provider who leaves the recalled text out pays the copy, which is a lie that Alice can prove.
	s.Reindex(rank)
	c = s.Open(chain.Open(100))
	c.Ask(answer())
	_, batch := c.Submit(c.Acknowledged())
	require.True(t, s.Earned(s.Stranger).IsPositive())
	verdict := newDispute(t, s.Alice, batch, 0, earlier(t, s, c)).play(s)
	require.Equal(t, attributiontypes.DISPUTE_VERDICT_UPHELD, verdict.Verdict)
}
