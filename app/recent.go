package app

import (
	"context"
	"crypto/sha256"
	"fmt"
	"sync"

	abci "github.com/cometbft/cometbft/abci/types"
	coretypes "github.com/cometbft/cometbft/rpc/core/types"
	"github.com/spf13/cast"

	"github.com/cosmos/cosmos-sdk/client"
	servertypes "github.com/cosmos/cosmos-sdk/server/types"
)

const (
	// optionIndexer is the key of config.toml that says whether CometBFT finds transactions.
	optionIndexer = "tx_index.indexer"
	// recentBlocks is how many blocks of results a node without an index keeps, and recentBytes how much of them.
	recentBlocks = 100
	recentBytes  = 16 << 20
)

// recentTxs keeps the results of the latest blocks in memory on a node that indexes no transactions, so that the sender
// of a transaction can read its result.
type recentTxs struct {
	keep bool

	mu     sync.Mutex
	blocks []recentBlock // oldest first
	bytes  int
	next   recentBlock // executed, not yet committed
}

type recentBlock struct {
	height int64
	txs    map[[sha256.Size]byte]*coretypes.ResultTx
	bytes  int
}

func (r *recentTxs) configure(appOpts servertypes.AppOptions) {
	r.keep = cast.ToString(appOpts.Get(optionIndexer)) == "null"
}

// executed takes the results of a block that is not committed yet.
func (r *recentTxs) executed(req *abci.RequestFinalizeBlock, response *abci.ResponseFinalizeBlock) {
	if !r.keep || len(response.TxResults) != len(req.Txs) {
		return
	}
	block := recentBlock{height: req.Height, txs: make(map[[sha256.Size]byte]*coretypes.ResultTx, len(req.Txs))}
	for i, tx := range req.Txs {
		hash, result := sha256.Sum256(tx), response.TxResults[i]
		block.txs[hash] = &coretypes.ResultTx{Hash: hash[:], Height: req.Height, Index: uint32(i), TxResult: *result, Tx: tx}
		block.bytes += len(tx) + result.Size()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.next = block
}

// committed shows the block: from now on queries see what it changed.
func (r *recentTxs) committed() {
	if !r.keep {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.blocks, r.bytes = append(r.blocks, r.next), r.bytes+r.next.bytes
	r.next = recentBlock{}
	for len(r.blocks) > 1 && (len(r.blocks) > recentBlocks || r.bytes > recentBytes) {
		r.bytes -= r.blocks[0].bytes
		r.blocks = r.blocks[1:]
	}
}

func (r *recentTxs) find(hash []byte) *coretypes.ResultTx {
	if len(hash) != sha256.Size {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, block := range r.blocks {
		if found := block.txs[[sha256.Size]byte(hash)]; found != nil {
			return found
		}
	}
	return nil
}

// recentClient asks a node without an index for transactions of the latest blocks.
type recentClient struct {
	client.CometRPC
	recent *recentTxs
}

// Tx returns a transaction of the latest blocks, without a proof.
func (c recentClient) Tx(_ context.Context, hash []byte, _ bool) (*coretypes.ResultTx, error) {
	if found := c.recent.find(hash); found != nil {
		return found, nil
	}
	return nil, fmt.Errorf(
		"tx (%X) not found among those of the last %d blocks: this node indexes no transactions (tx_index.indexer in "+
			"config.toml)", hash, recentBlocks)
}
