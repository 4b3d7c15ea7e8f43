package keeper

import (
	"context"

	"cosmossdk.io/collections"

	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/query"

	"github.com/openledger/openledger/x/datanet/keeper/internal/request"
	"github.com/openledger/openledger/x/datanet/types"
)

// Commit implements types.QueryServer.
func (s queryServer) Commit(ctx context.Context, req *types.QueryCommitRequest) (*types.QueryCommitResponse, error) {
	if req == nil {
		return nil, request.ErrEmpty
	}
	commit, err := s.GetCommit(ctx, req.Rank)
	return &types.QueryCommitResponse{Commit: commit}, request.Status(err)
}

// Commits implements types.QueryServer.
func (s queryServer) Commits(ctx context.Context, req *types.QueryCommitsRequest) (*types.QueryCommitsResponse, error) {
	if req == nil {
		return nil, request.ErrEmpty
	}
	contributor, err := request.Address("contributor", req.Contributor)
	if err != nil {
		return nil, err
	}
	commits, page, err := query.CollectionPaginate(ctx, s.CommitsBy, req.Pagination,
		func(key collections.Pair[sdk.AccAddress, uint64], _ collections.NoValue) (types.Commit, error) {
			return s.Keeper.Commits.Get(ctx, key.K2())
		}, query.WithCollectionPaginationPairPrefix[sdk.AccAddress, uint64](contributor))
	return &types.QueryCommitsResponse{Commits: commits, Pagination: page}, err
}
