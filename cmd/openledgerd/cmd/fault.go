//go:build faults

package cmd

import (
	"github.com/spf13/pflag"
	"github.com/spf13/viper"

	abci "github.com/cometbft/cometbft/abci/types"
	cmtproto "github.com/cometbft/cometbft/proto/tendermint/types"

	servertypes "github.com/cosmos/cosmos-sdk/server/types"

	"github.com/openledger/openledger/app"
	"github.com/openledger/openledger/attestor"
)

const flagAttestorFault = "attestor.fault"

func addFaultFlag(f *pflag.FlagSet) {
	f.String(flagAttestorFault, "", "misbehave for a test: lie, stall, panic, flood or drop")
}

func setFault(config *attestor.Config, v *viper.Viper) (err error) {
	config.Fault, err = attestor.ParseFault(v.GetString(flagAttestorFault))
	return err
}

// tamper makes the node change the votes that it received before it proposes a block, if a flag says so.
func tamper(node *app.App, appOpts servertypes.AppOptions) {
	if fault, _ := appOpts.Get(flagAttestorFault).(string); attestor.Fault(fault) == attestor.Drop {
		node.SetVoteTamper(dropVotes)
	}
}

// dropVotes removes as many votes as other validators tolerate.
func dropVotes(commit *abci.ExtendedCommitInfo) {
	total, dropped := int64(0), int64(0)
	for _, v := range commit.Votes {
		total += v.Validator.Power
	}
	for i, v := range commit.Votes {
		if 3*(dropped+v.Validator.Power) < total {
			dropped += v.Validator.Power
			commit.Votes[i] = abci.ExtendedVoteInfo{Validator: v.Validator, BlockIdFlag: cmtproto.BlockIDFlagAbsent}
		}
	}
}
