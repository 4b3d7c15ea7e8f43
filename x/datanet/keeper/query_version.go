package keeper

import (
	"context"

	"cosmossdk.io/collections"

	"github.com/cosmos/cosmos-sdk/types/query"

	"github.com/openledger/openledger/x/datanet/keeper/internal/request"
	"github.com/openledger/openledger/x/datanet/types"
)

// Version implements types.QueryServer.
func (s queryServer) Version(ctx context.Context, req *types.QueryVersionRequest) (*types.QueryVersionResponse, error) {
	if req == nil {
		return nil, request.ErrEmpty
	}
	number := req.Version
	if number == 0 {
		datanet, err := s.GetDataNet(ctx, req.DatanetId)
		if err != nil {
			return nil, request.Status(err)
		}
		number = datanet.Version
	}
	version, err := s.GetVersion(ctx, req.DatanetId, number)
	return &types.QueryVersionResponse{Version: version}, request.Status(err)
}

// Versions implements types.QueryServer.
func (s queryServer) Versions(ctx context.Context, req *types.QueryVersionsRequest) (*types.QueryVersionsResponse,
	error) {
	if req == nil {
		return nil, request.ErrEmpty
	}
	versions, page, err := query.CollectionPaginate(ctx, s.Keeper.Versions, req.Pagination,
		func(_ collections.Pair[uint64, uint64], version types.Version) (types.Version, error) {
			return version, nil
		},
		query.WithCollectionPaginationPairPrefix[uint64, uint64](req.DatanetId))
	return &types.QueryVersionsResponse{Versions: versions, Pagination: page}, err
}
