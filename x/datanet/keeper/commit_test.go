package keeper_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"cosmossdk.io/math"

	"github.com/openledger/openledger/testutil/datanettest"
	"github.com/openledger/openledger/x/datanet/types"
)

func closeMsg(f *datanettest.Fixture, id uint64, closed bool) *types.MsgUpdateDataNet {
	return &types.MsgUpdateDataNet{Owner: f.Owner.String(), DatanetId: id, Name: "Skin",
		RoyaltyFloor: datanettest.Open(1), Closed: closed}
}

// TestOthersCannotTakeCommittedDeposits: what others change between commit and reveal costs the committer his place at
// most.
func TestOthersCannotTakeCommittedDeposits(t *testing.T) {
	for name, change := range map[string]func(f *datanettest.Fixture, id uint64){
		"closed": func(f *datanettest.Fixture, id uint64) {
			datanettest.Must(f, f.Msgs.UpdateDataNet, closeMsg(f, id, true))
		},
		"closed and handed over": func(f *datanettest.Fixture, id uint64) {
			msg := closeMsg(f, id, true)
			msg.NewOwner = f.Bob.String()
			datanettest.Must(f, f.Msgs.UpdateDataNet, msg)
		},
		"full": func(f *datanettest.Fixture, id uint64) {
			f.SetParams(func(p *types.Params) { p.MaxPending = 1 })
			items := f.Commit(f.Bob, datanettest.Open(20), datanettest.Seal(f.Bob, id, "flood", 100))
			f.Blocks(2)
			datanettest.Must(f, f.Msgs.RevealContributions, datanettest.RevealMsg(f.Bob, items...))
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := datanettest.New(t)
			id := f.Create()
			before, pool := f.Bank.Of(f.Ctx, f.Alice), f.Pool()
			items := f.Commit(f.Alice, datanettest.Open(500), datanettest.Seal(f.Alice, id, "a", 1_000))
			f.Blocks(2)
			change(f, id)

			kept := items[0]
			kept.KeepPlace = true
			datanettest.Refuse(f, f.Msgs.RevealContributions, datanettest.RevealMsg(f.Alice, kept),
				types.ErrDataNetClosed)
			foreign := datanettest.RevealMsg(f.Bob, items...)
			datanettest.Refuse(f, f.Msgs.RevealContributions, foreign, types.ErrUnauthorized)
			wrong := items[0]
			wrong.Salt = wrong.ContentHash
			datanettest.Refuse(f, f.Msgs.RevealContributions, datanettest.RevealMsg(f.Alice, wrong),
				types.ErrRevealMismatch)

			response := datanettest.Must(f, f.Msgs.RevealContributions, datanettest.RevealMsg(f.Alice, items...))
			require.Equal(t, []uint64{items[0].Rank}, response.Returned)
			require.Equal(t, before, f.Bank.Of(f.Ctx, f.Alice), "the whole deposit is back")
			require.Equal(t, &types.EventCommitReturned{Rank: items[0].Rank, Contributor: f.Alice.String(),
				DatanetId: id, Deposit: datanettest.Coin(datanettest.Open(500))}, lastEvent(f,
				&types.EventCommitReturned{}))

			// It left nothing that is senior to anybody.
			datanettest.Refuse(f, f.Msgs.RevealContributions, datanettest.RevealMsg(f.Alice, items...),
				types.ErrCommitNotFound)
			_, err := f.Keeper.GetContribution(f.Ctx, items[0].Rank)
			require.ErrorIs(t, err, types.ErrContributionNotFound)
			f.Blocks(1)
			f.Blocks(105)
			require.Equal(t, pool, f.Pool())
		})
	}
}

// TestReturnedAmongTaken: a message does both.
func TestReturnedAmongTaken(t *testing.T) {
	f := datanettest.New(t)
	open1, closed := f.Create(), f.Create()
	items := f.Commit(f.Alice, datanettest.Open(10), datanettest.Seal(f.Alice, open1, "a", 1_000),
		datanettest.Seal(f.Alice, closed, "b", 1_000), datanettest.Seal(f.Alice, open1, "c", 1_000))
	datanettest.Must(f, f.Msgs.UpdateDataNet, closeMsg(f, closed, true))
	f.Blocks(2)
	response := datanettest.Must(f, f.Msgs.RevealContributions, datanettest.RevealMsg(f.Alice, items...))
	require.Equal(t, []uint64{2}, response.Returned)
	require.Equal(t, types.CONTRIBUTION_STATUS_SUBMITTED, f.Contribution(1).Status)
	require.Equal(t, types.CONTRIBUTION_STATUS_SUBMITTED, f.Contribution(3).Status)
	require.Equal(t, datanettest.Open(2), f.ModuleBalance())
}

// TestDepositIsThatOfTheCommit: governance raises it for later commits only.
func TestDepositIsThatOfTheCommit(t *testing.T) {
	f := datanettest.New(t)
	id := f.Create()
	items := f.Commit(f.Alice, datanettest.Open(1), datanettest.Seal(f.Alice, id, "a", 1_000))
	f.SetParams(func(p *types.Params) {
		p.DepositPerToken, p.MinDeposit = p.DepositPerToken.MulRaw(50), datanettest.Open(50)
	})
	f.Blocks(2)
	datanettest.Must(f, f.Msgs.RevealContributions, datanettest.RevealMsg(f.Alice, items...))
	require.Equal(t, datanettest.Open(1), f.Contribution(items[0].Rank).Deposit.Amount)
	datanettest.Refuse(f, f.Msgs.CommitContributions, datanettest.CommitMsg(f.Alice, datanettest.Open(1),
		datanettest.Seal(f.Alice, id, "b", 1_000)), types.ErrInvalidDeposit)

	exported := f.Export()
	exported.Commits = append(exported.Commits, types.Commit{Rank: 1_000, Contributor: f.Alice.String(),
		Deposit: datanettest.Coin(datanettest.Open(1)), DepositPerToken: math.NewInt(-1), MinDeposit: math.ZeroInt()})
	exported.NextRank = 1_001
	require.ErrorIs(t, exported.Validate(), types.ErrInvalidGenesis)
}

// TestPausedCommitsWait: what could not be revealed may be after the pause.
func TestPausedCommitsWait(t *testing.T) {
	f := datanettest.New(t)
	id := f.Create()
	items := f.Commit(f.Alice, datanettest.Open(1), datanettest.Seal(f.Alice, id, "a", 1),
		datanettest.Seal(f.Alice, id, "b", 1))
	f.SetParams(func(p *types.Params) { p.Paused = true })
	f.Blocks(200)
	f.SetParams(func(p *types.Params) { p.Paused = false })
	f.Blocks(100)
	datanettest.Must(f, f.Msgs.RevealContributions, datanettest.RevealMsg(f.Alice, items[0]))
	f.EndBlock()
	datanettest.Refuse(f, f.Msgs.RevealContributions, datanettest.RevealMsg(f.Alice, items[1]), types.ErrRevealWindow)
	f.EndBlock()
	require.Empty(t, f.Export().Commits)
}
