package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"sync"
)

// figures are the last line of the output.
type figures struct {
	Max   float64 `json:"max_return_per_open_spent"`
	Cases int     `json:"cases"`
	// Harmed counts the cases in which victims lose.
	Harmed int `json:"victims_harmed"`
}

var (
	errFarm = errors.New("a coalition gets back what it spends")
	errHarm = errors.New("a coalition makes others lose")
)

// run plays the flows, and reports. It fails if a coalition gets back what it spends, or makes others lose.
func run(o options, out io.Writer) error {
	var chosen []flow
	weights := 0
	for _, f := range flows {
		if o.only == "" || o.only == f.name {
			chosen, weights = append(chosen, f), weights+f.weight
		}
	}
	for i := range chosen {
		chosen[i].weight = max(1, o.cases*chosen[i].weight/weights)
	}
	rows, err := playAll(o, chosen)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%-16s %7s %7s %12s  %s\n", "flow", "cases", "paid", "max return", "at")
	total, cases, harmed, farmed := new(big.Rat), 0, 0, false
	for _, r := range rows {
		fmt.Fprintln(out, r)
		cases += r.cases
		harmed += r.harmed
		farmed = farmed || r.farmed
		if !r.passes && r.best.Cmp(total) > 0 {
			total = r.best
		}
	}
	f := figures{Cases: cases, Harmed: harmed}
	f.Max, _ = total.Float64()
	if farmed {
		f.Max = max(f.Max, 1)
	}
	// A return below one may round to one.
	if one := big.NewRat(1, 1); total.Cmp(one) < 0 && !farmed {
		f.Max = min(f.Max, 1-1e-15)
	}
	line, err := json.Marshal(f)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "\n%s\n", line)
	if f.Max >= 1 {
		return errFarm
	}
	if harmed > 0 {
		return errHarm
	}
	return nil
}

// row is the result of the cases of a flow.
type row struct {
	flow
	cases, paid int
	harmed      int
	best        *big.Rat
	at          string
	farmed      bool
}

// String returns the row of the table.
func (r row) String() string {
	best, _ := r.best.Float64()
	text := fmt.Sprintf("%-16s %7d %7d %12.9f", r.title(), r.cases, r.paid, best)
	if r.farmed {
		text += "  <- FARMED"
	}
	if r.harmed > 0 {
		text += "  <- VICTIMS LOSE"
	}
	return text + "  " + r.at
}

// add counts a case. Of cases with the same return it keeps the one that is added first.
func (r *row) add(one result) {
	r.cases++
	r.farmed = r.farmed || one.farmed()
	if one.harmed() {
		r.harmed++
	}
	if one.spent.IsPositive() {
		r.paid++
	}
	if ratio := one.ratio(); ratio.Cmp(r.best) > 0 {
		r.best, r.at = ratio, fmt.Sprintf("case %d: %s", one.n, one.about)
	}
}

// playAll plays the flows on all workers, each in a world of its own.
func playAll(o options, chosen []flow) ([]row, error) {
	worlds := make([]*world, o.workers)
	for i := range worlds {
		var err error
		if worlds[i], err = newWorld(); err != nil {
			return nil, err
		}
	}
	progress("%d chains are up", len(worlds))
	rows := make([]row, len(chosen))
	for i, f := range chosen {
		results, err := f.playCases(o, worlds)
		if err != nil {
			return nil, err
		}
		rows[i] = row{flow: f, best: new(big.Rat)}
		for _, r := range results {
			rows[i].add(r)
		}
		progress("%s", rows[i])
	}
	return rows, nil
}

// playCases plays the cases of a flow.
func (f flow) playCases(o options, worlds []*world) ([]result, error) {
	results := make([]result, f.weight)
	failed := make([]error, len(worlds))
	var wait sync.WaitGroup
	for worker, w := range worlds {
		wait.Go(func() {
			for n := worker; n < f.weight && failed[worker] == nil; n += len(worlds) {
				results[n], failed[worker] = f.measure(w, o.seed, n, o.leak)
			}
		})
	}
	wait.Wait()
	return results, errors.Join(failed...)
}
