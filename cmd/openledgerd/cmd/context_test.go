package cmd

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"github.com/spf13/viper"
	"github.com/stretchr/testify/require"

	"github.com/cosmos/cosmos-sdk/client"
	"github.com/cosmos/cosmos-sdk/client/flags"
	"github.com/cosmos/cosmos-sdk/server"

	"github.com/openledger/openledger/cmd/openledgerd/nodeconfig"
)

// leaves calls do with each command that has none below it.
func leaves(cmd *cobra.Command, do func(*cobra.Command)) {
	if !cmd.HasSubCommands() {
		do(cmd)
	}
	for _, sub := range cmd.Commands() {
		leaves(sub, do)
	}
}

// configured sets up a home directory and returns it with the keys of the configuration of its node.
func configured(t *testing.T) (string, map[string]bool) {
	t.Helper()
	home := filepath.Join(t.TempDir(), "home")
	_, err := execute(t, "init", "node", "--home", home, "--chain-id", "openledger-test-1")
	require.NoError(t, err)
	keys := make(map[string]bool)
	for _, file := range []string{"app", "config"} {
		v := viper.New()
		v.SetConfigFile(nodeconfig.Path(home, file))
		require.NoError(t, v.ReadInConfig())
		for _, key := range v.AllKeys() {
			keys[key] = true
		}
		for section := range v.AllSettings() {
			keys[section] = true
		}
	}
	return home, keys
}

// TestConfigurationIsForNodes: no flag of a command that asks or sends is filled from the configuration of the node,
// whatever its name.
func TestConfigurationIsForNodes(t *testing.T) {
	home, keys := configured(t)
	root := NewRootCmd()
	root.PersistentFlags().String(flags.FlagHome, home, "")
	collisions := 0
	leaves(root, func(cmd *cobra.Command) {
		if useOf(cmd) != asClient {
			return
		}
		require.NoError(t, cmd.ParseFlags(nil))
		before := make(map[string]string)
		cmd.LocalNonPersistentFlags().VisitAll(func(flag *pflag.Flag) {
			if keys[flag.Name] {
				before[flag.Name] = flag.Value.String()
			}
		})
		if len(before) == 0 {
			return
		}
		collisions += len(before)
		ctx := context.WithValue(context.Background(), client.ClientContextKey, &client.Context{})
		cmd.SetContext(context.WithValue(ctx, server.ServerContextKey, server.NewDefaultContext()))
		require.NoError(t, root.PersistentPreRunE(cmd, nil), cmd.CommandPath())
		for name, value := range before {
			require.Equal(t, value, cmd.Flags().Lookup(name).Value.String(), "%s --%s", cmd.CommandPath(), name)
			require.False(t, cmd.Flags().Changed(name), "%s --%s", cmd.CommandPath(), name)
		}
	})
	require.Positive(t, collisions, "`query models model --version` has the name of a key of config.toml")

	// These commands work on the node: what its configuration says about them they take.
	meant := map[string]bool{"moniker": true, "pruning": true, "pruning-keep-recent": true, "pruning-interval": true,
		"app-db-backend": true}
	leaves(root, func(cmd *cobra.Command) {
		if useOf(cmd) == asClient || cmd.Name() == "start" {
			return
		}
		cmd.LocalNonPersistentFlags().VisitAll(func(flag *pflag.Flag) {
			require.False(t, keys[flag.Name] && !meant[flag.Name], "%s --%s is filled from the configuration of the node",
				cmd.CommandPath(), flag.Name)
		})
	})
}

// TestCommandsLeaveTheHomeAlone: a command that asks, or that works in a place of its own, sets nothing up by the way.
func TestCommandsLeaveTheHomeAlone(t *testing.T) {
	home, network := filepath.Join(t.TempDir(), "home"), filepath.Join(t.TempDir(), "network")
	t.Setenv("HOME", home)
	for _, args := range [][]string{
		{"version"}, {"query", "models", "model", "1", "--node", "tcp://127.0.0.1:1"}, {"config", "home"},
		{"debug", "prefixes"},
		{"testnet", "init-files", "--output-dir", network, "--validators", "1"},
		{"tx", "rewards", "claim", "--node", "tcp://127.0.0.1:1"},
		{"start"}, {"export"}, {"genesis", "validate"}, {"genesis", "gentx", "a", "1OPEN"},
	} {
		_, _ = execute(t, append(args, "--home", home)...)
		_, err := os.Stat(filepath.Join(home, "config"))
		require.ErrorIs(t, err, os.ErrNotExist, args)
	}
	chainID, err := nodeconfig.Get(filepath.Join(network, "node0"), "client", nodeconfig.KeyChainID)
	require.NoError(t, err)
	require.Equal(t, "openledger-local-1", chainID)

	_, err = execute(t, "start", "--home", home)
	require.ErrorContains(t, err, "holds no node: run `openledgerd init NAME` first")
}

// TestInitSaysWhichChain commands sign for, whatever client.toml said before.
func TestInitSaysWhichChain(t *testing.T) {
	home := filepath.Join(t.TempDir(), "home")
	config := nodeconfig.DefaultClient()
	config.ChainID = "openledger-demo-1"
	require.NoError(t, nodeconfig.WriteClient(home, config))
	_, err := execute(t, "init", "node", "--home", home, "--chain-id", "openledger-1")
	require.NoError(t, err)
	require.Equal(t, "openledger-1", value(t, home, "client", nodeconfig.KeyChainID))
	require.Equal(t, "auto", value(t, home, "client", nodeconfig.KeyGas))

	fresh := filepath.Join(t.TempDir(), "home")
	_, err = execute(t, "init", "node", "--home", fresh)
	require.NoError(t, err)
	require.Contains(t, value(t, fresh, "client", nodeconfig.KeyChainID), "test-chain-")
}

// TestGentxSignsForTheGenesis and for no other chain.
func TestGentxSignsForTheGenesis(t *testing.T) {
	home, _ := configured(t)
	run := func(args ...string) error {
		_, err := execute(t, append(args, "--home", home)...)
		return err
	}
	require.NoError(t, run("config", "set", "client", "keyring-backend", "test"))
	require.NoError(t, run("keys", "add", "v"))
	require.NoError(t, run("genesis", "add-genesis-account", "v", "1000OPEN"))
	require.ErrorContains(t, run("genesis", "gentx", "v", "100OPEN", "--chain-id", "other-1"),
		`is of chain "openledger-test-1", but this command would sign for chain "other-1"`)
	require.NoError(t, run("config", "set", "client", "chain-id", "other-1"))
	require.ErrorContains(t, run("genesis", "gentx", "v", "100OPEN"), "config set client chain-id openledger-test-1")
	require.NoError(t, run("config", "set", "client", "chain-id", ""))
	require.NoError(t, run("genesis", "gentx", "v", "100OPEN"))
	require.NoError(t, run("genesis", "collect-gentxs"))
	genesis, err := os.ReadFile(genesisPath(home))
	require.NoError(t, err)
	require.True(t, bytes.Contains(genesis, []byte(`"1000000000000000000000"`)), "1000 OPEN in aopen")
	require.True(t, bytes.Contains(genesis, []byte(`"100000000000000000000"`)), "100 OPEN in aopen")
}

// TestFlagsFromTheEnvironment are taken by every command, --home, too.
func TestFlagsFromTheEnvironment(t *testing.T) {
	home, _ := configured(t)
	t.Setenv("OPENLEDGERD_HOME", home)
	out, err := execute(t, "config", "get", "client", "chain-id")
	require.NoError(t, err)
	require.Equal(t, "openledger-test-1\n", out)
}
