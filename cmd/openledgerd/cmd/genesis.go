package cmd

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cosmos/cosmos-sdk/client"
	"github.com/cosmos/cosmos-sdk/client/flags"
	"github.com/cosmos/cosmos-sdk/types/module"
	genutilcli "github.com/cosmos/cosmos-sdk/x/genutil/client/cli"
	genutiltypes "github.com/cosmos/cosmos-sdk/x/genutil/types"

	"github.com/openledger/openledger/app"
)

// genesisCmd is the SDK's genesis, whose gentx signs for the chain of the genesis.
func genesisCmd(txConfig client.TxConfig, basic module.BasicManager) *cobra.Command {
	cmd := genutilcli.Commands(txConfig, basic, app.DefaultNodeHome)
	for _, sub := range cmd.Commands() {
		if sub.Name() == "gentx" {
			completeGentx(sub)
		}
	}
	return cmd
}

func completeGentx(cmd *cobra.Command) {
	cmd.Long = strings.ReplaceAll(cmd.Long, "1000000stake", "1000OPEN")
	cmd.Long = strings.Replace(cmd.Long, "gentx my-key-name", "genesis gentx my-key-name", 1)
	cmd.Long = strings.Replace(cmd.Long, " --chain-id=test-chain-1", "", 1)
	run := cmd.RunE
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := signForGenesis(cmd); err != nil {
			return err
		}
		return run(cmd, args)
	}
}

// signForGenesis has a command sign for the chain of genesis.json, and refuses another.
func signForGenesis(cmd *cobra.Command) error {
	clientCtx := client.GetClientContextFromCmd(cmd)
	path := genesisPath(clientCtx.HomeDir)
	genesis, err := genutiltypes.AppGenesisFromFile(path)
	if err != nil {
		return fmt.Errorf("%w: run `openledgerd init NAME --chain-id ID` first, or give --%s", err, flags.FlagHome)
	}
	if clientCtx.ChainID != "" && clientCtx.ChainID != genesis.ChainID {
		where := "`openledgerd config set client chain-id " + genesis.ChainID + "` corrects client.toml"
		if cmd.Flags().Changed(flags.FlagChainID) {
			where = "leave --" + flags.FlagChainID + " out"
		}
		return fmt.Errorf("%s is of chain %q, and this would sign for %q, which no node of the chain accepts: %s", path, genesis.ChainID, clientCtx.ChainID, where)
	}
	if err := cmd.Flags().Set(flags.FlagChainID, genesis.ChainID); err != nil {
		return err
	}
	return client.SetCmdClientContext(cmd, clientCtx.WithChainID(genesis.ChainID))
}
