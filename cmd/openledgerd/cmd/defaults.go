package cmd

import (
	"time"

	cmtcfg "github.com/cometbft/cometbft/config"

	"github.com/openledger/openledger/cmd/openledgerd/nodeconfig"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// DefaultMinGasPrices is the gas price that a node asks for and that commands pay: the price of blocks on a new chain.
var DefaultMinGasPrices = rewardstypes.DefaultMinGasPrice().String() + rewardstypes.Denom

const (
	// DefaultQueryGasLimit bounds the work of one query.
	DefaultQueryGasLimit = 50_000_000
	// timeoutCommit leaves room for execution inside a block of one second. It
	// must not equal CometBFT's own default, which the server takes for unset.
	timeoutCommit = 900 * time.Millisecond
)

// appConfig returns the template and the defaults of app.toml.
func appConfig() (string, any) {
	config := nodeconfig.Default()
	config.MinGasPrices = DefaultMinGasPrices
	config.QueryGasLimit = DefaultQueryGasLimit
	config.API.Enable = true
	config.API.Swagger = true
	return nodeconfig.Template, config
}

// cometConfig returns the defaults of config.toml.
func cometConfig() *cmtcfg.Config {
	config := cmtcfg.DefaultConfig()
	config.Consensus.TimeoutCommit = timeoutCommit
	return config
}
