package voteext

import (
	"context"

	abci "github.com/cometbft/cometbft/abci/types"

	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	sdkerrors "github.com/cosmos/cosmos-sdk/types/errors"
)

// runner gives the injection a constant result, and bytes that do not decode one without gas. Executors differ in what
// they report for them (block-stm counts the gas of reading the parameters), and results are part of the next block's
// header: without it nodes with different executors would fork. No honest validator accepts a proposal with such bytes,
// but whoever replays a block takes any.
type runner struct{ inner sdk.TxRunner }

var _ sdk.TxRunner = runner{}

// WrapRunner returns a runner that does not execute injections.
func WrapRunner(inner sdk.TxRunner) sdk.TxRunner { return runner{inner} }

// Unwrap returns the executor inside, for checks of what it is.
func (r runner) Unwrap() sdk.TxRunner { return r.inner }

// Run implements sdk.TxRunner. Transactions behind an injection are counted from 0, as they are without one.
func (r runner) Run(ctx context.Context, ms storetypes.MultiStore, txs [][]byte,
	deliver sdk.DeliverTxFunc) ([]*abci.ExecTxResult, error) {
	injected := len(txs) > 0 && IsInjection(txs[0])
	if injected {
		txs = txs[1:]
	}
	results, err := r.inner.Run(ctx, ms, txs, deliver)
	if err != nil {
		return nil, err
	}
	for _, result := range results {
		if result.Codespace == sdkerrors.ErrTxDecode.Codespace() && result.Code == sdkerrors.ErrTxDecode.ABCICode() &&
			result.GasWanted == 0 {
			result.GasUsed = 0
		}
	}
	if injected {
		results = append([]*abci.ExecTxResult{{}}, results...)
	}
	return results, nil
}
