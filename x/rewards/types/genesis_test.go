package types_test

import (
	"testing"

	"cosmossdk.io/math"

	"github.com/stretchr/testify/require"

	"github.com/openledger/openledger/x/rewards/types"
)

func account(id uint64, earned, contributed int64) types.LedgerAccount {
	return types.LedgerAccount{
		Id: id, Address: address(byte(id)).String(), Balance: math.ZeroInt(), Earned: math.NewInt(earned),
		Contributed: math.NewInt(contributed),
		PaidOut:     math.NewInt(earned),
	}
}

func TestGenesisRefusesMoreContributedThanEarned(t *testing.T) {
	g := types.DefaultGenesis()
	g.Accounts = []types.LedgerAccount{account(0, 5, 5)}
	credit := types.Credit{Amount: math.NewInt(3), Contributed: math.NewInt(3), Bonus: math.NewInt(1)}
	g.NextSequence, g.Lists = 2, []types.GenesisCreditList{{
		List: types.CreditList{BatchId: 1, Sequence: 1, Fees: math.NewInt(3), Bonus: math.NewInt(1),
			BonusGranted: math.NewInt(1), BonusScale: types.FullScale},
		Credits: []types.Credit{credit},
	}}
	require.NoError(t, g.Validate())
	g.Lists[0].Credits[0].Contributed = math.NewInt(4)
	require.ErrorIs(t, g.Validate(), types.ErrInvalidGenesis)
	g.Lists = nil
	g.Accounts[0] = account(0, 5, 6)
	require.ErrorIs(t, g.Validate(), types.ErrInvalidGenesis)
	g.Accounts[0].Contributed = math.Int{}
	require.ErrorIs(t, g.Validate(), types.ErrInvalidGenesis)
}

func modelTotals(id uint64, compute, royalty int64) types.ModelTotals {
	totals := types.NewModelTotals(id)
	totals.Compute, totals.Royalty = math.NewInt(compute), math.NewInt(royalty)
	totals.Fees = totals.Compute.Add(totals.Royalty)
	return totals
}

func TestGenesisRefusesTotalsThatCannotBe(t *testing.T) {
	g := types.DefaultGenesis()
	g.DatanetTotals = []types.DataNetTotals{types.NewDataNetTotals(1), types.NewDataNetTotals(2)}
	g.ModelTotals = []types.ModelTotals{modelTotals(3, 1, 2), modelTotals(9, 0, 0)}
	require.NoError(t, g.Validate())
	for name, change := range map[string]func(*types.GenesisState){
		"DataNet twice":        func(g *types.GenesisState) { g.DatanetTotals[1].DatanetId = 1 },
		"DataNet 0":            func(g *types.GenesisState) { g.DatanetTotals[0].DatanetId = 0 },
		"DataNet without sums": func(g *types.GenesisState) { g.DatanetTotals[0] = types.DataNetTotals{DatanetId: 1} },
		"models unordered":     func(g *types.GenesisState) { g.ModelTotals[0].ModelId = 10 },
		"model 0":              func(g *types.GenesisState) { g.ModelTotals[0].ModelId = 0 },
		"negative":             func(g *types.GenesisState) { g.ModelTotals[0].Unattributed = math.NewInt(-1) },
		"fees":                 func(g *types.GenesisState) { g.ModelTotals[0].Fees = math.NewInt(4) },
		"unattributed":         func(g *types.GenesisState) { g.ModelTotals[0].Unattributed = math.NewInt(3) },
		"retired":              func(g *types.GenesisState) { g.Totals.Retired = math.Int{} },
		"pending retired":      func(g *types.GenesisState) { g.PendingBounty = math.NewInt(-1) },
	} {
		t.Run(name, func(t *testing.T) {
			g := *types.DefaultGenesis()
			g.DatanetTotals = []types.DataNetTotals{types.NewDataNetTotals(1), types.NewDataNetTotals(2)}
			g.ModelTotals = []types.ModelTotals{modelTotals(3, 1, 2), modelTotals(9, 0, 0)}
			change(&g)
			require.ErrorIs(t, g.Validate(), types.ErrInvalidGenesis)
		})
	}
}
