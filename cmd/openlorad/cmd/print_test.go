package cmd

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"cosmossdk.io/math"

	"github.com/openledger/openledger/amount"
	"github.com/openledger/openledger/openlora/api"
	"github.com/openledger/openledger/openlora/connect"
	"github.com/openledger/openledger/openlora/session"
)

// TestConfigSaysWhatItRead: what `openlorad config` prints is a file that says the same again, whatever its texts hold.
func TestConfigSaysWhatItRead(t *testing.T) {
	root := NewRootCmd()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.StringOf(rapid.RuneFrom([]rune("\"'\\\n\t\r\x00\x1b\x7f\u00ad#=[]{}, é😀"))))
		stored := settings{
			"from": text.Draw(t, "from"), "serve.listen": text.Draw(t, "listen"),
			"serve.indexer": rapid.Bool().Draw(t, "indexer"), "serve.max-tokens": int64(rapid.Int32().Draw(t, "tokens")),
		}
		var origins, models []any
		for range rapid.IntRange(0, 3).Draw(t, "lists") {
			origins = append(origins, text.Draw(t, "origin"))
			models = append(models, int64(rapid.IntRange(1, 99).Draw(t, "model")))
		}
		if len(origins) > 0 {
			stored["serve.origin"], stored["serve.model"] = origins, models
		}
		home, err := os.MkdirTemp("", "settings")
		require.NoError(t, err)
		defer os.RemoveAll(home)
		require.NoError(t, os.WriteFile(filepath.Join(home, configName), []byte(annotated(root, stored)), 0o600))
		cmd, _, err := root.Find([]string{"serve"})
		require.NoError(t, err)
		require.NoError(t, cmd.ParseFlags([]string{"--home", home}))
		read, err := readSettings(cmd)
		require.NoError(t, err)
		require.Equal(t, stored, read)
	})
}

// TestAmountFlags: a flag holds the last amount that it took, as it was written and in aopen; what is refused changes
// nothing.
func TestAmountFlags(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		flags := pflag.NewFlagSet("test", pflag.ContinueOnError)
		flags.Var(newAmountFlag("1OPEN"), "fee", "")
		want := math.NewIntWithDecimal(1, 18)
		for range rapid.IntRange(1, 5).Draw(t, "times") {
			if rapid.Bool().Draw(t, "bad") {
				bad := rapid.SampledFrom([]string{"", "5", "-1OPEN", "1e3OPEN", "OPEN", "1 2OPEN", "1OPEN\n", "0x1OPEN", "٣OPEN",
					"1.OPEN", "0.0000000000000000001OPEN", "1OPEN1", strings.Repeat("9", 200) + "OPEN"}).Draw(t, "text")
				if bad != "1OPEN\n" { // spaces around are left out
					require.Error(t, flags.Set("fee", bad), bad)
				}
			} else {
				want = math.NewIntFromUint64(rapid.Uint64().Draw(t, "aopen"))
				require.NoError(t, flags.Set("fee", strings.ReplaceAll(amount.Format(want), " ", "")))
			}
			require.Equal(t, want.String(), amountOf(flags, "fee").String())
			again, err := amount.Parse(flags.Lookup("fee").Value.String())
			require.NoError(t, err)
			require.Equal(t, want.String(), again.String())
		}
		require.Equal(t, "amount", flags.Lookup("fee").Value.Type())
	})
	require.Panics(t, func() { newAmountFlag("much") }, "a default that is no amount")
}

// TestSessionsAreListed with what they hold; what is not known is said to be so.
func TestSessionsAreListed(t *testing.T) {
	var out bytes.Buffer
	printSessions(&out, nil)
	require.Equal(t, "no sessions: `openlorad ask` opens one\n", out.String())
	open := func(n int64) *math.Int { value := math.NewIntWithDecimal(n, 18); return &value }
	at := time.Date(2026, 11, 30, 12, 0, 0, 0, time.Local)
	out.Reset()
	printSessions(&out, []held{
		{Session: "5f3c", Model: 1, Status: "open", Calls: 3, Deposit: open(10), Spent: *open(4), Left: open(6), Expires: &at},
		{Session: "77aa", Model: 2, Status: "unknown", Calls: 1, Spent: *open(1)},
		{Session: "transaction ABCD", Model: 1, Status: "opening", Deposit: open(2), Spent: math.ZeroInt()},
	})
	lines := strings.Split(out.String(), "\n")
	require.Regexp(t, `^5f3c +1 +open +3 +10 OPEN +4 OPEN +6 OPEN +2026-11-30 12:00`, lines[1])
	require.Regexp(t, `^77aa +2 +unknown +1 +\? +1 OPEN +\? +\?`, lines[2])
	require.Regexp(t, `^held 6 OPEN, and what is not known;`, lines[5])

	all, err := holdings(t.Context(), nil, session.Kept{})
	require.NoError(t, err)
	require.NotNil(t, all, "an empty list of JSON")
}

// TestUsageIsPrinted: by key, who was paid, what waits, and the last answers; titles and reasons are strangers' words.
func TestUsageIsPrinted(t *testing.T) {
	one := math.NewIntWithDecimal(1, 18)
	spent := connect.Spent{Hour: one, Day: one.MulRaw(2), Month: one.MulRaw(3)}
	usage := connect.Usage{
		Spent: spent, Budget: "5OPEN/day", Left: &one, Deposited: one.MulRaw(7), Waiting: 2,
		Sessions: []connect.SessionUsage{{}}, Keys: []connect.KeyUsage{{Name: "editor", Spent: spent}},
		Paid: []connect.Payee{
			{Role: "contributor", Account: "open1a", Title: "On hair\x1b[2J\n", Amount: one, Bonus: one},
			{Role: "burned", Amount: one, Bonus: math.ZeroInt()},
		},
		Answers: []connect.Record{
			{Key: "editor", Model: "openledger/1", Fee: one, Receipt: "ab-1", Payment: "paid"},
			{Key: "editor", Model: "openledger/1", Fee: one, Receipt: "ab-2", Refused: "it is\x1b]0;x\x07 wrong"},
		},
	}
	var out bytes.Buffer
	printUsage(&out, usage)
	text := out.String()
	require.NotContains(t, text, "\x1b")
	for _, want := range []string{
		`editor +1 OPEN +2 OPEN +3 OPEN`, `all +1 OPEN +2 OPEN +3 OPEN +5OPEN/day +1 OPEN`,
		`contributor +1 OPEN +\+ 1 OPEN bonus +open1a  On hair␛\[2J␊`, `burned +1 OPEN`,
		`who was paid: 2`, `ab-1 +paid`, `ab-2 +not acknowledged: it is␛\]0;x␇ wrong`, `open sessions: 1, with 7 OPEN`,
	} {
		require.Regexp(t, want, text)
	}
}

// TestUsageOfARunningProxy is asked with the secret of its file; one that does not run any more leaves its ledger.
func TestUsageOfARunningProxy(t *testing.T) {
	home := t.TempDir()
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer secret" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		require.Equal(t, "/usage?limit=3", r.URL.String())
		_, _ = w.Write([]byte(`{"account":"open1a","answers":[]}`))
	}))
	defer proxy.Close()
	path := filepath.Join(home, connectDir, runningFile)
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
	require.NoError(t, writeRunning(path, proxy.URL, "secret"))
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	out, _, err := run(t, home, "connect", "usage", "--limit", "3", "--json")
	require.NoError(t, err)
	require.Contains(t, out, `"account":"open1a"`)
	require.NoError(t, writeRunning(path, proxy.URL, "another"))
	_, _, err = run(t, home, "connect", "usage", "--limit", "3")
	require.ErrorContains(t, err, "401")
	proxy.Close()
	out, _, err = run(t, home, "connect", "usage")
	require.NoError(t, err)
	require.Contains(t, out, "THIS MONTH")
	require.NoError(t, os.WriteFile(path, []byte("{"), 0o600))
	_, _, err = run(t, home, "connect", "usage")
	require.Error(t, err)
}

// TestNamesOnTheCommandLine: models with versions, aliases, and what a gateway serves.
func TestNamesOnTheCommandLine(t *testing.T) {
	for text, want := range map[string][2]uint64{"7": {7, 0}, "7@2": {7, 2}, "18446744073709551615@4294967295": {1<<64 - 1, 1<<32 - 1}} {
		id, version, err := modelVersion(text)
		require.NoError(t, err, text)
		require.Equal(t, want, [2]uint64{id, uint64(version)})
	}
	for _, text := range []string{"", "0", "-1", "+1", "7@", "7@0", "@2", "7@-1", "7@4294967296", "7@2@3", "0x7", "7 ", "seven",
		"18446744073709551616"} {
		_, _, err := modelVersion(text)
		require.ErrorContains(t, err, "is no model", text)
	}

	aliases, err := parseAliases([]string{"gpt-4o=openledger/1", "a=b=c"})
	require.NoError(t, err)
	require.Equal(t, map[string]string{"gpt-4o": "openledger/1", "a": "b=c"}, aliases)
	for _, text := range []string{"", "=", "a=", "=b", "a"} {
		_, err := parseAliases([]string{text})
		require.ErrorContains(t, err, "write gpt-4o-mini", text)
	}

	served := api.ModelList{Data: []api.Model{{ID: "another kind"}, {OpenLedger: &api.ModelInfo{ModelID: 4}},
		{OpenLedger: &api.ModelInfo{ModelID: 2}}}}
	for wanted, want := range map[uint64]uint64{0: 4, 2: 2, 4: 4} {
		got, err := pick(served, wanted)
		require.NoError(t, err)
		require.Equal(t, want, got.ModelID)
	}
	_, err = pick(served, 3)
	require.ErrorContains(t, err, "does not serve model 3")
	_, err = pick(api.ModelList{}, 0)
	require.Error(t, err)
}

// TestBaseConfig: of a base nothing but its configuration need be here, and nothing else is taken for one.
func TestBaseConfig(t *testing.T) {
	none, err := baseConfig("")
	require.NoError(t, err)
	require.Nil(t, none)
	folder := t.TempDir()
	_, err = baseConfig(folder)
	require.ErrorIs(t, err, os.ErrNotExist)
	file := filepath.Join(folder, "config.json")
	require.NoError(t, os.WriteFile(file, []byte(`{"architectures":["Unknown"]}`), 0o600))
	for _, path := range []string{folder, file, filepath.Join(folder, "nothing")} {
		_, err = baseConfig(path)
		require.Error(t, err, path)
	}
}
