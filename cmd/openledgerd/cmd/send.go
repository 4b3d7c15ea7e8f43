package cmd

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cosmos/cosmos-sdk/client"
	"github.com/cosmos/cosmos-sdk/client/flags"
	nodeservice "github.com/cosmos/cosmos-sdk/client/grpc/node"
	"github.com/cosmos/cosmos-sdk/client/input"
	"github.com/cosmos/cosmos-sdk/client/tx"
	"github.com/cosmos/cosmos-sdk/crypto/keyring"
	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/amount"
	"github.com/openledger/openledger/internal/follow"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// sender signs with the key of --from and waits until transactions are in a block.
type sender struct {
	clientCtx client.Context
	factory   tx.Factory
	confirm   func(msgs []sdk.Msg, gas uint64, fee sdk.Coins) error
}

// refusedTxFlags are the flags of transactions that do not fit commands which query the chain, send, wait and send
// again.
var refusedTxFlags = []string{
	flags.FlagGenerateOnly, flags.FlagOffline, flags.FlagDryRun, flags.FlagAux, flags.FlagTip, flags.FlagUnordered,
	flags.TimeoutDuration,
	flags.FlagTimeoutHeight, flags.FlagAccountNumber, flags.FlagSequence, flags.FlagBroadcastMode, flags.FlagFeePayer,
}

// addSendFlags adds the flags of transactions to a command that uses a sender. It hides refusedTxFlags in the help.
func addSendFlags(cmd *cobra.Command) {
	flags.AddTxFlagsToCmd(cmd)
	for _, name := range refusedTxFlags {
		_ = cmd.Flags().MarkHidden(name)
	}
}

// newSender returns a sender that signs with the key of --from.
func newSender(cmd *cobra.Command) (*sender, error) {
	for _, name := range refusedTxFlags {
		if cmd.Flags().Changed(name) {
			return nil, fmt.Errorf(
				"`%s` sends transactions as they become due and waits for each: --%s does not go with it, nothing was sent; "+
					"`openledgerd tx` has each transaction by itself", cmd.CommandPath(), name)
		}
	}
	clientCtx, err := client.GetClientTxContext(cmd)
	if err != nil {
		return nil, err
	}
	if clientCtx.FromAddress.Empty() {
		return nil, fmt.Errorf("name the key that signs with --from; `openledgerd keys list` shows the keys")
	}
	if record, err := clientCtx.Keyring.Key(clientCtx.FromName); err != nil {
		return nil, err
	} else if kind := record.GetType(); kind == keyring.TypeMulti || kind == keyring.TypeOffline {
		return nil, fmt.Errorf(
			"`%s` signs by itself, and the key %q is of type %s: send each transaction with `openledgerd tx`, which has --%s",
			cmd.CommandPath(), clientCtx.FromName, kind, flags.FlagGenerateOnly)
	}
	clientCtx = clientCtx.WithBroadcastMode(flags.BroadcastSync)
	factory, err := tx.NewFactoryCLI(clientCtx, cmd.Flags())
	if err != nil {
		return nil, err
	}
	if !cmd.Flags().Changed(flags.FlagGasPrices) && factory.Fees().IsZero() {
		price, err := rewardstypes.GasPrice(cmd.Context(), rewardstypes.NewQueryClient(clientCtx))
		if err != nil {
			return nil, err
		}
		factory = factory.WithGasPrices(price.String() + rewardstypes.Denom)
	}
	s := &sender{clientCtx: clientCtx, factory: factory}
	if !clientCtx.SkipConfirm {
		s.confirm = s.askOnce(cmd)
	}
	return s, nil
}

// senderIf returns the client of a command and, if the command is to send, a sender with its address.
func senderIf(cmd *cobra.Command, sends bool) (client.Context, transactor, string, error) {
	if !sends {
		clientCtx, err := client.GetClientQueryContext(cmd)
		return clientCtx, nil, "", err
	}
	s, err := newSender(cmd)
	if err != nil {
		return client.Context{}, nil, "", err
	}
	return s.clientCtx, s, s.address().String(), nil
}

// askOnce asks the user before the first transaction of a command. The answer holds for the later ones, too.
func (s *sender) askOnce(cmd *cobra.Command) func([]sdk.Msg, uint64, sdk.Coins) error {
	agreed := false
	return func(msgs []sdk.Msg, gas uint64, fee sdk.Coins) error {
		if agreed {
			return nil
		}
		names := make([]string, len(msgs))
		for i, msg := range msgs {
			names[i] = strings.TrimPrefix(sdk.MsgTypeURL(msg), "/")
		}
		cmd.PrintErrf("`%s` sends %s as %s, for a fee of %s (%d gas), and the transactions that follow it\n",
			cmd.CommandPath(), strings.Join(names, ", "), s.clientCtx.FromAddress,
			amount.Format(fee.AmountOf(rewardstypes.Denom)), gas)
		ok, err := input.GetConfirmation("send", bufio.NewReader(cmd.InOrStdin()), cmd.ErrOrStderr())
		switch {
		case errors.Is(err, io.EOF):
			return fmt.Errorf("nobody answered, and nothing was sent: give --%s to send without a question",
				flags.FlagSkipConfirmation)
		case err != nil:
			return err
		case !ok:
			return errors.New("nothing was sent, as you asked")
		}
		agreed = true
		return nil
	}
}

// address returns the address of the key that signs.
func (s *sender) address() sdk.AccAddress { return s.clientCtx.FromAddress }

// send signs and broadcasts a transaction with msgs, waits until it is in a block, and returns its result. A refused
// transaction is an error.
func (s *sender) send(ctx context.Context, msgs ...sdk.Msg) (*sdk.TxResponse, error) {
	factory, err := s.factory.Prepare(s.clientCtx)
	if err != nil {
		return nil, err
	}
	if factory.SimulateAndExecute() {
		_, gas, err := tx.CalculateGas(s.clientCtx, factory, msgs...)
		if err != nil {
			return nil, err
		}
		factory = factory.WithGas(gas)
	}
	builder, err := factory.BuildUnsignedTx(msgs...)
	if err != nil {
		return nil, err
	}
	if s.confirm != nil {
		if err := s.confirm(msgs, factory.Gas(), builder.GetTx().GetFee()); err != nil {
			return nil, err
		}
	}
	if err := tx.Sign(ctx, factory, s.clientCtx.FromName, builder, true); err != nil {
		return nil, err
	}
	encoded, err := s.clientCtx.TxConfig.TxEncoder()(builder.GetTx())
	if err != nil {
		return nil, err
	}
	response, err := s.clientCtx.BroadcastTx(encoded)
	if err != nil {
		return nil, err
	}
	if response.Code != 0 {
		return nil, &refusedError{response}
	}
	return awaitTx(ctx, s.clientCtx, response.TxHash)
}

// waitHeight returns when queries and simulations run on the state of height. It does not use CometBFT's status, which
// names a block before the application has executed it.
func (s *sender) waitHeight(ctx context.Context, height int64) error {
	node := nodeservice.NewServiceClient(s.clientCtx)
	for {
		status, err := node.Status(ctx, &nodeservice.StatusRequest{})
		if err != nil {
			return err
		}
		if int64(status.Height) >= height {
			return nil
		}
		if err := follow.Sleep(ctx, inclusionPoll); err != nil {
			return err
		}
	}
}
