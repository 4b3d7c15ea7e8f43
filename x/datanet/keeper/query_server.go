package keeper

import (
	"context"

	"github.com/openledger/openledger/x/datanet/keeper/review"
	"github.com/openledger/openledger/x/datanet/types"
)

// queryServer serves the queries of the module: its own, and those of review.
type queryServer struct {
	Keeper
	review.Queries
}

var _ types.QueryServer = queryServer{}

// NewQueryServer returns the query service.
func NewQueryServer(k Keeper) types.QueryServer { return queryServer{k, review.NewQueries(k.Review)} }

// Params implements types.QueryServer.
func (s queryServer) Params(ctx context.Context, _ *types.QueryParamsRequest) (*types.QueryParamsResponse, error) {
	params, err := s.Keeper.Params.Get(ctx)
	if err != nil {
		return nil, err
	}
	grace, err := s.windows.LastGrace(ctx)
	return &types.QueryParamsResponse{Params: params, Grace: grace}, err
}
