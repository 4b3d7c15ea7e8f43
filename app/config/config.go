// Package config sets the SDK's process globals: address prefixes, bond denom
// and power reduction. Codecs, keepers and commands read them at construction,
// so importing the package is enough, and every program of the project does.
package config

import (
	"os" // determinism: how often the SDK asks the kernel, and nothing else

	sdkmath "cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

const (
	// Bech32Prefix of account addresses.
	Bech32Prefix = "open"
	// Bech32PrefixValidator of validator operator addresses.
	Bech32PrefixValidator = Bech32Prefix + "valoper"
	// Bech32PrefixConsensus of consensus addresses.
	Bech32PrefixConsensus = Bech32Prefix + "valcons"
)

func init() {
	// Without a scope the SDK asks the kernel for executable and host, and
	// formats both, whenever it reads an address: seven microseconds, a few times
	// in every transaction.
	if os.Getenv(sdk.EnvConfigScope) == "" {
		if err := os.Setenv(sdk.EnvConfigScope, "openledger"); err != nil {
			panic(err)
		}
	}

	sdk.DefaultPowerReduction = sdkmath.NewIntWithDecimal(1, rewardstypes.Decimals)
	sdk.DefaultBondDenom = rewardstypes.Denom

	config := sdk.GetConfig()
	config.SetBech32PrefixForAccount(Bech32Prefix, Bech32Prefix+"pub")
	config.SetBech32PrefixForValidator(Bech32PrefixValidator, Bech32PrefixValidator+"pub")
	config.SetBech32PrefixForConsensusNode(Bech32PrefixConsensus, Bech32PrefixConsensus+"pub")
	config.Seal()
}
