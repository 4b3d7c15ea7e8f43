package cmd

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/cosmos/cosmos-sdk/client"
	"github.com/cosmos/cosmos-sdk/client/flags"
	"github.com/cosmos/cosmos-sdk/crypto/keyring"
	sdk "github.com/cosmos/cosmos-sdk/types"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"
	stakingtypes "github.com/cosmos/cosmos-sdk/x/staking/types"

	"github.com/openledger/openledger/amount"
	"github.com/openledger/openledger/cmd/openledgerd/nodeconfig"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// faucetAmount is what an account gets if no amount is given.
const faucetAmount = "1000OPEN"

func testnetFaucetCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "faucet ADDRESS [AMOUNT]",
		Short: "Give an account OPEN on a network of this machine",
		Long: `Give an account OPEN from a validator of a network that runs on this machine: 1000OPEN
if no amount is given. The network is that of ` + "`testnet init-files`" + ` in ./testnet, or
that of --home: the home that ` + "`openlorad demo --keep`" + ` prints, or a node of mode
single. ADDRESS may be the name of a key.

The command signs with the key of a validator in the test keyring of that home.
Networks with value keep no such key: there you get OPEN from other accounts.`,
		Example: `openledgerd testnet faucet alice
openledgerd testnet faucet open1… 50OPEN --home ./testnet/node0
openledgerd testnet faucet open1… 50OPEN --from my-validator     # a key of yours, on a node of mode single`,
		Args: cobra.RangeArgs(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			text := faucetAmount
			if len(args) == 2 {
				text = args[1]
			}
			given, err := amount.ParseCoin(text)
			if err != nil {
				return err
			}
			own := client.GetClientContextFromCmd(cmd)
			to, err := resolveAddress(own, args[0])
			if err != nil {
				return err
			}
			if err := chooseFaucet(cmd, own); err != nil {
				return err
			}
			send, err := newSender(cmd)
			if err != nil {
				return err
			}
			response, err := send.send(cmd.Context(),
				&banktypes.MsgSend{FromAddress: send.address().String(), ToAddress: to, Amount: sdk.NewCoins(given)})
			if err != nil {
				return err
			}
			balance, err := banktypes.NewQueryClient(send.clientCtx).Balance(cmd.Context(),
				&banktypes.QueryBalanceRequest{Address: to, Denom: rewardstypes.Denom})
			if err != nil {
				return err
			}
			cmd.Printf("%s has %s; %s came from %s in block %d\n", to, amount.Format(balance.Balance.Amount),
				amount.Format(given.Amount), send.address(), response.Height)
			return nil
		},
	}
	addSendFlags(cmd)
	return cmd
}

// chooseFaucet makes a command sign with the key of a validator of a network on this machine, without asking.
func chooseFaucet(cmd *cobra.Command, own client.Context) error {
	f := cmd.Flags()
	if err := f.Set(flags.FlagSkipConfirmation, "true"); err != nil || f.Changed(flags.FlagFrom) {
		return err
	}
	home := own.HomeDir
	if local := filepath.Join(defaultNetworkDir, "node0"); !f.Changed(flags.FlagHome) {
		if _, err := os.Stat(nodeconfig.Path(local, "client")); err == nil {
			home = local
		}
	}
	clientCtx, _, err := readClientConfig(own.WithHomeDir(home))
	if err != nil {
		return err
	}
	if f.Changed(flags.FlagNode) {
		clientCtx = clientCtx.WithClient(own.Client).WithNodeURI(own.NodeURI)
	}
	keys, err := keyring.New(sdk.KeyringServiceName(), keyring.BackendTest, home, clientCtx.Input, clientCtx.Codec)
	if err != nil {
		return err
	}
	name, err := validatorKey(cmd, clientCtx, keys)
	if err != nil {
		return err
	}
	if name == "" {
		return fmt.Errorf(
			"no key of a validator is in the test keyring of %s: give --%s of a network on this machine, such as "+
				"./testnet/node0, or a key of yours with --%s; on other networks you get OPEN from other accounts", home,
			flags.FlagHome, flags.FlagFrom)
	}
	if err := f.Set(flags.FlagFrom, name); err != nil {
		return err
	}
	return client.SetCmdClientContext(cmd, clientCtx.WithKeyring(keys))
}

// validatorKey returns the name of a key that belongs to a validator of the chain, or "".
func validatorKey(cmd *cobra.Command, clientCtx client.Context, keys keyring.Keyring) (string, error) {
	records, err := keys.List()
	if err != nil {
		return "", err
	}
	staking := stakingtypes.NewQueryClient(clientCtx)
	for _, record := range records {
		address, err := record.GetAddress()
		if err != nil {
			return "", err
		}
		_, err = staking.Validator(cmd.Context(),
			&stakingtypes.QueryValidatorRequest{ValidatorAddr: sdk.ValAddress(address).String()})
		switch {
		case err == nil:
			return record.Name, nil
		case status.Code(err) != codes.NotFound: // for example, the chain has no block yet
			return "", err
		}
	}
	return "", nil
}
