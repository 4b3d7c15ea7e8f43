package cmd

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/cosmos/cosmos-sdk/client"

	"github.com/openledger/openledger/cmd/openledgerd/nodeconfig"
)

// configCmd returns the commands that read and write configuration files. They keep comments.
func configCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "config",
		Short: "Read and write configuration files",
		Long: `Read and write the configuration files of a node: app (application), config
(CometBFT) and client. Comments in the files are kept.`,
		RunE: client.ValidateCmd,
	}
	cmd.AddCommand(configHomeCmd(), configViewCmd(), configGetCmd(), configSetCmd(), configModeCmd())
	return cmd
}

func configHomeCmd() *cobra.Command {
	return &cobra.Command{
		Use:     "home",
		Short:   "Print the home directory",
		Example: "openledgerd config home",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cmd.Println(client.GetClientContextFromCmd(cmd).HomeDir)
			return nil
		},
	}
}

func configViewCmd() *cobra.Command {
	return &cobra.Command{
		Use:     "view app|client|config",
		Short:   "Print a configuration file",
		Example: "openledgerd config view app",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			content, err := nodeconfig.Read(client.GetClientContextFromCmd(cmd).HomeDir, args[0])
			if err != nil {
				return err
			}
			cmd.Print(string(content))
			return nil
		},
	}
}

func configGetCmd() *cobra.Command {
	return &cobra.Command{
		Use:     "get app|client|config KEY",
		Short:   "Print a configuration value",
		Example: "openledgerd config get app minimum-gas-prices\nopenledgerd config get config p2p.persistent_peers",
		Args:    cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			value, err := nodeconfig.Get(client.GetClientContextFromCmd(cmd).HomeDir, args[0], args[1])
			if err != nil {
				return err
			}
			cmd.Println(value)
			return nil
		},
	}
}

func configSetCmd() *cobra.Command {
	return &cobra.Command{
		Use:   "set app|client|config KEY VALUE",
		Short: "Change a configuration value",
		Example: `openledgerd config set client chain-id openledger-1
openledgerd config set app api.enable false
openledgerd config set config p2p.persistent_peers "ID@host:26656"`,
		Args: cobra.ExactArgs(3),
		RunE: func(cmd *cobra.Command, args []string) error {
			_, err := nodeconfig.Set(client.GetClientContextFromCmd(cmd).HomeDir,
				nodeconfig.Setting{File: args[0], Key: args[1], Value: args[2]})
			return err
		},
	}
}

// configModeCmd returns the command that sets what a node is for.
func configModeCmd() *cobra.Command {
	var long strings.Builder
	long.WriteString(
		"Set what a node is for. This changes pruning, indexing, caches and services in app.toml\n" +
			"and config.toml, prints what was different, and takes effect at the next start:\n\n")
	table := tabwriter.NewWriter(&long, 0, 4, 2, ' ', 0)
	for _, m := range nodeconfig.Modes {
		fmt.Fprintf(table, "  %s\t%s\n", m.Mode, m.Long)
	}
	_ = table.Flush()
	long.WriteString(
		"\nA node does not get back states and blocks that it has dropped, nor an index of older\n" +
			"transactions: a validator that becomes an archive has history from then on.")
	return &cobra.Command{
		Use:   "mode " + strings.Join(nodeconfig.Names(), "|"),
		Short: "Set what a node is for",
		Long:  long.String(),
		Example: `openledgerd config mode validator
openledgerd config mode full --home /srv/rpc`,
		Args:      cobra.ExactArgs(1),
		ValidArgs: nodeconfig.Names(),
		RunE: func(cmd *cobra.Command, args []string) error {
			return setMode(cmd, client.GetClientContextFromCmd(cmd).HomeDir, nodeconfig.Mode(args[0]))
		},
	}
}

// setMode writes the settings of a mode, and prints those that were different.
func setMode(cmd *cobra.Command, home string, mode nodeconfig.Mode) error {
	settings, err := mode.SettingsIn(home)
	if err != nil {
		return err
	}
	changed, err := nodeconfig.Set(home, settings...)
	if err != nil {
		return err
	}
	for _, setting := range changed {
		cmd.Printf("%s.toml  %s = %s\n", setting.File, setting.Key, setting.Value)
	}
	return nil
}
