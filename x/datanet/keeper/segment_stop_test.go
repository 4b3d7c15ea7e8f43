package keeper_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/poa"
	"github.com/openledger/openledger/testutil/datanettest"
	"github.com/openledger/openledger/testutil/solo"
	"github.com/openledger/openledger/x/datanet/types"
)

// extortion is a scraper who registered one paragraph of an author in a DataNet of his own, before the author came with
// four.
type extortion struct {
	*datanettest.Reviews
	scraper, accomplice, author sdk.AccAddress
	scraped, whole              uint64
	proof                       types.SegmentProof // of the scraped paragraph
	own                         []types.SegmentProof
	public                      []byte // root of the author's pages
}

func newExtortion(t *testing.T) *extortion {
	e := &extortion{Reviews: datanettest.NewReviews(t, 0), scraper: datanettest.Account("bob"),
		author: datanettest.Account("alice"), accomplice: datanettest.Account("accomplice")}
	texts := []string{datanettest.Text(7_000), datanettest.Text(7_001), datanettest.Text(7_002),
		datanettest.Text(7_003)}
	e.ID = e.Create()
	scraped, proofs := e.Several(e.scraper, texts[2])
	e.scraped, e.proof = scraped, proofs[0]
	e.Accepted(e.ID, scraped)
	e.ID = e.Create()
	e.whole, e.own = e.Several(e.author, texts...)
	e.Accepted(e.ID, e.whole)
	leaves := make([]poa.Hash, len(texts))
	for i, content := range texts {
		leaves[i] = poa.SegmentLeaf(uint32(i), nil, []byte(content))
	}
	root := poa.MerkleRoot(leaves)
	e.public = root[:]
	return e
}

func (e *extortion) challenge(by sdk.AccAddress) *types.MsgChallengeDuplicate {
	return &types.MsgChallengeDuplicate{
		Challenger: by.String(), Rank: e.whole, Segment: e.own[2], Original: e.scraped, OriginalSegment: e.proof,
		PinnedVersion: 1,
	}
}

// standing gives the scraped paragraph what a challenge asks for: a model that pinned it before the author came, and
// earnings.
func (e *extortion) standing(pinned bool, earned math.Int) {
	c := e.Contribution(e.scraped)
	if pinned {
		now := e.Ctx
		e.Ctx = e.Ctx.WithBlockHeight(e.Contribution(e.whole).RevealHeight - 1)
		require.NoError(e.T, e.Keeper.PinVersion(e.Ctx, c.DatanetId, 1))
		e.Ctx = now
	}
	e.Rewards.DataNets = map[uint64]math.Int{c.DatanetId: earned}
}

// snapshot has governance accept the author's pages, and shows the scraped paragraph in them.
func (e *extortion) snapshot(by sdk.AccAddress) *types.MsgProvePriorArt {
	datanettest.Must(e.Fixture, e.Msgs.AcceptSnapshot, &types.MsgAcceptSnapshot{
		Authority: solo.Authority(), Name: "Pages of the author", Root: e.public, Segments: 4, Author: e.author.String(),
	})
	inSnapshot := types.SegmentProof{Index: 2, Text: e.own[2].Text}
	leaves := make([]poa.Hash, 4)
	for i := range leaves {
		leaves[i] = poa.SegmentLeaf(uint32(i), nil, e.own[i].Text)
	}
	path, err := poa.MerklePath(leaves, 2)
	require.NoError(e.T, err)
	for _, hash := range path {
		inSnapshot.Path = append(inSnapshot.Path, hash[:])
	}
	return &types.MsgProvePriorArt{Prover: by.String(), Rank: e.scraped, Segment: e.proof, Snapshot: 1,
		SnapshotSegment: inSnapshot}
}

// TestScrapedParagraphIsNoOriginal: what stood in nobody's sight before the author came stops nothing.
func TestScrapedParagraphIsNoOriginal(t *testing.T) {
	e := newExtortion(t)
	datanettest.Refuse(e.Fixture, e.Msgs.ChallengeDuplicate, e.challenge(e.scraper), types.ErrDuplicate)
	e.standing(false, math.OneInt())
	datanettest.Refuse(e.Fixture, e.Msgs.ChallengeDuplicate, e.challenge(e.accomplice), types.ErrDuplicate)
	e.standing(true, math.ZeroInt())
	datanettest.Refuse(e.Fixture, e.Msgs.ChallengeDuplicate, e.challenge(e.accomplice), types.ErrDuplicate)
	msg := e.challenge(e.accomplice)
	msg.PinnedVersion = 7
	datanettest.Refuse(e.Fixture, e.Msgs.ChallengeDuplicate, msg, types.ErrDuplicate)
	require.Zero(t, e.Contribution(e.whole).Stops)
}

// TestExtortionPaysNobody: where a challenge is right by the letter it stops one segment, pays nobody, the accomplice
// no more than the scraper, and leaves nothing that the author could not have back.
func TestExtortionPaysNobody(t *testing.T) {
	e := newExtortion(t)
	e.standing(true, math.OneInt())
	scraper, accomplice, author, supply := e.Balance(e.scraper.String()), e.Balance(e.accomplice.String()),
		e.Balance(e.author.String()), e.Supply()
	deposit := e.Contribution(e.whole).Deposit.Amount
	datanettest.Must(e.Fixture, e.Msgs.ChallengeDuplicate, e.challenge(e.accomplice))

	c := e.Contribution(e.whole)
	require.True(t, c.Earning(), "the contribution goes on")
	require.EqualValues(t, 1, c.StoppedNow())
	require.Equal(t, deposit, c.Deposit.Amount)
	require.Equal(t, deposit.QuoRaw(4), c.BoundDeposit, "a quarter of the tokens")
	require.Equal(t, []math.Int{scraper, accomplice, author, supply}, []math.Int{
		e.Balance(e.scraper.String()), e.Balance(e.accomplice.String()), e.Balance(e.author.String()), e.Supply(),
	})
	stop, stopped, err := e.Keeper.SegmentStop(e.Ctx, c.DatanetId, c.Rank, 2)
	require.NoError(t, err)
	require.True(t, stopped && stop.Holds(e.Ctx.BlockHeight()+1) && !stop.Holds(e.Ctx.BlockHeight()))
	require.Equal(t, poa.Nobody, stop.PaysTo(1_000, func(uint64) bool { return true }))
	datanettest.Refuse(e.Fixture, e.Msgs.ChallengeDuplicate, e.challenge(e.scraper), types.ErrContributionStatus)
	tainted, err := e.Keeper.TaintedVersion(e.Ctx, c.DatanetId)
	require.NoError(t, err)
	require.EqualValues(t, 1, tainted)
	require.Zero(t, e.Datanet(c.DatanetId).Record.Stopped)

	e.Blocks(1)
	// The rest of the deposit is earned back, the bound part is not.
	e.Rewards.Earned = map[string]math.Int{e.author.String(): datanettest.Open(1_000)}
	datanettest.Must(e.Fixture, e.Msgs.ReleaseDeposits, &types.MsgReleaseDeposits{Contributor: e.author.String(),
		Ranks: []uint64{e.whole}})
	require.Equal(t, deposit.QuoRaw(4), e.Contribution(e.whole).Deposit.Amount)

	// The author shows whose text it is. A stranger's claim is refused, before and after.
	claim := &types.MsgClaimText{Author: e.author.String(), Rank: e.scraped, Segment: 0, Contribution: e.whole,
		OwnSegment: 2}
	datanettest.Refuse(e.Fixture, e.Msgs.ClaimText, claim, types.ErrUnauthorized)
	half := e.Contribution(e.scraped).Deposit.Amount.QuoRaw(2)
	author = e.Balance(e.author.String())
	datanettest.Must(e.Fixture, e.Msgs.ProvePriorArt, e.snapshot(e.accomplice))
	require.Equal(t, half, e.Balance(e.author.String()).Sub(author), "the scraper's deposit makes up for it")
	require.Equal(t, types.CONTRIBUTION_STATUS_COMMONS, e.Contribution(e.scraped).Status)
	foreign := *claim
	foreign.Author = e.scraper.String()
	datanettest.Refuse(e.Fixture, e.Msgs.ClaimText, &foreign, types.ErrUnauthorized)
	other := *claim
	other.Contribution = e.scraped + 40
	datanettest.Refuse(e.Fixture, e.Msgs.ClaimText, &other, types.ErrContributionNotFound)
	require.True(t, datanettest.Must(e.Fixture, e.Msgs.ClaimText, claim).Resumed)
	c = e.Contribution(e.whole)
	require.Zero(t, c.StoppedNow())
	require.True(t, c.BoundDeposit.IsZero())
	next := e.Ctx.BlockHeight() + 1
	stop, _, err = e.Keeper.SegmentStop(e.Ctx, c.DatanetId, c.Rank, 2)
	require.NoError(t, err)
	require.True(t, stop.Holds(next-1) && !stop.Holds(next))
	taken, _, err := e.Keeper.SegmentStop(e.Ctx, e.Contribution(e.scraped).DatanetId, e.scraped, 0)
	require.NoError(t, err)
	require.Equal(t, e.whole, taken.PaysTo(next, func(uint64) bool { return true }))
	require.Equal(t, poa.Nobody, taken.PaysTo(next, func(uint64) bool { return false }),
		"where the model does not use it nobody is paid")
	require.Equal(t, poa.Nobody, taken.PaysTo(next-1, func(uint64) bool { return true }))
	datanettest.Refuse(e.Fixture, e.Msgs.ClaimText, claim, types.ErrContributionStatus)

	// Neither that paragraph nor another scraper's stops it again.
	datanettest.Refuse(e.Fixture, e.Msgs.ChallengeDuplicate, e.challenge(e.scraper), types.ErrContributionStatus)
	tainted, err = e.Keeper.TaintedVersion(e.Ctx, c.DatanetId)
	require.NoError(t, err)
	require.Zero(t, tainted)
	exportedAgain(t, e.Reviews)
}

// TestContestedTextIsNoOriginal: the author may come first, and then nothing can be stopped with it.
func TestContestedTextIsNoOriginal(t *testing.T) {
	e := newExtortion(t)
	e.standing(true, math.OneInt())
	prove := e.snapshot(e.accomplice)
	own := *prove
	own.Rank, own.Segment = e.whole, e.own[2]
	datanettest.Refuse(e.Fixture, e.Msgs.ProvePriorArt, &own, types.ErrSnapshot)
	datanettest.Must(e.Fixture, e.Msgs.ProvePriorArt, prove)
	datanettest.Refuse(e.Fixture, e.Msgs.ProvePriorArt, prove, types.ErrContributionStatus)
	datanettest.Refuse(e.Fixture, e.Msgs.ChallengeDuplicate, e.challenge(e.scraper), types.ErrDuplicate)
	claim := &types.MsgClaimText{Author: e.author.String(), Rank: e.scraped, Contribution: e.whole, OwnSegment: 2}
	require.False(t, datanettest.Must(e.Fixture, e.Msgs.ClaimText, claim).Resumed)
	datanettest.Refuse(e.Fixture, e.Msgs.ClaimText, &types.MsgClaimText{Author: e.author.String(), Rank: e.whole,
		Contribution: e.whole}, types.ErrContributionStatus)
}

// TestCopierDoesNotSurvive: each copied segment is stopped, what is not copied goes on, and with the last one the
// contribution ends.
func TestCopierDoesNotSurvive(t *testing.T) {
	r := datanettest.NewReviews(t, 9)
	original := r.Seed()
	r.ID = r.Create()
	copier, proofs := r.Several(r.Bob, r.Texts[original], datanettest.Text(9_001), r.Texts[original])
	r.Accepted(r.ID, copier)
	challenge := func(segment int) *types.MsgChallengeDuplicate {
		return &types.MsgChallengeDuplicate{
			Challenger: r.Alice.String(), Rank: copier, Segment: proofs[segment], Original: original,
			OriginalSegment: *r.Segment(original),
		}
	}
	datanettest.Refuse(r.Fixture, r.Msgs.ChallengeDuplicate, challenge(1), types.ErrDuplicate)
	forged := challenge(0)
	forged.Segment.Index = 2
	datanettest.Refuse(r.Fixture, r.Msgs.ChallengeDuplicate, forged, types.ErrDuplicate)
	for _, segment := range []int{2, 0} {
		datanettest.Must(r.Fixture, r.Msgs.ChallengeDuplicate, challenge(segment))
		datanettest.Refuse(r.Fixture, r.Msgs.ChallengeDuplicate, challenge(segment), types.ErrContributionStatus)
	}
	c := r.Contribution(copier)
	require.True(t, c.Earning())
	require.EqualValues(t, 2, c.StoppedNow())
	// Prior art takes the rest.
	leaf := poa.SegmentLeaf(0, nil, proofs[1].Text)
	datanettest.Must(r.Fixture, r.Msgs.AcceptSnapshot, &types.MsgAcceptSnapshot{Authority: solo.Authority(),
		Name: "Encyclopaedia", Root: leaf[:], Segments: 1})
	free := c.Deposit.Amount.Sub(c.BoundDeposit)
	prover := r.Balance(r.Alice.String())
	datanettest.Must(r.Fixture, r.Msgs.ProvePriorArt, &types.MsgProvePriorArt{Prover: r.Alice.String(), Rank: copier,
		Segment: proofs[1], Snapshot: 1, SnapshotSegment: types.SegmentProof{Text: proofs[1].Text}})
	require.Equal(t, free.QuoRaw(2), r.Balance(r.Alice.String()).Sub(prover))
	c = r.Contribution(copier)
	require.Equal(t, types.CONTRIBUTION_STATUS_COMMONS, c.Status)
	require.Equal(t, c.Deposit.Amount, c.BoundDeposit)
	require.EqualValues(t, 1, r.Datanet(r.ID).Record.Stopped)
	stops, err := r.Queries.SegmentStops(r.Ctx, &types.QuerySegmentStopsRequest{DatanetId: r.ID, Rank: copier})
	require.NoError(t, err)
	require.Len(t, stops.Stops, 3)
	require.Equal(t, r.Ctx.BlockHeight(), stops.Height)
	// The deposit decays to nothing.
	params, err := r.Keeper.Params.Get(r.Ctx)
	require.NoError(t, err)
	for range 52 {
		r.After(params.Standing.DecayInterval)
		r.EndBlock()
	}
	require.True(t, r.Contribution(copier).Deposit.IsZero())
	require.True(t, r.Contribution(copier).BoundDeposit.IsZero())
	exportedAgain(t, r)
}

func exportedAgain(t *testing.T, r *datanettest.Reviews) {
	t.Helper()
	exported := r.Export()
	require.NoError(t, exported.Validate())
	require.NotEmpty(t, exported.SegmentStops)
	twice := *exported
	twice.SegmentStops = append(append([]types.SegmentStop{}, exported.SegmentStops[0]), exported.SegmentStops...)
	require.ErrorIs(t, twice.Validate(), types.ErrInvalidGenesis)
	unknown := *exported
	unknown.SegmentStops = []types.SegmentStop{{DatanetId: 1, Rank: 1 << 40, StoppedHeight: 1, Bound: math.ZeroInt()}}
	require.ErrorIs(t, unknown.Validate(), types.ErrInvalidGenesis)
}

// TestStoppedSegmentsEarnNoBounty: what was promised for them returns to the bounty when it would have been paid.
func TestStoppedSegmentsEarnNoBounty(t *testing.T) {
	r := datanettest.NewReviews(t, 9)
	original := r.Seed()
	id := r.FundBounty(datanettest.Open(250), datanettest.Open(100), r.ID)
	carol := datanettest.Account("carol")
	r.Fund(carol)
	copied := r.Decide(carol, r.Texts[original], datanettest.Accepting, datanettest.ForBounty(id))
	require.Equal(t, datanettest.Open(80), r.Contribution(copied).Vesting)
	datanettest.Must(r.Fixture, r.Msgs.ChallengeDuplicate, r.Challenge(r.Alice, copied, original))
	require.Equal(t, types.CONTRIBUTION_STATUS_ALIAS, r.Contribution(copied).Status)
	require.Equal(t, datanettest.Open(80), r.Contribution(copied).Vesting, "its author may still take the text back")
	before := r.Bank.Of(r.Ctx, carol)
	r.After(r.Params().AppealWindow + 2*time.Second)
	r.EndBlock()
	require.Equal(t, datanettest.Open(210), r.Bounty(id).Left)
	r.After(91 * 24 * time.Hour)
	r.EndBlock()
	require.Equal(t, before, r.Bank.Of(r.Ctx, carol))
	require.True(t, r.Contribution(copied).Vesting.IsZero())
}
