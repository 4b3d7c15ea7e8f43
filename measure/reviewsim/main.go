// Command reviewsim plays panel review of x/datanet through its keeper, to see whether honesty pays. Its model is in
// model.go. The last line of its output is one JSON object. It fails if a deviation earns more than honesty.
package main

import (
	"os"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/measure/internal/program"
)

// For each address that it reads, the SDK asks the system for the name of the program, unless the environment has one.
func init() {
	if os.Getenv(sdk.EnvConfigScope) == "" {
		if err := os.Setenv(sdk.EnvConfigScope, "reviewsim"); err != nil {
			panic(err) // the name is a constant
		}
	}
}

func main() { program.Main("reviewsim", parseOptions, run) }
