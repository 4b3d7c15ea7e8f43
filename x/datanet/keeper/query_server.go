package keeper

import (
	"context"
	"errors"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"cosmossdk.io/collections"

	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/query"

	"github.com/openledger/openledger/x/datanet/types"
)

type queryServer struct{ Keeper }

var _ types.QueryServer = queryServer{}

// NewQueryServer returns the query service.
func NewQueryServer(k Keeper) types.QueryServer { return queryServer{k} }

var errNoRequest = status.Error(codes.InvalidArgument, "empty request")

// found turns the not-found errors of the keeper into the status of gRPC.
func found(err error) error {
	for _, missing := range []error{types.ErrDataNetNotFound, types.ErrCommitNotFound, types.ErrContributionNotFound, types.ErrVersionNotFound} {
		if errors.Is(err, missing) {
			return status.Error(codes.NotFound, err.Error())
		}
	}
	return err
}

func parseAddress(name, text string) (sdk.AccAddress, error) {
	address, err := sdk.AccAddressFromBech32(text)
	if err != nil {
		return nil, status.Errorf(codes.InvalidArgument, "%s %q: %s", name, text, err)
	}
	return address, nil
}

// Params implements types.QueryServer.
func (s queryServer) Params(ctx context.Context, _ *types.QueryParamsRequest) (*types.QueryParamsResponse, error) {
	params, err := s.Keeper.Params.Get(ctx)
	if err != nil {
		return nil, err
	}
	grace, err := s.graceIfAny(ctx)
	return &types.QueryParamsResponse{Params: params, Grace: grace}, err
}

// DataNet implements types.QueryServer.
func (s queryServer) DataNet(ctx context.Context, req *types.QueryDataNetRequest) (*types.QueryDataNetResponse, error) {
	if req == nil {
		return nil, errNoRequest
	}
	datanet, err := s.GetDataNet(ctx, req.DatanetId)
	return &types.QueryDataNetResponse{Datanet: datanet}, found(err)
}

// DataNets implements types.QueryServer.
func (s queryServer) DataNets(ctx context.Context, req *types.QueryDataNetsRequest) (*types.QueryDataNetsResponse, error) {
	if req == nil {
		return nil, errNoRequest
	}
	datanets, page, err := query.CollectionPaginate(ctx, s.Keeper.DataNets, req.Pagination, func(_ uint64, datanet types.DataNet) (types.DataNet, error) {
		return datanet, nil
	})
	return &types.QueryDataNetsResponse{Datanets: datanets, Pagination: page}, err
}

// Commit implements types.QueryServer.
func (s queryServer) Commit(ctx context.Context, req *types.QueryCommitRequest) (*types.QueryCommitResponse, error) {
	if req == nil {
		return nil, errNoRequest
	}
	commit, err := s.GetCommit(ctx, req.Rank)
	return &types.QueryCommitResponse{Commit: commit}, found(err)
}

// Commits implements types.QueryServer.
func (s queryServer) Commits(ctx context.Context, req *types.QueryCommitsRequest) (*types.QueryCommitsResponse, error) {
	if req == nil {
		return nil, errNoRequest
	}
	contributor, err := parseAddress("contributor", req.Contributor)
	if err != nil {
		return nil, err
	}
	commits, page, err := query.CollectionPaginate(ctx, s.CommitsBy, req.Pagination,
		func(key collections.Pair[sdk.AccAddress, uint64], _ collections.NoValue) (types.Commit, error) {
			return s.Keeper.Commits.Get(ctx, key.K2())
		}, query.WithCollectionPaginationPairPrefix[sdk.AccAddress, uint64](contributor))
	return &types.QueryCommitsResponse{Commits: commits, Pagination: page}, err
}

// Contribution implements types.QueryServer.
func (s queryServer) Contribution(ctx context.Context, req *types.QueryContributionRequest) (*types.QueryContributionResponse, error) {
	if req == nil {
		return nil, errNoRequest
	}
	contribution, err := s.GetContribution(ctx, req.Rank)
	return &types.QueryContributionResponse{Contribution: contribution}, found(err)
}

// Contributions implements types.QueryServer.
func (s queryServer) Contributions(ctx context.Context, req *types.QueryContributionsRequest) (*types.QueryContributionsResponse, error) {
	if req == nil {
		return nil, errNoRequest
	}
	if _, err := s.GetDataNet(ctx, req.DatanetId); err != nil {
		return nil, found(err)
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
func (s queryServer) ContributionsByContributor(ctx context.Context, req *types.QueryContributionsByContributorRequest) (*types.QueryContributionsByContributorResponse, error) {
	if req == nil {
		return nil, errNoRequest
	}
	contributor, err := parseAddress("contributor", req.Contributor)
	if err != nil {
		return nil, err
	}
	contributions, page, err := query.CollectionPaginate(ctx, s.ByContributor, req.Pagination,
		func(key collections.Pair[sdk.AccAddress, uint64], _ collections.NoValue) (types.Contribution, error) {
			return s.Keeper.Contributions.Get(ctx, key.K2())
		}, query.WithCollectionPaginationPairPrefix[sdk.AccAddress, uint64](contributor))
	return &types.QueryContributionsByContributorResponse{Contributions: contributions, Pagination: page}, err
}

// Version implements types.QueryServer.
func (s queryServer) Version(ctx context.Context, req *types.QueryVersionRequest) (*types.QueryVersionResponse, error) {
	if req == nil {
		return nil, errNoRequest
	}
	number := req.Version
	if number == 0 {
		datanet, err := s.GetDataNet(ctx, req.DatanetId)
		if err != nil {
			return nil, found(err)
		}
		number = datanet.Version
	}
	version, err := s.GetVersion(ctx, req.DatanetId, number)
	return &types.QueryVersionResponse{Version: version}, found(err)
}

// Versions implements types.QueryServer.
func (s queryServer) Versions(ctx context.Context, req *types.QueryVersionsRequest) (*types.QueryVersionsResponse, error) {
	if req == nil {
		return nil, errNoRequest
	}
	versions, page, err := query.CollectionPaginate(ctx, s.Keeper.Versions, req.Pagination,
		func(_ collections.Pair[uint64, uint64], version types.Version) (types.Version, error) {
			return version, nil
		},
		query.WithCollectionPaginationPairPrefix[uint64, uint64](req.DatanetId))
	return &types.QueryVersionsResponse{Versions: versions, Pagination: page}, err
}
