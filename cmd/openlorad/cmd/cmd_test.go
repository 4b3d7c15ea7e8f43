package cmd

import (
	"bytes"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"
)

// run runs openlorad with homes of its own, and returns what it writes to stdout and stderr.
func run(t *testing.T, home string, args ...string) (stdout, stderr string, err error) {
	t.Helper()
	root := NewRootCmd()
	var out, errs bytes.Buffer
	root.SetOut(&out)
	root.SetErr(&errs)
	root.SetArgs(append(args, "--home", home))
	err = root.ExecuteContext(t.Context())
	return out.String(), errs.String(), err
}

func TestResultsAreOnStdout(t *testing.T) {
	home := t.TempDir()
	require.Equal(t, os.Stdout, NewRootCmd().OutOrStderr(), "cmd.Println writes there")
	key, stderr, err := run(t, home, "serve", "answer-key")
	require.NoError(t, err)
	require.Empty(t, stderr)
	decoded, err := hex.DecodeString(strings.TrimSpace(key))
	require.NoError(t, err)
	require.Len(t, decoded, 32)
	again, _, err := run(t, home, "serve", "answer-key")
	require.NoError(t, err)
	require.Equal(t, key, again)
	list, _, err := run(t, home, "session", "list", "--json")
	require.NoError(t, err)
	require.Equal(t, "[]\n", list)
}

// effective are the flags of a command after the configuration was applied.
func effective(t *testing.T, home string, args ...string) *cobra.Command {
	t.Helper()
	root := NewRootCmd()
	cmd, rest, err := root.Find(args)
	require.NoError(t, err)
	require.NoError(t, cmd.ParseFlags(append(rest, "--home", home)))
	require.NoError(t, applyConfig(cmd))
	return cmd
}

func value(t *testing.T, cmd *cobra.Command, flag string) string {
	t.Helper()
	return cmd.Flags().Lookup(flag).Value.String()
}

func TestFlagsWinOverEnvironmentOverFile(t *testing.T) {
	home := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(home, configName), []byte(`
from = "alice"
[serve]
from = "provider"
model = [1, 2]
listen = "127.0.0.1:1"
answer-timeout = "3m"
indexer = false
origin = ["https://a.example", "https://b.example"]
[ask]
max-fee = "0.5OPEN"
`), 0o600))
	serve := effective(t, home, "serve")
	require.Equal(t, "provider", value(t, serve, flagFrom))
	require.Equal(t, "[1,2]", value(t, serve, flagModel))
	require.Equal(t, "127.0.0.1:1", value(t, serve, flagListen))
	require.Equal(t, "3m0s", value(t, serve, flagAnswerTimeout))
	require.Equal(t, "false", value(t, serve, flagIndexer))
	require.Equal(t, "[https://a.example,https://b.example]", value(t, serve, flagOrigin))
	require.Equal(t, "alice", value(t, effective(t, home, "session", "close"), flagFrom))
	ask := effective(t, home, "ask")
	require.Equal(t, "500000000000000000", amountOf(ask.Flags(), flagMaxFee).String())

	t.Setenv("OPENLORA_LISTEN", "127.0.0.1:2")
	t.Setenv("OPENLORA_MODEL", "7,8")
	require.Equal(t, "127.0.0.1:2", value(t, effective(t, home, "serve"), flagListen))
	require.Equal(t, "[7,8]", value(t, effective(t, home, "serve"), flagModel))
	require.Equal(t, "127.0.0.1:3", value(t, effective(t, home, "serve", "--listen", "127.0.0.1:3"), flagListen))
}

func TestConfigRefusesWhatItDoesNotKnow(t *testing.T) {
	for text, why := range map[string]string{
		"[serve]\nlisten-on = 1\n":     "serve.listen-on",
		"listen = 1\n":                 "listen",
		"[serve]\nlisten = [\"a\"]\n":  "one value",
		"[ask]\nmax-fee = \"5\"\n":     "has no unit",
		"[serve]\nmodel = \"first\"\n": "serve.model",
		"[serve\n":                     configName,
	} {
		home := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(home, configName), []byte(text), 0o600))
		for _, command := range []string{"serve", "ask"} {
			_, _, err := run(t, home, map[string][]string{"serve": {"serve"}, "ask": {"ask", ""}}[command]...)
			require.Error(t, err)
			if strings.Contains(text, command) || !strings.Contains(text, "]\n") {
				require.ErrorContains(t, err, why, text)
			}
		}
	}
}

// TestInitWritesEverySetting: the file is read as it is, and with every setting made active.
func TestInitWritesEverySetting(t *testing.T) {
	home := filepath.Join(t.TempDir(), "new")
	path, _, err := run(t, home, "init")
	require.NoError(t, err)
	require.Equal(t, filepath.Join(home, configName), strings.TrimSpace(path))
	_, _, err = run(t, home, "init")
	require.ErrorContains(t, err, "is there already")
	effective(t, home, "serve")

	content, err := os.ReadFile(filepath.Join(home, configName))
	require.NoError(t, err)
	lines := strings.Split(string(content), "\n")
	active := 0
	for i, line := range lines {
		if rest, ok := strings.CutPrefix(line, "# "); ok && i > 0 && strings.HasPrefix(lines[i-1], "# ") &&
			strings.Contains(rest, " = ") {
			lines[i] = rest
			active++
		}
	}
	require.Greater(t, active, 30)
	require.NoError(t, os.WriteFile(filepath.Join(home, configName), []byte(strings.Join(lines, "\n")), 0o600))
	for _, command := range sections {
		before, after := effective(t, t.TempDir(), command), effective(t, home, command)
		for _, flag := range []string{flagListen, flagModel, flagOrigin, flagMaxTokens, flagDeposit, flagKeepAlive, flagNode,
			flagLimit} {
			if before.Flags().Lookup(flag) != nil {
				require.Equal(t, value(t, before, flag), value(t, after, flag))
			}
		}
	}
	shown, _, err := run(t, home, "config")
	require.NoError(t, err)
	require.Contains(t, shown, "\nmax-tokens = 1024\n")
}

func TestAskChecksBeforeItSpends(t *testing.T) {
	home := t.TempDir()
	t.Setenv("OPENLEDGERD_HOME", t.TempDir())
	for _, c := range []struct {
		args []string
		why  string
	}{
		{[]string{"ask", " \n"}, "the question is empty"},
		{[]string{"ask", "Why?", "--deposit", "10"}, "has no unit"},
		{[]string{"ask", "Why?", "--max-fee", "1OPEM"}, "there is no"},
		{[]string{"ask", "Why?", "--deposit", "1OPEN", "--max-fee", "2OPEN"}, "below the maximum fee of 2 OPEN"},
		{[]string{"ask", "Why?"}, "--from"},
		{[]string{"ask", "Why?", "--session", "5f3c"}, "openlorad session list"},
		{[]string{"session", "close"}, "--all"},
		{[]string{"session", "close", "5f3c", "--all"}, "--all"},
	} {
		_, _, err := run(t, home, c.args...)
		require.ErrorContains(t, err, c.why, c.args)
	}
	entries, err := os.ReadDir(home)
	require.NoError(t, err)
	require.Empty(t, entries)
}

// TestConnectKeys: a budget that a key is made without is not that of the proxy, and what is refused is refused before
// anything is made.
func TestConnectKeys(t *testing.T) {
	home := t.TempDir()
	require.NoError(
		t,
		os.WriteFile(
			filepath.Join(home, configName),
			[]byte("[connect]\nbudget = \"7OPEN/day\"\nmax-fee = \"3OPEN\"\n"),
			0o600,
		),
	)
	require.Equal(t, "7OPEN/day", value(t, effective(t, home, "connect"), flagBudget))
	secret, _, err := run(t, home, "connect", "key", "add", "editor")
	require.NoError(t, err)
	require.Regexp(t, `^sk-openledger-\S{32}\n$`, secret)
	_, _, err = run(t, home, "connect", "key", "add", "writer", "--budget", "2OPEN/month", "--max-fee", "0.5OPEN")
	require.NoError(t, err)
	_, _, err = run(t, home, "connect", "key", "add", "editor")
	require.ErrorContains(t, err, "already")
	list, _, err := run(t, home, "connect", "key", "list")
	require.NoError(t, err)
	require.Regexp(t, `editor +1OPEN/day +that of the proxy`, list)
	require.Regexp(t, `writer +2OPEN/month +0.5 OPEN`, list)
	require.NotContains(t, list, strings.TrimSpace(secret))
	_, _, err = run(t, home, "connect", "key", "remove", "editor")
	require.NoError(t, err)
	list, _, err = run(t, home, "connect", "key", "list", "--json")
	require.NoError(t, err)
	require.NotContains(t, list, "editor")
	usage, _, err := run(t, home, "connect", "usage")
	require.NoError(t, err)
	require.Contains(t, usage, "writer")
}

func TestConnectChecksBeforeItListens(t *testing.T) {
	t.Setenv("OPENLEDGERD_HOME", t.TempDir())
	for why, args := range map[string][]string{
		"lets other machines spend": {"--listen", "0.0.0.0:0"}, "is not a budget": {"--budget", "5OPEN"},
		"write gpt-4o-mini":          {"--alias", "gpt"},
		"--patience must be above 0": {"--patience", "0s"}, "--from": nil, "--fee-granter": {"--fee-granter", "open1x"},
	} {
		_, _, err := run(t, t.TempDir(), append([]string{"connect"}, args...)...)
		require.ErrorContains(t, err, why)
	}
}

func TestLedgerIsThatOfTheMachine(t *testing.T) {
	home := t.TempDir()
	t.Setenv("OPENLEDGERD_HOME", home)
	write := func(name, text string) {
		require.NoError(t, os.MkdirAll(filepath.Join(home, "config"), 0o700))
		require.NoError(t, os.WriteFile(filepath.Join(home, "config", name), []byte(text), 0o600))
	}
	l, err := readLedger()
	require.NoError(t, err)
	require.Equal(t, ledger{home: home, backend: "os", grpc: "127.0.0.1:9090"}, l)
	require.Equal(t, filepath.Join(home, "content"), l.content())

	write(
		"client.toml",
		"chain-id = \"one-1\"\nkeyring-backend = \"test\"\nkeyring-default-keyname = \"alice\"\n"+
			"node = \"tcp://localhost:26657\"\n",
	)
	write("app.toml", "[grpc]\naddress = \"localhost:9999\"\n")
	l, err = readLedger()
	require.NoError(t, err)
	require.Equal(t, ledger{home: home, backend: "test", keyName: "alice", chainID: "one-1", grpc: "localhost:9999"}, l)
	require.NoError(t, l.checkChain("one-1"))
	require.ErrorContains(t, l.checkChain("two-1"), "config set client chain-id two-1")

	write("client.toml", "node = \"https://rpc.example.org:443\"\n")
	l, err = readLedger()
	require.NoError(t, err)
	require.Equal(t, "rpc.example.org:9090", l.grpc, "app.toml is of another node")
}
