package keeper

import (
	"context"
	"errors"
	"slices"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"cosmossdk.io/collections"

	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/query"

	"github.com/openledger/openledger/x/models/types"
)

type queryServer struct{ Keeper }

var _ types.QueryServer = queryServer{}

// NewQueryServer returns the query service.
func NewQueryServer(k Keeper) types.QueryServer { return queryServer{k} }

var errNoRequest = status.Error(codes.InvalidArgument, "empty request")

// found turns the not-found errors of the keeper into a gRPC status.
func found(err error) error {
	for _, missing := range []error{types.ErrModelNotFound, types.ErrProviderNotFound, types.ErrOfferNotFound} {
		if errors.Is(err, missing) {
			return status.Error(codes.NotFound, err.Error())
		}
	}
	return err
}

// paged turns the error of an invalid page request into a gRPC status.
func paged(err error) error {
	if err != nil {
		return status.Error(codes.InvalidArgument, err.Error())
	}
	return nil
}

// Params implements types.QueryServer.
func (s queryServer) Params(ctx context.Context, _ *types.QueryParamsRequest) (*types.QueryParamsResponse, error) {
	params, err := s.Keeper.Params.Get(ctx)
	return &types.QueryParamsResponse{Params: params}, err
}

// Model implements types.QueryServer.
func (s queryServer) Model(ctx context.Context, req *types.QueryModelRequest) (*types.QueryModelResponse, error) {
	if req == nil {
		return nil, errNoRequest
	}
	model, err := s.GetModel(ctx, req.ModelId)
	if err != nil {
		return nil, found(err)
	}
	number := req.Version
	if number == 0 {
		number = model.Version
	}
	version, err := s.GetModelVersion(ctx, model.Id, number)
	if err != nil {
		return nil, found(err)
	}
	tainted, err := s.tainted(ctx, version)
	return &types.QueryModelResponse{Model: model, Version: version, Tainted: tainted}, err
}

// tainted returns the manifest entries that hold contributions that were stopped.
func (s queryServer) tainted(ctx context.Context, version types.ModelVersion) ([]types.ManifestEntry, error) {
	var out []types.ManifestEntry
	for _, entry := range version.Manifest {
		first, err := s.datanets.TaintedVersion(ctx, entry.DatanetId)
		if err != nil {
			return nil, err
		}
		if first != 0 && first <= entry.Version {
			out = append(out, entry)
		}
	}
	return out, nil
}

// Models implements types.QueryServer.
func (s queryServer) Models(ctx context.Context, req *types.QueryModelsRequest) (*types.QueryModelsResponse, error) {
	if req == nil {
		return nil, errNoRequest
	}
	models, page, err := query.CollectionPaginate(ctx, s.Keeper.Models, req.Pagination,
		func(_ uint64, model types.Model) (types.Model, error) { return model, nil })
	return &types.QueryModelsResponse{Models: models, Pagination: page}, paged(err)
}

// Provider implements types.QueryServer.
func (s queryServer) Provider(ctx context.Context,
	req *types.QueryProviderRequest) (*types.QueryProviderResponse, error) {
	if req == nil {
		return nil, errNoRequest
	}
	address, err := sdk.AccAddressFromBech32(req.Provider)
	if err != nil {
		return nil, status.Errorf(codes.InvalidArgument, "provider %q: %s", req.Provider, err)
	}
	provider, err := s.GetProvider(ctx, address)
	if err != nil {
		return nil, found(err)
	}
	entries, err := s.unbondingsOf(ctx, address)
	slices.SortStableFunc(
		entries, func(a, b types.UnbondingEntry) int { return a.CompletionTime.Compare(b.CompletionTime) })
	return &types.QueryProviderResponse{Provider: provider, Unbondings: entries}, err
}

// Providers implements types.QueryServer.
func (s queryServer) Providers(ctx context.Context,
	req *types.QueryProvidersRequest) (*types.QueryProvidersResponse, error) {
	if req == nil {
		return nil, errNoRequest
	}
	providers, page, err := query.CollectionPaginate(ctx, s.Keeper.Providers, req.Pagination,
		func(_ sdk.AccAddress, provider types.Provider) (types.Provider, error) { return provider, nil })
	return &types.QueryProvidersResponse{Providers: providers, Pagination: page}, paged(err)
}

// Offers implements types.QueryServer.
func (s queryServer) Offers(ctx context.Context, req *types.QueryOffersRequest) (*types.QueryOffersResponse, error) {
	if req == nil {
		return nil, errNoRequest
	}
	if _, err := s.GetModel(ctx, req.ModelId); err != nil {
		return nil, found(err)
	}
	offers, page, err := query.CollectionPaginate(ctx, s.Keeper.Offers, req.Pagination,
		func(_ collections.Pair[uint64, sdk.AccAddress], offer types.Offer) (types.Offer, error) {
			return offer, nil
		},
		query.WithCollectionPaginationPairPrefix[uint64, sdk.AccAddress](req.ModelId))
	return &types.QueryOffersResponse{Offers: offers, Pagination: page}, paged(err)
}

// Offer implements types.QueryServer.
func (s queryServer) Offer(ctx context.Context, req *types.QueryOfferRequest) (*types.QueryOfferResponse, error) {
	if req == nil {
		return nil, errNoRequest
	}
	address, err := sdk.AccAddressFromBech32(req.Provider)
	if err != nil {
		return nil, status.Errorf(codes.InvalidArgument, "provider %q: %s", req.Provider, err)
	}
	offer, err := s.GetOffer(ctx, req.ModelId, address)
	return &types.QueryOfferResponse{Offer: offer}, found(err)
}
