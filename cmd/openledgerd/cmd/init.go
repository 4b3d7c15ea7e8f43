package cmd

import (
	"github.com/spf13/cobra"

	"github.com/cosmos/cosmos-sdk/client"
	"github.com/cosmos/cosmos-sdk/server"
	"github.com/cosmos/cosmos-sdk/types/module"
	genutilcli "github.com/cosmos/cosmos-sdk/x/genutil/client/cli"
	genutiltypes "github.com/cosmos/cosmos-sdk/x/genutil/types"

	"github.com/openledger/openledger/app"
)

// initCmd is the SDK's init with the consensus parameters of this chain.
func initCmd(basic module.BasicManager, defaultHome string) *cobra.Command {
	cmd := genutilcli.InitCmd(basic, defaultHome)
	cmd.Example = `openledgerd init my-node --chain-id openledger-1
openledgerd init my-node --chain-id openledger-1 --recover   # from a seed phrase`
	run := cmd.RunE
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := run(cmd, args); err != nil {
			return err
		}
		config := server.GetServerContextFromCmd(cmd).Config
		config.SetRoot(client.GetClientContextFromCmd(cmd).HomeDir)
		return setConsensusParams(config.GenesisFile())
	}
	return cmd
}

// setConsensusParams replaces CometBFT's default parameters in a genesis file,
// keeping the key types that init chose.
func setConsensusParams(path string) error {
	genesis, err := genutiltypes.AppGenesisFromFile(path)
	if err != nil {
		return err
	}
	params := app.ConsensusParams()
	params.Validator = genesis.Consensus.Params.Validator
	genesis.Consensus.Params = params
	return genesis.SaveAs(path)
}
