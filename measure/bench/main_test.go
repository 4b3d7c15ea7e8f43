package main

import (
	"bytes"
	"encoding/json"
	"io"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	sdkmath "cosmossdk.io/math"

	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// small options are enough to see that everything works.
var small = options{
	accounts: []int{128}, blocks: 4, payments: 1_000, heapBlocks: 20, cache: 10_000, drawn: "both",
	load: load{batches: 2, receipts: 7, entries: 8},
}

func smallWorld(t *testing.T) *world {
	t.Helper()
	w, err := openWorld(t.TempDir(), small.cache, small.accounts[0])
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, w.close()) })
	return w
}

// paid returns, for every account, its balance at the bank and what it earned by contributing.
func paid(t *testing.T, w *world) (balances, contributed []sdkmath.Int) {
	t.Helper()
	ctx := w.read()
	for id := range w.accounts {
		balances = append(balances, w.app.BankKeeper.GetBalance(ctx, w.address(id), rewardstypes.Denom).Amount)
		earned, err := w.app.RewardsKeeper.Contributed(ctx, w.address(id))
		require.NoError(t, err)
		contributed = append(contributed, earned)
	}
	return balances, contributed
}

// more returns how much more each account has than before.
func more(before, after []sdkmath.Int) (out []string) {
	for id := range before {
		out = append(out, after[id].Sub(before[id]).String())
	}
	return out
}

func TestEveryWayPaysEachAccountTheSame(t *testing.T) {
	w := smallWorld(t)
	pairs := small.load.draw(newDraw(zipf, w.accounts, 1), small.load.pairs())
	want, sum := make([]string, w.accounts), sdkmath.ZeroInt()
	for id := range want {
		want[id] = "0"
	}
	for _, p := range aggregate(pairs) {
		want[p.account], sum = p.amount.String(), sum.Add(p.amount)
	}
	require.Contains(t, want, "0", "somebody gets nothing")

	_, contributed := paid(t, w)
	s := newSettler(w, small.load)
	r, err := s.runBlock(pairs)
	require.NoError(t, err)
	require.NoError(t, s.drain())
	require.NotEmpty(t, r.latencies)
	_, now := paid(t, w)
	require.Equal(t, want, more(contributed, now), "x/rewards")
	require.NoError(t, w.app.RewardsKeeper.CheckInvariants(w.read()))
	totals, err := w.app.RewardsKeeper.Totals.Get(w.read())
	require.NoError(t, err)
	require.Equal(t, sum.String(), totals.Contributors.Add(totals.Bonus).String())

	supply := w.app.BankKeeper.GetSupply(w.read(), rewardstypes.Denom)
	for name, pay := range map[string]func(b *block) error{
		"bank sends": func(b *block) error { return b.send(pairs) },
		"aggregated": func(b *block) error { return b.send(aggregate(pairs)) },
	} {
		balances, _ := paid(t, w)
		_, err := w.pay(pay)
		require.NoError(t, err)
		now, _ := paid(t, w)
		require.Equal(t, want, more(balances, now), name)
	}

	f, err := w.openF1()
	require.NoError(t, err)
	balances, _ := paid(t, w)
	_, err = w.pay(func(b *block) error { return f.allocate(b, pairs) })
	require.NoError(t, err)
	_, err = w.pay(f.withdraw)
	require.NoError(t, err)
	now, _ = paid(t, w)
	require.Equal(t, want, more(balances, now), "F1")
	require.Equal(t, supply, w.app.BankKeeper.GetSupply(w.read(), rewardstypes.Denom), "nothing is minted or lost")
}

func TestEverythingIsMeasured(t *testing.T) {
	o := small
	o.dir = t.TempDir()
	out := report{load: o.load}
	require.NoError(t, out.measure(o, o.accounts[0]))
	figures, err := measureReceipts(t, newAttested, 50, 5, 1)
	require.NoError(t, err)
	out.receipts = &figures
	require.NoError(t, withWorld(o, o.accounts[0], func(w *world) error {
		heap, err := measureHeap(w, o)
		out.heap = &heap
		return err
	}))

	for _, row := range out.rows {
		if strings.HasSuffix(row.name, "taking batches in") {
			continue // an end-block that pays at once removes what the batches wrote
		}
		require.Positive(t, row.keys, row.name)
		require.Positive(t, row.events, row.name)
	}
	for _, o := range out.ours {
		require.Equal(t, 1.0, o.drained(), "what arrives in a block is paid in it")
		require.Zero(t, o.latency.max())
		require.Positive(t, o.batchKeys.median())
	}
	var text bytes.Buffer
	require.NoError(t, out.write(&text))
	lines := strings.Split(strings.TrimSpace(text.String()), "\n")
	var last map[string]*float64
	require.NoError(t, json.Unmarshal([]byte(lines[len(lines)-1]), &last))
	for name, measured := range map[string]bool{
		"endblock_cpu_ms_1m": false, "growth_10k_1m": false, "vs_bank_send": false, "credit_latency_blocks_mean": true,
		"receipts_per_cpu_s": true,
		"keys_per_batch":     true, "bytes_per_receipt": true, "events_per_block": true, "heap_mb_10k_blocks": true,
	} {
		value, ok := last[name]
		require.True(t, ok, name)
		require.Equal(t, measured, value != nil, name)
	}
	require.Len(t, last, 9)
}

func TestSpread(t *testing.T) {
	for _, n := range []int{64, 100, 1_000, 99_991} {
		seen := make([]bool, n)
		for i := range n {
			at := spread(i, n)
			require.False(t, seen[at])
			seen[at] = true
		}
	}
}

func TestZipf(t *testing.T) {
	const n, draws = 1_000, 200_000
	from := newDraw(zipf, n, 1)
	count := make([]float64, n)
	for range draws {
		count[from()]++
	}
	harmonic := 0.0
	for rank := 1; rank <= n; rank++ {
		harmonic += 1 / float64(rank)
	}
	for _, rank := range []int{1, 2, 10} {
		require.InEpsilon(t, draws/harmonic/float64(rank), count[spread(rank-1, n)], .1, "rank %d", rank)
	}
}

func TestOptions(t *testing.T) {
	o, err := parseOptions([]string{"--quick", "--accounts", "500, 700"}, io.Discard)
	require.NoError(t, err)
	require.Equal(t, []int{500, 700}, o.accounts)
	require.Equal(t, 2_400, o.load.pairs())
	o, err = parseOptions(nil, io.Discard)
	require.NoError(t, err)
	require.Equal(t, 72_000, o.load.pairs())
	require.Positive(t, o.cache)
	for _, bad := range [][]string{{"--accounts", "many"}, {"--accounts", "3"}, {"--only", "nothing"}, {"--payments", "0"},
		{"--drawn", "lots"}, {"ours"}} {
		_, err := parseOptions(bad, io.Discard)
		require.Error(t, err, bad)
	}
}

func TestNumbers(t *testing.T) {
	require.Equal(t, "1,234,568", figure(1_234_567.8))
	require.Equal(t, "12.3", figure(12.34))
	require.Equal(t, "-", figure(math.NaN()))
	require.Equal(t, 2.5, series{1, 4, 2, 3}.median())
	require.True(t, math.IsNaN(series{}.median()))
}
