package keeper

import (
	"context"

	"cosmossdk.io/collections"
	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/query"

	"github.com/openledger/openledger/x/datanet/keeper/internal/request"
	"github.com/openledger/openledger/x/datanet/types"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// DataNet implements types.QueryServer.
func (s queryServer) DataNet(ctx context.Context, req *types.QueryDataNetRequest) (*types.QueryDataNetResponse, error) {
	if req == nil {
		return nil, request.ErrEmpty
	}
	datanet, err := s.GetDataNet(ctx, req.DatanetId)
	return &types.QueryDataNetResponse{Datanet: datanet}, request.Status(err)
}

// DataNets implements types.QueryServer.
func (s queryServer) DataNets(ctx context.Context, req *types.QueryDataNetsRequest) (*types.QueryDataNetsResponse,
	error) {
	if req == nil {
		return nil, request.ErrEmpty
	}
	datanets, page, err := query.CollectionPaginate(ctx, s.Keeper.DataNets, req.Pagination,
		func(_ uint64, datanet types.DataNet) (types.DataNet, error) {
			return datanet, nil
		})
	return &types.QueryDataNetsResponse{Datanets: datanets, Pagination: page}, err
}

// Summary implements types.QueryServer.
func (s queryServer) Summary(ctx context.Context, req *types.QuerySummaryRequest) (*types.QuerySummaryResponse, error) {
	if req == nil {
		return nil, request.ErrEmpty
	}
	datanet, err := s.GetDataNet(ctx, req.DatanetId)
	if err != nil {
		return nil, request.Status(err)
	}
	out := &types.QuerySummaryResponse{
		Datanet:       datanet,
		AcceptancePpm: share(datanet.Contributions, datanet.Contributions+datanet.Record.Rejected),
		AgreementPpm:  share(datanet.Record.Agreed, datanet.Record.Votes),
		Credentials:   datanet.CredentialsAt(sdk.UnwrapSDKContext(ctx).BlockTime()),
		Bounties:      math.ZeroInt(),
	}
	if out.DataValidators, err = s.Review.ElectorateSize(ctx, datanet.Id); err != nil {
		return nil, err
	}
	if out.Stake, err = s.Review.ElectorateStake(ctx, datanet.Id); err != nil {
		return nil, err
	}
	if out.Earned, out.Royalties, err = s.rewards.DataNetEarned(ctx, datanet.Id); err != nil {
		return nil, err
	}
	err = s.BountiesBy.Walk(ctx, collections.NewPrefixedPairRange[uint64, uint64](datanet.Id),
		func(key collections.Pair[uint64, uint64]) (bool, error) {
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

// Royalties implements types.QueryServer.
func (s queryServer) Royalties(ctx context.Context, req *types.QueryRoyaltiesRequest) (*types.QueryRoyaltiesResponse,
	error) {
	if req == nil {
		return nil, request.ErrEmpty
	}
	if _, err := s.GetDataNet(ctx, req.DatanetId); err != nil {
		return nil, request.Status(err)
	}
	royalties, err := s.RoyaltiesAt(ctx, req.DatanetId, req.Height)
	return &types.QueryRoyaltiesResponse{Royalties: royalties}, err
}
