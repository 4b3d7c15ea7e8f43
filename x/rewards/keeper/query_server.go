package keeper

import (
	"context"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/query"

	"github.com/openledger/openledger/x/rewards/types"
)

type queryServer struct{ Keeper }

var _ types.QueryServer = queryServer{}

// NewQueryServer returns the query service.
func NewQueryServer(k Keeper) types.QueryServer { return queryServer{k} }

var errNoRequest = status.Error(codes.InvalidArgument, "empty request")

// Params implements types.QueryServer.
func (s queryServer) Params(ctx context.Context, _ *types.QueryParamsRequest) (*types.QueryParamsResponse, error) {
	params, err := s.Keeper.Params.Get(ctx)
	return &types.QueryParamsResponse{Params: params}, err
}

// Earnings implements types.QueryServer.
func (s queryServer) Earnings(ctx context.Context,
	req *types.QueryEarningsRequest) (*types.QueryEarningsResponse, error) {
	if req == nil {
		return nil, errNoRequest
	}
	account, err := sdk.AccAddressFromBech32(req.Address)
	if err != nil {
		return nil, status.Errorf(codes.InvalidArgument, "address %q: %s", req.Address, err)
	}
	params, err := s.Keeper.Params.Get(ctx)
	if err != nil {
		return nil, err
	}
	id, row, ok, err := s.row(ctx, account)
	if err != nil {
		return nil, err
	}
	threshold := params.PayoutThreshold
	paid := math.ZeroInt()
	if ok {
		if threshold, err = s.threshold(ctx, id, &row, params); err != nil {
			return nil, err
		}
		if paid, err = s.paidOut(ctx, id); err != nil {
			return nil, err
		}
	}
	balance, earned := types.IntOf(row.Balance), types.IntOf(row.Earned)
	coin := func(amount math.Int) sdk.Coin { return sdk.NewCoin(types.Denom, amount) }
	return &types.QueryEarningsResponse{
		Claimable: coin(balance), Earned: coin(earned), PaidOut: coin(paid), PayoutThreshold: coin(threshold),
		Contributed: coin(types.IntOf(row.Contributed)),
	}, nil
}

// Ledger implements types.QueryServer.
func (s queryServer) Ledger(ctx context.Context, req *types.QueryLedgerRequest) (*types.QueryLedgerResponse, error) {
	if req == nil {
		return nil, errNoRequest
	}
	accounts, page, err := query.CollectionPaginate(ctx, s.Accounts, req.Pagination,
		func(id uint64, address sdk.AccAddress) (types.LedgerAccount, error) {
			return s.ledgerAccount(ctx, id, address)
		})
	return &types.QueryLedgerResponse{Accounts: accounts, Pagination: page}, err
}

// Supply implements types.QueryServer.
func (s queryServer) Supply(ctx context.Context, _ *types.QuerySupplyRequest) (*types.QuerySupplyResponse, error) {
	response := &types.QuerySupplyResponse{Supply: s.bank.GetSupply(ctx, types.Denom).Amount, MaxSupply: types.MaxSupply}
	var err error
	if response.Reserve, err = s.Reserve.Get(ctx); err != nil {
		return nil, err
	}
	if response.ValidatorsPot, err = s.ValidatorsPot.Get(ctx); err != nil {
		return nil, err
	}
	if response.BountyPool, err = s.BountyPool.Get(ctx); err != nil {
		return nil, err
	}
	// What the module holds beside the pot is the ledger and what waits for it.
	response.Ledger = s.balance(ctx, types.ModuleName).Sub(response.ValidatorsPot)
	response.Totals, err = s.Totals.Get(ctx)
	return response, err
}

// DataNetTotals implements types.QueryServer.
func (s queryServer) DataNetTotals(ctx context.Context,
	req *types.QueryDataNetTotalsRequest) (*types.QueryDataNetTotalsResponse, error) {
	if req == nil {
		return nil, errNoRequest
	}
	totals, err := s.datanetTotals(ctx, req.DatanetId)
	return &types.QueryDataNetTotalsResponse{Totals: totals}, err
}

// ModelTotals implements types.QueryServer.
func (s queryServer) ModelTotals(ctx context.Context,
	req *types.QueryModelTotalsRequest) (*types.QueryModelTotalsResponse, error) {
	if req == nil {
		return nil, errNoRequest
	}
	totals, err := s.modelTotals(ctx, req.ModelId)
	return &types.QueryModelTotalsResponse{Totals: totals}, err
}

// AllDataNetTotals implements types.QueryServer.
func (s queryServer) AllDataNetTotals(ctx context.Context,
	req *types.QueryAllDataNetTotalsRequest) (*types.QueryAllDataNetTotalsResponse, error) {
	if req == nil {
		return nil, errNoRequest
	}
	datanets, page, err := query.CollectionPaginate(ctx, s.Keeper.DataNetTotals, req.Pagination,
		func(_ uint64, totals types.DataNetTotals) (types.DataNetTotals, error) { return totals, nil })
	return &types.QueryAllDataNetTotalsResponse{Datanets: datanets, Pagination: page}, paged(err)
}

// AllModelTotals implements types.QueryServer.
func (s queryServer) AllModelTotals(ctx context.Context,
	req *types.QueryAllModelTotalsRequest) (*types.QueryAllModelTotalsResponse, error) {
	if req == nil {
		return nil, errNoRequest
	}
	models, page, err := query.CollectionPaginate(ctx, s.Keeper.ModelTotals, req.Pagination,
		func(_ uint64, totals types.ModelTotals) (types.ModelTotals, error) { return totals, nil })
	return &types.QueryAllModelTotalsResponse{Models: models, Pagination: page}, paged(err)
}

// paged turns a page request that makes no sense into the status of gRPC.
func paged(err error) error {
	if err != nil {
		return status.Error(codes.InvalidArgument, err.Error())
	}
	return nil
}

const (
	defaultDemand = 20
	maxDemand     = 100
)

// Demand implements types.QueryServer.
func (s queryServer) Demand(ctx context.Context, req *types.QueryDemandRequest) (*types.QueryDemandResponse, error) {
	if req == nil {
		return nil, errNoRequest
	}
	if req.Limit > maxDemand {
		return nil, status.Errorf(codes.InvalidArgument, "limit %d, at most %d", req.Limit, maxDemand)
	}
	limit := int(req.Limit)
	if limit == 0 {
		limit = defaultDemand
	}
	models, err := s.demand(ctx, limit)
	return &types.QueryDemandResponse{Models: models}, err
}

// Settlement implements types.QueryServer.
func (s queryServer) Settlement(ctx context.Context,
	req *types.QuerySettlementRequest) (*types.QuerySettlementResponse, error) {
	if req == nil {
		return nil, errNoRequest
	}
	sweep, err := s.Sweep.Get(ctx)
	if err != nil {
		return nil, err
	}
	lists, page, err := query.CollectionPaginate(ctx, s.Lists, req.Pagination,
		func(_ uint64, list types.CreditList) (types.CreditList, error) {
			return list, nil
		})
	return &types.QuerySettlementResponse{Sweep: sweep, Lists: lists, Pagination: page}, err
}

// DeadLetters implements types.QueryServer.
func (s queryServer) DeadLetters(ctx context.Context,
	req *types.QueryDeadLettersRequest) (*types.QueryDeadLettersResponse, error) {
	if req == nil {
		return nil, errNoRequest
	}
	letters, page, err := query.CollectionPaginate(ctx, s.Keeper.DeadLetters, req.Pagination,
		func(_ uint64, letter types.DeadLetter) (types.DeadLetter, error) {
			return letter, nil
		})
	return &types.QueryDeadLettersResponse{DeadLetters: letters, Pagination: page}, err
}
