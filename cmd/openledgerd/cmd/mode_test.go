package cmd

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cosmos/cosmos-sdk/client"
	"github.com/cosmos/cosmos-sdk/client/flags"
	"github.com/cosmos/cosmos-sdk/server"

	"github.com/openledger/openledger/app"
	"github.com/openledger/openledger/cmd/openledgerd/nodeconfig"
)

// execute runs openledgerd and returns what it prints.
func execute(t *testing.T, args ...string) (string, error) {
	t.Helper()
	root := NewRootCmd()
	root.PersistentFlags().String(flags.FlagHome, t.TempDir(), "")
	ctx := context.WithValue(context.Background(), client.ClientContextKey, &client.Context{})
	ctx = context.WithValue(ctx, server.ServerContextKey, server.NewDefaultContext())
	var out bytes.Buffer
	root.SetOut(&out)
	root.SetErr(&out)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	return out.String(), err
}

func value(t *testing.T, home, file, key string) string {
	t.Helper()
	found, err := nodeconfig.Get(home, file, key)
	require.NoError(t, err)
	return found
}

// TestModes sets up a node of each mode, turns it into each other one, and keeps what the operator has set.
func TestModes(t *testing.T) {
	homes := make(map[nodeconfig.Mode]string)
	for _, m := range nodeconfig.Modes {
		home := filepath.Join(t.TempDir(), "home")
		out, err := execute(t, "init", "node", "--home", home, "--chain-id", "openledger-test-1", "--mode", string(m.Mode))
		require.NoError(t, err)
		require.Contains(t, out, "mode "+string(m.Mode)+": "+m.Long)
		settings, err := m.Mode.Settings()
		require.NoError(t, err)
		for _, setting := range settings {
			require.Equal(t, setting.Value, value(t, home, setting.File, setting.Key), "%s %s", m.Mode, setting.Key)
		}
		homes[m.Mode] = home
	}
	require.Equal(t, "null", value(t, homes[nodeconfig.Validator], "config", "tx_index.indexer"))
	require.Equal(t, "embedded", value(t, homes[nodeconfig.Validator], "app", "attestor.mode"))
	require.Equal(t, "kv", value(t, homes[nodeconfig.Full], "config", "tx_index.indexer"))
	require.Equal(t, "nothing", value(t, homes[nodeconfig.Archive], "app", "pruning"))
	require.Equal(t, "true", value(t, homes[nodeconfig.Seed], "config", "p2p.seed_mode"))

	home := homes[nodeconfig.Seed]
	_, err := execute(t, "config", "set", "app", "minimum-gas-prices", "7aopen", "--home", home)
	require.NoError(t, err)
	for _, m := range nodeconfig.Modes {
		_, err := execute(t, "config", "mode", string(m.Mode), "--home", home)
		require.NoError(t, err)
		for _, file := range []string{"app", "config"} {
			want, err := os.ReadFile(nodeconfig.Path(homes[m.Mode], file))
			require.NoError(t, err)
			require.Equal(t, "7aopen", value(t, home, "app", "minimum-gas-prices"))
			if file == "config" { // the settings of the application differ by the price
				got, err := os.ReadFile(nodeconfig.Path(home, file))
				require.NoError(t, err)
				require.Equal(t, string(want), string(got), "%s was a seed", m.Mode)
			}
		}
	}
	out, err := execute(t, "config", "mode", "validator", "--home", home)
	require.NoError(t, err)
	require.Contains(t, out, "config.toml  p2p.seed_mode = false")
	out, err = execute(t, "config", "mode", "validator", "--home", home)
	require.NoError(t, err)
	require.Empty(t, out, "nothing was different")
}

func TestUnknownMode(t *testing.T) {
	home := filepath.Join(t.TempDir(), "home")
	_, err := execute(t, "init", "node", "--home", home, "--mode", "light")
	require.ErrorContains(t, err, `unknown mode "light": choose one of validator, full, archive, single, seed`)
	_, err = os.Stat(filepath.Join(home, "config", "genesis.json"))
	require.ErrorIs(t, err, os.ErrNotExist)
}

// TestInitKeepsConfiguration that is there, unless a mode is asked for.
func TestInitKeepsConfiguration(t *testing.T) {
	home := filepath.Join(t.TempDir(), "home")
	_, err := execute(t, "init", "node", "--home", home, "--mode", "validator")
	require.NoError(t, err)
	out, err := execute(t, "init", "node", "--home", home, "--overwrite")
	require.NoError(t, err)
	require.Contains(t, out, "configuration kept")
	require.Equal(t, "null", value(t, home, "config", "tx_index.indexer"))
	out, err = execute(t, "init", "node", "--home", home, "--overwrite", "--mode", "archive")
	require.NoError(t, err)
	require.Contains(t, out, "mode archive")
	require.Equal(t, "nothing", value(t, home, "app", "pruning"))
}

// TestModesAreConsistent: what the server refuses at start, and what it silently does otherwise.
func TestModesAreConsistent(t *testing.T) {
	for _, m := range nodeconfig.Modes {
		settings, err := m.Mode.Settings()
		require.NoError(t, err)
		values := make(map[string]string)
		for _, setting := range settings {
			values[setting.Key] = setting.Value
		}
		if values["state-sync.snapshot-interval"] != "0" {
			require.NotEqual(t, "everything", values["pruning"], "the server refuses to start")
		}
		if retain := values["min-retain-blocks"]; retain != "0" {
			require.EqualValues(t, "1814400", retain, "fewer blocks than evidence may be old are never kept")
		}
	}
	require.EqualValues(t, 1_814_400, app.ConsensusParams().Evidence.MaxAgeNumBlocks)
}
