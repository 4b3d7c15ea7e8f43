// Package cmd holds the commands of openledgerd.
package cmd

import (
	"os"
	"strings"

	"cosmossdk.io/log/v2"

	dbm "github.com/cosmos/cosmos-db"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/cosmos/cosmos-sdk/client"
	clientconfig "github.com/cosmos/cosmos-sdk/client/config"
	"github.com/cosmos/cosmos-sdk/client/debug"
	"github.com/cosmos/cosmos-sdk/client/flags"
	"github.com/cosmos/cosmos-sdk/client/keys"
	"github.com/cosmos/cosmos-sdk/client/pruning"
	"github.com/cosmos/cosmos-sdk/client/rpc"
	"github.com/cosmos/cosmos-sdk/client/snapshot"
	"github.com/cosmos/cosmos-sdk/server"
	simtestutil "github.com/cosmos/cosmos-sdk/testutil/sims"
	authcmd "github.com/cosmos/cosmos-sdk/x/auth/client/cli"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"
	genutilcli "github.com/cosmos/cosmos-sdk/x/genutil/client/cli"

	"github.com/openledger/openledger/app"
	"github.com/openledger/openledger/app/voteext"
)

// NewRootCmd returns the openledgerd command with all sub-commands.
func NewRootCmd() *cobra.Command {
	// Codecs and module descriptions come from an application on an empty
	// in-memory store, which is dropped again.
	scratch, err := os.MkdirTemp("", app.Name)
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(scratch)
	describe := app.New(log.NewNopLogger(), dbm.NewMemDB(), true, simtestutil.NewAppOptionsWithFlagHome(scratch))
	defer describe.Close()

	clientCtx := client.Context{}.
		WithCodec(describe.AppCodec()).
		WithInterfaceRegistry(describe.InterfaceRegistry()).
		WithLegacyAmino(describe.LegacyAmino()).
		WithTxConfig(voteext.ClientTxConfig(describe.TxConfig())).
		WithInput(os.Stdin).
		WithAccountRetriever(authtypes.AccountRetriever{}).
		WithHomeDir(app.DefaultNodeHome).
		WithViper(app.EnvPrefix)

	root := &cobra.Command{
		Use:   app.Name,
		Short: "OpenLedger node and client",
		Long: `openledgerd runs an OpenLedger node and talks to one.

A chain on which every AI answer carries a receipt: which contributed data
shaped it, by how much, and who was paid for it.

  openledgerd init my-node --chain-id openledger-1   set up a home directory
  openledgerd start                                  run the node
  openledgerd data prepare notes/                    look at data before contributing it
  openledgerd review --help                          review contributions of others
  openledgerd tx datanet --help                      DataNets and contributions
  openledgerd query rewards earnings ADDRESS         what an account has earned
  openledgerd receipts verify ID                     recompute the receipt of an answer`,
		SilenceErrors: true,
		SilenceUsage:  true,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			return prepareContext(cmd, clientCtx)
		},
	}

	basic := describe.BasicManager()
	root.AddCommand(
		initCmd(basic, app.DefaultNodeHome),
		testnetCmd(basic),
		dataCmd(),
		reviewCmd(),
		receiptsCmd(),
		attestorCmd(),
		debug.Cmd(),
		pruning.Cmd(newApp, app.DefaultNodeHome),
		snapshot.Cmd(newApp),
		genutilcli.Commands(describe.TxConfig(), basic, app.DefaultNodeHome),
		server.StatusCommand(),
		keys.Commands(),
		queryCmd(),
		txCmd(),
	)
	node := new(starter)
	server.AddCommandsWithStartCmdOptions(root, app.DefaultNodeHome, node.newApp, exportApp, node.options())

	autoCtx, err := clientconfig.ReadDefaultValuesFromDefaultClientConfig(clientCtx)
	if err != nil {
		panic(err)
	}
	if err := describe.AutoCLI(autoCtx).EnhanceRootCommand(root); err != nil {
		panic(err)
	}
	root.AddCommand(configCmd())
	return root
}

// prepareContext gives a command its client and server configuration.
func prepareContext(cmd *cobra.Command, clientCtx client.Context) error {
	cmd.SetOut(cmd.OutOrStdout())
	cmd.SetErr(cmd.ErrOrStderr())
	clientCtx, err := client.ReadPersistentCommandFlags(clientCtx.WithCmdContext(cmd.Context()), cmd.Flags())
	if err != nil {
		return err
	}
	clientCtx, err = clientconfig.ReadFromClientConfig(clientCtx)
	if err != nil {
		return err
	}
	if err := client.SetCmdClientContextHandler(clientCtx, cmd); err != nil {
		return err
	}
	if err := payForGas(cmd); err != nil {
		return err
	}
	template, appConfig := appConfig()
	return server.InterceptConfigsPreRunHandler(withoutSection(cmd), template, appConfig, cometConfig())
}

// payForGas has a command below tx that names no fee pay the default price: no block takes a transaction for less.
func payForGas(cmd *cobra.Command) error {
	if !strings.HasPrefix(cmd.CommandPath(), cmd.Root().Name()+" tx ") {
		return nil
	}
	price, fees := cmd.Flags().Lookup(flags.FlagGasPrices), cmd.Flags().Lookup(flags.FlagFees)
	if price == nil || fees == nil || price.Changed || fees.Changed {
		return nil
	}
	return price.Value.Set(DefaultMinGasPrices)
}

// withoutSection returns a command with the flags and context of another, less
// --attestor: the server would take that flag for the section of app.toml with
// the same name, and the section for the value of the flag.
func withoutSection(cmd *cobra.Command) *cobra.Command {
	if cmd.Flags().Lookup(flagMirror) == nil {
		return cmd
	}
	shadow := &cobra.Command{Use: cmd.Use}
	shadow.SetContext(cmd.Context())
	shadow.SetOut(cmd.OutOrStdout())
	cmd.Flags().VisitAll(func(flag *pflag.Flag) {
		if flag.Name != flagMirror {
			shadow.Flags().AddFlag(flag)
		}
	})
	return shadow
}

func queryCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use:                        "query",
		Aliases:                    []string{"q"},
		Short:                      "Query the chain",
		DisableFlagParsing:         false,
		SuggestionsMinimumDistance: 2,
		RunE:                       client.ValidateCmd,
	}
	cmd.AddCommand(
		rpc.WaitTxCmd(),
		server.QueryBlockCmd(),
		server.QueryBlocksCmd(),
		server.QueryBlockResultsCmd(),
		authcmd.QueryTxCmd(),
		authcmd.QueryTxsByEventsCmd(),
	)
	return cmd
}

func txCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use:                        "tx",
		Short:                      "Sign and send transactions",
		SuggestionsMinimumDistance: 2,
		RunE:                       client.ValidateCmd,
	}
	cmd.AddCommand(
		authcmd.GetSignCommand(),
		authcmd.GetSignBatchCommand(),
		authcmd.GetMultiSignCommand(),
		authcmd.GetMultiSignBatchCmd(),
		authcmd.GetValidateSignaturesCommand(),
		authcmd.GetBroadcastCommand(),
		authcmd.GetEncodeCommand(),
		authcmd.GetDecodeCommand(),
		authcmd.GetSimulateCmd(),
	)
	return cmd
}
