package app

import (
	"encoding/json"
	"errors"

	servertypes "github.com/cosmos/cosmos-sdk/server/types"
	"github.com/cosmos/cosmos-sdk/x/staking"
)

// ErrZeroHeight is returned for an export that would restart heights at zero:
// reveal windows of sealed contributions are counted in blocks, so a chain
// continues at the height at which it was exported.
var ErrZeroHeight = errors.New(
	"export for zero height is not supported: reveal windows are counted in blocks; export without --for-zero-height " +
		"and start the new chain at the exported initial_height")

// ExportAppStateAndValidators returns the state of the given modules, or of
// all, as a genesis that continues at the next height.
func (app *App) ExportAppStateAndValidators(forZeroHeight bool, modules []string) (servertypes.ExportedApp, error) {
	if forZeroHeight {
		return servertypes.ExportedApp{}, ErrZeroHeight
	}
	ctx := app.NewContext(true)
	genesis, err := app.modules.ExportGenesisForModules(ctx, app.appCodec, modules)
	if err != nil {
		return servertypes.ExportedApp{}, err
	}
	state, err := json.MarshalIndent(genesis, "", "  ")
	if err != nil {
		return servertypes.ExportedApp{}, err
	}
	validators, err := staking.WriteValidators(ctx, app.StakingKeeper)
	return servertypes.ExportedApp{
		AppState:        state,
		Validators:      validators,
		Height:          app.LastBlockHeight() + 1,
		ConsensusParams: app.GetConsensusParams(ctx),
	}, err
}
