// Command openlorad holds the off-chain services of OpenLedger: the gateway
// that serves models, a client that pays for answers, and the demo.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/openledger/openledger/cmd/openlorad/cmd"
	_ "github.com/openledger/openledger/content/buckets"
	"github.com/openledger/openledger/openlora/render"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := cmd.NewRootCmd().ExecuteContext(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "openlorad:", render.Text(err.Error())) // it may say what a gateway wrote
		os.Exit(1)
	}
}
