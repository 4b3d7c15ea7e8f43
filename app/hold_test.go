package app_test

import (
	"crypto/sha256"
	"fmt"
	"testing"

	sdkmath "cosmossdk.io/math"

	"github.com/stretchr/testify/require"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/poa"
	"github.com/openledger/openledger/testutil/chain"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
	datanettypes "github.com/openledger/openledger/x/datanet/types"
)

// spam makes n DataNets with one accepted contribution each, and returns the ranks.
func spam(s *chain.Scenario, by chain.Account, n int) []uint64 {
	s.T.Helper()
	first, err := s.App.DatanetKeeper.NextDataNet.Peek(s.Ctx())
	require.NoError(s.T, err)
	rank, err := s.App.DatanetKeeper.NextRank.Peek(s.Ctx())
	require.NoError(s.T, err)
	var create, commits, reveals, accepts []sdk.Msg
	var ranks []uint64
	for i := range n {
		id := first + uint64(i)
		create = append(create, &datanettypes.MsgCreateDataNet{
			Owner: by.String(), Name: "spam", Licence: "MIT", ReviewPolicy: datanettypes.REVIEW_POLICY_OWNER,
			RoyaltyFloor: sdkmath.ZeroInt(),
		})
		root, salt := sha256.Sum256(fmt.Appendf(nil, "root %d", id)), sha256.Sum256(fmt.Appendf(nil, "salt %d", id))
		hash := poa.CommitHash(root, by.Address, salt[:])
		commits = append(commits, &datanettypes.MsgCommitContributions{
			Contributor: by.String(), Items: []datanettypes.CommitItem{
				{Hash: hash[:], Deposit: chain.Coin(chain.Open(1).QuoRaw(10))}},
		})
		ranks = append(ranks, rank+uint64(i))
		reveals = append(
			reveals, &datanettypes.MsgRevealContributions{Contributor: by.String(), Items: []datanettypes.RevealItem{{
				Rank: ranks[i], DatanetId: id, Root: root[:], Salt: salt[:], Segments: 1, Tokens: 1, Bytes: 1,
				StatisticsRoot: root[:], ContentHash: root[:],
			}}})
		accepts = append(
			accepts, &datanettypes.MsgAcceptContributions{Owner: by.String(), DatanetId: id, Ranks: ranks[i : i+1]})
	}
	s.Send(by, create...)
	s.Send(by, commits...)
	s.Blocks(1)
	s.Send(by, reveals...)
	s.Send(by, accepts...)
	return ranks
}

// TestVersionsDoNotStarveBatches plays a swarm of DataNets whose text validators find to be wrong, or nowhere, in any
// mixture. In every block an honest batch is recorded, the versions stay in their window, and in the end nobody is
// asked about any of them.
func TestVersionsDoNotStarveBatches(t *testing.T) {
	s := attested(t, func(p *attributiontypes.Params) { p.HoldTicks, p.HoldRetryBlocks, p.HoldRefusals = 8, 4, 3 })
	s.SkipInvariants = true
	says := make(map[uint64]attributiontypes.Verdict)
	s.Voter = func(_ int, base, next uint64) ([]attributiontypes.Verdict, bool) {
		out := make([]attributiontypes.Verdict, next-base)
		for _, item := range s.OpenItems() {
			if item.Number < base || item.Number >= next {
				continue
			}
			out[item.Number-base] = valid
			if verdict, ok := says[item.DatanetId]; ok && item.Kind == attributiontypes.ITEM_KIND_VERSION {
				out[item.Number-base] = verdict
			}
		}
		return out, true
	}
	const n = 180
	ranks := spam(s, s.Stranger, n)
	for i := range n {
		says[s.DatanetID+1+uint64(i)] = []attributiontypes.Verdict{invalid, unknown, unknown}[i%3]
	}
	c := s.Open(chain.Open(500))
	honest := uint64(0)
	for block := range 90 {
		c.Ask(answer())
		result := s.Block(chain.Tx{Signer: s.Provider, Msgs: []sdk.Msg{c.Attested(c.Acknowledged())}})[0]
		require.Zero(t, result.Code, "block %d: %s", block, result.Log)
		c.Recorded()
		head, err := s.App.AttributionKeeper.Head.Get(s.Ctx())
		require.NoError(t, err)
		require.LessOrEqual(t, head.Attestation.VersionNext-head.Attestation.VersionBase,
			uint64(attributiontypes.VersionsWindow))
		require.LessOrEqual(t, head.Attestation.SetAside, uint32(attributiontypes.MaxSetAside))
		if block == 40 { // behind all of the swarm, which is being asked about again
			s.Contribute(
				s.Alice, "Nails grow from a matrix under the proximal fold; the plate slides over its bed for about six months "+
					"before it reaches the free edge of the finger.")
			s.Accept()
			honest = s.Version
		}
	}
	datanet, err := s.App.DatanetKeeper.GetDataNet(s.Ctx(), s.DatanetID)
	require.NoError(t, err)
	require.Equal(t, honest, datanet.HeldVersion, "an honest version is held among them")
	s.Blocks(250)
	require.NoError(t, s.App.CheckInvariants(s.Ctx()))
	require.Empty(t, s.OpenItems(), "it ends")
	for i, rank := range ranks {
		found, err := s.App.DatanetKeeper.GetContribution(s.Ctx(), rank)
		require.NoError(t, err)
		want := datanettypes.CONTRIBUTION_STATUS_WITHHELD
		if i%3 == 0 {
			want = datanettypes.CONTRIBUTION_STATUS_INVALID
		}
		require.Equal(t, want, found.Status)
	}
}

// TestBatchesDoNotStarveVersions: as many batches wait as may; a version is held all the same.
func TestBatchesDoNotStarveVersions(t *testing.T) {
	s := attested(t)
	s.Voter = say()
	_, withheld := ask(s)
	s.Blocks(2)
	s.SkipInvariants = true
	head, err := s.App.AttributionKeeper.Head.Get(s.Ctx())
	require.NoError(t, err)
	head.Attestation.Batches = attributiontypes.BatchesWindow // as if so many others were withheld, too
	require.NoError(t, s.App.AttributionKeeper.Head.Set(s.Ctx(), head))
	item := batchOf(t, s, withheld).Item
	s.Voter = func(_ int, base, next uint64) ([]attributiontypes.Verdict, bool) {
		out := make([]attributiontypes.Verdict, next-base)
		for i := range out {
			if base+uint64(i) != item {
				out[i] = valid
			}
		}
		return out, true
	}
	c := s.Open(chain.Open(100))
	c.Ask(answer())
	result := s.Block(chain.Tx{Signer: s.Provider, Msgs: []sdk.Msg{c.Attested(c.Acknowledged())}})[0]
	require.Equal(t, attributiontypes.ErrWindowFull.ABCICode(), result.Code, result.Log)
	s.Contribute(
		s.Alice, "Nails grow from a matrix under the proximal fold; the plate slides over its bed for about six months "+
			"before it reaches the free edge of the finger.")
	s.Accept()
	s.AwaitHeld()
}

// TestVersionVerdicts: two thirds of the power say what text is; less of it, and all that is unknown, is text that is
// not held.
func TestVersionVerdicts(t *testing.T) {
	differs := attributiontypes.VerdictDiffers
	for name, c := range map[string]struct {
		voter chain.Voter
		want  datanettypes.HoldVerdict
	}{
		"unfit":           {say(invalid, invalid, invalid, valid), datanettypes.HOLD_VERDICT_UNFIT},
		"derivations":     {say(differs, differs, differs, valid), datanettypes.HOLD_VERDICT_DERIVATIONS},
		"a third is none": {say(invalid, invalid, valid, valid), datanettypes.HOLD_VERDICT_WITHHELD},
		"mixed":           {say(invalid, invalid, differs, differs), datanettypes.HOLD_VERDICT_WITHHELD},
		"nobody knows":    {say(unknown, unknown, unknown, unknown), datanettypes.HOLD_VERDICT_WITHHELD},
	} {
		t.Run(name, func(t *testing.T) {
			s := attested(t, func(p *attributiontypes.Params) { p.HoldTicks = 4 })
			s.Voter = c.voter
			contribution := s.Contribute(
				s.Alice, "Nails grow from a matrix under the proximal fold; the plate slides over its bed for about six months "+
					"before it reaches the free edge of the finger.")
			s.Accept()
			s.Blocks(9)
			found, err := s.App.DatanetKeeper.GetContribution(s.Ctx(), contribution.Rank)
			require.NoError(t, err)
			require.NotNil(t, found.Hold)
			require.Equal(t, c.want, found.Hold.Reason)
			datanet, err := s.App.DatanetKeeper.GetDataNet(s.Ctx(), s.DatanetID)
			require.NoError(t, err)
			require.Equal(t, datanet.Version, datanet.HeldVersion, "the version goes on without it")
		})
	}
}
