package cmd

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/cosmos/cosmos-sdk/client"
	"github.com/cosmos/cosmos-sdk/client/tx"
	sdk "github.com/cosmos/cosmos-sdk/types"
	authtx "github.com/cosmos/cosmos-sdk/x/auth/tx"

	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

const (
	inclusionTimeout = time.Minute
	inclusionPoll    = 300 * time.Millisecond
	gasAdjustment    = 1.4
)

// sender signs with the key of --from and waits until transactions are in a block.
type sender struct {
	clientCtx client.Context
	factory   tx.Factory
}

func newSender(cmd *cobra.Command) (*sender, error) {
	clientCtx, err := client.GetClientTxContext(cmd)
	if err != nil {
		return nil, err
	}
	if clientCtx.FromAddress.Empty() {
		return nil, fmt.Errorf("name the key that signs with --from; `openledgerd keys list` shows the keys")
	}
	factory, err := tx.NewFactoryCLI(clientCtx, cmd.Flags())
	if err != nil {
		return nil, err
	}
	if factory.GasAdjustment() < gasAdjustment {
		factory = factory.WithGasAdjustment(gasAdjustment)
	}
	if factory.GasPrices().IsZero() && factory.Fees().IsZero() {
		price, err := rewardstypes.GasPrice(cmd.Context(), rewardstypes.NewQueryClient(clientCtx))
		if err != nil {
			return nil, err
		}
		factory = factory.WithGasPrices(price.String() + rewardstypes.Denom)
	}
	return &sender{clientCtx: clientCtx, factory: factory}, nil
}

// address of the key that signs.
func (s *sender) address() sdk.AccAddress { return s.clientCtx.FromAddress }

// send signs and broadcasts msgs and returns the result of the block that holds
// them. A refused transaction is an error.
func (s *sender) send(ctx context.Context, msgs ...sdk.Msg) (*sdk.TxResponse, error) {
	factory, err := s.factory.Prepare(s.clientCtx)
	if err != nil {
		return nil, err
	}
	if _, gas, err := tx.CalculateGas(s.clientCtx, factory, msgs...); err != nil {
		return nil, err
	} else {
		factory = factory.WithGas(gas)
	}
	builder, err := factory.BuildUnsignedTx(msgs...)
	if err != nil {
		return nil, err
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
		return nil, fmt.Errorf("transaction refused: %s (%s, code %d)", response.RawLog, response.Codespace, response.Code)
	}
	return s.wait(ctx, response.TxHash)
}

func (s *sender) wait(ctx context.Context, hash string) (*sdk.TxResponse, error) {
	ctx, cancel := context.WithTimeout(ctx, inclusionTimeout)
	defer cancel()
	for {
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("transaction %s is not in a block yet: look again with `openledgerd query tx %s`", hash, hash)
		case <-time.After(inclusionPoll):
		}
		response, err := authtx.QueryTx(s.clientCtx, hash)
		if err != nil {
			continue
		}
		if response.Code != 0 {
			return nil, fmt.Errorf("transaction %s failed: %s (%s, code %d)", hash, response.RawLog, response.Codespace, response.Code)
		}
		return response, nil
	}
}

// waitHeight returns when the node has committed height.
func (s *sender) waitHeight(ctx context.Context, height int64) error {
	node, err := s.clientCtx.GetNode()
	if err != nil {
		return err
	}
	for {
		status, err := node.Status(ctx)
		if err != nil {
			return err
		}
		if status.SyncInfo.LatestBlockHeight >= height {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(inclusionPoll):
		}
	}
}
