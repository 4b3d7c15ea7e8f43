package cmd

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"

	sdk "github.com/cosmos/cosmos-sdk/types"
)

// someAccount is an address that nobody has.
var someAccount = sdk.AccAddress(make([]byte, 20)).String()

// TestAmountsHaveUnits: each argument that is an amount, by the name that the usage gives it, is refused without a unit
// and with one that the chain does not have, before anything else is looked at.
func TestAmountsHaveUnits(t *testing.T) {
	sounds := regexp.MustCompile(`^(.*[-_])?(amount|price|deposit|coins?|bond|stake|fees?|threshold|aopen)$`)
	checked := 0
	leaves(NewRootCmd(), func(cmd *cobra.Command) {
		path := strings.Fields(cmd.CommandPath())[1:]
		if path[0] != "tx" && path[0] != "genesis" {
			return
		}
		n := len(strings.Fields(cmd.Use)) - 1
		names := argumentNames(cmd.Use, n)
		for i, name := range names {
			if !slices.Contains(amountArguments, name) {
				require.False(t, sounds.MatchString(name), "%s: is %s an amount?", cmd.CommandPath(), name)
				continue
			}
			for text, reason := range map[string]string{"400": "has no unit", "5uatom": "on this chain"} {
				args := slices.Repeat([]string{"1"}, n)
				for j, other := range names {
					if slices.Contains(amountArguments, other) {
						args[j] = "1OPEN"
					}
				}
				args[i] = text
				require.True(t, takesAmounts(cmd), cmd.CommandPath())
				_, err := readAmounts(cmd, args)
				require.ErrorContains(t, err, reason, cmd.CommandPath())
				checked++
			}
		}
	})
	require.Greater(t, checked, 40)
}

// TestAmountsAreWrittenInAopen, whichever unit they are given in.
func TestAmountsAreWrittenInAopen(t *testing.T) {
	home := t.TempDir()
	for _, c := range []struct {
		args []string
		want []string
	}{
		{[]string{"tx", "datanet", "bond", "2", "400OPEN"}, []string{`"amount":"400000000000000000000"`}},
		{[]string{"tx", "datanet", "bond", "2", "1.5 open"}, []string{`"amount":"1500000000000000000"`}},
		{[]string{"tx", "datanet", "bond", "2", "1500000aopen"}, []string{`"amount":"1500000"`}},
		{[]string{"tx", "datanet", "create-datanet", "n", "--royalty-floor", "0.1OPEN", "--review-fee", "0"},
			[]string{`"royalty_floor":"100000000000000000"`, `"review_fee":"0"`}},
		{[]string{"tx", "models", "set-offer", "1", "0.001OPEN", "2aopen"},
			[]string{`"input_price":"1000000000000000"`, `"output_price":"2"`}},
		{[]string{"tx", "rewards", "fund-bounty-pool", "1OPEN"},
			[]string{`{"denom":"aopen","amount":"1000000000000000000"}`}},
		{[]string{"tx", "bank", "send", someAccount, someAccount, "1OPEN"},
			[]string{`{"denom":"aopen","amount":"1000000000000000000"}`}},
		{[]string{"tx", "bank", "multi-send", someAccount, someAccount, someAccount, "1OPEN"},
			[]string{`"amount":"2000000000000000000"`}},
		{[]string{"tx", "gov", "deposit", "1", "1OPEN"}, []string{`{"denom":"aopen","amount":"1000000000000000000"}`}},
		{[]string{"tx", "rewards", "claim", "--fees", "0.5OPEN", "--gas", "7"},
			[]string{`"amount":"500000000000000000"`, `"gas_limit":"7"`}},
		{[]string{"tx", "rewards", "claim", "--gas-prices", "0.000000002OPEN", "--gas", "10", "--note", "hello"},
			[]string{`"amount":"20000000000"`, `"memo":"hello"`}},
		// offline nothing can be estimated
		{[]string{"tx", "rewards", "claim"}, []string{`"amount":"200000000000000"`, `"gas_limit":"200000"`}},
	} {
		args := append(slices.Clone(c.args), "--from", someAccount, "--offline", "--generate-only", "-a", "1", "-s", "1",
			"--home", home)
		out, err := execute(t, args...)
		require.NoError(t, err, c.args)
		for _, want := range c.want {
			require.Contains(t, out, want, c.args)
		}
	}
	for flag, args := range map[string][]string{
		"--review-fee":  {"tx", "datanet", "create-datanet", "n", "--review-fee", "5"},
		"--fees":        {"tx", "rewards", "claim", "--fees", "5"},
		"--gas-prices":  {"tx", "rewards", "claim", "--gas-prices", "5"},
		"--spend-limit": {"tx", "feegrant", "grant", someAccount, someAccount, "--spend-limit", "5"},
	} {
		_, err := execute(t, append(args, "--from", someAccount, "--home", home)...)
		require.ErrorContains(t, err, "has no unit", flag)
		require.ErrorContains(t, err, flag)
	}
}

// TestFlagsAreExplained: each flag says what it means, and no help speaks of another chain's coins.
func TestFlagsAreExplained(t *testing.T) {
	leaves(NewRootCmd(), func(cmd *cobra.Command) {
		require.NotContains(t, cmd.Long+cmd.Example+cmd.Short, "0000stake", cmd.CommandPath())
		require.NotContains(t, cmd.Long+cmd.Example, "uatom", cmd.CommandPath())
		cmd.LocalFlags().VisitAll(func(flag *pflag.Flag) {
			require.NotEmpty(t, flag.Usage, "%s --%s", cmd.CommandPath(), flag.Name)
			require.NotContains(t, flag.Usage, "'stake'", "%s --%s", cmd.CommandPath(), flag.Name)
		})
	})
}

func TestArgumentNames(t *testing.T) {
	for use, want := range map[string][]string{
		"bond DATANET-ID AMOUNT":                {"datanet-id", "amount"},
		"accept DATANET-ID RANK...":             {"datanet-id", "rank", "rank", "rank"},
		"send [from] [to] [amount]":             {"from", "to", "amount"},
		"add [name] [coin][,[coin]]":            {"name", "coin"},
		"multi [from] [to_1 to_2 ...] [amount]": {"from", "to_1", "to_2", "...", "amount"},
	} {
		require.Len(t, argumentNames(use, len(want)), len(want))
		if !strings.HasPrefix(use, "multi") {
			require.Equal(t, want, argumentNames(use, len(want)), use)
		} else {
			names := argumentNames(use, 7)
			require.Equal(t, "amount", names[6])
			require.NotContains(t, names[:6], "amount")
		}
	}
}
