// Command openledgerd is the OpenLedger node and its command line client.
package main

import (
	"fmt"
	"os"

	svrcmd "github.com/cosmos/cosmos-sdk/server/cmd"

	"github.com/openledger/openledger/app"
	"github.com/openledger/openledger/cmd/openledgerd/cmd"
	_ "github.com/openledger/openledger/content/buckets"
)

func main() {
	if err := svrcmd.Execute(cmd.NewRootCmd(), app.EnvPrefix, app.DefaultNodeHome); err != nil {
		// An error of the SDK that formats itself adds where in the code it was made.
		fmt.Fprintln(os.Stderr, "openledgerd:", err.Error())
		os.Exit(1)
	}
}
