package keeper_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/testutil/datanettest"
	"github.com/openledger/openledger/testutil/solo"
	"github.com/openledger/openledger/x/datanet/types"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

func names(n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprint("text ", i)
	}
	return out
}

// TestOneBadContributionIsLeftOut: whatever is wrong with one, all others enter their version, also those that are
// accepted later.
func TestOneBadContributionIsLeftOut(t *testing.T) {
	for name, verdict := range map[string]types.HoldVerdict{"withheld": datanettest.Withheld,
		"unfit": datanettest.Unfit, "derivations": datanettest.Differs} {
		t.Run(name, func(t *testing.T) {
			f := datanettest.New(t)
			id := f.Create()
			ranks := f.Submit(f.Alice, id, names(9)...)
			bad := ranks[4]
			datanettest.Must(f, f.Msgs.AcceptContributions, datanettest.AcceptMsg(f.Owner, id, ranks[:8]...))
			datanettest.Must(f, f.Msgs.AcceptContributions, datanettest.AcceptMsg(f.Owner, id, ranks[8]))
			before := f.Datanet(id)
			n := f.Asks(datanettest.Says{bad: verdict})
			require.LessOrEqual(t, n, 12)
			require.EqualValues(t, 2, f.Datanet(id).HeldVersion)
			for _, rank := range ranks {
				c := f.Contribution(rank)
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
			f.Roots(id)
			require.Equal(t, before.Contributions, f.Datanet(id).Contributions)

			more := f.Submit(f.Bob, id, "later")
			datanettest.Must(f, f.Msgs.AcceptContributions, datanettest.AcceptMsg(f.Owner, id, more...))
			require.Equal(t, 1, f.Asks(nil))
			require.EqualValues(t, 3, f.Datanet(id).HeldVersion)
			f.Roots(id)
		})
	}
}

// TestUnfitText: what validators find not to be what was registered ends for good, and costs its contributor the
// deposit.
func TestUnfitText(t *testing.T) {
	f := datanettest.New(t)
	id := f.Create()
	ranks := f.Submit(f.Alice, id, "good", "bad")
	datanettest.Must(f, f.Msgs.AcceptContributions, datanettest.AcceptMsg(f.Owner, id, ranks...))
	held, supply := f.ModuleBalance(), f.Bank.Of(f.Ctx, f.Alice)
	f.Asks(datanettest.Says{ranks[1]: datanettest.Unfit})
	c := f.Contribution(ranks[1])
	require.Equal(t, types.CONTRIBUTION_STATUS_INVALID, c.Status)
	require.True(t, c.Deposit.IsZero())
	require.Equal(t, held.Sub(datanettest.Open(1)), f.ModuleBalance(), "burned")
	require.Equal(t, supply, f.Bank.Of(f.Ctx, f.Alice))
	stopped := lastEvent(f, &types.EventContributionStopped{})
	require.Equal(t, &types.EventContributionStopped{Rank: c.Rank, DatanetId: id, Status: c.Status, Reason: c.Reason},
		stopped)
	tainted, err := f.Keeper.TaintedVersion(f.Ctx, id)
	require.NoError(t, err)
	require.Zero(t, tainted, "no version has it")
	datanettest.Refuse(f, f.Msgs.AskHeld, &types.MsgAskHeld{Sender: f.Alice.String(), Rank: c.Rank},
		types.ErrContributionStatus)
	datanettest.Refuse(f, f.Msgs.RecallContribution, &types.MsgRecallContribution{Signer: f.Alice.String(),
		Rank: c.Rank, Reason: "mine"}, types.ErrContributionStatus)
	f.Blocks(500)
	require.Zero(t, f.Asks(datanettest.Says{c.Rank: datanettest.Unfit}), "nobody is asked again")
}

// TestWithheldTextBacksOffAndEnds: the intervals double, then nobody is asked any more; who pays has them asked once,
// and when they hold it at last it enters a new version.
func TestWithheldTextBacksOffAndEnds(t *testing.T) {
	f := datanettest.New(t)
	id := f.Create()
	rank := f.Submit(f.Alice, id, "gone")[0]
	datanettest.Must(f, f.Msgs.AcceptContributions, datanettest.AcceptMsg(f.Owner, id, rank))
	gone := datanettest.Says{rank: datanettest.Withheld}
	start := f.Ctx.BlockHeight()
	var asked []int64
	f.Quiet = true
	for range 1_000 {
		if f.Asks(gone) > 0 {
			asked = append(asked, f.Ctx.BlockHeight()-start)
		}
		f.EndBlock()
	}
	f.Quiet = false
	f.Check()
	require.Equal(t, []int64{0, 60, 180, 420}, asked)
	c := f.Contribution(rank)
	require.Equal(t, types.CONTRIBUTION_STATUS_WITHHELD, c.Status)
	require.True(t, c.Deposit.IsPositive(), "it decays as that of any other")
	require.Equal(t, f.Datanet(id).Version, f.Datanet(id).HeldVersion, "nothing waits for it")

	params, err := f.Keeper.Params.Get(f.Ctx)
	require.NoError(t, err)
	_, err = datanettest.Run(f, f.Msgs.AskHeld, &types.MsgAskHeld{Sender: f.Poor.String(), Rank: rank})
	require.ErrorContains(t, err, "burns")
	before := f.Bank.Of(f.Ctx, f.Bob)
	datanettest.Must(f, f.Msgs.AskHeld, &types.MsgAskHeld{Sender: f.Bob.String(), Rank: rank})
	require.Equal(t, before.Sub(params.AskFee).Sub(params.TextFee(c.Bytes)), f.Bank.Of(f.Ctx, f.Bob))
	require.Equal(t, 1, f.Asks(gone))
	require.Equal(t, types.CONTRIBUTION_STATUS_WITHHELD, f.Contribution(rank).Status)
	f.Blocks(100)
	require.Zero(t, f.Asks(gone))

	datanettest.Must(f, f.Msgs.AskHeld, &types.MsgAskHeld{Sender: f.Bob.String(), Rank: rank})
	f = f.Reimported()
	require.Equal(t, 1, f.Asks(nil))
	c = f.Contribution(rank)
	require.True(t, c.Earning())
	require.EqualValues(t, 2, c.Version())
	require.True(t, c.PaidAt(f.Ctx.BlockHeight()+1))
	require.EqualValues(t, 2, f.Datanet(id).HeldVersion)
	f.Roots(id)
}

// TestTextIsPaidByTheByte: what all validators fetch and keep costs by its size, whatever becomes of it.
func TestTextIsPaidByTheByte(t *testing.T) {
	f := datanettest.New(t)
	f.SetParams(func(p *types.Params) { p.FeePerByte = types.DefaultParams().FeePerByte })
	id := f.Create()
	before, held := f.Bank.Of(f.Ctx, f.Alice), f.ModuleBalance()
	s := datanettest.Seal(f.Alice, id, "large", 1_000)
	s.Item.Bytes = 16 << 20
	items := f.Commit(f.Alice, datanettest.Open(1), s)
	f.Blocks(2)
	datanettest.Must(f, f.Msgs.RevealContributions, datanettest.RevealMsg(f.Alice, items...))
	fee := types.DefaultParams().TextFee(16 << 20)
	require.Equal(t, before.Sub(datanettest.Open(1)).Sub(fee), f.Bank.Of(f.Ctx, f.Alice),
		"beside the deposit, which it does not touch")
	require.Equal(t, held.Add(datanettest.Open(1)), f.ModuleBalance(), "burned")
	datanettest.Must(f, f.Msgs.WithdrawContribution, datanettest.WithdrawMsg(f.Alice, items[0].Rank))
	require.Equal(t, before.Sub(fee), f.Bank.Of(f.Ctx, f.Alice))
	poor := datanettest.Seal(f.Poor, id, "poor", 1_000)
	require.NoError(t, f.Bank.Add(f.Ctx, f.Poor, datanettest.Open(1)))
	poorItems := f.Commit(f.Poor, datanettest.Open(1), poor)
	f.Blocks(2)
	datanettest.Refuse(f, f.Msgs.RevealContributions, datanettest.RevealMsg(f.Poor, poorItems...), solo.ErrFunds)
}

// TestLateTextJoinsTheOpenVersion: held versions never change, so what was set aside enters the first that is open,
// before the rest of it or after.
func TestLateTextJoinsTheOpenVersion(t *testing.T) {
	f := datanettest.New(t)
	id := f.Create()
	ranks := f.Submit(f.Alice, id, "late", "second", "third")
	datanettest.Must(f, f.Msgs.AcceptContributions, datanettest.AcceptMsg(f.Owner, id, ranks[0]))
	f.Asks(datanettest.Says{ranks[0]: datanettest.Withheld})
	datanettest.Must(f, f.Msgs.AcceptContributions, datanettest.AcceptMsg(f.Owner, id, ranks[1]))
	datanettest.Must(f, f.Msgs.AcceptContributions, datanettest.AcceptMsg(f.Owner, id, ranks[2]))
	datanettest.Must(f, f.Msgs.AskHeld, &types.MsgAskHeld{Sender: f.Alice.String(), Rank: ranks[0]})
	asks, err := f.Keeper.AskCustody(f.Ctx, 8, 2)
	require.NoError(t, err)
	require.Len(t, asks, 2)
	require.Equal(t, ranks[0], asks[0].Rank)
	f = f.Reimported() // in the middle of everything
	for _, ask := range asks {
		_, err := f.Keeper.SettleCustody(f.Ctx, id, ask.Rank, datanettest.IsHeld, datanettest.Retry)
		require.NoError(t, err)
		f.Check()
	}
	require.EqualValues(t, 2, f.Contribution(ranks[0]).Version())
	require.EqualValues(t, 2, f.Contribution(ranks[1]).Version())
	require.EqualValues(t, 3, f.Contribution(ranks[2]).Version())
	f.Roots(id)
}

// TestStoppedTextBeforeItIsHeld: in line it is held as the others are, and blocks; set aside it enters nothing any
// more.
func TestStoppedTextBeforeItIsHeld(t *testing.T) {
	f := datanettest.New(t)
	id := f.Create()
	ranks := f.Submit(f.Alice, id, "in line", "set aside")
	datanettest.Must(f, f.Msgs.AcceptContributions, datanettest.AcceptMsg(f.Owner, id, ranks...))
	recall := func(rank uint64) {
		datanettest.Must(f, f.Msgs.RecallContribution, &types.MsgRecallContribution{Signer: f.Alice.String(),
			Rank: rank, Reason: "mine"})
	}
	recall(ranks[0])
	tainted, err := f.Keeper.TaintedVersion(f.Ctx, id)
	require.NoError(t, err)
	require.Zero(t, tainted)
	f.Asks(datanettest.Says{ranks[1]: datanettest.Withheld})
	tainted, err = f.Keeper.TaintedVersion(f.Ctx, id)
	require.NoError(t, err)
	require.EqualValues(t, 1, tainted)
	recall(ranks[1])
	require.Equal(t, types.CONTRIBUTION_STATUS_RECALLED, f.Contribution(ranks[1]).Status)
	f.Blocks(100)
	require.Zero(t, f.Asks(nil))
	datanettest.Refuse(f, f.Msgs.AskHeld, &types.MsgAskHeld{Sender: f.Alice.String(), Rank: ranks[1]},
		types.ErrContributionStatus)
	f.Reimported()
}

// TestFirstComeFirstServed: however many contributions were set aside, who is asked about for the first time waits for
// at most two of them in a block.
func TestFirstComeFirstServed(t *testing.T) {
	f := datanettest.New(t)
	spam := f.Create()
	ranks := f.Submit(f.Bob, spam, names(40)...)
	bad := make(datanettest.Says)
	for _, rank := range ranks {
		bad[rank] = datanettest.Withheld
	}
	datanettest.Must(f, f.Msgs.AcceptContributions, datanettest.AcceptMsg(f.Owner, spam, ranks...))
	f.Asks(bad)
	f.Quiet = true
	f.Blocks(60)
	honest := f.Create()
	rank := f.Submit(f.Alice, honest, "honest")[0]
	datanettest.Must(f, f.Msgs.AcceptContributions, datanettest.AcceptMsg(f.Owner, honest, rank))
	asks, err := f.Keeper.AskCustody(f.Ctx, 8, 2)
	require.NoError(t, err)
	require.Len(t, asks, 3)
	require.Equal(t, honest, asks[2].DatanetId)
}

// TestDerivationsAreCorrected: a wrong table keeps a contribution out, unpaid and unpunished, until somebody has given
// the right one.
func TestDerivationsAreCorrected(t *testing.T) {
	f := datanettest.New(t)
	id := f.Create()
	source := f.Submit(f.Alice, id, "source")[0]
	datanettest.Must(f, f.Msgs.AcceptContributions, datanettest.AcceptMsg(f.Owner, id, source))
	f.Asks(nil)
	thief := f.Submit(f.Bob, id, "copy with a few words changed")[0]
	datanettest.Must(f, f.Msgs.AcceptContributions, datanettest.AcceptMsg(f.Owner, id, thief))
	right := []types.Derivation{{Segment: 0, Rank: source, Ppm: 910_000}}
	verdict := func() datanettest.Says { // as validators who know the right table
		if c := f.Contribution(thief); len(c.Derivations) == 1 && c.Derivations[0] == right[0] {
			return nil
		}
		return datanettest.Says{thief: datanettest.Differs}
	}
	f.Asks(verdict())
	c := f.Contribution(thief)
	require.Zero(t, c.Version())
	require.True(t, c.Deposit.IsPositive(), "it is not shown to be false")
	f.Quiet = true
	f.Blocks(300)
	f.Quiet = false
	require.Zero(t, f.Asks(verdict()), "it takes up nobody's time")

	propose := func(by sdk.AccAddress, sources uint64, derivations ...types.Derivation) *types.MsgProposeDerivations {
		return &types.MsgProposeDerivations{Proposer: by.String(), Rank: thief, Sources: sources,
			Derivations: derivations}
	}
	// what was found to be wrong
	datanettest.Refuse(f, f.Msgs.ProposeDerivations, propose(f.Alice, 1), types.ErrDerivation)
	// more than there are
	datanettest.Refuse(f, f.Msgs.ProposeDerivations, propose(f.Alice, 2, right...), types.ErrDerivation)
	// less than were asked about
	datanettest.Refuse(f, f.Msgs.ProposeDerivations, propose(f.Alice, 0, right...), types.ErrDerivation)
	datanettest.Refuse(f, f.Msgs.ProposeDerivations, propose(f.Alice, 1,
		types.Derivation{Segment: 99, Rank: source, Ppm: 1}), types.ErrDerivation)
	datanettest.Refuse(f, f.Msgs.ProposeDerivations, propose(f.Alice, 1, types.Derivation{Rank: 99, Ppm: 1}),
		types.ErrDerivation)

	// A stranger's wrong tables cost more each time.
	stranger := datanettest.Account("stranger")
	params, err := f.Keeper.Params.Get(f.Ctx)
	require.NoError(t, err)
	for i := range 3 {
		f.Fund(stranger)
		before, held := f.Bank.Of(f.Ctx, stranger), f.ModuleBalance()
		datanettest.Must(f, f.Msgs.ProposeDerivations, propose(stranger, 1,
			types.Derivation{Rank: source, Ppm: uint32(1 + i)}))
		deposit := params.DerivationDeposit.MulRaw(1 << i)
		require.Equal(t, before.Sub(deposit), f.Bank.Of(f.Ctx, stranger))
		datanettest.Refuse(f, f.Msgs.ProposeDerivations, propose(f.Alice, 1, right...), types.ErrContributionStatus)
		f = f.Reimported()
		require.Equal(t, 1, f.Asks(verdict()))
		require.Equal(t, held, f.ModuleBalance(), "burned")
	}
	before := f.Bank.Of(f.Ctx, f.Alice)
	datanettest.Must(f, f.Msgs.ProposeDerivations, propose(f.Alice, 1, right...))
	require.True(t, f.Bank.Of(f.Ctx, f.Alice).LT(before))
	require.Equal(t, 1, f.Asks(verdict()))
	require.Equal(t, before, f.Bank.Of(f.Ctx, f.Alice), "who was right has it back")
	c = f.Contribution(thief)
	require.EqualValues(t, 3, c.Version())
	require.Equal(t, right, c.Derivations)
	f.Roots(id)
}

// TestSourcesAreHeldFirst: while nobody attests, nobody computes derivations; still no version has a contribution
// without its sources.
func TestSourcesAreHeldFirst(t *testing.T) {
	f := datanettest.New(t)
	id := f.Create()
	source := f.Submit(f.Alice, id, "source")[0]
	datanettest.Must(f, f.Msgs.AcceptContributions, datanettest.AcceptMsg(f.Owner, id, source))
	f.Asks(datanettest.Says{source: datanettest.Withheld})
	s := datanettest.Seal(f.Bob, id, "derived", 1_000)
	s.Item.Derivations = []types.Derivation{{Rank: source, Ppm: 400_000}}
	items := f.Commit(f.Bob, datanettest.Open(1), s)
	f.Blocks(2)
	datanettest.Must(f, f.Msgs.RevealContributions, datanettest.RevealMsg(f.Bob, items...))
	datanettest.Must(f, f.Msgs.AcceptContributions, datanettest.AcceptMsg(f.Owner, id, items[0].Rank))
	f.Asks(nil)
	require.Zero(t, f.Contribution(items[0].Rank).Version())
	require.Equal(t, datanettest.Differs, f.Contribution(items[0].Rank).Hold.Reason)
	require.Equal(t, f.Datanet(id).Version, f.Datanet(id).HeldVersion)
}

// TestSeatsAnswerForUnfitText: who accepts text that is not what was registered has not looked.
func TestSeatsAnswerForUnfitText(t *testing.T) {
	r := datanettest.NewReviews(t, 9)
	r.SmallCohorts()
	ranks := r.Fresh(r.Alice, 3)
	golds := []*types.MsgOpenGold{
		r.Plant(types.GOLD_KIND_ALTERED, r.Owner, r.Fresh(r.Owner, 1)[0]), r.Plant(types.GOLD_KIND_SOUND, r.Owner,
			r.Fresh(r.Owner, 1)[0]),
	}
	r.Vote(r.Draw(r.Contribution(ranks[0]).Cohort), datanettest.All(datanettest.Accepting))
	for _, gold := range golds {
		datanettest.Must(r.Fixture, r.Msgs.OpenGold, gold)
	}
	r.EndBlock()
	bad := ranks[1]
	require.True(t, r.Contribution(bad).Earning())
	pool := r.Bank.Of(r.Ctx, solo.ModuleAddress(rewardstypes.BountyPoolName))
	r.Asks(datanettest.Says{bad: datanettest.Unfit})
	require.Equal(t, types.CONTRIBUTION_STATUS_INVALID, r.Contribution(bad).Status)
	require.NotZero(t, r.Contribution(ranks[0]).Version())
	for _, seat := range r.CohortOf(bad).Seats {
		require.True(t, r.Validator(r.ID, seat.Address).Record.Slashed.IsPositive())
	}
	require.Equal(t, pool, r.Bank.Of(r.Ctx, solo.ModuleAddress(rewardstypes.BountyPoolName)),
		"what is slashed is burned")
}
