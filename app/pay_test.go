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
func paidOnce(t *testing.T, s *chain.Scenario,
	c *chain.Conversation) (alice, bob sdkmath.Int, payout rewardstypes.Payout) {
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
		response, err := modelskeeper.NewQueryServer(s.App.ModelsKeeper).Model(s.Ctx(),
			&modelstypes.QueryModelRequest{ModelId: s.ModelID})
		require.NoError(t, err)
		return response.Tainted
	}
	require.Empty(t, tainted())
	rank := s.Contributions[0].Rank
	s.Refuse(s.Bob, datanettypes.ErrUnauthorized,
		&datanettypes.MsgRecallContribution{Signer: s.Bob.String(), Rank: rank, Reason: "mine is better"})
	s.Send(s.Alice, &datanettypes.MsgRecallContribution{Signer: s.Alice.String(), Rank: rank,
		Reason: "it names a patient"})

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

// priorArt has governance accept segments of a contribution as text of an author, and shows one of them.
func priorArt(t *testing.T, s *chain.Scenario, c chain.Contribution, segment uint32,
	author string) *datanettypes.MsgProvePriorArt {
	t.Helper()
	authority := authtypes.NewModuleAddress(govtypes.ModuleName).String()
	leaves := make([]poa.Hash, len(c.File.Segments))
	for i, text := range c.File.Segments {
		leaves[i] = poa.SegmentLeaf(uint32(i), nil, text)
	}
	root := poa.MerkleRoot(leaves)
	msgs := datanetkeeper.NewMsgServer(s.App.DatanetKeeper)
	accepted, err := msgs.AcceptSnapshot(s.Ctx(), &datanettypes.MsgAcceptSnapshot{
		Authority: authority, Name: "Encyclopaedia", Root: root[:], Segments: uint32(len(leaves)), Author: author,
	})
	require.NoError(t, err)
	path, err := poa.MerklePath(leaves, int(segment))
	require.NoError(t, err)
	return &datanettypes.MsgProvePriorArt{
		Prover: s.Stranger.String(), Rank: c.Rank, Segment: shown(t, s, c.Rank, segment), Snapshot: accepted.Id,
		SnapshotSegment: datanettypes.SegmentProof{Index: segment, Text: c.File.Segments[segment], Path: hashes(path)},
	}
}

// shown is a segment with its path, as messages of x/datanet show it.
func shown(t *testing.T, s *chain.Scenario, rank uint64, segment uint32) datanettypes.SegmentProof {
	t.Helper()
	proof, err := s.SegmentProof(rank, segment)
	require.NoError(t, err)
	return datanettypes.SegmentProof{Index: segment, Text: proof.Content, Path: hashes(proof.Path)}
}

func hashes(path []poa.Hash) [][]byte {
	var out [][]byte
	for _, hash := range path {
		out = append(out, append([]byte(nil), hash[:]...))
	}
	return out
}

// TestPriorArtPaysNobody: a segment of a snapshot that governance accepted pays nobody, and enriches nobody else.
func TestPriorArtPaysNobody(t *testing.T) {
	s := newScenario(t)
	c := s.Open(chain.Open(100))
	alice, bob, before := paidOnce(t, s, c)
	for segment := range s.Contributions[0].File.Segments {
		s.Send(s.Stranger, priorArt(t, s, s.Contributions[0], uint32(segment), ""))
	}
	again, bobAgain, after := paidOnce(t, s, c)
	require.True(t, alice.IsPositive() && again.IsZero())
	require.Equal(t, bob, bobAgain)
	require.Equal(t, before.BountyPool.Add(before.Entries[0].Amount).Add(before.Entries[0].OwnerAmount), after.BountyPool,
		"nobody's share goes to the bounty pool")
	require.True(t, after.Bonus.LT(before.Bonus))
	found, err := s.App.DatanetKeeper.GetContribution(s.Ctx(), s.Contributions[0].Rank)
	require.NoError(t, err)
	require.Equal(t, datanettypes.CONTRIBUTION_STATUS_COMMONS, found.Status)
}

// TestCuratorsAreRoyaltyOwners: from the block after the change, and receipts
// before it stay what they were.
func TestCuratorsAreRoyaltyOwners(t *testing.T) {
	s := newScenario(t)
	c := s.Open(chain.Open(100))
	_, _, before := paidOnce(t, s, c)
	s.Send(s.Owner, &datanettypes.MsgUpdateDataNet{
		Owner: s.Owner.String(), DatanetId: s.DatanetID, Name: "Skin", Description: "Notes on skin and hair",
		RoyaltyFloor: chain.Royalty, OwnerPpm: 50_000,
		Curators: []datanettypes.Royalty{{Address: s.Stranger.String(), Ppm: 100_000}},
	})
	earned := s.Earned(s.Stranger)
	_, _, after := paidOnce(t, s, c)
	curated := s.Earned(s.Stranger).Sub(earned)
	require.True(t, curated.IsPositive())
	for i, entry := range after.Entries {
		was := before.Entries[i]
		require.Equal(t, was.Amount.Add(was.OwnerAmount), entry.Amount.Add(entry.OwnerAmount),
			"royalties come out of the contributor's share")
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
	require.Equal(t, was.Amount.Add(was.OwnerAmount).Sub(is.Amount).Sub(is.OwnerAmount),
		after.BountyPool.Sub(before.BountyPool))
	require.Equal(t, was.Bonus.Sub(is.Bonus), before.Bonus.Sub(after.Bonus))
}
