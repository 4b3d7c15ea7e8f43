package types

import (
	"context"

	"github.com/cosmos/cosmos-sdk/types/query"

	"github.com/openledger/openledger/poa"
)

// ReadReceipts returns all receipts of a batch in its dispute window, in order. It asks node for page after page.
func ReadReceipts(ctx context.Context, node QueryClient, batch uint64) ([]Receipt, error) {
	var receipts []Receipt
	request := &QueryReceiptsRequest{BatchId: batch}
	for {
		response, err := node.Receipts(ctx, request)
		if err != nil {
			return nil, err
		}
		receipts = append(receipts, response.Receipts...)
		if response.Pagination == nil || len(response.Pagination.NextKey) == 0 {
			return receipts, nil
		}
		request.Pagination = &query.PageRequest{Key: response.Pagination.NextKey}
	}
}

// ReadRecords returns all records of a batch in its dispute window, in order. Their Merkle root is the batch's, unless
// the node lies: the caller checks it.
func ReadRecords(ctx context.Context, node QueryClient, batch uint64) ([]poa.Record, error) {
	receipts, err := ReadReceipts(ctx, node, batch)
	if err != nil {
		return nil, err
	}
	records := make([]poa.Record, len(receipts))
	for i, receipt := range receipts {
		if records[i], err = receipt.Record(); err != nil {
			return nil, err
		}
	}
	return records, nil
}
