package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"time"
)

// options are the flags of a run.
type options struct {
	cases   int
	seed    uint64
	only    string
	workers int
	leak    leak // only for tests
}

func parseOptions(args []string, out io.Writer) (options, error) {
	o := options{}
	flags := flag.NewFlagSet("washsim", flag.ContinueOnError)
	flags.SetOutput(out)
	flags.IntVar(&o.cases, "cases", 9_000, "cases in all, divided among the flows")
	flags.Uint64Var(&o.seed, "seed", 1, "seed of everything random")
	flags.StringVar(&o.only, "only", "", "play only the flow of this name")
	flags.IntVar(&o.workers, "workers", runtime.NumCPU(), "cases played at the same time")
	flags.Usage = func() {
		fmt.Fprintf(out, "Lets accounts trade with themselves, to see whether OPEN can be farmed.\n\n%s\nFlows:\n",
			model)
		for _, f := range flows {
			fmt.Fprintf(out, "  %-15s %s\n", f.title(), f.about)
		}
		fmt.Fprint(out, "\nFlags:\n")
		flags.PrintDefaults()
		fmt.Fprint(out, "\nExamples:\n  make wash\n  make wash ARGS=\"--cases 100000 --seed 7\"\n"+
			"  make wash ARGS=\"--only dust --cases 5000\"\n")
	}
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	switch {
	case flags.NArg() > 0:
		return o, fmt.Errorf("unexpected argument %q: see --help", flags.Arg(0))
	case o.cases < 1 || o.workers < 1:
		return o, fmt.Errorf("--cases and --workers must be positive")
	case o.only != "" && flowOf(o.only) == nil:
		return o, fmt.Errorf("--only is %q: use one of %s", o.only, strings.Join(flowNames(), ", "))
	}
	return o, nil
}

var started = time.Now()

// progress reports on stderr what is going on.
func progress(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "%6.1fs  %s\n", time.Since(started).Seconds(), fmt.Sprintf(format, args...))
}
