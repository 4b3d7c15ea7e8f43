package chain

import (
	"crypto/sha256"
	"fmt"
	"time"

	"cosmossdk.io/log/v2"

	abci "github.com/cometbft/cometbft/abci/types"
	cmttypes "github.com/cometbft/cometbft/types"
	dbm "github.com/cosmos/cosmos-db"
	"github.com/stretchr/testify/require"

	"github.com/cosmos/cosmos-sdk/baseapp"
	"github.com/cosmos/cosmos-sdk/client/flags"
	"github.com/cosmos/cosmos-sdk/server"
	simtestutil "github.com/cosmos/cosmos-sdk/testutil/sims"

	"github.com/openledger/openledger/app"
)

// Executor is how a node executes blocks.
type Executor struct {
	// Block is the value of --block-executor; sequential if empty.
	Block string
	// Workers of block-stm, as many as there are processors if 0; PreEstimate has it look at transactions first.
	Workers     int
	PreEstimate bool
	// Optimistic executes proposals ahead. Replay then has proposals come and go as they do when rounds fail.
	Optimistic bool
}

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

// Replay makes all blocks again with another executor. Each must have the same application hash and the same hash of
// its results, which the next block's header holds.
func (c *Chain) Replay(executor Executor) {
	c.T.Helper()
	options := simtestutil.AppOptionsMap{
		flags.FlagHome: c.T.TempDir(), server.FlagBlockExecutor: executor.Block, server.FlagBlockSTMWorkers: executor.Workers,
		server.FlagBlockSTMPreEstimate: executor.PreEstimate, app.OptionOptimistic: executor.Optimistic,
	}
	again := app.New(log.NewNopLogger(), dbm.NewMemDB(), true, options, baseapp.SetChainID(ID))
	defer again.Close()
	_, err := again.InitChain(c.genesis)
	require.NoError(c.T, err)
	for i, block := range c.made {
		about := fmt.Sprintf("block %d", block.request.Height)
		if executor.Optimistic {
			round := rounds[i%len(rounds)]
			about += ", " + round.name
			round.play(c, again, block.request)
		}
		response, err := again.FinalizeBlock(block.request)
		require.NoError(c.T, err, about)
		require.Equal(c.T, block.appHash, response.AppHash, "application hash of %s", about)
		require.Equal(c.T, block.results, cmttypes.NewResults(response.TxResults).Hash(), "results of %s", about)
		_, err = again.Commit()
		require.NoError(c.T, err)
	}
}

// rounds are what a node may see of a height before a block is decided.
var rounds = []struct {
	name string
	play func(c *Chain, a *app.App, decided *abci.RequestFinalizeBlock)
}{
	{"proposed", func(c *Chain, a *app.App, decided *abci.RequestFinalizeBlock) { judge(c, a, decided) }},
	{"proposed after another", func(c *Chain, a *app.App, decided *abci.RequestFinalizeBlock) {
		judge(c, a, other(decided))
		judge(c, a, decided)
	}},
	{"decided while another is executed", func(c *Chain, a *app.App,
		decided *abci.RequestFinalizeBlock) {
		judge(c, a, other(decided))
	}},
	{"decided without being seen", func(*Chain, *app.App, *abci.RequestFinalizeBlock) {}},
	{"decided after one that was rejected", func(c *Chain, a *app.App, decided *abci.RequestFinalizeBlock) {
		judge(c, a, decided)
		judge(c, a, bad(decided))
	}},
	{"executed, and decided after one that was rejected", func(c *Chain, a *app.App, decided *abci.RequestFinalizeBlock) {
		judge(c, a, decided)
		settle()
		judge(c, a, bad(decided))
	}},
	{"decided after one of its own", func(c *Chain, a *app.App, decided *abci.RequestFinalizeBlock) {
		judge(c, a, decided)
		prepare(c, a, decided)
	}},
	{"executed, and decided after one of its own", func(c *Chain, a *app.App, decided *abci.RequestFinalizeBlock) {
		judge(c, a, decided)
		settle()
		prepare(c, a, decided)
	}},
	{"proposed twice", func(c *Chain, a *app.App, decided *abci.RequestFinalizeBlock) {
		judge(c, a, decided)
		judge(c, a, decided)
	}},
}

// settle leaves an execution the time to end. Either way the block must come out the same.
func settle() { time.Sleep(20 * time.Millisecond) }

// judge has the application judge a proposal, whatever it says: blocks of tests hold what no honest proposer would put
// there.
func judge(c *Chain, a *app.App, block *abci.RequestFinalizeBlock) {
	_, err := a.ProcessProposal(&abci.RequestProcessProposal{
		Txs: block.Txs, ProposedLastCommit: block.DecidedLastCommit, Misbehavior: block.Misbehavior, Hash: block.Hash,
		Height: block.Height,
		Time:   block.Time, NextValidatorsHash: block.NextValidatorsHash, ProposerAddress: block.ProposerAddress,
	})
	require.NoError(c.T, err)
}

// prepare has the application propose a block of its own.
func prepare(c *Chain, a *app.App, block *abci.RequestFinalizeBlock) {
	_, err := a.PrepareProposal(
		&abci.RequestPrepareProposal{Height: block.Height, Time: block.Time, MaxTxBytes: 4 << 20,
			ProposerAddress: block.ProposerAddress})
	require.NoError(c.T, err)
}

// other is another proposal for the height: later, and without the last transaction.
func other(block *abci.RequestFinalizeBlock) *abci.RequestFinalizeBlock {
	out := *block
	out.Txs = block.Txs[:max(0, len(block.Txs)-1)]
	out.Time = block.Time.Add(time.Millisecond)
	hash := sha256.Sum256(block.Hash)
	out.Hash = hash[:]
	return &out
}

// bad is a proposal that is rejected.
func bad(block *abci.RequestFinalizeBlock) *abci.RequestFinalizeBlock {
	out := other(block)
	out.Txs = [][]byte{{0xff}}
	return out
}
