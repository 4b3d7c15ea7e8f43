package app

import (
	"encoding/json"
	"time"

	sdkmath "cosmossdk.io/math"

	cmttypes "github.com/cometbft/cometbft/types"

	"github.com/cosmos/cosmos-sdk/client"
	"github.com/cosmos/cosmos-sdk/codec"
	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/module"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"
	distrtypes "github.com/cosmos/cosmos-sdk/x/distribution/types"
	govtypes "github.com/cosmos/cosmos-sdk/x/gov/types"
	govv1 "github.com/cosmos/cosmos-sdk/x/gov/types/v1"
	slashingtypes "github.com/cosmos/cosmos-sdk/x/slashing/types"
	stakingtypes "github.com/cosmos/cosmos-sdk/x/staking/types"

	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// UnbondingTime of stake. Evidence must stay admissible at least as long.
const UnbondingTime = 21 * 24 * time.Hour

// blockTime is what the defaults below are sized for.
const blockTime = time.Second

// open returns n OPEN in aopen.
func open(n int64) sdkmath.Int { return sdkmath.NewIntWithDecimal(n, rewardstypes.Decimals) }

func openCoin(n int64) sdk.Coin { return sdk.NewCoin(rewardstypes.Denom, open(n)) }

// genesisBuilders replace the default genesis of SDK modules whose defaults
// assume six decimals or slower blocks: with 18 decimals they are dust, and
// with blocks of a second their windows are minutes.
var genesisBuilders = map[string]func(codec.JSONCodec) json.RawMessage{
	banktypes.ModuleName:     bankGenesis,
	stakingtypes.ModuleName:  stakingGenesis,
	slashingtypes.ModuleName: slashingGenesis,
	distrtypes.ModuleName:    distributionGenesis,
	govtypes.ModuleName:      govGenesis,
}

func bankGenesis(cdc codec.JSONCodec) json.RawMessage {
	state := banktypes.DefaultGenesisState()
	state.DenomMetadata = []banktypes.Metadata{{
		Description: "OPEN pays the authors of the data that shapes AI answers, and secures the OpenLedger chain.",
		DenomUnits: []*banktypes.DenomUnit{
			{Denom: rewardstypes.Denom, Exponent: 0, Aliases: []string{"attoopen"}},
			{Denom: rewardstypes.DisplayDenom, Exponent: rewardstypes.Decimals, Aliases: []string{"OPEN"}},
		},
		Base:    rewardstypes.Denom,
		Display: rewardstypes.DisplayDenom,
		Name:    "OpenLedger",
		Symbol:  "OPEN",
	}}
	return cdc.MustMarshalJSON(state)
}

func stakingGenesis(cdc codec.JSONCodec) json.RawMessage {
	state := stakingtypes.DefaultGenesisState()
	state.Params.BondDenom = rewardstypes.Denom
	state.Params.UnbondingTime = UnbondingTime
	state.Params.MaxValidators = 100
	state.Params.MinCommissionRate = sdkmath.LegacyNewDecWithPrec(5, 2)
	state.Params.KeyRotationFee = openCoin(100)
	return cdc.MustMarshalJSON(state)
}

func slashingGenesis(cdc codec.JSONCodec) json.RawMessage {
	state := slashingtypes.DefaultGenesisState()
	// About 8 hours of blocks; jailed after missing 95 % of them.
	state.Params.SignedBlocksWindow = 30_000
	state.Params.MinSignedPerWindow = sdkmath.LegacyNewDecWithPrec(5, 2)
	state.Params.DowntimeJailDuration = 10 * time.Minute
	state.Params.SlashFractionDowntime = sdkmath.LegacyNewDecWithPrec(1, 4)
	state.Params.SlashFractionDoubleSign = sdkmath.LegacyNewDecWithPrec(5, 2)
	return cdc.MustMarshalJSON(state)
}

func distributionGenesis(cdc codec.JSONCodec) json.RawMessage {
	state := distrtypes.DefaultGenesisState()
	// Emission reaches stakers through the fee collector, so this is also the
	// community's share of emission.
	state.Params.CommunityTax = sdkmath.LegacyNewDecWithPrec(2, 2)
	return cdc.MustMarshalJSON(state)
}

func govGenesis(cdc codec.JSONCodec) json.RawMessage {
	state := govv1.DefaultGenesisState()
	voting, expedited, deposit := 5*24*time.Hour, 24*time.Hour, 7*24*time.Hour
	state.Params.MinDeposit = sdk.NewCoins(openCoin(1_000))
	state.Params.ExpeditedMinDeposit = sdk.NewCoins(openCoin(5_000))
	state.Params.MinInitialDepositRatio = sdkmath.LegacyNewDecWithPrec(25, 2).String()
	state.Params.MaxDepositPeriod = &deposit
	state.Params.VotingPeriod = &voting
	state.Params.ExpeditedVotingPeriod = &expedited
	state.Params.BurnVoteVeto = true
	return cdc.MustMarshalJSON(state)
}

// ConsensusParams are the consensus parameters of a new chain.
func ConsensusParams() *cmttypes.ConsensusParams {
	params := cmttypes.DefaultConsensusParams()
	params.Block.MaxBytes = 4 << 20
	params.Block.MaxGas = 150_000_000
	params.Evidence.MaxAgeDuration = UnbondingTime
	params.Evidence.MaxAgeNumBlocks = int64(UnbondingTime / blockTime)
	params.Evidence.MaxBytes = 256 << 10
	return params
}

// DefaultGenesis is the application state of a new chain without accounts.
func (app *App) DefaultGenesis() map[string]json.RawMessage {
	return app.basic.DefaultGenesis(app.appCodec)
}

// basicWithGenesis replaces the default genesis of a module.
type basicWithGenesis struct {
	module.AppModuleBasic
	build func(codec.JSONCodec) json.RawMessage
}

var _ module.HasGenesisBasics = basicWithGenesis{}

// DefaultGenesis implements module.HasGenesisBasics.
func (b basicWithGenesis) DefaultGenesis(cdc codec.JSONCodec) json.RawMessage { return b.build(cdc) }

// ValidateGenesis implements module.HasGenesisBasics.
func (b basicWithGenesis) ValidateGenesis(cdc codec.JSONCodec, config client.TxEncodingConfig,
	state json.RawMessage) error {
	return b.AppModuleBasic.(module.HasGenesisBasics).ValidateGenesis(cdc, config, state)
}
