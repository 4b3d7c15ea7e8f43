package app_test

import (
	"testing"

	abci "github.com/cometbft/cometbft/abci/types"
	"github.com/stretchr/testify/require"

	"github.com/cosmos/cosmos-sdk/baseapp"
	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	govtypes "github.com/cosmos/cosmos-sdk/x/gov/types"
	govv1 "github.com/cosmos/cosmos-sdk/x/gov/types/v1"
	upgradetypes "github.com/cosmos/cosmos-sdk/x/upgrade/types"

	"github.com/openledger/openledger/app"
	"github.com/openledger/openledger/testutil/chain"
)

// TestUpgrade plays one from the proposal on: the old program stops at its height, the new one adds a store, changes a
// parameter and goes on. It is the example for a real one.
func TestUpgrade(t *testing.T) {
	s := newScenario(t)
	gov := s.App.AccountKeeper.GetModuleAddress(govtypes.ModuleName).String()
	params, err := s.App.GovKeeper.Params.Get(s.Ctx())
	require.NoError(t, err)
	plan := upgradetypes.Plan{Name: "example", Height: s.Height() + 10, Info: "https://example.org/example.json"}
	proposal, err := govv1.NewMsgSubmitProposal([]sdk.Msg{&upgradetypes.MsgSoftwareUpgrade{Authority: gov, Plan: plan}},
		coins(chain.Open(1_000)), s.Payer.String(), "", "Upgrade", "to the example", false)
	require.NoError(t, err)
	s.Send(s.Payer, proposal)
	s.Send(chain.NewAccount("validator 0"), govv1.NewMsgVote(chain.NewAccount("validator 0").Address, 1, govv1.OptionYes,
		""))
	s.Skip(*params.VotingPeriod)
	for s.Height() < plan.Height-1 {
		s.Blocks(1)
	}

	// The old program does not know the plan.
	require.ErrorContains(t, finalize(s.Chain), `UPGRADE "example" NEEDED`)
	s.Restart()
	require.ErrorContains(t, finalize(s.Chain), `UPGRADE "example" NEEDED`)

	key := storetypes.NewKVStoreKey("example")
	mount := func(base *baseapp.BaseApp) { base.MountStores(key) }
	migrated := 0
	upgrade := app.Upgrade{
		Name:   "example",
		Stores: storetypes.StoreUpgrades{Added: []string{"example"}},
		Migrate: func(ctx sdk.Context, a *app.App) error {
			migrated++
			ctx.KVStore(key).Set([]byte("migrated"), []byte{1})
			changed, err := a.ModelsKeeper.Params.Get(ctx)
			if err != nil {
				return err
			}
			changed.MinBond = changed.MinBond.AddRaw(7)
			return a.ModelsKeeper.Params.Set(ctx, changed)
		},
	}
	before, err := s.App.ModelsKeeper.Params.Get(s.Ctx())
	require.NoError(t, err)
	defer app.SetUpgrades(upgrade)()
	s.Restart(mount)
	s.Blocks(3)
	require.Equal(t, 1, migrated)
	require.Equal(t, []byte{1}, s.Ctx().KVStore(key).Get([]byte("migrated")))
	after, err := s.App.ModelsKeeper.Params.Get(s.Ctx())
	require.NoError(t, err)
	require.Equal(t, before.MinBond.AddRaw(7), after.MinBond)

	// Nothing is done again when it starts again.
	s.Restart(mount)
	s.Blocks(1)
	require.Equal(t, 1, migrated)
	done, err := s.App.UpgradeKeeper.GetDoneHeight(s.Ctx(), "example")
	require.NoError(t, err)
	require.Equal(t, plan.Height, done)
}

// finalize executes the next block and returns why it cannot be.
func finalize(c *chain.Chain) (err error) {
	_, err = c.App.FinalizeBlock(&abci.RequestFinalizeBlock{
		Hash: make([]byte, 32), Height: c.Height() + 1, Time: c.Time().Add(chain.BlockTime),
	})
	return err
}
