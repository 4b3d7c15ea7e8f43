//go:build !faults

package cmd

import (
	"github.com/spf13/pflag"
	"github.com/spf13/viper"

	servertypes "github.com/cosmos/cosmos-sdk/server/types"

	"github.com/openledger/openledger/app"
	"github.com/openledger/openledger/attestor"
)

// Only a node that is built with the tag faults can misbehave.

func addFaultFlag(*pflag.FlagSet) {}

func setFault(*attestor.Config, *viper.Viper) error { return nil }

func tamper(*app.App, servertypes.AppOptions) {}
