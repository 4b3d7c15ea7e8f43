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

// genesisCmd returns the SDK's command genesis. Its gentx signs for the chain of the genesis file.
func genesisCmd(txConfig client.TxConfig, basic module.BasicManager) *cobra.Command {
	cmd := genutilcli.Commands(txConfig, basic, app.DefaultNodeHome)
	for _, sub := range cmd.Commands() {
		switch sub.Name() {
		case "gentx":
			completeGentx(sub)
		case "collect-gentxs":
			completeCollect(sub)
		}
	}
	return cmd
}

// completeCollect makes collect-gentxs print a summary instead of the whole genesis.
func completeCollect(cmd *cobra.Command) {
	run := cmd.RunE
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		result, err := runForResult(cmd, args, run)
		if err != nil {
			return err
		}
		path := genesisPath(client.GetClientContextFromCmd(cmd).HomeDir)
		appState, _, err := genutiltypes.GenesisStateFromGenFile(path)
		if err != nil {
			return err
		}
		gentxs := genutiltypes.GetGenesisStateFromAppState(client.GetClientContextFromCmd(cmd).Codec, appState).GenTxs
		cmd.Printf("genesis:    %s\nchain:      %s\nvalidators: %d\n", path, result.ChainID, len(gentxs))
		return nil
	}
}

// completeGentx makes gentx sign for the chain of the genesis file, and mends its help.
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

// signForGenesis makes a command sign for the chain of genesis.json. It fails if flags or client.toml name another
// chain.
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
		return fmt.Errorf("%s is of chain %q, but this command would sign for chain %q, and no node would accept that: %s",
			path, genesis.ChainID, clientCtx.ChainID, where)
	}
	if err := cmd.Flags().Set(flags.FlagChainID, genesis.ChainID); err != nil {
		return err
	}
	return client.SetCmdClientContext(cmd, clientCtx.WithChainID(genesis.ChainID))
}
