package app

import (
	"context"
	"fmt"
	"os" // determinism: whether the node stopped for an upgrade, asked before it executes anything
	"path/filepath"

	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/module"
	upgradetypes "github.com/cosmos/cosmos-sdk/x/upgrade/types"
)

// Upgrade is a change of the chain's rules at a height that governance has decided on. The program with the new rules
// carries it out in the first block that it executes.
type Upgrade struct {
	// Name is that of the plan in the proposal.
	Name string
	// Stores are added, renamed and deleted before that block is executed.
	Stores storetypes.StoreUpgrades
	// Migrate changes what no module owns; nil for nothing. Then each module whose consensus version is higher than the
	// chain's runs its own migrations, and new modules start with their default genesis.
	Migrate func(ctx sdk.Context, app *App) error
}

// upgrades are what this program can carry out, oldest first. A node that replays the chain needs those of its range.
var upgrades []Upgrade

// prepareUpgrades registers the handlers, and has the stores changed if the node in that home stopped for one of the
// upgrades.
func (app *App) prepareUpgrades(home string) error {
	pending, err := app.pendingUpgrade(home)
	if err != nil {
		return fmt.Errorf("read which upgrade the node stopped for: %w", err)
	}
	for _, u := range upgrades {
		app.UpgradeKeeper.SetUpgradeHandler(u.Name,
			func(ctx context.Context, plan upgradetypes.Plan, from module.VersionMap) (module.VersionMap, error) {
				if u.Migrate != nil {
					if err := u.Migrate(sdk.UnwrapSDKContext(ctx), app); err != nil {
						return nil, fmt.Errorf("upgrade %s: %w", plan.Name, err)
					}
				}
				return app.modules.RunMigrations(ctx, app.configurator, from)
			})
		if pending.Name == u.Name && !app.UpgradeKeeper.IsSkipHeight(pending.Height) {
			app.SetStoreLoader(upgradetypes.UpgradeStoreLoader(pending.Height, &u.Stores))
		}
	}
	return nil
}

// pendingUpgrade returns the plan that the node in a home stopped for; one without a name is none.
func (app *App) pendingUpgrade(home string) (upgradetypes.Plan, error) {
	// The keeper makes the folder that it looks in.
	if _, err := os.Stat(filepath.Join(home, "data", upgradetypes.UpgradeInfoFilename)); home == "" || err != nil {
		return upgradetypes.Plan{}, nil
	}
	return app.UpgradeKeeper.ReadUpgradeInfoFromDisk()
}
