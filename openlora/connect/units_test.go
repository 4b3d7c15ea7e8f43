package connect

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"cosmossdk.io/math"

	"github.com/openledger/openledger/openlora/api"
	"github.com/openledger/openledger/poa"
)

func TestAllowances(t *testing.T) {
	now := time.Date(2030, 12, 31, 23, 59, 59, 0, time.UTC)
	for text, renews := range map[string]string{
		"5OPEN/day": "2031-01-01T00:00:00Z", "0.5OPEN/hour": "2031-01-01T00:00:00Z",
		"100OPEN/month": "2031-01-01T00:00:00Z",
	} {
		allowance, err := ParseAllowance(text)
		require.NoError(t, err)
		require.Equal(t, text, allowance.String())
		require.Equal(t, renews, allowance.renews(now).Format(time.RFC3339))
		require.True(t, strings.HasPrefix(hour(now), allowance.period(now)))
		require.False(t, strings.HasPrefix(hour(allowance.renews(now)), allowance.period(now)))
		require.True(t, strings.HasPrefix(hour(allowance.renews(now).Add(-time.Second)), allowance.period(now)))
	}
	for _, text := range []string{"5OPEN", "5/day", "5OPEN/week", "/day", "-5OPEN/day", "5OPEN/day/day"} {
		_, err := ParseAllowance(text)
		require.Error(t, err, text)
	}
}

func TestKeys(t *testing.T) {
	path := filepath.Join(t.TempDir(), "connect", "keys.json")
	keys, err := OpenKeys(path)
	require.NoError(t, err)
	running, err := OpenKeys(path)
	require.NoError(t, err)
	secret, err := keys.Add("editor", mustAllow("1OPEN/day"), nil)
	require.NoError(t, err)
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NotContains(t, string(content), strings.TrimPrefix(secret, secretPrefix))
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.EqualValues(t, 0o600, info.Mode().Perm())
	found, err := running.Find(secret)
	require.NoError(t, err, "a proxy that runs knows it")
	require.Equal(t, "editor", found.Name)
	require.Equal(t, "1OPEN/day", found.Budget.String())
	for _, wrong := range []string{"", "sk-openledger-", secret + "x"} {
		_, err = running.Find(wrong)
		require.Error(t, err)
	}
	for _, name := range []string{"editor", "", "a b", "*", Local, strings.Repeat("x", 65)} {
		_, err = keys.Add(name, mustAllow("1OPEN/day"), nil)
		require.Error(t, err, name)
	}
	require.ErrorContains(t, keys.Remove("nobody"), "no key")
	require.NoError(t, keys.Remove("editor"))
	_, err = running.Find(secret)
	require.Error(t, err)
}

func openTestLedger(t *testing.T) *Ledger {
	t.Helper()
	ledger, err := OpenLedger(filepath.Join(t.TempDir(), "ledger.db"))
	require.NoError(t, err)
	t.Cleanup(func() { ledger.Close() })
	return ledger
}

// TestLedgerCountsOnce: an answer that is recorded again, as after a crash, costs nothing more, and pays nobody twice.
func TestLedgerCountsOnce(t *testing.T) {
	ledger := openTestLedger(t)
	at := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	session := poa.Hash{1}
	record := Record{
		Receipt: "r",
		Time:    at,
		Key:     "editor",
		Fee:     math.NewInt(7),
		Sources: []api.Source{},
		Payment: paymentPending,
	}
	paid := []Payee{{Role: "contributor", Account: "a", Amount: math.NewInt(5), Bonus: math.NewInt(1), Answers: 1}}
	for range 2 {
		require.NoError(t, ledger.Put(session, 1, record))
		require.NoError(t, ledger.Settle(session, 1, "paid", 9, paid))
	}
	for name, period := range map[string]string{"editor": "2030-01", everybody: "2030-01-02T03"} {
		spent, err := ledger.Spent(name, period)
		require.NoError(t, err)
		require.EqualValues(t, 7, spent.Int64())
	}
	for name, period := range map[string]string{"editor": "2030-02", "edito": "2030", "other": "2030"} {
		spent, err := ledger.Spent(name, period)
		require.NoError(t, err)
		require.True(t, spent.IsZero())
	}
	all, err := ledger.Paid()
	require.NoError(t, err)
	require.Equal(t, paid, all)
	open, err := ledger.Open(10, nil)
	require.NoError(t, err)
	require.Empty(t, open)
	last, err := ledger.Last(10, "editor")
	require.NoError(t, err)
	require.Len(t, last, 1)
	require.Equal(t, "paid", last[0].Payment)
}

// TestLedgerPagesOpenAnswers: those behind a name come first, so that none keeps the others waiting.
func TestLedgerPagesOpenAnswers(t *testing.T) {
	ledger := openTestLedger(t)
	for n := range uint64(5) {
		require.NoError(
			t,
			ledger.Put(
				poa.Hash{1},
				n,
				Record{
					Receipt: string(rune('a' + n)),
					Time:    time.Now(),
					Key:     "k",
					Fee:     math.NewInt(1),
					Payment: paymentPending,
				},
			),
		)
	}
	open, err := ledger.Open(10, callKey(poa.Hash{1}, 2))
	require.NoError(t, err)
	require.Len(t, open, 2)
	require.Equal(t, "d", open[0].Receipt)
}

func TestOneProcessHasALedger(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	ledger, err := OpenLedger(path)
	require.NoError(t, err)
	defer ledger.Close()
	_, err = OpenLedger(path)
	require.ErrorIs(t, err, ErrLedgerInUse)
}

// TestPurse plays takings, spendings and renewals in any order: what is spent and set aside is never more than a
// budget.
func TestPurse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		dir, err := os.MkdirTemp("", "purse-")
		require.NoError(t, err)
		defer os.RemoveAll(dir)
		ledger, err := OpenLedger(filepath.Join(dir, "ledger.db"))
		require.NoError(t, err)
		defer ledger.Close()
		ledger.db.NoSync = true
		now := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
		purse := newPurse(ledger, Allowance{math.NewInt(100), "day"})
		purse.now = func() time.Time { return now }
		keys := []Key{
			{Name: "a", Budget: Allowance{math.NewInt(60), "hour"}},
			{Name: "b", Budget: Allowance{math.NewInt(80), "day"}},
			{Name: "c"},
		}
		type taken struct {
			key Key
			sum math.Int
			put func()
			at  time.Time
		}
		var under []taken
		calls := uint64(0)
		t.Repeat(map[string]func(*rapid.T){
			"take": func(t *rapid.T) {
				key := keys[rapid.IntRange(0, 2).Draw(t, "key")]
				needed := rapid.Int64Range(1, 30).Draw(t, "needed")
				wanted := needed + rapid.Int64Range(0, 50).Draw(t, "more")
				sum, put, err := purse.take(key, math.NewInt(needed), math.NewInt(wanted))
				if err != nil {
					require.True(t, overBudget(err))
					return
				}
				require.True(t, sum.GTE(math.NewInt(needed)) && sum.LTE(math.NewInt(wanted)))
				under = append(under, taken{key, sum, put, now})
			},
			"spend": func(t *rapid.T) {
				if len(under) == 0 {
					return
				}
				one := under[0]
				under = under[1:]
				calls++
				fee := math.NewInt(rapid.Int64Range(0, one.sum.Int64()).Draw(t, "fee"))
				require.NoError(t, ledger.Put(poa.Hash{2}, calls, Record{Time: one.at, Key: one.key.Name, Fee: fee}))
				one.put()
				one.put() // once is enough
			},
			"wait": func(t *rapid.T) {
				now = now.Add(time.Duration(rapid.IntRange(0, 90).Draw(t, "minutes")) * time.Minute)
			},
			"": func(t *rapid.T) {
				for _, each := range append(keys[:2:2], Key{Name: everybody, Budget: purse.all}) {
					spent, err := ledger.Spent(each.Name, each.Budget.period(now))
					require.NoError(t, err)
					require.True(t, spent.LTE(each.Budget.Amount), "%s spent %s of %s", each.Name, spent, each.Budget)
				}
			},
		})
	})
}

func TestFootnotesAreCutOnlyFromAnswers(t *testing.T) {
	mine := `[{"role":"user","content":"x` + strings.ReplaceAll(footnotesMark, "\n", `\n`) + `"}]`
	require.Contains(t, string(withoutFootnotes([]byte(mine))), "paid by this answer")
	parts := `[{"role":"assistant","content":[{"type":"text","text":"x` + strings.ReplaceAll(
		footnotesMark,
		"\n",
		`\n`,
	) + `[1] y"}]}]`
	require.JSONEq(
		t,
		`[{"role":"assistant","content":[{"type":"text","text":"x"}]}]`,
		string(withoutFootnotes([]byte(parts))),
	)
}
