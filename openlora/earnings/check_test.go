package earnings_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/openlora/earnings"
)

var (
	recipient    = sdk.AccAddress("recipient___________").String()
	wholeHistory = `{"address":"a","height":9,"totals":{"earned":"6","contributed":"5","bonus":"1","paid_out":"2"},"entries":[
		{"kind":"batch","height":9,"batch":3,"contributed":"4","bonus":"1","bonus_asked":"1","amount":"5",
			"parts":[{"role":"contributor","receipts":1,"amount":"5","bonus_asked":"1"}]},
		{"kind":"claim","height":8,"recipient":"` + recipient + `","amount":"2"},
		{"kind":"payout","height":7,"amount":"2"}],"next":"00"}`
	wholeDays = `{"height":9,"days":[{"date":"2026-11-29","contributors":"1","datanets":"2","lineage":"3","providers":"4",` +
		`"bonus":"5","paid_out":"6"}]}`
)

// TestHistoriesFromElsewhereAreChecked: a history that lacks a field, or has an unknown word, is refused. Nothing that
// a gateway sends makes its reader panic.
func TestHistoriesFromElsewhereAreChecked(t *testing.T) {
	read := func(text string) error {
		var history earnings.History
		require.NoError(t, json.Unmarshal([]byte(text), &history))
		return history.Check()
	}
	require.NoError(t, read(wholeHistory))
	for from, to := range map[string]string{
		`"earned":"6",`: ``, `"contributed":"5",`: ``, `"bonus":"1","paid_out"`: `"paid_out"`, `,"paid_out":"2"`: ``,
		`"contributed":"4",`: ``, `"bonus":"1","bonus_asked":"1","amount"`: `"amount"`, `,"amount":"5",`: `,`,
		`"kind":"claim"`: `"kind":"gift"`, `"role":"contributor"`: `"role":"\u001b[2J"`, `,"amount":"5","bonus_asked":"1"}`: `}`,
		`"recipient":"open1`: `"recipient":"=cmd|`, `"kind":"batch"`: `"kind":""`,
	} {
		require.Contains(t, wholeHistory, from)
		require.ErrorIs(t, read(strings.Replace(wholeHistory, from, to, 1)), earnings.ErrUnreadable, from)
	}
	require.ErrorIs(t, read(`{"totals":{"earned":"0","contributed":"0","bonus":"0","paid_out":"0"},"next":"00"}`),
		earnings.ErrUnreadable, "pages that never end")
}

// TestDaysFromElsewhereAreChecked: days are checked like histories.
func TestDaysFromElsewhereAreChecked(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var days map[string]any
		require.NoError(t, json.Unmarshal([]byte(wholeDays), &days))
		day := days["days"].([]any)[0].(map[string]any)
		gone := rapid.SampledFrom([]string{"", "contributors", "datanets", "lineage", "providers", "bonus", "paid_out"}).Draw(t, "gone")
		delete(day, gone)
		text, err := json.Marshal(days)
		require.NoError(t, err)
		var read earnings.Days
		require.NoError(t, json.Unmarshal(text, &read))
		if gone == "" {
			require.NoError(t, read.Check())
			return
		}
		require.ErrorIs(t, read.Check(), earnings.ErrUnreadable, gone)
	})
}
