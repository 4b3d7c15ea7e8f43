package keeper

import (
	"context"

	"cosmossdk.io/collections"
	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/query"

	"github.com/openledger/openledger/x/datanet/types"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// Summary implements types.QueryServer.
func (s queryServer) Summary(ctx context.Context, req *types.QuerySummaryRequest) (*types.QuerySummaryResponse, error) {
	if req == nil {
		return nil, errNoRequest
	}
	datanet, err := s.GetDataNet(ctx, req.DatanetId)
	if err != nil {
		return nil, found(err)
	}
	out := &types.QuerySummaryResponse{
		Datanet:       datanet,
		AcceptancePpm: share(datanet.Contributions, datanet.Contributions+datanet.Record.Rejected),
		AgreementPpm:  share(datanet.Record.Agreed, datanet.Record.Votes),
		Credentials:   datanet.CredentialsAt(sdk.UnwrapSDKContext(ctx).BlockTime()),
		Bounties:      math.ZeroInt(),
	}
	if out.DataValidators, err = s.activeValidators(ctx, datanet.Id); err != nil {
		return nil, err
	}
	if out.Stake, err = s.panelStake(ctx, datanet.Id); err != nil {
		return nil, err
	}
	if out.Earned, out.Royalties, err = s.rewards.DataNetEarned(ctx, datanet.Id); err != nil {
		return nil, err
	}
	err = s.BountiesBy.Walk(ctx, collections.NewPrefixedPairRange[uint64, uint64](datanet.Id), func(key collections.Pair[uint64, uint64]) (bool, error) {
		bounty, err := s.Keeper.Bounties.Get(ctx, key.K2())
		out.Bounties = out.Bounties.Add(types.OrZero(bounty.Left))
		return err != nil, err
	})
	return out, err
}

// share returns n of all in parts per million, 0 of nothing.
func share(n, all uint64) uint32 {
	if all == 0 {
		return 0
	}
	return uint32(n * rewardstypes.PPM / all)
}

// DataValidator implements types.QueryServer.
func (s queryServer) DataValidator(ctx context.Context, req *types.QueryDataValidatorRequest) (*types.QueryDataValidatorResponse, error) {
	if req == nil {
		return nil, errNoRequest
	}
	address, err := parseAddress("address", req.Address)
	if err != nil {
		return nil, err
	}
	v, err := s.GetValidator(ctx, req.DatanetId, address)
	return &types.QueryDataValidatorResponse{Validator: v}, found(err)
}

// DataValidators implements types.QueryServer.
func (s queryServer) DataValidators(ctx context.Context, req *types.QueryDataValidatorsRequest) (*types.QueryDataValidatorsResponse, error) {
	if req == nil {
		return nil, errNoRequest
	}
	validators, page, err := query.CollectionPaginate(ctx, s.Places, req.Pagination,
		func(_ collections.Pair[uint64, uint64], id uint64) (types.DataValidator, error) {
			return s.Validators.Get(ctx, id)
		},
		query.WithCollectionPaginationPairPrefix[uint64, uint64](req.DatanetId))
	return &types.QueryDataValidatorsResponse{Validators: validators, Pagination: page}, err
}

// DataValidatorsByAddress implements types.QueryServer.
func (s queryServer) DataValidatorsByAddress(ctx context.Context, req *types.QueryDataValidatorsByAddressRequest) (*types.QueryDataValidatorsByAddressResponse, error) {
	if req == nil {
		return nil, errNoRequest
	}
	address, err := parseAddress("address", req.Address)
	if err != nil {
		return nil, err
	}
	validators, page, err := query.CollectionPaginate(ctx, s.ValidatorIDs, req.Pagination,
		func(_ collections.Pair[sdk.AccAddress, uint64], id uint64) (types.DataValidator, error) {
			return s.Validators.Get(ctx, id)
		},
		query.WithCollectionPaginationPairPrefix[sdk.AccAddress, uint64](address))
	return &types.QueryDataValidatorsByAddressResponse{Validators: validators, Pagination: page}, err
}

// Credentials implements types.QueryServer.
func (s queryServer) Credentials(ctx context.Context, req *types.QueryCredentialsRequest) (*types.QueryCredentialsResponse, error) {
	if req == nil {
		return nil, errNoRequest
	}
	credentials, page, err := query.CollectionPaginate(ctx, s.Keeper.Credentials, req.Pagination,
		func(_ credentialKey, credential types.Credential) (types.Credential, error) { return credential, nil },
		func(o *query.CollectionsPaginateOptions[credentialKey]) {
			prefix := collections.TriplePrefix[uint64, sdk.AccAddress, uint64](req.DatanetId)
			o.Prefix = &prefix
		})
	return &types.QueryCredentialsResponse{Credentials: credentials, Pagination: page}, err
}

// Cohort implements types.QueryServer.
func (s queryServer) Cohort(ctx context.Context, req *types.QueryCohortRequest) (*types.QueryCohortResponse, error) {
	if req == nil {
		return nil, errNoRequest
	}
	cohort, err := s.GetCohort(ctx, req.Id)
	if err != nil {
		return nil, found(err)
	}
	ballots, err := s.ballots(ctx, cohort)
	return &types.QueryCohortResponse{Cohort: cohort, Ballots: ballots}, err
}

// Cohorts implements types.QueryServer.
func (s queryServer) Cohorts(ctx context.Context, req *types.QueryCohortsRequest) (*types.QueryCohortsResponse, error) {
	if req == nil {
		return nil, errNoRequest
	}
	cohorts, page, err := query.CollectionPaginate(ctx, s.CohortsBy, req.Pagination,
		func(key collections.Pair[uint64, uint64], _ collections.NoValue) (types.Cohort, error) {
			return s.Keeper.Cohorts.Get(ctx, key.K2())
		}, query.WithCollectionPaginationPairPrefix[uint64, uint64](req.DatanetId))
	return &types.QueryCohortsResponse{Cohorts: cohorts, Pagination: page}, err
}

// Assignments implements types.QueryServer.
func (s queryServer) Assignments(ctx context.Context, req *types.QueryAssignmentsRequest) (*types.QueryAssignmentsResponse, error) {
	if req == nil {
		return nil, errNoRequest
	}
	address, err := parseAddress("address", req.Address)
	if err != nil {
		return nil, err
	}
	assignments, page, err := query.CollectionPaginate(ctx, s.Assigned, req.Pagination,
		func(key collections.Pair[sdk.AccAddress, uint64], _ collections.NoValue) (types.Assignment, error) {
			cohort, err := s.Keeper.Cohorts.Get(ctx, key.K2())
			if err != nil {
				return types.Assignment{}, err
			}
			ballots, err := s.ballots(ctx, cohort)
			out := types.Assignment{Cohort: cohort, Seats: cohort.Seated(req.Address)}
			if ballot, ok := findBallot(ballots, req.Address); ok {
				out.Ballot = &ballot
			}
			return out, err
		}, query.WithCollectionPaginationPairPrefix[sdk.AccAddress, uint64](address))
	return &types.QueryAssignmentsResponse{Assignments: assignments, Pagination: page}, err
}

// Bounty implements types.QueryServer.
func (s queryServer) Bounty(ctx context.Context, req *types.QueryBountyRequest) (*types.QueryBountyResponse, error) {
	if req == nil {
		return nil, errNoRequest
	}
	bounty, err := s.GetBounty(ctx, req.Id)
	return &types.QueryBountyResponse{Bounty: bounty}, found(err)
}

// Bounties implements types.QueryServer.
func (s queryServer) Bounties(ctx context.Context, req *types.QueryBountiesRequest) (*types.QueryBountiesResponse, error) {
	if req == nil {
		return nil, errNoRequest
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

// Snapshots implements types.QueryServer.
func (s queryServer) Snapshots(ctx context.Context, req *types.QuerySnapshotsRequest) (*types.QuerySnapshotsResponse, error) {
	if req == nil {
		return nil, errNoRequest
	}
	snapshots, page, err := query.CollectionPaginate(ctx, s.Keeper.Snapshots, req.Pagination,
		func(_ uint64, snapshot types.Snapshot) (types.Snapshot, error) { return snapshot, nil })
	return &types.QuerySnapshotsResponse{Snapshots: snapshots, Pagination: page}, err
}

// Stopped implements types.QueryServer.
func (s queryServer) Stopped(ctx context.Context, req *types.QueryStoppedRequest) (*types.QueryStoppedResponse, error) {
	if req == nil {
		return nil, errNoRequest
	}
	datanet, err := s.GetDataNet(ctx, req.DatanetId)
	if err != nil {
		return nil, found(err)
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
func (s queryServer) SegmentStops(ctx context.Context, req *types.QuerySegmentStopsRequest) (*types.QuerySegmentStopsResponse, error) {
	if req == nil {
		return nil, errNoRequest
	}
	if _, err := s.GetDataNet(ctx, req.DatanetId); err != nil {
		return nil, found(err)
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
	return &types.QuerySegmentStopsResponse{Stops: stops, Height: sdk.UnwrapSDKContext(ctx).BlockHeight(), Pagination: page}, err
}

// Royalties implements types.QueryServer.
func (s queryServer) Royalties(ctx context.Context, req *types.QueryRoyaltiesRequest) (*types.QueryRoyaltiesResponse, error) {
	if req == nil {
		return nil, errNoRequest
	}
	if _, err := s.GetDataNet(ctx, req.DatanetId); err != nil {
		return nil, found(err)
	}
	royalties, err := s.RoyaltiesAt(ctx, req.DatanetId, req.Height)
	return &types.QueryRoyaltiesResponse{Royalties: royalties}, err
}

// TaintedVersion returns the first version of a DataNet that holds a
// contribution that was stopped, 0 for none.
func (k Keeper) TaintedVersion(ctx context.Context, datanetID uint64) (uint64, error) {
	first := uint64(0)
	err := k.Stopped.Walk(ctx, collections.NewPrefixedTripleRange[uint64, uint64, uint64](datanetID), func(key collections.Triple[uint64, uint64, uint64]) (bool, error) {
		first = key.K2()
		return true, nil
	})
	return first, err
}
