package app

import (
	"bytes"
	"context"
	"crypto/sha256"
	"testing"

	abci "github.com/cometbft/cometbft/abci/types"
	"github.com/stretchr/testify/require"

	simtestutil "github.com/cosmos/cosmos-sdk/testutil/sims"
)

// TestRecentTransactions are found from the commit on, until a hundred blocks or 16 MiB came after them.
func TestRecentTransactions(t *testing.T) {
	recent := new(recentTxs)
	recent.configure(simtestutil.AppOptionsMap{optionIndexer: "null"})
	node := recentClient{recent: recent}
	block := func(height int64, txs ...[]byte) {
		results := make([]*abci.ExecTxResult, len(txs))
		for i := range txs {
			results[i] = &abci.ExecTxResult{Code: uint32(i), GasUsed: height}
		}
		recent.executed(&abci.RequestFinalizeBlock{Height: height, Txs: txs}, &abci.ResponseFinalizeBlock{TxResults: results})
	}
	second := sha256.Sum256([]byte("second"))

	block(1, []byte("first"), []byte("second"))
	_, err := node.Tx(context.Background(), second[:], true)
	require.ErrorContains(t, err, "not found", "not committed")
	recent.committed()
	found, err := node.Tx(context.Background(), second[:], true)
	require.NoError(t, err)
	require.EqualValues(t, 1, found.Height)
	require.EqualValues(t, 1, found.Index)
	require.EqualValues(t, 1, found.TxResult.Code)

	for height := int64(2); height <= recentBlocks; height++ {
		block(height)
		recent.committed()
	}
	require.NotNil(t, recent.find(second[:]))
	block(recentBlocks + 1)
	recent.committed()
	require.Nil(t, recent.find(second[:]), "a hundred blocks later")

	block(recentBlocks+2, []byte("second"), bytes.Repeat([]byte{1}, recentBytes))
	recent.committed()
	require.Len(t, recent.blocks, 1, "the latest block is kept whatever its size")
	require.NotNil(t, recent.find(second[:]))
	block(recentBlocks + 3)
	recent.committed()
	require.Nil(t, recent.find(second[:]))
	require.Zero(t, recent.bytes)

	indexed := new(recentTxs)
	indexed.configure(simtestutil.AppOptionsMap{optionIndexer: "kv"})
	indexed.executed(&abci.RequestFinalizeBlock{Txs: [][]byte{{1}}},
		&abci.ResponseFinalizeBlock{TxResults: []*abci.ExecTxResult{{}}})
	indexed.committed()
	require.Empty(t, indexed.blocks, "a node that indexes keeps nothing twice")
}
