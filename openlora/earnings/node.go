package earnings

import (
	"context"
	"time"

	abci "github.com/cometbft/cometbft/abci/types"

	"github.com/openledger/openledger/openlora/chain"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
)

// Node is a node that is reached over gRPC.
type Node struct{ Client *chain.Client }

var _ Source = Node{}

// Heights implements Source.
func (n Node) Heights(ctx context.Context) (first, last int64, err error) {
	return n.Client.Heights(ctx)
}

// Events implements Source.
func (n Node) Events(ctx context.Context, height int64) ([]abci.Event, error) {
	return n.Client.AllEvents(ctx, height)
}

// BlockTime implements Source.
func (n Node) BlockTime(ctx context.Context, height int64) (time.Time, error) {
	return n.Client.BlockTime(ctx, height)
}

// BatchCredits implements Source.
func (n Node) BatchCredits(ctx context.Context, height int64,
	batch uint64) (*attributiontypes.QueryBatchCreditsResponse, error) {
	if height != 0 {
		ctx = chain.AtHeight(ctx, height)
	}
	return n.Client.Attribution.BatchCredits(ctx, &attributiontypes.QueryBatchCreditsRequest{BatchId: batch})
}
