package voteext

import (
	"context"

	abci "github.com/cometbft/cometbft/abci/types"

	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
)

// runner gives the injection a constant result. Executors differ in what they report for bytes that do not decode, and results are
// part of the next block's header: without it nodes with different executors would fork.
type runner struct{ inner sdk.TxRunner }

var _ sdk.TxRunner = runner{}

// WrapRunner returns a runner that does not execute injections.
func WrapRunner(inner sdk.TxRunner) sdk.TxRunner { return runner{inner} }

// Unwrap returns the executor inside, for checks of what it is.
func (r runner) Unwrap() sdk.TxRunner { return r.inner }

// Run implements sdk.TxRunner. Transactions behind an injection are counted from 0, as they are without one.
func (r runner) Run(ctx context.Context, ms storetypes.MultiStore, txs [][]byte, deliver sdk.DeliverTxFunc) ([]*abci.ExecTxResult, error) {
	if len(txs) == 0 || !IsInjection(txs[0]) {
		return r.inner.Run(ctx, ms, txs, deliver)
	}
	results, err := r.inner.Run(ctx, ms, txs[1:], deliver)
	if err != nil {
		return nil, err
	}
	return append([]*abci.ExecTxResult{{}}, results...), nil
}
