// Package cmd holds the commands of openlorad.
package cmd

import (
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
  openlorad earnings ADDRESS                         what an account has earned, batch by batch`,
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.PersistentFlags().String(flagHome, defaultHome(), "directory for state of the gateway and of sessions")
	root.AddCommand(serveCmd(), askCmd(), earningsCmd(), sessionCmd(), statusCmd(), versionCmd(), demo.NewCommand())
	return root
}

func defaultHome() string {
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

// addAccountFlags adds what is needed to sign for an account.
func addAccountFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.String(flagNode, "127.0.0.1:9090", "gRPC address of a node")
	f.String(flagFrom, "", "name of the key that signs")
	f.String(flagBackend, "os", "keyring backend: os, file, test")
	f.String(flagKeys, "", "directory of the keyring (default that of openledgerd)")
	_ = cmd.MarkFlagRequired(flagFrom)
}

// connect dials the node and opens the key of --from.
func connect(cmd *cobra.Command) (*chain.Client, chain.Signer, error) {
	f := cmd.Flags()
	address, _ := f.GetString(flagNode)
	node, err := chain.Dial(cmd.Context(), address)
	if err != nil {
		return nil, chain.Signer{}, err
	}
	name, _ := f.GetString(flagFrom)
	backend, _ := f.GetString(flagBackend)
	dir, _ := f.GetString(flagKeys)
	if dir == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return nil, chain.Signer{}, err
		}
		dir = filepath.Join(home, ".openledger")
	}
	signer, err := chain.OpenKey(node.Codec(), backend, dir, name, cmd.InOrStdin())
	if err != nil {
		node.Close()
		return nil, signer, err
	}
	return node, signer, nil
}
