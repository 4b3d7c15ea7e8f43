package keeper_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/testutil/datanettest"
	"github.com/openledger/openledger/x/datanet/types"
)

func TestUnrevealedCommitsForfeitToTheBountyPool(t *testing.T) {
	f := datanettest.New(t)
	f.Create()
	items := f.Commit(f.Alice, datanettest.Open(2), f.Seals(3)...)
	f.Blocks(100)
	require.EqualValues(t, 110, f.Ctx.BlockHeight())
	datanettest.Must(f, f.Msgs.RevealContributions, datanettest.RevealMsg(f.Alice, items[1]))
	f.EndBlock()
	require.Len(t, f.Export().Commits, 2, "the block of the deadline itself sweeps nothing")
	f.EndBlock()
	require.Empty(t, f.Export().Commits)
	require.Equal(t, datanettest.Open(4), f.Pool())
	require.Equal(t, datanettest.Open(1), f.ModuleBalance(), "the deposit of the revealed contribution")
	require.Equal(t, 1, f.Rewards.Calls, "one transfer for the sum, and none in blocks without expiries")
	require.Equal(t, &types.EventCommitsExpired{Ranks: []uint64{1, 3},
		Forfeited: datanettest.Coin(datanettest.Open(4))}, lastEvent(f, &types.EventCommitsExpired{}))
	datanettest.Refuse(f, f.Msgs.RevealContributions, datanettest.RevealMsg(f.Alice, items[0]), types.ErrCommitNotFound)
	require.EqualValues(t, 4, f.Commit(f.Alice, datanettest.Open(1), f.Seals(1)...)[0].Rank,
		"a lost rank is not assigned again")
}

func TestSweepStopsAtTheCapAndGoesOn(t *testing.T) {
	f := datanettest.New(t)
	id := f.Create()
	f.SetParams(func(p *types.Params) { p.ExpiriesPerBlock, p.RevealMaxBlocks = 4, 3 })
	f.Commit(f.Alice, datanettest.Open(1), f.Seals(10)...)
	f.Ctx = f.Ctx.WithBlockHeight(20)
	for block, left := range []int{6, 2, 0, 0} {
		f.EndBlock()
		require.Len(t, f.Export().Commits, left, "block %d", block)
	}
	require.Equal(t, datanettest.Open(10), f.Pool())
	require.Equal(t, 3, f.Rewards.Calls)

	// What waits behind the cap cannot be revealed any more.
	items := f.Commit(f.Alice, datanettest.Open(1), datanettest.Seal(f.Alice, id, "x", 1),
		datanettest.Seal(f.Alice, id, "y", 1))
	f.SetParams(func(p *types.Params) { p.ExpiriesPerBlock = 1 })
	f.Ctx = f.Ctx.WithBlockHeight(40)
	f.EndBlock()
	require.Len(t, f.Export().Commits, 1)
	datanettest.Refuse(f, f.Msgs.RevealContributions, datanettest.RevealMsg(f.Alice, items[1]), types.ErrRevealWindow)
}

func TestSweepKeepsTheQueueWhenItFails(t *testing.T) {
	for name, fail := range map[string]func() error{
		"error": func() error { return errors.New("no") },
		"panic": func() error { panic("no") },
	} {
		t.Run(name, func(t *testing.T) {
			f := datanettest.New(t)
			f.Create()
			f.Commit(f.Alice, datanettest.Open(1), f.Seals(2)...)
			f.Ctx = f.Ctx.WithBlockHeight(200)
			f.Rewards.Fail = fail
			before, events := f.Snapshot(), len(f.Ctx.EventManager().Events())
			f.EndBlock()
			require.Equal(t, before, f.Snapshot())
			require.Len(t, f.Ctx.EventManager().Events(), events)
			f.Rewards.Fail = nil
			f.EndBlock()
			require.Empty(t, f.Export().Commits)
			require.Equal(t, datanettest.Open(2), f.Pool())
		})
	}
}

func BenchmarkSweepAtTheCap(b *testing.B) {
	for range b.N {
		b.StopTimer()
		f := datanettest.New(b)
		f.Create()
		for range 4 {
			f.Commit(f.Alice, datanettest.Open(1), f.Seals(50)...)
		}
		f.Ctx = f.Ctx.WithBlockHeight(1_000)
		b.StartTimer()
		require.NoError(b, f.Keeper.EndBlock(f.Ctx))
	}
}

// Whatever messages come in whatever order, valid or not: no money appears or
// vanishes, versions only grow, and every invariant holds after each step.
func TestMoneyIsConserved(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		f := datanettest.New(rt)
		f.SetParams(func(p *types.Params) { p.ExpiriesPerBlock, p.RevealMaxBlocks, p.MaxPending = 2, 6, 5 })
		id := f.Create()
		total, version := f.Wealth(), uint64(0)
		people := []sdk.AccAddress{f.Alice, f.Bob, f.Poor}
		var open []types.RevealItem
		rank := func() uint64 { return rapid.Uint64Range(1, 12).Draw(rt, "rank") }
		for step := range rapid.IntRange(1, 40).Draw(rt, "steps") {
			who := rapid.SampledFrom(people).Draw(rt, "who")
			switch rapid.SampledFrom([]string{"commit", "reveal", "reveal", "accept", "reject", "withdraw", "block",
				"block"}).Draw(rt, "do") {
			case "commit":
				s := datanettest.Seal(who, id, fmt.Sprint(step), rapid.Uint64Range(1, 4_000).Draw(rt, "tokens"))
				deposit := math.NewIntWithDecimal(rapid.Int64Range(0, 50).Draw(rt, "deposit"), 16)
				if response, err := datanettest.Run(f, f.Msgs.CommitContributions,
					datanettest.CommitMsg(who, deposit, s)); err == nil {
					s.Item.Rank = response.Ranks[0]
					open = append(open, s.Item)
				}
			case "reveal":
				if len(open) > 0 {
					_, _ = datanettest.Run(f, f.Msgs.RevealContributions,
						datanettest.RevealMsg(who, rapid.SampledFrom(open).Draw(rt, "item")))
				}
			case "accept":
				if response, err := datanettest.Run(f, f.Msgs.AcceptContributions,
					datanettest.AcceptMsg(f.Owner, id, rank())); err == nil {
					version++
					require.Equal(rt, version, response.Version)
				}
			case "reject":
				_, _ = datanettest.Run(f, f.Msgs.RejectContributions, datanettest.RejectMsg(f.Owner, id, rank()))
			case "withdraw":
				_, _ = datanettest.Run(f, f.Msgs.WithdrawContribution, datanettest.WithdrawMsg(who, rank()))
			case "block":
				f.Blocks(rapid.Int64Range(1, 4).Draw(rt, "blocks"))
			}
			require.Equal(rt, total.String(), f.Wealth().String())
		}
		// In the end nothing is held but what waits or was accepted.
		f.Blocks(40)
		require.Empty(rt, f.Export().Commits)
		held := math.ZeroInt()
		for _, c := range f.Export().Contributions {
			held = held.Add(c.Deposit.Amount)
		}
		require.Equal(rt, held.String(), f.ModuleBalance().String())
	})
}
