package cmd

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/creachadair/tomledit"
	"github.com/creachadair/tomledit/parser"
	"github.com/spf13/cobra"

	"github.com/cosmos/cosmos-sdk/client"
)

// configFiles are the files that config reads and writes, without ".toml".
var configFiles = []string{"app", "client", "config"}

// configCmd reads and writes the configuration files, keeping their comments.
func configCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "config",
		Short: "Read and write configuration files",
		Long: `Read and write the configuration files of a node: app (application), config
(CometBFT) and client. Comments in the files are kept.`,
		RunE: client.ValidateCmd,
	}
	cmd.AddCommand(configHomeCmd(), configViewCmd(), configGetCmd(), configSetCmd())
	return cmd
}

func configHomeCmd() *cobra.Command {
	return &cobra.Command{
		Use:   "home",
		Short: "Print the home directory",
		Args:  cobra.NoArgs,
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
			_, content, err := readConfig(cmd, args[0])
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
			_, content, err := readConfig(cmd, args[0])
			if err != nil {
				return err
			}
			_, entry, err := findKey(content, args[0], args[1])
			if err != nil {
				return err
			}
			cmd.Println(strings.Trim(entry.KeyValue.Value.String(), `"`))
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
			path, content, err := readConfig(cmd, args[0])
			if err != nil {
				return err
			}
			document, entry, err := findKey(content, args[0], args[1])
			if err != nil {
				return err
			}
			value, err := tomlValue(entry.KeyValue.Value.String(), args[2])
			if err != nil {
				return fmt.Errorf("%s: %w", args[1], err)
			}
			entry.KeyValue.Value = value
			var out bytes.Buffer
			if err := tomledit.Format(&out, document); err != nil {
				return err
			}
			return os.WriteFile(path, out.Bytes(), 0o600)
		},
	}
}

// readConfig returns the path and the content of a configuration file.
func readConfig(cmd *cobra.Command, name string) (string, []byte, error) {
	for _, known := range configFiles {
		if name != known {
			continue
		}
		path := filepath.Join(client.GetClientContextFromCmd(cmd).HomeDir, "config", name+".toml")
		content, err := os.ReadFile(path)
		if err != nil {
			return "", nil, fmt.Errorf("%w: run `openledgerd init` first, or give --home", err)
		}
		return path, content, nil
	}
	return "", nil, fmt.Errorf("unknown configuration %q: choose one of %s", name, strings.Join(configFiles, ", "))
}

func findKey(content []byte, file, key string) (*tomledit.Document, *tomledit.Entry, error) {
	document, err := tomledit.Parse(bytes.NewReader(content))
	if err != nil {
		return nil, nil, err
	}
	path, err := parser.ParseKey(key)
	if err != nil {
		return nil, nil, fmt.Errorf("key %q: %w", key, err)
	}
	entry := document.First(path...)
	if entry == nil || entry.KeyValue == nil {
		return nil, nil, fmt.Errorf("no key %q in %s.toml: see `openledgerd config view %s`", key, file, file)
	}
	return document, entry, nil
}

// tomlValue parses text as the type that the key has now; strings need no quotes.
func tomlValue(current, text string) (parser.Value, error) {
	if strings.HasPrefix(current, `"`) && !strings.HasPrefix(text, `"`) {
		text = fmt.Sprintf("%q", text)
	}
	return parser.ParseValue(text)
}
