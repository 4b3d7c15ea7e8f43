// Package program is the main function of programs that measure: options, a run, and an exit status.
package program

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime/debug"
)

// gcPercent lets the heap grow to five times what is in use: the programs make much garbage and are alone on a machine.
const gcPercent = 400

// Main parses the arguments, runs, and ends the process with status 1 after an error, which is printed behind the name
// of the program. A question for help is no error.
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
