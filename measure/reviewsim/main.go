// Command reviewsim plays panel review of x/datanet through its keeper, to see whether honesty pays. What it models is
// in model.go; the last line of its output is one JSON object. It fails when a deviation earns more than honesty.
package main

import (
	"os"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/measure/internal/program"
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

func main() { program.Main("reviewsim", parseOptions, run) }
