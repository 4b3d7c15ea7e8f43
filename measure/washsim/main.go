// Command washsim plays accounts that trade with themselves on the whole application, to see whether OPEN can be
// farmed. What it measures is in model.go; the last line of its output is one JSON object. It fails when somebody gets
// back what he spent, when coins are lost track of, or when an invariant of a keeper does not hold.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"runtime/debug"
)

func main() {
	debug.SetGCPercent(400)
	o, err := parseOptions(os.Args[1:], os.Stderr)
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err == nil {
		err = run(o, os.Stdout)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "washsim:", err)
		os.Exit(1)
	}
}
