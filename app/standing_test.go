package app_test

import (
	"testing"

	sdkmath "cosmossdk.io/math"

	"github.com/stretchr/testify/require"

	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"
	govtypes "github.com/cosmos/cosmos-sdk/x/gov/types"

	"github.com/openledger/openledger/poa"
	"github.com/openledger/openledger/testutil/chain"
	datanetkeeper "github.com/openledger/openledger/x/datanet/keeper"
	datanettypes "github.com/openledger/openledger/x/datanet/types"
	modelskeeper "github.com/openledger/openledger/x/models/keeper"
	modelstypes "github.com/openledger/openledger/x/models/types"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// paidOnce asks once and returns what each of the first two contributors earned.
func paidOnce(t *testing.T, s *chain.Scenario, c *chain.Conversation) (alice, bob sdkmath.Int, payout rewardstypes.Payout) {
	t.Helper()
	c.Ask(answer())
	n := c.Session.Calls + 1
	beforeAlice, beforeBob := s.Earned(s.Alice), s.Earned(s.Bob)
	c.Submit(c.Acknowledged())
	found, err := s.Receipt(c.ReceiptID(n))
	require.NoError(t, err)
	return s.Earned(s.Alice).Sub(beforeAlice), s.Earned(s.Bob).Sub(beforeBob), found.Payout
}

// TestRecallStopsPayAndKeepsBlocking: what a contributor recalls is paid no
// more, enriches nobody else, taints models, and stays paid for the past.
func TestRecallStopsPayAndKeepsBlocking(t *testing.T) {
	s := newScenario(t)
	c := s.Open(chain.Open(100))
	alice, bob, before := paidOnce(t, s, c)
	require.True(t, alice.IsPositive() && bob.IsPositive())
	tainted := func() []modelstypes.ManifestEntry {
		response, err := modelskeeper.NewQueryServer(s.App.ModelsKeeper).Model(s.Ctx(), &modelstypes.QueryModelRequest{ModelId: s.ModelID})
		require.NoError(t, err)
		return response.Tainted
	}
	require.Empty(t, tainted())
	rank := s.Contributions[0].Rank
	s.Refuse(s.Bob, datanettypes.ErrUnauthorized, &datanettypes.MsgRecallContribution{Signer: s.Bob.String(), Rank: rank, Reason: "mine is better"})
	s.Send(s.Alice, &datanettypes.MsgRecallContribution{Signer: s.Alice.String(), Rank: rank, Reason: "it names a patient"})

	again, bobAgain, after := paidOnce(t, s, c)
	require.True(t, again.IsZero())
	require.Equal(t, bob, bobAgain, "nobody gains by it")
	require.True(t, after.BountyPool.GT(before.BountyPool))
	require.Equal(t, before.Entries[0].WeightPpm, after.Entries[0].WeightPpm, "the text keeps its weight")
	require.Len(t, tainted(), 1)

	found, err := s.Receipt(c.ReceiptID(1))
	require.NoError(t, err)
	require.Equal(t, before, found.Payout, "what was paid before stays what it was")
}

// TestCommonsAreBurned: text of a snapshot that governance accepted pays nobody.
func TestCommonsAreBurned(t *testing.T) {
	s := newScenario(t)
	c := s.Open(chain.Open(100))
	alice, bob, before := paidOnce(t, s, c)
	authority := authtypes.NewModuleAddress(govtypes.ModuleName).String()
	text := []byte(chain.Texts[0][0])
	root := poa.MerkleRoot([]poa.Hash{poa.SegmentLeaf(0, nil, text)})
	msgs := datanetkeeper.NewMsgServer(s.App.DatanetKeeper)
	accepted, err := msgs.AcceptSnapshot(s.Ctx(), &datanettypes.MsgAcceptSnapshot{Authority: authority, Name: "Encyclopaedia", Root: root[:], Segments: 1})
	require.NoError(t, err)
	proof, err := s.SegmentProof(s.Contributions[0].Rank, 0)
	require.NoError(t, err)
	path := make([][]byte, len(proof.Path))
	for i, hash := range proof.Path {
		path[i] = append([]byte(nil), hash[:]...)
	}
	s.Send(s.Stranger, &datanettypes.MsgProvePriorArt{
		Prover: s.Stranger.String(), Rank: s.Contributions[0].Rank, Segment: datanettypes.SegmentProof{Text: text, Path: path},
		Snapshot: accepted.Id, SnapshotSegment: datanettypes.SegmentProof{Text: text},
	})
	again, bobAgain, after := paidOnce(t, s, c)
	require.True(t, alice.IsPositive() && again.IsZero())
	require.Equal(t, bob, bobAgain)
	require.True(t, after.Retired.IsPositive())
	require.Equal(t, before.BountyPool, after.BountyPool)
	require.True(t, after.Bonus.LT(before.Bonus))
}

// TestCuratorsAreRoyaltyOwners: from the block after the change, and receipts
// before it stay what they were.
func TestCuratorsAreRoyaltyOwners(t *testing.T) {
	s := newScenario(t)
	c := s.Open(chain.Open(100))
	_, _, before := paidOnce(t, s, c)
	s.Send(s.Owner, &datanettypes.MsgUpdateDataNet{
		Owner: s.Owner.String(), DatanetId: s.DatanetID, Name: "Skin", Description: "Notes on skin and hair", RoyaltyFloor: chain.Royalty, OwnerPpm: 50_000,
		Curators: []datanettypes.Royalty{{Address: s.Stranger.String(), Ppm: 100_000}},
	})
	earned := s.Earned(s.Stranger)
	_, _, after := paidOnce(t, s, c)
	curated := s.Earned(s.Stranger).Sub(earned)
	require.True(t, curated.IsPositive())
	for i, entry := range after.Entries {
		was := before.Entries[i]
		require.Equal(t, was.Amount.Add(was.OwnerAmount), entry.Amount.Add(entry.OwnerAmount), "royalties come out of the contributor's share")
		require.True(t, entry.OwnerAmount.GT(was.OwnerAmount))
	}
	found, err := s.Receipt(c.ReceiptID(1))
	require.NoError(t, err)
	require.Equal(t, before, found.Payout)
	totals, err := s.App.RewardsKeeper.DataNetTotals.Get(s.Ctx(), s.DatanetID)
	require.NoError(t, err)
	require.True(t, totals.Contributors.IsPositive() && totals.Royalties.IsPositive())
}

// TestQualityMultipliesPay: half of the score is half of the pay, of the bonus and
// of the royalties; the rest goes to the bounty pool or is not minted.
func TestQualityMultipliesPay(t *testing.T) {
	s := newScenario(t)
	c := s.Open(chain.Open(100))
	_, bob, before := paidOnce(t, s, c)
	contribution, err := s.App.DatanetKeeper.GetContribution(s.Ctx(), s.Contributions[0].Rank)
	require.NoError(t, err)
	contribution.Score = 500
	require.NoError(t, s.App.DatanetKeeper.Contributions.Set(s.Ctx(), contribution.Rank, contribution))
	_, again, after := paidOnce(t, s, c)
	require.Equal(t, bob, again)
	was, is := before.Entries[0], after.Entries[0]
	require.Equal(t, contribution.Rank, is.Rank)
	one := sdkmath.OneInt()
	require.True(t, was.Amount.QuoRaw(2).Sub(is.Amount).Abs().LTE(one), "%s → %s", was.Amount, is.Amount)
	require.True(t, was.OwnerAmount.QuoRaw(2).Sub(is.OwnerAmount).Abs().LTE(one))
	require.True(t, was.Bonus.QuoRaw(2).Sub(is.Bonus).Abs().LTE(one))
	require.Equal(t, was.Amount.Add(was.OwnerAmount).Sub(is.Amount).Sub(is.OwnerAmount), after.BountyPool.Sub(before.BountyPool))
	require.Equal(t, was.Bonus.Sub(is.Bonus), before.Bonus.Sub(after.Bonus))
}
