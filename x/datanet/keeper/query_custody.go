package keeper

import (
	"context"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"cosmossdk.io/collections"

	"github.com/cosmos/cosmos-sdk/types/query"

	"github.com/openledger/openledger/x/datanet/keeper/internal/request"
	"github.com/openledger/openledger/x/datanet/types"
)

// HeldContributions implements types.QueryServer.
func (s queryServer) HeldContributions(ctx context.Context,
	req *types.QueryHeldContributionsRequest) (*types.QueryHeldContributionsResponse, error) {
	if req == nil {
		return nil, request.ErrEmpty
	}
	if _, err := s.GetDataNet(ctx, req.DatanetId); err != nil {
		return nil, request.Status(err)
	}
	// A page begins at the first one asked for; the next ones where the key of the pagination says.
	page := query.PageRequest{}
	if req.Pagination != nil {
		page = *req.Pagination
	}
	if len(page.Key) == 0 && req.From > 0 {
		page.Key = make([]byte, collections.Uint64Key.Size(req.From))
		if _, err := collections.Uint64Key.Encode(page.Key, req.From); err != nil {
			return nil, err
		}
	}
	contributions, response, err := query.CollectionPaginate(ctx, s.InCustody, &page,
		func(_ collections.Pair[uint64, uint64], rank uint64) (types.Contribution, error) {
			return s.Keeper.Contributions.Get(ctx, rank)
		}, query.WithCollectionPaginationPairPrefix[uint64, uint64](req.DatanetId))
	return &types.QueryHeldContributionsResponse{Contributions: contributions, Pagination: response}, err
}

// Ask implements types.QueryServer.
func (s queryServer) Ask(ctx context.Context, req *types.QueryAskRequest) (*types.QueryAskResponse, error) {
	if req == nil {
		return nil, request.ErrEmpty
	}
	ask, err := s.Asks.Get(ctx, collections.Join(req.DatanetId, req.Rank))
	if err != nil {
		return nil, status.Errorf(codes.NotFound, "validators are not being asked about rank %d of DataNet %d",
			req.Rank, req.DatanetId)
	}
	response := &types.QueryAskResponse{Ask: ask}
	for _, rank := range ask.Ranks {
		c, err := s.GetContribution(ctx, rank)
		if err != nil {
			return nil, request.Status(err)
		}
		response.Contributions = append(response.Contributions, c)
	}
	return response, nil
}
