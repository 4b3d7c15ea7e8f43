package app

import (
	"errors"
	"fmt"

	sdk "github.com/cosmos/cosmos-sdk/types"

	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// CheckInvariants recounts what every module owes against what it holds, and
// the supply against its bound. It walks all state: for tests and audits, not
// for nodes.
func (app *App) CheckInvariants(ctx sdk.Context) error {
	var errs []error
	for _, module := range []struct {
		name  string
		check error
	}{
		{"datanet", app.DatanetKeeper.CheckInvariants(ctx)},
		{"models", app.ModelsKeeper.CheckInvariants(ctx)},
		{"attribution", app.AttributionKeeper.CheckInvariants(ctx)},
		{"rewards", app.RewardsKeeper.CheckInvariants(ctx)},
	} {
		if module.check != nil {
			errs = append(errs, fmt.Errorf("%s: %w", module.name, module.check))
		}
	}
	if supply := app.BankKeeper.GetSupply(ctx, rewardstypes.Denom).Amount; supply.GT(rewardstypes.MaxSupply) {
		errs = append(errs, fmt.Errorf("supply %s is above the maximum %s", supply, rewardstypes.MaxSupply))
	}
	return errors.Join(errs...)
}
