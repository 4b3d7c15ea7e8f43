package keeper

import (
	"context"

	"cosmossdk.io/collections"

	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/query"

	"github.com/openledger/openledger/x/datanet/keeper/internal/request"
	"github.com/openledger/openledger/x/datanet/types"
)

// Contribution implements types.QueryServer.
func (s queryServer) Contribution(ctx context.Context,
	req *types.QueryContributionRequest) (*types.QueryContributionResponse, error) {
	if req == nil {
		return nil, request.ErrEmpty
	}
	contribution, err := s.GetContribution(ctx, req.Rank)
	return &types.QueryContributionResponse{Contribution: contribution}, request.Status(err)
}

// Contributions implements types.QueryServer.
func (s queryServer) Contributions(ctx context.Context,
	req *types.QueryContributionsRequest) (*types.QueryContributionsResponse, error) {
	if req == nil {
		return nil, request.ErrEmpty
	}
	if _, err := s.GetDataNet(ctx, req.DatanetId); err != nil {
		return nil, request.Status(err)
	}
	contributions, page, err := query.CollectionFilteredPaginate(ctx, s.ByDataNet, req.Pagination,
		func(key collections.Pair[uint64, uint64], _ collections.NoValue) (bool, error) {
			if req.Status == types.CONTRIBUTION_STATUS_UNSPECIFIED && !req.Accepted {
				return true, nil
			}
			c, err := s.Keeper.Contributions.Get(ctx, key.K2())
			status := req.Status == types.CONTRIBUTION_STATUS_UNSPECIFIED || c.Status == req.Status
			return status && (!req.Accepted || c.AcceptedVersion != 0), err
		},
		func(key collections.Pair[uint64, uint64], _ collections.NoValue) (types.Contribution, error) {
			return s.Keeper.Contributions.Get(ctx, key.K2())
		}, query.WithCollectionPaginationPairPrefix[uint64, uint64](req.DatanetId))
	return &types.QueryContributionsResponse{Contributions: contributions, Pagination: page}, err
}

// ContributionsByContributor implements types.QueryServer.
func (s queryServer) ContributionsByContributor(ctx context.Context,
	req *types.QueryContributionsByContributorRequest) (*types.QueryContributionsByContributorResponse, error) {
	if req == nil {
		return nil, request.ErrEmpty
	}
	contributor, err := request.Address("contributor", req.Contributor)
	if err != nil {
		return nil, err
	}
	contributions, page, err := query.CollectionPaginate(ctx, s.ByContributor, req.Pagination,
		func(key collections.Pair[sdk.AccAddress, uint64], _ collections.NoValue) (types.Contribution, error) {
			return s.Keeper.Contributions.Get(ctx, key.K2())
		}, query.WithCollectionPaginationPairPrefix[sdk.AccAddress, uint64](contributor))
	return &types.QueryContributionsByContributorResponse{Contributions: contributions, Pagination: page}, err
}
