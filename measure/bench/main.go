// Command bench measures what paying contributors costs with x/rewards, and with the ways that other chains use: a bank
// send per payout, aggregated bank sends, F1 distribution, and one transaction per receipt. The last line of its output
// is one JSON object; a figure that was not measured is null.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"runtime/debug"
	"runtime/pprof"

	"github.com/openledger/openledger/testutil/chain"
)

func main() {
	o, err := parseOptions(os.Args[1:], os.Stderr)
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err == nil {
		err = measureAll(o)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func measureAll(o options) error {
	out := report{load: o.load}
	if o.profile != "" {
		file, err := os.Create(o.profile)
		if err != nil {
			return err
		}
		defer file.Close()
		if err := pprof.StartCPUProfile(file); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	if o.measures(nameReceipts) {
		answers, singles, rounds := 1_000, 200, 10
		if o.quick {
			answers, singles, rounds = 100, 20, 2
		}
		err := use(func(t chain.TB) error {
			figures, err := measureReceipts(t, newAttested, answers, singles, rounds)
			out.receipts = &figures
			return err
		})
		if err != nil {
			return err
		}
	}
	for _, accounts := range o.accounts {
		if err := out.measure(o, accounts); err != nil {
			return err
		}
	}
	if o.measures(nameHeap) {
		accounts := heapAccounts
		if o.quick {
			accounts = o.accounts[len(o.accounts)-1]
		}
		err := withWorld(o, accounts, func(w *world) error {
			figures, err := measureHeap(w, o)
			out.heap = &figures
			return err
		})
		if err != nil {
			return err
		}
	}
	progress("done")
	return out.write(os.Stdout)
}

// withWorld runs something with a chain that has so many contributors.
func withWorld(o options, accounts int, run func(*world) error) error {
	progress("registering %d accounts", accounts)
	w, err := openWorld(o.dir, o.cache, accounts)
	if err != nil {
		return err
	}
	err = errors.Join(run(w), w.close())
	debug.FreeOSMemory()
	return err
}

// measure measures every way of paying with so many contributors.
func (r *report) measure(o options, accounts int) error {
	ways := false
	for _, name := range []string{nameOurs, nameBank, nameAggregate, nameF1} {
		ways = ways || o.measures(name)
	}
	if !ways {
		return nil
	}
	return withWorld(o, accounts, func(w *world) error {
		for _, distribution := range o.distributions() {
			if err := r.measureWays(w, o, distribution); err != nil {
				return err
			}
		}
		return nil
	})
}

func (r *report) measureWays(w *world, o options, distribution string) error {
	if o.measures(nameOurs) {
		figures, err := measureOurs(w, o, distribution)
		if err != nil {
			return err
		}
		r.ours = append(r.ours, figures)
		r.rows = append(r.rows, figures.endBlockRow(), figures.submissionRow())
	}
	for _, way := range []struct {
		name    string
		measure func(*world, options, string) ([]row, error)
	}{{nameBank, measureBank}, {nameAggregate, measureAggregate}, {nameF1, measureF1}} {
		if !o.measures(way.name) {
			continue
		}
		rows, err := way.measure(w, o, distribution)
		if err != nil {
			return err
		}
		r.rows = append(r.rows, rows...)
	}
	return nil
}
