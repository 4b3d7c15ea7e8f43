package app_test

import (
	"testing"

	sdkmath "cosmossdk.io/math"

	"github.com/stretchr/testify/require"

	"github.com/openledger/openledger/poa"
	"github.com/openledger/openledger/testutil/chain"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
	datanettypes "github.com/openledger/openledger/x/datanet/types"
	modelstypes "github.com/openledger/openledger/x/models/types"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// copied has the stranger contribute a text of his own and a copy of Alice's, and the model use it.
func copied(t *testing.T, s *chain.Scenario) chain.Contribution {
	t.Helper()
	// Somebody has asked, so that the DataNet earns.
	c := s.Open(chain.Open(100))
	paidOnce(t, s, c)
	own := "The lunula is the pale part of the nail that is seen near the fold and it is the end of the matrix of the " +
		"nail plate, which grows a tenth of a millimetre in a day."
	copier := s.Contribute(s.Stranger, own, chain.Texts[0][0])
	s.Accept()
	s.AwaitHeld()
	s.Publish(modelstypes.ATTRIBUTION_METHOD_SPAN)
	s.Reindex()
	return copier
}

func challenge(t *testing.T, s *chain.Scenario, later uint64, segment uint32,
	original uint64) *datanettypes.MsgChallengeDuplicate {
	t.Helper()
	return &datanettypes.MsgChallengeDuplicate{
		Challenger: s.Payer.String(), Rank: later, Segment: shown(t, s, later, segment), Original: original,
		OriginalSegment: shown(t, s, original, 0), PinnedVersion: 1,
	}
}

// weights of a receipt by contribution.
func weights(payout rewardstypes.Payout) map[uint64]uint32 {
	out := make(map[uint64]uint32)
	for _, entry := range payout.Entries {
		out[entry.Rank] = entry.WeightPpm
	}
	return out
}

// TestStoppedSegmentEarnsNothing: the copied segment is stopped and the copier's own goes on being paid. What a
// provider weighed before it could know stands, for a while, and is no lie afterwards; later it is refused.
func TestStoppedSegmentEarnsNothing(t *testing.T) {
	s := newScenario(t)
	copier := copied(t, s)
	original := s.Contributions[0].Rank
	s.Reindex(original) // as for a provider who hides the original, so that its copy is paid
	c := s.Open(chain.Open(100))
	ask := func() *attributiontypes.MsgSubmitReceipts {
		c.Ask(string(copier.File.Segments[0]) + " and " + string(copier.File.Segments[1]))
		return c.Acknowledged()
	}
	paid := func(msg *attributiontypes.MsgSubmitReceipts) (rewardstypes.Payout, sdkmath.Int, uint64) {
		n, before := c.Session.Calls+1, s.Earned(s.Stranger)
		_, id := c.Submit(msg)
		found, err := s.Receipt(c.ReceiptID(n))
		require.NoError(t, err)
		return found.Payout, s.Earned(s.Stranger).Sub(before), id
	}
	both, earned, _ := paid(ask())
	require.True(t, earned.IsPositive())

	msg, known := ask(), s.Height()
	s.Send(s.Payer, challenge(t, s, copier.Rank, 1, original))
	s.Fail(s.Provider, attributiontypes.ErrEvidence, msg)
	msg.StopsHeight = s.Height() + 10
	s.Refuse(s.Provider, attributiontypes.ErrStops, msg)
	params, err := s.App.AttributionKeeper.Params.Get(s.Ctx())
	require.NoError(t, err)
	lag := params.StopsLag
	params.StopsLag = 1
	require.NoError(t, s.App.AttributionKeeper.Params.Set(s.Ctx(), params))
	s.Blocks(1)
	msg.StopsHeight = known
	s.Refuse(s.Provider, attributiontypes.ErrStops, msg)
	params.StopsLag = lag
	require.NoError(t, s.App.AttributionKeeper.Params.Set(s.Ctx(), params))
	s.Blocks(1)
	before, again, id := paid(msg)
	require.Equal(t, weights(both), weights(before))
	require.Equal(t, earned, again)
	require.Equal(t, known, batchOf(t, s, id).StopsHeight)
	a := c.Answers[len(c.Answers)-1]
	d := header(a)
	d.WrongWeights = &poa.WrongWeights{Rows: a.Attribution.Rows, TotalBits: a.Attribution.TotalBits}
	verdict := newDispute(t, s.Bob, id, 0, d).play(s)
	require.False(t, verdict.Upheld, "it was weighed rightly, as of then")

	after, less, _ := paid(ask())
	require.True(t, less.IsPositive() && less.LT(earned), "what is his own is paid")
	require.Less(t, weights(after)[copier.Rank], weights(before)[copier.Rank])
	require.True(t, after.BountyPool.GT(before.BountyPool), "what the copy would have earned goes to the bounty pool")
	require.Len(t, after.Entries, 1, "nobody else is enriched")
}

// TestAuthorTakesBackHisText: what a scraper registered first is passed on to its author, in models that use both.
func TestAuthorTakesBackHisText(t *testing.T) {
	s := newScenario(t)
	before := s.Open(chain.Open(100)) // of a model that does not use what the author contributed
	alice, _, _ := paidOnce(t, s, before)
	require.True(t, alice.IsPositive())
	author := s.Stranger
	own := s.Contribute(
		author, "Of the author's pages this is the other paragraph, on the nail plate and on how it grows a tenth of a "+
			"millimetre in a day.", chain.Texts[0][0])
	s.Accept()
	s.AwaitHeld()
	s.Publish(modelstypes.ATTRIBUTION_METHOD_SPAN)
	s.Reindex()
	scraped := s.Contributions[0]
	claim := &datanettypes.MsgClaimText{Author: author.String(), Rank: scraped.Rank, Segment: 0, Contribution: own.Rank,
		OwnSegment: 1}
	s.Refuse(author, datanettypes.ErrUnauthorized, claim)
	s.Send(author, priorArt(t, s, scraped, 0, author.String()))
	s.Refuse(s.Alice, datanettypes.ErrUnauthorized,
		&datanettypes.MsgClaimText{Author: s.Alice.String(), Rank: scraped.Rank, Contribution: own.Rank, OwnSegment: 1})
	s.Send(author, claim)

	c := s.Open(chain.Open(100))
	earned := s.Earned(author)
	aliceNow, _, payout := paidOnce(t, s, c)
	require.True(t, aliceNow.IsZero())
	require.True(t, s.Earned(author).GT(earned))
	require.Contains(t, weights(payout), own.Rank)
	require.NotContains(t, weights(payout), scraped.Rank)

	earned = s.Earned(author)
	aliceNow, bob, payout := paidOnce(t, s, before)
	require.True(t, aliceNow.IsZero() && bob.IsPositive())
	require.Equal(t, earned, s.Earned(author), "a model that does not use it does not pay it")
	require.NotContains(t, weights(payout), own.Rank)
}
