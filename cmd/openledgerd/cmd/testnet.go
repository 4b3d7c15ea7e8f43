package cmd

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	sdkmath "cosmossdk.io/math"

	"github.com/spf13/cobra"

	"github.com/cosmos/cosmos-sdk/client"
	"github.com/cosmos/cosmos-sdk/client/flags"
	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/module"

	"github.com/openledger/openledger/amount"
	"github.com/openledger/openledger/cmd/openledgerd/nodeconfig"
	"github.com/openledger/openledger/cmd/openledgerd/testnet"
)

const (
	flagValidators = "validators"
	flagOutputDir  = "output-dir"
	flagHost       = "host"
	flagBasePort   = "base-port"
	flagAccount    = "account"
	flagBlockTime  = "block-time"
	flagStake      = "stake"
	flagBalance    = "balance"
	flagParam      = "param"

	defaultNetworkDir = "./testnet"
)

// testnetCmd sets up networks for development and tests.
func testnetCmd(basic module.BasicManager) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "testnet",
		Short: "Set up networks for development and tests",
		Example: `openledgerd testnet init-files --validators 4
openledgerd testnet faucet alice`,
		RunE: client.ValidateCmd,
	}
	cmd.AddCommand(testnetInitFilesCmd(basic), testnetFaucetCmd())
	return cmd
}

func testnetInitFilesCmd(basic module.BasicManager) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "init-files",
		Short: "Write the home directories of a network that runs on one machine",
		Long: `Write the home directories of a network whose nodes run as processes on one
machine. Node i listens on base-port+10i (p2p), +1 (RPC), +2 (REST), +3 (gRPC)
and +4 (attestor). Its account key is in the test keyring of its home directory: this is
not for networks with value. Prints the nodes as JSON.`,
		Example: `openledgerd testnet init-files --validators 4 --output-dir ./net
openledgerd start --home ./net/node0     # and node1, node2, node3, each in its own terminal
openledgerd testnet init-files --mode validator    # as validators of a network with value
openledgerd testnet init-files --validators 1 --account open1…=1000OPEN`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			opts, err := testnetOptions(cmd)
			if err != nil {
				return err
			}
			clientCtx := client.GetClientContextFromCmd(cmd)
			opts.Genesis = basic.DefaultGenesis(clientCtx.Codec)
			edits, _ := cmd.Flags().GetStringArray(flagParam)
			if err := setParams(opts.Genesis, edits); err != nil {
				return err
			}
			// `start` would refuse a genesis that is not valid, so it is not written.
			if err := basic.ValidateGenesis(clientCtx.Codec, clientCtx.TxConfig, opts.Genesis); err != nil {
				return fmt.Errorf("--%s: %w", flagParam, err)
			}
			nodes, err := testnet.Init(clientCtx, opts)
			if err != nil {
				return err
			}
			encoder := json.NewEncoder(cmd.OutOrStdout())
			encoder.SetIndent("", "  ")
			return encoder.Encode(nodes)
		},
	}
	f := cmd.Flags()
	f.Int(flagValidators, 4, "number of validators")
	f.StringP(flagOutputDir, "o", defaultNetworkDir, "directory for the home directories")
	f.String(flags.FlagChainID, "openledger-local-1", "chain id")
	f.String(flagHost, "127.0.0.1", "address that nodes listen on and reach each other at, or one for each node, "+
		"separated by commas")
	f.Int(flagBasePort, 26600, "first port")
	f.StringArray(flagAccount, nil, "further account as ADDRESS=AMOUNT, such as open1…=1000OPEN; repeatable")
	f.Duration(flagBlockTime, 0, "pause between blocks; default: that of a mainnet node")
	f.String(flagStake, "1000000OPEN", "stake of each validator")
	f.StringArray(
		flagParam, nil, "genesis parameter as MODULE.FIELD=VALUE, for example attribution.dispute_window=60s or "+
			"datanet.review.commit_window=20s; repeatable")
	f.String(flagMode, string(nodeconfig.Full),
		"what the nodes are for, besides making blocks and verdicts: "+strings.Join(nodeconfig.Names(), ", "))
	f.String(flagBalance, "2000000OPEN", "balance of each validator, stake included")
	return cmd
}

func testnetOptions(cmd *cobra.Command) (testnet.Options, error) {
	f := cmd.Flags()
	var opts testnet.Options
	opts.Validators, _ = f.GetInt(flagValidators)
	opts.Dir, _ = f.GetString(flagOutputDir)
	opts.ChainID, _ = f.GetString(flags.FlagChainID)
	opts.Host, _ = f.GetString(flagHost)
	opts.BasePort, _ = f.GetInt(flagBasePort)
	opts.BlockTime, _ = f.GetDuration(flagBlockTime)
	for name, value := range map[string]*sdkmath.Int{flagStake: &opts.Stake, flagBalance: &opts.Balance} {
		text, _ := f.GetString(name)
		var err error
		if *value, err = amount.Parse(text); err != nil {
			return opts, fmt.Errorf("--%s: %w", name, err)
		}
	}
	_, config := appConfig()
	opts.AppConfig = config.(nodeconfig.Config)
	opts.CometConfig = cometConfig
	mode, _ := f.GetString(flagMode)
	var err error
	if opts.Settings, err = nodeconfig.Mode(mode).Settings(); err != nil {
		return opts, err
	}
	// In every mode all nodes are validators on one machine, and their attestors listen at the ports of the network.
	opts.Settings = slices.DeleteFunc(opts.Settings, func(s nodeconfig.Setting) bool { return s.Key == "attestor.listen" })
	opts.Settings = append(opts.Settings,
		nodeconfig.Setting{File: "app", Key: "attestor.mode", Value: nodeconfig.EmbeddedAttestor},
		nodeconfig.Setting{File: "app", Key: "attestor.allow-private", Value: "true"})
	accounts, _ := f.GetStringArray(flagAccount)
	for _, text := range accounts {
		account, err := parseAccount(text)
		if err != nil {
			return opts, fmt.Errorf("--%s %q: %w", flagAccount, text, err)
		}
		opts.Accounts = append(opts.Accounts, account)
	}
	return opts, nil
}

// setParams replaces parameters in the genesis of modules.
func setParams(state map[string]json.RawMessage, edits []string) error {
	for _, edit := range edits {
		place, value, ok := strings.Cut(edit, "=")
		module, path, dotted := strings.Cut(place, ".")
		if !ok || !dotted {
			return fmt.Errorf("--%s %q: want MODULE.FIELD=VALUE", flagParam, edit)
		}
		if _, known := state[module]; !known {
			return fmt.Errorf("--%s %q: no module %s: choose one of %s", flagParam, edit, module,
				strings.Join(slices.Sorted(maps.Keys(state)), ", "))
		}
		edited, err := setField(state[module], append([]string{"params"}, strings.Split(path, ".")...), value)
		if err != nil {
			return fmt.Errorf("--%s %q: %s %w", flagParam, edit, module, err)
		}
		state[module] = edited
	}
	return nil
}

// setField replaces the value at a path in a JSON object. The object must have a value there. A string stays a string.
func setField(encoded json.RawMessage, path []string, value string) (json.RawMessage, error) {
	if len(path) == 0 {
		switch {
		case len(encoded) > 0 && encoded[0] == '"':
			return json.Marshal(value)
		case !json.Valid([]byte(value)):
			return nil, fmt.Errorf("takes no %q in place of %s", value, encoded)
		}
		return json.RawMessage(value), nil
	}
	var object map[string]json.RawMessage
	if json.Unmarshal(encoded, &object) != nil {
		return nil, fmt.Errorf("has no fields in %s", encoded)
	}
	current, known := object[path[0]]
	if !known {
		return nil, fmt.Errorf("has no parameter %s: choose one of %s", path[0],
			strings.Join(slices.Sorted(maps.Keys(object)), ", "))
	}
	var err error
	if object[path[0]], err = setField(current, path[1:], value); err != nil {
		return nil, err
	}
	return json.Marshal(object)
}

func parseAccount(text string) (testnet.Account, error) {
	address, text, ok := strings.Cut(text, "=")
	if !ok {
		return testnet.Account{}, fmt.Errorf("want ADDRESS=AMOUNT, for example open1…=1000OPEN")
	}
	account, err := sdk.AccAddressFromBech32(address)
	if err != nil {
		return testnet.Account{}, err
	}
	coin, err := amount.ParseCoin(text)
	return testnet.Account{Address: account, Coins: sdk.NewCoins(coin)}, err
}
