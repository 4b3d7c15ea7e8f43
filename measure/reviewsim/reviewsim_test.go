package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openledger/openledger/x/datanet/types"
)

func small() options {
	return options{cohorts: 2, seed: 1, experts: 60, panels: 60_000, workers: 2, set: settings{}}
}

func find(t *testing.T, deviation, mix string, pi float64) row {
	for _, r := range rows() {
		if r.deviation == deviation && r.mix == mix && r.pi == pi {
			return r
		}
	}
	t.Fatalf("no row %s, %s, %f", deviation, mix, pi)
	return row{}
}

// TestHonestyPays plays rows in which a few cohorts are enough.
func TestHonestyPays(t *testing.T) {
	for _, r := range []row{
		find(t, "always-accept", "1/2", 0.85), find(t, "always-reject", "2/3", 0.5), find(t, "inverted", "one", 0.5),
		find(t, "shared-coin", "2/3", 0.85), find(t, "collusion", "2/3", 0.5),
	} {
		r.times = 8
		played, err := r.play(small())
		require.NoError(t, err)
		require.Greater(t, played.diff, played.se, "%s", played)
		require.Equal(t, 16, played.cohorts)
	}
}

// TestHonestPanels: they earn what the rule says, and let little junk in.
func TestHonestPanels(t *testing.T) {
	r := find(t, "honest", "all", 0.85)
	r.times = 40
	o := small()
	o.set["check_ppm"] = 0
	o.set["overturned_ppm"] = 0 // rare and large
	played, err := r.play(o)
	require.NoError(t, err)
	// 17 fees for 7 seats: effort, a score of 0.94, and a slash of 4 for 3 % of duplicates.
	require.InDelta(t, 17.0/7*(0.94-0.1)-0.03*4, played.honest, 0.1)
	require.Less(t, ratio(played.junkIn, played.junk), 0.05)
	require.Less(t, ratio(played.goodOut, played.good), 0.15)
	require.LessOrEqual(t, played.junkStands, played.junkIn)
}

// TestPayoffsOfGold: the gold alone decides the pay of a lone deviator who spoils no verdict.
func TestPayoffsOfGold(t *testing.T) {
	for deviation, want := range map[string]float64{
		// The gas of the owner's gold comes on top of 17 fees.
		"always-reject": 0.005, "always-accept": 0.005 - 4, "tool-lazy": 0.005 + (17.0/7-0.005)/2, "leak+tool": 17.0 / 7,
	} {
		r := find(t, deviation, "one", 0.85)
		o := small()
		o.set["check_ppm"] = 0
		o.set["overturned_ppm"] = 0
		r.times = 15
		played, err := r.play(o)
		require.NoError(t, err)
		require.InDelta(t, want, played.deviant, 0.2, "what appeals pay comes on top: %s", played)
	}
}

// TestGrinding compares each seat that the chain draws with what the attacker computes: the run fails when one differs.
func TestGrinding(t *testing.T) {
	r := find(t, "grinding", "20% in 10", 0.85)
	plays := whale
	members := append([]member{}, r.members...)
	for i := range members {
		members[i].plays = &honest
		if members[i].deviant {
			members[i].plays = &plays
		}
	}
	w, err := newWorld(settings{}, luck{seed: 1, name: "grinding"}, members, 60)
	require.NoError(t, err)
	w.grinder = &grinder{proposes: 1, hashes: grindHashes}
	var counts tally
	for n := range 6 {
		require.NoError(t, w.beginCohort(n+1))
		require.NoError(t, counts.playCohort(w, 0.85, plays))
	}
	require.GreaterOrEqual(t, w.compared, 6*7)
	require.EqualValues(t, 6*7, counts.deviant[0].seats+counts.deviant[1].seats+counts.deviant[2].seats+
		counts.deviant[3].seats+counts.deviant[4].seats+counts.deviant[5].seats,
		"an attacker who proposes all blocks has all seats")
	require.NoError(t, w.Keeper.CheckInvariants(w.Ctx))
}

// TestCapture agrees with the binomial distribution.
func TestCapture(t *testing.T) {
	seat, want := blockShare+(1-blockShare)*0.2, 0.0
	for k, ways := range map[int]float64{5: 21, 6: 7, 7: 1} {
		want += ways * math.Pow(seat, float64(k)) * math.Pow(1-seat, float64(7-k))
	}
	o := small()
	require.InDelta(t, want, estimateCapture(o, 20), 4*math.Sqrt(want/float64(o.panels)))
}

// TestLoner: the only deviator, or the only honest reviewer, has a seat in each cohort.
func TestLoner(t *testing.T) {
	for _, mix := range []string{"one", "all but one"} {
		r := find(t, "always-accept", mix, 0.85)
		r.times = 3
		counts, err := r.run(small(), r.strategy)
		require.NoError(t, err)
		lone := counts.deviant
		if mix != "one" {
			lone = counts.honest
		}
		for _, s := range lone {
			require.GreaterOrEqual(t, s.seats, 1.0)
		}
	}
}

func TestLottery(t *testing.T) {
	c := newCapturer(whales(25, 10), rand.New(rand.NewPCG(1, 1)))
	for number, owner := range map[byte]int{0: 0, 255: 0} {
		require.Equal(t, owner, c.lottery.owner([]byte{number}))
	}
	require.Equal(t, 1, c.lottery.owner(amount(bondFees).BigInt().Bytes()), "the end of the first belongs to the second")
	require.Equal(t, 0, c.lottery.owner(c.lottery.ends[len(c.lottery.ends)-1].Bytes()))
}

func TestDifference(t *testing.T) {
	a := group{{6, 2}, {2, 1}, {0, 0}, {4, 1}}
	b := group{{4, 2}, {1, 1}, {0, 0}, {3, 1}}
	diff, se := difference(a, b)
	require.InDelta(t, 1, diff, 1e-12)
	require.InDelta(t, 0, se, 1e-12, "luck that both have is none")
	_, se = difference(a, group{{1, 1}, {1, 1}, {1, 1}, {1, 1}})
	require.InDelta(t, math.Sqrt(2)/4, se, 1e-12)
	nobody, _ := group{{0, 0}}.mean()
	require.True(t, math.IsNaN(nobody))
}

// TestReport: the result of a seed does not depend on the workers, and the last line is one JSON object.
func TestReport(t *testing.T) {
	o := small()
	o.only, o.cohorts = "always-accept", 4 // with fewer cohorts, a check may hit the one honest seat that erred
	var first, second bytes.Buffer
	require.NoError(t, run(o, &first))
	o.workers = 1
	o.panels = 1
	require.NoError(t, run(o, &second))
	lines, again := strings.Split(strings.TrimSpace(first.String()), "\n"),
		strings.Split(strings.TrimSpace(second.String()), "\n")
	require.Equal(t, lines[:len(lines)-1], again[:len(again)-1])
	var f map[string]any
	require.NoError(t, json.Unmarshal([]byte(lines[len(lines)-1]), &f))
	require.Contains(t, f, "junk_accepted_ppm")
	require.Nil(t, f["junk_accepted_ppm"], "honest panels were not played")
	require.NotNil(t, f["honest_payoff_min"])
	require.NotNil(t, f["best_deviation_payoff_max"])
}

// TestBribe: without checks, a bribe for a vote that changes nothing is not punished, and the command fails. Checks
// make it lose.
func TestBribe(t *testing.T) {
	r := find(t, "bribed", "one", 0.85)
	r.times = 10
	o := small()
	o.set["check_ppm"] = 0
	o.set["overturned_ppm"] = 0 // a single vote does not decide, and is not slashed
	played, err := r.play(o)
	require.NoError(t, err)
	require.InDelta(t, -value/5, played.diff, 0.5)
	require.False(t, played.holds())
	require.Contains(t, played.String(), "honesty loses")

	// With random checks, one item of 16 costs a fifth of the stake.
	o = small()
	o.set["check_ppm"] = 500_000
	r.times = 120
	played, err = r.play(o)
	require.NoError(t, err)
	require.Positive(t, played.diff)
}

func TestOptions(t *testing.T) {
	var out bytes.Buffer
	_, err := parseOptions([]string{"--help"}, &out)
	require.ErrorIs(t, err, flag.ErrHelp)
	require.Contains(t, out.String(), "junk_accepted_ppm")
	for _, s := range append(
		append(append(append([]strategy{conditional, leak, whale}, deviations...), collusions...), machines...),
		strategy{name: "grinding"}, strategy{name: poolName}) {
		require.Contains(t, out.String(), "  "+s.name+" ", "the help describes each strategy")
	}
	o, err := parseOptions([]string{"--cohorts", "7", "--set", "overturned_ppm=25000"}, &out)
	require.NoError(t, err)
	require.Equal(t, 7, o.cohorts)
	require.EqualValues(t, 25_000, o.set["overturned_ppm"])
	for _, wrong := range [][]string{{"--cohorts", "0"}, {"more"}, {"--set", "seats=3"},
		{"--set", "overturned_ppm=2000000"}, {"--experts", "0"}} {
		_, err := parseOptions(wrong, &out)
		require.Error(t, err, "%v", wrong)
		require.False(t, errors.Is(err, flag.ErrHelp))
	}
	_, err = parseOptions([]string{"--set", "seats=3"}, &out)
	require.ErrorContains(t, err, "use one of overturned_ppm, ")
	o.only = "laziness"
	require.ErrorContains(t, run(o, &out), "see --help")
}

// TestPoolAttacksLose: the attacker loses money, watched or not, and honest seats earn.
func TestPoolAttacksLose(t *testing.T) {
	o := small()
	o.cohorts = 3
	for _, r := range []poolRow{{10, ordinaryItems, false}, {33, ordinaryItems, true}} {
		played, err := r.play(o)
		require.NoError(t, err)
		require.Equal(t, 3*ordinaryItems, played.junkIn, "the panel is captured")
		require.Less(t, played.net, -100.0, "%+v", played)
		require.Less(t, played.gain, played.net, "honesty is paid")
		require.Zero(t, played.paid)
		require.True(t, played.holds())
	}
	honestly, err := poolRow{}.play(o)
	require.NoError(t, err)
	require.Positive(t, honestly.honest)
	require.Zero(t, honestly.junkIn)
}

func TestQuick(t *testing.T) {
	o, err := parseOptions([]string{"--quick"}, io.Discard)
	require.NoError(t, err)
	require.Equal(t, quickCohorts, o.cohorts)
	require.InDelta(t, .0434, poolRow{percent: 33}.captureChance(types.DefaultReviewParams()), .0005)
}
