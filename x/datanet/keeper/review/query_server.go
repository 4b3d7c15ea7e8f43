package review

import (
	"context"

	"cosmossdk.io/collections"

	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/query"

	"github.com/openledger/openledger/x/datanet/keeper/internal/request"
	"github.com/openledger/openledger/x/datanet/types"
)

// Queries serves those queries of x/datanet that are about review.
type Queries struct{ k Keeper }

// NewQueries returns the query server of review.
func NewQueries(k Keeper) Queries { return Queries{k} }

// DataValidator implements types.QueryServer.
func (q Queries) DataValidator(ctx context.Context,
	req *types.QueryDataValidatorRequest) (*types.QueryDataValidatorResponse, error) {
	if req == nil {
		return nil, request.ErrEmpty
	}
	address, err := request.Address("address", req.Address)
	if err != nil {
		return nil, err
	}
	v, err := q.k.GetValidator(ctx, req.DatanetId, address)
	return &types.QueryDataValidatorResponse{Validator: v}, request.Status(err)
}

// DataValidators implements types.QueryServer.
func (q Queries) DataValidators(ctx context.Context,
	req *types.QueryDataValidatorsRequest) (*types.QueryDataValidatorsResponse, error) {
	if req == nil {
		return nil, request.ErrEmpty
	}
	validators, page, err := query.CollectionPaginate(ctx, q.k.Places, req.Pagination,
		func(_ collections.Pair[uint64, uint64], id uint64) (types.DataValidator, error) {
			return q.k.Validators.Get(ctx, id)
		},
		query.WithCollectionPaginationPairPrefix[uint64, uint64](req.DatanetId))
	return &types.QueryDataValidatorsResponse{Validators: validators, Pagination: page}, err
}

// DataValidatorsByAddress implements types.QueryServer.
func (q Queries) DataValidatorsByAddress(ctx context.Context,
	req *types.QueryDataValidatorsByAddressRequest) (*types.QueryDataValidatorsByAddressResponse, error) {
	if req == nil {
		return nil, request.ErrEmpty
	}
	address, err := request.Address("address", req.Address)
	if err != nil {
		return nil, err
	}
	validators, page, err := query.CollectionPaginate(ctx, q.k.ValidatorIDs, req.Pagination,
		func(_ collections.Pair[sdk.AccAddress, uint64], id uint64) (types.DataValidator, error) {
			return q.k.Validators.Get(ctx, id)
		},
		query.WithCollectionPaginationPairPrefix[sdk.AccAddress, uint64](address))
	return &types.QueryDataValidatorsByAddressResponse{Validators: validators, Pagination: page}, err
}

// Credentials implements types.QueryServer.
func (q Queries) Credentials(ctx context.Context, req *types.QueryCredentialsRequest) (*types.QueryCredentialsResponse,
	error) {
	if req == nil {
		return nil, request.ErrEmpty
	}
	credentials, page, err := query.CollectionPaginate(ctx, q.k.Credentials, req.Pagination,
		func(_ credentialKey, credential types.Credential) (types.Credential, error) { return credential, nil },
		func(o *query.CollectionsPaginateOptions[credentialKey]) {
			prefix := collections.TriplePrefix[uint64, sdk.AccAddress, uint64](req.DatanetId)
			o.Prefix = &prefix
		})
	return &types.QueryCredentialsResponse{Credentials: credentials, Pagination: page}, err
}

// Cohort implements types.QueryServer.
func (q Queries) Cohort(ctx context.Context, req *types.QueryCohortRequest) (*types.QueryCohortResponse, error) {
	if req == nil {
		return nil, request.ErrEmpty
	}
	cohort, err := q.k.GetCohort(ctx, req.Id)
	if err != nil {
		return nil, request.Status(err)
	}
	ballots, err := q.k.ballots(ctx, cohort)
	return &types.QueryCohortResponse{Cohort: cohort, Ballots: ballots}, err
}

// Cohorts implements types.QueryServer.
func (q Queries) Cohorts(ctx context.Context, req *types.QueryCohortsRequest) (*types.QueryCohortsResponse, error) {
	if req == nil {
		return nil, request.ErrEmpty
	}
	cohorts, page, err := query.CollectionPaginate(ctx, q.k.CohortsBy, req.Pagination,
		func(key collections.Pair[uint64, uint64], _ collections.NoValue) (types.Cohort, error) {
			return q.k.Cohorts.Get(ctx, key.K2())
		}, query.WithCollectionPaginationPairPrefix[uint64, uint64](req.DatanetId))
	return &types.QueryCohortsResponse{Cohorts: cohorts, Pagination: page}, err
}

// Assignments implements types.QueryServer.
func (q Queries) Assignments(ctx context.Context, req *types.QueryAssignmentsRequest) (*types.QueryAssignmentsResponse,
	error) {
	if req == nil {
		return nil, request.ErrEmpty
	}
	address, err := request.Address("address", req.Address)
	if err != nil {
		return nil, err
	}
	assignments, page, err := query.CollectionPaginate(ctx, q.k.Assigned, req.Pagination,
		func(key collections.Pair[sdk.AccAddress, uint64], _ collections.NoValue) (types.Assignment, error) {
			cohort, err := q.k.Cohorts.Get(ctx, key.K2())
			if err != nil {
				return types.Assignment{}, err
			}
			ballots, err := q.k.ballots(ctx, cohort)
			out := types.Assignment{Cohort: cohort, Seats: cohort.Seated(req.Address)}
			if ballot, ok := findBallot(ballots, req.Address); ok {
				out.Ballot = &ballot
			}
			return out, err
		}, query.WithCollectionPaginationPairPrefix[sdk.AccAddress, uint64](address))
	return &types.QueryAssignmentsResponse{Assignments: assignments, Pagination: page}, err
}
