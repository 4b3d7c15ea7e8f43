package chain

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"google.golang.org/grpc/metadata"

	abci "github.com/cometbft/cometbft/abci/types"

	"github.com/cosmos/cosmos-sdk/client/grpc/cmtservice"
	nodeservice "github.com/cosmos/cosmos-sdk/client/grpc/node"
	grpctypes "github.com/cosmos/cosmos-sdk/types/grpc"
)

// AtHeight makes a query read the state after a block.
func AtHeight(ctx context.Context, height int64) context.Context {
	return metadata.AppendToOutgoingContext(ctx, grpctypes.GRPCBlockHeightHeader, strconv.FormatInt(height, 10))
}

// BlockTime returns when a block was made.
func (c *Client) BlockTime(ctx context.Context, height int64) (time.Time, error) {
	block, err := c.blocks.GetBlockByHeight(ctx, &cmtservice.GetBlockByHeightRequest{Height: height})
	if err != nil {
		return time.Time{}, err
	}
	return block.SdkBlock.Header.Time, nil
}

// Heights returns the first and the last height of which the node has the state.
func (c *Client) Heights(ctx context.Context) (first, last int64, err error) {
	status, err := c.node.Status(ctx, &nodeservice.StatusRequest{})
	if err != nil {
		return 0, 0, err
	}
	return max(int64(status.EarliestStoreHeight), 1), int64(status.Height), nil
}

// AllEvents returns the events of a block and of its successful transactions, in the order in which they were emitted.
// It fails with ErrNoResults if the node does not keep them.
func (c *Client) AllEvents(ctx context.Context, height int64) ([]abci.Event, error) {
	response, err := c.blocks.GetBlockResults(ctx, &cmtservice.GetBlockResultsRequest{Height: height})
	if noResults(err) {
		return nil, fmt.Errorf("%w: %w", ErrNoResults, err)
	}
	if err != nil {
		return nil, err
	}
	events := make([]abci.Event, len(response.FinalizeBlockEvents))
	for i, event := range response.FinalizeBlockEvents {
		events[i] = *event
	}
	return Ordered(response.TxsResults, events), nil
}

// Ordered returns the events of a block in the order in which they were emitted: those of its beginning, of its
// successful transactions, and of its end.
func Ordered(txs []*abci.ExecTxResult, block []abci.Event) []abci.Event {
	atEnd := func(event abci.Event) bool {
		return slices.ContainsFunc(event.Attributes,
			func(a abci.EventAttribute) bool { return a.Key == "mode" && a.Value == "EndBlock" })
	}
	var before, after []abci.Event
	for _, event := range block {
		if atEnd(event) {
			after = append(after, event)
		} else {
			before = append(before, event)
		}
	}
	for _, tx := range txs {
		if tx.Code == 0 {
			before = append(before, tx.Events...)
		}
	}
	return append(before, after...)
}
