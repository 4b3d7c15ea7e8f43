package keeper

import (
	"context"
	"encoding/hex"
	"errors"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"cosmossdk.io/collections"

	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/query"

	"github.com/openledger/openledger/poa"
	"github.com/openledger/openledger/x/attribution/types"
	modelstypes "github.com/openledger/openledger/x/models/types"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

type queryServer struct{ Keeper }

var _ types.QueryServer = queryServer{}

// NewQueryServer returns the query service.
func NewQueryServer(k Keeper) types.QueryServer { return queryServer{k} }

var errNoRequest = status.Error(codes.InvalidArgument, "empty request")

// found turns the not-found errors of the keeper into the status of gRPC.
func found(err error) error {
	for _, missing := range []error{types.ErrSessionNotFound, types.ErrBatchNotFound, types.ErrReceiptNotFound} {
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

// Session implements types.QueryServer.
func (s queryServer) Session(ctx context.Context, req *types.QuerySessionRequest) (*types.QuerySessionResponse, error) {
	if req == nil {
		return nil, errNoRequest
	}
	id, err := hex.DecodeString(req.SessionId)
	if err != nil {
		return nil, status.Errorf(codes.InvalidArgument, "session id %q is not in hex", req.SessionId)
	}
	session, err := s.GetSession(ctx, id)
	return &types.QuerySessionResponse{Session: session}, found(err)
}

// SessionsByPayer implements types.QueryServer.
func (s queryServer) SessionsByPayer(ctx context.Context,
	req *types.QuerySessionsByPayerRequest) (*types.QuerySessionsByPayerResponse, error) {
	if req == nil {
		return nil, errNoRequest
	}
	payer, err := parseAddress("payer", req.Payer)
	if err != nil {
		return nil, err
	}
	sessions, page, err := query.CollectionPaginate(ctx, s.Keeper.SessionsByPayer, req.Pagination,
		func(key collections.Pair[sdk.AccAddress, []byte], _ collections.NoValue) (types.Session, error) {
			return s.Sessions.Get(ctx, key.K2())
		}, query.WithCollectionPaginationPairPrefix[sdk.AccAddress, []byte](payer))
	return &types.QuerySessionsByPayerResponse{Sessions: sessions, Pagination: page}, err
}

// Batch implements types.QueryServer.
func (s queryServer) Batch(ctx context.Context, req *types.QueryBatchRequest) (*types.QueryBatchResponse, error) {
	if req == nil {
		return nil, errNoRequest
	}
	batch, err := s.GetBatch(ctx, req.BatchId)
	if err != nil {
		return nil, found(err)
	}
	response := &types.QueryBatchResponse{Batch: batch}
	switch conviction, err := s.Convictions.Get(ctx, req.BatchId); {
	case err == nil:
		response.Conviction = &conviction
	case !errors.Is(err, collections.ErrNotFound):
		return nil, err
	}
	return response, nil
}

// Batches implements types.QueryServer.
func (s queryServer) Batches(ctx context.Context, req *types.QueryBatchesRequest) (*types.QueryBatchesResponse, error) {
	if req == nil {
		return nil, errNoRequest
	}
	batches, page, err := query.CollectionPaginate(ctx, s.Keeper.Batches, req.Pagination,
		func(_ uint64, batch types.Batch) (types.Batch, error) { return batch, nil })
	return &types.QueryBatchesResponse{Batches: batches, Pagination: page}, err
}

// BatchBySeq implements types.QueryServer.
func (s queryServer) BatchBySeq(ctx context.Context,
	req *types.QueryBatchBySeqRequest) (*types.QueryBatchBySeqResponse, error) {
	if req == nil {
		return nil, errNoRequest
	}
	provider, err := parseAddress("provider", req.Provider)
	if err != nil {
		return nil, err
	}
	stored, err := s.models.GetProvider(ctx, provider)
	if err != nil && !errors.Is(err, modelstypes.ErrProviderNotFound) {
		return nil, err
	}
	batch, err := s.batchBySeq(ctx, provider, stored.LastBatch, req.ProviderSeq, mostLookBack)
	if errors.Is(err, types.ErrBatchNotFound) {
		return nil, status.Errorf(codes.NotFound, "%s has no batch %d in its dispute window, or none in its last %d batches",
			provider, req.ProviderSeq, mostLookBack)
	}
	return &types.QueryBatchBySeqResponse{Batch: batch}, err
}

// Receipts implements types.QueryServer. A page of the answer holds whole
// stored pages of records.
func (s queryServer) Receipts(ctx context.Context,
	req *types.QueryReceiptsRequest) (*types.QueryReceiptsResponse, error) {
	if req == nil {
		return nil, errNoRequest
	}
	batch, err := s.GetBatch(ctx, req.BatchId)
	if err != nil {
		return nil, found(err)
	}
	pages, page, err := query.CollectionPaginate(ctx, s.Pages, req.Pagination,
		func(_ collections.Pair[uint64, uint32], packed []byte) ([]byte, error) { return packed, nil },
		query.WithCollectionPaginationPairPrefix[uint64, uint32](batch.Id))
	if err != nil {
		return nil, err
	}
	response := &types.QueryReceiptsResponse{Pagination: page}
	for _, packed := range pages {
		records, err := poa.UnpackRecords(packed)
		if err != nil {
			return nil, err
		}
		for _, record := range records {
			response.Receipts = append(response.Receipts, receiptOf(batch, record))
		}
	}
	return response, nil
}

// receiptOf unpacks a record of a batch. Callers that know the receipt's index set it.
func receiptOf(batch types.Batch, record poa.Record) types.Receipt {
	receipt := types.NewReceipt(record)
	receipt.BatchId, receipt.Provider, receipt.Height = batch.Id, batch.Provider, batch.Height
	return receipt
}

// Receipt implements types.QueryServer.
func (s queryServer) Receipt(ctx context.Context, req *types.QueryReceiptRequest) (*types.QueryReceiptResponse, error) {
	if req == nil {
		return nil, errNoRequest
	}
	batch, record, index, err := s.findRecord(ctx, req.Id)
	if err != nil {
		return nil, found(err)
	}
	version, err := s.models.GetModelVersion(ctx, record.ModelID, record.ModelVersion)
	if err != nil {
		return nil, err
	}
	sdkCtx := sdk.UnwrapSDKContext(ctx)
	reductions, err := s.reductionsOf(ctx, batch.Id)
	if err != nil {
		return nil, err
	}
	from := newSource(sdkCtx, s.Keeper, batch.Height)
	from.reduced(reductions)
	payable, err := s.payable(from, sdk.MustAccAddressFromBech32(batch.Provider), record, version.Royalty, nil)
	if err != nil {
		return nil, err
	}
	payout, err := rewardstypes.Split(batch.Terms, payable)
	if err != nil {
		return nil, err
	}
	receipt := receiptOf(batch, record)
	receipt.Index = index
	return &types.QueryReceiptResponse{
		Receipt: receipt, Payout: batch.Paid(payout), Payment: batch.Payment(), BatchStatus: batch.Status,
		Reductions: from.reductionsIn(record),
	}, nil
}

// VerifyReceipt implements types.QueryServer.
func (s queryServer) VerifyReceipt(ctx context.Context,
	req *types.QueryVerifyReceiptRequest) (*types.QueryVerifyReceiptResponse, error) {
	if req == nil {
		return nil, errNoRequest
	}
	head, err := s.head(ctx)
	if err != nil {
		return nil, err
	}
	record, err := types.VerifyReceiptProof(req.Proof, head.Accumulator)
	if err != nil {
		return nil, status.Error(codes.InvalidArgument, err.Error())
	}
	receipt := types.NewReceipt(record)
	receipt.Index = req.Proof.Index
	return &types.QueryVerifyReceiptResponse{Receipt: receipt}, nil
}

// Disputes implements types.QueryServer.
func (s queryServer) Disputes(ctx context.Context,
	req *types.QueryDisputesRequest) (*types.QueryDisputesResponse, error) {
	if req == nil {
		return nil, errNoRequest
	}
	disputes, page, err := query.CollectionPaginate(ctx, s.Keeper.Disputes, req.Pagination,
		func(_ []byte, dispute types.Dispute) (types.Dispute, error) { return dispute, nil })
	return &types.QueryDisputesResponse{Disputes: disputes, Pagination: page}, err
}

// Accumulator implements types.QueryServer.
func (s queryServer) Accumulator(ctx context.Context,
	_ *types.QueryAccumulatorRequest) (*types.QueryAccumulatorResponse, error) {
	head, err := s.head(ctx)
	if err != nil {
		return nil, err
	}
	mountain, err := head.Accumulator.MMR()
	if err != nil {
		return nil, err
	}
	root := mountain.Root()
	return &types.QueryAccumulatorResponse{Accumulator: head.Accumulator, Root: root[:]}, nil
}
