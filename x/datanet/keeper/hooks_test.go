package keeper_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/datanet/types"
)

func TestUnrevealedCommitsForfeitToTheBountyPool(t *testing.T) {
	f := newFixture(t)
	f.create()
	items := f.commit(f.alice, open(2), f.seals(3)...)
	f.blocks(100)
	require.EqualValues(t, 110, f.Ctx.BlockHeight())
	must(f, f.msgs.RevealContributions, revealMsg(f.alice, items[1]))
	f.endBlock()
	require.Len(t, f.export().Commits, 2, "the block of the deadline itself sweeps nothing")
	f.endBlock()
	require.Empty(t, f.export().Commits)
	require.Equal(t, open(4), f.pool())
	require.Equal(t, open(1), f.held(), "the deposit of the revealed contribution")
	require.Equal(t, 1, f.Rewards.Calls, "one transfer for the sum, and none in blocks without expiries")
	require.Equal(t, &types.EventCommitsExpired{Ranks: []uint64{1, 3}, Forfeited: coin(open(4))}, lastEvent(f, &types.EventCommitsExpired{}))
	refuse(f, f.msgs.RevealContributions, revealMsg(f.alice, items[0]), types.ErrCommitNotFound)
	require.EqualValues(t, 4, f.commit(f.alice, open(1), f.seals(1)...)[0].Rank, "a lost rank is not assigned again")
}

func TestSweepStopsAtTheCapAndGoesOn(t *testing.T) {
	f := newFixture(t)
	id := f.create()
	f.setParams(func(p *types.Params) { p.ExpiriesPerBlock, p.RevealMaxBlocks = 4, 3 })
	f.commit(f.alice, open(1), f.seals(10)...)
	f.Ctx = f.Ctx.WithBlockHeight(20)
	for block, left := range []int{6, 2, 0, 0} {
		f.endBlock()
		require.Len(t, f.export().Commits, left, "block %d", block)
	}
	require.Equal(t, open(10), f.pool())
	require.Equal(t, 3, f.Rewards.Calls)

	// What waits behind the cap cannot be revealed any more.
	items := f.commit(f.alice, open(1), seal(f.alice, id, "x", 1), seal(f.alice, id, "y", 1))
	f.setParams(func(p *types.Params) { p.ExpiriesPerBlock = 1 })
	f.Ctx = f.Ctx.WithBlockHeight(40)
	f.endBlock()
	require.Len(t, f.export().Commits, 1)
	refuse(f, f.msgs.RevealContributions, revealMsg(f.alice, items[1]), types.ErrRevealWindow)
}

func TestSweepKeepsTheQueueWhenItFails(t *testing.T) {
	for name, fail := range map[string]func() error{
		"error": func() error { return errors.New("no") },
		"panic": func() error { panic("no") },
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			f.create()
			f.commit(f.alice, open(1), f.seals(2)...)
			f.Ctx = f.Ctx.WithBlockHeight(200)
			f.Rewards.Fail = fail
			before, events := f.snapshot(), len(f.Ctx.EventManager().Events())
			f.endBlock()
			require.Equal(t, before, f.snapshot())
			require.Len(t, f.Ctx.EventManager().Events(), events)
			f.Rewards.Fail = nil
			f.endBlock()
			require.Empty(t, f.export().Commits)
			require.Equal(t, open(2), f.pool())
		})
	}
}

func BenchmarkSweepAtTheCap(b *testing.B) {
	for range b.N {
		b.StopTimer()
		f := newFixture(b)
		f.create()
		for range 4 {
			f.commit(f.alice, open(1), f.seals(50)...)
		}
		f.Ctx = f.Ctx.WithBlockHeight(1_000)
		b.StartTimer()
		require.NoError(b, f.Keeper.EndBlock(f.Ctx))
	}
}

// wealth is all the money there is; only creation fees leave it.
func (f *fixture) wealth() math.Int {
	sum := f.held().Add(f.pool())
	for _, account := range []sdk.AccAddress{f.owner, f.alice, f.bob} {
		sum = sum.Add(f.Bank.Of(f.Ctx, account))
	}
	return sum
}

// Whatever messages come in whatever order, valid or not: no money appears or
// vanishes, versions only grow, and every invariant holds after each step.
func TestMoneyIsConserved(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		f := newFixture(rt)
		f.setParams(func(p *types.Params) { p.ExpiriesPerBlock, p.RevealMaxBlocks, p.MaxPending = 2, 6, 5 })
		id := f.create()
		total, version := f.wealth(), uint64(0)
		people := []sdk.AccAddress{f.alice, f.bob, f.poor}
		var open []types.RevealItem
		rank := func() uint64 { return rapid.Uint64Range(1, 12).Draw(rt, "rank") }
		for step := range rapid.IntRange(1, 40).Draw(rt, "steps") {
			who := rapid.SampledFrom(people).Draw(rt, "who")
			switch rapid.SampledFrom([]string{"commit", "reveal", "reveal", "accept", "reject", "withdraw", "block", "block"}).Draw(rt, "do") {
			case "commit":
				s := seal(who, id, fmt.Sprint(step), rapid.Uint64Range(1, 4_000).Draw(rt, "tokens"))
				deposit := math.NewIntWithDecimal(rapid.Int64Range(0, 50).Draw(rt, "deposit"), 16)
				if response, err := run(f, f.msgs.CommitContributions, commitMsg(who, deposit, s)); err == nil {
					s.item.Rank = response.Ranks[0]
					open = append(open, s.item)
				}
			case "reveal":
				if len(open) > 0 {
					_, _ = run(f, f.msgs.RevealContributions, revealMsg(who, rapid.SampledFrom(open).Draw(rt, "item")))
				}
			case "accept":
				if response, err := run(f, f.msgs.AcceptContributions, acceptMsg(f.owner, id, rank())); err == nil {
					version++
					require.Equal(rt, version, response.Version)
				}
			case "reject":
				_, _ = run(f, f.msgs.RejectContributions, rejectMsg(f.owner, id, rank()))
			case "withdraw":
				_, _ = run(f, f.msgs.WithdrawContribution, withdrawMsg(who, rank()))
			case "block":
				f.blocks(rapid.Int64Range(1, 4).Draw(rt, "blocks"))
			}
			require.Equal(rt, total.String(), f.wealth().String())
		}
		// In the end nothing is held but what waits or was accepted.
		f.blocks(40)
		require.Empty(rt, f.export().Commits)
		held := math.ZeroInt()
		for _, c := range f.export().Contributions {
			held = held.Add(c.Deposit.Amount)
		}
		require.Equal(rt, held.String(), f.held().String())
	})
}
