// Command reviewsim plays panel review of x/datanet through its keeper, to see whether honesty pays. What it models is
// in model.go; the last line of its output is one JSON object. It fails when a deviation earns more than honesty.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"runtime/debug"

	sdk "github.com/cosmos/cosmos-sdk/types"
)

// The SDK asks the system for the name of the program at each address that it
// reads, unless the environment has one.
func init() {
	if os.Getenv(sdk.EnvConfigScope) == "" {
		if err := os.Setenv(sdk.EnvConfigScope, "reviewsim"); err != nil {
			panic(err) // the name is a constant
		}
	}
}

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
		fmt.Fprintln(os.Stderr, "reviewsim:", err)
		os.Exit(1)
	}
}
