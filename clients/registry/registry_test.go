// Package registry holds the files for the registry of chains, which wallets and explorers read. Its tests compare them
// with the chain's own constants.
package registry

import (
	"encoding/json"
	"os"
	"testing"

	dbm "github.com/cosmos/cosmos-db"
	"github.com/stretchr/testify/require"

	"cosmossdk.io/log/v2"

	simtestutil "github.com/cosmos/cosmos-sdk/testutil/sims"
	sdk "github.com/cosmos/cosmos-sdk/types"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"

	"github.com/openledger/openledger/app"
	"github.com/openledger/openledger/app/config"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

func read(t *testing.T, name string, into any) {
	t.Helper()
	content, err := os.ReadFile(name)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(content, into))
}

func TestChainIsWhatTheBinarySays(t *testing.T) {
	var chain struct {
		Prefix string            `json:"bech32_prefix"`
		Bech32 map[string]string `json:"bech32_config"`
		Daemon string            `json:"daemon_name"`
		Slip44 uint32            `json:"slip44"`
		Fees   struct {
			Tokens []struct {
				Denom string `json:"denom"`
				Fixed int64  `json:"fixed_min_gas_price"`
				Low   int64  `json:"low_gas_price"`
			} `json:"fee_tokens"`
		} `json:"fees"`
		Staking struct {
			Tokens []struct {
				Denom string `json:"denom"`
			} `json:"staking_tokens"`
		} `json:"staking"`
	}
	read(t, "chain.json", &chain)
	require.Equal(t, config.Bech32Prefix, chain.Prefix)
	require.Equal(t, map[string]string{
		"bech32PrefixAccAddr": config.Bech32Prefix, "bech32PrefixAccPub": config.Bech32Prefix + "pub",
		"bech32PrefixValAddr": config.Bech32PrefixValidator, "bech32PrefixValPub": config.Bech32PrefixValidator + "pub",
		"bech32PrefixConsAddr": config.Bech32PrefixConsensus, "bech32PrefixConsPub": config.Bech32PrefixConsensus + "pub",
	}, chain.Bech32)
	require.Equal(t, "openledgerd", chain.Daemon)
	require.Equal(t, sdk.GetConfig().GetCoinType(), chain.Slip44)
	require.Len(t, chain.Fees.Tokens, 1)
	require.Equal(t, rewardstypes.Denom, chain.Fees.Tokens[0].Denom)
	require.Equal(t, rewardstypes.DefaultMinGasPrice().Int64(), chain.Fees.Tokens[0].Fixed)
	require.Equal(t, rewardstypes.DefaultMinGasPrice().Int64(), chain.Fees.Tokens[0].Low)
	require.Len(t, chain.Staking.Tokens, 1)
	require.Equal(t, rewardstypes.Denom, chain.Staking.Tokens[0].Denom)
}

// TestAssetsAreThoseOfTheGenesis: wallets show the names that the bank module has for the coin.
func TestAssetsAreThoseOfTheGenesis(t *testing.T) {
	var list struct {
		Assets []struct {
			Description string                 `json:"description"`
			Units       []*banktypes.DenomUnit `json:"denom_units"`
			Base        string                 `json:"base"`
			Name        string                 `json:"name"`
			Display     string                 `json:"display"`
			Symbol      string                 `json:"symbol"`
		} `json:"assets"`
	}
	read(t, "assetlist.json", &list)
	options := simtestutil.NewAppOptionsWithFlagHome(t.TempDir())
	chain := app.New(log.NewNopLogger(), dbm.NewMemDB(), true, options)
	var bank banktypes.GenesisState
	chain.AppCodec().MustUnmarshalJSON(chain.DefaultGenesis()[banktypes.ModuleName], &bank)
	require.Len(t, list.Assets, len(bank.DenomMetadata))
	for i, asset := range list.Assets {
		require.Equal(t, bank.DenomMetadata[i], banktypes.Metadata{
			Description: asset.Description, DenomUnits: asset.Units, Base: asset.Base, Name: asset.Name,
			Display: asset.Display, Symbol: asset.Symbol,
		})
	}
}
