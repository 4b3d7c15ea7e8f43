package keeper

import (
	"context"

	"cosmossdk.io/collections"

	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/query"

	"github.com/openledger/openledger/x/models/types"
)

// Reproductions implements types.QueryServer.
func (s queryServer) Reproductions(ctx context.Context,
	req *types.QueryReproductionsRequest) (*types.QueryReproductionsResponse, error) {
	if req == nil {
		return nil, errNoRequest
	}
	model, err := s.GetModel(ctx, req.ModelId)
	if err != nil {
		return nil, found(err)
	}
	version := req.Version
	if version == 0 {
		version = model.Version
	}
	if _, err := s.GetModelVersion(ctx, model.Id, version); err != nil {
		return nil, found(err)
	}
	out := &types.QueryReproductionsResponse{Version: version}
	all, err := s.reproductionsOf(ctx, model.Id, version)
	if err != nil {
		return nil, err
	}
	for _, one := range all {
		if one.Matches {
			out.Matching++
		} else {
			out.Different++
		}
	}
	prefix := collections.TripleSuperPrefix[uint64, uint32, sdk.AccAddress](model.Id, version)
	out.Reproductions, out.Pagination, err = query.CollectionPaginate(ctx, s.Keeper.Reproductions, req.Pagination,
		func(_ collections.Triple[uint64, uint32, sdk.AccAddress], one types.Reproduction) (types.Reproduction, error) {
			return one, nil
		},
		func(o *query.CollectionsPaginateOptions[collections.Triple[uint64, uint32, sdk.AccAddress]]) {
			o.Prefix = &prefix
		})
	return out, paged(err)
}
