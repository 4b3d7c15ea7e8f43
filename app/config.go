package app

import (
	"os"
	"path/filepath"

	sdkmath "cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

const (
	// Name of the application and of the node's binary.
	Name = "openledgerd"
	// Bech32Prefix of account addresses.
	Bech32Prefix = "open"
	// Bech32PrefixValidator of validator operator addresses.
	Bech32PrefixValidator = Bech32Prefix + "valoper"
	// Bech32PrefixConsensus of consensus addresses.
	Bech32PrefixConsensus = Bech32Prefix + "valcons"
	// EnvPrefix of environment variables that set configuration.
	EnvPrefix = "OPENLEDGERD"
)

// DefaultNodeHome is where a node keeps its configuration and data.
var DefaultNodeHome string

// init sets the SDK's process globals. They are read by codecs, keepers and
// commands at construction, so they must be right before anything else runs.
func init() {
	sdk.DefaultPowerReduction = sdkmath.NewIntWithDecimal(1, rewardstypes.Decimals)
	sdk.DefaultBondDenom = rewardstypes.Denom

	config := sdk.GetConfig()
	config.SetBech32PrefixForAccount(Bech32Prefix, Bech32Prefix+"pub")
	config.SetBech32PrefixForValidator(Bech32PrefixValidator, Bech32PrefixValidator+"pub")
	config.SetBech32PrefixForConsensusNode(Bech32PrefixConsensus, Bech32PrefixConsensus+"pub")
	config.Seal()

	home, err := os.UserHomeDir()
	if err != nil {
		home = "."
	}
	DefaultNodeHome = filepath.Join(home, ".openledger")
}
