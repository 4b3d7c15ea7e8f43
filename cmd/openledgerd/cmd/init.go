package cmd

import (
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cosmos/cosmos-sdk/client"
	"github.com/cosmos/cosmos-sdk/client/flags"
	"github.com/cosmos/cosmos-sdk/server"
	"github.com/cosmos/cosmos-sdk/types/module"
	genutilcli "github.com/cosmos/cosmos-sdk/x/genutil/client/cli"
	genutiltypes "github.com/cosmos/cosmos-sdk/x/genutil/types"

	"github.com/openledger/openledger/app"
	"github.com/openledger/openledger/cmd/openledgerd/nodeconfig"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

const flagMode = "mode"

// initCmd returns the SDK's command init with the consensus parameters of this chain.
func initCmd(basic module.BasicManager, defaultHome string) *cobra.Command {
	cmd := genutilcli.InitCmd(basic, defaultHome)
	cmd.Use = "init NAME"
	cmd.Short = "Set up the home directory of a node"
	cmd.Long = `Set up the home directory of a node: keys, genesis and configuration. Commands with
this home sign for the chain of its genesis. --mode says what the node is for
(openledgerd config mode --help) and can be changed later. Existing configuration is
kept unless --mode is given.`
	cmd.Example = `openledgerd init my-node --chain-id openledger-1
openledgerd init my-validator --chain-id openledger-1 --mode validator
openledgerd init my-chain --chain-id my-chain-1 --mode single   # one node for everything
openledgerd init my-node --chain-id openledger-1 --recover      # from a seed phrase`
	cmd.Flags().String(flagMode, string(nodeconfig.Full), "what the node is for: "+strings.Join(nodeconfig.Names(), ", "))
	cmd.Flags().Lookup(genutilcli.FlagDefaultBondDenom).Usage = "denomination of stake; default: " +
		rewardstypes.Denom
	cmd.Flags().Lookup(flags.FlagChainID).Usage = "chain id of the genesis; default: chosen at random"
	fresh := false
	cmd.PersistentPreRunE = func(cmd *cobra.Command, args []string) error {
		home, _ := cmd.Flags().GetString(flags.FlagHome)
		_, err := os.Stat(nodeconfig.Path(home, "app"))
		fresh = os.IsNotExist(err)
		return cmd.Root().PersistentPreRunE(cmd, args)
	}
	run := cmd.RunE
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		text, _ := cmd.Flags().GetString(flagMode)
		mode := nodeconfig.Mode(text)
		home := client.GetClientContextFromCmd(cmd).HomeDir
		settings, err := mode.SettingsIn(home)
		if err != nil {
			return err
		}
		result, err := runForResult(cmd, args, run)
		if err != nil {
			return err
		}
		config := server.GetServerContextFromCmd(cmd).Config
		config.SetRoot(home)
		chainID, err := completeGenesis(config.GenesisFile())
		if err != nil {
			return err
		}
		if err := setChainID(home, chainID); err != nil {
			return err
		}
		if !fresh && !cmd.Flags().Changed(flagMode) {
			cmd.PrintErrf("configuration kept; `openledgerd config mode` changes it\n")
		} else {
			if _, err := nodeconfig.Set(home, settings...); err != nil {
				return err
			}
			cmd.PrintErrf("mode %s: %s\n", mode, mode.Long())
		}
		cmd.Printf("home:    %s\nmoniker: %s\nchain:   %s\nnode id: %s\n", home, result.Moniker, chainID, result.NodeID)
		return nil
	}
	return cmd
}

// completeGenesis replaces CometBFT's default parameters in a genesis file,
// keeping the key types that init chose, and returns its chain id.
func completeGenesis(path string) (string, error) {
	genesis, err := genutiltypes.AppGenesisFromFile(path)
	if err != nil {
		return "", err
	}
	params := app.ConsensusParams()
	params.Validator = genesis.Consensus.Params.Validator
	genesis.Consensus.Params = params
	return genesis.ChainID, genesis.SaveAs(path)
}
