package cmd

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/cosmos/cosmos-sdk/client"
	"github.com/cosmos/cosmos-sdk/client/flags"
	"github.com/cosmos/cosmos-sdk/crypto/keyring"

	"github.com/openledger/openledger/amount"
	"github.com/openledger/openledger/cmd/openledgerd/nodeconfig"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// txTools are the commands below tx that work on a finished transaction.
var txTools = []string{"sign", "sign-batch", "multi-sign", "multisign-batch", "validate-signatures", "broadcast",
	"encode", "decode", "simulate"}

// buildsTx reports whether a command makes a transaction for the chain. Transactions for a genesis do not count.
func buildsTx(cmd *cobra.Command) bool {
	path := strings.Fields(cmd.CommandPath())
	if cmd.Flags().Lookup(flags.FlagGas) == nil || len(path) < 2 || path[1] == "genesis" {
		return false
	}
	return path[1] != "tx" || len(path) < 3 || !slices.Contains(txTools, path[2])
}

// setTxDefaults sets flags of a transaction that are not given: the gas that the node estimates, and the gas price of
// client.toml.
func setTxDefaults(cmd *cobra.Command, clientCtx client.Context, config nodeconfig.Client) error {
	f := cmd.Flags()
	if f.Lookup(flags.FlagGasPrices) != nil {
		if err := setPrices(f); err != nil {
			return err
		}
	}
	if !buildsTx(cmd) {
		return nil
	}
	dryRun, _ := f.GetBool(flags.FlagDryRun)
	if err := setSimulatedSigner(f, clientCtx, dryRun); err != nil {
		return err
	}
	unset := func(names ...string) bool {
		return !slices.ContainsFunc(names, f.Changed)
	}
	switch {
	case !unset(flags.FlagGas) || dryRun:
	case canEstimate(f, clientCtx, signerOf(cmd)):
		if err := f.Lookup(flags.FlagGas).Value.Set(config.Gas); err != nil {
			return err
		}
	default:
		cmd.PrintErrf("gas is %d, because it cannot be estimated here: --%s sets another limit\n", flags.DefaultGasLimit,
			flags.FlagGas)
	}
	if unset(flags.FlagGasPrices, flags.FlagFees) {
		price, err := price(config.GasPrices)
		if err != nil {
			return fmt.Errorf("%s of client.toml: %w", nodeconfig.KeyGasPrices, err)
		}
		if err := f.Lookup(flags.FlagGasPrices).Value.Set(price); err != nil {
			return err
		}
	}
	if unset(flags.FlagGasAdjustment) {
		return f.Lookup(flags.FlagGasAdjustment).Value.Set(config.GasAdjustment)
	}
	return nil
}

// canEstimate reports whether the node can estimate the gas of a transaction. It cannot offline, nor without the public
// key of the signer, which --generate-only may lack. Nor can it for a multisig key, because the SDK simulates too few
// of its signatures.
func canEstimate(f *pflag.FlagSet, clientCtx client.Context, from string) bool {
	if offline, _ := f.GetBool(flags.FlagOffline); offline {
		return false
	}
	generate, _ := f.GetBool(flags.FlagGenerateOnly)
	if !generate || from == "" {
		return true
	}
	_, name, kind, err := client.GetFromFields(clientCtx.WithGenerateOnly(true), clientCtx.Keyring, from)
	return err == nil && name != "" && kind != keyring.TypeMulti
}

// signerOf returns the name or address of the key that signs: --from, or the first argument of those commands of the
// SDK that take it there.
func signerOf(cmd *cobra.Command) string {
	args := cmd.Flags().Args()
	if len(args) > 0 {
		if name := argumentNames(cmd.Use, len(args))[0]; slices.Contains(
			[]string{"from_key_or_address", "granter_key_or_address", "granter"}, name) {
			return args[0]
		}
	}
	from, _ := cmd.Flags().GetString(flags.FlagFrom)
	return from
}

// setSimulatedSigner lets --dry-run take the name of a key in --from, not only an address.
func setSimulatedSigner(f *pflag.FlagSet, clientCtx client.Context, dryRun bool) error {
	from, _ := f.GetString(flags.FlagFrom)
	if !dryRun || from == "" {
		return nil
	}
	record, err := clientCtx.Keyring.Key(from)
	if err != nil {
		return nil // an address
	}
	address, err := record.GetAddress()
	if err != nil {
		return err
	}
	return f.Set(flags.FlagFrom, address.String())
}

// setPrices converts --gas-prices, which may be in OPEN or aopen, to aopen.
func setPrices(f *pflag.FlagSet) error {
	flag := f.Lookup(flags.FlagGasPrices)
	if !flag.Changed {
		return nil
	}
	price, err := price(flag.Value.String())
	if err != nil {
		return fmt.Errorf("--%s: %w", flags.FlagGasPrices, err)
	}
	return flag.Value.Set(price)
}

func price(text string) (string, error) {
	value, err := amount.ParsePrice(text)
	if err != nil {
		return "", err
	}
	return value.String() + rewardstypes.Denom, nil
}
