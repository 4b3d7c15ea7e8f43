package keeper_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"cosmossdk.io/math"

	errorsmod "cosmossdk.io/errors"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/testutil/solo"
	"github.com/openledger/openledger/x/datanet/types"
)

// world is a module in which anybody does anything at any time.
type world struct {
	*reviews
	t       *rapid.T
	people  []sdk.AccAddress
	ranks   []uint64
	golds   []*types.MsgOpenGold
	reveals []*types.MsgRevealBallot
	bounty  []uint64
	copies  [][2]uint64 // later, original
}

// try runs a message that may be refused. A refusal has a code of the module
// or is the bank's, and changes nothing; anything else keeps the invariants.
func try[M, R any](w *world, handler func(sdk.Context, M) (R, error), msg M) (R, bool) {
	cached, write := w.Ctx.CacheContext()
	response, err := handler(cached, msg)
	if err == nil {
		write()
		w.check()
		return response, true
	}
	codespace, _, _ := errorsmod.ABCIInfo(err, false)
	require.True(w.t, codespace == types.ModuleName || errorsIs(err, solo.ErrFunds), "%v", err)
	return response, false
}

func errorsIs(err, target error) bool { return errorsmod.IsOf(err, target) }

func (w *world) person() sdk.AccAddress { return rapid.SampledFrom(w.people).Draw(w.t, "person") }

func (w *world) rank() uint64 {
	if len(w.ranks) == 0 {
		return 1
	}
	return rapid.SampledFrom(w.ranks).Draw(w.t, "rank")
}

func (w *world) amount() math.Int {
	return open(int64(rapid.SampledFrom([]int{1, 10, 100, 4_000, 8_000}).Draw(w.t, "amount")))
}

func newWorld(t *rapid.T) *world {
	w := &world{reviews: newReviews(t, 4), t: t}
	w.smallCohorts()
	w.setParams(func(p *types.Params) { p.Review.MaxOpenPerContributor, p.StepsPerBlock = 20, 9 })
	w.people = append([]sdk.AccAddress{w.owner, w.alice, w.bob, w.poor}, w.validators...)
	w.elsewhere(6)
	w.ranks = append(w.ranks, w.seed())
	w.ranks = append(w.ranks, w.ranks[0]+1, w.ranks[0]+2)
	return w
}

// contribute reveals new or copied text, with or without a bounty.
func (w *world) contributeAny() {
	content, original := text(w.n), uint64(0)
	if len(w.ranks) > 0 && rapid.IntRange(0, 3).Draw(w.t, "copy") == 0 {
		original = w.rank()
		content = w.texts[original]
	}
	by := w.person()
	w.n++
	s := w.sealed(by, content)
	gold := salt(fmt.Sprint("gold ", w.n))
	s.item.Mark = types.GoldMark(w.owner, gold)
	if len(w.bounty) > 0 && rapid.Bool().Draw(w.t, "for a bounty") {
		s.item.Bounty = rapid.SampledFrom(w.bounty).Draw(w.t, "bounty")
	}
	committed, ok := try(w, wrap(w.msgs.CommitContributions), commitMsg(by, open(20), s))
	if !ok {
		return
	}
	s.item.Rank = committed.Ranks[0]
	w.blocks(2)
	if _, ok := try(w, wrap(w.msgs.RevealContributions), revealMsg(by, s.item)); ok {
		w.ranks = append(w.ranks, s.item.Rank)
		w.texts[s.item.Rank], w.salts[s.item.Rank] = content, gold
		if original != 0 {
			w.copies = append(w.copies, [2]uint64{s.item.Rank, original})
		}
	}
}

func (w *world) plantAny() {
	w.plantRank(w.rank(), rapid.SampledFrom([]types.GoldKind{types.GOLD_KIND_DUPLICATE, types.GOLD_KIND_ALTERED, types.GOLD_KIND_SOUND}).Draw(w.t, "kind"))
}

func (w *world) plantRank(rank uint64, kind types.GoldKind) {
	c, err := w.Keeper.GetContribution(w.Ctx, rank)
	if err != nil {
		return
	}
	by := w.owner
	s := w.salts[rank]
	seal := &types.MsgSealGold{Planter: by.String(), Cohort: c.Cohort, Kind: kind, Hashes: [][]byte{types.GoldHash(c.Cohort, rank, kind, by, s)}}
	if _, ok := try(w, wrap(w.msgs.SealGold), seal); !ok {
		return
	}
	gold := &types.MsgOpenGold{Planter: by.String(), Cohort: c.Cohort, Rank: rank, Salt: s}
	if kind == types.GOLD_KIND_DUPLICATE {
		original := w.rank()
		gold.Segment, gold.Original, gold.OriginalSegment = w.segment(rank), original, w.segment(original)
	}
	w.golds = append(w.golds, gold)
}

// voteAny has some seats of some reviews seal a ballot.
func (w *world) voteAny() {
	for _, cohort := range w.export().Cohorts {
		if cohort.Phase != types.COHORT_PHASE_COMMIT || rapid.IntRange(0, 9).Draw(w.t, "skip") == 0 {
			continue
		}
		commits, reveals := w.ballots(cohort, func(types.Seat) opinion {
			switch rapid.IntRange(0, 14).Draw(w.t, "opinion") {
			case 0:
				return nil
			case 1, 2, 3:
				return rejecting
			}
			return accepting
		})
		for i, commit := range commits {
			if _, ok := try(w, wrap(w.msgs.CommitBallot), commit); ok {
				w.reveals = append(w.reveals, reveals[i])
			}
		}
	}
}

func (w *world) revealAny() {
	for _, reveal := range w.reveals {
		if rapid.IntRange(0, 12).Draw(w.t, "forget") > 0 {
			try(w, wrap(w.msgs.RevealBallot), reveal)
		}
	}
}

// round plays a review as it should be, more or less.
func (w *world) round() {
	before := len(w.ranks)
	for range 3 {
		w.contributeAny()
	}
	for _, rank := range w.ranks[before:] {
		w.plantRank(rank, rapid.SampledFrom([]types.GoldKind{types.GOLD_KIND_ALTERED, types.GOLD_KIND_SOUND}).Draw(w.t, "kind"))
	}
	w.finishRounds()
}

// finishRounds has whoever has a seat vote, and opens gold.
func (w *world) finishRounds() {
	w.blocks(24)
	w.voteAny()
	w.endBlock()
	w.revealAny()
	w.endBlock()
	for _, gold := range w.golds {
		try(w, wrap(w.msgs.OpenGold), gold)
	}
}

func (w *world) act() {
	switch rapid.IntRange(0, 24).Draw(w.t, "act") {
	case 17, 18, 19, 20, 21:
		w.round()
	case 22, 23, 24:
		w.finishRounds()
	case 0, 1, 2:
		w.contributeAny()
	case 3, 4:
		w.plantAny()
	case 5, 6:
		w.voteAny()
	case 7:
		w.revealAny()
	case 8:
		for _, gold := range w.golds {
			try(w, wrap(w.msgs.OpenGold), gold)
		}
	case 9:
		try(w, wrap(w.msgs.Appeal), &types.MsgAppeal{Appellant: w.person().String(), Rank: w.rank(), Reason: "no"})
	case 10:
		try(w, wrap(w.msgs.RecallContribution), recallMsg(w.person().String(), w.rank()))
	case 11:
		for _, pair := range w.copies {
			try(w, wrap(w.msgs.ChallengeDuplicate), w.challenge(w.person(), pair[0], pair[1]))
		}
	case 12:
		who, amount := w.person().String(), w.amount()
		if rapid.Bool().Draw(w.t, "in") {
			try(w, wrap(w.msgs.BondValidator), &types.MsgBondValidator{Validator: who, DatanetId: w.id, Amount: amount})
		} else {
			try(w, wrap(w.msgs.UnbondValidator), &types.MsgUnbondValidator{Validator: who, DatanetId: w.id, Amount: amount})
		}
		try(w, wrap(w.msgs.ActivateValidator), &types.MsgActivateValidator{Validator: w.person().String(), DatanetId: w.id})
	case 13:
		fund := &types.MsgFundBounty{
			Funder: w.person().String(), DatanetId: w.id, Amount: w.amount(), Price: open(10), MinTokens: 1,
			Deadline: w.Ctx.BlockTime().Add(48 * time.Hour), Panel: rapid.Uint64Range(0, 3).Draw(w.t, "panel"),
		}
		if funded, ok := try(w, wrap(w.msgs.FundBounty), fund); ok {
			w.bounty = append(w.bounty, funded.Id)
		}
	case 14:
		resolve := &types.MsgResolveContribution{Authority: solo.Authority(), Rank: w.rank(), Reason: "final", Slash: rapid.Bool().Draw(w.t, "slash")}
		if rapid.Bool().Draw(w.t, "accept") {
			resolve.Accept, resolve.Score = true, 7
		}
		try(w, wrap(w.msgs.ResolveContribution), resolve)
	case 15:
		who := w.person()
		w.Rewards.Earned[who.String()] = w.amount()
		try(w, wrap(w.msgs.ReleaseDeposits), &types.MsgReleaseDeposits{Contributor: who.String(), Ranks: []uint64{w.rank()}})
		params, err := w.Keeper.Params.Get(w.Ctx)
		require.NoError(w.t, err)
		params.Paused = !params.Paused && rapid.IntRange(0, 2).Draw(w.t, "pause") == 0
		try(w, wrap(w.msgs.UpdateParams), &types.MsgUpdateParams{Authority: solo.Authority(), Params: params})
	case 16:
		try(w, wrap(w.msgs.ResubmitContributions), &types.MsgResubmitContributions{Contributor: w.person().String(), Ranks: []uint64{w.rank()}})
		w.hold()
		w.after(time.Duration(rapid.SampledFrom([]int{1, 3, 25, 80, 400, 2_200}).Draw(w.t, "hours")) * time.Hour)
	}
	w.blocks(int64(rapid.IntRange(0, 9).Draw(w.t, "blocks")))
}

// wrap makes a handler of the message server one of a context of the chain.
func wrap[M, R any](handler func(ctx context.Context, msg M) (R, error)) func(sdk.Context, M) (R, error) {
	return func(ctx sdk.Context, msg M) (R, error) { return handler(ctx, msg) }
}

// TestAnythingAtAnyTime: whatever happens, in whatever order, every refusal has
// a code, all money is accounted for, nothing gets stuck for ever, and an
// export goes on elsewhere.
func TestAnythingAtAnyTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t)
		supply := w.supply()
		for range rapid.IntRange(5, 20).Draw(t, "acts") {
			w.act()
			require.True(t, w.supply().LTE(supply), "nothing is minted")
			supply = w.supply()
		}
		g, err := w.imported(w.export())
		require.NoError(t, err)
		require.Equal(t, w.export(), g.export())

		// When validators hold all text, all leave and time passes, the module holds deposits only.
		w.setParams(func(p *types.Params) { p.Paused = false })
		for _, v := range w.export().Validators {
			who := sdk.MustAccAddressFromBech32(v.Address)
			if v.Bond.IsPositive() {
				try(w, wrap(w.msgs.UnbondValidator), &types.MsgUnbondValidator{Validator: who.String(), DatanetId: v.DatanetId, Amount: v.Bond})
			}
		}
		for range 40 {
			w.hold()
			w.after(10 * 24 * time.Hour)
			w.blocks(20)
		}
		end := w.export()
		require.Empty(t, end.Ballots)
		require.Empty(t, end.Cohorts, "every review has ended and is forgotten")
		for _, c := range end.Contributions {
			require.NotEqual(t, types.CONTRIBUTION_STATUS_SUBMITTED, c.Status)
			require.True(t, c.Vesting.IsZero() && c.ReviewFee.IsZero())
		}
		for _, v := range end.Validators {
			require.True(t, len(v.Unbonding) == 0 || v.Bond.IsPositive(), "%+v", v)
		}
		for _, b := range end.Bounties {
			require.True(t, b.Closed && b.Left.IsZero() && b.Reserved.IsZero())
		}
	})
}
