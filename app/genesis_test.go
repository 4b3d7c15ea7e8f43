package app_test

import (
	"encoding/json"
	"math/big"
	"regexp"
	"testing"
	"time"

	"cosmossdk.io/log/v2"

	dbm "github.com/cosmos/cosmos-db"
	"github.com/stretchr/testify/require"

	simtestutil "github.com/cosmos/cosmos-sdk/testutil/sims"
	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/app"
)

func defaultGenesis(t *testing.T) (*app.App, map[string]json.RawMessage) {
	t.Helper()
	a := app.New(log.NewNopLogger(), dbm.NewMemDB(), true, simtestutil.NewAppOptionsWithFlagHome(t.TempDir()))
	return a, a.DefaultGenesis()
}

// TestNoParameterIsDust walks every module's parameters: whatever is an amount
// of the base unit must be zero or at least a millionth of an OPEN. Six-decimal
// defaults, such as a deposit of ten million, are far below.
func TestNoParameterIsDust(t *testing.T) {
	_, state := defaultGenesis(t)
	dust := new(big.Int).Exp(big.NewInt(10), big.NewInt(12), nil)
	amounts := 0
	for module, raw := range state {
		if len(raw) == 0 {
			continue // a module without state
		}
		var value any
		require.NoError(t, json.Unmarshal(raw, &value))
		walk(value, module, func(path, amount string) {
			n, ok := new(big.Int).SetString(amount, 10)
			require.True(t, ok, "%s = %q", path, amount)
			require.True(t, n.Sign() == 0 || n.Cmp(dust) >= 0, "%s = %s aopen is dust", path, amount)
			amounts++
		})
	}
	require.Greater(t, amounts, 8, "the walk found the amounts")
}

// amountKeys name integer parameters in aopen that are not coins.
var amountKeys = regexp.MustCompile(`^(deposit_per_token|min_deposit|creation_fee|min_bond|registration_fee|bonus_per_second|payout_threshold|reserve)$`)

// walk calls found for every coin and every amount below value.
func walk(value any, path string, found func(path, amount string)) {
	switch value := value.(type) {
	case map[string]any:
		if denom, ok := value["denom"].(string); ok {
			if amount, ok := value["amount"].(string); ok && denom == sdk.DefaultBondDenom {
				found(path, amount)
				return
			}
		}
		for key, inner := range value {
			if amount, ok := inner.(string); ok && amountKeys.MatchString(key) {
				found(path+"."+key, amount)
				continue
			}
			walk(inner, path+"."+key, found)
		}
	case []any:
		for _, inner := range value {
			walk(inner, path, found)
		}
	}
}

func TestNoForeignDenomination(t *testing.T) {
	_, state := defaultGenesis(t)
	for module, raw := range state {
		require.NotContains(t, string(raw), `"stake"`, module)
	}
}

func TestDefaultGenesisIsValid(t *testing.T) {
	a, state := defaultGenesis(t)
	require.NoError(t, a.BasicManager().ValidateGenesis(a.AppCodec(), a.TxConfig(), state))
}

func TestWindowsFitTogether(t *testing.T) {
	params := app.ConsensusParams()
	require.GreaterOrEqual(t, params.Evidence.MaxAgeDuration, app.UnbondingTime, "a validator could unbond before evidence expires")
	require.GreaterOrEqual(t, params.Evidence.MaxAgeNumBlocks, int64(app.UnbondingTime/time.Second))
	require.Positive(t, params.Block.MaxGas)
	require.Less(t, params.Block.MaxBytes, int64(8<<20))
}

func TestGlobals(t *testing.T) {
	require.Equal(t, "1000000000000000000", sdk.DefaultPowerReduction.String())
	require.Equal(t, "aopen", sdk.DefaultBondDenom)
	require.Regexp(t, "^open1", sdk.AccAddress(make([]byte, 20)).String())
}
