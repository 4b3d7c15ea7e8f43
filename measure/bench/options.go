package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/openledger/openledger/cmd/openledgerd/nodeconfig"
)

// Names of the measurements, in their order.
const (
	nameOurs      = "ours"
	nameBank      = "bank"
	nameAggregate = "aggregate"
	nameF1        = "f1"
	nameReceipts  = "receipts"
	nameHeap      = "heap"
)

var names = []string{nameOurs, nameBank, nameAggregate, nameF1, nameReceipts, nameHeap}

const usage = `bench measures what it costs to pay contributors: with x/rewards, and with bank sends, aggregated bank
sends, F1 distribution, and one transaction per receipt. Tables go to stdout, progress to stderr; the last line of
stdout is one JSON object.

usage: go run ./measure/bench [options]

  go run ./measure/bench                                    everything: up to a quarter of an hour
  go run ./measure/bench --quick                            small ledgers and batches, a minute
  go run ./measure/bench --accounts 1000000 --only ours     one size, x/rewards alone
  go run ./measure/bench --only heap --heap-blocks 1000     the heap over 1,000 blocks
  go run ./measure/bench --only ours --cpuprofile cpu.out   a profile for go tool pprof

options:
`

// options are the flags of a run.
type options struct {
	accounts   []int
	blocks     int
	payments   int
	heapBlocks int
	heapBudget time.Duration
	cache      int
	quick      bool
	only       string
	drawn      string
	dir        string
	profile    string

	load load // per block
}

func parseOptions(args []string, out io.Writer) (options, error) {
	o := options{load: fullLoad}
	accounts := "10000,100000,1000000"
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(out)
	flags.Usage = func() {
		fmt.Fprint(out, usage)
		flags.PrintDefaults()
	}
	flags.StringVar(&accounts, "accounts", accounts, "numbers of registered contributors, with commas between them")
	flags.IntVar(&o.blocks, "blocks", 0, "blocks of x/rewards to measure; 0 means three cycles of the sweep, at least 10")
	flags.IntVar(&o.payments, "payments", 9_000,
		"payments of another way to measure, of the 72,000 of a block; the figures are scaled")
	flags.IntVar(&o.heapBlocks, "heap-blocks", 10_000, "blocks over which the heap is measured")
	flags.DurationVar(&o.heapBudget, "heap-budget", 150*time.Second,
		"time for measuring the heap; the load of a block is chosen to fit")
	flags.IntVar(&o.cache, "iavl-cache-size", int(nodeconfig.Default().IAVLCacheSize),
		"nodes of a tree kept in memory, as in app.toml")
	flags.BoolVar(&o.quick, "quick", false, "small ledgers and batches, few blocks: a test that everything runs")
	flags.StringVar(&o.only, "only", "", "measure only one of "+strings.Join(names, ", "))
	flags.StringVar(&o.drawn, "drawn", "both", "how contributors are drawn: uniform, zipf or both")
	flags.StringVar(&o.dir, "dir", os.TempDir(), "folder for databases; they are removed")
	flags.StringVar(&o.profile, "cpuprofile", "",
		"write a processor profile of the measured end-blocks of x/rewards and their commits to this file")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if flags.NArg() > 0 {
		return o, fmt.Errorf("unexpected argument %q: see --help", flags.Arg(0))
	}
	if o.quick {
		set := make(map[string]bool)
		flags.Visit(func(f *flag.Flag) { set[f.Name] = true })
		o.shrink(set, &accounts)
	}
	for _, size := range strings.Split(accounts, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(size))
		if err != nil || n < minAccounts {
			return o, fmt.Errorf("--accounts holds %q: give numbers of at least %d with commas between them", size, minAccounts)
		}
		o.accounts = append(o.accounts, n)
	}
	return o, o.validate()
}

// shrink makes a run short, except for options that were set.
func (o *options) shrink(set map[string]bool, accounts *string) {
	o.load = load{batches: 3, receipts: 100, entries: fullLoad.entries}
	if !set["accounts"] {
		*accounts = "1000,10000"
	}
	if !set["payments"] {
		o.payments = 1_000
	}
	if !set["heap-blocks"] {
		o.heapBlocks = 200
	}
	if !set["heap-budget"] {
		o.heapBudget = 10 * time.Second
	}
}

func (o *options) validate() error {
	if o.only != "" && !slices.Contains(names, o.only) {
		return fmt.Errorf("--only is %q: use one of %s", o.only, strings.Join(names, ", "))
	}
	if o.distributions() == nil {
		return fmt.Errorf("--drawn is %q: use uniform, zipf or both", o.drawn)
	}
	if o.blocks < 0 || o.payments < 1 || o.heapBlocks < 1 || o.cache < 1 {
		return errors.New("--payments, --heap-blocks and --iavl-cache-size must be positive, --blocks not negative")
	}
	return nil
}

// measures reports whether to make a measurement.
func (o *options) measures(name string) bool { return o.only == "" || o.only == name }

// distributions returns the distributions by which contributors are drawn, or nil for an unknown name.
func (o *options) distributions() []string {
	return map[string][]string{"uniform": {uniform}, "zipf": {zipf}, "both": {uniform, zipf}}[o.drawn]
}

var started = time.Now()

// progress reports on stderr what is going on.
func progress(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "%6.1fs  %s\n", time.Since(started).Seconds(), fmt.Sprintf(format, args...))
}
