package cmd

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/reflect/protoreflect"

	"cosmossdk.io/math"

	basev1beta1 "cosmossdk.io/api/cosmos/base/v1beta1"
	"cosmossdk.io/client/v2/autocli/flag"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/amount"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// The SDK reads some amounts itself, such as the deposit in the file of a proposal. They may be in OPEN, too.
func init() {
	for denom, decimals := range map[string]int64{amount.Unit: 0, rewardstypes.DisplayDenom: 0,
		rewardstypes.Denom: rewardstypes.Decimals} {
		if err := sdk.RegisterDenom(denom, math.LegacyNewDecWithPrec(1, decimals)); err != nil {
			panic(err)
		}
	}
}

// amountArguments are the names of arguments that are amounts.
var amountArguments = []string{"amount", "deposit", "bond", "price", "input-price", "output-price", "threshold", "coin"}

// amountFlags are the flags of the SDK's commands that take amounts. wholeFlags are those that it reads as a number of
// aopen without a unit.
var (
	amountFlags = []string{"amount", "deposit", "fees", "period-limit", "spend-limit", "tip", "vesting-amount"}
	wholeFlags  = []string{"min-self-delegation"}
)

// takesAmounts reports whether a command has arguments and flags that are amounts, which their names tell.
func takesAmounts(cmd *cobra.Command) bool {
	path := strings.Fields(cmd.CommandPath())
	return len(path) > 2 && (path[1] == "tx" || path[1] == "genesis") || cmd.Flags().Lookup("fees") != nil
}

// readAmounts returns the arguments of a command with amounts converted to aopen. It converts the flags of the command,
// too.
func readAmounts(cmd *cobra.Command, args []string) ([]string, error) {
	args = slices.Clone(args)
	for i, name := range argumentNames(cmd.Use, len(args)) {
		if !slices.Contains(amountArguments, name) {
			continue
		}
		coins, err := canonicalCoins(args[i])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", strings.ToUpper(name), err)
		}
		args[i] = coins
	}
	for _, name := range slices.Concat(amountFlags, wholeFlags) {
		found := cmd.Flags().Lookup(name)
		if found == nil || !found.Changed || found.Value.String() == "" || found.Value.Type() != "string" {
			continue
		}
		coins, err := canonicalCoins(found.Value.String())
		if err != nil {
			return nil, fmt.Errorf("--%s: %w", name, err)
		}
		if slices.Contains(wholeFlags, name) {
			coins = strings.TrimSuffix(coins, rewardstypes.Denom)
		}
		if err := found.Value.Set(coins); err != nil {
			return nil, fmt.Errorf("--%s: %w", name, err)
		}
	}
	return args, nil
}

// canonicalCoins converts amounts, separated by commas, to aopen.
func canonicalCoins(text string) (string, error) {
	var coins []string
	for _, part := range strings.Split(text, ",") {
		coin, err := amount.ParseCoin(part)
		if err != nil {
			return "", err
		}
		coins = append(coins, coin.String())
	}
	return strings.Join(coins, ","), nil
}

// argumentNames returns the names that a usage line such as "bond DATANET-ID AMOUNT" gives to n arguments, in lower
// case.
func argumentNames(use string, n int) []string {
	fields := strings.Fields(use)[1:]
	names, variadic := make([]string, n), -1
	for i, field := range fields {
		if strings.Contains(field, "...") {
			variadic = i
		}
	}
	for i := range names {
		at := i
		if variadic >= 0 && i >= variadic {
			at = max(variadic, len(fields)-(n-i))
		}
		if at < len(fields) {
			name, _, _ := strings.Cut(strings.Trim(fields[at], "[]<>"), "]")
			names[i] = strings.ToLower(strings.TrimSuffix(name, "..."))
		}
	}
	return names
}

// intScalar marks a field of a message that holds an amount of aopen.
const intScalar = "cosmos.Int"

// defineAmounts makes autocli read amounts with their unit.
func defineAmounts(builder *flag.Builder) {
	builder.DefineScalarFlagType(intScalar, intType{})
	builder.DefineMessageFlagType("cosmos.base.v1beta1.Coin", coinType{})
}

// intType is the flag of a field that holds aopen.
type intType struct{}

// NewValue implements flag.Type.
func (intType) NewValue(*context.Context, *flag.Builder) flag.Value { return new(amountValue) }

// DefaultValue implements flag.Type.
func (intType) DefaultValue() string { return "" }

// coinType is the flag of a field that holds a coin.
type coinType struct{}

// NewValue implements flag.Type.
func (coinType) NewValue(*context.Context, *flag.Builder) flag.Value { return new(coinValue) }

// DefaultValue implements flag.Type.
func (coinType) DefaultValue() string { return "" }

// amountValue is an amount, "" if it is not given.
type amountValue struct{ aopen string }

// Set implements pflag.Value.
func (a *amountValue) Set(text string) error {
	value, err := amount.Parse(text)
	if err != nil {
		return err
	}
	a.aopen = value.String()
	return nil
}

// String implements pflag.Value.
func (a *amountValue) String() string { return a.aopen }

// Type implements pflag.Value.
func (*amountValue) Type() string { return "amount" }

// Get implements flag.HasValue.
func (a *amountValue) Get(protoreflect.Value) (protoreflect.Value, error) {
	if a.aopen == "" {
		return protoreflect.Value{}, nil
	}
	return protoreflect.ValueOfString(a.aopen), nil
}

// coinValue is an amount that a message holds as a coin.
type coinValue struct{ amountValue }

// Get implements flag.HasValue.
func (c *coinValue) Get(protoreflect.Value) (protoreflect.Value, error) {
	if c.aopen == "" {
		return protoreflect.Value{}, nil
	}
	coin := &basev1beta1.Coin{Denom: rewardstypes.Denom, Amount: c.aopen}
	return protoreflect.ValueOfMessage(coin.ProtoReflect()), nil
}
