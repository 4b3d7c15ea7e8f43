package keeper_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"cosmossdk.io/math"

	"github.com/openledger/openledger/x/datanet/types"
)

func closeMsg(f *fixture, id uint64, closed bool) *types.MsgUpdateDataNet {
	return &types.MsgUpdateDataNet{Owner: f.owner.String(), DatanetId: id, Name: "Skin", RoyaltyFloor: open(1), Closed: closed}
}

// TestOthersCannotTakeCommittedDeposits: what others change between commit and reveal costs the committer his place at most.
func TestOthersCannotTakeCommittedDeposits(t *testing.T) {
	for name, change := range map[string]func(f *fixture, id uint64){
		"closed": func(f *fixture, id uint64) { must(f, f.msgs.UpdateDataNet, closeMsg(f, id, true)) },
		"closed and handed over": func(f *fixture, id uint64) {
			msg := closeMsg(f, id, true)
			msg.NewOwner = f.bob.String()
			must(f, f.msgs.UpdateDataNet, msg)
		},
		"full": func(f *fixture, id uint64) {
			f.setParams(func(p *types.Params) { p.MaxPending = 1 })
			items := f.commit(f.bob, open(20), seal(f.bob, id, "flood", 100))
			f.blocks(2)
			must(f, f.msgs.RevealContributions, revealMsg(f.bob, items...))
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			id := f.create()
			before, pool := f.Bank.Of(f.Ctx, f.alice), f.pool()
			items := f.commit(f.alice, open(500), seal(f.alice, id, "a", 1_000))
			f.blocks(2)
			change(f, id)

			kept := items[0]
			kept.KeepPlace = true
			refuse(f, f.msgs.RevealContributions, revealMsg(f.alice, kept), types.ErrDataNetClosed)
			foreign := revealMsg(f.bob, items...)
			refuse(f, f.msgs.RevealContributions, foreign, types.ErrUnauthorized)
			wrong := items[0]
			wrong.Salt = wrong.ContentHash
			refuse(f, f.msgs.RevealContributions, revealMsg(f.alice, wrong), types.ErrRevealMismatch)

			response := must(f, f.msgs.RevealContributions, revealMsg(f.alice, items...))
			require.Equal(t, []uint64{items[0].Rank}, response.Returned)
			require.Equal(t, before, f.Bank.Of(f.Ctx, f.alice), "the whole deposit is back")
			require.Equal(t, &types.EventCommitReturned{Rank: items[0].Rank, Contributor: f.alice.String(), DatanetId: id, Deposit: coin(open(500))}, lastEvent(f, &types.EventCommitReturned{}))

			// It left nothing that is senior to anybody.
			refuse(f, f.msgs.RevealContributions, revealMsg(f.alice, items...), types.ErrCommitNotFound)
			_, err := f.Keeper.GetContribution(f.Ctx, items[0].Rank)
			require.ErrorIs(t, err, types.ErrContributionNotFound)
			f.blocks(1)
			f.blocks(105)
			require.Equal(t, pool, f.pool())
		})
	}
}

// TestReturnedAmongTaken: a message does both.
func TestReturnedAmongTaken(t *testing.T) {
	f := newFixture(t)
	open1, closed := f.create(), f.create()
	items := f.commit(f.alice, open(10), seal(f.alice, open1, "a", 1_000), seal(f.alice, closed, "b", 1_000), seal(f.alice, open1, "c", 1_000))
	must(f, f.msgs.UpdateDataNet, closeMsg(f, closed, true))
	f.blocks(2)
	response := must(f, f.msgs.RevealContributions, revealMsg(f.alice, items...))
	require.Equal(t, []uint64{2}, response.Returned)
	require.Equal(t, types.CONTRIBUTION_STATUS_SUBMITTED, f.contribution(1).Status)
	require.Equal(t, types.CONTRIBUTION_STATUS_SUBMITTED, f.contribution(3).Status)
	require.Equal(t, open(2), f.held())
}

// TestDepositIsThatOfTheCommit: governance raises it for later commits only.
func TestDepositIsThatOfTheCommit(t *testing.T) {
	f := newFixture(t)
	id := f.create()
	items := f.commit(f.alice, open(1), seal(f.alice, id, "a", 1_000))
	f.setParams(func(p *types.Params) { p.DepositPerToken, p.MinDeposit = p.DepositPerToken.MulRaw(50), open(50) })
	f.blocks(2)
	must(f, f.msgs.RevealContributions, revealMsg(f.alice, items...))
	require.Equal(t, open(1), f.contribution(items[0].Rank).Deposit.Amount)
	refuse(f, f.msgs.CommitContributions, commitMsg(f.alice, open(1), seal(f.alice, id, "b", 1_000)), types.ErrInvalidDeposit)

	exported := f.export()
	exported.Commits = append(exported.Commits, types.Commit{Rank: 1_000, Contributor: f.alice.String(), Deposit: coin(open(1)), DepositPerToken: math.NewInt(-1), MinDeposit: math.ZeroInt()})
	exported.NextRank = 1_001
	require.ErrorIs(t, exported.Validate(), types.ErrInvalidGenesis)
}
