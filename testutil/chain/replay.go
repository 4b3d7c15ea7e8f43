package chain

import (
	abci "github.com/cometbft/cometbft/abci/types"
	cmttypes "github.com/cometbft/cometbft/types"
	dbm "github.com/cosmos/cosmos-db"
	"github.com/stretchr/testify/require"
)

// made is a block with what came of it.
type made struct {
	request          *abci.RequestFinalizeBlock
	appHash, results []byte
}

// record keeps a block for Replay. Chains that skip invariants are benchmarks, which keep nothing.
func (c *Chain) record(request *abci.RequestFinalizeBlock, response *abci.ResponseFinalizeBlock) {
	if response != nil && !c.SkipInvariants {
		c.made = append(c.made, made{request, response.AppHash, cmttypes.NewResults(response.TxResults).Hash()})
	}
}

// Replay makes all blocks again with another executor. Each must have the same application hash and the same hash of its results,
// which the next block's header holds.
func (c *Chain) Replay(executor string) {
	c.T.Helper()
	again := newApp(c.T, dbm.NewMemDB(), executor)
	_, err := again.InitChain(c.genesis)
	require.NoError(c.T, err)
	for _, block := range c.made {
		response, err := again.FinalizeBlock(block.request)
		require.NoError(c.T, err)
		require.Equal(c.T, block.appHash, response.AppHash, "application hash of block %d", block.request.Height)
		require.Equal(c.T, block.results, cmttypes.NewResults(response.TxResults).Hash(), "results of block %d", block.request.Height)
		_, err = again.Commit()
		require.NoError(c.T, err)
	}
}
