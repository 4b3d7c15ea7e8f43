package cmd

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	sdkmath "cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/openlora/earnings"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

var earner = sdk.AccAddress("earner______________").String()

// accounted is a random history, newest first, with totals that are those of its entries.
func accounted(t *rapid.T) earnings.History {
	aopen := func(name string) sdkmath.Int {
		return sdkmath.NewIntFromUint64(rapid.Uint64().Draw(t, name)).MulRaw(rapid.Int64Range(0, 1_000).Draw(t, name+" times"))
	}
	zero := sdkmath.ZeroInt()
	h := earnings.History{Address: earner, FirstHeight: 1, Height: 900, Complete: true,
		Totals: earnings.Totals{Earned: zero, Contributed: zero, Bonus: zero, PaidOut: zero}}
	at := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	for i := range rapid.IntRange(0, 30).Draw(t, "entries") {
		at = at.Add(-time.Duration(rapid.IntRange(0, 40).Draw(t, "hours")) * time.Hour)
		when := at
		entry := earnings.Entry{Height: int64(900 - i), Time: &when}
		if rapid.IntRange(0, 3).Draw(t, "paid") == 0 {
			entry.Kind, entry.Amount = earnings.KindPayout, aopen("paid out")
			if rapid.Bool().Draw(t, "claimed") {
				entry.Kind, entry.Recipient = earnings.KindClaim, earner
			}
			h.Totals.PaidOut = h.Totals.PaidOut.Add(entry.Amount)
			h.Entries = append(h.Entries, entry)
			continue
		}
		contributed, bonus := zero, aopen("bonus")
		entry.Kind, entry.Batch, entry.Amount = earnings.KindBatch, uint64(i+1), zero
		for range rapid.IntRange(1, 3).Draw(t, "parts") {
			part := earnings.Part{Role: rapid.SampledFrom([]string{"contributor", "datanet", "lineage", "provider"}).Draw(t, "role"),
				Model: 1, Receipts: 2, Amount: aopen("part"), BonusAsked: zero}
			if part.Role == "contributor" {
				contributed = contributed.Add(part.Amount)
			}
			entry.Amount = entry.Amount.Add(part.Amount)
			entry.Parts = append(entry.Parts, part)
		}
		asked := bonus
		entry.Contributed, entry.Bonus, entry.BonusAsked = &contributed, &bonus, &asked
		h.Totals.Batches++
		h.Totals.Earned = h.Totals.Earned.Add(entry.Amount).Add(bonus)
		h.Totals.Contributed = h.Totals.Contributed.Add(contributed).Add(bonus)
		h.Totals.Bonus = h.Totals.Bonus.Add(bonus)
		h.Entries = append(h.Entries, entry)
	}
	return h
}

// paged serves a history in pages, as a gateway does. Next of a page is the number of entries before it.
func paged(t require.TestingT, whole earnings.History, size int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		from, _ := strconv.Atoi(r.URL.Query().Get("before"))
		limit, err := strconv.Atoi(r.URL.Query().Get("limit"))
		require.NoError(t, err)
		to := min(from+min(size, limit), len(whole.Entries))
		page := whole
		if page.Entries = whole.Entries[from:to]; to < len(whole.Entries) {
			page.Next = strconv.Itoa(to)
		}
		_ = json.NewEncoder(w).Encode(page)
	}
}

// TestEarningsAddUp: however many pages a gateway gives, the lines of --csv and the days of --by-day have between them
// all that the account has earned and was paid, to the last aopen.
func TestEarningsAddUp(t *testing.T) {
	var serve http.HandlerFunc
	gateway := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { serve(w, r) }))
	defer gateway.Close()
	home := t.TempDir()
	rapid.Check(t, func(rt *rapid.T) {
		whole := accounted(rt)
		serve = paged(rt, whole, rapid.IntRange(1, 7).Draw(rt, "page"))
		out, _, err := run(t, home, "earnings", earner, "--gateway", gateway.URL, "--csv")
		require.NoError(rt, err)
		rows, err := csv.NewReader(strings.NewReader(out)).ReadAll()
		require.NoError(rt, err)
		require.Equal(rt, "aopen", rows[0][9])
		in, paid := sdkmath.ZeroInt(), sdkmath.ZeroInt()
		for _, row := range rows[1:] {
			amount, ok := sdkmath.NewIntFromString(row[9])
			require.True(rt, ok, row)
			require.Equal(rt, rewardstypes.FormatOpen(amount), row[8])
			if row[2] == string(earnings.KindBatch) {
				in = in.Add(amount)
			} else {
				paid = paid.Sub(amount)
			}
		}
		require.Equal(rt, whole.Totals.Earned.String(), in.String())
		require.Equal(rt, whole.Totals.PaidOut.String(), paid.String())

		out, _, err = run(t, home, "earnings", earner, "--gateway", gateway.URL, "--by-day", "--json", "--limit", "366")
		require.NoError(rt, err)
		var days []dayOf
		require.NoError(rt, json.Unmarshal([]byte(out), &days))
		zero := sdkmath.ZeroInt()
		sum, last := earnings.Totals{Earned: zero, Contributed: zero, Bonus: zero, PaidOut: zero}, "9"
		for _, day := range days {
			require.Less(rt, day.Date, last, "each day once, newest first")
			last = day.Date
			sum.Batches += day.Batches
			sum.Earned, sum.Contributed = sum.Earned.Add(day.Earned), sum.Contributed.Add(day.Contributed)
			sum.Bonus, sum.PaidOut = sum.Bonus.Add(day.Bonus), sum.PaidOut.Add(day.PaidOut)
		}
		require.Equal(rt, fmt.Sprint(whole.Totals), fmt.Sprint(sum))
	})
}

// TestEarningsOfStrangers: whatever a gateway answers, the command ends with an error or prints lines without anything
// that acts on a terminal.
func TestEarningsOfStrangers(t *testing.T) {
	zeros := `"totals":{"earned":"0","contributed":"0","bonus":"0","paid_out":"0"}`
	for body, want := range map[string]string{
		``:                               "unexpected end of JSON input",
		`<html>`:                         "invalid character",
		`{}`:                             "an amount is missing",
		`{"totals":{}}`:                  "an amount is missing",
		`{` + zeros + `,"next":"0a"}`:    "an empty page",
		`{` + zeros + `,"entries":[{}]}`: "an amount is missing",
		`{` + zeros + `,"entries":[{"kind":"batch","amount":"1"}]}`:     "without its amounts",
		`{` + zeros + `,"entries":[{"kind":"\u001b[2J","amount":"1"}]}`: `kind "\x1b[2J"`,
		`{"totals":{"earned":"x"}}`:                                     "",
	} {
		gateway := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, body)
		}))
		for _, how := range [][]string{nil, {"--csv"}, {"--by-day"}} {
			_, _, err := run(t, t.TempDir(), append([]string{"earnings", earner, "--gateway", gateway.URL}, how...)...)
			require.Error(t, err, body)
			require.ErrorContains(t, err, want, body)
		}
		gateway.Close()
	}
	odd := `{"address":"\u001b]0;x\u0007","height":3,` + zeros + `,"missing":[{"from":1,"to":2,"why":"\u001b[31m\nfee"}],"next":""}`
	gateway := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, odd)
	}))
	defer gateway.Close()
	for _, how := range [][]string{nil, {"--csv"}, {"--by-day"}} {
		out, errs, err := run(t, t.TempDir(), append([]string{"earnings", earner, "--gateway", gateway.URL}, how...)...)
		require.NoError(t, err)
		require.NotContains(t, out+errs, "\x1b")
		require.Contains(t, out+errs, "␛[31m␊fee")
	}
}

// TestEarningsOfTheNetwork: days of a gateway as a table, and what it refuses in its own words.
func TestEarningsOfTheNetwork(t *testing.T) {
	one := sdkmath.NewIntWithDecimal(1, 18)
	days := earnings.Days{FirstHeight: 1, Height: 9, Complete: true, Days: []earnings.Day{{
		Date: "2026-11-29", Batches: 2, Receipts: 3, Contributors: one, Datanets: one.MulRaw(2), Lineage: one.MulRaw(3),
		Providers: one.MulRaw(4), Bonus: one.MulRaw(5), PaidOut: one.MulRaw(6),
	}}}
	gateway := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("limit") == "400" {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, `{"error":{"message":"invalid request: 400 days"}}`)
			return
		}
		require.Equal(t, "/v1/openledger/earnings/days", r.URL.Path)
		if r.URL.Query().Get("limit") == "7" {
			_, _ = io.WriteString(w, `{"days":[{"date":"2026-11-29"}]}`)
			return
		}
		_ = json.NewEncoder(w).Encode(days)
	}))
	defer gateway.Close()
	out, _, err := run(t, t.TempDir(), "earnings", "--by-day", "--gateway", gateway.URL+"/")
	require.NoError(t, err)
	require.Regexp(t, `DATE +BATCHES +RECEIPTS +CONTRIBUTORS +DATANETS +LINEAGE +PROVIDERS +BONUS +PAID OUT`, out)
	require.Regexp(t, `2026-11-29 +2 +3 +1 +2 +3 +4 +5 +6`, out)
	_, _, err = run(t, t.TempDir(), "earnings", "--by-day", "--gateway", gateway.URL, "--limit", "400")
	require.EqualError(t, err, "invalid request: 400 days")
	_, _, err = run(t, t.TempDir(), "earnings", "--by-day", "--gateway", gateway.URL, "--limit", "7")
	require.ErrorIs(t, err, earnings.ErrUnreadable)
	_, _, err = run(t, t.TempDir(), "earnings")
	require.ErrorContains(t, err, "--by-day")
	_, _, err = run(t, t.TempDir(), "earnings", earner, "--gateway", gateway.URL, "--by-day", "--limit", "367")
	require.ErrorContains(t, err, "at most 366 days")
}

// TestAgreement: a history that says more than the ledger waits for it, and one that says less is not whole.
func TestAgreement(t *testing.T) {
	history := earnings.History{Complete: true, Totals: earnings.Totals{Earned: sdkmath.NewInt(5)}}
	require.Equal(t, "the ledger says the same", agreement(history, sdkmath.NewInt(5)))
	require.Contains(t, agreement(history, sdkmath.NewInt(4)), "waits for the sweep")
	require.Contains(t, agreement(history, sdkmath.NewInt(6)), "please report it")
	history.Complete = false
	require.Contains(t, agreement(history, sdkmath.NewInt(6)), "blocks are missing here")
}
