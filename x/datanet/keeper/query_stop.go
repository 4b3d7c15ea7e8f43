package keeper

import (
	"context"

	"cosmossdk.io/collections"

	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/query"

	"github.com/openledger/openledger/x/datanet/keeper/internal/request"
	"github.com/openledger/openledger/x/datanet/types"
)

// Snapshots implements types.QueryServer.
func (s queryServer) Snapshots(ctx context.Context, req *types.QuerySnapshotsRequest) (*types.QuerySnapshotsResponse,
	error) {
	if req == nil {
		return nil, request.ErrEmpty
	}
	snapshots, page, err := query.CollectionPaginate(ctx, s.Keeper.Snapshots, req.Pagination,
		func(_ uint64, snapshot types.Snapshot) (types.Snapshot, error) { return snapshot, nil })
	return &types.QuerySnapshotsResponse{Snapshots: snapshots, Pagination: page}, err
}

// Stopped implements types.QueryServer.
func (s queryServer) Stopped(ctx context.Context, req *types.QueryStoppedRequest) (*types.QueryStoppedResponse, error) {
	if req == nil {
		return nil, request.ErrEmpty
	}
	datanet, err := s.GetDataNet(ctx, req.DatanetId)
	if err != nil {
		return nil, request.Status(err)
	}
	version := req.Version
	if version == 0 {
		version = datanet.Version
	}
	contributions, page, err := query.CollectionFilteredPaginate(ctx, s.Keeper.Stopped, req.Pagination,
		func(key collections.Triple[uint64, uint64, uint64], _ collections.NoValue) (bool, error) {
			return key.K2() <= version, nil
		},
		func(key collections.Triple[uint64, uint64, uint64], _ collections.NoValue) (types.Contribution, error) {
			return s.Keeper.Contributions.Get(ctx, key.K3())
		}, func(o *query.CollectionsPaginateOptions[collections.Triple[uint64, uint64, uint64]]) {
			prefix := collections.TriplePrefix[uint64, uint64, uint64](req.DatanetId)
			o.Prefix = &prefix
		})
	return &types.QueryStoppedResponse{Contributions: contributions, Pagination: page}, err
}

// SegmentStops implements types.QueryServer.
func (s queryServer) SegmentStops(ctx context.Context,
	req *types.QuerySegmentStopsRequest) (*types.QuerySegmentStopsResponse, error) {
	if req == nil {
		return nil, request.ErrEmpty
	}
	if _, err := s.GetDataNet(ctx, req.DatanetId); err != nil {
		return nil, request.Status(err)
	}
	prefix := collections.TriplePrefix[uint64, uint64, uint64](req.DatanetId)
	if req.Rank != 0 {
		prefix = collections.TripleSuperPrefix[uint64, uint64, uint64](req.DatanetId, req.Rank)
	}
	stops, page, err := query.CollectionPaginate(ctx, s.Keeper.SegmentStops, req.Pagination,
		func(_ collections.Triple[uint64, uint64, uint64], stop types.SegmentStop) (types.SegmentStop, error) {
			return stop, nil
		},
		func(o *query.CollectionsPaginateOptions[collections.Triple[uint64, uint64, uint64]]) {
			o.Prefix = &prefix
		})
	return &types.QuerySegmentStopsResponse{Stops: stops, Height: sdk.UnwrapSDKContext(ctx).BlockHeight(),
		Pagination: page}, err
}
