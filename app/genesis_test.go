package app_test

import (
	"encoding/json"
	"math/big"
	"regexp"
	"testing"
	"time"

	"cosmossdk.io/log/v2"

	dbm "github.com/cosmos/cosmos-db"
	"github.com/stretchr/testify/assert"
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

// TestNoParameterIsDust walks the default genesis of every module: whatever is an amount of the base unit is zero or at
// least a millionth of an OPEN. Six-decimal defaults, such as a deposit of ten million, are far below.
func TestNoParameterIsDust(t *testing.T) {
	_, state := defaultGenesis(t)
	dust := new(big.Int).Exp(big.NewInt(10), big.NewInt(12), nil)
	amounts := make(map[string]bool)
	for module, raw := range state {
		if len(raw) == 0 {
			continue // a module without state
		}
		var value any
		require.NoError(t, json.Unmarshal(raw, &value))
		walk(value, module, func(path, amount string) {
			n, ok := new(big.Int).SetString(amount, 10)
			require.True(t, ok, "%s = %q", path, amount)
			perUnit := path == "rewards.params.min_gas_price" || path == "datanet.params.fee_per_byte"
			assert.True(t, n.Sign() == 0 || n.Cmp(dust) >= 0 || perUnit,
				"%s = %s is an amount of aopen that is dust, or a number that notAmounts does not name", path, amount)
			amounts[path] = true
		})
	}
	// The walk finds whatever is not named: these were out of its sight before.
	for _, path := range []string{
		"attribution.params.dispute_bond", "attribution.params.submission_fee", "datanet.params.review.min_fee",
		"datanet.params.review.gas_refund",
		"rewards.params.payout_threshold", "gov.params.min_deposit", "staking.params.key_rotation_fee",
	} {
		require.True(t, amounts[path], "%s is not looked at", path)
	}
}

// notAmounts are numbers that JSON has as strings and that count something else: 64-bit integers, and shares.
var notAmounts = regexp.MustCompile(
	`(^|_)(gas_per_.*|max_memo_characters|tx_sig_limit|tx_size_cost_per_byte|sig_verify_cost_.*|.*cohort_tokens|id|next_.*|signed_blocks_window|starting_proposal_id|base|next|count|` +
		`height|number|unbonding_id|period|max_age_.*|max_bytes|max_gas|bundle_(bytes|work)_per_block|total|last_.*_power|previous_proposer)$`)

// digits are what amounts consist of.
var digits = regexp.MustCompile(`^[0-9]+$`)

// walk calls found for every coin of the base unit and for every whole number in a string that is not known to count
// something else.
func walk(value any, path string, found func(path, amount string)) {
	switch value := value.(type) {
	case map[string]any:
		if denom, ok := value["denom"].(string); ok {
			if amount, ok := value["amount"].(string); ok {
				if denom == sdk.DefaultBondDenom {
					found(path, amount)
				}
				return
			}
		}
		for key, inner := range value {
			if amount, ok := inner.(string); ok && digits.MatchString(amount) && !notAmounts.MatchString(key) {
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
	require.GreaterOrEqual(t, params.Evidence.MaxAgeDuration, app.UnbondingTime,
		"a validator could unbond before evidence expires")
	require.GreaterOrEqual(t, params.Evidence.MaxAgeNumBlocks, int64(app.UnbondingTime/time.Second))
	require.Positive(t, params.Block.MaxGas)
	require.Less(t, params.Block.MaxBytes, int64(8<<20))
}

func TestGlobals(t *testing.T) {
	require.Equal(t, "1000000000000000000", sdk.DefaultPowerReduction.String())
	require.Equal(t, "aopen", sdk.DefaultBondDenom)
	require.Regexp(t, "^open1", sdk.AccAddress(make([]byte, 20)).String())
}
