// Package program has the main function of the programs that measure: it reads options, runs, and sets the exit status.
package program

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime/debug"
)

// gcPercent lets the heap grow to five times what is in use: the programs make much garbage, and may use all memory.
const gcPercent = 400

// Main parses the arguments and runs. If either fails, it prints the error after the name of the program, and ends the
// process with status 1. A request for help is not an error.
func Main[O any](name string, parse func(args []string, usage io.Writer) (O, error),
	run func(options O, out io.Writer) error) {
	debug.SetGCPercent(gcPercent)
	options, err := parse(os.Args[1:], os.Stderr)
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err == nil {
		err = run(options, os.Stdout)
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %s\n", name, err)
		os.Exit(1)
	}
}
