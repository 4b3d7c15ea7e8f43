// Package cmd holds the commands of openlorad.
package cmd

import (
	"errors"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/cosmos/cosmos-sdk/version"

	"github.com/openledger/openledger/demo"
	"github.com/openledger/openledger/openlora/chain"
)

const (
	flagHome    = "home"
	flagNode    = "node"
	flagFrom    = "from"
	flagBackend = "keyring-backend"
	flagKeys    = "keyring-dir"
)

// NewRootCmd returns the openlorad command.
func NewRootCmd() *cobra.Command {
	root := &cobra.Command{
		Use:   "openlorad",
		Short: "Serve models, ask questions, see who is paid",
		Long: `openlorad holds the off-chain services of OpenLedger.

  openlorad demo                                     the whole story, in a minute
  openlorad serve --model 1 --from provider          serve a model over OpenAI-compatible HTTP
  openlorad ask "How do I …?" --from alice           ask, check the answer, pay its authors
  openlorad connect --from alice --budget 5OPEN/day  have any OpenAI client ask and pay
  openlorad models list                              which adapters the gateway serves
  openlorad train --datanet 1                        train an adapter on text, with the influence of each author
  openlorad session list                             what your sessions hold
  openlorad earnings ADDRESS                         what an account has earned, batch by batch

Results go to stdout, everything else to stderr. Every flag can be given in HOME/openlora.toml
(see openlorad init) or as an environment variable, such as OPENLORA_FROM for --from.
Amounts are written 1.5OPEN, or in base units with aopen.`,
		SilenceErrors:     true,
		SilenceUsage:      true,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error { return applyConfig(cmd) },
	}
	root.SetOut(os.Stdout)
	root.PersistentFlags().String(flagHome, defaultHome(),
		"directory for configuration, state of the gateway and sessions")
	root.AddCommand(serveCmd(), askCmd(), connectCmd(), earningsCmd(), sessionCmd(), modelsCmd(), receiptsCmd(),
		statusCmd(), initCmd(), configCmd(), versionCmd(), trainCmd(), verifyTrainingCmd(), demo.NewCommand())
	return root
}

func defaultHome() string {
	if home := os.Getenv("OPENLORA_HOME"); home != "" {
		return home
	}
	home, err := os.UserHomeDir()
	if err != nil {
		home = "."
	}
	return filepath.Join(home, ".openlora")
}

func versionCmd() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version", Args: cobra.NoArgs,
		Run: func(cmd *cobra.Command, _ []string) { cmd.Println(version.Version) },
	}
}

// addNodeFlag adds the flag of a command that asks a node.
func addNodeFlag(cmd *cobra.Command) {
	cmd.Flags().String(
		flagNode, "", "gRPC address of a node (default that of openledgerd's node on this machine, else 127.0.0.1:9090)")
}

// addAccountFlags adds the flags of commands that sign for an account.
func addAccountFlags(cmd *cobra.Command) {
	addNodeFlag(cmd)
	f := cmd.Flags()
	f.String(flagFrom, "", "name of the key that signs (default keyring-default-keyname of openledgerd)")
	f.String(flagBackend, "", "keyring backend: os, file, test (default that of openledgerd)")
	f.String(flagKeys, "", "directory of the keyring (default that of openledgerd)")
}

// dial connects to the node.
func dial(cmd *cobra.Command) (*chain.Client, error) {
	ledger, err := readLedger()
	if err != nil {
		return nil, err
	}
	address, _ := cmd.Flags().GetString(flagNode)
	named := address != ""
	if !named {
		address = ledger.grpc
	}
	node, err := chain.Dial(cmd.Context(), address)
	if err != nil {
		return nil, err
	}
	if !named {
		if err := ledger.checkChain(node.ChainID); err != nil {
			return nil, errors.Join(err, node.Close())
		}
	}
	return node, nil
}

// openAccount dials the node and opens the key of --from.
func openAccount(cmd *cobra.Command) (*chain.Client, chain.Signer, error) {
	ledger, err := readLedger()
	if err != nil {
		return nil, chain.Signer{}, err
	}
	f := cmd.Flags()
	or := func(flag, otherwise string) string {
		if value, _ := f.GetString(flag); value != "" {
			return value
		}
		return otherwise
	}
	name := or(flagFrom, ledger.keyName)
	if name == "" {
		return nil, chain.Signer{}, errors.New("name the key that signs with --from; `openledgerd keys list` shows the keys")
	}
	node, err := dial(cmd)
	if err != nil {
		return nil, chain.Signer{}, err
	}
	signer, err := chain.OpenKey(node.Codec(), or(flagBackend, ledger.backend), or(flagKeys, ledger.home), name,
		cmd.InOrStdin())
	if err != nil {
		return nil, signer, errors.Join(err, node.Close())
	}
	return node, signer, nil
}
