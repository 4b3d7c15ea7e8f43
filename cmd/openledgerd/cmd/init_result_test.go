package cmd

import (
	"errors"
	"fmt"
	"os"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"
)

func TestCommandsThatWriteAGenesisSayWhatTheyMade(t *testing.T) {
	home := t.TempDir()
	in := func(args ...string) string {
		out, err := execute(t, append(args, "--home", home)...)
		require.NoError(t, err, out)
		return out
	}
	out := in("init", "my-node", "--chain-id", "openledger-test-1")
	require.Regexp(t, `home:    `+home+`\nmoniker: my-node\nchain:   openledger-test-1\nnode id: [0-9a-f]{40}\n`, out)
	require.NotContains(t, out, "app_message")

	in("keys", "add", "v", "--keyring-backend", "test")
	in("genesis", "add-genesis-account", "v", "1000OPEN", "--keyring-backend", "test")
	in("genesis", "gentx", "v", "100OPEN", "--keyring-backend", "test")
	out = in("genesis", "collect-gentxs")
	require.Contains(t, out, "chain:      openledger-test-1\nvalidators: 1\n")
	require.NotContains(t, out, "app_message")
}

func TestOutputThatIsNoResultPassesThrough(t *testing.T) {
	for name, c := range map[string]struct {
		says   string
		fails  error
		shown  string
		failed string
	}{
		"a result":             {"{\n \"moniker\": \"m\",\n \"app_message\": {}\n}\n", nil, "", ""},
		"a question before":    {"> Enter your seed phrase\n{\n\"moniker\": \"m\"}\n", nil, "> Enter your seed phrase\n", ""},
		"no end of line":       {"what?", errors.New("bad"), "what?", "bad"},
		"a failure":            {"", errors.New("genesis.json exists"), "", "genesis.json exists"},
		"nothing":              {"", nil, "", "read the output of"},
		"something that is no": {"{\nnonsense\n", nil, "", "read the output of"},
	} {
		t.Run(name, func(t *testing.T) {
			cmd := &cobra.Command{Use: "x"}
			var shown writer
			cmd.SetErr(&shown)
			before := os.Stderr
			result, err := runForResult(cmd, nil, func(*cobra.Command, []string) error {
				fmt.Fprint(os.Stderr, c.says)
				return c.fails
			})
			require.Equal(t, before, os.Stderr)
			require.Equal(t, c.shown, string(shown))
			if c.failed != "" {
				require.ErrorContains(t, err, c.failed)
				return
			}
			require.NoError(t, err)
			require.Equal(t, "m", result.Moniker)
		})
	}
}

type writer []byte

func (w *writer) Write(p []byte) (int, error) { *w = append(*w, p...); return len(p), nil }
