package keeper

import (
	"context"

	"cosmossdk.io/collections"

	"github.com/cosmos/cosmos-sdk/types/query"

	"github.com/openledger/openledger/x/datanet/keeper/internal/request"
	"github.com/openledger/openledger/x/datanet/types"
)

// Bounty implements types.QueryServer.
func (s queryServer) Bounty(ctx context.Context, req *types.QueryBountyRequest) (*types.QueryBountyResponse, error) {
	if req == nil {
		return nil, request.ErrEmpty
	}
	bounty, err := s.GetBounty(ctx, req.Id)
	return &types.QueryBountyResponse{Bounty: bounty}, request.Status(err)
}

// Bounties implements types.QueryServer.
func (s queryServer) Bounties(ctx context.Context, req *types.QueryBountiesRequest) (*types.QueryBountiesResponse,
	error) {
	if req == nil {
		return nil, request.ErrEmpty
	}
	if req.DatanetId == 0 {
		bounties, page, err := query.CollectionPaginate(ctx, s.Keeper.Bounties, req.Pagination,
			func(_ uint64, bounty types.Bounty) (types.Bounty, error) { return bounty, nil })
		return &types.QueryBountiesResponse{Bounties: bounties, Pagination: page}, err
	}
	bounties, page, err := query.CollectionPaginate(ctx, s.BountiesBy, req.Pagination,
		func(key collections.Pair[uint64, uint64], _ collections.NoValue) (types.Bounty, error) {
			return s.Keeper.Bounties.Get(ctx, key.K2())
		}, query.WithCollectionPaginationPairPrefix[uint64, uint64](req.DatanetId))
	return &types.QueryBountiesResponse{Bounties: bounties, Pagination: page}, err
}
