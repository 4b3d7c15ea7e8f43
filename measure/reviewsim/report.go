package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math"

	"github.com/openledger/openledger/x/datanet/types"
)

// figures are the last line of the output. A figure that was not measured is null.
type figures struct {
	HonestMin  *float64 `json:"honest_payoff_min"`
	DeviantMax *float64 `json:"best_deviation_payoff_max"`
	Capture    float64  `json:"capture_probability_20pct"`
	JunkPpm    *float64 `json:"junk_accepted_ppm"`
	PoolGain   *float64 `json:"pool_bounty_gain_max"`
	Lost       int      `json:"rows_lost"`
	ModelLost  int      `json:"model_rows_lost"`
}

// errHonesty says in how many rows honesty does not pay.
type errHonesty struct{ rows int }

func (e errHonesty) Error() string {
	return fmt.Sprintf("in %d rows honesty is not above the deviation, or an attack on the pool gains", e.rows)
}

// run plays the rows, and reports. It fails if honesty does not pay in a row of the claim.
func run(o options, out io.Writer) error {
	var all []row
	for _, r := range rows() {
		if o.only == "" || o.only == r.deviation {
			if o.quick {
				r.times = min(r.times, quickTimes)
			}
			all = append(all, r)
		}
	}
	var pool []poolRow
	if o.only == "" || o.only == poolName {
		pool = poolRows()
	}
	if len(all)+len(pool) == 0 {
		return fmt.Errorf("--only %q is not a deviation: see --help", o.only)
	}
	results, err := playAll(o, all)
	if err != nil {
		return err
	}
	attacks, err := playPool(o, pool)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%-14s %-12s %4s %8s %9s %8s %7s %8s %8s %8s %7s\n",
		"deviation", "mix", "pi", "honest", "deviator", "diff", "s.e.", "junk in", "stands", "good out", "cohorts")
	lost, heading := 0, ""
	for _, r := range results {
		if next := r.heading(); next != heading {
			heading = next
			fmt.Fprintln(out, heading)
		}
		fmt.Fprintln(out, r)
		if !r.extra && !r.holds() {
			lost++
		}
	}
	f := summary(results)
	params := types.DefaultReviewParams()
	o.set.apply(&params)
	if len(attacks) > 0 {
		fmt.Fprintf(
			out, "bounties of the pool, OPEN for each panel that is captured:\n%-24s %9s %9s %9s %8s %8s %8s %8s %7s\n",
			"attack", "captured", "net", "gain", "s.e.", "junk in", "paid", "honest", "cohorts")
	}
	for _, r := range attacks {
		fmt.Fprintln(out, r.line(params))
		if !r.holds() {
			lost++
		}
		if r.percent == 0 {
			continue
		}
		pick(&f.PoolGain, r.gain, math.Max)
		if r.gain > 2*r.se {
			f.Lost++
		}
	}
	f.Capture = estimateCapture(o, 20)
	line, err := json.Marshal(f)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "\n%s\n", line)
	if lost > 0 && !o.quick { // a few cohorts cannot tell small differences
		return errHonesty{lost}
	}
	return nil
}

// heading returns the heading above a row that does not belong to the claim.
func (r result) heading() string {
	switch {
	case r.strategy.machine:
		return "reviewers who ask a language model:"
	case r.extra:
		return "beyond the claim:"
	}
	return ""
}

// String returns the row of the table.
func (r result) String() string {
	text := fmt.Sprintf("%-14s %-12s %4.2f %8.3f ", r.deviation, r.mix, r.pi, r.honest)
	if r.strategy.vote == nil {
		text += fmt.Sprintf("%9s %8s %7s", "", "", "")
	} else {
		text += fmt.Sprintf("%9.3f %8.3f %7.3f", r.deviant, r.diff, r.se)
	}
	text += fmt.Sprintf(" %8.4f %8.4f %8.4f %7d", ratio(r.junkIn, r.junk), ratio(r.junkStands, r.junk),
		ratio(r.goodOut, r.good), r.cohorts)
	switch {
	case r.strategy.vote == nil:
	case math.IsNaN(r.diff):
		text += "  nobody was seated"
	case !r.holds():
		text += "  <- honesty loses"
	case r.diff < 2*r.se:
		text += "  within 2 s.e."
	}
	return text
}

// summary returns the figures of the rows.
func summary(results []result) figures {
	var f figures
	for _, r := range results {
		if r.strategy.machine && r.lost() {
			f.ModelLost++
		}
		if r.extra {
			continue
		}
		if r.lost() {
			f.Lost++
		}
		pick(&f.HonestMin, r.honest, math.Min)
		if r.strategy.vote != nil {
			pick(&f.DeviantMax, r.deviant, math.Max)
		} else if r.pi == junkPi {
			junk := math.Round(1_000_000 * ratio(r.junkIn, r.junk))
			f.JunkPpm = &junk
		}
	}
	return f
}

func pick(to **float64, value float64, better func(a, b float64) float64) {
	if math.IsNaN(value) {
		return // nobody was seated
	}
	value = math.Round(value*10_000) / 10_000
	if *to != nil {
		value = better(**to, value)
	}
	*to = &value
}

func ratio(n, of int) float64 { return float64(n) / float64(max(1, of)) }
