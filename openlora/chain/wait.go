package chain

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	abci "github.com/cometbft/cometbft/abci/types"

	"github.com/cosmos/cosmos-sdk/client/grpc/cmtservice"
	sdk "github.com/cosmos/cosmos-sdk/types"
	sdkerrors "github.com/cosmos/cosmos-sdk/types/errors"
	txtypes "github.com/cosmos/cosmos-sdk/types/tx"

	"github.com/openledger/openledger/internal/follow"
)

// Signed is a signed transaction. It may be sent more than once: the chain executes it once.
type Signed struct {
	Bytes []byte `json:"bytes"`
	// Sequence of the signing account. Once the account's sequence is higher, the transaction was executed, or never can
	// be.
	Sequence uint64 `json:"sequence"`
}

// Hash returns the hash by which nodes know the transaction.
func (s Signed) Hash() string { return fmt.Sprintf("%X", sha256.Sum256(s.Bytes)) }

// NoResultError says that a transaction is in a block, but that the node does not know its result: it keeps neither an
// index of transactions nor the results of blocks. The state shows whether it succeeded.
type NoResultError struct {
	Hash   string
	Height int64
}

// Error implements error.
func (e *NoResultError) Error() string {
	return fmt.Sprintf(
		"transaction %s is in block %d, but the node keeps no results: query the state, or use a node with "+
			"`discard_abci_responses = false`", e.Hash, e.Height)
}

// Deliver sends a transaction and waits until it is in a block. It also waits for one that the node already has.
func (c *Client) Deliver(ctx context.Context, signed Signed) (*sdk.TxResponse, error) {
	before, err := c.Height(ctx)
	if err != nil {
		return nil, err
	}
	sent, err := c.txs.BroadcastTx(
		ctx, &txtypes.BroadcastTxRequest{TxBytes: signed.Bytes, Mode: txtypes.BroadcastMode_BROADCAST_MODE_SYNC})
	if err != nil {
		return nil, err
	}
	refused := &RefusedError{sent.TxResponse.Codespace, sent.TxResponse.Code, sent.TxResponse.RawLog}
	if refused.Code != 0 && !refused.Is(sdkerrors.ErrTxInMempoolCache) {
		return nil, refused
	}
	return c.Wait(ctx, signed.Hash(), before)
}

// Wait waits until a transaction is in a block above a height, and returns its result. It asks the node's index of
// transactions, or looks through the node's blocks if it has no index.
func (c *Client) Wait(ctx context.Context, hash string, above int64) (*sdk.TxResponse, error) {
	ctx, cancel := context.WithTimeout(ctx, inclusionTimeout)
	defer cancel()
	find := c.indexed
	for {
		found, err := find(ctx, hash, &above)
		if err != nil && strings.Contains(err.Error(), "indexing is disabled") {
			find = c.inBlocks
			continue
		}
		switch {
		case err != nil && ctx.Err() == nil:
			return nil, err
		case found != nil && found.Code != 0:
			return nil, &RefusedError{found.Codespace, found.Code, found.RawLog}
		case found != nil:
			return found, nil
		}
		if err := follow.Sleep(ctx, inclusionPoll); err != nil {
			return nil, fmt.Errorf("transaction %s is not in a block yet, and may still be: %w", hash, err)
		}
	}
}

// indexed asks the index of transactions.
func (c *Client) indexed(ctx context.Context, hash string, _ *int64) (*sdk.TxResponse, error) {
	found, err := c.txs.GetTx(ctx, &txtypes.GetTxRequest{Hash: hash})
	if status.Code(err) == codes.NotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return found.TxResponse, nil
}

// inBlocks looks through the blocks above a height, and raises the height to the last block that it read.
func (c *Client) inBlocks(ctx context.Context, hash string, above *int64) (*sdk.TxResponse, error) {
	latest, err := c.Height(ctx)
	if err != nil {
		return nil, err
	}
	for ; *above < latest; *above++ {
		height := *above + 1
		block, err := c.blocks.GetBlockByHeight(ctx, &cmtservice.GetBlockByHeightRequest{Height: height})
		if err != nil {
			return nil, err
		}
		for i, tx := range block.SdkBlock.Data.Txs {
			if (Signed{Bytes: tx}).Hash() == hash {
				return c.resultOf(ctx, hash, height, i)
			}
		}
	}
	return nil, nil
}

// resultOf reads the result of a transaction of a block.
func (c *Client) resultOf(ctx context.Context, hash string, height int64, i int) (*sdk.TxResponse, error) {
	results, err := c.blocks.GetBlockResults(ctx, &cmtservice.GetBlockResultsRequest{Height: height})
	if noResults(err) {
		return nil, &NoResultError{Hash: hash, Height: height}
	}
	if err != nil {
		return nil, err
	}
	if i >= len(results.TxsResults) {
		return nil, fmt.Errorf("block %d has %d results, and transaction %s is number %d", height, len(results.TxsResults),
			hash, i)
	}
	return responseOf(hash, height, results.TxsResults[i]), nil
}

func responseOf(hash string, height int64, result *abci.ExecTxResult) *sdk.TxResponse {
	return &sdk.TxResponse{
		TxHash: hash, Height: height, Codespace: result.Codespace, Code: result.Code,
		Data:   strings.ToUpper(fmt.Sprintf("%x", result.Data)),
		RawLog: result.Log, Info: result.Info, GasWanted: result.GasWanted, GasUsed: result.GasUsed, Events: result.Events,
	}
}

// ErrNoResults says that a node does not keep the results of a block.
var ErrNoResults = errors.New("the node does not keep the results of the block")

// noResults recognises CometBFT's errors about results that it has discarded or pruned; over gRPC only their text
// arrives.
func noResults(err error) bool {
	if err == nil {
		return false
	}
	for _, text := range []string{"not persisting", "could not find results for height",
		"is not available, lowest height"} {
		if strings.Contains(err.Error(), text) {
			return true
		}
	}
	return false
}
