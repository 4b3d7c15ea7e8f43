package keeper_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/poa"
	"github.com/openledger/openledger/testutil/solo"
	"github.com/openledger/openledger/x/datanet/types"
)

// several contributes segments, and returns the rank and a proof of each.
func (r *reviews) several(by sdk.AccAddress, texts ...string) (uint64, []types.SegmentProof) {
	leaves := make([]poa.Hash, len(texts))
	for i, content := range texts {
		leaves[i] = poa.SegmentLeaf(uint32(i), by, []byte(content))
	}
	root := poa.MerkleRoot(leaves)
	s := r.sealed(by, "")
	s.item.Root, s.item.Segments, s.item.Tokens = root[:], uint32(len(texts)), uint64(60*len(texts))
	s.hash = poa.CommitHash(root, by, s.item.Salt)
	r.n++
	items := r.commit(by, open(20), s)
	r.blocks(2)
	must(r.fixture, r.msgs.RevealContributions, revealMsg(by, items...))
	proofs := make([]types.SegmentProof, len(texts))
	for i := range texts {
		path, err := poa.MerklePath(leaves, i)
		require.NoError(r.t, err)
		proofs[i] = types.SegmentProof{Index: uint32(i), Text: []byte(texts[i])}
		for _, hash := range path {
			proofs[i].Path = append(proofs[i].Path, hash[:])
		}
	}
	return items[0].Rank, proofs
}

// accepted has the owner of an own DataNet accept, and validators hold it.
func (r *reviews) accepted(datanet uint64, ranks ...uint64) {
	version := must(r.fixture, r.msgs.AcceptContributions, acceptMsg(r.owner, datanet, ranks...)).Version
	require.NoError(r.t, r.Keeper.SetHeld(r.Ctx, datanet, version))
	r.blocks(1)
}

// extortion is a scraper who registered one paragraph of an author in a DataNet of his own, before the author came with four.
type extortion struct {
	*reviews
	scraper, accomplice, author sdk.AccAddress
	scraped, whole              uint64
	proof                       types.SegmentProof // of the scraped paragraph
	own                         []types.SegmentProof
	public                      []byte // root of the author's pages
}

func newExtortion(t *testing.T) *extortion {
	e := &extortion{reviews: newReviews(t, 0), scraper: account("bob"), author: account("alice"), accomplice: account("accomplice")}
	texts := []string{text(7_000), text(7_001), text(7_002), text(7_003)}
	e.id = e.create()
	scraped, proofs := e.several(e.scraper, texts[2])
	e.scraped, e.proof = scraped, proofs[0]
	e.accepted(e.id, scraped)
	e.id = e.create()
	e.whole, e.own = e.several(e.author, texts...)
	e.accepted(e.id, e.whole)
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
		Challenger: by.String(), Rank: e.whole, Segment: e.own[2], Original: e.scraped, OriginalSegment: e.proof, PinnedVersion: 1,
	}
}

// standing gives the scraped paragraph what a challenge asks for: a model that pinned it before the author came, and earnings.
func (e *extortion) standing(pinned bool, earned math.Int) {
	c := e.contribution(e.scraped)
	if pinned {
		now := e.Ctx
		e.Ctx = e.Ctx.WithBlockHeight(e.contribution(e.whole).RevealHeight - 1)
		require.NoError(e.t, e.Keeper.PinVersion(e.Ctx, c.DatanetId, 1))
		e.Ctx = now
	}
	e.Rewards.DataNets = map[uint64]math.Int{c.DatanetId: earned}
}

// snapshot has governance accept the author's pages, and shows the scraped paragraph in them.
func (e *extortion) snapshot(by sdk.AccAddress) *types.MsgProvePriorArt {
	must(e.fixture, e.msgs.AcceptSnapshot, &types.MsgAcceptSnapshot{
		Authority: solo.Authority(), Name: "Pages of the author", Root: e.public, Segments: 4, Author: e.author.String(),
	})
	inSnapshot := types.SegmentProof{Index: 2, Text: e.own[2].Text}
	leaves := make([]poa.Hash, 4)
	for i := range leaves {
		leaves[i] = poa.SegmentLeaf(uint32(i), nil, e.own[i].Text)
	}
	path, err := poa.MerklePath(leaves, 2)
	require.NoError(e.t, err)
	for _, hash := range path {
		inSnapshot.Path = append(inSnapshot.Path, hash[:])
	}
	return &types.MsgProvePriorArt{Prover: by.String(), Rank: e.scraped, Segment: e.proof, Snapshot: 1, SnapshotSegment: inSnapshot}
}

// TestScrapedParagraphIsNoOriginal: what stood in nobody's sight before the author came stops nothing.
func TestScrapedParagraphIsNoOriginal(t *testing.T) {
	e := newExtortion(t)
	refuse(e.fixture, e.msgs.ChallengeDuplicate, e.challenge(e.scraper), types.ErrDuplicate)
	e.standing(false, math.OneInt())
	refuse(e.fixture, e.msgs.ChallengeDuplicate, e.challenge(e.accomplice), types.ErrDuplicate)
	e.standing(true, math.ZeroInt())
	refuse(e.fixture, e.msgs.ChallengeDuplicate, e.challenge(e.accomplice), types.ErrDuplicate)
	msg := e.challenge(e.accomplice)
	msg.PinnedVersion = 7
	refuse(e.fixture, e.msgs.ChallengeDuplicate, msg, types.ErrDuplicate)
	require.Zero(t, e.contribution(e.whole).Stops)
}

// TestExtortionPaysNobody: where a challenge is right by the letter it stops one segment, pays nobody, the accomplice no more than the
// scraper, and leaves nothing that the author could not have back.
func TestExtortionPaysNobody(t *testing.T) {
	e := newExtortion(t)
	e.standing(true, math.OneInt())
	scraper, accomplice, author, supply := e.balance(e.scraper.String()), e.balance(e.accomplice.String()), e.balance(e.author.String()), e.supply()
	deposit := e.contribution(e.whole).Deposit.Amount
	must(e.fixture, e.msgs.ChallengeDuplicate, e.challenge(e.accomplice))

	c := e.contribution(e.whole)
	require.True(t, c.Earning(), "the contribution goes on")
	require.EqualValues(t, 1, c.StoppedNow())
	require.Equal(t, deposit, c.Deposit.Amount)
	require.Equal(t, deposit.QuoRaw(4), c.BoundDeposit, "a quarter of the tokens")
	require.Equal(t, []math.Int{scraper, accomplice, author, supply}, []math.Int{
		e.balance(e.scraper.String()), e.balance(e.accomplice.String()), e.balance(e.author.String()), e.supply(),
	})
	stop, stopped, err := e.Keeper.SegmentStop(e.Ctx, c.DatanetId, c.Rank, 2)
	require.NoError(t, err)
	require.True(t, stopped && stop.Holds(e.Ctx.BlockHeight()+1) && !stop.Holds(e.Ctx.BlockHeight()))
	require.Equal(t, poa.Nobody, stop.PaysTo(1_000, func(uint64) bool { return true }))
	refuse(e.fixture, e.msgs.ChallengeDuplicate, e.challenge(e.scraper), types.ErrContributionStatus)
	tainted, err := e.Keeper.TaintedVersion(e.Ctx, c.DatanetId)
	require.NoError(t, err)
	require.EqualValues(t, 1, tainted)
	require.Zero(t, e.datanet(c.DatanetId).Record.Stopped)

	e.blocks(1)
	// The rest of the deposit is earned back, the bound part is not.
	e.Rewards.Earned = map[string]math.Int{e.author.String(): open(1_000)}
	must(e.fixture, e.msgs.ReleaseDeposits, &types.MsgReleaseDeposits{Contributor: e.author.String(), Ranks: []uint64{e.whole}})
	require.Equal(t, deposit.QuoRaw(4), e.contribution(e.whole).Deposit.Amount)

	// The author shows whose text it is. A stranger's claim is refused, before and after.
	claim := &types.MsgClaimText{Author: e.author.String(), Rank: e.scraped, Segment: 0, Contribution: e.whole, OwnSegment: 2}
	refuse(e.fixture, e.msgs.ClaimText, claim, types.ErrUnauthorized)
	half := e.contribution(e.scraped).Deposit.Amount.QuoRaw(2)
	author = e.balance(e.author.String())
	must(e.fixture, e.msgs.ProvePriorArt, e.snapshot(e.accomplice))
	require.Equal(t, half, e.balance(e.author.String()).Sub(author), "the scraper's deposit makes up for it")
	require.Equal(t, types.CONTRIBUTION_STATUS_COMMONS, e.contribution(e.scraped).Status)
	foreign := *claim
	foreign.Author = e.scraper.String()
	refuse(e.fixture, e.msgs.ClaimText, &foreign, types.ErrUnauthorized)
	other := *claim
	other.Contribution = e.scraped + 40
	refuse(e.fixture, e.msgs.ClaimText, &other, types.ErrContributionNotFound)
	require.True(t, must(e.fixture, e.msgs.ClaimText, claim).Resumed)
	c = e.contribution(e.whole)
	require.Zero(t, c.StoppedNow())
	require.True(t, c.BoundDeposit.IsZero())
	next := e.Ctx.BlockHeight() + 1
	stop, _, err = e.Keeper.SegmentStop(e.Ctx, c.DatanetId, c.Rank, 2)
	require.NoError(t, err)
	require.True(t, stop.Holds(next-1) && !stop.Holds(next))
	taken, _, err := e.Keeper.SegmentStop(e.Ctx, e.contribution(e.scraped).DatanetId, e.scraped, 0)
	require.NoError(t, err)
	require.Equal(t, e.whole, taken.PaysTo(next, func(uint64) bool { return true }))
	require.Equal(t, poa.Nobody, taken.PaysTo(next, func(uint64) bool { return false }), "where the model does not use it nobody is paid")
	require.Equal(t, poa.Nobody, taken.PaysTo(next-1, func(uint64) bool { return true }))
	refuse(e.fixture, e.msgs.ClaimText, claim, types.ErrContributionStatus)

	// Neither that paragraph nor another scraper's stops it again.
	refuse(e.fixture, e.msgs.ChallengeDuplicate, e.challenge(e.scraper), types.ErrContributionStatus)
	tainted, err = e.Keeper.TaintedVersion(e.Ctx, c.DatanetId)
	require.NoError(t, err)
	require.Zero(t, tainted)
	exportedAgain(t, e.reviews)
}

// TestContestedTextIsNoOriginal: the author may come first, and then nothing can be stopped with it.
func TestContestedTextIsNoOriginal(t *testing.T) {
	e := newExtortion(t)
	e.standing(true, math.OneInt())
	prove := e.snapshot(e.accomplice)
	own := *prove
	own.Rank, own.Segment = e.whole, e.own[2]
	refuse(e.fixture, e.msgs.ProvePriorArt, &own, types.ErrSnapshot)
	must(e.fixture, e.msgs.ProvePriorArt, prove)
	refuse(e.fixture, e.msgs.ProvePriorArt, prove, types.ErrContributionStatus)
	refuse(e.fixture, e.msgs.ChallengeDuplicate, e.challenge(e.scraper), types.ErrDuplicate)
	claim := &types.MsgClaimText{Author: e.author.String(), Rank: e.scraped, Contribution: e.whole, OwnSegment: 2}
	require.False(t, must(e.fixture, e.msgs.ClaimText, claim).Resumed)
	refuse(e.fixture, e.msgs.ClaimText, &types.MsgClaimText{Author: e.author.String(), Rank: e.whole, Contribution: e.whole}, types.ErrContributionStatus)
}

// TestCopierDoesNotSurvive: each copied segment is stopped, what is not copied goes on, and with the last one the contribution ends.
func TestCopierDoesNotSurvive(t *testing.T) {
	r := newReviews(t, 9)
	original := r.seed()
	r.id = r.create()
	copier, proofs := r.several(r.bob, r.texts[original], text(9_001), r.texts[original])
	r.accepted(r.id, copier)
	challenge := func(segment int) *types.MsgChallengeDuplicate {
		return &types.MsgChallengeDuplicate{
			Challenger: r.alice.String(), Rank: copier, Segment: proofs[segment], Original: original, OriginalSegment: *r.segment(original),
		}
	}
	refuse(r.fixture, r.msgs.ChallengeDuplicate, challenge(1), types.ErrDuplicate)
	forged := challenge(0)
	forged.Segment.Index = 2
	refuse(r.fixture, r.msgs.ChallengeDuplicate, forged, types.ErrDuplicate)
	for _, segment := range []int{2, 0} {
		must(r.fixture, r.msgs.ChallengeDuplicate, challenge(segment))
		refuse(r.fixture, r.msgs.ChallengeDuplicate, challenge(segment), types.ErrContributionStatus)
	}
	c := r.contribution(copier)
	require.True(t, c.Earning())
	require.EqualValues(t, 2, c.StoppedNow())
	// Prior art takes the rest.
	leaf := poa.SegmentLeaf(0, nil, proofs[1].Text)
	must(r.fixture, r.msgs.AcceptSnapshot, &types.MsgAcceptSnapshot{Authority: solo.Authority(), Name: "Encyclopaedia", Root: leaf[:], Segments: 1})
	free := c.Deposit.Amount.Sub(c.BoundDeposit)
	prover := r.balance(r.alice.String())
	must(r.fixture, r.msgs.ProvePriorArt, &types.MsgProvePriorArt{Prover: r.alice.String(), Rank: copier, Segment: proofs[1], Snapshot: 1, SnapshotSegment: types.SegmentProof{Text: proofs[1].Text}})
	require.Equal(t, free.QuoRaw(2), r.balance(r.alice.String()).Sub(prover))
	c = r.contribution(copier)
	require.Equal(t, types.CONTRIBUTION_STATUS_COMMONS, c.Status)
	require.Equal(t, c.Deposit.Amount, c.BoundDeposit)
	require.EqualValues(t, 1, r.datanet(r.id).Record.Stopped)
	stops, err := r.queries.SegmentStops(r.Ctx, &types.QuerySegmentStopsRequest{DatanetId: r.id, Rank: copier})
	require.NoError(t, err)
	require.Len(t, stops.Stops, 3)
	require.Equal(t, r.Ctx.BlockHeight(), stops.Height)
	// The deposit decays to nothing.
	params, err := r.Keeper.Params.Get(r.Ctx)
	require.NoError(t, err)
	for range 52 {
		r.after(params.Standing.DecayInterval)
		r.endBlock()
	}
	require.True(t, r.contribution(copier).Deposit.IsZero())
	require.True(t, r.contribution(copier).BoundDeposit.IsZero())
	exportedAgain(t, r)
}

func exportedAgain(t *testing.T, r *reviews) {
	t.Helper()
	exported := r.export()
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
	r := newReviews(t, 9)
	original := r.seed()
	id := r.fundBounty(open(250), open(100), r.id)
	carol := account("carol")
	r.fund(carol)
	copied := r.decide(carol, r.texts[original], accepting, forBounty(id))
	require.Equal(t, open(80), r.contribution(copied).Vesting)
	must(r.fixture, r.msgs.ChallengeDuplicate, r.challenge(r.alice, copied, original))
	require.Equal(t, types.CONTRIBUTION_STATUS_ALIAS, r.contribution(copied).Status)
	require.Equal(t, open(80), r.contribution(copied).Vesting, "its author may still take the text back")
	before := r.Bank.Of(r.Ctx, carol)
	r.after(r.params().AppealWindow + 2*time.Second)
	r.endBlock()
	require.Equal(t, open(210), r.bounty(id).Left)
	r.after(91 * 24 * time.Hour)
	r.endBlock()
	require.Equal(t, before, r.Bank.Of(r.Ctx, carol))
	require.True(t, r.contribution(copied).Vesting.IsZero())
}
