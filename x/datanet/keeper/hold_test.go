package keeper_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/poa"
	"github.com/openledger/openledger/testutil/solo"
	"github.com/openledger/openledger/x/datanet/types"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

const (
	isHeld   = types.HOLD_VERDICT_HELD
	withheld = types.HOLD_VERDICT_WITHHELD
	unfit    = types.HOLD_VERDICT_UNFIT
	differs  = types.HOLD_VERDICT_DERIVATIONS
)

var retry = types.HoldRetry{Blocks: 60, Refusals: 4}

// says is what validators say of contributions by rank; of all others that they hold them.
type says map[uint64]types.HoldVerdict

// about a set of contributions they say the worst that holds of one of them.
func (v says) about(ask types.HoldAsk) types.HoldVerdict {
	worst := isHeld
	for _, rank := range ask.Ranks {
		switch verdict := v[rank]; {
		case verdict == unfit:
			return unfit
		case verdict == withheld, verdict == differs && worst != withheld:
			worst = verdict
		}
	}
	return worst
}

// asks puts what is due to validators and carries out what they say, one question after the other, until nothing is due. It returns how
// many questions there were.
func (f *fixture) asks(verdicts says) int {
	for n := 0; ; {
		asks, err := f.Keeper.AskHeld(f.Ctx, 8, 2)
		require.NoError(f.t, err)
		if len(asks) == 0 {
			return n
		}
		f.check()
		for _, ask := range asks {
			_, err := f.Keeper.SettleHold(f.Ctx, ask.DatanetId, ask.Rank, verdicts.about(ask), retry)
			require.NoError(f.t, err)
			f.check()
			n++
		}
	}
}

func names(n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprint("text ", i)
	}
	return out
}

// roots checks that each version that is held has the root over the contributions that it has, in their order.
func (f *fixture) roots(id uint64) {
	datanet := f.datanet(id)
	for version := uint64(1); version <= datanet.HeldVersion; version++ {
		var leaves poa.MMR
		for index := uint64(0); ; index++ {
			response, err := f.queries.HeldContributions(f.Ctx, &types.QueryHeldContributionsRequest{DatanetId: id, From: index})
			require.NoError(f.t, err)
			if len(response.Contributions) == 0 || response.Contributions[0].Version() > version {
				break
			}
			leaf, _, err := types.Leaves(response.Contributions[0])
			require.NoError(f.t, err)
			leaves.Append(leaf)
		}
		found, err := f.Keeper.GetVersion(f.Ctx, id, version)
		require.NoError(f.t, err)
		root := leaves.Root()
		require.Equal(f.t, root[:], found.Root, "version %d", version)
		require.Equal(f.t, leaves.Count, found.Contributions)
	}
}

// TestOneBadContributionIsLeftOut: whatever is wrong with one, all others enter their version, also those that are accepted later.
func TestOneBadContributionIsLeftOut(t *testing.T) {
	for name, verdict := range map[string]types.HoldVerdict{"withheld": withheld, "unfit": unfit, "derivations": differs} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			id := f.create()
			ranks := f.submit(f.alice, id, names(9)...)
			bad := ranks[4]
			must(f, f.msgs.AcceptContributions, acceptMsg(f.owner, id, ranks[:8]...))
			must(f, f.msgs.AcceptContributions, acceptMsg(f.owner, id, ranks[8]))
			before := f.datanet(id)
			n := f.asks(says{bad: verdict})
			require.LessOrEqual(t, n, 12)
			require.EqualValues(t, 2, f.datanet(id).HeldVersion)
			for _, rank := range ranks {
				c := f.contribution(rank)
				if rank == bad {
					require.Zero(t, c.Version())
					require.Equal(t, verdict, c.Hold.Reason)
					require.False(t, c.PaidAt(f.Ctx.BlockHeight()))
					continue
				}
				require.Equal(t, c.AcceptedVersion, c.Version())
			}
			v, err := f.Keeper.GetVersion(f.Ctx, id, 1)
			require.NoError(t, err)
			require.EqualValues(t, 7, v.Contributions)
			require.EqualValues(t, 7_000, v.Tokens)
			f.roots(id)
			require.Equal(t, before.Contributions, f.datanet(id).Contributions)

			more := f.submit(f.bob, id, "later")
			must(f, f.msgs.AcceptContributions, acceptMsg(f.owner, id, more...))
			require.Equal(t, 1, f.asks(nil))
			require.EqualValues(t, 3, f.datanet(id).HeldVersion)
			f.roots(id)
		})
	}
}

// TestUnfitText: what validators find not to be what was registered ends for good, and costs its contributor the deposit.
func TestUnfitText(t *testing.T) {
	f := newFixture(t)
	id := f.create()
	ranks := f.submit(f.alice, id, "good", "bad")
	must(f, f.msgs.AcceptContributions, acceptMsg(f.owner, id, ranks...))
	held, supply := f.held(), f.Bank.Of(f.Ctx, f.alice)
	f.asks(says{ranks[1]: unfit})
	c := f.contribution(ranks[1])
	require.Equal(t, types.CONTRIBUTION_STATUS_INVALID, c.Status)
	require.True(t, c.Deposit.IsZero())
	require.Equal(t, held.Sub(open(1)), f.held(), "burned")
	require.Equal(t, supply, f.Bank.Of(f.Ctx, f.alice))
	stopped := lastEvent(f, &types.EventContributionStopped{})
	require.Equal(t, &types.EventContributionStopped{Rank: c.Rank, DatanetId: id, Status: c.Status, Reason: c.Reason}, stopped)
	tainted, err := f.Keeper.TaintedVersion(f.Ctx, id)
	require.NoError(t, err)
	require.Zero(t, tainted, "no version has it")
	refuse(f, f.msgs.AskHeld, &types.MsgAskHeld{Sender: f.alice.String(), Rank: c.Rank}, types.ErrContributionStatus)
	refuse(f, f.msgs.RecallContribution, &types.MsgRecallContribution{Signer: f.alice.String(), Rank: c.Rank, Reason: "mine"}, types.ErrContributionStatus)
	f.blocks(500)
	require.Zero(t, f.asks(says{c.Rank: unfit}), "nobody is asked again")
}

// TestWithheldTextBacksOffAndEnds: the intervals double, then nobody is asked any more; who pays has them asked once, and when they hold
// it at last it enters a new version.
func TestWithheldTextBacksOffAndEnds(t *testing.T) {
	f := newFixture(t)
	id := f.create()
	rank := f.submit(f.alice, id, "gone")[0]
	must(f, f.msgs.AcceptContributions, acceptMsg(f.owner, id, rank))
	gone := says{rank: withheld}
	start := f.Ctx.BlockHeight()
	var asked []int64
	f.quiet = true
	for range 1_000 {
		if f.asks(gone) > 0 {
			asked = append(asked, f.Ctx.BlockHeight()-start)
		}
		f.endBlock()
	}
	f.quiet = false
	f.check()
	require.Equal(t, []int64{0, 60, 180, 420}, asked)
	c := f.contribution(rank)
	require.Equal(t, types.CONTRIBUTION_STATUS_WITHHELD, c.Status)
	require.True(t, c.Deposit.IsPositive(), "it decays as that of any other")
	require.Equal(t, f.datanet(id).Version, f.datanet(id).HeldVersion, "nothing waits for it")

	params, err := f.Keeper.Params.Get(f.Ctx)
	require.NoError(t, err)
	_, err = run(f, f.msgs.AskHeld, &types.MsgAskHeld{Sender: f.poor.String(), Rank: rank})
	require.ErrorContains(t, err, "burns")
	before := f.Bank.Of(f.Ctx, f.bob)
	must(f, f.msgs.AskHeld, &types.MsgAskHeld{Sender: f.bob.String(), Rank: rank})
	require.Equal(t, before.Sub(params.AskFee).Sub(params.TextFee(c.Bytes)), f.Bank.Of(f.Ctx, f.bob))
	require.Equal(t, 1, f.asks(gone))
	require.Equal(t, types.CONTRIBUTION_STATUS_WITHHELD, f.contribution(rank).Status)
	f.blocks(100)
	require.Zero(t, f.asks(gone))

	must(f, f.msgs.AskHeld, &types.MsgAskHeld{Sender: f.bob.String(), Rank: rank})
	f = f.reimported()
	require.Equal(t, 1, f.asks(nil))
	c = f.contribution(rank)
	require.True(t, c.Earning())
	require.EqualValues(t, 2, c.Version())
	require.True(t, c.PaidAt(f.Ctx.BlockHeight()+1))
	require.EqualValues(t, 2, f.datanet(id).HeldVersion)
	f.roots(id)
}

// reimported returns a chain that begins with what this one exports.
func (f *fixture) reimported() *fixture {
	g, err := f.imported(f.export())
	require.NoError(f.t, err)
	require.Equal(f.t, f.export(), g.export())
	g.At(f.Ctx.BlockHeight(), f.Ctx.BlockTime())
	return g
}

// TestTextIsPaidByTheByte: what all validators fetch and keep costs by its size, whatever becomes of it.
func TestTextIsPaidByTheByte(t *testing.T) {
	f := newFixture(t)
	f.setParams(func(p *types.Params) { p.FeePerByte = types.DefaultParams().FeePerByte })
	id := f.create()
	before, held := f.Bank.Of(f.Ctx, f.alice), f.held()
	s := seal(f.alice, id, "large", 1_000)
	s.item.Bytes = 16 << 20
	items := f.commit(f.alice, open(1), s)
	f.blocks(2)
	must(f, f.msgs.RevealContributions, revealMsg(f.alice, items...))
	fee := types.DefaultParams().TextFee(16 << 20)
	require.Equal(t, before.Sub(open(1)).Sub(fee), f.Bank.Of(f.Ctx, f.alice), "beside the deposit, which it does not touch")
	require.Equal(t, held.Add(open(1)), f.held(), "burned")
	must(f, f.msgs.WithdrawContribution, withdrawMsg(f.alice, items[0].Rank))
	require.Equal(t, before.Sub(fee), f.Bank.Of(f.Ctx, f.alice))
	poor := seal(f.poor, id, "poor", 1_000)
	require.NoError(t, f.Bank.Add(f.Ctx, f.poor, open(1)))
	poorItems := f.commit(f.poor, open(1), poor)
	f.blocks(2)
	refuse(f, f.msgs.RevealContributions, revealMsg(f.poor, poorItems...), solo.ErrFunds)
}

// TestLateTextJoinsTheOpenVersion: held versions never change, so what was set aside enters the first that is open, before the rest of
// it or after.
func TestLateTextJoinsTheOpenVersion(t *testing.T) {
	f := newFixture(t)
	id := f.create()
	ranks := f.submit(f.alice, id, "late", "second", "third")
	must(f, f.msgs.AcceptContributions, acceptMsg(f.owner, id, ranks[0]))
	f.asks(says{ranks[0]: withheld})
	must(f, f.msgs.AcceptContributions, acceptMsg(f.owner, id, ranks[1]))
	must(f, f.msgs.AcceptContributions, acceptMsg(f.owner, id, ranks[2]))
	must(f, f.msgs.AskHeld, &types.MsgAskHeld{Sender: f.alice.String(), Rank: ranks[0]})
	asks, err := f.Keeper.AskHeld(f.Ctx, 8, 2)
	require.NoError(t, err)
	require.Len(t, asks, 2)
	require.Equal(t, ranks[0], asks[0].Rank)
	f = f.reimported() // in the middle of everything
	for _, ask := range asks {
		_, err := f.Keeper.SettleHold(f.Ctx, id, ask.Rank, isHeld, retry)
		require.NoError(t, err)
		f.check()
	}
	require.EqualValues(t, 2, f.contribution(ranks[0]).Version())
	require.EqualValues(t, 2, f.contribution(ranks[1]).Version())
	require.EqualValues(t, 3, f.contribution(ranks[2]).Version())
	f.roots(id)
}

// TestStoppedTextBeforeItIsHeld: in line it is held as the others are, and blocks; set aside it enters nothing any more.
func TestStoppedTextBeforeItIsHeld(t *testing.T) {
	f := newFixture(t)
	id := f.create()
	ranks := f.submit(f.alice, id, "in line", "set aside")
	must(f, f.msgs.AcceptContributions, acceptMsg(f.owner, id, ranks...))
	recall := func(rank uint64) {
		must(f, f.msgs.RecallContribution, &types.MsgRecallContribution{Signer: f.alice.String(), Rank: rank, Reason: "mine"})
	}
	recall(ranks[0])
	tainted, err := f.Keeper.TaintedVersion(f.Ctx, id)
	require.NoError(t, err)
	require.Zero(t, tainted)
	f.asks(says{ranks[1]: withheld})
	tainted, err = f.Keeper.TaintedVersion(f.Ctx, id)
	require.NoError(t, err)
	require.EqualValues(t, 1, tainted)
	recall(ranks[1])
	require.Equal(t, types.CONTRIBUTION_STATUS_RECALLED, f.contribution(ranks[1]).Status)
	f.blocks(100)
	require.Zero(t, f.asks(nil))
	refuse(f, f.msgs.AskHeld, &types.MsgAskHeld{Sender: f.alice.String(), Rank: ranks[1]}, types.ErrContributionStatus)
	f.reimported()
}

// TestFirstComeFirstServed: however many contributions were set aside, who is asked about for the first time waits for at most two of
// them in a block.
func TestFirstComeFirstServed(t *testing.T) {
	f := newFixture(t)
	spam := f.create()
	ranks := f.submit(f.bob, spam, names(40)...)
	bad := make(says)
	for _, rank := range ranks {
		bad[rank] = withheld
	}
	must(f, f.msgs.AcceptContributions, acceptMsg(f.owner, spam, ranks...))
	f.asks(bad)
	f.quiet = true
	f.blocks(60)
	honest := f.create()
	rank := f.submit(f.alice, honest, "honest")[0]
	must(f, f.msgs.AcceptContributions, acceptMsg(f.owner, honest, rank))
	asks, err := f.Keeper.AskHeld(f.Ctx, 8, 2)
	require.NoError(t, err)
	require.Len(t, asks, 3)
	require.Equal(t, honest, asks[2].DatanetId)
}

// TestDerivationsAreCorrected: a wrong table keeps a contribution out, unpaid and unpunished, until somebody has given the right one.
func TestDerivationsAreCorrected(t *testing.T) {
	f := newFixture(t)
	id := f.create()
	source := f.submit(f.alice, id, "source")[0]
	must(f, f.msgs.AcceptContributions, acceptMsg(f.owner, id, source))
	f.asks(nil)
	thief := f.submit(f.bob, id, "copy with a few words changed")[0]
	must(f, f.msgs.AcceptContributions, acceptMsg(f.owner, id, thief))
	right := []types.Derivation{{Segment: 0, Rank: source, Ppm: 910_000}}
	verdict := func() says { // as validators who know the right table
		if c := f.contribution(thief); len(c.Derivations) == 1 && c.Derivations[0] == right[0] {
			return nil
		}
		return says{thief: differs}
	}
	f.asks(verdict())
	c := f.contribution(thief)
	require.Zero(t, c.Version())
	require.True(t, c.Deposit.IsPositive(), "it is not shown to be false")
	f.quiet = true
	f.blocks(300)
	f.quiet = false
	require.Zero(t, f.asks(verdict()), "it takes up nobody's time")

	propose := func(by sdk.AccAddress, sources uint64, derivations ...types.Derivation) *types.MsgProposeDerivations {
		return &types.MsgProposeDerivations{Proposer: by.String(), Rank: thief, Sources: sources, Derivations: derivations}
	}
	refuse(f, f.msgs.ProposeDerivations, propose(f.alice, 1), types.ErrDerivation)           // what was found to be wrong
	refuse(f, f.msgs.ProposeDerivations, propose(f.alice, 2, right...), types.ErrDerivation) // more than there are
	refuse(f, f.msgs.ProposeDerivations, propose(f.alice, 0, right...), types.ErrDerivation) // less than were asked about
	refuse(f, f.msgs.ProposeDerivations, propose(f.alice, 1, types.Derivation{Segment: 99, Rank: source, Ppm: 1}), types.ErrDerivation)
	refuse(f, f.msgs.ProposeDerivations, propose(f.alice, 1, types.Derivation{Rank: 99, Ppm: 1}), types.ErrDerivation)

	// A stranger's wrong tables cost more each time.
	stranger := account("stranger")
	params, err := f.Keeper.Params.Get(f.Ctx)
	require.NoError(t, err)
	for i := range 3 {
		f.fund(stranger)
		before, held := f.Bank.Of(f.Ctx, stranger), f.held()
		must(f, f.msgs.ProposeDerivations, propose(stranger, 1, types.Derivation{Rank: source, Ppm: uint32(1 + i)}))
		deposit := params.DerivationDeposit.MulRaw(1 << i)
		require.Equal(t, before.Sub(deposit), f.Bank.Of(f.Ctx, stranger))
		refuse(f, f.msgs.ProposeDerivations, propose(f.alice, 1, right...), types.ErrContributionStatus)
		f = f.reimported()
		require.Equal(t, 1, f.asks(verdict()))
		require.Equal(t, held, f.held(), "burned")
	}
	before := f.Bank.Of(f.Ctx, f.alice)
	must(f, f.msgs.ProposeDerivations, propose(f.alice, 1, right...))
	require.True(t, f.Bank.Of(f.Ctx, f.alice).LT(before))
	require.Equal(t, 1, f.asks(verdict()))
	require.Equal(t, before, f.Bank.Of(f.Ctx, f.alice), "who was right has it back")
	c = f.contribution(thief)
	require.EqualValues(t, 3, c.Version())
	require.Equal(t, right, c.Derivations)
	f.roots(id)
}

// TestSourcesAreHeldFirst: while nobody attests, nobody reckons derivations; still no version has a contribution without its sources.
func TestSourcesAreHeldFirst(t *testing.T) {
	f := newFixture(t)
	id := f.create()
	source := f.submit(f.alice, id, "source")[0]
	must(f, f.msgs.AcceptContributions, acceptMsg(f.owner, id, source))
	f.asks(says{source: withheld})
	s := seal(f.bob, id, "derived", 1_000)
	s.item.Derivations = []types.Derivation{{Rank: source, Ppm: 400_000}}
	items := f.commit(f.bob, open(1), s)
	f.blocks(2)
	must(f, f.msgs.RevealContributions, revealMsg(f.bob, items...))
	must(f, f.msgs.AcceptContributions, acceptMsg(f.owner, id, items[0].Rank))
	f.asks(nil)
	require.Zero(t, f.contribution(items[0].Rank).Version())
	require.Equal(t, differs, f.contribution(items[0].Rank).Hold.Reason)
	require.Equal(t, f.datanet(id).Version, f.datanet(id).HeldVersion)
}

// TestSeatsAnswerForUnfitText: who accepts text that is not what was registered has not looked.
func TestSeatsAnswerForUnfitText(t *testing.T) {
	r := newReviews(t, 9)
	r.smallCohorts()
	ranks := r.fresh(r.alice, 3)
	golds := []*types.MsgOpenGold{
		r.plant(types.GOLD_KIND_ALTERED, r.owner, r.fresh(r.owner, 1)[0]), r.plant(types.GOLD_KIND_SOUND, r.owner, r.fresh(r.owner, 1)[0]),
	}
	r.vote(r.draw(r.contribution(ranks[0]).Cohort), all(accepting))
	for _, gold := range golds {
		must(r.fixture, r.msgs.OpenGold, gold)
	}
	r.endBlock()
	bad := ranks[1]
	require.True(t, r.contribution(bad).Earning())
	pool := r.Bank.Of(r.Ctx, solo.ModuleAddress(rewardstypes.BountyPoolName))
	r.asks(says{bad: unfit})
	require.Equal(t, types.CONTRIBUTION_STATUS_INVALID, r.contribution(bad).Status)
	require.NotZero(t, r.contribution(ranks[0]).Version())
	for _, seat := range r.cohortOf(bad).Seats {
		require.True(t, r.validator(r.id, seat.Address).Record.Slashed.IsPositive())
	}
	require.Equal(t, pool, r.Bank.Of(r.Ctx, solo.ModuleAddress(rewardstypes.BountyPoolName)), "what is slashed is burned")
}
