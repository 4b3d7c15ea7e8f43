package keeper_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	errorsmod "cosmossdk.io/errors"
	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/testutil/datanettest"
	"github.com/openledger/openledger/testutil/solo"
	"github.com/openledger/openledger/x/datanet/types"
)

// world is a module in which anybody does anything at any time.
type world struct {
	*datanettest.Reviews
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
		w.Check()
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
	return datanettest.Open(int64(rapid.SampledFrom([]int{1, 10, 100, 4_000, 8_000}).Draw(w.t, "amount")))
}

func newWorld(t *rapid.T) *world {
	w := &world{Reviews: datanettest.NewReviews(t, 4), t: t}
	w.SmallCohorts()
	w.SetParams(func(p *types.Params) { p.Review.MaxOpenPerContributor, p.StepsPerBlock = 20, 9 })
	w.people = append([]sdk.AccAddress{w.Owner, w.Alice, w.Bob, w.Poor}, w.Validators...)
	w.Elsewhere(6)
	w.ranks = append(w.ranks, w.Seed())
	w.ranks = append(w.ranks, w.ranks[0]+1, w.ranks[0]+2)
	return w
}

// contribute reveals new or copied text, with or without a bounty.
func (w *world) contributeAny() {
	content, original := datanettest.Text(w.N), uint64(0)
	if len(w.ranks) > 0 && rapid.IntRange(0, 3).Draw(w.t, "copy") == 0 {
		original = w.rank()
		content = w.Texts[original]
	}
	by := w.person()
	w.N++
	s := w.Sealed(by, content)
	gold := datanettest.Salt(fmt.Sprint("gold ", w.N))
	s.Item.Mark = types.GoldMark(w.Owner, gold)
	if len(w.bounty) > 0 && rapid.Bool().Draw(w.t, "for a bounty") {
		s.Item.Bounty = rapid.SampledFrom(w.bounty).Draw(w.t, "bounty")
	}
	committed, ok := try(w, wrap(w.Msgs.CommitContributions), datanettest.CommitMsg(by, datanettest.Open(20), s))
	if !ok {
		return
	}
	s.Item.Rank = committed.Ranks[0]
	w.Blocks(2)
	if _, ok := try(w, wrap(w.Msgs.RevealContributions), datanettest.RevealMsg(by, s.Item)); ok {
		w.ranks = append(w.ranks, s.Item.Rank)
		w.Texts[s.Item.Rank], w.Salts[s.Item.Rank] = content, gold
		if original != 0 {
			w.copies = append(w.copies, [2]uint64{s.Item.Rank, original})
		}
	}
}

func (w *world) plantAny() {
	w.plantRank(w.rank(),
		rapid.SampledFrom([]types.GoldKind{types.GOLD_KIND_DUPLICATE, types.GOLD_KIND_ALTERED,
			types.GOLD_KIND_SOUND}).Draw(w.t, "kind"))
}

func (w *world) plantRank(rank uint64, kind types.GoldKind) {
	c, err := w.Keeper.GetContribution(w.Ctx, rank)
	if err != nil {
		return
	}
	by := w.Owner
	s := w.Salts[rank]
	seal := &types.MsgSealGold{Planter: by.String(), Cohort: c.Cohort, Kind: kind,
		Hashes: [][]byte{types.GoldHash(c.Cohort, rank, kind, by, s)}}
	if _, ok := try(w, wrap(w.Msgs.SealGold), seal); !ok {
		return
	}
	gold := &types.MsgOpenGold{Planter: by.String(), Cohort: c.Cohort, Rank: rank, Salt: s}
	if kind == types.GOLD_KIND_DUPLICATE {
		original := w.rank()
		gold.Segment, gold.Original, gold.OriginalSegment = w.Segment(rank), original, w.Segment(original)
	}
	w.golds = append(w.golds, gold)
}

// voteAny has some seats of some reviews seal a ballot.
func (w *world) voteAny() {
	for _, cohort := range w.Export().Cohorts {
		if cohort.Phase != types.COHORT_PHASE_COMMIT || rapid.IntRange(0, 9).Draw(w.t, "skip") == 0 {
			continue
		}
		commits, reveals := w.Ballots(cohort, func(types.Seat) datanettest.Opinion {
			switch rapid.IntRange(0, 14).Draw(w.t, "opinion") {
			case 0:
				return nil
			case 1, 2, 3:
				return datanettest.Rejecting
			}
			return datanettest.Accepting
		})
		for i, commit := range commits {
			if _, ok := try(w, wrap(w.Msgs.CommitBallot), commit); ok {
				w.reveals = append(w.reveals, reveals[i])
			}
		}
	}
}

func (w *world) revealAny() {
	for _, reveal := range w.reveals {
		if rapid.IntRange(0, 12).Draw(w.t, "forget") > 0 {
			try(w, wrap(w.Msgs.RevealBallot), reveal)
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
		w.plantRank(rank, rapid.SampledFrom([]types.GoldKind{types.GOLD_KIND_ALTERED, types.GOLD_KIND_SOUND}).Draw(w.t,
			"kind"))
	}
	w.finishRounds()
}

// finishRounds has whoever has a seat vote, and opens gold.
func (w *world) finishRounds() {
	w.Blocks(24)
	w.voteAny()
	w.EndBlock()
	w.revealAny()
	w.EndBlock()
	for _, gold := range w.golds {
		try(w, wrap(w.Msgs.OpenGold), gold)
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
			try(w, wrap(w.Msgs.OpenGold), gold)
		}
	case 9:
		try(w, wrap(w.Msgs.Appeal), &types.MsgAppeal{Appellant: w.person().String(), Rank: w.rank(), Reason: "no"})
	case 10:
		try(w, wrap(w.Msgs.RecallContribution), datanettest.RecallMsg(w.person().String(), w.rank()))
	case 11:
		for _, pair := range w.copies {
			try(w, wrap(w.Msgs.ChallengeDuplicate), w.Challenge(w.person(), pair[0], pair[1]))
		}
	case 12:
		who, amount := w.person().String(), w.amount()
		if rapid.Bool().Draw(w.t, "in") {
			try(w, wrap(w.Msgs.BondValidator), &types.MsgBondValidator{Validator: who, DatanetId: w.ID, Amount: amount})
		} else {
			try(w, wrap(w.Msgs.UnbondValidator), &types.MsgUnbondValidator{Validator: who, DatanetId: w.ID,
				Amount: amount})
		}
		try(w, wrap(w.Msgs.ActivateValidator), &types.MsgActivateValidator{Validator: w.person().String(),
			DatanetId: w.ID})
	case 13:
		fund := &types.MsgFundBounty{
			Funder: w.person().String(), DatanetId: w.ID, Amount: w.amount(), Price: datanettest.Open(10), MinTokens: 1,
			Deadline: w.Ctx.BlockTime().Add(48 * time.Hour), Panel: rapid.Uint64Range(0, 3).Draw(w.t, "panel"),
		}
		if funded, ok := try(w, wrap(w.Msgs.FundBounty), fund); ok {
			w.bounty = append(w.bounty, funded.Id)
		}
	case 14:
		resolve := &types.MsgResolveContribution{Authority: solo.Authority(), Rank: w.rank(), Reason: "final",
			Slash: rapid.Bool().Draw(w.t, "slash")}
		if rapid.Bool().Draw(w.t, "accept") {
			resolve.Accept, resolve.Score = true, 7
		}
		try(w, wrap(w.Msgs.ResolveContribution), resolve)
	case 15:
		who := w.person()
		w.Rewards.Earned[who.String()] = w.amount()
		try(w, wrap(w.Msgs.ReleaseDeposits), &types.MsgReleaseDeposits{Contributor: who.String(),
			Ranks: []uint64{w.rank()}})
		params, err := w.Keeper.Params.Get(w.Ctx)
		require.NoError(w.t, err)
		params.Paused = !params.Paused && rapid.IntRange(0, 2).Draw(w.t, "pause") == 0
		try(w, wrap(w.Msgs.UpdateParams), &types.MsgUpdateParams{Authority: solo.Authority(), Params: params})
	case 16:
		try(w, wrap(w.Msgs.ResubmitContributions), &types.MsgResubmitContributions{Contributor: w.person().String(),
			Ranks: []uint64{w.rank()}})
		w.Hold()
		w.After(time.Duration(rapid.SampledFrom([]int{1, 3, 25, 80, 400, 2_200}).Draw(w.t, "hours")) * time.Hour)
	}
	w.Blocks(int64(rapid.IntRange(0, 9).Draw(w.t, "blocks")))
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
		supply := w.Supply()
		for range rapid.IntRange(5, 20).Draw(t, "acts") {
			w.act()
			require.True(t, w.Supply().LTE(supply), "nothing is minted")
			supply = w.Supply()
		}
		g, err := w.Imported(w.Export())
		require.NoError(t, err)
		require.Equal(t, w.Export(), g.Export())

		// When validators hold all text, all leave and time passes, the module holds deposits only.
		w.SetParams(func(p *types.Params) { p.Paused = false })
		for _, v := range w.Export().Validators {
			who := sdk.MustAccAddressFromBech32(v.Address)
			if v.Bond.IsPositive() {
				try(w, wrap(w.Msgs.UnbondValidator), &types.MsgUnbondValidator{Validator: who.String(),
					DatanetId: v.DatanetId, Amount: v.Bond})
			}
		}
		for range 40 {
			w.Hold()
			w.After(10 * 24 * time.Hour)
			w.Blocks(20)
		}
		end := w.Export()
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
