package cmd

import (
	"os"

	"cosmossdk.io/log/v2"

	dbm "github.com/cosmos/cosmos-db"
	"github.com/rs/zerolog"

	"github.com/cosmos/cosmos-sdk/server"
	servertypes "github.com/cosmos/cosmos-sdk/server/types"

	"github.com/openledger/openledger/app"
)

func newApp(logger log.Logger, db dbm.DB, appOpts servertypes.AppOptions) servertypes.Application {
	return app.New(toStandardError(logger), db, true, appOpts, server.DefaultBaseappOptions(appOpts)...)
}

// toStandardError returns the logger of the server, or one that writes to stderr. Some commands of the SDK make a
// logger of their own, which would write between their results.
func toStandardError(logger log.Logger) log.Logger {
	if _, ours := logger.(quiet); ours {
		return logger
	}
	return quiet{log.NewLogger(os.Stderr, log.LevelOption(zerolog.InfoLevel))}
}

// exportApp opens the state at height, or the latest for -1, and exports it.
func exportApp(logger log.Logger, db dbm.DB, height int64, forZeroHeight bool, _ []string,
	appOpts servertypes.AppOptions, modules []string) (servertypes.ExportedApp, error) {
	latest := height == -1
	exported := app.New(logger, db, latest, appOpts)
	if !latest {
		if err := exported.LoadVersion(height); err != nil {
			return servertypes.ExportedApp{}, err
		}
	}
	return exported.ExportAppStateAndValidators(forZeroHeight, modules)
}
