// Package cmd holds the commands of openledgerd.
package cmd

import (
	"os"

	dbm "github.com/cosmos/cosmos-db"
	"github.com/cosmos/gogoproto/proto"
	"github.com/spf13/cobra"
	"google.golang.org/protobuf/reflect/protoregistry"

	"cosmossdk.io/client/v2/autocli"
	"cosmossdk.io/client/v2/autocli/flag"
	"cosmossdk.io/log/v2"

	"github.com/cosmos/cosmos-sdk/client"
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

	"github.com/openledger/openledger/app"
	"github.com/openledger/openledger/app/voteext"
)

// NewRootCmd returns the openledgerd command with all sub-commands.
func NewRootCmd() *cobra.Command {
	// Codecs and module descriptions come from an application on an empty in-memory store, which is closed again.
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

OpenLedger is a chain on which every AI answer carries a receipt. The receipt says
which contributed data shaped the answer, by how much, and who was paid for it.

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
		genesisCmd(describe.TxConfig(), basic),
		server.StatusCommand(),
		keys.Commands(),
		queryCmd(),
		txCmd(),
	)
	node := new(starter)
	server.AddCommandsWithStartCmdOptions(root, app.DefaultNodeHome, node.newApp, exportApp, node.options())

	queries := make(replyTypes)
	if err := addModuleCommands(root, describe.AutoCLI(clientCtx), queries); err != nil {
		panic(err)
	}
	root.AddCommand(configCmd())
	wrapCommands(root, queries)
	return root
}

// addModuleCommands adds the queries and transactions of each module, with amounts in OPEN.
func addModuleCommands(root *cobra.Command, options autocli.AppOptions, queries replyTypes) error {
	files, err := proto.MergedRegistry()
	if err != nil {
		return err
	}
	builder := &autocli.Builder{
		Builder: flag.Builder{
			TypeResolver:          protoregistry.GlobalTypes,
			FileResolver:          files,
			AddressCodec:          options.AddressCodec,
			ValidatorAddressCodec: options.ValidatorAddressCodec,
			ConsensusAddressCodec: options.ConsensusAddressCodec,
		},
		GetClientConn: queries.connection,
		AddQueryConnFlags: func(cmd *cobra.Command) {
			flags.AddQueryFlagsToCmd(cmd)
			flags.AddKeyringFlags(cmd.Flags())
		},
		AddTxConnFlags: flags.AddTxFlagsToCmd,
	}
	defineAmounts(&builder.Builder)
	return options.EnhanceRootCommandWithBuilder(root, builder)
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
