package keeper_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"cosmossdk.io/math"

	"github.com/openledger/openledger/testutil/datanettest"
	"github.com/openledger/openledger/x/datanet/types"
)

func TestRoyaltiesHoldFromTheNextBlock(t *testing.T) {
	r := datanettest.NewReviews(t, 0)
	curator := types.Royalty{Address: r.Alice.String(), Ppm: 100_000}
	update := &types.MsgUpdateDataNet{
		Owner: r.Owner.String(), DatanetId: r.ID, Name: "Skin", RoyaltyFloor: math.ZeroInt(), OwnerPpm: 50_000,
		Curators: []types.Royalty{curator}, ReviewFee: datanettest.Fee,
	}
	at := func(height int64) []types.Royalty {
		shares, err := r.Keeper.RoyaltiesAt(r.Ctx, r.ID, height)
		require.NoError(t, err)
		return shares
	}
	owner := types.Royalty{Address: r.Owner.String(), Ppm: 50_000}
	height := r.Ctx.BlockHeight()
	datanettest.Must(r.Fixture, r.Msgs.UpdateDataNet, update)
	require.Equal(t, []types.Royalty{owner}, at(height))
	require.Equal(t, []types.Royalty{owner, curator}, at(height+1))
	greedy := *update
	greedy.OwnerPpm = 100_001
	datanettest.Refuse(r.Fixture, r.Msgs.UpdateDataNet, &greedy, types.ErrInvalidDataNet)
	twice := *update
	twice.Curators = []types.Royalty{curator, curator}
	datanettest.Refuse(r.Fixture, r.Msgs.UpdateDataNet, &twice, types.ErrInvalidDataNet)
	r.Blocks(3)
	update.Curators, update.NewOwner = nil, r.Bob.String()
	datanettest.Must(r.Fixture, r.Msgs.UpdateDataNet, update)
	require.Equal(t, []types.Royalty{owner, curator}, at(r.Ctx.BlockHeight()))
	require.Equal(t, []types.Royalty{{Address: r.Bob.String(), Ppm: 50_000}}, at(r.Ctx.BlockHeight()+9))
}
