package keeper

import (
	"context"
	"math"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/query"

	"github.com/openledger/openledger/x/attribution/types"
)

// Attestation implements types.QueryServer.
func (s queryServer) Attestation(ctx context.Context,
	_ *types.QueryAttestationRequest) (*types.QueryAttestationResponse, error) {
	params, err := s.Keeper.Params.Get(ctx)
	if err != nil {
		return nil, err
	}
	head, err := s.head(ctx)
	return &types.QueryAttestationResponse{Enabled: params.Attestation, Attestation: head.Attestation}, err
}

// Items implements types.QueryServer.
func (s queryServer) Items(ctx context.Context, req *types.QueryItemsRequest) (*types.QueryItemsResponse, error) {
	if req == nil {
		return nil, errNoRequest
	}
	// Of the branch of state that the query looks at, all items are made to stand by number.
	branch, _ := sdk.UnwrapSDKContext(ctx).CacheContext()
	head, err := s.head(branch)
	if err != nil {
		return nil, err
	}
	if _, err := s.promote(branch, &head, math.MaxInt64); err != nil {
		return nil, err
	}
	items, page, err := query.CollectionPaginate(branch, s.Keeper.Items, req.Pagination,
		func(_ uint64, item types.Item) (types.Item, error) { return item, nil })
	return &types.QueryItemsResponse{Items: items, Pagination: page}, err
}

// Attestors implements types.QueryServer.
func (s queryServer) Attestors(ctx context.Context,
	req *types.QueryAttestorsRequest) (*types.QueryAttestorsResponse, error) {
	if req == nil {
		return nil, errNoRequest
	}
	// Attestors are stored in pages, slots are the keys that people see.
	attestors, page, err := query.CollectionPaginate(ctx, s.Slots, req.Pagination,
		func(_ sdk.ValAddress, slot uint32) (types.Attestor, error) { return s.attestor(ctx, slot) })
	return &types.QueryAttestorsResponse{Attestors: attestors, Pagination: page}, err
}

// Attestor implements types.QueryServer.
func (s queryServer) Attestor(ctx context.Context,
	req *types.QueryAttestorRequest) (*types.QueryAttestorResponse, error) {
	if req == nil {
		return nil, errNoRequest
	}
	operator, err := sdk.ValAddressFromBech32(req.Operator)
	if err != nil {
		return nil, status.Errorf(codes.InvalidArgument, "operator %q: %s", req.Operator, err)
	}
	slot, err := s.Slots.Get(ctx, operator)
	if err != nil {
		return nil, status.Errorf(codes.NotFound,
			"%s has not attested yet: its node has not sent a vote extension that was counted", req.Operator)
	}
	attestor, err := s.attestor(ctx, slot)
	return &types.QueryAttestorResponse{Attestor: attestor}, err
}
