package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/openledger/openledger/x/datanet/types"
)

// options are the flags of a run.
type options struct {
	cohorts int
	seed    uint64
	experts int
	panels  int
	workers int
	only    string
	quick   bool
	set     settings
}

func parseOptions(args []string, out io.Writer) (options, error) {
	o := options{set: make(settings)}
	flags := flag.NewFlagSet("reviewsim", flag.ContinueOnError)
	flags.SetOutput(out)
	flags.IntVar(&o.cohorts, "cohorts", 40, "cohorts per row; rows with small differences take a multiple")
	flags.Uint64Var(&o.seed, "seed", 1, "seed of everything random")
	flags.IntVar(&o.experts, "experts", 120, "validators of another DataNet, who are honest and sit in appeals")
	flags.IntVar(&o.panels, "panels", 1_000_000, "panels drawn to estimate the probability of capture")
	flags.IntVar(&o.workers, "workers", runtime.NumCPU(), "rows played at the same time")
	flags.BoolVar(
		&o.quick, "quick", false, "a few cohorts of each row, some 20 seconds: a test that everything runs. It cannot "+
			"tell small differences, and never fails because of them")
	flags.StringVar(&o.only, "only", "", "play only the deviation of this name")
	flags.Var(o.set, "set", "another value for a parameter of review, as name=value; may be repeated: "+
		strings.Join(settable, ", "))
	flags.Usage = func() {
		fmt.Fprintf(out, "Plays panel review of x/datanet through its keeper, to see whether honesty pays.\n\n%s\nFlags:\n",
			model)
		flags.PrintDefaults()
	}
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if o.quick {
		o.cohorts, o.panels = min(o.cohorts, quickCohorts), min(o.panels, quickPanels)
	}
	switch {
	case flags.NArg() > 0:
		return o, fmt.Errorf("unexpected argument %q: see --help", flags.Arg(0))
	case o.cohorts < 1 || o.panels < 1 || o.workers < 1:
		return o, fmt.Errorf("--cohorts, --panels and --workers must be positive")
	case o.experts < 1 || o.experts > 10_000:
		return o, fmt.Errorf("--experts is %d: use 1 to 10,000", o.experts)
	}
	params := types.DefaultReviewParams()
	o.set.apply(&params)
	return o, params.Validate()
}

// The size of a quick run.
const (
	quickCohorts = 4
	quickPanels  = 100_000
	quickTimes   = 2
)

// settable are the parameters that --set changes.
var settable = []string{"overturned_ppm", "gold_slash_ppm", "decisive_ppm", "appeal_seats", "accept_seats", "check_ppm"}

// settings are parameters of review by name.
type settings map[string]uint32

// String implements flag.Value.
func (s settings) String() string { return "" }

// Set implements flag.Value.
func (s settings) Set(text string) error {
	name, value, _ := strings.Cut(text, "=")
	n, err := strconv.ParseUint(value, 10, 32)
	if err != nil {
		return fmt.Errorf("%q: write name=value, with a whole number", text)
	}
	for _, known := range settable {
		if name == known {
			s[name] = uint32(n)
			return nil
		}
	}
	return fmt.Errorf("%q cannot be set: use one of %s", name, strings.Join(settable, ", "))
}

func (s settings) apply(p *types.ReviewParams) {
	for name, field := range map[string]*uint32{
		"overturned_ppm": &p.OverturnedPpm, "gold_slash_ppm": &p.GoldSlashPpm, "decisive_ppm": &p.DecisivePpm,
		"appeal_seats": &p.AppealSeats, "accept_seats": &p.AcceptSeats, "check_ppm": &p.CheckPpm,
	} {
		if value, given := s[name]; given {
			*field = value
		}
	}
}

var started = time.Now()

// progress reports on stderr what is going on.
func progress(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "%6.1fs  %s\n", time.Since(started).Seconds(), fmt.Sprintf(format, args...))
}
