package types_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/datanet/types"
)

func TestDefaults(t *testing.T) {
	p := types.DefaultParams()
	require.NoError(t, p.Validate())
	require.NoError(t, types.DefaultGenesis().Validate())
	require.Equal(t, "100000000000000", p.DepositPerToken.String())
	require.Equal(t, "100000000000000000", p.MinDeposit.String())
	require.Equal(t, "1000000000000000000", p.CreationFee.String())
	require.Equal(t, []uint32{2, 100, 64, 200, 200_000, 10_000},
		[]uint32{p.RevealMinBlocks, p.RevealMaxBlocks, p.MaxItemsPerMsg, p.ExpiriesPerBlock, p.MaxOwnerPpm,
			p.MaxPending})
	require.Equal(t, p.MinDeposit, p.RequiredDeposit(1_000))
	require.Equal(t, "100100000000000000", p.RequiredDeposit(1_001).String())
}

func TestParamsBounds(t *testing.T) {
	for name, change := range map[string]func(*types.Params){
		"deposit_per_token missing":  func(p *types.Params) { p.DepositPerToken = math.Int{} },
		"min_deposit negative":       func(p *types.Params) { p.MinDeposit = math.NewInt(-1) },
		"creation_fee enormous":      func(p *types.Params) { p.CreationFee = math.NewIntWithDecimal(1, 40) },
		"reveal_min_blocks 0":        func(p *types.Params) { p.RevealMinBlocks = 0 },
		"empty window":               func(p *types.Params) { p.RevealMinBlocks = p.RevealMaxBlocks + 1 },
		"reveal_max_blocks too high": func(p *types.Params) { p.RevealMaxBlocks = 100_001 },
		"max_items_per_msg 0":        func(p *types.Params) { p.MaxItemsPerMsg = 0 },
		"max_items_per_msg too high": func(p *types.Params) { p.MaxItemsPerMsg = 1_001 },
		"expiries_per_block 0":       func(p *types.Params) { p.ExpiriesPerBlock = 0 },
		"expiries_per_block high":    func(p *types.Params) { p.ExpiriesPerBlock = 10_001 },
		"max_owner_ppm too high":     func(p *types.Params) { p.MaxOwnerPpm = 1_000_001 },
		"max_pending 0":              func(p *types.Params) { p.MaxPending = 0 },
	} {
		t.Run(name, func(t *testing.T) {
			p := types.DefaultParams()
			change(&p)
			require.ErrorIs(t, p.Validate(), types.ErrInvalidParams)
		})
	}
}

func TestLeafBindsEveryField(t *testing.T) {
	c := types.Contribution{Rank: 1, Contributor: sdk.AccAddress(make([]byte, 20)).String(), Root: make([]byte, 32),
		Segments: 1, Tokens: 1, StatisticsRoot: make([]byte, 32)}
	base, _, err := types.Leaves(c)
	require.NoError(t, err)
	for _, change := range []func(*types.Contribution){
		func(c *types.Contribution) { c.Rank++ },
		func(c *types.Contribution) { c.Contributor = sdk.AccAddress(make([]byte, 32)).String() },
		func(c *types.Contribution) { c.Root = append(make([]byte, 31), 1) },
		func(c *types.Contribution) { c.Segments++ },
		func(c *types.Contribution) { c.Tokens++ },
		func(c *types.Contribution) { c.StatisticsRoot = append(make([]byte, 31), 1) },
	} {
		other := c
		change(&other)
		leaf, _, err := types.Leaves(other)
		require.NoError(t, err)
		require.NotEqual(t, base, leaf)
	}
	c.Root = c.Root[1:]
	_, _, err = types.Leaves(c)
	require.Error(t, err)
}
