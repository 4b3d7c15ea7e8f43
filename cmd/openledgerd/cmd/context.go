package cmd

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"github.com/spf13/viper"

	"cosmossdk.io/log/v2"

	"github.com/cosmos/cosmos-sdk/client"
	"github.com/cosmos/cosmos-sdk/client/flags"
	"github.com/cosmos/cosmos-sdk/server"

	"github.com/openledger/openledger/app"
	"github.com/openledger/openledger/cmd/openledgerd/nodeconfig"
)

// use says what a command needs of the home directory of a node.
type use int

const (
	// asClient reads client.toml if it exists. It never reads the configuration of the node, because its keys may have
	// the names of flags of the command. It writes no configuration.
	asClient use = iota
	// asReader reads the configuration of the node if it exists, and writes none.
	asReader
	// asNode works on a home directory that `init` has set up.
	asNode
	// asInit sets up a home directory.
	asInit
)

// uses lists the commands that are not asClient, by their path below the root. A path stands for all commands below it.
var uses = []struct {
	path string
	use  use
}{
	{"init", asInit},
	{"start", asNode},
	{"export", asNode},
	{"rollback", asNode},
	{"prune", asNode},
	{"snapshots", asNode},
	{"comet version", asClient},
	{"comet", asNode},
	{"genesis", asReader},
	{"attestor start", asReader},
}

func useOf(cmd *cobra.Command) use {
	path := strings.TrimPrefix(cmd.CommandPath(), cmd.Root().Name()+" ")
	for _, known := range uses {
		if path == known.path || strings.HasPrefix(path, known.path+" ") {
			return known.use
		}
	}
	return asClient
}

// prepareContext gives a command its client and server configuration.
func prepareContext(cmd *cobra.Command, clientCtx client.Context) error {
	cmd.SetOut(cmd.OutOrStdout())
	cmd.SetErr(cmd.ErrOrStderr())
	if err := setFromEnvironment(cmd); err != nil {
		return err
	}
	home, _ := cmd.Flags().GetString(flags.FlagHome)
	if home != "" {
		clientCtx = clientCtx.WithHomeDir(home)
	}
	clientCtx, config, err := readClientConfig(clientCtx.WithCmdContext(cmd.Context()))
	if err != nil {
		return err
	}
	if clientCtx, err = client.ReadPersistentCommandFlags(clientCtx, cmd.Flags()); err != nil {
		return err
	}
	if offline(cmd) && !cmd.Flags().Changed(flags.FlagChainID) {
		// An unsigned transaction names no chain, and the SDK refuses a chain id here.
		clientCtx = clientCtx.WithChainID("")
	}
	clientCtx = recordBroadcast(cmd, clientCtx)
	if err := client.SetCmdClientContextHandler(clientCtx, cmd); err != nil {
		return err
	}
	if err := setTxDefaults(cmd, clientCtx, config); err != nil {
		return err
	}
	serverCtx, err := serverContext(cmd, clientCtx.HomeDir)
	if err != nil {
		return err
	}
	// Only results go to standard output.
	logger, err := server.CreateSDKLogger(serverCtx, cmd.ErrOrStderr())
	if err != nil {
		return err
	}
	serverCtx.Logger = quiet{logger.With(log.ModuleKey, "server")}
	return server.SetCmdServerContext(cmd, serverCtx)
}

// offline reports whether a command writes an unsigned transaction without a node.
func offline(cmd *cobra.Command) bool {
	without, _ := cmd.Flags().GetBool(flags.FlagOffline)
	generate, _ := cmd.Flags().GetBool(flags.FlagGenerateOnly)
	return without && generate
}

// setFromEnvironment sets flags that are not given from the environment: --gas-prices from OPENLEDGERD_GAS_PRICES.
func setFromEnvironment(cmd *cobra.Command) error {
	var failed []error
	cmd.Flags().VisitAll(func(flag *pflag.Flag) {
		name := app.EnvPrefix + "_" + strings.ToUpper(strings.NewReplacer("-", "_", ".", "_").Replace(flag.Name))
		value, set := os.LookupEnv(name)
		if !set || flag.Changed || flag.Name == "help" {
			return
		}
		if err := cmd.Flags().Set(flag.Name, value); err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", name, err))
		}
	})
	return errors.Join(failed...)
}

// readClientConfig reads client.toml in the home directory, or takes the defaults if the file does not exist.
func readClientConfig(clientCtx client.Context) (client.Context, nodeconfig.Client, error) {
	var config nodeconfig.Client
	// Not the Viper of the context: with it, keys of client.toml would set flags that setTxDefaults leaves alone.
	v, path := viper.New(), nodeconfig.Path(clientCtx.HomeDir, "client")
	v.SetEnvPrefix(app.EnvPrefix)
	v.SetEnvKeyReplacer(strings.NewReplacer("-", "_"))
	v.AutomaticEnv()
	for key, value := range nodeconfig.DefaultClient().Values() {
		v.SetDefault(key, value)
	}
	v.SetConfigFile(path)
	if err := v.ReadInConfig(); err != nil && !errors.Is(err, os.ErrNotExist) {
		return clientCtx, config, fmt.Errorf("%s: %w", path, err)
	}
	config = nodeconfig.Client{
		ChainID: v.GetString(nodeconfig.KeyChainID), KeyringBackend: v.GetString(nodeconfig.KeyKeyringBackend),
		KeyName: v.GetString(nodeconfig.KeyKeyName),
		Output:  v.GetString(nodeconfig.KeyOutput), Node: v.GetString(nodeconfig.KeyNode),
		BroadcastMode: v.GetString(nodeconfig.KeyBroadcastMode),
		Gas:           v.GetString(nodeconfig.KeyGas), GasPrices: v.GetString(nodeconfig.KeyGasPrices),
		GasAdjustment: v.GetString(nodeconfig.KeyGasAdjustment),
	}
	clientCtx = clientCtx.WithOutputFormat(config.Output).WithChainID(config.ChainID).WithKeyringDir(clientCtx.HomeDir).
		WithKeyringDefaultKeyName(config.KeyName).WithNodeURI(config.Node).WithBroadcastMode(config.BroadcastMode)
	keyring, err := client.NewKeyringFromBackend(clientCtx, config.KeyringBackend)
	if err != nil {
		return clientCtx, config, fmt.Errorf("keyring-backend %q of %s: %w", config.KeyringBackend, path, err)
	}
	node, err := client.NewClientFromNode(config.Node)
	if err != nil {
		return clientCtx, config, fmt.Errorf("node %q of %s: %w", config.Node, path, err)
	}
	return clientCtx.WithKeyring(keyring).WithClient(node), config, nil
}

// serverContext reads as much of the node's configuration as a command uses.
func serverContext(cmd *cobra.Command, home string) (*server.Context, error) {
	what := useOf(cmd)
	_, err := os.Stat(nodeconfig.Path(home, "config"))
	fresh := errors.Is(err, os.ErrNotExist)
	if what == asNode && fresh {
		return nil, fmt.Errorf("%s holds no node: run `openledgerd init NAME` first, or give --%s", home, flags.FlagHome)
	}
	if what == asInit || what == asNode || what == asReader && !fresh {
		template, appConfig := appConfig()
		return server.InterceptConfigsAndCreateContext(cmd, template, appConfig, cometConfig())
	}
	serverCtx := server.NewDefaultContext()
	serverCtx.Config = cometConfig()
	serverCtx.Config.SetRoot(home)
	if what == asReader {
		return serverCtx, serverCtx.Viper.BindPFlags(cmd.Flags())
	}
	for _, name := range []string{flags.FlagHome, flags.FlagLogLevel, flags.FlagLogFormat, flags.FlagLogNoColor,
		flags.FlagVerboseLogLevel, server.FlagTrace} {
		if flag := cmd.Flags().Lookup(name); flag != nil {
			if err := serverCtx.Viper.BindPFlag(name, flag); err != nil {
				return nil, err
			}
		}
	}
	return serverCtx, nil
}

// setChainID writes to client.toml the chain for which commands sign. It creates the file if it does not exist.
func setChainID(home, chainID string) error {
	if _, err := os.Stat(nodeconfig.Path(home, "client")); errors.Is(err, os.ErrNotExist) {
		config := nodeconfig.DefaultClient()
		config.ChainID = chainID
		return nodeconfig.WriteClient(home, config)
	}
	_, err := nodeconfig.Set(home, nodeconfig.Setting{File: "client", Key: nodeconfig.KeyChainID, Value: chainID})
	return err
}

// quiet is a logger that leaves out messages without meaning for an operator.
type quiet struct{ log.Logger }

// noise lists the beginnings of messages that tell an operator nothing: the upgrade of an empty store takes no time,
// and a node that stops accepts no peers.
var noise = []string{"Upgrading IAVL storage for faster queries", "Stopped accept routine, as transport is closed"}

func worthLogging(message string) bool {
	return !slices.ContainsFunc(noise, func(start string) bool { return strings.HasPrefix(message, start) })
}

// Info implements log.Logger.
func (q quiet) Info(message string, keyVals ...any) {
	if worthLogging(message) {
		q.Logger.Info(message, keyVals...)
	}
}

// Error implements log.Logger. It leaves out that a server which was closed no longer serves.
func (q quiet) Error(message string, keyVals ...any) {
	closed := func(value any) bool {
		err, ok := value.(error)
		return ok && errors.Is(err, net.ErrClosed)
	}
	if worthLogging(message) && !slices.ContainsFunc(keyVals, closed) {
		q.Logger.Error(message, keyVals...)
	}
}

// With implements log.Logger.
func (q quiet) With(keyVals ...any) log.Logger { return quiet{q.Logger.With(keyVals...)} }

// genesisPath of a home directory.
func genesisPath(home string) string { return filepath.Join(home, "config", "genesis.json") }
