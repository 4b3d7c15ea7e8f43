package cmd

import (
	"encoding/json"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openledger/openledger/openlora/chain"
	datanettypes "github.com/openledger/openledger/x/datanet/types"
)

// TestGenesisParameters sets parameters at the top and inside of others, as text, numbers and durations.
func TestGenesisParameters(t *testing.T) {
	cdc, err := chain.NewCodec()
	require.NoError(t, err)
	state := map[string]json.RawMessage{datanettypes.ModuleName: cdc.MustMarshalJSON(datanettypes.DefaultGenesis())}
	require.NoError(t, setParams(state, []string{
		"datanet.min_deposit=7", "datanet.max_pending=8", "datanet.paused=true",
		"datanet.review.commit_window=1m30s", "datanet.review.cohort_items=3", "datanet.review.min_bond=9",
		"datanet.standing.decay_ppm=10",
	}))
	var genesis datanettypes.GenesisState
	require.NoError(t, cdc.UnmarshalJSON(state[datanettypes.ModuleName], &genesis))
	want := datanettypes.DefaultParams()
	want.MinDeposit, want.MaxPending, want.Paused = want.MinDeposit.Sub(want.MinDeposit).AddRaw(7), 8, true
	want.Review.CommitWindow, want.Review.CohortItems = 90*time.Second, 3
	want.Review.MinBond, want.Standing.DecayPpm = want.Review.MinBond.Sub(want.Review.MinBond).AddRaw(9), 10
	require.Equal(t, want, genesis.Params)

	for edit, reason := range map[string]string{
		"datanet.min_deposit":             "want MODULE.FIELD=VALUE",
		"datanet=1":                       "want MODULE.FIELD=VALUE",
		"nothing.min_deposit=1":           "no module nothing",
		"datanet.reviews.commit_window=1": "datanet has no parameter reviews",
		"datanet.review.window=1":         "datanet has no parameter window",
		"datanet.max_pending.all=1":       "datanet has no fields in 8",
		"datanet.max_pending=many":        `datanet takes no "many" in place of 8`,
	} {
		require.ErrorContains(t, setParams(state, []string{edit}), reason, edit)
	}
}

func TestParametersThatNoChainStartsWithWriteNothing(t *testing.T) {
	for param, reason := range map[string]string{
		"attribution.dispute_window=-1s": "dispute_window",
		"datanet.max_pending=0":          "max_pending",
		"staking.max_validators=0":       "max validators",
		"datanet.max_pending=abc":        "takes no",
		"rewards.nothing=1":              "no parameter nothing",
	} {
		dir := filepath.Join(t.TempDir(), "net")
		_, err := execute(t, "testnet", "init-files", "--validators", "1", "--output-dir", dir, "--param", param)
		require.ErrorContains(t, err, reason, param)
		require.NoDirExists(t, dir)
	}
}
