package app_test

import (
	"context"
	"fmt"
	"testing"

	abci "github.com/cometbft/cometbft/abci/types"
	coretypes "github.com/cometbft/cometbft/rpc/core/types"
	cmttypes "github.com/cometbft/cometbft/types"
	"github.com/stretchr/testify/require"

	"github.com/cosmos/cosmos-sdk/client"
	sdk "github.com/cosmos/cosmos-sdk/types"
	txtypes "github.com/cosmos/cosmos-sdk/types/tx"
	authtx "github.com/cosmos/cosmos-sdk/x/auth/tx"

	"github.com/openledger/openledger/app/voteext"
	"github.com/openledger/openledger/testutil/chain"
)

// indexed answers searches as CometBFT does, which indexes all transactions of a block by its height.
type indexed struct {
	client.CometRPC
	height  int64
	txs     [][]byte
	results []*abci.ExecTxResult
}

// TxSearch implements client.CometRPC.
func (n indexed) TxSearch(_ context.Context, query string, _ bool, _, _ *int,
	_ string) (*coretypes.ResultTxSearch, error) {
	if query != fmt.Sprintf("tx.height=%d", n.height) {
		return &coretypes.ResultTxSearch{}, nil
	}
	found := &coretypes.ResultTxSearch{TotalCount: len(n.txs)}
	for i, tx := range n.txs {
		found.Txs = append(
			found.Txs, &coretypes.ResultTx{Hash: cmttypes.Tx(tx).Hash(), Height: n.height, Index: uint32(i),
				TxResult: *n.results[i], Tx: tx})
	}
	return found, nil
}

// Block implements client.CometRPC.
func (n indexed) Block(context.Context, *int64) (*coretypes.ResultBlock, error) {
	return &coretypes.ResultBlock{Block: cmttypes.MakeBlock(n.height, nil, &cmttypes.Commit{}, nil)}, nil
}

// TestSearchByHeightFindsABlockWithVotes: the transaction service lists a block whose first transaction is an
// injection. With the decoder of execution the whole page would fail.
func TestSearchByHeightFindsABlockWithVotes(t *testing.T) {
	s := attested(t)
	ask(s)
	tx := s.Sign(chain.Tx{Signer: s.Payer, Msgs: sends(s.Payer, s.Alice, 1), Gas: 1_000_000}, 0)
	injection := s.Propose()[0]
	require.True(t, voteext.IsInjection(injection))
	var all []*abci.ExecTxResult
	s.Watch = func(_ int64, response *abci.ResponseFinalizeBlock) { all = response.TxResults }
	s.RawBlock(tx)
	if len(all) == 1 { // the harness counts as its callers do
		all = append([]*abci.ExecTxResult{{}}, all...)
	}
	node := indexed{height: s.Height(), txs: [][]byte{injection, tx}, results: all}
	search := func(config client.TxConfig) (*txtypes.GetTxsEventResponse, error) {
		ctx := client.Context{}.WithClient(node).WithTxConfig(config).WithInterfaceRegistry(
			s.App.InterfaceRegistry()).WithCodec(s.App.AppCodec())
		return authtx.NewTxServer(ctx, s.App.SimulateNamed, s.App.InterfaceRegistry()).
			GetTxsEvent(context.Background(), &txtypes.GetTxsEventRequest{Query: fmt.Sprintf("tx.height=%d", s.Height())})
	}
	found, err := search(voteext.ClientTxConfig(s.App.TxConfig()))
	require.NoError(t, err)
	require.Len(t, found.TxResponses, 2)
	require.EqualValues(t, 2, found.Total)
	require.Empty(t, found.Txs[0].Body.Messages, "the injection is shown as an empty transaction")
	require.Equal(t, sdk.MsgTypeURL(sends(s.Payer, s.Alice, 1)[0]), found.Txs[1].Body.Messages[0].TypeUrl)
	require.Zero(t, found.TxResponses[1].Code)
	_, err = search(s.App.TxConfig())
	require.Error(t, err, "the decoder of execution takes no injection")
}
